"""Churn's SQL against the oracle, on random small shops; purchase models stay out, for time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from churn_shops import HORIZONS, TIMEZONE, WITHOUT_PURCHASE_MODELS, churn_shop, start_of_day

from oracle import churn
from oracle.settings import Row, Settings
from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.full_shops import as_raw

pytestmark = pytest.mark.slow

MODELS = {
    "int_churn__spans",
    "int_churn__snapshots",
    "int_churn__cutoffs",
    "int_churn__histories",
    "int_churn__features",
    "int_churn__recency_rates",
    "int_churn__fitted_tuples",
    "int_churn__spend_tuples",
}
# Customers, orders, events: the second has enough customers for several bins of recency.
SHOPS = [
    *((seed, 25, 150, 150) for seed in range(6)),
    *((seed, 80, 400, 200) for seed in (6, 7)),
]

FEWEST_CUSTOMERS = 5
"""As the fixture churn_project sets it."""


class ComparedShop:
    """A shop, as SQL and as the oracle sees it."""

    def __init__(self, project: CompiledProject, shop: tuple[int, int, int, int]) -> None:
        rows, as_of = churn_shop(*shop)
        self.warehouse: Warehouse = project.run(
            as_raw(rows), as_of, MODELS, replaced=WITHOUT_PURCHASE_MODELS
        )
        self.known = churn.known(rows, Settings(as_of=as_of, timezone=TIMEZONE))

    def rows(self, model: str) -> list[Row]:
        return self.warehouse.rows(model)

    def cutoffs(self) -> set[tuple[str, Any]]:
        return {(activity, day) for activity, day, _ in churn.cutoffs(self.known, HORIZONS)}


@pytest.fixture(scope="module")
def all_shops(churn_project: CompiledProject) -> list[ComparedShop]:
    return [ComparedShop(churn_project, shop) for shop in SHOPS]


@pytest.fixture(scope="module", params=range(len(SHOPS)), ids=lambda n: f"churn_shop{SHOPS[n]}")
def shop(request: pytest.FixtureRequest, all_shops: list[ComparedShop]) -> ComparedShop:
    return all_shops[request.param]


def test_spans_reach_from_the_first_day_to_the_last_whole_one(shop: ComparedShop) -> None:
    assert {
        row["activity"]: (row["first_date"], row["last_whole_date"], row["history_days"])
        for row in shop.rows("int_churn__spans")
    } == {
        activity: (span.first_date, span.last_whole_date, span.history_days)
        for activity, span in churn.spans(shop.known).items()
    }


def test_snapshots_are_the_days_that_models_learn_from(shop: ComparedShop) -> None:
    columns = (
        "activity",
        "horizon_days",
        "cutoff_date",
        "snapshot_number",
        "snapshot_date",
        "snapshot_horizon_days",
    )
    expected = [
        (s.activity, s.horizon_days, s.cutoff_date, s.number, s.day, s.looks_ahead)
        for s in churn.snapshots(shop.known, HORIZONS)
    ]
    assert listed(shop.rows("int_churn__snapshots"), columns) == sorted(expected)


def test_customers_are_looked_at_on_the_days_that_something_needs(shop: ComparedShop) -> None:
    found = listed(shop.rows("int_churn__cutoffs"), ("activity", "cutoff_date", "fit_date"))
    assert found == sorted(churn.cutoffs(shop.known, HORIZONS))


def test_histories_hold_what_was_known_that_day(shop: ComparedShop) -> None:
    expected = {
        (activity, at, customer_id): {
            "first_date": history.days[0],
            "last_date": history.days[-1],
            "repeat_days": history.repeats,
            "first_to_last_days": history.first_to_last,
            "age_days": history.age,
            "recency_days": history.recency,
            "last_gap_days": history.last_gap,
            **(
                {"mean_repeat_spend": churn.mean_repeat_spend(shop.known, customer_id, history)}
                if activity == "order"
                else {}
            ),
        }
        for activity, at in shop.cutoffs()
        for customer_id, history in churn.histories(shop.known, activity, at).items()
    }
    compare(shop.rows("int_churn__histories"), ("activity", "cutoff_date", "customer_id"), expected)


def test_fits_see_customers_with_equal_histories_once(shop: ComparedShop) -> None:
    fitted_days = {
        (activity, day)
        for activity, day, fit_day in churn.cutoffs(shop.known, HORIZONS)
        if day == fit_day
    }
    expected: dict[tuple[Any, ...], dict[str, int]] = {}
    for activity, at in fitted_days:
        for history in churn.histories(shop.known, activity, at).values():
            key = (activity, at, history.repeats, history.first_to_last, history.age)
            expected.setdefault(key, {"customers": 0})["customers"] += 1
    key = ("activity", "cutoff_date", "repeat_days", "first_to_last_days", "age_days")
    compare(shop.rows("int_churn__fitted_tuples"), key, expected)


def test_spend_is_fitted_on_customers_whose_repeats_brought_money(shop: ComparedShop) -> None:
    spends = sorted(
        (at, history.repeats, spend)
        for at in churn.value_cutoffs(shop.known)
        for customer_id, history in churn.histories(shop.known, "order", at).items()
        if (spend := churn.mean_repeat_spend(shop.known, customer_id, history) or 0) > 0
    )
    found = sorted(
        (row["cutoff_date"], row["repeat_days"], row["mean_repeat_spend"])
        for row in shop.rows("int_churn__spend_tuples")
        for _ in range(row["customers"])
    )
    assert [row[:2] for row in found] == [row[:2] for row in spends]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in spends], rel=1e-12)


def test_features_are_those_of_the_dictionary(shop: ComparedShop) -> None:
    as_of_date = shop.known.as_of_date
    compared_day = as_of_date - timedelta(days=churn.ALERT_COMPARISON)
    wanted = {
        (s.activity, s.day, s.day, s.looks_ahead) for s in churn.snapshots(shop.known, HORIZONS)
    }
    wanted |= {
        ("order", as_of_date, compared_day, horizon)
        for activity, fit_day, _, horizon in wanted
        if (activity, fit_day) == ("order", as_of_date)
    }
    last_whole_date = {
        activity: span.last_whole_date for activity, span in churn.spans(shop.known).items()
    }
    expected = {
        (activity, fit_day, at, horizon, customer_id): {
            **values,
            # No purchase model speaks here.
            "btyd_log_odds": 0.0,
            "is_churned": churn.is_churned(shop.known, activity, customer_id, at, horizon)
            if fit_day < as_of_date and at + timedelta(days=horizon) <= last_whole_date[activity]
            else None,
        }
        for activity, fit_day, at, horizon in wanted
        for customer_id, values in churn.features(shop.known, activity, at, horizon).items()
    }
    key = ("activity", "fit_date", "cutoff_date", "horizon_days", "customer_id")
    compare(shop.rows("int_churn__features"), key, expected)


def test_recency_rates_are_learned_from_training_snapshots(shop: ComparedShop) -> None:
    key = ("activity", "horizon_days", "cutoff_date", "model_name", "recency_from")
    expected = {
        (*at, row["recency_from"]): row
        for at, rows in churn.recency_rates(shop.known, HORIZONS, FEWEST_CUSTOMERS).items()
        for row in rows
    }
    compare(shop.rows("int_churn__recency_rates"), key, expected)


def test_the_shops_hold_what_they_should(all_shops: list[ComparedShop]) -> None:
    found: Counter[str] = Counter()
    for compared in all_shops:
        known = compared.known
        days = {day for _, day in compared.cutoffs()}
        bins = Counter(
            (row["activity"], row["horizon_days"], row["cutoff_date"])
            for row in compared.rows("int_churn__recency_rates")
            if row["model_name"] == "recency_base_rate"
        )
        for order in known.orders:
            found["cancelled after"] += any(
                order.day <= day < (order.cancelled_day or order.day) for day in days
            )
            found["refunded after"] += any(
                order.day <= day < (order.refunded_day or order.day) for day in days
            )
        for span in churn.spans(known).values():
            found["ends at midnight"] += span.last_whole_date == known.as_of_date
            found["grades two horizons apart"] += len(churn.past_cutoffs(span, 14)) == 3
        found["several bins"] += max(bins.values()) > 1
        found["merged after"] += any(
            not known.is_known_at(who, day) for who in known.merged_day for day in days
        )
        found["rated"] += len(known.ratings)
        found["answered"] += len(known.answers)
    assert len(found) == 8
    assert min(found.values()) > 0, found


def test_an_order_cancelled_on_its_day_begins_no_history(churn_project: CompiledProject) -> None:
    at = datetime(2024, 1, 1, 20)
    kept = {"order_id": "o2", "customer_id": "c1", "ordered_at": at + timedelta(days=9)}
    cancelled = {"order_id": "o1", "customer_id": "c1", "ordered_at": at, "status": "cancelled"}
    rows = {
        "orders": [
            {**kept, "gross_amount": 10},
            {**cancelled, "gross_amount": 10, "status_changed_at": at + timedelta(hours=1)},
        ]
    }
    (span,) = churn_project.run(as_raw(rows), at + timedelta(days=30), {"int_churn__spans"}).rows(
        "int_churn__spans"
    )
    assert span["first_date"] == date(2024, 1, 10)


def test_all_customers_are_compared_with_28_days_ago_though_the_past_is_a_sample(
    churn_project: CompiledProject,
) -> None:
    rows, _ = churn_shop(0)
    as_of_date = date(2024, 5, 20)
    # A day that is a snapshot as well: 28 whole days before the last one.
    compared_day = as_of_date - timedelta(days=churn.ALERT_COMPARISON)
    sampled = churn_project.nodes["int_churn__customers"].sql.replace("<= 100000", "<= 4")
    warehouse = churn_project.run(
        as_raw(rows),
        start_of_day(as_of_date + timedelta(days=1)),
        {"int_churn__features", "int_churn__histories"},
        replaced={**WITHOUT_PURCHASE_MODELS, "int_churn__customers": sampled},
    )
    known_then = {
        row["customer_id"]
        for row in warehouse.rows("int_churn__histories")
        if (row["activity"], row["cutoff_date"]) == ("order", compared_day)
    }
    seen = {
        is_compared: {
            row["customer_id"]
            for row in warehouse.rows("int_churn__features")
            if (row["activity"], row["cutoff_date"]) == ("order", compared_day)
            and (row["fit_date"] == as_of_date) == is_compared
        }
        for is_compared in (True, False)
    }
    assert seen[True] == known_then
    assert 0 < len(seen[False]) <= 4 < len(known_then)


def listed(rows: Iterable[Row], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[column] for column in columns) for row in rows)


def compare(
    rows: Iterable[Row], key: tuple[str, ...], expected: dict[tuple[Any, ...], dict[str, Any]]
) -> None:
    """Hold rows against the oracle's: the same keys, and every column that the oracle gives."""
    found = {tuple(row[column] for column in key): row for row in rows}
    assert found.keys() == expected.keys()
    for at, values in expected.items():
        for column, value in values.items():
            assert same(found[at][column], value), (at, column, found[at], values)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other
