"""A warehouse as a build leaves it, made without dbt: a few marts, history and registries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.macros import macros

MARTS, HISTORY = "dovecote_marts", "dovecote_history"
FIRST_BUILD = datetime(2025, 3, 1, 4, 5, 6)
KEYS = {
    "mart_builds": ["run_id"],
    "mart_customer_value": ["customer_id"],
    "mart_churn_scores": ["customer_id", "activity"],
    "mart_quarantine": ["entity", "quarantine_number"],
    "hist_churn_scores": ["as_of_date", "customer_id", "activity"],
}
CUSTOMERS = 5
COMMENTS = {
    (MARTS, "mart_customer_value", None): "One row per customer; it's the value.",
    (MARTS, "mart_customer_value", "net_revenue"): "Gross less discounts, refunds and 'returns'.",
    (MARTS, "mart_builds", None): "One row per build.",
}


@dataclass
class Shop:
    """A warehouse in a file, and the builds that wrote it."""

    file: Path
    builds: int = 0

    def build(
        self,
        status: str = "green",
        *,
        command: str = "build",
        kept: int = 3,
        message: str | None = None,
    ) -> str:
        """Write what a build writes, numbers of its own, and give its run_id."""
        self.builds += 1
        number, started_at = self.builds, FIRST_BUILD + timedelta(hours=self.builds)
        # Versions are named by the first eight digits, which differ from build to build.
        run_id = f"{number:08x}-0000-4000-8000-000000000000"
        row = {
            "run_id": run_id,
            "command": command,
            "started_at": started_at,
            "as_of": started_at,
            "as_of_date": started_at.date(),
            "package_version": "0.1.0",
            "dbt_version": "1.11.16",
            "git_revision": "c0ffee",
            "status": status,
            "is_green": status == "green",
            "message": message,
            "nodes": 5,
            "input_fingerprints": json.dumps({"orders": {"rows": number, "fingerprint": "f00d"}}),
            "settings": json.dumps({"dovecote_published_versions_kept": kept}),
            "published_tables": json.dumps(
                [
                    {
                        "schema": HISTORY if name.startswith("hist_") else MARTS,
                        "name": name,
                        "key": key,
                    }
                    for name, key in KEYS.items()
                ]
            ),
        }
        if status == "green":
            row["finished_at"] = started_at + timedelta(minutes=1)
        with duckdb.connect(self.file) as connection:
            if number == 1:
                self._create(connection)
            if status != "stopped":
                self._write_tables(connection, number, run_id)
            connection.execute(
                f"insert into {HISTORY}.builds ({', '.join(row)}) values "
                f"({', '.join('?' * len(row))})",
                list(row.values()),
            )
        return run_id

    def run(self, *statements: str) -> None:
        """Change the warehouse by hand."""
        with duckdb.connect(self.file) as connection:
            for statement in statements:
                connection.execute(statement)

    def _create(self, connection: duckdb.DuckDBPyConnection) -> None:
        registry = ", ".join(f"{name} {kind}" for name, kind in macros().build_columns().items())
        for statement in (
            f"create schema {MARTS}",
            f"create schema {HISTORY}",
            f"create table {HISTORY}.builds ({registry})",
            f"create view {MARTS}.mart_builds as "
            f"select * exclude (published_tables) from {HISTORY}.builds",
            f"create table {HISTORY}.forgotten_people "
            "(kind text, id_hash text, salt_check text, forgotten_at timestamp)",
            f"insert into {HISTORY}.forgotten_people values "
            "('customer_id', 'c-lost', null, '2025-01-01')",
            f"create table {HISTORY}.hist_churn_scores "
            "(as_of_date date, customer_id text, activity text, churn_probability double, "
            "run_id text)",
            # What nobody is to see.
            "create schema dovecote_intermediate",
            "create table dovecote_intermediate.int_secret as select 1 as one",
            f"comment on view {MARTS}.mart_builds is 'One row per build.'",
        ):
            connection.execute(statement)

    def _write_tables(
        self, connection: duckdb.DuckDBPyConnection, number: int, run_id: str
    ) -> None:
        day = f"date '2025-03-01' + {number}"
        connection.execute(
            f"create or replace table {MARTS}.mart_customer_value as select "
            "'c' || i as customer_id, (i * 1.25 + ?)::decimal(38, 4) as net_revenue, "
            "case when i % 2 = 0 then i / 7.0::double end as predicted_365d, "
            f"case when i > 1 then {day} - i::integer end as expected_next_order_date, "
            f"i > 2 as is_known, ({day})::timestamp as seen_at, "
            "'é,\"' || chr(10) || 'x' as note, i::bigint as orders "
            "from range(?) as numbers (i)",
            [number, CUSTOMERS + number],
        )
        connection.execute(
            f"create or replace table {MARTS}.mart_churn_scores as select "
            "'c' || i as customer_id, activity, 1 / (i + ?)::double as churn_probability "
            "from range(?) as numbers (i) cross join (values ('order'), ('visit')) as a (activity)",
            [number, CUSTOMERS],
        )
        connection.execute(
            f"insert into {HISTORY}.hist_churn_scores select {day}, *, ? "
            f"from {MARTS}.mart_churn_scores",
            [run_id],
        )
        connection.execute(
            f"create or replace table {MARTS}.mart_quarantine as select "
            "'orders' as entity, 1::bigint as quarantine_number, 'orders.csv' as source_name, "
            "? as source_position, 'o1' as row_key, ['invalid_amount'] as reasons, "
            """'{"order_id": "o1", "customer_id": "c1"}' as raw_row""",
            [number],
        )
        for (schema, table, column), comment in COMMENTS.items():
            if table == "mart_customer_value":
                kind, place = ("column", f"{table}.{column}") if column else ("table", table)
                text = comment.replace("'", "''")
                connection.execute(f"comment on {kind} {schema}.{place} is '{text}'")


def shop_in(place: Path, environment: pytest.MonkeyPatch) -> Shop:
    """Name a warehouse and a folder of versions in a folder."""
    file = place / "build" / "shop.duckdb"
    file.parent.mkdir()
    environment.setenv("DOVECOTE_WAREHOUSE", str(file))
    environment.setenv("DOVECOTE_PUBLISHED", str(place / "published"))
    return Shop(file)


def copies_of_registries(schema: str) -> list[str]:
    """Give the statements that make a schema look like the history of another target."""
    return [
        f"create table {schema}.{name} as from {HISTORY}.{name}"
        for name in ("builds", "forgotten_people")
    ]


def rows_of(file: Path, relation: str) -> list[tuple[Any, ...]]:
    """Read a relation of a file, in one order."""
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(f"from {relation} order by all").fetchall()


def tree(folder: Path) -> dict[str, Any]:
    """Say what is in a folder, links by their target and files by their bytes; locks left out."""
    found = {}
    for path in _below(folder):
        if path.name != ".lock":
            name = str(path.relative_to(folder))
            found[name] = path.readlink() if path.is_symlink() else _content(path)
    return found


def _below(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
