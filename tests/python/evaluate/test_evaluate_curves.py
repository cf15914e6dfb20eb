"""Curves against scikit-learn, and what thinning keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from graded_scores import counted, drawn_customers, graded
from numpy.testing import assert_allclose
from sklearn import metrics

from dovecote.evaluate import curves_table, evaluation_table


def curve_of(curves: pd.DataFrame, name: str) -> pd.DataFrame:
    return curves[curves["curve_name"] == name].reset_index(drop=True)


def test_whole_curves_match_scikit_learn() -> None:
    customers = drawn_customers(600, seed=15, decimals=1)
    curves = curves_table(counted(customers))

    roc = curve_of(curves, "roc")
    fpr, tpr, threshold = metrics.roc_curve(
        customers.churned, customers.probability, drop_intermediate=False
    )
    assert roc["point_index"].tolist() == list(range(fpr.size))
    assert_allclose(roc["x"], fpr)
    assert_allclose(roc["y"], tpr)
    assert_allclose(roc["threshold"][1:], threshold[1:])
    assert np.isnan(roc["threshold"][0])

    precision_recall = curve_of(curves, "precision_recall")
    precision, recall, threshold = metrics.precision_recall_curve(
        customers.churned, customers.probability
    )
    # scikit-learn ends with a point of its own, recall 0 and precision 1.
    assert_allclose(precision_recall["x"], recall[-2::-1])
    assert_allclose(precision_recall["y"], precision[-2::-1])
    assert_allclose(precision_recall["threshold"], threshold[::-1])


def test_gain_worked_by_hand() -> None:
    gain = curve_of(curves_table(graded([0.9, 0.2, 0.5], [1, 2, 2], [1, 0, 1])), "gain")
    assert_allclose(gain["x"], [0, 0.2, 0.6, 1])
    assert_allclose(gain["y"], [0, 0.5, 1, 1])
    assert_allclose(gain["threshold"], [np.nan, 0.9, 0.5, 0.2])


def test_area_under_the_whole_roc_curve_is_auc() -> None:
    scores = counted(drawn_customers(300, seed=16))
    roc = curve_of(curves_table(scores, points=301), "roc")
    (auc,) = evaluation_table(scores, resamples=5)["auc"]
    assert_allclose(np.trapezoid(roc["y"], roc["x"]), auc)


@pytest.mark.parametrize("points", [2, 11, 101])
def test_thinned_curves_are_points_of_the_whole_ones_with_their_ends(points: int) -> None:
    scores = counted(drawn_customers(5_000, seed=17))
    whole, thinned = curves_table(scores, points=5_001), curves_table(scores, points=points)
    for name in ("roc", "precision_recall", "gain"):
        all_points = curve_of(whole, name)[["x", "y", "threshold"]]
        kept = curve_of(thinned, name)[["x", "y", "threshold"]]
        assert len(kept) == points < len(all_points)
        assert kept.merge(all_points).shape == kept.shape
        assert kept.iloc[0].equals(all_points.iloc[0])
        assert kept.iloc[-1].equals(all_points.iloc[-1])
    steps = np.diff(curve_of(thinned, "gain")["x"])
    assert_allclose(steps, 1 / (points - 1), atol=2 / 5_000)


def test_curves_with_few_thresholds_keep_them_all() -> None:
    scores = graded([0.1, 0.2, 0.3, 0.4], [1, 1, 1, 997], [0, 1, 0, 400])
    curves = curves_table(scores, points=5)
    assert curves["curve_name"].value_counts().to_dict() == {
        "roc": 5,
        "precision_recall": 4,
        "gain": 5,
    }


@pytest.mark.parametrize(
    ("churned", "names"), [([0, 0], set()), ([2, 2], {"precision_recall", "gain"})]
)
def test_undefined_curves_are_left_out(churned: list[int], names: set[str]) -> None:
    curves = curves_table(graded([0.2, 0.4], [2, 2], churned))
    assert set(curves["curve_name"]) == names
    assert curves[["x", "y"]].notna().all(axis=None)


def test_a_curve_has_two_ends() -> None:
    with pytest.raises(ValueError, match="points must be at least 2"):
        curves_table(graded([0.2], [1], [0]), points=1)
