"""Random shops with the input columns that marts show, with versions, copies and conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd

from oracle.settings import TABLES, records
from oracle.shops import make_shop
from warehouse.shops import as_text

Row = dict[str, Any]
Rows = dict[str, list[Row]]

DAY = timedelta(days=1)
CURRENCIES = ("EUR", "EUR", "EUR", None, "USD", "GBP")
WORDS = ("green tea", "Cups", "teapot", None)


def full_shop(seed: int) -> tuple[Rows, datetime]:
    """Make the rows of a seed's shop by entity, and the instant as of which to look at it."""
    shop, as_of = make_shop(seed, customers=14, orders=70, events=90)
    random = Random(seed)
    rows = {name: records(getattr(shop, name), name) for name in TABLES}
    start = min(order["ordered_at"] for order in rows["orders"])
    for order in rows["orders"]:
        _fill_order(order, random)
    for number, item in enumerate(rows["order_items"]):
        item.update(
            order_item_id=f"i{number:04d}",
            quantity=random.randrange(1, 4),
            unit_price=random.randrange(1, 90),
            unit_cost=random.choice((None, 1)),
        )
    for product in rows["products"]:
        product.update(
            product_name=f"Name of {product['product_id']}",
            unit_cost=random.choice((None, Decimal("2.5"))),
            updated_at=start + random.randrange(90) * DAY,
            x_columns=f'{{"x_shelf": "{random.randrange(9)}"}}',
        )
    for event in rows["events"]:
        event.update(
            product_id=random.choice((None, "p1", "p2", "p9")),
            channel=random.choice(("web", "app", None)),
            page_path=random.choice(("/", "/tea", None)),
        )
        if event["event_type"] == "search":
            event.update(search_query=random.choice(WORDS), result_count=random.randrange(3))
    for customer in rows["customers"]:
        customer.update(
            city=random.choice(("Bonn", "Lyon", None)),
            updated_at=(customer["created_at"] or start) + random.randrange(60) * DAY,
        )
        if random.random() < 0.3:
            customer.update(
                closed_at=start + random.randrange(30, 100) * DAY, closed_reason="moved away"
            )
    rows["reviews"] = [
        {
            "review_id": f"r{number:02d}",
            "customer_id": order["customer_id"],
            "product_id": random.choice(("p1", "p2", "p3")),
            "order_id": order["order_id"],
            "rating": random.randrange(1, 6),
            "created_at": order["ordered_at"] + random.randrange(20) * DAY,
        }
        for number, order in enumerate(random.sample(rows["orders"], 12))
    ]
    rows["exchange_rates"] = [
        {
            "currency": currency,
            "rate_date": (start + days * DAY).date(),
            "rate_to_reporting": Decimal(random.randrange(50, 200)) / 100,
        }
        for currency in ("USD", "GBP")
        for days in (-1, *random.sample(range(5, 100), 6))
    ]
    _add_versions(rows, random)
    _add_conflicts(rows)
    for name in ("orders", "customers", "events", "reviews", "nps_responses"):
        rows[name] += [dict(row) for row in random.sample(rows[name], min(3, len(rows[name])))]
    for entity in rows.values():
        random.shuffle(entity)
    return rows, as_of.to_pydatetime()


def _fill_order(order: Row, random: Random) -> None:
    at = order["ordered_at"]
    order.update(
        tax_amount=random.choice((None, 3)),
        coupon_code=random.choice((None, "SPRING")),
        currency=random.choice(CURRENCIES),
        promised_at=at + 4 * DAY,
        delivered_at=at + random.randrange(1, 9) * DAY if random.random() < 0.7 else None,
        status_changed_at=at + random.randrange(30) * DAY if random.random() < 0.7 else None,
        updated_at=at + timedelta(minutes=5),
        x_columns=f'{{"x_gift": "{random.choice(("yes", "no"))}"}}',
    )
    if order["refund_amount"] is not None and random.random() < 0.8:
        order["refunded_at"] = at + random.randrange(40) * DAY


def _add_versions(rows: Rows, random: Random) -> None:
    """Give some rows a later version; the earlier one comes first or last in the input."""
    for entity, change in (
        ("orders", {"channel": "store", "gross_amount": Decimal(77)}),
        ("customers", {"city": "Oslo", "acquisition_channel": "friends"}),
        ("products", {"category": "spoons"}),
    ):
        for row in random.sample(rows[entity], len(rows[entity]) // 4):
            later = row["updated_at"] + random.randrange(1, 60) * DAY
            rows[entity].append({**row, **change, "updated_at": later})


def _add_conflicts(rows: Rows) -> None:
    """Give some entities two rows of a new key that differ and say nothing of their age."""
    for entity, key, column, values in (
        ("orders", "order_id", "gross_amount", (Decimal(1), Decimal(2))),
        ("customers", "customer_id", "city", ("Rome", "Pisa")),
        ("events", "event_id", "event_type", ("login", "view")),
        ("reviews", "review_id", "rating", (1, 2)),
    ):
        if rows[entity]:
            first = dict(rows[entity][0])
            first[key] += "x"
            if "updated_at" in first:
                first["updated_at"] = None
            rows[entity] += [{**first, column: value} for value in values]


def as_raw(rows: Mapping[str, Iterable[Row]]) -> dict[str, pd.DataFrame]:
    """Give the rows of every entity as text, as a CSV file would hold them."""
    return {
        entity: as_text(pd.DataFrame(list(given), dtype=object)) for entity, given in rows.items()
    }


def changed(rows: Rows, change: Callable[[str, str, Any], Any]) -> Rows:
    """Give every value anew: `change` gets its entity, its column and the value."""
    return {
        entity: [
            {column: change(entity, column, value) for column, value in row.items()}
            for row in given
        ]
        for entity, given in rows.items()
    }
