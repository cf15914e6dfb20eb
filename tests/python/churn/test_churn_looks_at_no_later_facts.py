"""What happens after a past day changes nothing of what models see at that day; before it, it does.

Outcomes are not what models see: they are known by hindsight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from churn_shops import TIMEZONE, WITHOUT_PURCHASE_MODELS, churn_shop, start_of_day

from oracle import churn
from oracle.settings import Settings
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Row, Rows, as_raw

pytestmark = pytest.mark.slow

SEEN_BY_MODELS = (
    "int_churn__histories",
    "int_churn__fitted_tuples",
    "int_churn__spend_tuples",
    "int_churn__features",
    "int_churn__recency_rates",
)
MICROSECOND = timedelta(microseconds=1)
NO_REFUND = {"refund_amount": None, "refunded_at": None}
Seen = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Past:
    """A shop, a past day of it, and an order of a plain customer well before that day."""

    rows: Rows
    as_of: datetime
    day: date
    order: Row
    other_customer_id: str

    @property
    def customer_id(self) -> str:
        return self.order["customer_id"]

    def seen(self, project: CompiledProject, rows: Rows) -> Seen:
        """Give what models see up to the day, without what is known by hindsight."""
        warehouse = project.run(
            as_raw(rows), self.as_of, set(SEEN_BY_MODELS), replaced=WITHOUT_PURCHASE_MODELS
        )
        return {
            model: sorted(
                tuple((c, v) for c, v in row.items() if c != "is_churned")
                for row in warehouse.rows(model)
                if row["cutoff_date"] <= self.day
            )
            for model in SEEN_BY_MODELS
        }


@pytest.fixture(scope="module")
def past() -> Past:
    rows, as_of = churn_shop(1)
    shop = churn.known(rows, Settings(as_of=as_of, timezone=TIMEZONE))
    day = min(max(churn.past_cutoffs(span, 7)) for span in churn.spans(shop).values())
    busy = {row["customer_id"] for row in rows["exclusions"]}
    busy |= {row[end] for row in rows["customer_merges"] for end in row if end != "merged_at"}
    last = start_of_day(day - timedelta(days=9))
    orders = sorted(
        (
            row
            for row in rows["orders"]
            if row["customer_id"] not in {None, *busy}
            and row["ordered_at"] < last
            and row["status"] is None
            and row["refund_amount"] is None
            and row["gross_amount"] > 20
        ),
        key=lambda row: row["order_id"],
    )
    other = next(
        row["customer_id"] for row in orders if row["customer_id"] != orders[0]["customer_id"]
    )
    return Past(rows, as_of, day, orders[0], other)


@pytest.fixture(scope="module")
def unchanged(past: Past, churn_project: CompiledProject) -> Seen:
    seen = past.seen(churn_project, past.rows)
    assert all(seen.values())
    return seen


def added(entity: str, make: Callable[[Past, datetime], Row]) -> Callable[[Past, datetime], Rows]:
    return lambda past, at: {**past.rows, entity: [*past.rows[entity], make(past, at)]}


def of_the_order(
    make: Callable[[Past, datetime], Row],
) -> Callable[[Past, datetime], Rows]:
    return lambda past, at: {
        **past.rows,
        "orders": [
            {**row, **make(past, at)} if row["order_id"] == past.order["order_id"] else row
            for row in past.rows["orders"]
        ],
    }


CHANGES: dict[str, Callable[[Past, datetime], Rows]] = {
    "an order": added(
        "orders",
        lambda past, at: {
            "order_id": "new",
            "customer_id": past.customer_id,
            "ordered_at": at,
            "gross_amount": Decimal(500),
        },
    ),
    "a refund": of_the_order(
        lambda past, at: {"refund_amount": past.order["gross_amount"] / 2, "refunded_at": at}
    ),
    "a cancellation": of_the_order(
        lambda past, at: {"status": "cancelled", "status_changed_at": at}
    ),
    "a visit": added(
        "events",
        lambda past, at: {
            "event_id": "new",
            "customer_id": past.customer_id,
            "occurred_at": at,
            "event_type": "cart_add",
        },
    ),
    "a review": added(
        "reviews",
        lambda past, at: {
            "review_id": "new",
            "product_id": "p1",
            "customer_id": past.customer_id,
            "rating": 4,
            "created_at": at,
        },
    ),
    "an answer": added(
        "nps_responses",
        lambda past, at: {
            "response_id": "new",
            "customer_id": past.customer_id,
            "score": 0,
            "invited_at": at - timedelta(days=1),
            "responded_at": at,
        },
    ),
}
# What training learns from are outcomes as known now.
HINDSIGHT = {"a cancellation": {"int_churn__recency_rates"}}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fact_of_the_day_after_is_not_seen(
    churn_project: CompiledProject, past: Past, unchanged: Seen, change: str
) -> None:
    rows = CHANGES[change](past, start_of_day(past.day + timedelta(days=1)))
    assert differing(past.seen(churn_project, rows), unchanged) <= HINDSIGHT.get(change, set())


@pytest.mark.parametrize("change", CHANGES)
def test_a_fact_of_the_day_itself_is_seen(
    churn_project: CompiledProject, past: Past, unchanged: Seen, change: str
) -> None:
    rows = CHANGES[change](past, start_of_day(past.day + timedelta(days=1)) - MICROSECOND)
    assert "int_churn__features" in differing(past.seen(churn_project, rows), unchanged)


def test_nothing_of_all_that_happened_after_is_seen(
    churn_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    after = start_of_day(past.day + timedelta(days=1))

    def is_known(row: Row, at: str) -> bool:
        return row[at] is None or row[at] < after

    known = {
        **past.rows,
        "orders": [
            {**row, "delivered_at": None, **({} if is_known(row, "refunded_at") else NO_REFUND)}
            for row in past.rows["orders"]
            if is_known(row, "ordered_at")
        ],
        "events": [row for row in past.rows["events"] if is_known(row, "occurred_at")],
        "reviews": [row for row in past.rows["reviews"] if is_known(row, "created_at")],
        "nps_responses": [
            row for row in past.rows["nps_responses"] if is_known(row, "responded_at")
        ],
    }
    assert sum(map(len, known.values())) < sum(map(len, past.rows.values()))
    assert known["orders"] != past.rows["orders"]
    assert not differing(past.seen(churn_project, known), unchanged)


def test_accounts_merged_the_day_after_have_no_past_and_others_keep_theirs(
    churn_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    after = start_of_day(past.day + timedelta(days=1))
    seen = past.seen(churn_project, merged(past, after))
    accounts = {past.customer_id, past.other_customer_id}
    for model in ("int_churn__histories", "int_churn__features"):
        others = [row for row in unchanged[model] if dict(row)["customer_id"] not in accounts]
        assert len(others) < len(unchanged[model])
        assert seen[model] == others


def test_accounts_merged_on_the_day_itself_share_a_past(
    churn_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    at = start_of_day(past.day + timedelta(days=1)) - MICROSECOND
    before, after = (
        {
            row["customer_id"]: row["first_date"]
            for row in map(dict, seen["int_churn__histories"])
            if (row["activity"], row["cutoff_date"]) == ("order", past.day)
        }
        for seen in (unchanged, past.seen(churn_project, merged(past, at)))
    )
    accounts = (past.customer_id, past.other_customer_id)
    shared = {past.other_customer_id: min(before[account] for account in accounts)}
    others = {who: day for who, day in before.items() if who not in accounts}
    assert after == {**others, **shared}


def merged(past: Past, at: datetime) -> Rows:
    merge = {
        "from_customer_id": past.customer_id,
        "to_customer_id": past.other_customer_id,
        "merged_at": at,
    }
    return {**past.rows, "customer_merges": [*past.rows["customer_merges"], merge]}


def differing(one: Seen, other: Seen) -> set[str]:
    return {model for model in SEEN_BY_MODELS if one[model] != other[model]}
