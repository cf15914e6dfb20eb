"""Points of the ROC, precision-recall and gain curves, for plotting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dovecote.evaluate.graded import KEY, FloatArray, Scores, running_sum, scores_by_key, table

COLUMNS = {
    "curve_name": "string",
    "point_index": "int64",
    "x": "float64",
    "y": "float64",
    "threshold": "float64",
}


def curves_table(graded: pd.DataFrame, points: int = 101) -> pd.DataFrame:
    """Give the points of three curves, from the highest threshold to the lowest.

    A point is what contacting everyone with a score at or above a threshold would reach. A curve
    with more thresholds than ``points`` keeps those nearest to equal steps in customers contacted,
    and always its ends.

    Parameters
    ----------
    graded
        One row per activity, horizon_days, cutoff_date, model_name and churn_probability, with
        customers and churned.
    points
        Largest number of points of a curve, at least 2.

    Returns
    -------
    pandas.DataFrame
        One row per activity, horizon_days, cutoff_date, model_name, curve_name and point_index
        (from 0). x and y are false and true positive rate (``roc``), recall and precision
        (``precision_recall``), share of customers contacted and of churned customers found
        (``gain``). ``roc`` and ``gain`` start at (0, 0), where nobody is contacted and the
        threshold is null. Curves are left out where nobody churned, ``roc`` also where all did.

    Raises
    ------
    ValueError
        If points is below 2, or a column is missing, has nulls, or holds a value that no graded
        score can have.

    References
    ----------
    Fawcett, T. (2006), An introduction to ROC analysis, Pattern Recognition Letters 27, 861-874.
    """
    if points < 2:
        raise ValueError("points must be at least 2: a curve has two ends.")
    curves = [
        ((*key, name), curve)
        for key, scores in scores_by_key(graded)
        for name, curve in _curves(scores, points).items()
    ]
    if not curves:
        return table([], COLUMNS)
    sizes = [curve["x"].size for _, curve in curves]
    names = pd.DataFrame([name for name, _ in curves], columns=[*KEY, "curve_name"])
    joined = names.loc[np.repeat(names.index, sizes)].reset_index(drop=True)
    for column in ("x", "y", "threshold"):
        joined[column] = np.concatenate([curve[column] for _, curve in curves])
    joined["point_index"] = np.concatenate([np.arange(size) for size in sizes])
    return table([joined], COLUMNS)


def _curves(scores: Scores, points: int) -> dict[str, dict[str, FloatArray]]:
    churned, retained = running_sum(scores.churned[::-1]), running_sum(scores.retained[::-1])
    contacted = churned + retained
    threshold = np.concatenate([[np.nan], scores.probability[::-1]])
    from_nobody = _thinned(contacted, points)
    from_somebody = 1 + _thinned(contacted[1:], points)

    curves = {}
    if churned[-1] and retained[-1]:
        curves["roc"] = {
            "x": retained[from_nobody] / retained[-1],
            "y": churned[from_nobody] / churned[-1],
            "threshold": threshold[from_nobody],
        }
    if churned[-1]:
        curves["precision_recall"] = {
            "x": churned[from_somebody] / churned[-1],
            "y": churned[from_somebody] / contacted[from_somebody],
            "threshold": threshold[from_somebody],
        }
        curves["gain"] = {
            "x": contacted[from_nobody] / contacted[-1],
            "y": churned[from_nobody] / churned[-1],
            "threshold": threshold[from_nobody],
        }
    return curves


def _thinned(contacted: FloatArray, points: int) -> NDArray[np.intp]:
    if contacted.size <= points:
        return np.arange(contacted.size)
    return np.unique(np.searchsorted(contacted, np.linspace(contacted[0], contacted[-1], points)))
