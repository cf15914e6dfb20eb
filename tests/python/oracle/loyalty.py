"""Loyalty by month: order value, repurchase, and what customers say."""

from datetime import date, timedelta
from math import sqrt

import pandas as pd

from oracle.facts import NOTHING, facts
from oracle.periods import all_periods, month_end
from oracle.settings import Row, Settings, Shop, frame

REPEAT_DAYS = (30, 60, 90)
COLUMNS = (
    "month_start",
    "orders",
    "net_revenue",
    "customers",
    "aov",
    "repurchase_rate",
    "repurchase_rate_lifetime",
    *(f"repeat_rate_{days}d" for days in REPEAT_DAYS),
    "nps",
    "nps_se",
    "response_rate",
)


def net_promoter_score(scores: list[int]) -> tuple[float | None, float | None]:
    """Give promoters less detractors in points, and its standard error."""
    if not scores:
        return None, None
    n = len(scores)
    promoters = sum(score >= 9 for score in scores) / n
    detractors = sum(score <= 6 for score in scores) / n
    balance = promoters - detractors
    return 100 * balance, 100 * sqrt(max(0.0, promoters + detractors - balance**2) / n)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _repurchase_rate(
    sequences: list[list[Row]], first_day: date | None, last_day: date
) -> float | None:
    """Give the share of buyers, between two dates, who bought at least twice."""
    counts = [
        sum(
            (first_day is None or first_day <= order["order_date"])
            and order["order_date"] <= last_day
            for order in purchases
        )
        for purchases in sequences
    ]
    return _share(sum(c >= 2 for c in counts), sum(c >= 1 for c in counts))


def loyalty_monthly(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per local month, from the first purchase's or survey's to the as-of date's."""
    known = facts(shop, settings)

    def month_of(at) -> date | None:
        return None if at is None else settings.local_date(at).replace(day=1)

    months = {order["order_date"].replace(day=1) for order in known.purchases}
    months |= {
        month_of(response["invited_at"] or response["responded_at"]) for response in known.nps
    }
    months -= {None}
    if not months:
        return frame([], COLUMNS, ("month_start",))

    sequences = list(known.purchases_of.values())
    rows = []
    for month in all_periods(min(months), settings.as_of_date.replace(day=1), "month"):
        last_day = min(month_end(month), settings.as_of_date)
        bought = [o for o in known.purchases if o["order_date"].replace(day=1) == month]
        revenue = sum((order["net"] for order in bought), NOTHING)
        row = {
            "month_start": month,
            "orders": len(bought),
            "net_revenue": revenue,
            "customers": len({order["customer_id"] for order in bought} - {None}),
            "aov": revenue / len(bought) if bought else None,
            "repurchase_rate": _repurchase_rate(
                sequences, last_day - timedelta(days=364), last_day
            ),
            "repurchase_rate_lifetime": _repurchase_rate(sequences, None, last_day),
        }

        newcomers = [p for p in sequences if p[0]["order_date"].replace(day=1) == month]
        for days in REPEAT_DAYS:
            span = timedelta(days=days)
            mature = [p for p in newcomers if p[0]["ordered_at"] + span <= settings.as_of_utc]
            repeated = [
                p for p in mature if len(p) >= 2 and p[1]["ordered_at"] < p[0]["ordered_at"] + span
            ]
            row[f"repeat_rate_{days}d"] = _share(len(repeated), len(mature))

        scores = [
            response["score"]
            for response in known.nps
            if response["score"] is not None
            and month_of(response["responded_at"] or response["invited_at"]) == month
        ]
        row["nps"], row["nps_se"] = net_promoter_score(scores)
        asked = [
            response
            for response in known.nps
            if month_of(response["invited_at"] or response["responded_at"]) == month
        ]
        answered = [response for response in asked if response["score"] is not None]
        row["response_rate"] = _share(len(answered), len(asked))
        rows.append(row)
    return frame(rows, COLUMNS, ("month_start",))
