"""Fits against the likelihood in 35 digits, against known processes, and against themselves."""

from __future__ import annotations

from collections.abc import Callable

import btyd_reference as reference
import numpy as np
import pytest
from btyd_data import simulate
from mpmath import log
from scipy.stats import chi2

from dovecote import btyd
from dovecote.btyd import beta_geometric, gamma_gamma, pareto
from dovecote.btyd.histories import Histories
from dovecote.btyd.maximise import Objective

TRUTH = {
    "bg_nbd": {"r": 0.7, "alpha": 30.0, "a": 0.8, "b": 2.4},
    "mbg_nbd": {"r": 0.9, "alpha": 40.0, "a": 0.8, "b": 1.9},
    "pareto_nbd": {"r": 0.8, "alpha": 30.0, "s": 0.7, "beta": 60.0},
}
SPEND_TRUTH = {"p": 6.0, "q": 4.0, "v": 15.0}
HISTORIES = (
    np.array([0, 0, 1, 1, 2, 3, 5, 8, 40, 0]),
    np.array([0.0, 0, 10, 200, 30, 90, 150, 300, 390, 0]),
    np.array([3.0, 400, 30, 300, 400, 100, 180, 305, 400, 90]),
    np.array([30, 50, 4, 6, 7, 3, 5, 2, 1, 20]),
)


def spends(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = 1 + rng.poisson(2, customers)
    rate = rng.gamma(SPEND_TRUTH["q"], 1 / SPEND_TRUTH["v"], customers)
    return x, rng.gamma(SPEND_TRUTH["p"] * x) / rate / x


def objective(model_name: str) -> Objective:
    histories = Histories.of(*HISTORIES).in_unit(100)
    if model_name == "pareto_nbd":
        return pareto.mean_log_likelihood(histories)
    if model_name == "gamma_gamma":
        x, spend = spends(40, seed=1)
        return gamma_gamma.mean_log_likelihood(x.astype(float), spend / 5, np.arange(40) + 1.0)
    return beta_geometric.mean_log_likelihood(model_name, histories)


def differences(function: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """Give slopes by central differences of the fourth order."""
    step = 1e-3
    return np.array(
        [
            (
                8 * (function(point + e) - function(point - e))
                - function(point + 2 * e)
                + function(point - 2 * e)
            )
            / (12 * step)
            for e in step * np.eye(len(point))
        ]
    )


POINTS = {
    "inside": [0.3, -0.5, 0.2, 0.4],
    "far": [-2.0, 2.5, 2.0, -1.5],
    "near_an_edge": [8.0, 9.0, -7.0, 1.0],
}


@pytest.mark.parametrize("where", POINTS)
@pytest.mark.parametrize("model_name", [*TRUTH, "gamma_gamma"])
def test_derivatives(model_name: str, where: str) -> None:
    evaluate = objective(model_name)
    point = np.array(POINTS[where][: len(btyd.PARAMETERS[model_name])])
    at = evaluate(point)
    slopes = differences(lambda near: np.array(evaluate(near).value), point)
    curvatures = differences(lambda near: evaluate(near).gradient, point)
    np.testing.assert_allclose(at.gradient, slopes, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(at.hessian, curvatures, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("model_name", TRUTH)
def test_log_likelihood(model_name: str) -> None:
    fit = btyd.fit(model_name, *HISTORIES)
    expected = sum(
        customers * log(sum(reference.likelihood_parts(model_name, fit.parameters, x, t_x, age)))
        for x, t_x, age, customers in zip(*(part.tolist() for part in HISTORIES), strict=True)
    )
    assert fit.log_likelihood == pytest.approx(float(expected), rel=1e-12)


def test_log_likelihood_of_spend() -> None:
    x, spend = spends(5, seed=2)
    evaluate = gamma_gamma.mean_log_likelihood(x.astype(float), spend, np.ones(5))
    expected = sum(
        log(reference.spend_likelihood(SPEND_TRUTH, *row))
        for row in zip(x.tolist(), spend.tolist(), strict=True)
    )
    found = evaluate(np.log(list(SPEND_TRUTH.values()))).value
    assert 5 * found == pytest.approx(float(expected), rel=1e-12)


def assert_recovers(fit: btyd.Fit, truth: dict[str, float]) -> None:
    estimate = np.array(list(fit.parameters.values()))
    miss = np.log(estimate) - np.log(list(truth.values()))
    covariance_of_logs = fit.covariance / np.outer(estimate, estimate)
    wald = miss @ np.linalg.solve(covariance_of_logs, miss)
    assert chi2.sf(wald, len(truth)) > 0.001
    assert fit.status == "converged"
    assert list(fit.standard_errors.values()) == pytest.approx(np.sqrt(np.diag(fit.covariance)))
    assert np.all(np.sqrt(np.diag(covariance_of_logs)) < 0.2)


@pytest.mark.parametrize("model_name", TRUTH)
def test_recovers_a_known_process(model_name: str) -> None:
    fit = btyd.fit(model_name, *simulate(model_name, TRUTH[model_name], 20_000, seed=3))
    assert_recovers(fit, TRUTH[model_name])


def test_recovers_known_spend() -> None:
    assert_recovers(btyd.fit_gamma_gamma(*spends(5_000, seed=4)), SPEND_TRUTH)


@pytest.mark.parametrize("model_name", ["bg_nbd", "mbg_nbd"])
def test_wald_statistics_follow_their_distribution(model_name: str) -> None:
    truth = TRUTH[model_name]
    tails = []
    for seed in range(30):
        fit = btyd.fit(model_name, *simulate(model_name, truth, 2_000, seed=seed))
        estimate = np.array(list(fit.parameters.values()))
        miss = np.log(estimate) - np.log(list(truth.values()))
        covariance = fit.covariance / np.outer(estimate, estimate)
        tails.append(chi2.sf(miss @ np.linalg.solve(covariance, miss), 4))
    assert 0.3 < np.mean(tails) < 0.7


@pytest.mark.parametrize("model_name", TRUTH)
def test_weighted_histories_are_customers_one_by_one(model_name: str) -> None:
    *histories, customers = HISTORIES
    weighted = btyd.fit(model_name, *histories, customers)
    by_customer = btyd.fit(model_name, *(np.repeat(part, customers) for part in histories))
    assert weighted.parameters == by_customer.parameters
    assert weighted.log_likelihood == by_customer.log_likelihood
    assert (by_customer.customers, by_customer.repeat_customers, by_customer.tuples) == (
        128,
        28,
        10,
    )


@pytest.mark.parametrize("model_name", TRUTH)
def test_four_times_the_customers_halve_the_errors(model_name: str) -> None:
    *histories, customers = HISTORIES
    once, often = (btyd.fit(model_name, *histories, times * customers) for times in (1, 4))
    halves = {name: error / 2 for name, error in once.standard_errors.items()}
    assert often.standard_errors == pytest.approx(halves, rel=1e-6, nan_ok=True)
    assert np.isfinite(once.standard_errors["r"])


@pytest.mark.parametrize("model_name", TRUTH)
def test_the_order_of_histories_does_not_matter(model_name: str) -> None:
    order = np.random.default_rng(6).permutation(len(HISTORIES[0]))
    shuffled = btyd.fit(model_name, *(part[order] for part in HISTORIES))
    assert shuffled.parameters == btyd.fit(model_name, *HISTORIES).parameters


@pytest.mark.parametrize("unit", [7.0, 1 / 86_400, 1e4])
@pytest.mark.parametrize("model_name", TRUTH)
def test_the_unit_of_time_does_not_matter(model_name: str, unit: float) -> None:
    x, t_x, age, customers = HISTORIES
    days = btyd.fit(model_name, *HISTORIES)
    other = btyd.fit(model_name, x, t_x / unit, age / unit, customers)
    scale = {"alpha": unit, "beta": unit}
    assert {
        name: value * scale.get(name, 1) for name, value in other.parameters.items()
    } == pytest.approx(days.parameters, rel=1e-7)
    per_purchase = np.log(unit) * (x @ customers)
    assert other.log_likelihood - per_purchase == pytest.approx(days.log_likelihood, rel=1e-10)
    assert (other.status, other.boundary) == (days.status, days.boundary)


def test_the_unit_of_spend_does_not_matter() -> None:
    x, spend = spends(300, seed=8)
    euros, cents = btyd.fit_gamma_gamma(x, spend), btyd.fit_gamma_gamma(x, 100 * spend)
    assert cents.parameters["v"] == pytest.approx(100 * euros.parameters["v"], rel=1e-7)
    expected = euros.log_likelihood - 300 * np.log(100)
    assert cents.log_likelihood == pytest.approx(expected, rel=1e-10)


def test_rows_without_spend_are_left_out() -> None:
    x, spend = spends(300, seed=8)
    odd_x, odd_spend = [0, 2, 3, 1], [5.0, 0.0, np.nan, -4.0]
    fit = btyd.fit_gamma_gamma([*x, *odd_x], [*spend, *odd_spend])
    assert fit.parameters == btyd.fit_gamma_gamma(x, spend).parameters
    assert (fit.customers, fit.repeat_customers) == (300, 300)


@pytest.mark.parametrize("model_name", TRUTH)
def test_a_start_from_few_histories_ends_at_the_summit_of_all(model_name: str) -> None:
    x, t_x, age = simulate(model_name, TRUTH[model_name], 3_000, seed=9)
    fit = btyd.fit(model_name, x, t_x, age)
    assert fit.tuples == 3_000
    assert fit.gradient_norm <= 1e-9
    assert fit.smallest_eigenvalue > 0


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        (([1], [2.0], [1.0]), "first_to_last_days is above age_days: leave out activity after"),
        (([0], [2.0], [3.0]), "first_to_last_days must be positive where repeat_days is"),
        (([1], [0.0], [3.0]), "first_to_last_days must be positive where repeat_days is"),
        (([1.5], [2.0], [3.0]), "repeat_days must hold whole numbers: give counts"),
        (([1], [2.0], [3.0], [0.5]), "customers must hold whole numbers: give counts"),
        (([1], [2.0], [np.nan]), "age_days has missing, negative or infinite values"),
        (([-1], [2.0], [3.0]), "repeat_days has missing, negative or infinite values"),
        (([1, 2], [2.0], [3.0]), "differ in length: give one value of each per history"),
        (([[1]], [2.0], [3.0]), "repeat_days has 2 dimensions: give one column"),
    ],
)
def test_impossible_histories_are_refused(histories: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        btyd.fit("bg_nbd", *histories)


def test_spend_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in length: give one value of each per row"):
        btyd.fit_gamma_gamma([1, 2], [3.0])


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="model_name is 'other': give one of bg_nbd, mbg_nbd"):
        btyd.fit("other", *HISTORIES)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="engine is 'other': give one of native, lifetimes"):
        btyd.fit("bg_nbd", *HISTORIES, engine="other")
    with pytest.raises(ValueError, match="engine is 'other': give one of native, lifetimes"):
        btyd.fit_gamma_gamma([1], [1.0], engine="other")
