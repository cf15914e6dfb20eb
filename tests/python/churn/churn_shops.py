"""Random shops with what churn's definitions turn on: dated refunds, cancellations and feedback."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from oracle.periods import local_time
from oracle.settings import TABLES, Row, records
from oracle.shops import make_shop
from warehouse.full_shops import Rows

# As the fixture churn_project is compiled.
TIMEZONE = "America/Los_Angeles"
HORIZONS = (7, 14)

DELAYS = (
    timedelta(0),
    timedelta(hours=5),
    timedelta(days=1),
    timedelta(days=6),
    timedelta(days=30),
)


def churn_shop(
    seed: int, customers: int = 25, orders: int = 150, events: int = 150
) -> tuple[Rows, datetime]:
    """Make the raw rows of a seed's shop, and the instant as of which to look at it."""
    shop, as_of = make_shop(seed, customers, orders, events)
    random = Random(seed)
    rows = {name: records(getattr(shop, name), name) for name in TABLES}
    for order in rows["orders"]:
        _date_changes(order, random)
    rows["reviews"] = [
        {
            "review_id": f"r{number:03d}",
            "customer_id": order["customer_id"],
            "product_id": "p1",
            "order_id": order["order_id"],
            "rating": random.randrange(1, 6),
            "created_at": order["ordered_at"] + random.choice(DELAYS),
        }
        for number, order in enumerate(random.sample(rows["orders"], len(rows["orders"]) // 6))
    ]
    for number, item in enumerate(rows["order_items"]):
        item.update(order_item_id=f"i{number:04d}", quantity=1)
    at = as_of.to_pydatetime()
    return rows, start_of_day(local_time(at, TIMEZONE).date()) if random.random() < 0.4 else at


def start_of_day(day: date) -> datetime:
    """Give the instant in UTC at which a local day begins."""
    local = datetime.combine(day, time(), ZoneInfo(TIMEZONE))
    return local.astimezone(UTC).replace(tzinfo=None)


def _date_changes(order: Row, random: Random) -> None:
    """Say when an order was refunded, cancelled and delivered; at times nobody wrote it down."""
    at = order["ordered_at"]
    is_dated = random.random() < 0.8
    order["refunded_at"] = (
        at + random.choice(DELAYS) if order["refund_amount"] is not None and is_dated else None
    )
    order["status_changed_at"] = at + random.choice(DELAYS) if random.random() < 0.8 else None
    order["promised_at"] = at + timedelta(days=3)
    order["delivered_at"] = at + random.choice(DELAYS)


# No fit, no score by it: what a test of features alone can do without.
WITHOUT_PURCHASE_MODELS = {
    "int_churn__tuple_scores": """
        select
            cast(null as varchar) as activity,
            cast(null as date) as fit_date,
            cast(null as date) as cutoff_date,
            cast(null as integer) as horizon_days,
            cast(null as varchar) as model_name,
            cast(null as bigint) as repeat_days,
            cast(null as bigint) as first_to_last_days,
            cast(null as bigint) as age_days,
            cast(null as double) as churn_probability
        where false
    """
}
