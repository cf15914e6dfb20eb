"""What churn's models see of customers at a past day, what came after it, and recency's base rates.

Every question is asked of a day and answered with what was known at its end: an order counts until
the day it is cancelled, a refund from its own day on, a merge from the day it was made. Only
outcomes are known by hindsight.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.facts import NOTHING, is_purchase_status
from oracle.identity import Identity
from oracle.periods import midnight
from oracle.settings import Row, Settings, money

SHORTEST_TRAINING = 7
SNAPSHOTS = 3
EVALUATIONS = 3
CUSTOMERS_PER_BIN = 50
MOST_BINS = 10
VALUE_HORIZON = 365
ALERT_COMPARISON = 28
ACTIVITIES = ("order", "visit")
BASELINES = ("base_rate", "recency_threshold", "recency_base_rate")

Rows = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Order:
    """An order that was a purchase of a customer at some time."""

    customer_id: str
    day: date
    cancelled_day: date | None
    gross: Decimal
    discount: Decimal
    refund: Decimal
    refunded_day: date | None
    categories: frozenset[str]

    def counts_at(self, day: date) -> bool:
        return self.day <= day and (self.cancelled_day is None or day < self.cancelled_day)

    def refund_at(self, day: date) -> Decimal:
        is_known = self.refunded_day is not None and self.refunded_day <= day
        return self.refund if is_known else NOTHING

    def net_at(self, day: date) -> Decimal:
        return self.gross - self.discount - self.refund_at(day)

    @property
    def undated_refund(self) -> Decimal:
        return self.refund if self.refunded_day is None else NOTHING


@dataclass(frozen=True)
class Span:
    """How far the history of an activity reaches."""

    first_date: date
    last_whole_date: date

    @property
    def history_days(self) -> int:
        return (self.last_whole_date - self.first_date).days + 1


@dataclass(frozen=True)
class Snapshot:
    """A cut-off (number 0) or a day that trains its model, with the days that it looks ahead."""

    activity: str
    horizon_days: int
    cutoff_date: date
    number: int
    day: date
    looks_ahead: int


@dataclass(frozen=True)
class History:
    """The days a customer was active on, by the end of a day."""

    days: list[date]
    at: date

    @property
    def repeats(self) -> int:
        return len(self.days) - 1

    @property
    def first_to_last(self) -> int:
        return (self.days[-1] - self.days[0]).days

    @property
    def age(self) -> int:
        return (self.at - self.days[0]).days

    @property
    def recency(self) -> int:
        return (self.at - self.days[-1]).days

    @property
    def last_gap(self) -> int | None:
        return (self.days[-1] - self.days[-2]).days if self.repeats else None


@dataclass(frozen=True, eq=False)
class Known:
    """A shop's rows as of a run, by canonical customer; excluded customers are left out."""

    settings: Settings
    orders: list[Order] = field(default_factory=list)
    event_types: dict[tuple[str, date], set[str]] = field(default_factory=dict)
    ratings: dict[str, list[tuple[date, int]]] = field(default_factory=dict)
    answers: dict[str, list[tuple[datetime, str, int]]] = field(default_factory=dict)
    merged_day: dict[str, date] = field(default_factory=dict)

    @property
    def as_of_date(self) -> date:
        return self.settings.as_of_date

    def active_days(self, activity: str, customer_id: str, at: date) -> list[date]:
        if activity == "order":
            days = {o.day for o in self.orders_of(customer_id) if o.counts_at(at)}
        else:
            days = {day for who, day in self.event_types if who == customer_id and day <= at}
        return sorted(days)

    def orders_of(self, customer_id: str) -> list[Order]:
        return [order for order in self.orders if order.customer_id == customer_id]

    def people(self) -> list[str]:
        return sorted({o.customer_id for o in self.orders} | {who for who, _ in self.event_types})

    def is_known_at(self, customer_id: str, at: date) -> bool:
        """Say whether nobody was merged into a customer later than a past day."""
        return at == self.as_of_date or self.merged_day.get(customer_id, at) <= at


def known(rows: Rows, settings: Settings) -> Known:
    """Read a shop's raw rows as they were just before as_of."""
    as_of = settings.as_of_utc

    def happened(at: datetime | None) -> bool:
        return at is None or at < as_of

    def given(entity: str, at: str | None = None) -> list[Row]:
        return [row for row in rows.get(entity, []) if at is None or happened(row.get(at))]

    def day_of(at: datetime | None) -> date | None:
        return None if at is None else settings.local_date(at)

    def amount(row: Row, part: str) -> Decimal:
        return money(row.get(part)) or NOTHING

    merges = given("customer_merges", "merged_at")
    identity = Identity(merges, given("exclusions"))
    found = Known(settings)
    for merge in merges:
        into = identity.canonical(merge["from_customer_id"])
        day = day_of(merge.get("merged_at")) or date.max
        found.merged_day[into] = max(day, found.merged_day.get(into, date.min))

    def customer_of(row: Row) -> str | None:
        customer_id = identity.canonical(row.get("customer_id"))
        return None if customer_id in identity.excluded else customer_id

    category_of = {row["product_id"]: row["category"] for row in given("products")}
    for row in given("orders", "ordered_at"):
        customer_id = customer_of(row)
        changed_at = row.get("status_changed_at")
        is_purchase = not happened(changed_at) or is_purchase_status(row.get("status"), settings)
        if customer_id is None or (not is_purchase and changed_at is None):
            continue
        refunded_at = row.get("refunded_at")
        has_refund = refunded_at is None or happened(refunded_at)
        found.orders.append(
            Order(
                customer_id,
                settings.local_date(row["ordered_at"]),
                None if is_purchase else day_of(changed_at),
                *(
                    money(row.get(part)) or Decimal(0)
                    for part in ("gross_amount", "discount_amount")
                ),
                (money(row.get("refund_amount")) or Decimal(0)) if has_refund else Decimal(0),
                day_of(refunded_at) if refunded_at is not None and has_refund else None,
                frozenset(
                    category
                    for item in given("order_items")
                    if item["order_id"] == row["order_id"]
                    and (category := category_of.get(item["product_id"])) is not None
                ),
            )
        )
    for row in given("events", "occurred_at"):
        if (customer_id := customer_of(row)) is not None:
            types = found.event_types.setdefault((customer_id, day_of(row["occurred_at"])), set())
            types.add(row["event_type"])
    for row in given("reviews", "created_at"):
        if (customer_id := customer_of(row)) is not None and row["rating"] is not None:
            found.ratings.setdefault(customer_id, []).append(
                (day_of(row["created_at"]), row["rating"])
            )
    for row in given("nps_responses", "responded_at"):
        asked_at = row.get("invited_at") or row["responded_at"]
        customer_id = customer_of(row)
        if customer_id is None or row["responded_at"] is None or not happened(asked_at):
            continue
        if row["score"] is not None:
            found.answers.setdefault(customer_id, []).append(
                (row["responded_at"], row["response_id"], row["score"])
            )
    return found


def spans(shop: Known) -> dict[str, Span]:
    """Give the day a hundredth of the customers (at most 50) had come, and the last whole day."""
    settings = shop.settings
    ends_at_midnight = settings.as_of_local == midnight(shop.as_of_date + timedelta(days=1))
    last_whole_date = shop.as_of_date - timedelta(days=0 if ends_at_midnight else 1)
    days: dict[str, dict[str, list[date]]] = {"order": {}, "visit": {}}
    for order in shop.orders:
        days["order"].setdefault(order.customer_id, []).append(order.day)
    for customer_id, day in shop.event_types:
        days["visit"].setdefault(customer_id, []).append(day)
    first_days = {
        activity: sorted(min(seen) for seen in of_customers.values())
        for activity, of_customers in days.items()
    }
    return {
        activity: Span(firsts[min(50, math.ceil(len(firsts) / 100)) - 1], last_whole_date)
        for activity, firsts in first_days.items()
        if firsts
    }


def snapshots(shop: Known, horizons: Iterable[int]) -> list[Snapshot]:
    """List every cut-off with the days that train its model."""
    found = []
    for activity, span in spans(shop).items():
        for horizon in horizons:
            known_until = {shop.as_of_date: span.last_whole_date}
            known_until |= {day: day for day in past_cutoffs(span, horizon)}
            for cutoff, until in known_until.items():
                found.append(Snapshot(activity, horizon, cutoff, 0, cutoff, horizon))
                history = (until - span.first_date).days + 1
                ahead = min(horizon, math.floor(Fraction(history, 2)))
                if ahead < min(SHORTEST_TRAINING, horizon):
                    continue
                for number in range(1, SNAPSHOTS + 1):
                    day = until - timedelta(days=number * ahead)
                    if (day - span.first_date).days + 1 >= ahead:
                        found.append(Snapshot(activity, horizon, cutoff, number, day, ahead))
    return found


def past_cutoffs(span: Span, horizon: int) -> list[date]:
    """List the days at which scores can be graded, the latest first."""
    if span.history_days < 2 * horizon:
        return []
    apart = min(horizon, (span.history_days - 2 * horizon) // (EVALUATIONS - 1))
    latest = span.last_whole_date - timedelta(days=horizon)
    count = EVALUATIONS if apart >= SHORTEST_TRAINING else 1
    return [latest - timedelta(days=number * apart) for number in range(count)]


def value_cutoffs(shop: Known) -> list[date]:
    """List the days at which value is predicted: as_of, and halfway through a history."""
    span = spans(shop).get("order")
    if span is None:
        return []
    ahead = min(VALUE_HORIZON, span.history_days // 2)
    past = [span.last_whole_date - timedelta(days=ahead)] if ahead >= SHORTEST_TRAINING else []
    return [shop.as_of_date, *past]


def cutoffs(shop: Known, horizons: Iterable[int]) -> set[tuple[str, date, date]]:
    """Give activity, day and the day of the fit wherever customers are looked at."""
    days = {(s.activity, s.day, s.day) for s in snapshots(shop, horizons)}
    days |= {("order", day, day) for day in value_cutoffs(shop)}
    if "order" in spans(shop):
        compared = shop.as_of_date - timedelta(days=ALERT_COMPARISON)
        days.add(("order", compared, shop.as_of_date))
    return days


def histories(shop: Known, activity: str, at: date) -> dict[str, History]:
    """Give the history of every customer active by the end of a day."""
    return {
        customer_id: History(days, at)
        for customer_id in shop.people()
        if shop.is_known_at(customer_id, at)
        and (days := shop.active_days(activity, customer_id, at))
    }


def mean_repeat_spend(shop: Known, customer_id: str, history: History) -> float | None:
    """Average what a customer's days after the first were worth, as known at the day looked at."""
    if not history.repeats:
        return None
    is_now = history.at == shop.as_of_date
    spent = sum(
        order.net_at(history.at) - (order.undated_refund if is_now else NOTHING)
        for order in shop.orders_of(customer_id)
        if order.counts_at(history.at) and order.day > history.days[0]
    )
    return float(spent) / history.repeats


def features(shop: Known, activity: str, at: date, horizon: int) -> dict[str, dict[str, float]]:
    """Give what the supervised model sees of every customer, but for the purchase model's odds."""
    return {
        customer_id: {
            **_rhythm(history, horizon),
            **_money(shop, customer_id, history),
            **_behaviour(shop, customer_id, at, horizon),
        }
        for customer_id, history in histories(shop, activity, at).items()
    }


def _rhythm(history: History, horizon: int) -> dict[str, float]:
    mean_gap = history.first_to_last / history.repeats if history.repeats else 0
    return {
        "recency": math.sqrt(history.recency / horizon),
        "activity_rate": math.log((history.repeats + 1) / (history.age / horizon + 1)),
        "gap_trend": math.log1p(history.last_gap or 0) - math.log1p(mean_gap),
    }


def _money(shop: Known, customer_id: str, history: History) -> dict[str, float]:
    orders = [order for order in shop.orders_of(customer_id) if order.counts_at(history.at)]
    gross = float(sum(order.gross for order in orders))
    value = float(sum(order.net_at(history.at) for order in orders))
    discount = float(sum(order.discount for order in orders))
    refund = float(sum(order.refund_at(history.at) for order in orders))
    return {
        "mean_value": math.log1p(max(0.0, value) / (history.repeats + 1)),
        "discount_share": min(max(discount / gross, 0.0), 1.0) if gross > 0 else 0.0,
        "refund_share": min(max(refund / gross, 0.0), 1.0) if gross > 0 else 0.0,
    }


def _behaviour(shop: Known, customer_id: str, at: date, horizon: int) -> dict[str, float]:
    orders = shop.orders_of(customer_id)
    window = [
        (day, types)
        for (who, day), types in shop.event_types.items()
        if who == customer_id and at - timedelta(days=horizon) < day <= at
    ]
    # A cart is abandoned on a day that ends without any order placed.
    order_days = {order.day for order in orders}
    carts = [
        day
        for day, types in window
        if "cart_add" in types and "purchase" not in types and day not in order_days
    ]
    categories = {c for order in orders if order.counts_at(at) for c in order.categories}
    ratings = [rating for day, rating in shop.ratings.get(customer_id, []) if day <= at]
    answers = [
        answer
        for answer in shop.answers.get(customer_id, [])
        if shop.settings.local_date(answer[0]) <= at
    ]
    return {
        "visit_days": math.log1p(len(window)),
        "carts_abandoned": math.log1p(len(carts)),
        "categories": math.log1p(len(categories)),
        "rating": sum(ratings) / len(ratings) - 3 if ratings else 0.0,
        "nps": (max(answers)[2] - 7) / 5 if answers else 0.0,
    }


def is_churned(shop: Known, activity: str, customer_id: str, at: date, horizon: int) -> bool:
    """Say whether a customer stayed away for a horizon, as known at as_of."""
    days = shop.active_days(activity, customer_id, shop.as_of_date)
    return not any(at < day <= at + timedelta(days=horizon) for day in days)


def recency_rates(
    shop: Known, horizons: Iterable[int], fewest_customers: int = CUSTOMERS_PER_BIN
) -> dict[tuple[str, int, date, str], list[Row]]:
    """Give the churn rate by recency in horizons, learned from a cut-off's training snapshots."""
    seen: dict[tuple[str, int, date], Counter[tuple[int, bool]]] = {}
    horizon_of: dict[tuple[str, int, date], int] = {}
    for snapshot in snapshots(shop, horizons):
        if snapshot.number == 0:
            continue
        key = (snapshot.activity, snapshot.horizon_days, snapshot.cutoff_date)
        counted = seen.setdefault(key, Counter())
        for customer_id, history in histories(shop, snapshot.activity, snapshot.day).items():
            has_churned = is_churned(
                shop, snapshot.activity, customer_id, snapshot.day, snapshot.looks_ahead
            )
            counted[history.recency, has_churned] += 1
            horizon_of[key] = snapshot.looks_ahead
    return {
        (*key, baseline): _rates(counted, _bins(counted, baseline), horizon_of[key])
        for key, counted in seen.items()
        if counted.total() >= max(fewest_customers, 1)
        for baseline in BASELINES
    }


def _bins(counted: Counter[tuple[int, bool]], baseline: str) -> dict[int, int]:
    """Give the bin of each recency."""
    recencies = sorted({recency for recency, _ in counted})
    everyone = counted.total()
    if baseline == "recency_base_rate":
        bins = min(MOST_BINS, max(1, everyone // CUSTOMERS_PER_BIN))
        place = {}
        before = 0
        for recency in recencies:
            own = counted[recency, True] + counted[recency, False]
            place[recency] = math.floor((before + Fraction(own, 2)) * bins / everyone)
            before += own
        return place
    if baseline == "recency_threshold":
        split = min(recencies, key=lambda recency: (-_told_apart(counted, recency), recency))
        return {recency: int(recency > split) for recency in recencies}
    return dict.fromkeys(recencies, 0)


def _told_apart(counted: Counter[tuple[int, bool]], split: int) -> Fraction:
    """Give the share of churners beyond a recency less that of the others beyond it."""

    def share_beyond(has_churned: bool) -> Fraction:
        all_of_them = sum(n for (_, churned), n in counted.items() if churned is has_churned)
        beyond = sum(
            n
            for (recency, churned), n in counted.items()
            if churned is has_churned and recency > split
        )
        return Fraction(beyond, all_of_them) if all_of_them else Fraction(0)

    has_both = len({churned for _, churned in counted}) == 2
    return share_beyond(True) - share_beyond(False) if has_both else Fraction(0)


def _rates(counted: Counter[tuple[int, bool]], bins: dict[int, int], horizon: int) -> list[Row]:
    rows: list[dict[str, Any]] = []
    for number in sorted(set(bins.values())):
        members = [recency for recency in bins if bins[recency] == number]
        churned = sum(counted[recency, True] for recency in members)
        customers = churned + sum(counted[recency, False] for recency in members)
        rows.append(
            {
                "recency_from": min(members) / horizon if rows else 0.0,
                "recency_before": None,
                "customers": customers,
                "churned": churned,
                "churn_rate": (churned + 0.5) / (customers + 1),
            }
        )
        if len(rows) > 1:
            rows[-2]["recency_before"] = rows[-1]["recency_from"]
    return rows
