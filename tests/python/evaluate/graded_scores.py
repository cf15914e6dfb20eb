"""Graded scores for the tests: customers with a score and an outcome, and their counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

KEY = ["activity", "horizon_days", "cutoff_date", "model_name"]
A_KEY = {
    "activity": "order",
    "horizon_days": 30,
    "cutoff_date": pd.Timestamp("2024-01-31"),
    "model_name": "bg_nbd",
    "training_horizon_days": 30,
}


OVERSTATED = 1.5
CALIBRATED = 1.0


class Customers(NamedTuple):
    """One score and one outcome a customer."""

    probability: NDArray[np.float64]
    churned: NDArray[np.int64]


def drawn_customers(
    count: int, seed: int, decimals: int = 6, power: float = OVERSTATED
) -> Customers:
    """Draw customers who churn at the score's power; few decimals make many ties."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1.5, 1.0, count)
    churned = rng.random(count) < probability**power
    return Customers(np.round(probability, decimals), churned.astype(np.int64))


def counted(customers: Customers, **key: Any) -> pd.DataFrame:
    """Count customers with equal scores, as the SQL does."""
    rows = pd.DataFrame({"churn_probability": customers.probability, "churned": customers.churned})
    counts = rows.groupby("churn_probability", as_index=False).agg(
        customers=("churned", "size"), churned=("churned", "sum")
    )
    return counts.assign(**{**A_KEY, **key})


def graded(
    probability: ArrayLike, customers: ArrayLike, churned: ArrayLike, **key: Any
) -> pd.DataFrame:
    """Name counts that a test gives one by one."""
    return pd.DataFrame(
        {"churn_probability": probability, "customers": customers, "churned": churned}
    ).assign(**{**A_KEY, **key})
