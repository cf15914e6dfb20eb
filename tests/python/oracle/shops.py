"""Random small shops that lean on the edges of the definitions, for Hypothesis.

Hypothesis draws a seed and a few sizes; an ordinary random generator makes the rest, so that
hundreds of shops take seconds. Sizes shrink; the seed does too, to little avail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from oracle.settings import Row, Shop, table

MICROSECOND = timedelta(microseconds=1)
SPAN_DAYS = 100
# Spans of about 100 days that cross year ends, a leap day, and clock changes both ways.
STARTS = (
    datetime(2023, 9, 18),
    datetime(2023, 11, 30),
    datetime(2024, 1, 27),
    datetime(2024, 2, 29),
    datetime(2025, 1, 1),
    datetime(2025, 8, 20),
)
# The hours (UTC) at which clocks change in Europe and America, and at which a day begins there.
EDGE_HOURS = (0, 1, 4, 5, 7, 8, 9, 10, 22, 23)
EVENT_TYPES = (
    "view",
    "view",
    "view",
    "search",
    "cart_add",
    "checkout",
    "purchase",
    "login",
    "other",
)
STATUSES = (None, "completed", "completed", "refunded", "paid", "Completed ")
LOST_STATUSES = ("cancelled", " Cancelled", "VOIDED", "test", "failed")
CHANNELS = ("web", "app", "store", None)
COUNTRIES = ("DE", "GB", "US", None)
ACQUISITIONS = ("search", "friends", None)
CATEGORIES = ("tea", "cups", None)


@dataclass(frozen=True)
class Size:
    """How large a shop is."""

    customers: int
    orders: int
    events: int


class _Maker:
    """Makes one shop of one seed."""

    def __init__(self, seed: int, size: Size) -> None:
        self.random = Random(seed)
        self.origin = f"make_shop({seed}, {size.customers}, {size.orders}, {size.events})"
        self.size = size
        self.start = self.random.choice(STARTS)
        self.times: list[datetime] = []
        self.customer_ids = [f"c{n:02d}" for n in range(1, size.customers + 1)]
        self.product_ids = [f"p{n}" for n in range(1, 7)]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def time(self) -> datetime:
        """Give a time of the span: often an edge, sometimes one that was given before."""
        kind = self.random.random()
        if self.times and kind < 0.12:
            return self.random.choice(self.times)
        if self.times and kind < 0.24:  # near another: elapsed days, hours and gaps on the edge
            step = self.random.choice(
                (
                    timedelta(hours=1),
                    timedelta(days=1),
                    timedelta(days=7),
                    timedelta(days=30),
                    timedelta(days=60),
                )
            )
            nudge = self.random.choice((-1, 0, 0, 1)) * MICROSECOND
            at = self.random.choice(self.times) + step + nudge
        else:
            day = self.start + timedelta(days=self.random.randrange(SPAN_DAYS))
            if kind < 0.34:
                day = day.replace(day=1)
            elif kind < 0.42:
                day -= timedelta(days=(day.weekday() + 1) % 7)  # a Sunday: the clocks change
            if self.chance(0.35):
                at = day + timedelta(hours=self.random.choice(EDGE_HOURS))
                at += self.random.choice((-1, 0, 0, 1)) * MICROSECOND
            else:
                at = day + timedelta(seconds=self.random.randrange(86400))
        at = min(max(at, self.start), self.start + timedelta(days=SPAN_DAYS + 5))
        self.times.append(at)
        return at

    def amount(self, most: int) -> Decimal:
        return Decimal(self.random.randrange(most * 100)) / 100

    def customer(self) -> str:
        """Give a customer; the first ones come more often."""
        return self.customer_ids[int(len(self.customer_ids) * self.random.random() ** 1.7)]

    def shuffled_ids(self, prefix: str, count: int) -> list[str]:
        """Give unique ids whose order says nothing about time."""
        ids = [f"{prefix}{n:04d}" for n in range(1, count + 1)]
        self.random.shuffle(ids)
        return ids

    def orders(self) -> list[Row]:
        all_costs_known = self.chance(0.4)
        few_prices = self.chance(0.3)
        rows = []
        for order_id in self.shuffled_ids("o", self.size.orders):
            gross = Decimal(self.random.choice((10, 20))) if few_prices else self.amount(200)
            refund = None
            if self.chance(0.15):
                refund = self.random.choice((gross, self.amount(50), gross + 5))
            cost = (gross / 2).quantize(Decimal("0.01"))
            rows.append(
                {
                    "order_id": order_id,
                    "customer_id": None if self.chance(0.08) else self.customer(),
                    "ordered_at": self.time(),
                    "gross_amount": gross,
                    "discount_amount": self.amount(10) if self.chance(0.2) else None,
                    "refund_amount": refund,
                    "cost_amount": cost if all_costs_known or self.chance(0.9) else None,
                    "status": self.random.choice(LOST_STATUSES if self.chance(0.12) else STATUSES),
                    "channel": self.random.choice(CHANNELS),
                }
            )
        return rows

    def order_items(self, orders: list[Row]) -> list[Row]:
        rows = [
            {"order_id": order["order_id"], "product_id": self.random.choice(self.product_ids)}
            for order in orders
            for _ in range(self.random.randrange(4))
        ]
        self.random.shuffle(rows)
        return rows

    def products(self) -> list[Row]:
        known = self.product_ids[:-1]  # one product is sold that nobody listed
        return [{"product_id": p, "category": self.random.choice(CATEGORIES)} for p in known]

    def events(self) -> list[Row]:
        """Make runs of events of one visitor, with gaps on and beside the half hour."""
        gaps = (
            timedelta(0),
            timedelta(seconds=9),
            timedelta(seconds=10),
            timedelta(minutes=4),
            timedelta(minutes=30),
            timedelta(minutes=30) + MICROSECOND,
            timedelta(hours=3),
        )
        visitors = [f"a{n}" for n in range(1, max(2, self.size.customers // 2) + 1)]
        ids = self.shuffled_ids("e", self.size.events)
        rows: list[Row] = []
        while len(rows) < self.size.events:
            # A visitor's id may be shared by customers: two of them on a device at home.
            customer_id = self.customer()
            anonymous_id = self.random.choice(visitors) if self.chance(0.8) else None
            named = f"s{self.random.randrange(8)}" if self.chance(0.2) else None
            is_known = self.chance(0.6)
            at = self.time()
            for _ in range(self.random.randrange(1, 7)):
                if len(rows) == self.size.events:
                    break
                rows.append(
                    {
                        "event_id": ids[len(rows)],
                        "customer_id": customer_id if is_known else None,
                        "anonymous_id": anonymous_id,
                        "session_id": named if self.chance(0.9) else None,
                        "occurred_at": at,
                        "event_type": self.random.choice(EVENT_TYPES),
                    }
                )
                at += self.random.choice(gaps)
                is_known = is_known or self.chance(0.15)  # logs in on the way
                if self.chance(0.05):
                    customer_id = self.customer()
        self.times += [row["occurred_at"] for row in rows]
        self.random.shuffle(rows)
        return rows

    def customers(self) -> list[Row]:
        if self.chance(0.15):
            return []
        return [
            {
                "customer_id": customer_id,
                "created_at": self.time() if self.chance(0.7) else None,
                "acquisition_channel": self.random.choice(ACQUISITIONS),
                "country": self.random.choice(COUNTRIES),
            }
            for customer_id in self.customer_ids
            if self.chance(0.85)
        ]

    def merges(self) -> list[Row]:
        if self.chance(0.3):
            return []
        # Ids beyond the shop's own: known from merges only.
        ids = [*self.customer_ids, "b1", "d1"]
        sources = self.random.sample(ids, min(len(ids), self.random.randrange(1, 7)))
        # Targets among the sources make chains and, now and then, a cycle.
        return [
            {
                "from_customer_id": source,
                "to_customer_id": self.random.choice(sources if self.chance(0.6) else ids),
                "merged_at": self.time() if self.chance(0.6) else None,
            }
            for source in sources
        ]

    def exclusions(self) -> list[Row]:
        count = self.random.choice((0, 0, 1, 1, 2, 3))
        ids = self.random.sample(self.customer_ids, min(count, len(self.customer_ids)))
        return [
            {"customer_id": c, "reason": self.random.choice(("test", "staff", "fraud"))}
            for c in ids
        ]

    def nps_responses(self) -> list[Row]:
        rows = []
        for response_id in self.shuffled_ids("n", self.random.choice((0, 3, 10, 25))):
            invited_at = self.time()
            answered = self.chance(0.6)
            responded_at = None
            if answered and self.chance(0.9):
                responded_at = invited_at + self.random.choice(
                    (timedelta(0), timedelta(hours=2), timedelta(days=5), timedelta(days=20))
                )
            rows.append(
                {
                    "response_id": response_id,
                    "customer_id": self.customer(),
                    "score": self.random.randrange(11) if answered else None,
                    "invited_at": None if responded_at and self.chance(0.2) else invited_at,
                    "responded_at": responded_at,
                }
            )
        return rows

    def as_of(self) -> datetime:
        """Give an end that leaves something out, or just not: at a fact, at midnight, or later."""
        end = self.start + timedelta(days=self.random.randrange(SPAN_DAYS // 2, SPAN_DAYS + 10))
        kind = self.random.random()
        if self.times and kind < 0.2:
            late = sorted(self.times)[len(self.times) // 2 :]
            return self.random.choice(late) + self.random.choice((0, 1)) * MICROSECOND
        if kind < 0.35:
            return end.replace(day=1)
        if kind < 0.5:
            return end + timedelta(hours=self.random.choice(EDGE_HOURS))
        if kind < 0.65:
            return end
        return end + timedelta(seconds=self.random.randrange(86400))

    def shop(self) -> tuple[Shop, pd.Timestamp]:
        orders = self.orders()
        tables: dict[str, Any] = {
            "orders": orders,
            "order_items": self.order_items(orders),
            "products": self.products(),
            "events": self.events(),
            "customers": self.customers(),
            "customer_merges": self.merges(),
            "exclusions": self.exclusions(),
            "nps_responses": self.nps_responses(),
        }
        made = Shop(
            **{name: table(name, rows) for name, rows in tables.items()}, origin=self.origin
        )
        return made, pd.Timestamp(self.as_of()).as_unit("us")


def make_shop(
    seed: int, customers: int = 12, orders: int = 60, events: int = 80
) -> tuple[Shop, pd.Timestamp]:
    """Make the shop of a seed, and the instant as of which to look at it."""
    return _Maker(seed, Size(customers, orders, events)).shop()


def shops(
    max_customers: int = 25, max_orders: int = 120, max_events: int = 150
) -> st.SearchStrategy[tuple[Shop, pd.Timestamp]]:
    """Draw a random shop and an as_of."""
    return st.builds(
        make_shop,
        seed=st.integers(0, 2**32 - 1),
        customers=st.integers(1, max_customers),
        orders=st.integers(0, max_orders),
        events=st.integers(0, max_events),
    )
