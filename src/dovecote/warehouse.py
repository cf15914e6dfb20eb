"""The file that a build writes, and what it says of its builds."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dovecote import locks
from dovecote.sql import literal, quoted

DEFAULT = Path("warehouse/warehouse.duckdb")


@dataclass(frozen=True)
class Table:
    """A table that a build made for others to read, and the columns of its key."""

    schema: str
    name: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Build:
    """A row of the registry of builds; times are UTC."""

    run_id: str
    status: str
    is_green: bool
    message: str | None
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    as_of_date: date | None
    package_version: str
    dbt_version: str
    git_revision: str | None
    nodes: int | None
    nodes_succeeded: int | None
    nodes_warned: int | None
    nodes_failed: int | None
    nodes_skipped: int | None
    input_fingerprints: dict[str, Any]
    settings: dict[str, Any]
    published_tables: tuple[Table, ...]


def path() -> Path:
    """Give the file of the profile: DOVECOTE_WAREHOUSE, or the default."""
    return Path(os.environ.get("DOVECOTE_WAREHOUSE") or DEFAULT)


@contextmanager
def locked() -> Iterator[int]:
    """Keep other commands from writing the warehouse, and clear away what one that died left.

    Yields
    ------
    int
        The open lock, for a child to inherit.

    Raises
    ------
    ValueError
        If another command holds it.
    """
    with locks.held(beside(".lock"), guards=path()) as lock:
        for suffix in (".incoming", ".incoming.wal"):
            beside(suffix).unlink(missing_ok=True)
        shutil.rmtree(beside(".incoming.tmp"), ignore_errors=True)
        yield lock


def beside(suffix: str) -> Path:
    """Name a file beside the warehouse that is of its making."""
    return path().with_name(path().stem + suffix)


def check() -> None:
    """Make sure that a build can write the warehouse; make its folder where there is none.

    What a build that died had spilled to disk goes.

    Raises
    ------
    ValueError
        If the file is no DuckDB file, or another process has it open.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    if path().exists():
        connect(read_only=False).close()
    spilled = path().with_name(path().name + ".tmp")
    if spilled.is_dir():
        shutil.rmtree(spilled)


def connect(*, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the warehouse.

    Raises
    ------
    ValueError
        If there is none, it is no DuckDB file, or another process has it open.
    """
    if not path().is_file():
        raise ValueError(
            f"{path()} does not exist: run dovecote build first, restore it from a published "
            "version (dovecote restore), or correct DOVECOTE_WAREHOUSE."
        )
    try:
        return duckdb.connect(path(), read_only=read_only)
    except duckdb.IOException as error:
        raise ValueError(_why_not_open(str(error))) from error


@contextmanager
def attached() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that has the warehouse attached, read-only, as `warehouse`.

    Raises
    ------
    ValueError
        As `connect` does.
    """
    connect(read_only=True).close()
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach {literal(path())} as warehouse (read_only)")
        except duckdb.IOException as error:
            raise ValueError(_why_not_open(str(error))) from error
        yield connection


def _why_not_open(error: str) -> str:
    if "Could not set lock" in error:
        process = re.search(r"\(PID (\d+)\)", error)
        holder = locks.process_named(int(process[1])) if process else "another process"
        return (
            f"{path()} is open in {holder}: close it there (a notebook, a client, a build), "
            "then try again."
        )
    if "Permission denied" in error or "Read-only file system" in error:
        return f"{path()} cannot be opened for want of permission: give this user the right to it."
    return (
        f"{path()} cannot be opened as a file of this DuckDB: move it away, then build anew, or "
        "dovecote restore a published version."
    )


def builds(connection: duckdb.DuckDBPyConnection) -> list[Build]:
    """List the builds that the registry of a warehouse knows, latest first.

    Parameters
    ----------
    connection
        The open file.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    try:
        return _builds(connection)
    except duckdb.Error as error:
        raise ValueError(
            f"{path()} is damaged ({str(error).splitlines()[0]}): move it away, then build anew, "
            "or dovecote restore a published version."
        ) from error


def abort(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Write into the registry that a build died."""
    for place in history(connection):
        connection.execute(
            f"update {quoted(*place, 'builds')} set status = 'aborted' "
            "where run_id = ? and status = 'running'",
            [run_id],
        )


def history(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Find the schema with the registry of builds and the list of forgotten people.

    A shop may have tables named `builds` of its own.

    Parameters
    ----------
    connection
        The open file.

    Returns
    -------
    list of tuple
        Its catalog and its name; empty before the first build.

    Raises
    ------
    ValueError
        If several targets were built into the file.
    """
    found = connection.execute(
        "select database_name, schema_name from duckdb_columns() where (table_name, column_name) "
        "in (('builds', 'published_tables'), ('forgotten_people', 'id_hash')) "
        "group by all having count(*) = 2 order by all"
    ).fetchall()
    if len(found) > 1:
        schemas = ", ".join(schema for _, schema in found)
        raise ValueError(
            f"{path()} has builds of several targets ({schemas}): give each target a file of its "
            "own."
        )
    return found


def _builds(connection: duckdb.DuckDBPyConnection) -> list[Build]:
    for place in history(connection):
        found = connection.execute(
            f"from {quoted(*place, 'builds')} order by started_at desc, run_id"
        )
        names = [column[0] for column in found.description]
        return [_build(dict(zip(names, row, strict=True))) for row in found.fetchall()]
    return []


def _build(row: dict[str, Any]) -> Build:
    row = {name: row[name] for name in Build.__dataclass_fields__}
    row["input_fingerprints"] = json.loads(row["input_fingerprints"] or "{}")
    row["settings"] = json.loads(row["settings"] or "{}")
    row["published_tables"] = tuple(
        Table(table["schema"], table["name"], tuple(table["key"]))
        for table in json.loads(row["published_tables"] or "[]")
    )
    return Build(**row)
