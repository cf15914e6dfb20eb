"""Run dbt as a user does: the plain command, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).parents[2]


def run_dbt(
    command: str,
    folder: Path,
    *,
    data: Path | None = None,
    as_of: str | None = None,
    variables: Mapping[str, Any] | None = None,
    arguments: tuple[str, ...] = (),
    project: Path = PROJECT,
) -> subprocess.CompletedProcess[str]:
    """Run `dbt COMMAND` into `folder`, which then holds warehouse.duckdb and dbt's target."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")}
    environment["DOVECOTE_WAREHOUSE"] = str(warehouse_of(folder))
    if data is not None:
        environment["DOVECOTE_DATA"] = str(data)
    if as_of is not None:
        environment["DOVECOTE_AS_OF"] = as_of
    return subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", command),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--vars", json.dumps(dict(variables or {}))),
            *arguments,
        ],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def warehouse_of(folder: Path) -> Path:
    return folder / "warehouse.duckdb"


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(warehouse_of(folder), read_only=True)


def mart_contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Give the number of rows and an order-free checksum of every mart."""
    with connect(folder) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'dovecote_marts'"
        ).fetchall()
        return {
            name: connection.execute(
                "select count(*), coalesce(sum(hash(mart)::hugeint), 0) "
                f"from dovecote_marts.{name} as mart"
            ).fetchone()
            for (name,) in names
        }
