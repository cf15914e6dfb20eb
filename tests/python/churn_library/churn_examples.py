"""Examples drawn from a known logistic model, and the model fitted another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

FloatArray = npt.NDArray[np.float64]

GROUPS = {
    "recency": "rhythm",
    "activity_rate": "rhythm",
    "mean_value": "money",
    "btyd_log_odds": "btyd",
    "visit_days": "behaviour",
}
FEATURES = list(GROUPS)
CUTOFF = pd.Timestamp("2024-06-30")
HORIZON = 60
RHYTHM = {"recency": 0.8, "activity_rate": -0.5}
KEY = ["activity", "horizon_days", "cutoff_date"]


def simulated_examples(
    effects: Mapping[str, float] = RHYTHM,
    intercepts: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
    *,
    customers: int = 1_000,
    seed: int = 1,
    log_odds: Callable[[pd.DataFrame], pd.Series] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a cut-off and its training snapshots: an intercept each, that of the cut-off first."""
    rng = np.random.default_rng(seed)
    spread = np.array([0.5, 1.0, 2.0, 3.0, 0.2])
    center = np.array([1.0, -2.0, 4.0, 0.0, 0.5])
    examples = []
    for number, intercept in enumerate(intercepts):
        shared = rng.normal(size=(customers, 1))
        drawn = 0.5 * shared + rng.normal(size=(customers, len(FEATURES)))
        values = pd.DataFrame(center + spread * drawn, columns=FEATURES)
        signal = log_odds(values) if log_odds else (values[list(effects)] * effects).sum(axis=1)
        churns = rng.random(customers) < 1 / (1 + np.exp(-(intercept + signal)))
        examples.append(
            values.assign(
                activity="order",
                snapshot_date=CUTOFF - pd.Timedelta(days=HORIZON * number),
                horizon_days=HORIZON,
                customer_id=[f"c{position:05d}" for position in range(customers)],
                is_churned=churns.astype("boolean"),
            )
        )
    return pd.concat(examples, ignore_index=True), listed_snapshots(len(intercepts) - 1)


def listed_snapshots(training: int) -> pd.DataFrame:
    """List a cut-off and its training snapshots."""
    return pd.DataFrame(
        {
            "activity": "order",
            "horizon_days": HORIZON,
            "cutoff_date": CUTOFF,
            "snapshot_number": number,
            "snapshot_date": CUTOFF - pd.Timedelta(days=HORIZON * number),
            "snapshot_horizon_days": HORIZON,
        }
        for number in range(training + 1)
    )


def snapshot(examples: pd.DataFrame, number: int) -> pd.DataFrame:
    """Give the examples of a snapshot."""
    date = CUTOFF - pd.Timedelta(days=HORIZON * number)
    return examples[examples["snapshot_date"] == date]


def log_odds(coefficients: pd.DataFrame, customers: pd.DataFrame) -> FloatArray:
    """Score customers as SQL does, from the table alone."""
    by_name = coefficients.set_index("feature_name")
    terms = by_name.drop(index="intercept")
    standardised = (customers[terms.index] - terms["center"]) / terms["scale"]
    score = by_name.loc["intercept", "coefficient"] + standardised @ terms["coefficient"]
    return score.to_numpy(dtype=float)


class PenalisedLogistic:
    """The most probable parameters by a general optimiser, snapshots from the newest."""

    def __init__(
        self, training: Sequence[pd.DataFrame], features: Sequence[str], penalty: float
    ) -> None:
        values = pd.concat(training)[list(features)].to_numpy(dtype=float)
        churned = pd.concat(training)["is_churned"].to_numpy(dtype=float)
        age = np.concatenate([np.full(len(one), number) for number, one in enumerate(training)])
        self.features = list(features)
        self.center, self.scale = values.mean(axis=0), values.std(axis=0)
        standardised = (values - self.center) / self.scale
        older = len(training) - 1

        def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
            intercept, shifts = parameters[0], parameters[1 : older + 1]
            coefficients = parameters[older + 1 :]
            score = intercept + np.append(0, shifts)[age] + standardised @ coefficients
            loss = np.logaddexp(0, score).sum() - churned @ score
            loss += (penalty * coefficients @ coefficients + shifts @ shifts) / 2
            residual = 1 / (1 + np.exp(-score)) - churned
            by_age = np.bincount(age, residual, minlength=older + 1)[1:]
            gradient = [
                [residual.sum()],
                by_age + shifts,
                residual @ standardised + penalty * coefficients,
            ]
            return float(loss), np.concatenate(gradient)

        start = np.zeros(1 + older + len(features))
        found = minimize(loss_and_gradient, start, jac=True, method="BFGS", options={"gtol": 1e-6})
        self.intercept: float = found.x[0]
        self.coefficients: FloatArray = found.x[older + 1 :]

    def log_losses(self, customers: pd.DataFrame) -> FloatArray:
        """Give the log loss of each customer."""
        values = customers[self.features].to_numpy(dtype=float)
        score = self.intercept + (values - self.center) / self.scale @ self.coefficients
        churned = customers["is_churned"].to_numpy(dtype=float)
        probability = 1 / (1 + np.exp(-score))
        return -churned * np.log(probability) - (1 - churned) * np.log(1 - probability)
