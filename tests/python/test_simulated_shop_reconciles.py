"""A simulated shop read from files: dirt is where it should be, and the format does not matter."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_runs import MARTS_ABOUT_BUILDS, connect, run_dbt
from dovecote.simulate import Settings, prepare_folder, write_shop

pytestmark = pytest.mark.slow

DIRTY = Settings(customers=300, days=120, seed=7, dirty_share=0.03, late_share=0.05)
STATIONARY = Settings(customers=300, days=120, seed=12, stationary=True)
ALL_MARTS = ("+path:models/marts",)
MARTS_OF_DIRT = (
    *("+mart_input_reconciliation", "+mart_quarantine"),
    *("+fct_orders", "+fct_order_items"),
)
KEYS = {
    "orders": "order_id",
    "order_items": "order_item_id",
    "customers": "customer_id",
    "products": "product_id",
    "events": "event_id",
    "reviews": "review_id",
    "nps_responses": "response_id",
    "customer_merges": "from_customer_id",
    "exclusions": "customer_id",
    "exchange_rates": "currency",
}
TIMES = {
    "orders": "ordered_at",
    "customers": "created_at",
    "events": "occurred_at",
    "reviews": "created_at",
    "nps_responses": "invited_at",
    "exchange_rates": "rate_date",
}
NUMBERS = {
    "orders": "gross_amount",
    "order_items": "quantity",
    "customers": "birth_year",
    "products": "list_price",
    "events": "duration_seconds",
    "reviews": "rating",
    "nps_responses": "score",
    "exchange_rates": "rate_to_reporting",
}
NEGATIVE = {**NUMBERS, "order_items": "unit_price"}


def reason_of(entity: str, kind: str) -> str:
    """Give the reason for which a kind of dirt is to be quarantined."""
    return {
        "conflicting_key": f"conflicting_key({KEYS[entity]})",
        "text_in_number": f"bad_type({NUMBERS.get(entity)})",
        "bad_timestamp": f"bad_type({TIMES.get(entity)})",
        "future_time": f"after_run_start({TIMES.get(entity)})",
        "ancient_time": f"before_1990({TIMES.get(entity)})",
        "negative_amount": f"negative({NEGATIVE.get(entity)})",
        "negative_quantity": "negative(quantity)",
        "unknown_status": "unknown_status(misplaced)",
        "unknown_currency": "no_exchange_rate(XXX)",
        "rating_out_of_range": "out_of_range(rating)",
        "score_out_of_range": "out_of_range(score)",
        "empty_key": f"missing_key({KEYS[entity]})",
    }[kind]


class DirtyShop:
    """The files, the truth about their dirt, and what was built of them."""

    def __init__(self, folder: Path) -> None:
        self.data = written(DIRTY, folder / "data")
        self.warehouse = built(self.data, folder, MARTS_OF_DIRT)
        self.truth: Counter[tuple[str, str, str]] = Counter()
        for row in rows_of(self.data / "truth" / "dirt.csv"):
            self.truth[row["entity"], row["outcome"], row["kind"]] += int(row["rows"])

    def dirt(self, entity: str, outcome: str) -> int:
        """Count the rows of an entity that are to come out in some way."""
        return sum(
            rows for (at, ends, _), rows in self.truth.items() if (at, ends) == (entity, outcome)
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DirtyShop:
    return DirtyShop(tmp_path_factory.mktemp("dirty"))


def test_the_dirt_is_of_all_kinds(shop: DirtyShop) -> None:
    assert len({kind for _, _, kind in shop.truth}) >= 15
    assert {entity for entity, _, _ in shop.truth} >= {
        *("orders", "order_items", "customers", "events", "reviews")
    }


@pytest.mark.parametrize("entity", KEYS)
def test_every_row_is_accounted_for(shop: DirtyShop, entity: str) -> None:
    rows_in = len(rows_of(shop.data / f"{entity}.csv"))
    duplicates = shop.dirt(entity, "duplicate")
    quarantined = shop.dirt(entity, "quarantined")
    (found,) = shop.warehouse.execute(
        """
        select rows_in, accepted, duplicates, quarantined, after_as_of
        from dovecote_marts.mart_input_reconciliation where entity = ?
        """,
        [entity],
    ).fetchall()
    accepted = rows_in - duplicates - quarantined
    assert found == (rows_in, accepted, duplicates, quarantined, 0)


@pytest.mark.parametrize("entity", KEYS)
def test_quarantined_rows_say_why(shop: DirtyShop, entity: str) -> None:
    expected: Counter[str] = Counter()
    for (at, outcome, kind), rows in shop.truth.items():
        if (at, outcome) == (entity, "quarantined"):
            expected[reason_of(entity, kind)] += rows
    found = shop.warehouse.execute(
        "select reasons, count(*) from dovecote_marts.mart_quarantine where entity = ? group by 1",
        [entity],
    ).fetchall()
    assert dict(found) == expected


def test_what_is_kept_is_flagged(shop: DirtyShop) -> None:
    (refunds,) = shop.warehouse.execute(
        "select count(*) from dovecote_marts.fct_orders where is_refund_above_order"
    ).fetchone() or (None,)
    (orphans,) = shop.warehouse.execute(
        "select count(*) from dovecote_marts.fct_order_items where order_id = 'o-unknown'"
        " and is_orphan"
    ).fetchone() or (None,)
    assert refunds == shop.truth["orders", "flagged", "refund_above_order"] > 0
    assert orphans == shop.truth["order_items", "flagged", "unknown_order"] > 0


def test_csv_and_parquet_of_a_shop_give_the_same_marts(tmp_path: Path) -> None:
    contents = []
    for file_format in ("csv", "parquet"):
        folder = tmp_path / file_format
        data = written(replace(STATIONARY, file_format=file_format), folder / "data")
        assert (data / f"orders.{file_format}").exists()
        contents.append(mart_rows(built(data, folder, ALL_MARTS)))
    csv_marts, parquet_marts = contents
    assert len(csv_marts) >= 25
    assert sum(map(len, csv_marts.values())) > 5_000
    assert csv_marts.keys() == parquet_marts.keys()
    differing = {mart for mart in csv_marts if csv_marts[mart] != parquet_marts[mart]}
    assert not differing


def mart_rows(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    names = warehouse.execute(
        "select table_name from information_schema.tables where table_schema = 'dovecote_marts'"
    ).fetchall()
    return {
        name: warehouse.execute(f"select * from dovecote_marts.{name} order by all").fetchall()
        for (name,) in names
        if name not in MARTS_ABOUT_BUILDS
    }


def written(settings: Settings, folder: Path) -> Path:
    folder.parent.mkdir(exist_ok=True)
    prepare_folder(folder)
    write_shop(settings, folder)
    return folder


def built(data: Path, folder: Path, marts: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    arguments = ("--select", *marts, "--exclude-resource-type", "test")
    result = run_dbt("build", folder, data=data, arguments=arguments)
    assert result.returncode == 0, result.stdout
    return connect(folder)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
