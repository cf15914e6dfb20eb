"""Customers one by one: RFM, lifecycle, the gaps between orders, and cohort value."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from statistics import median

import pandas as pd

from oracle.facts import NOTHING, facts
from oracle.periods import later_period, midnight, month_end, periods_between
from oracle.settings import Row, Settings, Shop, frame

DAY = timedelta(days=1)
RFM_METRICS = ("recency_days", "frequency", "monetary")
FIFTHS = (Fraction(1, 5), Fraction(2, 5), Fraction(3, 5), Fraction(4, 5))
NO_GAPS_MEDIAN = 90
POPULATION_WEIGHT = 3


def _rfm_values(shop: Shop, settings: Settings) -> list[Row]:
    return [
        {
            "customer_id": customer_id,
            "recency_days": (settings.as_of_utc - purchases[-1]["ordered_at"]) // DAY,
            "frequency": len(purchases),
            "monetary": sum((order["net"] for order in purchases), NOTHING),
        }
        for customer_id, purchases in facts(shop, settings).purchases_of.items()
    ]


def percentile_disc(values: list, p: Fraction):
    """Give the smallest value that at least a share p of the values do not exceed."""
    ordered = sorted(values)
    for position, value in enumerate(ordered, start=1):
        if Fraction(position, len(ordered)) >= p:
            return value
    raise ValueError("no values")


def _cut_points(values: list) -> list:
    return [percentile_disc(values, p) for p in FIFTHS] if values else []


def rfm_cut_points(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per measure and percentile."""
    customers = _rfm_values(shop, settings)
    rows = []
    if customers:
        for metric in RFM_METRICS:
            cuts = _cut_points([customer[metric] for customer in customers])
            for number, (p, cut) in enumerate(zip(FIFTHS, cuts, strict=True), start=1):
                rows.append(
                    {
                        "measure": metric,
                        "cut_point_number": number,
                        "share_of_customers": float(p),
                        "cut_point": cut,
                    }
                )
    key = ("measure", "cut_point_number")
    return frame(rows, (*key, "share_of_customers", "cut_point"), key)


def rfm(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per customer who ever bought."""
    customers = _rfm_values(shop, settings)
    cuts = {metric: _cut_points([c[metric] for c in customers]) for metric in RFM_METRICS}
    for customer in customers:
        below = {
            metric: sum(cut < customer[metric] for cut in cuts[metric]) for metric in RFM_METRICS
        }
        customer["r_score"] = 5 - below["recency_days"]
        customer["f_score"] = 1 + below["frequency"]
        customer["m_score"] = 1 + below["monetary"]
    columns = ("customer_id", *RFM_METRICS, "r_score", "f_score", "m_score")
    return frame(customers, columns, ("customer_id",))


def _gaps(dates: list[date]) -> list[Fraction]:
    """Give the days between neighbours of a list of distinct dates in order."""
    return [Fraction((later - day).days) for day, later in pairwise(dates)]


def _place(
    order_dates: list[date], population_median: Fraction, snapshot: date, settings: Settings
) -> Row:
    """Say where a customer stands, given the dates of the purchases so far, in order."""
    distinct = sorted(set(order_dates))
    gaps = _gaps(distinct)
    own_median = median(gaps) if gaps else Fraction(0)
    weight = len(gaps) + POPULATION_WEIGHT
    cadence = (len(gaps) * own_median + POPULATION_WEIGHT * population_median) / weight
    row = {"cadence_days": float(cadence), "recency_days": None, "purchases": len(order_dates)}
    if not order_dates:
        return row | {"stage": "prospect", "since": None}

    last = distinct[-1]
    recency = (snapshot - last).days
    row["recency_days"] = recency
    active_until = Fraction(settings.active_multiple) * cadence
    at_risk_until = Fraction(settings.at_risk_multiple) * cadence
    lapsed_until = Fraction(settings.lapsed_multiple) * cadence
    if recency <= active_until:
        if len(order_dates) == 1:
            stage = "new"
        elif gaps and gaps[-1] > at_risk_until:
            stage = "reactivated"
        else:
            stage = "active"
        return row | {"stage": stage, "since": last}
    if recency <= at_risk_until:
        stage, passed = "at_risk", active_until
    elif recency <= lapsed_until:
        stage, passed = "lapsed", at_risk_until
    else:
        stage, passed = "lost", lapsed_until
    return row | {"stage": stage, "since": last + timedelta(days=floor(passed) + 1)}


def _snapshot(shop: Shop, settings: Settings, snapshot: date, *, is_last: bool) -> dict[str, Row]:
    """Place every customer seen by a date; at the last snapshot, those never seen as well."""
    known = facts(shop, settings)
    order_dates = {
        customer_id: [o["order_date"] for o in purchases if o["order_date"] <= snapshot]
        for customer_id, purchases in known.purchases_of.items()
    }
    all_gaps = [gap for dates in order_dates.values() for gap in _gaps(sorted(set(dates)))]
    population_median = median(all_gaps) if all_gaps else Fraction(NO_GAPS_MEDIAN)
    placed = {}
    for customer_id, seen in known.first_seen(settings).items():
        if is_last or (seen is not None and seen <= snapshot):
            row = _place(order_dates.get(customer_id, []), population_median, snapshot, settings)
            if row["stage"] == "prospect":
                row["since"] = seen
            placed[customer_id] = {"customer_id": customer_id} | row
    return placed


def lifecycle(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per customer, at the as-of date."""
    rows = _snapshot(shop, settings, settings.as_of_date, is_last=True).values()
    columns = ("customer_id", "stage", "since", "cadence_days", "recency_days", "purchases")
    return frame(rows, columns, ("customer_id",))


def snapshot_dates(shop: Shop, settings: Settings) -> list[date]:
    """List the month ends since the first customer was seen, and the as-of date."""
    seen = [d for d in facts(shop, settings).first_seen(settings).values() if d is not None]
    dates = []
    if seen:
        end = month_end(min(seen))
        while end < settings.as_of_date:
            dates.append(end)
            end = month_end(end + DAY)
    return [*dates, settings.as_of_date]


def lifecycle_transitions(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per month and move between stages, from each snapshot to the next."""
    dates = snapshot_dates(shop, settings)
    counts: dict[tuple[date, str, str], int] = {}
    for earlier, later in pairwise([None, *dates]):
        before = _snapshot(shop, settings, earlier, is_last=False) if earlier else {}
        after = _snapshot(shop, settings, later, is_last=later == dates[-1])
        seen = facts(shop, settings).first_seen(settings)
        for customer_id, row in after.items():
            if seen[customer_id] is None:
                continue
            from_stage = before[customer_id]["stage"] if customer_id in before else "none"
            move = (later.replace(day=1), from_stage, row["stage"])
            counts[move] = counts.get(move, 0) + 1
    rows = [
        {"month_start": month, "from_stage": start, "to_stage": end, "customers": customers}
        for (month, start, end), customers in counts.items()
    ]
    key = ("month_start", "from_stage", "to_stage")
    return frame(rows, (*key, "customers"), key)


def order_gaps(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per number of the order in a customer's sequence."""
    sequences = list(facts(shop, settings).purchases_of.values())
    longest = max((len(purchases) for purchases in sequences), default=0)
    rows = []
    for n in range(1, longest + 1):
        reached = [purchases for purchases in sequences if len(purchases) >= n]
        onward = [purchases for purchases in reached if len(purchases) >= n + 1]
        days = [(p[n]["ordered_at"] - p[n - 1]["ordered_at"]) / DAY for p in onward]
        rows.append(
            {
                "order_number": n,
                "customers": len(reached),
                "reordered_customers": len(onward),
                "reorder_rate": len(onward) / len(reached),
                "median_days_to_next": median(days) if days else None,
            }
        )
    columns = (
        "order_number",
        "customers",
        "reordered_customers",
        "reorder_rate",
        "median_days_to_next",
    )
    return frame(rows, columns, ("order_number",))


def cohort_value(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per month of first purchase and month since, for months that have ended."""
    cohorts: dict[date, list[list[Row]]] = {}
    for purchases in facts(shop, settings).purchases_of.values():
        month = purchases[0]["order_date"].replace(day=1)
        cohorts.setdefault(month, []).append(purchases)

    rows = []
    for month, members in cohorts.items():
        k = 0
        while midnight(later_period(month, "month", k + 1)) <= settings.as_of_local:
            so_far = [
                order
                for purchases in members
                for order in purchases
                if periods_between(month, order["order_date"], "month") <= k
            ]
            margins: list[Decimal | None] = [order["margin"] for order in so_far]
            rows.append(
                {
                    "cohort_month": month,
                    "months_since": k,
                    "customers": len(members),
                    "cumulative_net_revenue_per_customer": sum(
                        (order["net"] for order in so_far), NOTHING
                    )
                    / len(members),
                    "cumulative_margin_per_customer": None
                    if None in margins
                    else sum(margins, NOTHING) / len(members),
                }
            )
            k += 1
    columns = (
        "cohort_month",
        "months_since",
        "customers",
        "cumulative_net_revenue_per_customer",
        "cumulative_margin_per_customer",
    )
    return frame(rows, columns, ("cohort_month", "months_since"))
