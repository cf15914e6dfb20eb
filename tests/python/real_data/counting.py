"""Monthly figures counted from orders with pandas alone, to hold the warehouse's against."""

from __future__ import annotations

from datetime import date

import pandas as pd


def month_of(times: pd.Series) -> pd.Series:
    """Give the first day of each time's month."""
    return times.dt.to_period("M").dt.to_timestamp().dt.date


def active_by_month(orders: pd.DataFrame) -> dict[date, int]:
    """Count the customers of each month; `orders` has the columns customer_id and ordered_at."""
    return orders.groupby(month_of(orders["ordered_at"]))["customer_id"].nunique().to_dict()


def cohorts_by_month(orders: pd.DataFrame) -> dict[date, list[int]]:
    """Count, for each month's new customers, those who ordered in it and in each month after it.

    `orders` has the columns customer_id and ordered_at. The months of a cohort run on to the
    month of the last order, 13 at most.
    """
    month = orders["ordered_at"].dt.year * 12 + orders["ordered_at"].dt.month
    cohort = month.groupby(orders["customer_id"]).transform("min")
    ordered = pd.DataFrame(
        {"cohort": cohort, "months_since": month - cohort, "customer_id": orders["customer_id"]}
    ).drop_duplicates()
    counted = ordered.value_counts(["cohort", "months_since"])
    last_month = int(month.max())
    return {
        date((first - 1) // 12, (first - 1) % 12 + 1, 1): [
            int(counted.get((first, since), 0)) for since in range(min(last_month - first, 12) + 1)
        ]
        for first in sorted(int(value) for value in set(cohort))
    }


def recency_frequency_monetary(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Sum up each customer's orders; `orders` has the columns customer_id, ordered_at and cents.

    Returns
    -------
    One row per customer_id: recency_days (whole elapsed 24-hour periods), frequency, cents.
    """
    totals = orders.groupby("customer_id").agg(
        last=("ordered_at", "max"), frequency=("ordered_at", "size"), cents=("cents", "sum")
    )
    totals.insert(0, "recency_days", (as_of - totals.pop("last")) // pd.Timedelta(hours=24))
    return totals
