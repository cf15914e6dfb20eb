"""Build the inputs' tables from a folder of files, in this process and as little of them as judges rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[3]
MARTS = ("mart_input_reconciliation", "mart_quarantine", "mart_input_coverage")
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


@dataclass(frozen=True)
class Build:
    """What a build left: its error, or a warehouse to read."""

    error: str | None
    warehouse: Path
    tables: frozenset[str] = field(default=frozenset())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def counts(self) -> dict[str, Counts]:
        """Give the counts of each entity that has any row."""
        found = self.rows(
            "select entity, rows_in, accepted, duplicates, quarantined, after_as_of"
            " from dovecote_marts.mart_input_reconciliation"
        )
        return {entity: Counts(*counts) for entity, *counts in found if any(counts)}

    def reasons(self, entity: str) -> list[str]:
        """Give why each quarantined row of an entity was rejected, sorted."""
        found = self.rows(
            "select reasons from dovecote_marts.mart_quarantine"
            f" where entity = '{entity}' order by reasons"
        )
        return [reasons for (reasons,) in found]

    def as_of(self) -> datetime:
        return self.rows("select as_of from dovecote_intermediate.int_core__run")[0][0]


class Builder:
    """Parses the project once and builds one folder after another from it."""

    def __init__(self, folder: Path) -> None:
        self._options = ["--target-path", str(folder), "--log-path", str(folder)]
        self._options += ["--no-write-json", "--log-level-file", "none", "--threads", "1"]
        self._seeded = folder / WAREHOUSE
        self._data = folder / "no_data"
        with _environment(self._data, self._seeded):
            self._manifest = dbtRunner().invoke(["--quiet", "parse", *self._options]).result
            self._select = [
                "--select",
                *(f"+{name}" for name in MARTS),
                "--exclude",
                "resource_type:seed",
            ]
            seeds = ["--quiet", "seed", "--select", "path:seeds/reference", *self._options]
        with _environment(None, self._seeded):
            done = dbtRunner(manifest=self._manifest).invoke(seeds)
            assert done.success, done.exception
        self._tables = _tables(self._seeded)

    def build(
        self,
        data: Path | str,
        folder: Path,
        as_of: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Build:
        """Build the inputs' tables of a folder into a new warehouse in another folder."""
        warehouse = folder / WAREHOUSE
        shutil.copy(self._seeded, warehouse)
        arguments = ["--quiet", "run", *self._select, *self._options]
        if variables:
            arguments += ["--vars", repr(dict(variables))]
        with _environment(data, warehouse, as_of):
            done = dbtRunner(manifest=self._manifest).invoke(arguments)
        errors = [str(done.exception)] if done.exception else []
        for result in getattr(done.result, "results", []):
            if result.status in ("error", "fail"):
                errors.append(str(result.message))
        return Build(
            error="\n".join(errors) or None if not done.success else None,
            warehouse=warehouse,
            tables=_tables(warehouse) - self._tables,
        )


def _tables(warehouse: Path) -> frozenset[str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute("select table_name from information_schema.tables").fetchall()
    return frozenset(name for (name,) in found)


@contextmanager
def _environment(
    data: Path | str | None, warehouse: Path, as_of: str | None = None
) -> Iterator[None]:
    values = {"DOVECOTE_DATA": data, "DOVECOTE_WAREHOUSE": warehouse, "DOVECOTE_AS_OF": as_of}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOVECOTE_")}
    given = {name: str(value) for name, value in values.items() if value is not None}
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        with patch.dict(os.environ, kept | given, clear=True):
            yield
    finally:
        # dbt keeps its connection for the life of the process, and with it the lock of the warehouse.
        DuckDBConnectionManager.close_all_connections()
        os.chdir(before)
