"""The project's macros rendered without dbt, as sqlfluff sees them."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from warehouse.compiled_project import PROJECT


@cache
def macros() -> Any:
    """Give the project's macros as attributes, with the vars at their defaults."""
    spec = spec_from_file_location("macros", PROJECT / "tools" / "sqlfluff" / "dovecote.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
