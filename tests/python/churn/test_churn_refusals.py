"""Small and odd shops build, and every row says why no model speaks for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from oracle import churn
from oracle.settings import Row, Settings
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows
from warehouse.marts import CHURN, Marts, run_churn

pytestmark = pytest.mark.slow

# As the package is set without vars.
HORIZONS = (30, 60, 90)
START = datetime(2024, 1, 1, 12)
AS_OF = datetime(2024, 7, 1)
DAYS = (AS_OF - START).days


def orders(days_of: dict[str, list[int]]) -> list[Row]:
    return [
        {
            "order_id": f"{customer_id}-{day}",
            "customer_id": customer_id,
            "ordered_at": START + timedelta(days=day),
            "gross_amount": Decimal(20),
        }
        for customer_id, days in days_of.items()
        for day in days
    ]


def events(days_of: dict[str, list[int]]) -> list[Row]:
    return [
        {
            "event_id": f"{customer_id}-{day}",
            "customer_id": customer_id,
            "occurred_at": START + timedelta(days=day),
            "event_type": "view",
        }
        for customer_id, days in days_of.items()
        for day in days
    ]


def some_days(customers: int, days: int, seed: int = 1) -> dict[str, list[int]]:
    random = Random(seed)
    return {f"c{n:03d}": sorted(random.sample(range(DAYS), days)) for n in range(customers)}


def customers(count: int) -> list[Row]:
    return [{"customer_id": f"c{n:03d}", "created_at": START} for n in range(count)]


# Each: the rows, and why no model speaks for orders and for visits, where there are any.
SHOPS: dict[str, tuple[Rows, dict[str, str]]] = {
    "20 customers": (
        {"orders": orders(some_days(20, 9)), "events": events(some_days(20, 9, seed=2))},
        {"order": "too_few_customers", "visit": "too_few_customers"},
    ),
    "one-time buyers only": (
        {"orders": orders(some_days(260, 1)), "events": events(some_days(20, 3))},
        {"order": "too_few_repeat_customers", "visit": "too_few_customers"},
    ),
    "a single day": (
        {
            "orders": orders({f"c{n:03d}": [DAYS - 1] for n in range(260)}),
            "events": events({f"c{n:03d}": [DAYS - 1] for n in range(30)}),
        },
        {"order": "too_few_repeat_customers", "visit": "too_few_customers"},
    ),
    "no orders": (
        {"customers": customers(25), "events": events(some_days(20, 5))},
        {"visit": "too_few_customers"},
    ),
    "no events": (
        {"customers": customers(25), "orders": orders(some_days(20, 5))},
        {"order": "too_few_customers"},
    ),
}


class RefusedShop:
    """A shop for which no model speaks."""

    def __init__(self, project: CompiledProject, rows: Rows, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        self.marts: Marts = run_churn(project, rows, AS_OF)
        self.known = churn.known(rows, Settings(as_of=AS_OF))
        self.customers = {row["customer_id"] for given in rows.values() for row in given}
        self.histories = {
            activity: churn.histories(self.known, activity, self.known.as_of_date)
            for activity in churn.ACTIVITIES
        }


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, utc_project: CompiledProject) -> RefusedShop:
    return RefusedShop(utc_project, *SHOPS[request.param])


def test_every_customer_is_told_why(shop: RefusedShop) -> None:
    expected = {
        (customer_id, activity, horizon): (
            reason if customer_id in shop.histories[activity] else "never_active"
        )
        for customer_id in shop.customers
        for activity, reason in shop.reasons.items()
        for horizon in HORIZONS
    }
    found = {
        (row["customer_id"], row["activity"], row["horizon_days"]): row["eligibility"]
        for row in shop.marts["mart_churn_scores"]
    }
    assert found == expected


def test_probabilities_are_recency_base_rates_where_any_outcome_is_known(
    shop: RefusedShop,
) -> None:
    rates = churn.recency_rates(shop.known, HORIZONS)

    def base_rate(activity: str, horizon: int, recency: int) -> float | None:
        key = (activity, horizon, shop.known.as_of_date, "recency_base_rate")
        bins = [row for row in rates.get(key, []) if row["recency_from"] <= recency / horizon]
        return bins[-1]["churn_rate"] if bins else None

    for row in shop.marts["mart_churn_scores"]:
        history = shop.histories[row["activity"]].get(row["customer_id"])
        known_rates = [
            base_rate(row["activity"], horizon, history.recency) for horizon in HORIZONS if history
        ]
        if None in known_rates or not known_rates:
            expected: Any = None
        else:
            expected = min(
                base_rate(row["activity"], horizon, history.recency)
                for horizon in HORIZONS
                if horizon <= row["horizon_days"]
            )
        assert row["churn_probability"] == (expected and pytest.approx(expected, rel=1e-12))
        assert row["model_name"] == (None if expected is None else "recency_base_rate")
        assert (row["p_alive"], row["expected_orders"]) == (None, None)


def test_value_and_alerts_are_refused_too(shop: RefusedShop) -> None:
    assert {row["customer_id"] for row in shop.marts["mart_customer_value"]} == shop.customers
    for row in shop.marts["mart_customer_value"]:
        assert row["predicted_365d"] is None
        assert row["eligibility"] != "eligible"
    assert shop.marts["mart_customer_value_evaluation"] == []
    assert shop.marts["mart_churn_alerts"] == []


def test_a_shop_without_rows_has_no_scores(utc_project: CompiledProject) -> None:
    assert run_churn(utc_project, {}, AS_OF) == {mart: [] for mart in CHURN}
