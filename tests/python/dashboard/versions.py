"""Versions to look at, and their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dovecote.dashboard import write_pages
from dovecote.publish import DATABASE

SHOWS_IDS = (
    "update mart_builds set settings = "
    """json_merge_patch(settings, '{"dovecote_dashboard_customer_ids": true}')"""
)


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
