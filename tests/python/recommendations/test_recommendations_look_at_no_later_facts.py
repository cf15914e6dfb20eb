"""What happens after a past cut-off changes nothing of the lists made at it; before it, it does.

Who gets lists there is known by hindsight: those who went on to buy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from recommendation_shops import NO_CHALLENGERS, late_shop

from oracle import recommendations
from oracle.recommendations import Policy
from oracle.settings import Row, Settings
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, as_raw

pytestmark = pytest.mark.slow

DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
SEEN = (
    "int_recommendations__settings",
    "int_recommendations__similarities",
    "int_recommendations__product_facts",
    "int_recommendations__basket_counts",
    "int_recommendations__owned",
    "int_recommendations__tastes",
    "ml_recommendations__scored_lists",
    "int_recommendations__lists",
)
# Lists of now are for everybody, and rest on what is undated.
OF_BOTH = (
    "int_recommendations__settings",
    "int_recommendations__similarities",
    "int_recommendations__basket_counts",
)
Seen = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Past:
    """A shop whose customers k1 to k4 buy before and after a past cut-off, k5 only after it."""

    rows: Rows
    as_of: datetime
    day: date

    @property
    def end(self) -> datetime:
        return datetime.combine(self.day + DAY, datetime.min.time())

    def with_rows(self, **more: list[Row]) -> Rows:
        return {**self.rows, **{entity: self.rows[entity] + more[entity] for entity in more}}


@pytest.fixture(scope="module")
def past() -> Past:
    rows, as_of = late_shop(2, orders=110, products=20)
    start = as_of - 100 * DAY
    # Accounts that are merged later have no past, which a test of its own looks at; those that
    # were closed by then, though they bought again, would get no lists.
    rows["customer_merges"] = []
    rows["customers"] = [{**row, "closed_at": None} for row in rows["customers"]]
    end = as_of - 30 * DAY
    for number in range(1, 5):
        for at in (start, end - 20 * DAY, end + 5 * DAY):
            order_id = f"k{number}-{at}"
            rows["orders"].append(an_order(order_id, f"k{number}", at))
            rows["order_items"].append(a_line(order_id, f"p0{number}"))
    rows["orders"].append(an_order("k5", "k5", end + 5 * DAY))
    rows["order_items"].append(a_line("k5", "p05"))
    (day,) = recommendations.known(rows, Settings(as_of), Policy()).past_cutoffs()
    past = Past(rows, as_of, day)
    assert past.end == end.replace(hour=0, minute=0, second=0, microsecond=0)
    return past


def an_order(order_id: str, customer_id: str, at: datetime) -> Row:
    return {
        **dict.fromkeys(("status", "status_changed_at")),
        **{"order_id": order_id, "customer_id": customer_id, "ordered_at": at, "gross_amount": 9},
    }


def a_line(order_id: str, product_id: str) -> Row:
    return {
        **{"order_item_id": f"i-{order_id}", "order_id": order_id, "product_id": product_id},
        **{"quantity": 1, "unit_price": 9},
    }


def an_event(event_id: str, customer_id: str, product_id: str, kind: str, at: datetime) -> Row:
    return {
        **{"event_id": event_id, "customer_id": customer_id, "product_id": product_id},
        **{"event_type": kind, "occurred_at": at},
    }


def a_review(customer_id: str, product_id: str, at: datetime) -> Row:
    return {
        **{"review_id": f"r-{customer_id}", "customer_id": customer_id, "rating": 5},
        **{"product_id": product_id, "created_at": at},
    }


def look(project: CompiledProject, rows: Rows, as_of: datetime, day: date) -> Seen:
    """Give what is known, and listed, at a day."""
    warehouse = project.run(as_raw(rows), as_of, set(SEEN), replaced=NO_CHALLENGERS)
    ids = {
        entity: {
            row[f"{entity}_number"]: row[f"{entity}_id"]
            for row in warehouse.rows(f"int_recommendations__{entity}s")
        }
        for entity in ("customer", "product")
    }

    def named(column: str, value: Any) -> Any:
        entity = column.removeprefix("similar_").removesuffix("_number")
        value = ids[entity][value] if entity in ids else value
        return float(f"{value:.11g}") if isinstance(value, float) else value

    return {
        model: sorted(
            (
                tuple((column, named(column, value)) for column, value in row.items())
                for row in warehouse.rows(model)
                if row["cutoff_date"] == day
            ),
            key=str,
        )
        for model in SEEN
    }


@pytest.fixture(scope="module")
def unchanged(past: Past, utc_project: CompiledProject) -> Seen:
    seen = look(utc_project, past.rows, past.as_of, past.day)
    assert all(seen.values())
    recipients = {row["customer_id"] for row in by_id(seen["int_recommendations__tastes"])}
    assert recipients >= {"k1", "k2", "k3", "k4"}
    return seen


def test_nothing_of_all_that_happened_after_is_seen(
    utc_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    later = {row["order_id"] for row in past.rows["orders"] if row["ordered_at"] >= past.end}
    cancelled = {"status": "cancelled", "status_changed_at": past.end}
    other = {
        **past.rows,
        "orders": [
            row if row["order_id"] in later or row["status"] else {**row, **cancelled}
            for row in past.rows["orders"]
        ],
        # Who buys after the day stays the same; what is bought does not.
        "order_items": [
            {**row, "product_id": "p97", "unit_price": 1} if row["order_id"] in later else row
            for row in past.rows["order_items"]
        ],
        "events": [row for row in past.rows["events"] if row["occurred_at"] < past.end],
        "reviews": [row for row in past.rows["reviews"] if row["created_at"] < past.end],
        "products": [
            {**row, "is_active": False, "stock_units": 0, "list_price": 1}
            for row in past.rows["products"]
        ],
        "customers": [
            {**row, "acquisition_channel": "other", "interests": "pots"}
            for row in past.rows["customers"]
        ],
    }
    assert later
    seen = look(utc_project, other, past.as_of, past.day)
    assert differing(seen, unchanged) == set()


def test_the_day_looked_at_then_is_the_day_looked_at_now(
    utc_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    then = look(utc_project, past.rows, past.end, past.day)
    for model in OF_BOTH:
        assert without(then[model], "is_as_of") == without(unchanged[model], "is_as_of")
    lists_then = {
        (row["customer_id"], row["product_id"]): row
        for row in by_id(then["int_recommendations__owned"])
    }
    for row in by_id(unchanged["int_recommendations__owned"]):
        assert lists_then[row["customer_id"], row["product_id"]] == row
    undated = ("usual_price", "is_candidate")
    assert without(then["int_recommendations__product_facts"], *undated) == without(
        unchanged["int_recommendations__product_facts"], *undated
    )


def test_a_fact_of_the_day_after_is_not_seen(
    utc_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    seen = look(utc_project, with_facts_at(past, past.end), past.as_of, past.day)
    assert differing(seen, unchanged) == set()


def test_a_fact_of_the_day_itself_is_seen(
    utc_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    seen = look(utc_project, with_facts_at(past, past.end - MICROSECOND), past.as_of, past.day)
    before, after = (
        {
            (row["customer_id"], row["product_id"]): row
            for row in by_id(given["int_recommendations__owned"])
        }
        for given in (unchanged, seen)
    )
    assert after["k1", "p09"]["basket_count"] == 1
    assert after["k2", "p02"]["basket_count"] == before["k2", "p02"]["basket_count"] - 1
    assert after["k3", "p09"]["basket_count"] == 0 < after["k3", "p09"]["owned_weight"]
    assert after["k4", "p08"]["is_in_cart"]
    assert after["k4", "p09"]["owned_weight"] > after["k3", "p09"]["owned_weight"]
    recipients_before, recipients_after = (
        {row["customer_id"] for row in by_id(given["int_recommendations__tastes"])}
        for given in (unchanged, seen)
    )
    assert recipients_after == {*recipients_before, "k5"} != recipients_before
    assert not {("k1", "p09"), ("k3", "p09"), ("k4", "p08"), ("k4", "p09")} & before.keys()


@pytest.mark.parametrize(("days", "cutoffs"), [(91, 2), (90, 1)])
def test_a_past_cutoff_has_two_windows_of_history(
    utc_project: CompiledProject, days: int, cutoffs: int
) -> None:
    rows = {
        "orders": [an_order("o1", "c1", datetime(2024, 1, 1, 12))],
        "order_items": [a_line("o1", "p1")],
    }
    model = "int_recommendations__cutoffs"
    as_of = datetime(2024, 1, 1) + days * DAY
    assert len(utc_project.run(as_raw(rows), as_of, {model}).rows(model)) == cutoffs


def with_facts_at(past: Past, at: datetime) -> Rows:
    """Let k1 order, k2 cancel, k3 look at a product, k4 fill a cart and review, k5 sign up."""
    cancelled = {"status": "cancelled", "status_changed_at": at}
    rows = past.with_rows(
        orders=[an_order("new", "k1", at)],
        order_items=[a_line("new", "p09")],
        events=[
            an_event("e-new-1", "k3", "p09", "view", at),
            an_event("e-new-2", "k4", "p08", "cart_add", at),
        ],
        reviews=[a_review("k4", "p09", at)],
        customers=[{"customer_id": "k5", "created_at": at}],
    )
    of_k2 = [row for row in rows["orders"] if row["customer_id"] == "k2"]
    first = min(of_k2, key=lambda row: row["ordered_at"])
    rows["orders"] = [{**row, **cancelled} if row is first else row for row in rows["orders"]]
    return rows


def test_accounts_merged_the_day_after_have_no_past(
    utc_project: CompiledProject, past: Past, unchanged: Seen
) -> None:
    seen = look(utc_project, merged(past, past.end), past.as_of, past.day)
    for model in ("int_recommendations__basket_counts", "int_recommendations__owned"):
        others = [row for row in by_id(unchanged[model]) if row["customer_id"] not in ("k1", "k2")]
        assert 0 < len(others) < len(unchanged[model])
        assert by_id(seen[model]) == others


def test_accounts_merged_on_the_day_itself_share_a_past(
    utc_project: CompiledProject, past: Past
) -> None:
    seen = look(utc_project, merged(past, past.end - MICROSECOND), past.as_of, past.day)
    owned = {
        row["product_id"]: row["basket_count"]
        for row in by_id(seen["int_recommendations__owned"])
        if row["customer_id"] == "k2"
    }
    assert (owned["p01"], owned["p02"]) == (2, 2)


def merged(past: Past, at: datetime) -> Rows:
    return past.with_rows(
        customer_merges=[{"from_customer_id": "k1", "to_customer_id": "k2", "merged_at": at}]
    )


def by_id(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{column.replace("_number", "_id"): value for column, value in row} for row in rows]


def without(rows: list[tuple[Any, ...]], *columns: str) -> list[Mapping[str, Any]]:
    kept = [{c: v for c, v in row if c not in columns} for row in rows]
    return sorted(kept, key=str)


def differing(one: Seen, other: Seen) -> set[str]:
    return {model for model in SEEN if one[model] != other[model]}
