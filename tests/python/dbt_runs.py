"""Run dbt as a user does: the plain command, in a process of its own."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb

from dbt_command import dbt_command

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
    settings: Mapping[str, str] | None = None,
    unit_tests: bool = False,
) -> CompletedProcess[str]:
    """Run `dbt COMMAND` into `folder`, which then holds warehouse.duckdb and dbt's target.

    `settings` are environment variables besides. Unit tests, which look at no data, are left out of
    a build unless `unit_tests` asks for them.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")}
    environment |= {"DBT_LOG_LEVEL_FILE": "none"} | dict(settings or {})
    environment["DOVECOTE_WAREHOUSE"] = str(warehouse_of(folder))
    if data is not None:
        environment["DOVECOTE_DATA"] = str(data)
    if as_of is not None:
        environment["DOVECOTE_AS_OF"] = as_of
    given = json.dumps(dict(variables or {}))
    if command.startswith("build") and not unit_tests:
        arguments = ("--exclude-resource-type", "unit_test", *arguments)
    named = dict(itertools.pairwise(arguments))
    takes_parsed = project == PROJECT and command != "parse"
    kind = [given, data is None, sorted((settings or {}).items()), named.get("--target")]
    return dbt_command(
        [
            *command.split(),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--vars", given, *arguments),
        ],
        project,
        environment,
        kind if takes_parsed else None,
    )


def warehouse_of(folder: Path) -> Path:
    return folder / "warehouse.duckdb"


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(warehouse_of(folder), read_only=True)


# What a build says of builds before it changes with every build.
MARTS_ABOUT_BUILDS = (
    "mart_builds",
    "mart_churn_alert_outcomes",
    "mart_churn_scores_graded",
    "mart_score_changes",
)
FITTED_DIGITS = 7
"""Digits behind the point to which the same inputs give the same fitted numbers."""


def mart_contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Give the number of rows and an order-free checksum of every mart but those about builds."""
    with connect(folder) as connection:
        return contents_of_marts(connection)


def contents_of_marts(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Give the same of the marts that a connection sees."""
    columns: dict[str, list[str]] = {}
    for name, column, data_type in connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'dovecote_marts' order by ordinal_position"
    ).fetchall():
        value = f"round({column}, {FITTED_DIGITS})" if data_type == "DOUBLE" else column
        columns.setdefault(name, []).append(value)
    return {
        name: connection.execute(
            f"select count(*), coalesce(sum(hash({', '.join(values)})::hugeint), 0) "
            f"from dovecote_marts.{name}"
        ).fetchone()
        for name, values in columns.items()
        if name not in MARTS_ABOUT_BUILDS
    }
