"""How well churn probabilities rank, estimate and decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dovecote.evaluate.calibration import recalibration
from dovecote.evaluate.graded import KEY, Scores, running_sum, scores_by_key, table, typed
from dovecote.evaluate.measures import bootstrap_intervals, estimated

DEFAULT_THRESHOLD = 0.5
INTERVALS = [
    f"{measure}{end}"
    for measure in ("auc", "brier", "log_loss", "ece")
    for end in ("", "_low", "_high")
]
COLUMNS_BEFORE_LIFT = {
    "training_horizon_days": "Int64",
    "customers": "int64",
    "churned": "int64",
    "base_rate": "float64",
    "mean_probability": "float64",
    **dict.fromkeys(INTERVALS, "float64"),
    "calibration_slope": "float64",
    "calibration_intercept": "float64",
}
COLUMNS_AFTER_LIFT = {
    "threshold": "float64",
    **dict.fromkeys(("tp", "fp", "fn", "tn"), "int64"),
    **dict.fromkeys(("accuracy", "precision_score", "recall", "f1"), "float64"),
}


def evaluation_table(
    graded: pd.DataFrame,
    thresholds: pd.DataFrame | None = None,
    *,
    capacities: Sequence[float] = (0.05, 0.1, 0.2),
    resamples: int = 200,
    seed: int = 1,
) -> pd.DataFrame:
    """Grade every model at every cut-off, with 95% bootstrap intervals.

    Parameters
    ----------
    graded
        One row per activity, horizon_days, cutoff_date, model_name and churn_probability, with
        training_horizon_days (may be null), customers and churned.
    thresholds
        Churn probability at or above which a customer is taken to churn, chosen on training data:
        activity, horizon_days, cutoff_date, model_name and threshold. 0.5 where there is none.
    capacities
        Shares of customers that can be contacted; each gives a column of lift.
    resamples
        Number of bootstrap resamples, see `bootstrap_intervals`.
    seed
        Seed of the resamples. Intervals of a key depend on no other key and no order of rows.

    Returns
    -------
    pandas.DataFrame
        One row per activity, horizon_days, cutoff_date and model_name:

        - training_horizon_days, customers, churned, base_rate, mean_probability;
        - auc, brier, log_loss and ece, see `measures`, each with ``_low`` and ``_high``;
        - calibration_slope and calibration_intercept, see `recalibration`;
        - lift_at_5pct and so on: rate of churn among that share of customers with the highest
          scores over the base rate; customers with the score at its edge count in proportion;
        - threshold, tp, fp, fn, tn, accuracy, precision_score, recall and f1, where positive means
          churned.

        Null is what the data do not define, such as auc where nobody churned.

    Raises
    ------
    ValueError
        If a column is missing, has nulls, or holds a value that no graded score can have, if a key
        has several training horizons or thresholds, or a capacity is not above 0 and at most 1.
    """
    if not all(0 < capacity <= 1 for capacity in capacities):
        raise ValueError("capacities must be above 0 and at most 1: give shares of customers.")
    if resamples < 1:
        raise ValueError("resamples must be at least 1: intervals are taken from resamples.")
    lift_names = {f"lift_at_{100 * share:g}pct".replace(".", "_"): share for share in capacities}
    training_horizons = _by_key(graded, "training_horizon_days", "Int64")
    threshold_by_key = {} if thresholds is None else _by_key(thresholds, "threshold", "float64")
    rows: list[dict[str, Any]] = []
    for key, scores in scores_by_key(graded):
        slope, intercept = recalibration(scores)
        rows.append(
            {
                **key._asdict(),
                "training_horizon_days": training_horizons.get(key),
                **_totals(scores),
                **estimated(scores),
                **bootstrap_intervals(key, scores, resamples, seed),
                "calibration_slope": slope,
                "calibration_intercept": intercept,
                **{name: _lift(scores, share) for name, share in lift_names.items()},
                **_decisions(scores, threshold_by_key.get(key, DEFAULT_THRESHOLD)),
            }
        )
    lift_columns = dict.fromkeys(lift_names, "float64")
    return table([pd.DataFrame(rows)], COLUMNS_BEFORE_LIFT | lift_columns | COLUMNS_AFTER_LIFT)


def _by_key(frame: pd.DataFrame, column: str, column_type: str) -> dict[tuple[Any, ...], Any]:
    values = typed(frame, {**KEY, column: column_type}).drop_duplicates()
    if values.duplicated(list(KEY)).any():
        raise ValueError(
            f"Column {column} has several values of one activity, horizon, cut-off and model: "
            "keep one."
        )
    by_key = values.dropna().set_index(list(KEY))[column]
    return dict(zip(by_key.index, by_key, strict=True))


def _totals(scores: Scores) -> dict[str, float]:
    customers, churned = scores.customers.sum(), scores.churned.sum()
    return {
        "customers": customers,
        "churned": churned,
        "base_rate": churned / customers,
        "mean_probability": scores.customers @ scores.probability / customers,
    }


def _lift(scores: Scores, share: float) -> float:
    contacted = running_sum(scores.customers[::-1])
    found = running_sum(scores.churned[::-1])
    share_found = _ratio(np.interp(share * contacted[-1], contacted, found), found[-1])
    return share_found / share


def _decisions(scores: Scores, threshold: float) -> dict[str, float]:
    is_positive = scores.probability >= threshold
    tp, fp = scores.churned[is_positive].sum(), scores.retained[is_positive].sum()
    fn, tn = scores.churned[~is_positive].sum(), scores.retained[~is_positive].sum()
    return {
        "threshold": threshold,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "precision_score": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else np.nan
