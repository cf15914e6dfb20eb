"""Bootstrap intervals against normal theory, a bootstrap of rows, and a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from graded_scores import CALIBRATED, OVERSTATED, Customers, counted, drawn_customers
from numpy.testing import assert_allclose

from dovecote.evaluate import evaluation_table


def delong_error(customers: Customers) -> float:
    """Give the standard error of AUC (DeLong, DeLong, Clarke-Pearson 1988) from all pairs."""
    is_churned = customers.churned == 1
    above = customers.probability[is_churned][:, None] - customers.probability[~is_churned]
    wins = (np.sign(above) + 1) / 2
    components = (wins.mean(axis=1), wins.mean(axis=0))
    return float(np.sqrt(sum(part.var(ddof=1) / part.size for part in components)))


@pytest.mark.parametrize("decimals", [1, 6])
def test_intervals_have_the_width_of_normal_theory(decimals: int) -> None:
    customers = drawn_customers(1_000, seed=6, decimals=decimals)
    (grades,) = evaluation_table(counted(customers), resamples=4_000).to_dict("records")
    clipped = np.clip(customers.probability, 1e-6, 1 - 1e-6)
    likelihood = np.where(customers.churned, clipped, 1 - clipped)
    squared = (customers.probability - customers.churned) ** 2
    errors = {
        "auc": delong_error(customers),
        "brier": squared.std() / np.sqrt(squared.size),
        "log_loss": np.log(likelihood).std() / np.sqrt(squared.size),
    }
    for measure, error in errors.items():
        low, high = grades[f"{measure}_low"], grades[f"{measure}_high"]
        assert_allclose((high - low) / error, 2 * 1.96, rtol=0.08)
        assert_allclose((high + low) / 2, grades[measure], atol=0.25 * error)


def ece_of_rows(customers: Customers) -> float:
    order = np.argsort(customers.probability)
    bins = np.array_split((customers.probability - customers.churned)[order], 10)
    return float(np.mean([abs(gaps.mean()) for gaps in bins]))


def test_interval_of_ece_matches_a_bootstrap_of_rows() -> None:
    customers = drawn_customers(400, seed=7)
    (grades,) = evaluation_table(counted(customers), resamples=2_000).to_dict("records")
    rng = np.random.default_rng(8)
    resampled = [
        ece_of_rows(Customers(*(values[rows] for values in customers)))
        for rows in rng.integers(0, 400, (2_000, 400))
    ]
    estimate, mean = ece_of_rows(customers), np.mean(resampled)
    high = np.quantile(resampled, 0.975)
    low = estimate - (1 + np.sqrt(2)) * (mean - estimate) - (high - mean)
    assert 0 < low < estimate < high
    found = [grades["ece_low"], grades["ece_high"]]
    assert_allclose(found, [low, high], atol=0.05 * (high - low))


@pytest.mark.parametrize("power", [OVERSTATED, CALIBRATED], ids=["overstated", "calibrated"])
def test_intervals_cover_the_truth(power: float) -> None:
    models = 150
    grades = evaluation_table(
        pd.concat(
            counted(drawn_customers(300, seed, power=power), model_name=str(seed))
            for seed in range(models)
        )
    )
    probability = np.sort(drawn_customers(100_000, seed=models).probability)
    rate = probability**power
    below = np.cumsum(1 - rate) - (1 - rate) / 2
    squared = rate * (1 - probability) ** 2 + (1 - rate) * probability**2
    truth = {
        "auc": rate @ below / (rate.sum() * (1 - rate).sum()),
        "brier": squared.mean(),
        "ece": np.mean([abs(gap.mean()) for gap in np.split(probability - rate, 10)]),
    }
    covered = {
        measure: (grades[f"{measure}_low"].le(value) & grades[f"{measure}_high"].ge(value)).mean()
        for measure, value in truth.items()
    }
    assert 0.9 <= covered["auc"] <= 0.99
    assert 0.9 <= covered["brier"] <= 0.99
    # Percentiles alone never cover the ECE of a calibrated model, which is 0.
    assert covered["ece"] >= (0.93 if power == OVERSTATED else 0.8)


def test_seed_and_key_choose_the_resamples() -> None:
    scores = pd.concat(
        counted(drawn_customers(100, seed=9), model_name=name) for name in ("one", "other")
    )
    ends = ["auc_low", "auc_high", "brier_low", "brier_high", "log_loss_low", "log_loss_high"]
    first, again, reseeded = (evaluation_table(scores, seed=seed)[ends] for seed in (1, 1, 2))
    assert first.equals(again)
    assert (first != reseeded).all(axis=None)
    assert (first.loc[0] != first.loc[1]).all()


def test_intervals_hold_their_estimates_whatever_the_size() -> None:
    scores = pd.concat(
        counted(drawn_customers(size, seed=size, decimals=1), model_name=str(size))
        for size in range(1, 40)
    )
    grades = evaluation_table(scores, resamples=50)
    for measure in ("auc", "brier", "log_loss", "ece"):
        defined = grades[grades[measure].notna()]
        assert len(defined) > 25
        assert (defined[f"{measure}_low"] <= defined[measure]).all(), measure
        assert (defined[measure] <= defined[f"{measure}_high"]).all(), measure
    assert (grades["ece_low"] >= 0).all()
    assert (grades["ece_high"] <= 1).all()


def test_an_interval_of_one_resample_is_widened_to_the_estimate() -> None:
    scores = pd.concat(
        counted(drawn_customers(50, seed=seed), model_name=str(seed)) for seed in range(10)
    )
    grades = evaluation_table(scores, resamples=1)
    for measure in ("auc", "brier", "log_loss"):
        ends = grades[[f"{measure}_low", f"{measure}_high"]]
        assert ends.eq(grades[measure], axis=0).sum(axis=1).eq(1).all(), measure
