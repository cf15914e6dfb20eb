"""Scores against the models in 35 digits, and against customers drawn one by one."""

from __future__ import annotations

from itertools import pairwise

import btyd_reference as reference
import numpy as np
import pytest

from dovecote import btyd
from dovecote.btyd import pareto

PARAMETERS = {
    "bg_nbd": [
        {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
        {"r": 0.6, "alpha": 55.0, "a": 1.0, "b": 1.4},
        {"r": 3.0, "alpha": 40.0, "a": 0.2, "b": 0.5},
    ],
    "pareto_nbd": [
        {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
        {"r": 0.6, "alpha": 55.0, "s": 1.0, "beta": 300.0},
        {"r": 3.0, "alpha": 400.0, "s": 2.5, "beta": 20.0},
    ],
}
PARAMETERS["mbg_nbd"] = PARAMETERS["bg_nbd"]
CASES = [(name, parameters) for name in btyd.MODELS for parameters in PARAMETERS[name]]
HISTORIES = [
    *((0, 0.0, 1.0), (0, 0.0, 730.0), (1, 1.0, 1.0), (1, 3.0, 730.0), (7, 200.0, 365.0)),
    *((150, 700.0, 730.0), (1000, 1.0, 730.0), (3000, 725.0, 730.0), (3000, 365.0, 730.0)),
]
X, T_X, AGE = np.array(HISTORIES).T


@pytest.mark.parametrize(("model_name", "parameters"), CASES)
def test_p_alive(model_name: str, parameters: dict[str, float]) -> None:
    expected = [float(reference.p_alive(model_name, parameters, *history)) for history in HISTORIES]
    found = btyd.p_alive(model_name, parameters, X, T_X, AGE)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("horizon", [1.0, 730.0])
@pytest.mark.parametrize(("model_name", "parameters"), CASES)
def test_probability_of_no_purchase(
    model_name: str, parameters: dict[str, float], horizon: float
) -> None:
    expected = [
        float(reference.no_purchase(model_name, parameters, *history, horizon))
        for history in HISTORIES
    ]
    found = btyd.probability_of_no_purchase(model_name, parameters, X, T_X, AGE, horizon)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("horizon", [1.0, 730.0])
@pytest.mark.parametrize(("model_name", "parameters"), CASES)
def test_expected_purchases_if_alive(
    model_name: str, parameters: dict[str, float], horizon: float
) -> None:
    expected = [
        float(reference.expected_if_alive(model_name, parameters, x, age, horizon))
        for x, _, age in HISTORIES
    ]
    found = btyd.expected_purchases_if_alive(model_name, parameters, X, AGE, horizon)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_expected_purchases_are_those_if_alive_times_p_alive(model_name: str) -> None:
    parameters = PARAMETERS[model_name][0]
    expected = [
        float(
            reference.p_alive(model_name, parameters, *history)
            * reference.expected_if_alive(model_name, parameters, history[0], history[2], 39)
        )
        for history in HISTORIES[:6]
    ]
    found = btyd.expected_purchases(model_name, parameters, X[:6], T_X[:6], AGE[:6], 39)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("parameters", PARAMETERS["pareto_nbd"])
def test_pareto_tails(parameters: dict[str, float]) -> None:
    expected = [
        float(reference.dropout_before_purchase(parameters, x, age)) for x, _, age in HISTORIES
    ]
    h, k = (np.exp(log_tail(parameters, X, AGE)) for log_tail in (pareto.log_h, pareto.log_k))
    np.testing.assert_allclose(h, expected, rtol=1e-12)
    np.testing.assert_allclose(k, 1 - np.array(expected), rtol=1e-12)


@pytest.mark.parametrize("model_name", btyd.MODELS)
@pytest.mark.parametrize("side", [-1, 1])
def test_expectations_are_smooth_where_a_or_s_is_1(model_name: str, side: int) -> None:
    pole = "s" if model_name == "pareto_nbd" else "a"
    steps = [0.0, 1e-12, 1e-9, 1e-6, 1e-3]
    found = [
        btyd.expected_purchases_of_new_customer(
            model_name, {**PARAMETERS[model_name][1], pole: 1 + side * step}, 365
        )
        for step in steps
    ]
    for (low, here), (high, there) in pairwise(zip(steps, found, strict=True)):
        assert there / here == pytest.approx(1, abs=2 * (high - low) + 1e-14)


@pytest.mark.parametrize("model_name", ["bg_nbd", "mbg_nbd"])
@pytest.mark.parametrize("edge", [{"a": 1e-5}, {"b": 1e5}, {"r": 1e5, "alpha": 1e7}])
def test_expectations_at_the_edges_are_those_of_the_limits(
    model_name: str, edge: dict[str, float]
) -> None:
    parameters = {"r": 0.6, "alpha": 55.0, "a": 0.8, "b": 1.4, **edge}
    found = btyd.expected_purchases_if_alive(model_name, parameters, [0, 3], [200, 100], 365)
    rate = np.array([0.6 / 255, 3.6 / 155])
    if "r" in edge:
        rng = np.random.default_rng(1)
        coins = np.array([[0], [3]]) + (model_name == "mbg_nbd")
        p = rng.beta(0.8, 1.4 + coins, (2, 400_000))
        expected = ((1 - np.exp(-0.01 * 365 * p)) / p).mean(axis=1)
        np.testing.assert_allclose(found, expected, rtol=5e-3)
    else:
        np.testing.assert_allclose(found, rate * 365, rtol=1e-3)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_a_longer_horizon_is_two_shorter_ones(model_name: str) -> None:
    parameters = PARAMETERS[model_name][0]
    churn = btyd.probability_of_no_purchase
    whole = churn(model_name, parameters, X, T_X, AGE, 90)
    halves = churn(model_name, parameters, X, T_X, AGE, 40) * churn(
        model_name, parameters, X, T_X, AGE + 40, 50
    )
    np.testing.assert_allclose(whole, halves, rtol=0, atol=1e-12)


def test_expected_spend_without_a_mean() -> None:
    parameters = {"p": 2.0, "q": 0.8, "v": 10.0}
    found = btyd.expected_spend(parameters, [0, 1], [np.nan, 5.0])
    np.testing.assert_allclose(found, [np.nan, 2 * (10 + 5) / (2 + 0.8 - 1)])


def test_expected_spend_is_that_of_drawn_customers() -> None:
    parameters = {"p": 4.0, "q": 6.0, "v": 20.0}
    rng = np.random.default_rng(5)
    rate = rng.gamma(6.0, 1 / 20.0, 400_000)
    seen = rng.gamma(4.0, 1 / rate[:, None], (400_000, 2)).mean(axis=1)
    chosen = np.abs(seen - 18) < 0.5
    expected = btyd.expected_spend(parameters, 2, 18.0)
    assert expected == pytest.approx((4 / rate[chosen]).mean(), rel=5e-3)
    assert btyd.expected_spend(parameters, 0, 0) == pytest.approx(4 * 20 / 5)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ValueError, match=r"model_name is 'nbd': give one of bg_nbd"):
        btyd.p_alive("nbd", {}, 0, 0, 1)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ValueError, match=r"b of bg_nbd is nan: give a positive number\."):
        btyd.p_alive("bg_nbd", {"r": 1.0, "alpha": 1.0, "a": 1.0}, 0, 0, 1)
