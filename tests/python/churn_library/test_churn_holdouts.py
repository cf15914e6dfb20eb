"""Real shops: the published model reaches the figures that logistic models on them reach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from churn_examples import log_odds
from holdout_logs import GROUPS, cdnow, complete_journey, holdout
from sklearn.metrics import brier_score_loss, roc_auc_score

from dovecote.churn import logistic_coefficients

pytestmark = pytest.mark.slow


def calibration_error(churned: pd.Series, probability: np.ndarray) -> float:
    """Give the mean distance of forecast and rate over ten bins of equally many customers."""
    bins = np.array_split(np.argsort(probability, kind="stable"), 10)
    gaps = [abs(churned.iloc[one].mean() - probability[one].mean()) * len(one) for one in bins]
    return sum(gaps) / len(probability)


@pytest.mark.parametrize(
    ("log", "cutoff_day", "horizon_days", "auc", "brier"),
    [
        pytest.param(cdnow, 272, 273, 0.769, 0.159, id="CDNOW, 39 to 39 weeks"),
        pytest.param(cdnow, 454, 91, 0.839, 0.089, id="CDNOW, 65 to 13 weeks"),
        pytest.param(complete_journey, 273, 91, 0.888, 0.0455, id="Complete Journey, 39 to 13"),
    ],
)
def test_holdout(
    log: Callable[[], pd.DataFrame], cutoff_day: int, horizon_days: int, auc: float, brier: float
) -> None:
    examples, snapshots = holdout(log(), cutoff_day, horizon_days)
    customers = examples[examples["snapshot_date"] == cutoff_day].set_index("customer_id")
    churned = customers["is_churned"].astype(float)
    coefficients = logistic_coefficients(examples, snapshots, GROUPS)
    probability = 1 / (1 + np.exp(-log_odds(coefficients, customers)))
    assert roc_auc_score(churned, probability) >= auc
    assert brier_score_loss(churned, probability) <= brier
    assert calibration_error(churned, probability) <= 0.02
