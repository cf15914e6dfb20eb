"""Histories to fit: CDNOW from its file, and customers of a known process."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dovecote.btyd.arrays import FloatArray, IntArray

CALIBRATION_END = pd.Timestamp("1997-09-30")
WEEK = 7


def cdnow_days() -> pd.DataFrame:
    """Read one row per customer and day of the 1/10 sample (Fader and Hardie).

    It comes with the package lifetimes. The file has no header.
    """
    package = find_spec("lifetimes")
    if package is None or package.origin is None:
        pytest.skip("the package lifetimes, which brings CDNOW, is not installed")
    rows = pd.read_csv(
        Path(package.origin).parent / "datasets" / "CDNOW_sample.txt",
        sep=r"\s+",
        header=None,
        names=["master_id", "customer", "day", "items", "spend"],
    )
    assert len(rows) == 6_919
    rows["day"] = pd.to_datetime(rows["day"].astype(str))
    return rows.groupby(["customer", "day"], as_index=False)["spend"].sum()


def cdnow_customers() -> pd.DataFrame:
    """Give customers with x, t_x and T in weeks, mean_repeat_spend, and holdout purchases."""
    days = cdnow_days()
    days["first"] = days.groupby("customer")["day"].transform("min")
    held_in = days[days["day"] <= CALIBRATION_END]
    customers = held_in.groupby("customer").agg(
        first=("day", "min"), last=("day", "max"), days=("day", "size")
    )
    repeats = held_in[held_in["day"] > held_in["first"]]
    return pd.DataFrame(
        {
            "x": customers["days"] - 1,
            "t_x": (customers["last"] - customers["first"]).dt.days / WEEK,
            "T": (CALIBRATION_END - customers["first"]).dt.days / WEEK,
            "mean_repeat_spend": repeats.groupby("customer")["spend"].mean(),
            "holdout": days[days["day"] > CALIBRATION_END].groupby("customer").size(),
        }
    ).fillna(0)


def simulate(
    model_name: str, parameters: Mapping[str, float], customers: int, seed: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Run the process, purchase by purchase, and give x, t_x and T of each customer."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(30, 700, customers)
    rate = rng.gamma(parameters["r"], 1 / parameters["alpha"], customers)
    leaves_at = np.full(customers, np.inf)
    fatal = np.zeros(customers)
    if model_name == "pareto_nbd":
        leaves_at = rng.exponential(
            1 / rng.gamma(parameters["s"], 1 / parameters["beta"], customers)
        )
    else:
        fatal = rng.beta(parameters["a"], parameters["b"], customers)
    x, last = np.zeros(customers, dtype=np.int64), np.zeros(customers)
    stays = np.ones(customers, dtype=bool)
    if model_name == "mbg_nbd":
        stays = rng.random(customers) >= fatal
    active = np.flatnonzero(stays)
    while len(active):
        at = last[active] + rng.exponential(1 / rate[active])
        buys = at < np.minimum(age[active], leaves_at[active])
        active, at = active[buys], at[buys]
        x[active] += 1
        last[active] = at
        active = active[rng.random(len(active)) >= fatal[active]]
    return x, last, age
