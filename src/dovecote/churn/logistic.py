"""The published churn model: a regularised logistic regression, as a table of coefficients.

The model
---------
The log-odds of churning are linear in the standardised features. Coefficients have a normal prior
with mean 0 (an L2 penalty); ``regularisation`` is the inverse of its variance, so that 1 says that
a change of one standard deviation rarely moves the log-odds by more than 2.

**Every training snapshot has an intercept of its own, and the newest one's is published.** A
customer base ages and seasons turn, so rates differ between snapshots; one intercept for all would
explain those differences by features that happen to have moved as well, and would publish a mean
of past rates. Differences from the newest snapshot have a normal prior with standard deviation 1.

Nothing is recalibrated afterwards. A slope and an intercept, or an intercept alone, taken from the
validation on the newest snapshot or on all of them, were worse than none on average over earlier
windows of CDNOW, and no better on Complete Journey: drift between two snapshots does not carry on.

The choice of features and regularisation
-----------------------------------------
Each training snapshot but the oldest is predicted by a model trained on the older ones. Of the
candidates whose log loss is within one standard error of the best, the one with the fewest features
wins, then the one with the strongest regularisation. The standard error is that of the difference
from the best, customer by customer: the customers are the same ones, so it is much smaller than
that of a loss itself. With one training snapshot nothing can be validated and the default is
taken: rhythm, money and BTYD features with a prior of variance 1.

References
----------
Breiman, L., Friedman, J. H., Olshen, R. A., Stone, C. J. (1984), Classification and Regression
Trees, Wadsworth, section 3.4.3 (the rule of one standard error).
Gelman, A., Jakulin, A., Pittau, M. G., Su, Y.-S. (2008), A weakly informative default prior
distribution for logistic and other regression models, Annals of Applied Statistics 2(4), 1360-1383.
Hoerl, A. E., Kennard, R. W. (1970), Ridge regression: biased estimation for nonorthogonal problems,
Technometrics 12(1), 55-67.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from dovecote.churn.training import (
    KEY,
    MINIMUM_OUTCOMES,
    FloatArray,
    IntArray,
    Snapshot,
    Task,
    read_tasks,
    training_status,
)

LADDER = (
    ("rhythm",),
    ("rhythm", "btyd"),
    ("rhythm", "money", "btyd"),
    ("rhythm", "money", "btyd", "behaviour"),
)
PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0)
DEFAULT_GROUPS = LADDER[2]
DEFAULT_PENALTY = 1.0

COLUMNS = {
    "model_name": "str",
    "feature_name": "str",
    "coefficient": "float64",
    "center": "float64",
    "scale": "float64",
    "training_horizon_days": "Int64",
    "training_snapshots": "int64",
    "training_customers": "int64",
    "regularisation": "float64",
    "feature_groups": "str",
    "status": "str",
}


class Model(NamedTuple):
    """Log-odds = intercept + sum of coefficient * (value - center) / scale."""

    intercept: float
    coefficient: FloatArray
    center: FloatArray
    scale: FloatArray

    def log_odds(self, values: FloatArray) -> FloatArray:
        """Score customers, values of shape (customers, features)."""
        terms = (values - self.center) / self.scale @ self.coefficient
        return np.asarray(self.intercept + terms)


def logistic_coefficients(
    examples: pd.DataFrame,
    snapshots: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    minimum_outcomes: int = MINIMUM_OUTCOMES,
) -> pd.DataFrame:
    """Fit the logistic model of the module's docstring at every cut-off.

    Parameters
    ----------
    examples
        One row per activity, snapshot_date, horizon_days (the snapshot's own) and customer_id:
        is_churned (null while unknown) and the features, without nulls.
    snapshots
        One row per activity, horizon_days, cutoff_date and snapshot_number (0 is the cut-off
        itself, 1 to 3 the training snapshots, 1 the newest): snapshot_date and
        snapshot_horizon_days.
    groups
        Group of each feature: rhythm, money, btyd or behaviour.
    minimum_outcomes
        Fewest customers of the rarer outcome, over the training snapshots, that a model is
        trained on.

    Returns
    -------
    pandas.DataFrame
        One row per activity, horizon_days, cutoff_date and feature_name, the intercept among them
        (center 0, scale 1). A feature that hardly varies in a snapshot or at the cut-off, or whose
        group was not chosen, has no row. Customers count once in each training snapshot; of one
        with more than 25,000, every n-th by customer_id is taken. Where nothing could be fitted
        there is the intercept's row alone, without a coefficient, and status says why:
        no_training_snapshot, one_class or too_few_outcomes.

    Raises
    ------
    ValueError
        If a column is missing, a feature is null or its group unknown, or the outcome of a
        training snapshot is null.
    """
    for feature, group in groups.items():
        if group not in LADDER[-1]:
            raise ValueError(
                f"Group {group} of feature {feature} is unknown: take one of "
                f"{', '.join(LADDER[-1])}."
            )
    rows: list[tuple[Any, ...]] = []
    for task in read_tasks(examples, snapshots, tuple(groups), minimum_outcomes):
        rows.extend(_rows(task, groups, minimum_outcomes))
    types = {**snapshots[KEY].dtypes, **COLUMNS}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _rows(task: Task, groups: Mapping[str, str], minimum_outcomes: int) -> list[tuple[Any, ...]]:
    penalty, used = np.nan, np.empty(0, dtype=np.int64)
    numbers = {"intercept": (np.nan, 0.0, 1.0)}
    if task.status == "trainable":
        used, penalty = _choose(task, list(groups.values()), minimum_outcomes)
        (model,) = _Design(task.training).fits(used, [penalty])
        fitted = zip(model.coefficient, model.center, model.scale, strict=True)
        numbers = {
            "intercept": (model.intercept, 0.0, 1.0),
            **dict(zip(np.array(list(groups))[used], fitted, strict=True)),
        }
    used_groups = np.array(list(groups.values()))[used]
    return [
        (
            *task.key,
            "logistic",
            feature_name,
            *of_feature,
            task.training_horizon_days,
            len(task.training),
            sum(len(snapshot.values) for snapshot in task.training),
            penalty,
            "+".join(group for group in LADDER[-1] if group in used_groups),
            "fitted" if task.status == "trainable" else task.status,
        )
        for feature_name, of_feature in numbers.items()
    ]


class _Design:
    """Standardised features of snapshots, the newest first, to fit several models on."""

    def __init__(self, training: Sequence[Snapshot]) -> None:
        values = np.concatenate([snapshot.values for snapshot in training])
        self.is_churned = np.concatenate([snapshot.is_churned for snapshot in training])
        self.center = values.mean(axis=0)
        spread = values.std(axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        self.standardised = (values - self.center) / self.scale
        age = np.repeat(np.arange(len(training)), [len(snapshot.values) for snapshot in training])
        self.is_older = np.eye(len(training))[age]
        self.is_older[:, 0] = 0

    def fits(self, columns: IntArray, penalties: Sequence[float]) -> list[Model]:
        """Fit a model for each penalty, from where the one before ended, on some features."""
        regression = LogisticRegression(solver="newton-cholesky", tol=1e-8, warm_start=True)
        models = []
        for penalty in penalties:
            # A prior variance of 1 for differences between snapshots, whatever the penalty.
            differences = self.is_older * np.sqrt(penalty)
            design = np.column_stack([self.standardised[:, columns], differences])
            regression.set_params(C=1 / penalty)
            with warnings.catch_warnings():
                # A very long tail of a feature makes the solver hand over to a slower one, and
                # say so.
                warnings.simplefilter("ignore", ConvergenceWarning)
                regression.fit(design, self.is_churned)
            models.append(
                Model(
                    intercept=float(regression.intercept_[0]),
                    coefficient=regression.coef_[0, : len(columns)].copy(),
                    center=self.center[columns],
                    scale=self.scale[columns],
                )
            )
        return models


def _choose(task: Task, group_of: Sequence[str], minimum_outcomes: int) -> tuple[IntArray, float]:
    """Choose the positions of the features and the penalty."""

    def columns(groups: Sequence[str]) -> IntArray:
        return np.flatnonzero(task.varies & np.isin(group_of, groups))

    folds = [
        (newest, _Design(older))
        for position, newest in enumerate(task.training)
        if training_status(older := task.training[position + 1 :], minimum_outcomes) == "trainable"
    ]
    if not folds:
        return columns(DEFAULT_GROUPS), DEFAULT_PENALTY
    # Groups of which nothing varies repeat a shorter rung of the ladder.
    rungs = {len(columns(groups)): columns(groups) for groups in LADDER}
    candidates = [(rung, penalty) for rung in rungs.values() for penalty in PENALTIES]
    losses = np.concatenate(
        [
            np.concatenate([_log_losses(newest, older, rung) for newest, older in folds], axis=1)
            for rung in rungs.values()
        ]
    )
    behind = losses - losses[losses.mean(axis=1).argmin()]
    standard_error = behind.std(axis=1) / np.sqrt(losses.shape[1])
    return candidates[int(np.argmax(behind.mean(axis=1) <= standard_error))]


def _log_losses(validation: Snapshot, design: _Design, columns: IntArray) -> FloatArray:
    """Compute what each customer adds to the loss, of shape (penalties, customers)."""
    values = validation.values[:, columns]
    log_odds = [model.log_odds(values) for model in design.fits(columns, PENALTIES)]
    sign = np.where(validation.is_churned == 1, -1.0, 1.0)
    return np.asarray(np.logaddexp(0.0, sign * np.array(log_odds)))
