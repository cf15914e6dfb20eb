"""What had happened before as_of, with canonical customers: the ground of every definition."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from oracle.identity import Identity, persons
from oracle.settings import Row, Settings, Shop, money, records

NOTHING = Decimal(0)


@dataclass(frozen=True, eq=False)
class Facts:
    """The rows that exist at as_of.

    orders: of every status and customer, with net, margin, order_date, is_purchase.
    purchases: those that count, guests included, excluded customers left out.
    purchases_of: per customer, the purchases in their order.
    events: all, with person_id (None where there is no id at all).
    visits: the events of persons who are not excluded.
    """

    identity: Identity
    orders: list[Row]
    purchases: list[Row]
    purchases_of: dict[str, list[Row]]
    events: list[Row]
    visits: list[Row]
    customers: list[Row]
    nps: list[Row]
    items_of: dict[str, list[str]]
    category_of: dict[str, str]

    @property
    def customer_purchases(self) -> list[Row]:
        return [order for orders in self.purchases_of.values() for order in orders]

    def attributes(self, customer_id: str) -> Row:
        """Give the row that describes a customer: its own, else the merged one created first."""
        rows = [row for row in self.customers if row["canonical_id"] == customer_id]
        own = [row for row in rows if row["customer_id"] == customer_id]
        others = sorted(
            rows, key=lambda row: (row["created_at"] or datetime.max, row["customer_id"])
        )
        return (own + others + [{}])[0]

    def first_seen(self, settings: Settings) -> dict[str, date | None]:
        """Give every customer who is not excluded, and the local date first heard of."""
        heard: dict[str, list] = {}
        for row in self.customers:
            heard.setdefault(row["canonical_id"], []).append(row["created_at"])
        for order in self.orders:
            heard.setdefault(order["customer_id"], []).append(order["ordered_at"])
        for event in self.events:
            heard.setdefault(event["customer_id"], []).append(event["occurred_at"])
        seen: dict[str, date | None] = {}
        for customer_id, times in heard.items():
            if customer_id is None or customer_id in self.identity.excluded:
                continue
            known = [at for at in times if at is not None]
            seen[customer_id] = settings.local_date(min(known)) if known else None
        return seen


def is_purchase_status(status: str | None, settings: Settings) -> bool:
    """Say whether an order of this status is a purchase; an unknown one is."""
    return status is None or status.strip().lower() not in settings.non_purchase_statuses


@lru_cache(maxsize=4)
def facts(shop: Shop, settings: Settings) -> Facts:
    """Read a shop as it was just before as_of."""
    as_of = settings.as_of_utc
    merges = [
        row
        for row in records(shop.customer_merges, "customer_merges")
        if row["merged_at"] is None or row["merged_at"] < as_of
    ]
    identity = Identity(merges, records(shop.exclusions, "exclusions"))

    orders = []
    for order in records(shop.orders, "orders"):
        if order["ordered_at"] is None or order["ordered_at"] >= as_of:
            continue
        gross, discount, refund = (
            money(order[part]) or NOTHING
            for part in ("gross_amount", "discount_amount", "refund_amount")
        )
        cost = money(order["cost_amount"])
        order["net"] = gross - discount - refund
        order["margin"] = None if cost is None else order["net"] - cost
        order["customer_id"] = identity.canonical(order["customer_id"])
        order["order_date"] = settings.local_date(order["ordered_at"])
        order["is_purchase"] = is_purchase_status(order["status"], settings)
        orders.append(order)
    orders.sort(key=lambda order: (order["ordered_at"], order["order_id"]))

    purchases = [
        order
        for order in orders
        if order["is_purchase"] and order["customer_id"] not in identity.excluded
    ]
    purchases_of: dict[str, list[Row]] = {}
    for order in purchases:
        if order["customer_id"] is not None:
            purchases_of.setdefault(order["customer_id"], []).append(order)

    events = [
        event
        for event in records(shop.events, "events")
        if event["occurred_at"] is not None and event["occurred_at"] < as_of
    ]
    for event, person_id in zip(events, persons(events, identity), strict=True):
        event["person_id"] = person_id
    for event in events:
        event["customer_id"] = identity.canonical(event["customer_id"])
        event["event_date"] = settings.local_date(event["occurred_at"])
    events.sort(key=lambda event: (event["occurred_at"], event["event_id"]))
    visits = [
        event
        for event in events
        if event["person_id"] is not None and event["person_id"] not in identity.excluded
    ]

    customers = []
    for row in records(shop.customers, "customers"):
        if row["created_at"] is None or row["created_at"] < as_of:
            row["canonical_id"] = identity.canonical(row["customer_id"])
            customers.append(row)

    nps = []
    for row in records(shop.nps_responses, "nps_responses"):
        asked_at = row["responded_at"] if row["invited_at"] is None else row["invited_at"]
        if asked_at is not None and asked_at >= as_of:
            continue
        if identity.canonical(row["customer_id"]) in identity.excluded:
            continue
        if row["responded_at"] is not None and row["responded_at"] >= as_of:
            row["responded_at"] = row["score"] = None  # asked before as_of, not answered yet
        nps.append(row)

    items_of: dict[str, list[str]] = {}
    for item in records(shop.order_items, "order_items"):
        if item["product_id"] is not None:
            items_of.setdefault(item["order_id"], []).append(item["product_id"])
    category_of = {
        product["product_id"]: product["category"]
        for product in records(shop.products, "products")
        if product["category"] is not None
    }
    return Facts(
        identity,
        orders,
        purchases,
        purchases_of,
        events,
        visits,
        customers,
        nps,
        items_of,
        category_of,
    )
