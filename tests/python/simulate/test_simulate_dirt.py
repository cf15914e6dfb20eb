"""Dirt is counted in the truth, and leaves the clean shop whole; late rows come later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_shops import PLAIN, read, write

from dovecote.simulate import make_blocks

DIRTY = replace(PLAIN, dirty_share=0.03)
ENTITIES = [
    "orders", "order_items", "customers", "products", "events", "reviews", "nps_responses",
    "customer_merges", "exclusions", "exchange_rates",
]  # fmt: skip
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


@pytest.fixture(scope="module")
def dirty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(DIRTY, tmp_path_factory.mktemp("dirty"))


@pytest.fixture(scope="module")
def extra(plain_shop: Path, dirty_shop: Path) -> dict[str, pd.DataFrame]:
    """Rows of the dirty shop that the plain shop does not have; every plain row is in both."""
    found = {}
    for entity in ENTITIES:
        plain, dirty = read(plain_shop, entity), read(dirty_shop, entity)
        columns = list(plain.columns)
        rows = Counter(dirty.itertuples(index=False, name=None))
        clean = Counter(plain.itertuples(index=False, name=None))
        assert not clean - rows, entity
        found[entity] = pd.DataFrame(list((rows - clean).elements()), columns=columns)
    return found


@pytest.fixture(scope="module")
def truth(dirty_shop: Path) -> pd.Series:
    counts = read(dirty_shop, "truth/dirt").astype({"rows": int})
    return counts.set_index(["entity", "kind"])["rows"]


def test_truth_counts_every_added_row(extra: dict[str, pd.DataFrame], truth: pd.Series) -> None:
    added = {entity: len(rows) for entity, rows in extra.items() if len(rows)}
    assert truth.groupby("entity").sum().to_dict() == added
    assert len(added) >= 8


def test_share_is_kept_in_every_entity(plain_shop: Path, truth: pd.Series) -> None:
    for entity, rows in truth.groupby("entity").sum().items():
        clean = len(read(plain_shop, str(entity)))
        # Rounded down in each of the two blocks.
        assert DIRTY.dirty_share * clean - 2 <= rows <= DIRTY.dirty_share * clean


def test_each_kind_is_found_as_often_as_the_truth_says(
    plain_shop: Path, extra: dict[str, pd.DataFrame], truth: pd.Series
) -> None:
    for entity, rows in extra.items():
        plain = read(plain_shop, entity)
        counts = {kind: int(find(rows, plain).sum()) for kind, find in finders(entity).items()}
        expected = truth[entity].to_dict() if entity in truth else {}
        assert {kind: n for kind, n in counts.items() if n} == expected, entity


Find = Callable[[pd.DataFrame, pd.DataFrame], pd.Series]


def finders(entity: str) -> dict[str, Find]:
    """Return how to recognise each kind from the files, without the simulator's own table."""

    def key(rows: pd.DataFrame) -> pd.Series:
        return rows.iloc[:, 0]

    def known_key(rows: pd.DataFrame, plain: pd.DataFrame) -> pd.Series:
        return key(rows).isin(key(plain)) & (key(rows) != "")

    def same_row(rows: pd.DataFrame, plain: pd.DataFrame) -> pd.Series:
        whole = set(plain.itertuples(index=False, name=None))
        return pd.Series(
            [row in whole for row in rows.itertuples(index=False, name=None)], dtype=bool
        )

    def number(column: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda rows: pd.to_numeric(rows[column], errors="coerce")

    found: dict[str, Find] = {
        "exact_duplicate": same_row,
        "empty_key": lambda rows, _: key(rows) == "",
    }
    if entity != "exchange_rates":
        found["superseded"] = lambda rows, plain: known_key(rows, plain) & ~same_row(rows, plain)
        found["conflicting_key"] = lambda rows, _: (
            key(rows).duplicated(keep=False) & (key(rows).str.endswith("-d"))
        )
    if entity in TIMES:
        time = TIMES[entity]
        found["future_time"] = lambda rows, _: rows[time].str.startswith("2099")
        found["ancient_time"] = lambda rows, _: rows[time].str.startswith("1970")
        found["bad_timestamp"] = lambda rows, _: ~rows[time].str.match(r"\d{4}-\d\d-\d\d")
    if entity in NUMBERS:
        column = NUMBERS[entity]
        found["text_in_number"] = lambda rows, _: (rows[column] != "") & number(column)(rows).isna()
    if entity in ("orders", "products", "exchange_rates"):
        found["negative_amount"] = lambda rows, _: number(NUMBERS[entity])(rows) < 0
    if entity == "orders":
        found["unknown_status"] = lambda rows, _: rows["status"] == "misplaced"
        found["unknown_currency"] = lambda rows, _: rows["currency"] == "XXX"
        found["refund_above_order"] = lambda rows, _: (
            (number("refund_amount")(rows) > number("gross_amount")(rows))
            & (number("gross_amount")(rows) > 0)
        )
    if entity == "order_items":
        found["negative_amount"] = lambda rows, _: number("unit_price")(rows) < 0
        found["negative_quantity"] = lambda rows, _: number("quantity")(rows) < 0
        found["unknown_order"] = lambda rows, _: rows["order_id"] == "o-unknown"
    if entity == "reviews":
        found["rating_out_of_range"] = lambda rows, _: rows["rating"] == "7"
        found["unknown_product"] = lambda rows, _: rows["product_id"] == "p-unknown"
    if entity == "nps_responses":
        found["score_out_of_range"] = lambda rows, _: rows["score"] == "12"
    return found


def test_dirt_adds_no_purchase_to_a_customer(extra: dict[str, pd.DataFrame]) -> None:
    refunds = extra["orders"].query("status == 'refunded' and order_id.str.endswith('-d')")
    above = refunds[refunds["refund_amount"].astype(float) > pd.to_numeric(
        refunds["gross_amount"], errors="coerce")]  # fmt: skip
    above = above[pd.to_numeric(above["gross_amount"]) > 0]
    assert len(above) > 0
    assert (above["customer_id"] == "").all()


def test_conflicting_rows_share_a_key_and_differ(extra: dict[str, pd.DataFrame]) -> None:
    for entity in ("orders", "order_items", "customers", "events"):
        rows = extra[entity]
        pairs = rows[rows.iloc[:, 0].str.endswith("-d") & rows.iloc[:, 0].duplicated(keep=False)]
        assert len(pairs) >= 2
        assert not pairs.duplicated().any()
        if "updated_at" in pairs:
            assert (pairs["updated_at"] == "").all()


def test_superseded_rows_are_older_than_the_row_that_stays(
    plain_shop: Path, extra: dict[str, pd.DataFrame]
) -> None:
    for entity in ("orders", "customers"):
        current = read(plain_shop, entity).set_index(f"{entity[:-1]}_id")["updated_at"]
        rows = extra[entity]
        old = rows[rows.iloc[:, 0].isin(current.index)]
        assert (old["updated_at"] <= old.iloc[:, 0].map(current)).all()
        assert (old["updated_at"] < old.iloc[:, 0].map(current)).any()


def test_parquet_dirt_has_no_text_in_typed_columns() -> None:
    blocks = make_blocks(replace(DIRTY, file_format="parquet", events_per_customer=0))
    kinds = {kind for block in blocks for kind in block.truth["dirt"]["kind"]}
    assert "negative_amount" in kinds
    assert kinds.isdisjoint({"text_in_number", "bad_timestamp"})


@pytest.mark.parametrize(("entity", "time"), [("orders", "ordered_at"), ("events", "occurred_at")])
def test_late_share_of_rows_is_out_of_order(
    entity: str, time: str, plain_shop: Path, tmp_path: Path
) -> None:
    plain = read(plain_shop, entity)
    assert plain[time].is_monotonic_increasing
    share = 0.05
    late = read(write(replace(PLAIN, late_share=share), tmp_path / "late"), entity)
    assert sorted(late.itertuples(index=False)) == sorted(plain.itertuples(index=False))
    at = pd.to_datetime(late[time])
    out_of_order = (at < at.cummax()).to_numpy()
    error = np.sqrt(share * (1 - share) / len(at))
    assert abs(out_of_order.mean() - share) < 4 * error
