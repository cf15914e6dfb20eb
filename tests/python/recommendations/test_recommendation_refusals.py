"""Small and odd shops build, and coverage says of every customer why a list is short or missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from recommendation_shops import broken_rules

from oracle.recommendations import Policy
from oracle.settings import Row
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, as_raw
from warehouse.marts import RECOMMENDATIONS, Marts

pytestmark = pytest.mark.slow

START = datetime(2024, 1, 1, 12)
AS_OF = datetime(2024, 7, 1)
LISTS = ("blend", "buy_again", "discover")


def orders(days_of: dict[str, list[int]]) -> list[Row]:
    return [
        {
            "order_id": f"{customer_id}-{day}",
            "customer_id": customer_id,
            "ordered_at": START + timedelta(days=day),
            "gross_amount": 20,
        }
        for customer_id, days in days_of.items()
        for day in days
    ]


def holding(orders: list[Row], *product_ids: str) -> Rows:
    return {
        "orders": orders,
        "order_items": [
            {"order_id": order["order_id"], "product_id": product_id}
            for order in orders
            for product_id in product_ids
        ],
    }


def catalogue(*product_ids: str) -> list[Row]:
    return [{"product_id": product_id, "product_name": product_id} for product_id in product_ids]


def customers(count: int) -> list[Row]:
    return [{"customer_id": f"c{n}", "created_at": START} for n in range(count)]


OFTEN = {f"c{n}": [5 + n, 20 + n, 50 + n, 65 + n, 95 + n, 110 + n, 155 + n] for n in range(8)}
ONCE = {f"c{n}": [150 + n] for n in range(8)}


@dataclass(frozen=True)
class Odd:
    """A shop, the coverage of blend, buy_again and discover, and lengths of their lists."""

    rows: Rows
    customers: int
    coverage: tuple[str, str, str]
    lengths: tuple[int, int, int] = (0, 0, 0)
    levels: set[int] = field(default_factory=set)


SHOPS = {
    "no row at all": Odd({}, 0, ("", "", "")),
    "customers alone": Odd(
        {"customers": customers(3)}, 3, ("no_products", "no_products", "no_products")
    ),
    "customers and a catalogue": Odd(
        {"customers": customers(3), "products": catalogue("p1", "p2")},
        3,
        ("all_candidates_listed", "never_bought", "all_candidates_listed"),
        (2, 0, 2),
        {3},
    ),
    "a cart, and a catalogue with just enough beside it": Odd(
        {
            "customers": customers(1),
            "products": catalogue(*(f"p{n:02d}" for n in range(21))),
            "events": [
                {
                    "event_id": "e1",
                    "customer_id": "c0",
                    "occurred_at": AS_OF - timedelta(days=1),
                    "event_type": "cart_add",
                    "product_id": "p00",
                }
            ],
        },
        1,
        ("full", "never_bought", "full"),
        (20, 0, 20),
        {3},
    ),
    "orders without items": Odd(
        {"orders": orders(OFTEN)}, 8, ("no_products", "no_products", "no_products")
    ),
    "orders without items, and a catalogue": Odd(
        {"orders": orders(OFTEN), "products": catalogue("p1")},
        8,
        ("all_candidates_listed", "never_bought", "all_candidates_listed"),
        (1, 0, 1),
        {3},
    ),
    "one product, bought often": Odd(
        holding(orders(OFTEN), "p1"),
        8,
        ("all_candidates_listed", "all_candidates_listed", "rules_leave_nothing"),
        (1, 1, 0),
        {0},
    ),
    "one customer": Odd(
        {
            **holding(orders({"c0": OFTEN["c0"]}), "p1", "p2"),
            "products": catalogue("p1", "p2", "p3"),
        },
        1,
        ("all_candidates_listed", "all_candidates_listed", "all_candidates_listed"),
        (3, 2, 1),
        {0, 3},
    ),
    "one order": Odd(
        holding(orders({"c0": [170]}), "p1"),
        1,
        ("rules_leave_nothing", "nothing_due", "rules_leave_nothing"),
    ),
    "everything bought by everybody, once": Odd(
        holding(orders(ONCE), "p1", "p2", "p3"),
        8,
        ("rules_leave_nothing", "nothing_due", "rules_leave_nothing"),
    ),
    "everything bought by everybody, often": Odd(
        holding(orders(OFTEN), "p1", "p2", "p3"),
        8,
        ("all_candidates_listed", "all_candidates_listed", "rules_leave_nothing"),
        (3, 3, 0),
        {0},
    ),
}


def run(project: CompiledProject, rows: Rows) -> Marts:
    warehouse = project.run(as_raw(rows), AS_OF, set(RECOMMENDATIONS))
    assert broken_rules(warehouse, Policy()) == []
    return {mart: warehouse.rows(mart) for mart in RECOMMENDATIONS}


@pytest.mark.parametrize("name", SHOPS)
def test_odd_shops_have_rows_or_a_reason(utc_project: CompiledProject, name: str) -> None:
    odd = SHOPS[name]
    marts = run(utc_project, odd.rows)
    assert coverage(marts) == {
        list_name: {why: (odd.customers, odd.customers * length)}
        for list_name, why, length in zip(LISTS, odd.coverage, odd.lengths, strict=True)
        if odd.customers
    }
    rows = marts["mart_customer_recommendations"]
    assert Counter((row["customer_id"], row["list_name"]) for row in rows) == {
        (f"c{n}", list_name): length
        for n in range(odd.customers)
        for list_name, length in zip(LISTS, odd.lengths, strict=True)
        if length
    }
    assert {row["fallback_level"] for row in rows} == odd.levels
    if not odd.rows.get("order_items"):
        assert not any(marts[mart] for mart in RECOMMENDATIONS[3:] if "coverage" not in mart)
    if name == "one product, bought often":
        assert {row["method_name"] for row in marts["mart_recommendation_evaluation"]} >= {
            *("published", "windowed_popularity", "svd", "als", "user_knn", "item_knn_bm25")
        }


def test_excluded_customers_get_no_lists_and_are_not_counted(utc_project: CompiledProject) -> None:
    rows = {
        **holding(orders(OFTEN), "p1", "p2"),
        "exclusions": [{"customer_id": "c0", "reason": "staff"}],
    }
    marts = run(utc_project, rows)
    assert {row["customer_id"] for row in marts["mart_customer_recommendations"]} == {
        f"c{n}" for n in range(1, 8)
    }
    assert {n for of_list in coverage(marts).values() for n, _ in of_list.values()} == {7}


def test_lists_of_the_past_may_be_empty_where_everything_had_been_bought(
    utc_project: CompiledProject,
) -> None:
    bought = {f"c{n}": [20 + n] for n in range(8)}
    first, again = orders(bought), orders({who: [170] for who in bought})
    rows = holding([*first, *again], "p1", "p2")
    # Nobody has bought anything twice by then, so c7 alone can be shown anything: p2.
    rows["order_items"].remove({"order_id": "c7-27", "product_id": "p2"})
    grades = {
        row["task"]: (row["customers"], row["served_share"])
        for row in run(utc_project, rows)["mart_recommendation_evaluation"]
        if (row["method_name"], row["k"]) == ("published", 10)
    }
    assert grades == {"all": (8, 1 / 8), "new": (1, 1)}


def test_what_was_bought_long_ago_has_a_score_or_is_not_due(utc_project: CompiledProject) -> None:
    long_ago = {"c0": [-4_000, -3_980]}
    rows = {
        "orders": [*orders(OFTEN), *orders(long_ago)],
        "order_items": [
            *holding(orders(OFTEN), "p1")["order_items"],
            *holding(orders(long_ago), "p2")["order_items"],
        ],
    }
    listed = run(utc_project, rows)["mart_customer_recommendations"]
    assert {row["product_id"] for row in listed if row["list_name"] == "blend"} == {"p1", "p2"}


def test_accounts_merged_at_an_unknown_time_leave_a_past_without_purchases(
    utc_project: CompiledProject,
) -> None:
    rows = {
        **holding([*orders(OFTEN), *orders({"new": [170]})], "p1", "p2"),
        "customers": [{"customer_id": "new", "created_at": START}],
        "customer_merges": [
            {"from_customer_id": who, "to_customer_id": f"m{who}"} for who in OFTEN
        ],
    }
    marts = run(utc_project, rows)
    assert marts["mart_recommendation_evaluation"] == []
    assert {row["customer_id"] for row in marts["mart_customer_recommendations"]} == {
        *("new", *(f"m{who}" for who in OFTEN))
    }


def coverage(marts: Marts) -> dict[str, dict[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in marts["mart_recommendation_coverage"]:
        counts = (row["customers"], row["recommendations"])
        found.setdefault(row["list_name"], {})[row["coverage"]] = counts
    return found
