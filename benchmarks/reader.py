"""A process that queries what is published, as BI tools do, while versions come and go.

`python reader.py CURRENT STOP QUOTA SEED` asks until the file STOP is there and it has asked its
quota, and prints what it saw.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from dovecote.publish import DATABASE

TABLES = (
    *("dim_customers", "fct_orders", "fct_order_items", "mart_customer_rfm", "mart_churn_scores"),
    *("mart_activity_daily", "mart_retention", "hist_customer_rfm", "hist_churn_scores"),
)
TABLES_A_QUERY = 3
HELD = 60
# Queries for which a database is opened: as a rule one, sometimes enough to outlive its version.
QUERIES_OF_AN_OPENING = (*[1] * 10, 5, 5, 5, HELD)


@dataclass
class Seen:
    """What one reader saw.

    Attributes
    ----------
    asked, opened
        Queries, and how often something was opened for them.
    outlived
        Queries to a version that was not the current one any more.
    facts
        By run_id of the version that an answer named: its as_of_date, and each table's rows and
        latest as_of_date that any answer gave.
    errors
        Every error.
    """

    asked: int = 0
    opened: int = 0
    outlived: int = 0
    facts: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def ask(current: Path, stop: Path, quota: int, seed: str) -> Seen:
    """Ask at least a quota of queries, and until the file appears."""
    draw = random.Random(seed)
    seen = Seen()
    while seen.asked < quota or not stop.exists():
        try:
            if draw.random() < 0.25:
                _ask_parquet(current, draw, seen)
            else:
                _ask_database(current, draw.choice(QUERIES_OF_AN_OPENING), draw, seen)
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
            time.sleep(1)
    return seen


def _ask_database(current: Path, queries: int, draw: random.Random, seen: Seen) -> None:
    """Open the database of the current version once for some queries."""
    with duckdb.connect(current / DATABASE, read_only=True) as connection:
        opened = current.resolve()
        seen.opened += 1
        for _ in range(queries):
            _ask_facts(connection, lambda table: f"{_schema(table)}.{table}", draw, seen)
            seen.outlived += current.resolve() != opened
            if queries == HELD:
                time.sleep(0.1)


def _ask_parquet(current: Path, draw: random.Random, seen: Seen) -> None:
    """Read the Parquet of the folder that `current` leads to now."""
    folder = current.resolve() / "parquet"
    with duckdb.connect() as connection:
        seen.opened += 1
        _ask_facts(
            connection, lambda table: f"'{folder / _schema(table) / table}.parquet'", draw, seen
        )


def _ask_facts(
    connection: duckdb.DuckDBPyConnection,
    source: Callable[[str], str],
    draw: random.Random,
    seen: Seen,
) -> None:
    """Ask which version this is and what some tables hold, in one query."""
    tables = draw.sample(TABLES, TABLES_A_QUERY)
    facts = ", ".join(
        f"(select {{'rows': count(*), 'latest': "
        f"{'max(as_of_date)::varchar' if table.startswith('hist_') else 'null::varchar'}}} "
        f"from {source(table)})"
        for table in tables
    )
    run_id, *answers = connection.execute(
        f"select run_id, {facts} from {source('published_version')}"
    ).fetchall()[0]
    of_version = seen.facts.setdefault(run_id, [])
    for table, answer in zip(tables, answers, strict=True):
        fact = json.dumps([table, answer["rows"], answer["latest"]])
        if fact not in of_version:
            of_version.append(fact)
    seen.asked += 1


def _schema(table: str) -> str:
    return "dovecote_history" if table.startswith("hist_") else "dovecote_marts"


if __name__ == "__main__":
    _, current, stop, quota, seed = sys.argv
    print(json.dumps(asdict(ask(Path(current), Path(stop), int(quota), seed))))
