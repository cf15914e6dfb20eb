"""An as_of in the past gives the marts as they would have been; without one, the rows say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Row, Rows, as_raw, full_shop
from warehouse.marts import (
    Marts,
    differences,
    fitted_differences,
    names_of_marts,
    run_all,
    run_churn,
)

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
AT = datetime(2024, 3, 10, 12)
BEFORE, AFTER = AT - DAY, AT + DAY
# What counts rows of later, and which columns are filled in rows as they were given.
COUNTS_OF_LATER = {
    "mart_input_reconciliation": {"rows_in", "after_as_of", "quarantined_share"},
    "mart_input_coverage": {"columns_filled", "columns_empty", "what_is_lost"},
    "mart_quarantine": {"raw_row"},
}


@pytest.mark.parametrize("seed", [3, 14, 15])
@pytest.mark.parametrize("days_earlier", [0, 25])
def test_later_rows_change_nothing(
    utc_project: CompiledProject, seed: int, days_earlier: int
) -> None:
    rows, as_of = full_shop(seed)
    as_of -= days_earlier * DAY
    known = known_at(rows, as_of)
    assert sum(map(len, known.values())) < sum(map(len, rows.values()))
    assert not compared(utc_project, rows, known, as_of)


@pytest.mark.slow
def test_later_rows_change_no_churn_score(churn_project: CompiledProject) -> None:
    rows, as_of = full_shop(14)
    as_of -= 5 * DAY
    found, expected = (
        run_churn(churn_project, given, as_of) for given in (rows, known_at(rows, as_of))
    )
    assert any(row["churn_probability"] for row in found["mart_churn_scores"])
    assert not fitted_differences(found, expected)


def order(order_id: str = "o1", **columns: Any) -> Row:
    return {
        "order_id": order_id,
        "customer_id": "c1",
        "ordered_at": BEFORE,
        "gross_amount": Decimal(100),
        **columns,
    }


def event(event_id: str, at: datetime, **columns: Any) -> Row:
    return {"event_id": event_id, "occurred_at": at, "event_type": "view", **columns}


# Each: all rows, and the rows that were there at AT.
CASES: dict[str, tuple[Rows, Rows]] = {
    "an order at the very instant": (
        {"orders": [order(), order("o2", ordered_at=AT)]},
        {"orders": [order()]},
    ),
    "an order just before it": (
        {"orders": [order(ordered_at=AT - MICROSECOND), order("o2", ordered_at=AFTER)]},
        {"orders": [order(ordered_at=AT - MICROSECOND)]},
    ),
    "a refund before": (
        {"orders": [order(refund_amount=30, refunded_at=AT - MICROSECOND)]},
        {"orders": [order(refund_amount=30, refunded_at=AT - MICROSECOND)]},
    ),
    "a refund after": (
        {"orders": [order(refund_amount=30, refunded_at=AT)]},
        {"orders": [order()]},
    ),
    "a cancellation after": (
        {"orders": [order(status="cancelled", status_changed_at=AT)]},
        {"orders": [order()]},
    ),
    "a delivery after": (
        {"orders": [order(delivered_at=AT, promised_at=AFTER)]},
        {"orders": [order(promised_at=AFTER)]},
    ),
    "a merge after": (
        {
            "orders": [order(), order("o2", customer_id="c2")],
            "customer_merges": [
                {"from_customer_id": "c1", "to_customer_id": "c2", "merged_at": AT}
            ],
        },
        {"orders": [order(), order("o2", customer_id="c2")], "customer_merges": []},
    ),
    "a merge before, and another of the same account after": (
        {
            "orders": [order(), order("o2", customer_id="c2"), order("o3", customer_id="c3")],
            "customer_merges": [
                {"from_customer_id": "c1", "to_customer_id": "c2", "merged_at": BEFORE},
                {"from_customer_id": "c1", "to_customer_id": "c3", "merged_at": AFTER},
            ],
        },
        {
            "orders": [order(), order("o2", customer_id="c2"), order("o3", customer_id="c3")],
            "customer_merges": [
                {"from_customer_id": "c1", "to_customer_id": "c2", "merged_at": BEFORE}
            ],
        },
    ),
    "an anonymous visitor known after": (
        {
            "events": [
                event("e1", BEFORE, anonymous_id="a1"),
                event("e2", AT, anonymous_id="a1", customer_id="c1"),
            ]
        },
        {"events": [event("e1", BEFORE, anonymous_id="a1")]},
    ),
    "an item of an order after": (
        {
            "orders": [order(), order("o2", ordered_at=AFTER)],
            "order_items": [
                {"order_item_id": "i1", "order_id": "o1", "product_id": "p1", "quantity": 1},
                {"order_item_id": "i2", "order_id": "o2", "product_id": "p2", "quantity": 1},
            ],
        },
        {
            "orders": [order()],
            "order_items": [
                {"order_item_id": "i1", "order_id": "o1", "product_id": "p1", "quantity": 1}
            ],
        },
    ),
    "an item of an order that was put off after": (
        {
            "orders": [
                order(updated_at=BEFORE),
                order(ordered_at=AFTER, updated_at=AFTER),
            ],
            "order_items": [
                {"order_item_id": "i1", "order_id": "o1", "product_id": "p1", "quantity": 1}
            ],
        },
        {
            "orders": [order(updated_at=BEFORE)],
            "order_items": [
                {"order_item_id": "i1", "order_id": "o1", "product_id": "p1", "quantity": 1}
            ],
        },
    ),
    "an exchange rate after": (
        {
            "orders": [order(currency="EUR"), order("o2"), order("o3", currency="USD")],
            "exchange_rates": [
                {"currency": "USD", "rate_date": "2024-03-01", "rate_to_reporting": "0.9"},
                {"currency": "USD", "rate_date": "2024-03-11", "rate_to_reporting": "0.5"},
            ],
        },
        {
            "orders": [order(currency="EUR"), order("o2"), order("o3", currency="USD")],
            "exchange_rates": [
                {"currency": "USD", "rate_date": "2024-03-01", "rate_to_reporting": "0.9"}
            ],
        },
    ),
    "a first exchange rate after": (
        {
            "orders": [order(currency="EUR"), order("o3", currency="USD")],
            "exchange_rates": [
                {"currency": "USD", "rate_date": "2024-03-11", "rate_to_reporting": "0.5"}
            ],
        },
        {"orders": [order(currency="EUR"), order("o3", currency="USD")], "exchange_rates": []},
    ),
    "most orders in another currency after": (
        {
            "orders": [
                order(currency="EUR"),
                *(order(f"o{n}", currency="USD", ordered_at=AFTER) for n in range(2, 5)),
            ]
        },
        {"orders": [order(currency="EUR")]},
    ),
    "a version of after": (
        {
            "orders": [
                order(channel="web", updated_at=AT - MICROSECOND),
                order(channel="app", updated_at=AT),
            ]
        },
        {"orders": [order(channel="web", updated_at=AT - MICROSECOND)]},
    ),
    "a copy": (
        {"orders": [order(updated_at=BEFORE), order(updated_at=BEFORE)]},
        {"orders": [order(updated_at=BEFORE), order(updated_at=BEFORE)]},
    ),
    "a conflict of before, settled after": (
        {
            "orders": [
                order(channel="web", updated_at=BEFORE),
                order(channel="app", updated_at=BEFORE),
                order(channel="store", updated_at=AFTER),
            ]
        },
        {
            "orders": [
                order(channel="web", updated_at=BEFORE),
                order(channel="app", updated_at=BEFORE),
            ]
        },
    ),
    "a conflict of after": (
        {
            "orders": [
                order(channel="web", updated_at=BEFORE),
                order(channel="app", updated_at=AFTER),
                order(channel="store", updated_at=AFTER),
            ]
        },
        {"orders": [order(channel="web", updated_at=BEFORE)]},
    ),
    "an account closed after": (
        {"customers": [{"customer_id": "c1", "closed_at": AT, "closed_reason": "moved"}]},
        {"customers": [{"customer_id": "c1"}]},
    ),
    "an account opened after": (
        {"orders": [order()], "customers": [{"customer_id": "c1", "created_at": AT, "city": "X"}]},
        {"orders": [order()], "customers": []},
    ),
    "an answer after": (
        {
            "orders": [order()],
            "nps_responses": [
                {"response_id": "n1", "score": 9, "invited_at": BEFORE, "responded_at": AT},
                {"response_id": "n2", "score": 9, "responded_at": AT},
            ],
        },
        {"orders": [order()], "nps_responses": [{"response_id": "n1", "invited_at": BEFORE}]},
    ),
    "a review after": (
        {"reviews": [{"review_id": "r1", "product_id": "p1", "rating": 1, "created_at": AT}]},
        {"reviews": []},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_of_leaves_out(utc_project: CompiledProject, case: str) -> None:
    rows, known = CASES[case]
    assert not compared(utc_project, rows, known, AT)


def compared(project: CompiledProject, rows: Rows, known: Rows, as_of: datetime) -> dict[str, Any]:
    return differences(
        run_all(project, rows, as_of), run_all(project, known, as_of), COUNTS_OF_LATER
    )


def known_at(rows: Rows, as_of: datetime) -> Rows:
    """Give the rows that were there before an instant, as they were then."""

    def happened(column: str) -> Callable[[Row], bool]:
        return lambda row: row[column] is None or row[column] < as_of

    ordered = {row["order_id"] for row in rows["orders"] if row["ordered_at"] < as_of}
    later_orders = {row["order_id"] for row in rows["orders"]} - ordered
    asked = [
        row
        for row in rows["nps_responses"]
        if (row["invited_at"] or row["responded_at"] or BEFORE) < as_of
    ]
    return {
        **rows,
        "orders": [
            hidden(
                hidden(
                    hidden(row, as_of, "refunded_at", "refund_amount"),
                    as_of,
                    "status_changed_at",
                    "status",
                ),
                as_of,
                "delivered_at",
            )
            for row in versions(filter(happened("ordered_at"), rows["orders"]), "order_id", as_of)
        ],
        "order_items": [row for row in rows["order_items"] if row["order_id"] not in later_orders],
        "customers": [
            hidden(row, as_of, "closed_at", "closed_reason")
            for row in versions(
                filter(happened("created_at"), rows["customers"]), "customer_id", as_of
            )
        ],
        "products": versions(rows["products"], "product_id", as_of),
        "events": list(filter(happened("occurred_at"), rows["events"])),
        "reviews": list(filter(happened("created_at"), rows["reviews"])),
        "nps_responses": [hidden(row, as_of, "responded_at", "score") for row in asked],
        "customer_merges": list(filter(happened("merged_at"), rows["customer_merges"])),
        "exchange_rates": [
            row
            for row in rows["exchange_rates"]
            if datetime(*row["rate_date"].timetuple()[:3]) < as_of
        ],
    }


def hidden(row: Row, as_of: datetime, at: str, *columns: str) -> Row:
    """Give a row without what happened to it later."""
    if row.get(at) is None or row[at] < as_of:
        return row
    return {**row, **dict.fromkeys((at, *columns))}


def versions(rows: Any, key: str, as_of: datetime) -> list[Row]:
    """Give rows without later versions; a row of which no earlier one is left stays."""
    given = list(rows)

    def is_known(row: Row) -> bool:
        return row["updated_at"] is not None and row["updated_at"] < as_of

    known = {row[key] for row in given if is_known(row)}
    return [row for row in given if is_known(row) or row[key] not in known]


def run_row(project: CompiledProject, rows: Rows) -> Row:
    (row,) = project.run(as_raw(rows), None, {"int_core__run"}).rows("int_core__run")
    return row


def test_as_of_follows_the_latest_row(undated_project: CompiledProject) -> None:
    rows: Rows = {"orders": [order()], "events": [event("e1", AT)]}
    assert run_row(undated_project, rows)["as_of"] == AT + MICROSECOND


@pytest.mark.parametrize(
    ("entity", "row"),
    [
        ("orders", order("o2", ordered_at=AFTER)),
        ("orders", order("o2", refunded_at=AFTER)),
        ("orders", order("o2", status_changed_at=AFTER)),
        ("orders", order("o2", delivered_at=AFTER)),
        ("customers", {"customer_id": "c1", "created_at": AFTER}),
        ("customers", {"customer_id": "c1", "closed_at": AFTER}),
        ("events", event("e1", AFTER)),
        ("reviews", {"review_id": "r1", "created_at": AFTER}),
        ("nps_responses", {"response_id": "n1", "invited_at": AFTER}),
        ("nps_responses", {"response_id": "n1", "responded_at": AFTER}),
        ("customer_merges", {"from_customer_id": "c1", "merged_at": AFTER}),
    ],
)
def test_every_time_of_a_fact_moves_as_of(
    undated_project: CompiledProject, entity: str, row: Row
) -> None:
    rows: Rows = {"orders": [order()]}
    rows[entity] = [*rows.get(entity, []), row]
    assert run_row(undated_project, rows)["as_of"] == AFTER + MICROSECOND


def test_a_promise_does_not_move_as_of(undated_project: CompiledProject) -> None:
    rows: Rows = {"orders": [order(promised_at=AFTER)]}
    assert run_row(undated_project, rows)["as_of"] == BEFORE + MICROSECOND


def test_one_row_of_2099_does_not_move_as_of(undated_project: CompiledProject) -> None:
    rows: Rows = {"orders": [order(), order("o2", ordered_at=datetime(2099, 1, 1))]}
    assert run_row(undated_project, rows)["as_of"] == BEFORE + MICROSECOND


def test_without_rows_as_of_is_the_start_of_the_run(undated_project: CompiledProject) -> None:
    row = run_row(undated_project, {})
    assert row["as_of"] == row["run_started_at"]
    assert row["as_of_date"] == (row["run_started_at"] - MICROSECOND).date()


def test_an_empty_shop_has_empty_marts_of_customers(undated_project: CompiledProject) -> None:
    marts: Marts = run_all_undated(undated_project)
    assert {name: rows for name, rows in marts.items() if rows}.keys() == {
        "dim_dates",
        "mart_input_coverage",
        "mart_input_reconciliation",
    }


def run_all_undated(project: CompiledProject) -> Marts:
    names = names_of_marts(project)
    warehouse = project.run({}, None, names)
    return {name: warehouse.rows(name) for name in names}
