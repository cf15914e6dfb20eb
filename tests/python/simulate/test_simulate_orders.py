"""Amounts that agree, and times in their natural order."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from simulated_shops import read


def cents(amounts: pd.Series) -> pd.Series:
    assert amounts.str.fullmatch(r"\d+\.\d\d").all()
    return amounts.str.replace(".", "").astype(int)


@pytest.fixture(scope="module")
def orders(plain_shop: Path) -> pd.DataFrame:
    return read(plain_shop, "orders").set_index("order_id")


@pytest.fixture(scope="module")
def items(plain_shop: Path) -> pd.DataFrame:
    return read(plain_shop, "order_items").astype({"quantity": int})


def test_orders_are_the_sums_of_their_lines(orders: pd.DataFrame, items: pd.DataFrame) -> None:
    lines = pd.DataFrame(
        {
            "order_id": items["order_id"],
            "gross_amount": items["quantity"] * cents(items["unit_price"]),
            "discount_amount": cents(items["discount_amount"]),
            "cost_amount": items["quantity"] * cents(items["unit_cost"]),
        }
    )
    sums = lines.groupby("order_id").sum()
    assert set(sums.index) == set(orders.index)
    for column in sums:
        assert (sums[column] == cents(orders[column]).reindex(sums.index)).all(), column
    assert lines.groupby("order_id").size().between(1, 5).all()
    assert not items.duplicated(["order_id", "product_id"]).any()
    assert (cents(orders["discount_amount"]) > 0).equals(orders["coupon_code"] != "")


def test_refunds_leave_nothing_negative(orders: pd.DataFrame) -> None:
    paid = cents(orders["gross_amount"]) - cents(orders["discount_amount"])
    refund = cents(orders["refund_amount"])
    is_full = orders["status"] == "refunded"
    is_partial = orders["status"] == "partially_refunded"
    assert is_full.sum() > 20
    assert is_partial.sum() > 20
    assert (refund[is_full] == paid[is_full]).all()
    assert ((refund > 0) & (refund < paid))[is_partial].all()
    assert (refund[~is_full & ~is_partial] == 0).all()
    assert (orders["refunded_at"] != "").equals(is_full | is_partial)


def test_partial_refund_is_one_line_of_the_order(orders: pd.DataFrame, items: pd.DataFrame) -> None:
    partial = orders[orders["status"] == "partially_refunded"]
    lines = items[items["order_id"].isin(partial.index)]
    paid = lines["quantity"] * cents(lines["unit_price"]) - cents(lines["discount_amount"])
    refund = lines["order_id"].map(cents(partial["refund_amount"]))
    assert (paid == refund).groupby(lines["order_id"]).any().all()


def test_statuses_and_guests_are_there_and_times_run_forward(orders: pd.DataFrame) -> None:
    assert set(orders["status"]) == {
        "placed", "shipped", "delivered", "completed", "cancelled", "test",
        "refunded", "partially_refunded",
    }  # fmt: skip
    assert 0.02 < (orders["customer_id"] == "").mean() < 0.1
    assert set(orders["currency"]) == {"USD", "EUR"}
    for later in ("refunded_at", "delivered_at", "promised_at", "status_changed_at"):
        known = orders[later] != ""
        assert (orders.loc[known, later] >= orders.loc[known, "ordered_at"]).all(), later
    for column in ("ordered_at", "refunded_at", "delivered_at", "updated_at"):
        assert orders[column].max() < "2025-10-28", column
    assert (orders["refunded_at"] <= orders["updated_at"]).all()


def test_products_sell_only_between_launch_and_end(
    plain_shop: Path, orders: pd.DataFrame, items: pd.DataFrame
) -> None:
    products = read(plain_shop, "products").set_index("product_id")
    assert (products["is_active"] == "false").any()
    lines = items[["order_id", "product_id"]].join(orders["ordered_at"], on="order_id")
    sold = lines.join(products, on="product_id")
    assert (sold["ordered_at"] >= sold["launched_at"]).all()
    retired = sold[sold["is_active"] == "false"]
    assert (retired["ordered_at"] < retired["updated_at"]).all()


def test_reviews_and_answers_follow_their_orders(plain_shop: Path, orders: pd.DataFrame) -> None:
    buyers = orders[["customer_id", "ordered_at", "status"]].add_suffix("_of_order")
    reviews = read(plain_shop, "reviews").join(buyers, on="order_id")
    assert len(reviews) > 100
    assert (reviews["created_at"] > reviews["ordered_at_of_order"]).all()
    assert (reviews["customer_id"] == reviews["customer_id_of_order"]).all()
    assert (reviews["customer_id"] != "").all()
    assert not reviews["status_of_order"].isin(["cancelled", "test"]).any()
    assert set(reviews["rating"]) <= set("12345")
    answers = read(plain_shop, "nps_responses")
    is_silent = answers["score"] == ""
    assert 0.4 < is_silent.mean() < 0.8
    assert (answers["invited_at"] != "").all()
    assert is_silent.equals(answers["responded_at"] == "")
    assert answers.loc[~is_silent, "score"].astype(int).between(0, 10).all()


def test_staples_are_bought_again(orders: pd.DataFrame, items: pd.DataFrame) -> None:
    bought = items.join(orders["customer_id"], on="order_id").query("customer_id != ''")
    orders_of_pair = bought.groupby(["customer_id", "product_id"])["order_id"].nunique()
    orders_of_customer = bought.groupby("customer_id")["order_id"].nunique()
    loyal = orders_of_customer[orders_of_customer >= 5].index
    most = orders_of_pair.groupby("customer_id").max()
    assert (most.reindex(loyal) >= 3).mean() > 0.5


def test_accounts_order_once_they_are_open_and_second_ones_order_too(
    plain_shop: Path, orders: pd.DataFrame
) -> None:
    created_at = read(plain_shop, "customers").set_index("customer_id")["created_at"]
    known = orders[orders["customer_id"] != ""]
    assert (known["ordered_at"] >= known["customer_id"].map(created_at)).all()
    merges = read(plain_shop, "customer_merges")
    assert merges["from_customer_id"].isin(known["customer_id"]).all()
    assert (merges["from_customer_id"] == merges["to_customer_id"] + "b").all()
    assert (merges["merged_at"] > merges["from_customer_id"].map(created_at)).all()
