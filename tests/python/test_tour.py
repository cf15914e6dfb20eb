"""What the tour says of a warehouse, wherever its tables are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dovecote import tour
from dovecote.publish import Published, publish, restore
from dovecote.tour import Question, take
from publish.shops import HISTORY, MARTS, Shop, shop_in

ORDERS, RAW = "shop_marts.fct_orders", "dovecote_staging.raw_input_files"
QUESTION = Question(
    "Who is worth most?",
    "select customer_id from mart_customer_value inner join fct_orders using (customer_id)",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Build a shop, of whose marts one is in a schema of another name, and then a part of it."""
    monkeypatch.setattr(tour, "QUESTIONS", (QUESTION,))
    shop = shop_in(tmp_path, monkeypatch)
    shop.build()
    registered = json.dumps({"schema": "shop_marts", "name": "fct_orders", "key": []})
    shop.run(
        "create schema shop_marts",
        "create schema dovecote_staging",
        f"create table {ORDERS} as select 'c2' as customer_id, date '2025-02-03' as order_date",
        f"create view {RAW} as select 'orders' as entity, 'orders.csv' as source_name",
        f"update {HISTORY}.builds set published_tables = "
        f"published_tables[:-2] || ', ' || '{registered}' || ']'",
    )
    return shop


def test_tables_are_found_where_the_build_put_them(shop: Shop) -> None:
    shop.run(f"create table {MARTS}.fct_orders as select 'c4' as customer_id")
    origin, (answer,) = take()
    assert answer.columns == ["customer_id"]
    assert answer.rows == [("c2",)]
    assert answer.question.sql == (
        f"select customer_id from {MARTS}.mart_customer_value inner join {ORDERS} "
        "using (customer_id)"
    )
    assert origin == (
        f"{shop.file} was built from orders.csv: 1 orders, 2025-02-03 to 2025-02-03, "
        "as of 2025-03-01 05:05:06 UTC. Its tables for use are in the schema shop_marts of "
        f"{shop.file}; dovecote publish makes a copy that stays while builds run."
    )


def test_a_part_build_afterwards_hides_nothing(shop: Shop) -> None:
    shop.build("part")
    shop.run(
        f"update {HISTORY}.builds set published_tables = '[]', as_of = null where status = 'part'"
    )
    origin, (answer,) = take()
    assert answer.rows == [("c2",)]
    assert "as of 2025-03-01 05:05:06 UTC" in origin


def test_the_tour_leads_to_the_version_that_this_warehouse_published(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, _ = publish(Published())
    current = Published().link
    assert take()[0].endswith(
        f" {current / 'dovecote.duckdb'}, which stays while the next build runs. "
        f"To look at: {current / 'dashboard.html'}"
    )
    shop.file.unlink()
    restore(version)
    assert "was built from a published version: 1 orders" in take()[0]
    # Another warehouse's.
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(tmp_path / "other.duckdb"))
    other = Shop(tmp_path / "other.duckdb", builds=0)
    other.build()
    other.build()
    other.run(
        f"delete from {HISTORY}.builds where run_id like '00000001%'",
        f"create table {MARTS}.fct_orders as select 'c2' as customer_id, date '2025-02-03' "
        "as order_date",
        f"update {HISTORY}.builds set published_tables = "
        "replace(published_tables, 'mart_churn_scores', 'fct_orders')",
    )
    assert take()[0].endswith("; dovecote publish makes a copy that stays while builds run.")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"drop table {ORDERS}", "has no marts yet: run dovecote build"),
        (
            f"update {HISTORY}.builds set published_tables = '[]'",
            "has no mart_customer_value yet: run dovecote build",
        ),
        (f"drop table {HISTORY}.builds", "has no mart_customer_value yet: run dovecote build"),
    ],
)
def test_a_warehouse_without_marts_is_told(shop: Shop, statement: str, said: str) -> None:
    if statement.endswith("builds"):
        shop.run(f"drop view {MARTS}.mart_builds")
    shop.run(statement)
    with pytest.raises(ValueError, match=f"{shop.file} {said}"):
        take()


def test_a_warehouse_without_orders_is_told(shop: Shop) -> None:
    shop.run(f"delete from {ORDERS}")
    assert take()[0] == f"{shop.file} was built from orders.csv, which holds no orders."
