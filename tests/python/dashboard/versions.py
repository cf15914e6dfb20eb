"""Versions to look at, and their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dbt_runs import warehouse_of
from dovecote.dashboard import write_pages
from dovecote.publish import DATABASE, Published, publish


def published_from(folder: Path) -> Path:
    """Publish the warehouse in a folder, and give the DuckDB file of the version."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DOVECOTE_WAREHOUSE", str(warehouse_of(folder)))
        version, _ = publish(Published(folder / "published"))
    return folder / "published" / version.name / DATABASE


def written_pages(database: Path, folder: Path, previous: Path | None = None) -> Path:
    write_pages(database, folder, previous)
    return folder


@contextmanager
def reading(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read a version as a user does, without schemas' names before the tables."""
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set search_path = 'dovecote_marts,dovecote_history'")
        yield connection


def changed(database: Path, folder: Path, *statements: str) -> Path:
    """Copy a version and change the copy by hand."""
    copy = folder / DATABASE
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(copy) as connection:
        connection.execute("set search_path = 'dovecote_marts,dovecote_history'")
        for statement in statements:
            connection.execute(statement)
    return copy


def asked(
    connection: duckdb.DuckDBPyConnection, question: str, *values: object
) -> list[tuple[object, ...]]:
    return connection.execute(question, values).fetchall()
