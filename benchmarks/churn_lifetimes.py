"""The package lifetimes, customer by customer, as its manual uses it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import lifetimes
import numpy as np
import pandas as pd
from churn_customers import HISTORIES
from churn_warehouse import HORIZON_DAYS

FITTERS = {
    "bg_nbd": lifetimes.BetaGeoFitter,
    "mbg_nbd": lifetimes.ModifiedBetaGeoFitter,
    "pareto_nbd": lifetimes.ParetoNBDFitter,
}


class ScoredByLifetimes(NamedTuple):
    """What was fitted, the mean scores, and the CPU seconds of reading and fitting."""

    parameters: dict[str, float]
    mean_p_alive: float
    mean_expected_orders: float
    fit_cpu_seconds: float


def score_by_lifetimes(customers: Path, model: str) -> ScoredByLifetimes:
    """Fit one row a customer, then give everyone's P(alive) and expected purchases.

    Raises
    ------
    lifetimes.utils.ConvergenceError
        If the fit does not converge.
    """
    started = time.process_time()
    columns = ["repeat_days", "first_to_last_days", "age_days"]
    histories = pd.read_parquet(customers / HISTORIES, columns=columns)
    x, t_x, age = (histories[name] for name in columns)
    fitter = FITTERS[model]()
    fitter.fit(x, t_x, age)
    fit_cpu_seconds = time.process_time() - started
    p_alive = fitter.conditional_probability_alive(x, t_x, age)
    expected = fitter.conditional_expected_number_of_purchases_up_to_time(HORIZON_DAYS, x, t_x, age)
    return ScoredByLifetimes(
        fitter.params_.to_dict(),
        float(np.mean(p_alive)),
        float(np.mean(expected)),
        fit_cpu_seconds,
    )
