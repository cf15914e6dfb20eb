"""The same shop with ids and with pseudonyms: the same marts, no id, and no trace of the salt."""

from __future__ import annotations

import csv
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dbt_runs import connect, run_dbt
from dovecote.cli import simulate
from warehouse.marts import Marts

pytestmark = pytest.mark.slow

SALT = "nine lives of a grey pigeon"
MARK = "qzname-"
AS_OF = "2025-08-01"
SMALL = {
    "dovecote_churn_activities": ["order"],
    "dovecote_churn_horizons": [14],
    "dovecote_churn_evaluation_cutoffs": 1,
    "dovecote_churn_training_snapshots": 1,
    "dovecote_churn_min_customers": 50,
    "dovecote_churn_min_repeat_customers": 20,
    "dovecote_alert_min_expected_loss": 1,
    "dovecote_recommendation_evaluation_cutoffs": 1,
}


OF_THE_RUN = {"run_id", "run_started_at"}
# The rows that models learned from have other ids, and the text of a rejected row, which numbers
# it, is not whole. Ties of customers are broken by id, and draws of customers go by their order.
DIFFERENT = {
    *("model_version", "input_fingerprint"),
    *("raw_row", "quarantine_number"),
    "value_decile",
    *("ndcg_over_windowed_popularity_low", "ndcg_over_windowed_popularity_high"),
    *("ndcg_over_published_low", "ndcg_over_published_high"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate a shop, some rows at fault, in which ids of customers and visitors bear a mark."""
    folder = tmp_path_factory.mktemp("shop")
    simulate(customers=200, days=300, seed=3, out=folder, dirty_share=0.02)
    for file in folder.glob("*.csv"):
        header, *rows = csv.reader(file.read_text().splitlines())
        for row in rows:
            row[:] = [
                MARK + cell if name.endswith(("customer_id", "anonymous_id")) and cell else cell
                for name, cell in zip(header, row, strict=True)
            ]
        if file.stem == "orders":
            rows.append([f"{MARK}c1"] * (len(header) + 1))
        with file.open("w", newline="") as opened:
            csv.writer(opened, lineterminator="\n").writerows([header, *rows])
    return folder


def build(shop: Path, folder: Path, **more: Any) -> Path:
    done = run_dbt(
        "build",
        folder,
        data=shop,
        as_of=AS_OF,
        variables=SMALL | more.pop("variables", {}),
        arguments=("--quiet", "--exclude-resource-type", "test"),
        **more,
    )
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def plain(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(shop, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def hidden(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hidden")
    return build(
        shop,
        folder,
        settings={"DOVECOTE_SALT": SALT, "DBT_LOG_LEVEL_FILE": "debug"},
        variables={"dovecote_pseudonymise": True},
    )


def contents(folder: Path) -> Marts:
    """Give the rows of all tables of marts and history but those about builds."""
    found: Marts = {}
    with connect(folder) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name in ('dovecote_marts', 'dovecote_history') and table_name <> 'builds'"
        ).fetchall():
            cursor = connection.execute(f"select * from {schema}.{table}")
            names = [column[0] for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def hashed(value: Any) -> Any:
    """Give a value with its marked ids replaced by what is to stand for them."""
    if not isinstance(value, str):
        return value
    return re.sub(
        rf"{MARK}[\w-]+", lambda found: sha256((SALT + found[0]).encode()).hexdigest(), value
    )


def compared(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Give the rows that are to be equal, fitted numbers a little rounded, as a multiset."""
    return Counter(
        tuple(
            float(f"{value:.6g}") if isinstance(value, float) else value
            for name, value in row.items()
            if name not in OF_THE_RUN | DIFFERENT
        )
        for row in rows
        # The seeds of item pages are drawn, and so are the factors of the challenger.
        if row.get("task") != "item_page" and row.get("method_name") != "svd"
    )


def test_the_marts_are_those_of_the_plain_shop_with_hashed_ids(plain: Path, hidden: Path) -> None:
    before, after = contents(plain), contents(hidden)
    assert before.keys() == after.keys()
    assert sum(map(bool, before.values())) >= 35
    for mart, rows in before.items():
        expected = [{name: hashed(value) for name, value in row.items()} for row in rows]
        assert compared(after[mart]) == compared(expected), mart
    assert any(MARK in str(row["customer_id"]) for row in before["hist_churn_alerts"])


def test_no_table_has_an_id(plain: Path, hidden: Path) -> None:
    assert {"raw_orders", "mart_quarantine", "hist_churn_scores"} <= tables_with_ids(plain)
    assert tables_with_ids(hidden) == set()


def tables_with_ids(folder: Path) -> set[str]:
    with connect(folder) as connection:
        return {
            table
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
            if connection.execute(
                f"select 1 from {schema}.{table} as one "
                f"where contains(one::varchar, '{MARK}') limit 1"
            ).fetchall()
        }


def test_quarantine_holds_no_personal_text(plain: Path, hidden: Path) -> None:
    texts = [
        " ".join(row["raw_row"] for row in contents(folder)["mart_quarantine"])
        for folder in (plain, hidden)
    ]
    assert [text.count("birth_year") > 0 for text in texts] == [True, False]
    assert [text.count("(withheld by dovecote_pseudonymise)") for text in texts] == [0, 1]


def test_the_salt_is_nowhere(hidden: Path) -> None:
    files = [file for file in hidden.rglob("*") if file.is_file()]
    assert {"dbt.log", "manifest.json", "warehouse.duckdb"} <= {file.name for file in files}
    assert "getvariable('dovecote_salt')" in (hidden / "logs" / "dbt.log").read_text()
    assert [file.name for file in files if SALT.encode() in file.read_bytes()] == []
