"""Grades against scikit-learn and cases worked by hand."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from graded_scores import Customers, counted, drawn_customers, graded
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn import metrics

from dovecote.evaluate import calibration_table, curves_table, evaluation_table

THRESHOLD = 0.3


@pytest.fixture(scope="module", params=[1, 6], ids=["tied", "distinct"])
def customers(request: pytest.FixtureRequest) -> Customers:
    drawn = drawn_customers(900, seed=3, decimals=request.param)
    certain = Customers(np.array([0, 0, 1, 1, 0.3]), np.array([0, 1, 0, 1, 1]))
    return Customers(*map(np.concatenate, zip(drawn, certain, strict=True)))


@pytest.fixture(scope="module")
def grades(customers: Customers) -> pd.Series:
    return grades_of(counted(customers), threshold=THRESHOLD)


def grades_of(scores: pd.DataFrame, threshold: float = 0.5, **options: Any) -> pd.Series:
    thresholds = scores.drop_duplicates("model_name").assign(threshold=threshold)
    (grade,) = (
        row
        for _, row in evaluation_table(scores, thresholds, **{"resamples": 5, **options}).iterrows()
    )
    return grade


def test_ranking_and_estimates_match_scikit_learn(customers: Customers, grades: pd.Series) -> None:
    probability, churned = customers
    assert grades["customers"] == churned.size
    assert grades["churned"] == churned.sum()
    assert_allclose(grades["base_rate"], churned.mean(), rtol=1e-12)
    assert_allclose(grades["mean_probability"], probability.mean(), rtol=1e-12)
    assert_allclose(grades["auc"], metrics.roc_auc_score(churned, probability), rtol=1e-12)
    assert_allclose(grades["brier"], metrics.brier_score_loss(churned, probability), rtol=1e-12)
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    assert_allclose(grades["log_loss"], metrics.log_loss(churned, clipped), rtol=1e-12)


def test_decisions_match_scikit_learn(customers: Customers, grades: pd.Series) -> None:
    assert THRESHOLD in customers.probability
    decided, churned = customers.probability >= THRESHOLD, customers.churned
    found = grades[["tn", "fp", "fn", "tp"]].tolist()
    assert found == metrics.confusion_matrix(churned, decided).ravel().tolist()
    assert_allclose(grades["accuracy"], metrics.accuracy_score(churned, decided))
    assert_allclose(grades["precision_score"], metrics.precision_score(churned, decided))
    assert_allclose(grades["recall"], metrics.recall_score(churned, decided))
    assert_allclose(grades["f1"], metrics.f1_score(churned, decided))


def test_ties_worked_by_hand() -> None:
    scores = graded([0.9, 0.2, 0.5], customers=[1, 2, 2], churned=[1, 0, 1])
    grades = grades_of(scores, capacities=(0.2, 0.4, 0.025, 1.0))
    # Pairs won: 0.9 three of three, 0.5 two and a half of three.
    assert_allclose(grades["auc"], 5.5 / 6)
    assert_allclose(grades["lift_at_20pct"], 1 / 0.4)
    # The second customer contacted is one of two with 0.5, of whom half churned.
    assert_allclose(grades["lift_at_40pct"], (1.5 / 2) / 0.4)
    assert_allclose(grades["lift_at_2_5pct"], 1 / 0.4)
    assert_allclose(grades["lift_at_100pct"], 1)


def test_each_model_has_its_own_threshold_or_a_half() -> None:
    scores = pd.concat(
        graded([0.4, 0.6], [1, 1], [0, 1], model_name=name) for name in ("with", "without", "null")
    )
    thresholds = scores.drop_duplicates("model_name").assign(threshold=[0.2, 0.9, None])
    grades = evaluation_table(scores, thresholds[thresholds["model_name"] != "without"])
    decided = grades.set_index("model_name")
    assert decided["threshold"].to_dict() == {"with": 0.2, "without": 0.5, "null": 0.5}
    assert decided["fp"].to_dict() == {"with": 1, "without": 0, "null": 0}


def test_order_and_splitting_of_rows_and_other_models_change_nothing() -> None:
    customers = drawn_customers(300, seed=4, decimals=2)
    one = counted(customers)
    split = graded(customers.probability, np.ones(300, int), customers.churned)
    others = [counted(customers, model_name="a"), counted(customers, horizon_days=60)]
    crowd = pd.concat([*others, split]).sample(frac=1, random_state=1)
    for make in (evaluation_table, calibration_table, curves_table):
        among_others = make(crowd)
        is_one = (among_others["model_name"] == "bg_nbd") & (among_others["horizon_days"] == 30)
        assert 0 < is_one.sum() < len(among_others)
        assert_frame_equal(among_others[is_one].reset_index(drop=True), make(one))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("churns", [True, False])
def test_one_class_leaves_undefined_measures_null(churns: bool) -> None:
    grades = grades_of(graded([0.2, 0.4], [2, 2], [2 * churns, 2 * churns]), threshold=0.9)
    undefined = {"auc", "auc_low", "auc_high", "precision_score"}
    undefined |= {"calibration_slope", "calibration_intercept"}
    if not churns:
        undefined |= {"recall", "f1", "lift_at_5pct", "lift_at_10pct", "lift_at_20pct"}
    assert set(grades.index[grades.isna()]) == undefined
    assert_allclose(grades["brier"], 0.5 * (0.8**2 + 0.6**2) if churns else 0.5 * (0.04 + 0.16))
    assert grades["accuracy"] == (not churns)


@pytest.mark.parametrize("make", [evaluation_table, calibration_table, curves_table])
def test_no_rows_give_the_same_columns_and_types(make: Any) -> None:
    scores = graded([0.2, 0.4], [2, 2], [0, 1])
    nothing = make(scores.iloc[:0])
    assert nothing.empty
    assert_frame_equal(nothing, make(scores).iloc[:0], check_index_type=False)
    assert nothing["cutoff_date"].dtype == "datetime64[us]"
    assert "object" not in set(map(str, nothing.dtypes))


@pytest.mark.parametrize(
    "cutoff", [datetime.date(2024, 1, 31), "2024-01-31", np.datetime64("2024-01-31", "ns")]
)
def test_cutoff_dates_of_any_type_give_the_same_table(cutoff: Any) -> None:
    customers = drawn_customers(50, seed=5)
    assert_frame_equal(
        evaluation_table(counted(customers, cutoff_date=cutoff)),
        evaluation_table(counted(customers)),
    )


def test_training_horizon_may_be_null() -> None:
    known = graded([0.4, 0.6], [1, 1], [0, 1], training_horizon_days=20)
    unknown = graded([0.4, 0.6], [1, 1], [0, 1], training_horizon_days=None, model_name="naive")
    grades = evaluation_table(pd.concat([known, unknown]))
    horizons = grades["training_horizon_days"]
    assert horizons[0] == 20
    assert horizons[1] is pd.NA


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"churn_probability": [0.2, 1.1]}, "churn_probability"),
        ({"churn_probability": [0.2, None]}, "churn_probability"),
        ({"model_name": ["a", None]}, "model_name"),
        ({"customers": [0, 2], "churned": [0, 0]}, "customers"),
        ({"churned": [1, 3]}, "churned"),
        ({"churned": [1, -1]}, "churned"),
        ({"training_horizon_days": [30, 60]}, "training_horizon_days"),
    ],
)
def test_impossible_values_are_named(changes: dict[str, list[Any]], message: str) -> None:
    scores = graded([0.2, 0.4], [2, 2], [0, 1]).assign(**changes)
    with pytest.raises(ValueError, match=f"Column {message} "):
        evaluation_table(scores)


@pytest.mark.parametrize("column", graded([0.2], [1], [0]).columns)
def test_missing_columns_are_named(column: str) -> None:
    with pytest.raises(ValueError, match=f"Column {column} is missing"):
        evaluation_table(graded([0.2], [1], [0]).drop(columns=column))


def test_several_thresholds_of_one_key_are_refused() -> None:
    scores = graded([0.2, 0.4], [2, 2], [0, 1])
    with pytest.raises(ValueError, match="Column threshold has several values"):
        evaluation_table(scores, scores.assign(threshold=[0.1, 0.2]))


@pytest.mark.parametrize("options", [{"capacities": (0.1, 0.0)}, {"resamples": 0}])
def test_impossible_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        evaluation_table(graded([0.2], [1], [0]), **options)
