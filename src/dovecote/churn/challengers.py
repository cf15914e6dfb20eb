"""Models that the published one is compared with: a random forest and gradient boosting.

They learn from the same snapshots and features as the logistic model, without a choice of features
or settings: trees pass over features that do not help, and leaves are large enough for
probabilities. They are graded, never published, so scores are given only where outcomes are known.

References
----------
Breiman, L. (2001), Random forests, Machine Learning 45(1), 5-32.
Friedman, J. H. (2001), Greedy function approximation: a gradient boosting machine, Annals of
Statistics 29(5), 1189-1232.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from dovecote.churn.training import KEY, MINIMUM_OUTCOMES, read_tasks

FEATURE_DIGITS = 9
"""Digits behind the point to which any database computes the same features."""

CHALLENGERS: dict[str, Callable[[], Any]] = {
    "random_forest": lambda: RandomForestClassifier(
        n_estimators=30, min_samples_leaf=50, max_samples=0.3, random_state=1
    ),
    "gradient_boosting": lambda: HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, min_samples_leaf=50, early_stopping=False, random_state=1
    ),
}


def challenger_scores(
    examples: pd.DataFrame,
    snapshots: pd.DataFrame,
    features: Sequence[str],
    *,
    minimum_outcomes: int = MINIMUM_OUTCOMES,
) -> pd.DataFrame:
    """Score customers at past cut-offs with a random forest and gradient boosting.

    Parameters
    ----------
    examples, snapshots
        As for ``logistic_coefficients``.
    features
        Columns of ``examples`` to learn from.
    minimum_outcomes
        As for ``logistic_coefficients``.

    Returns
    -------
    pandas.DataFrame
        One row per activity, horizon_days, cutoff_date, model_name and customer_id:
        churn_probability, in [0, 1]. Cut-offs without outcomes or with too little to learn from
        have none.

    Raises
    ------
    ValueError
        If a column is missing, a feature is null, or the outcome of a training snapshot is null.
    """
    tables: list[pd.DataFrame] = []
    for task in read_tasks(examples, snapshots, tuple(features), minimum_outcomes):
        scored = task.scored
        is_graded = not np.isnan(scored.is_churned).any()
        if task.status != "trainable" or not task.varies.any() or not is_graded:
            continue
        values = _steady(np.concatenate([snapshot.values for snapshot in task.training]))
        is_churned = np.concatenate([snapshot.is_churned for snapshot in task.training])
        for model_name, model in CHALLENGERS.items():
            fitted = model().fit(values[:, task.varies], is_churned)
            probability = fitted.predict_proba(_steady(scored.values)[:, task.varies])[:, 1]
            tables.append(
                pd.DataFrame(
                    {
                        **dict(zip(KEY, task.key, strict=True)),
                        "model_name": model_name,
                        "customer_id": scored.customer_id,
                        "churn_probability": probability,
                    }
                )
            )
    types = {
        **snapshots[KEY].dtypes,
        "model_name": "str",
        "customer_id": examples["customer_id"].dtype,
        "churn_probability": "float64",
    }
    empty = pd.DataFrame(columns=list(types))
    return pd.concat(tables or [empty], ignore_index=True).astype(types)


def _steady(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round features: a tree may split between two values that differ in their last digit."""
    return np.round(values, FEATURE_DIGITS)
