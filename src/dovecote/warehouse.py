"""The file that `dbt build` writes."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

DEFAULT = Path("warehouse/warehouse.duckdb")


def path() -> Path:
    """Give the file of the profile: DOVECOTE_WAREHOUSE, or the default."""
    return Path(os.environ.get("DOVECOTE_WAREHOUSE") or DEFAULT)


def check() -> None:
    """Make sure that a build can write the warehouse; make its folder where there is none.

    Raises
    ------
    ValueError
        If the file is no DuckDB file, or another process has it open.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    if path().exists():
        connect(read_only=False).close()


def connect(*, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the warehouse.

    Raises
    ------
    ValueError
        If there is none, it is no DuckDB file, or another process has it open.
    """
    if not path().is_file():
        raise ValueError(
            f"{path()} does not exist: run dbt build first, or correct DOVECOTE_WAREHOUSE."
        )
    try:
        return duckdb.connect(path(), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise ValueError(
                f"{path()} cannot be opened as a DuckDB file: move it away."
            ) from error
        raise ValueError(
            f"{path()} is open in another process: close it there (a notebook, a client, a build), "
            "then try again."
        ) from error
