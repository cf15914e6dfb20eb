"""Sessions as funnels, and who is known when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from simulated_shops import PLAIN, read


@pytest.fixture(scope="module")
def events(plain_shop: Path) -> pd.DataFrame:
    return read(plain_shop, "events")


def test_number_of_events_is_the_one_asked_for(events: pd.DataFrame) -> None:
    asked = PLAIN.events_per_customer * PLAIN.customers
    assert abs(len(events) / asked - 1) < 0.06


def test_steps_of_a_session_come_in_funnel_order(events: pd.DataFrame) -> None:
    own = events[events["session_id"] != ""]
    assert 0.05 < len(own) / len(events) < 0.2
    purchases = dropped = removed = 0
    for _, session in own.groupby("session_id"):
        kinds = session["event_type"].tolist()
        assert session["occurred_at"].is_monotonic_increasing
        if "checkout" in kinds:
            assert "cart_add" in kinds[: kinds.index("checkout")]
            dropped += kinds[-1] == "checkout"
        if "purchase" in kinds:
            purchases += 1
            assert kinds[-2:] == ["checkout", "purchase"]
        for place in [n for n, kind in enumerate(kinds) if kind == "cart_remove"]:
            removed += 1
            before = session.iloc[:place]
            added = before.loc[before["event_type"] == "cart_add", "product_id"].tolist()
            assert session["product_id"].iloc[place] in added
    assert purchases > 50
    assert dropped > 5
    assert removed > 5


def test_purchase_events_are_orders(plain_shop: Path, events: pd.DataFrame) -> None:
    orders = read(plain_shop, "orders")
    ordered = set(zip(orders["customer_id"], orders["ordered_at"], strict=True))
    bought = events[events["event_type"] == "purchase"]
    assert set(zip(bought["customer_id"], bought["occurred_at"], strict=True)) <= ordered
    assert 0.2 < len(bought) / len(orders) < 0.5


def test_accounts_are_named_only_while_they_exist(plain_shop: Path, events: pd.DataFrame) -> None:
    customers = read(plain_shop, "customers").set_index("customer_id")
    named = events[events["customer_id"] != ""]
    assert (named["occurred_at"] >= named["customer_id"].map(customers["created_at"])).all()
    truth = read(plain_shop, "truth/customers").set_index("customer_id")
    died_at = named["customer_id"].str.removesuffix("b").map(truth["died_at"])
    assert (died_at != "").sum() > 1_000
    assert (named["occurred_at"] <= died_at.where(died_at != "", "9999")).all()


def test_some_visitors_are_known_later_and_some_never(events: pd.DataFrame) -> None:
    assert ((events["customer_id"] != "") | (events["anonymous_id"] != "")).all()
    with_browser = events[events["anonymous_id"] != ""]
    is_named = with_browser["customer_id"] != ""
    ever_named = is_named.groupby(with_browser["anonymous_id"]).any()
    first_named = is_named.groupby(with_browser["anonymous_id"]).first()
    assert (ever_named & ~first_named).sum() > 100
    assert (~ever_named).sum() > 100
    people = with_browser[is_named].groupby("anonymous_id")["customer_id"].nunique()
    assert (people > 1).sum() > 3
    logins = events[events["event_type"] == "login"]
    assert len(logins) > 200
    assert (logins["customer_id"] != "").all()


def test_searches_and_views_carry_their_fields(events: pd.DataFrame) -> None:
    is_search = events["event_type"] == "search"
    assert is_search.equals(events["search_query"] != "")
    assert is_search.equals(events["result_count"] != "")
    assert 0.04 < (events.loc[is_search, "result_count"] == "0").mean() < 0.15
    assert events.loc[events["position"] != "", "event_type"].eq("view").all()
    assert (events["app_version"] != "").equals(events["channel"] == "app")
    cart = events["event_type"].isin(["cart_add", "cart_remove"])
    assert (events.loc[cart, "product_id"] != "").all()


def test_buyers_search_for_what_they_buy(plain_shop: Path, events: pd.DataFrame) -> None:
    name = read(plain_shop, "products").set_index("product_id")["product_name"].str.lower()
    checked = 0
    for _, session in events[events["session_id"] != ""].groupby("session_id"):
        kinds = set(session["event_type"])
        found = session[(session["event_type"] == "search") & (session["result_count"] != "0")]
        if "purchase" in kinds and len(found):
            added = session.loc[session["event_type"] == "cart_add", "product_id"].map(name)
            assert added.str.contains(found["search_query"].iloc[0], regex=False).any()
            checked += 1
    assert checked > 15
