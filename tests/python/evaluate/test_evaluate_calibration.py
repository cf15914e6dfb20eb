"""Calibration bins and recalibration against other ways of computing them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from graded_scores import KEY, counted, drawn_customers, graded
from numpy.testing import assert_allclose
from scipy.special import expit, logit
from scipy.stats import binomtest

from dovecote.evaluate import calibration_table, evaluation_table


def test_bins_are_tenths_of_the_ordered_customers() -> None:
    customers = drawn_customers(1_000, seed=10)
    bins = calibration_table(counted(customers))
    order = np.argsort(customers.probability)
    probability = customers.probability[order].reshape(10, 100)
    churned = customers.churned[order].reshape(10, 100).sum(axis=1)
    assert bins["calibration_bin"].tolist() == list(range(1, 11))
    assert_allclose(bins["customers"], 100, rtol=1e-12)
    assert_allclose(bins["churned"], churned, atol=1e-9)
    assert_allclose(bins["mean_probability"], probability.mean(axis=1), rtol=1e-12)
    assert_allclose(bins["observed_rate"], churned / 100, atol=1e-12)
    assert_allclose(bins["probability_low"], probability[:, 0])
    assert_allclose(bins["probability_high"], probability[:, -1])
    wilson = [binomtest(count, 100).proportion_ci(method="wilson") for count in churned]
    assert_allclose(bins["ci_low"], [interval.low for interval in wilson], atol=1e-12)
    assert_allclose(bins["ci_high"], [interval.high for interval in wilson], atol=1e-12)


def test_customers_with_equal_scores_are_split_in_proportion() -> None:
    counts = counted(drawn_customers(137, seed=11, decimals=1)).sort_values("churn_probability")
    bins = calibration_table(counts)
    # Ten parts of every customer, so that no part straddles an edge.
    parts = 10 * counts["customers"].to_numpy()
    probability = np.repeat(counts["churn_probability"].to_numpy(), parts)
    rate = np.repeat((counts["churned"] / counts["customers"]).to_numpy(), parts)
    for column, values in {"mean_probability": probability, "observed_rate": rate}.items():
        assert_allclose(bins[column], values.reshape(10, 137).mean(axis=1), atol=1e-12)
    assert_allclose(bins["probability_low"], probability.reshape(10, 137)[:, 0])
    assert_allclose(bins["probability_high"], probability.reshape(10, 137)[:, -1])
    assert_allclose(bins["customers"], 13.7)


@pytest.mark.parametrize("decimals", [1, 2, 6])
@pytest.mark.parametrize("count", [7, 137, 1_000])
def test_ece_is_the_mean_gap_of_the_bins(count: int, decimals: int) -> None:
    scores = pd.concat(
        counted(drawn_customers(count, seed=seed, decimals=decimals), model_name=str(seed))
        for seed in (12, 13)
    )
    bins, grades = calibration_table(scores), evaluation_table(scores, resamples=5)
    totals = bins.groupby(KEY)[["customers", "churned"]].sum()
    assert_allclose(totals["customers"], grades["customers"])
    assert_allclose(totals["churned"], grades["churned"])
    gaps = (bins["mean_probability"] - bins["observed_rate"]).abs() * bins["customers"]
    ece = gaps.groupby(bins["model_name"]).sum().to_numpy() / grades["customers"]
    assert_allclose(grades["ece"], ece, rtol=1e-9)


def test_one_score_for_everyone_fills_all_bins_alike() -> None:
    scores = graded([0.3], customers=[50], churned=[20])
    bins = calibration_table(scores)
    assert_allclose(bins["observed_rate"], 0.4)
    assert_allclose(bins["mean_probability"], 0.3)
    (grades,) = evaluation_table(scores).to_dict("records")
    assert_allclose(grades["ece"], 0.1)
    assert_allclose(grades["auc"], 0.5)


def test_recalibration_finds_the_line_that_made_the_outcomes() -> None:
    probability = np.linspace(0.01, 0.99, 99)
    rate = expit(-0.4 + 0.7 * logit(probability))
    customers = np.full(99, 10**9)
    churned = np.round(rate * customers).astype(int)
    (grades,) = evaluation_table(graded(probability, customers, churned)).to_dict("records")
    assert_allclose(grades["calibration_slope"], 0.7, atol=1e-6)
    assert_allclose(grades["calibration_intercept"], -0.4, atol=1e-6)


def test_recalibrated_scores_meet_the_likelihood_equations() -> None:
    customers = drawn_customers(500, seed=14)
    (grades,) = evaluation_table(counted(customers)).to_dict("records")
    log_odds = logit(customers.probability)
    fitted = expit(grades["calibration_intercept"] + grades["calibration_slope"] * log_odds)
    assert_allclose((fitted - customers.churned).mean(), 0, atol=1e-8)
    assert_allclose(((fitted - customers.churned) * log_odds).mean(), 0, atol=1e-8)


@pytest.mark.parametrize(
    ("churned", "is_estimable"),
    [
        ([0, 0, 2, 2], False),
        ([2, 2, 0, 0], False),
        ([0, 0, 1, 2], False),
        ([2, 1, 0, 0], False),
        ([0, 0, 0, 0], False),
        ([0, 1, 1, 2], True),
        ([1, 0, 2, 2], True),
    ],
    ids=["separated", "reversed", "tied", "reversed and tied", "one class", "overlap", "below"],
)
def test_recalibration_is_null_where_it_has_no_maximum(
    churned: list[int], is_estimable: bool
) -> None:
    scores = graded([0.2, 0.4, 0.6, 0.8], [2, 2, 2, 2], churned)
    (grades,) = evaluation_table(scores, resamples=5).to_dict("records")
    found = [grades["calibration_slope"], grades["calibration_intercept"]]
    assert np.isfinite(found).tolist() == [is_estimable] * 2
