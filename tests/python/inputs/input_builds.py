"""Build the marts of the inputs from a folder of files: no more than what judges rows."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

from dbt_shortcuts import take_shortcuts

PROJECT = Path(__file__).parents[3]
MARTS = ("mart_input_reconciliation", "mart_quarantine")
# The name of the file is the name of the catalog, which the parsed project holds.
WAREHOUSE = "warehouse.duckdb"


@dataclass(frozen=True)
class Counts:
    """Where the rows of one entity went."""

    rows_in: int
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    after_as_of: int = 0
    forgotten: int = 0

    def are_balanced(self) -> bool:
        _, *somewhere = astuple(self)
        return self.rows_in == sum(somewhere)


@dataclass(frozen=True)
class Build:
    """What a build left: its error, if any, the tables it wrote, and the warehouse they are in."""

    error: str | None
    tables: frozenset[str]
    warehouse: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def counts(self) -> dict[str, Counts]:
        """Give the counts of each entity that has any row."""
        found = self.rows(
            "select entity, rows_in, accepted, duplicates, quarantined, after_as_of, forgotten"
            " from dovecote_marts.mart_input_reconciliation"
        )
        return {entity: Counts(*counts) for entity, *counts in found if any(counts)}

    def reasons(self) -> dict[str, list[str]]:
        """Give for each entity why its quarantined rows were rejected, sorted."""
        found: dict[str, list[str]] = {}
        for entity, reasons in self.rows(
            "select entity, reasons from dovecote_marts.mart_quarantine order by entity, reasons"
        ):
            found.setdefault(entity, []).append(reasons)
        return found


class Builder:
    """Parses the project once, and builds one folder after another from it."""

    def __init__(self, folder: Path) -> None:
        self._options = ["--target-path", str(folder), "--log-path", str(folder), "--threads", "1"]
        self._options += ["--no-write-json", "--log-level-file", "none"]
        self._seeded = folder / WAREHOUSE
        take_shortcuts()
        with environment(folder / "no_data", self._seeded):
            self._manifest = dbtRunner().invoke(["--quiet", "parse", *self._options]).result
        with environment(None, self._seeded):
            error = self._invoke("seed", ["path:seeds/reference"])
        assert error is None, error
        self._seeds = tables_in(self._seeded)
        # What was parsed stays, so that the garbage of each build is not looked for in it.
        gc.freeze()

    def build(
        self,
        data: Path,
        folder: Path,
        as_of: str | None = None,
        variables: Mapping[str, Any] | None = None,
        queries: Iterable[str] = (),
        start: Path | None = None,
        salt: str | None = None,
    ) -> Build:
        """Build the marts of the inputs and what some queries read, from `start` on or anew."""
        warehouse = folder / WAREHOUSE
        shutil.copy(start or self._seeded, warehouse)
        models = {*MARTS, *re.findall(r"\b(?:stg|int|mart)_\w+", " ".join(queries))}
        with environment(data, warehouse, as_of, salt):
            error = self._invoke(
                "run",
                [f"+{model}" for model in models],
                *("--exclude", "resource_type:seed", "--vars", json.dumps(dict(variables or {}))),
            )
        return Build(error, tables_in(warehouse) - self._seeds, warehouse)

    def _invoke(self, command: str, select: list[str], *more: str) -> str | None:
        runner = dbtRunner(manifest=self._manifest)
        return error_of(
            runner.invoke(["--quiet", command, "--select", *select, *more, *self._options])
        )


def error_of(done: dbtRunnerResult) -> str | None:
    if done.success:
        return None
    if done.exception:
        return str(done.exception)
    results = done.result.results if done.result else []
    return "\n".join(str(result.message) for result in results if result.status == "error")


def tables_in(warehouse: Path) -> frozenset[str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute("select table_name from information_schema.tables").fetchall()
    return frozenset(name for (name,) in found)


@contextmanager
def environment(
    data: Path | None, warehouse: Path, as_of: str | None = None, salt: str | None = None
) -> Iterator[None]:
    """Run dbt from the project's folder on some data, and let go of the warehouse afterwards."""
    values = {
        "DOVECOTE_DATA": data,
        "DOVECOTE_WAREHOUSE": warehouse,
        "DOVECOTE_AS_OF": as_of,
        "DOVECOTE_SALT": salt,
    }
    given = {name: str(value) for name, value in values.items() if value is not None}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOVECOTE_")}
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        with patch.dict(os.environ, kept | given, clear=True):
            yield
    finally:
        os.chdir(before)
        # dbt keeps a connection for the life of the process, and the frames of an error others.
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
        gc.collect()
