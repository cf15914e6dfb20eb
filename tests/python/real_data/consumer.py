"""Build a consumer project of integration_tests/ in a copy of its own, and read what it made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

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
        The copy that was built, dbt's artifacts included.
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
        content: dict[str, Any] = json.loads((self.folder / "target" / name).read_text())
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
    """Install Dovecote in a copy of a consumer project, offline, and build it.

    Parameters
    ----------
    name
        Folder of the project in integration_tests/.
    folder
        Where the copy and the warehouse go.
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
    copy = folder / name
    shutil.copytree(
        PROJECT / "integration_tests" / name, copy, ignore=shutil.ignore_patterns(*MADE_BY_DBT)
    )
    (copy / "packages.yml").write_text(f"packages:\n  - local: {json.dumps(str(PROJECT))}\n")
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
    _dbt(["deps"], copy, settings)
    chosen = ["--select", *select, "--exclude-resource-type", "test"] if select else []
    chosen += ["--exclude", *exclude] if exclude else []
    _dbt(["build", "--vars", json.dumps(dict(variables or {})), *chosen], copy, settings)
    return Consumer(copy, warehouse)


def _dbt(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
            *(*arguments, "--project-dir", str(folder), "--profiles-dir", str(folder)),
            *("--quiet", "--no-use-colors"),
        ],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(result.stdout + result.stderr)
