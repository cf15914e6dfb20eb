"""The project's macros for templates that are rendered without dbt and without a warehouse.

`NAMESPACE` stands for the package: a model's `{{ dovecote.some_macro() }}` renders the real macro.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import yaml

PROJECT = Path(__file__).parents[1]
VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["dovecote"]


class _Return(Exception):  # noqa: N818 - it is no error
    """Carries what a macro returns past the rest of its body, as dbt does."""


def _return(value: Any) -> None:
    raise _Return(value)


class _Namespace:
    """Macros as attributes."""

    def __init__(self, macros: dict[str, Any]) -> None:
        self.macros = macros

    def __getattr__(self, name: str) -> Any:
        if name not in self.macros:
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return self.macros[name](*arguments, **named)
            except _Return as returned:
                return returned.args[0]

        return call

    def dispatch(self, name: str, package: str) -> Any:
        return getattr(self, f"default__{name}")


def _ref(*names: str) -> str:
    return names[-1]


def _macros() -> _Namespace:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    macros: dict[str, Any] = {}
    namespace = _Namespace(macros)
    context = {
        "dovecote": namespace,
        "adapter": namespace,
        "var": lambda name, default=None: VARS.get(name, default),
        "env_var": lambda name, default="": default,
        "ref": _ref,
        "source": _ref,
        "return": _return,
        "execute": False,
        "run_started_at": datetime(2000, 1, 1),
        "target": {"type": "duckdb"},
        "project_name": "dovecote",
        "invocation_id": "",
        "context": {},
        "default__generate_schema_name": lambda schema, node: schema,
    }
    # How dbt makes a table is no SQL of a model, and written in tags that Jinja does not know.
    folders = [path for path in (PROJECT / "macros").iterdir() if path.name != "materializations"]
    for file in sorted(file for folder in folders for file in folder.glob("*.sql")):
        module = environment.from_string(file.read_text()).make_module(context)
        macros.update({name: getattr(module, name) for name in vars(module) if name[0] != "_"})
    return namespace


NAMESPACE = _macros()
