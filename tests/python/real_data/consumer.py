"""Build a consumer project of integration_tests/ in a copy of its own, and read what it made."""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb

from dbt_command import dbt_command

PROJECT = Path(__file__).parents[3]
# Fits and grades, which cost minutes on a large shop.
FITTED = tuple(
    f"fqn:dovecote.{folder}"
    for folder in (
        *("intermediate.churn", "intermediate.recommendations", "ml"),
        *("marts.churn", "marts.recommendations", "marts.operations.mart_model_versions"),
        *("history", "review"),
    )
)
MADE_BY_DBT = ("target", "logs", "dbt_packages", "package-lock.yml")


@dataclass(frozen=True)
class Consumer:
    """A built consumer project.

    Parameters
    ----------
    folder
        Where dbt left its artifacts.
    warehouse
        The DuckDB file that was built.
    """

    folder: Path
    warehouse: Path

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.warehouse), read_only=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query; `marts.` stands for the schema of the marts."""
        return self._connection.execute(sql.replace(" marts.", " dovecote_marts.")).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """Run a query that gives one row."""
        (row,) = self.rows(sql)
        return row

    def artifact(self, name: str) -> dict[str, Any]:
        """Read a JSON file that dbt left in the target folder."""
        content: dict[str, Any] = json.loads((self.folder / name).read_text())
        return content


def build(
    name: str,
    folder: Path,
    environment: Mapping[str, str],
    *,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    variables: Mapping[str, Any] | None = None,
) -> Consumer:
    """Build a copy of a consumer project in which Dovecote was installed, offline.

    Parameters
    ----------
    name
        Folder of the project in integration_tests/.
    folder
        Where the warehouse and dbt's artifacts go.
    environment
        Environment variables of the project. The caller's own that start with DOVECOTE_ are
        dropped.
    select
        Models to build without their tests; none builds and tests everything.
    exclude
        Models to leave out, and their tests.
    variables
        dbt vars for this run.

    Raises
    ------
    RuntimeError
        dbt failed; the message holds what it said.
    """
    warehouse = folder / f"{name}.duckdb"
    settings = {
        **{key: value for key, value in os.environ.items() if not key.startswith("DOVECOTE_")},
        **environment,
        "DBT_LOG_LEVEL_FILE": "none",
        "DOVECOTE_WAREHOUSE": str(warehouse),
        "PYTHONPATH": os.pathsep.join(
            [str(PROJECT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
    }
    chosen = ["--select", *select, "--exclude-resource-type", "test"] if select else []
    chosen += ["--exclude", *exclude] if exclude else []
    chosen += ["--vars", json.dumps(dict(variables or {})), "--target-path", str(folder / "target")]
    read_at_once = {k: v for k, v in sorted(environment.items()) if k != "DOVECOTE_AS_OF"}
    kind = [name, read_at_once, dict(variables or {})]
    _dbt(["build", *chosen], _installed(name), settings, kind)
    return Consumer(folder / "target", warehouse)


@cache
def _installed(name: str) -> Path:
    """Copy a consumer project and install Dovecote in it, once in a process that tests."""
    copy = Path(mkdtemp(prefix="dovecote-")) / name
    atexit.register(shutil.rmtree, copy.parent)
    shutil.copytree(
        PROJECT / "integration_tests" / name, copy, ignore=shutil.ignore_patterns(*MADE_BY_DBT)
    )
    (copy / "packages.yml").write_text(f"packages:\n  - local: {json.dumps(str(PROJECT))}\n")
    _dbt(["deps"], copy, {**os.environ, "DBT_LOG_LEVEL_FILE": "none"})
    return copy


def _dbt(
    arguments: list[str], folder: Path, environment: Mapping[str, str], kind: object = None
) -> None:
    result = dbt_command(
        [
            *arguments,
            *("--project-dir", str(folder), "--profiles-dir", str(folder)),
            *("--quiet", "--no-use-colors"),
        ],
        folder,
        environment,
        kind,
    )
    if result.returncode:
        raise RuntimeError(result.stdout + result.stderr)
