"""Data on which fits and scores of other libraries fail."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator

import btyd_reference as reference
import numpy as np
import pandas as pd
import pytest
from btyd_data import cdnow_customers

from dovecote import btyd
from dovecote.btyd import beta_geometric, peer
from dovecote.btyd.histories import Histories
from dovecote.btyd.maximise import maximise

MBG = {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return cdnow_customers()


def assert_sound(fit: btyd.Fit) -> None:
    values = [*fit.parameters.values(), fit.log_likelihood, fit.gradient_norm]
    if fit.is_usable:
        assert np.all(np.isfinite(values))
        assert (fit.status == "boundary") == bool(fit.boundary)
    if fit.status == "converged":
        assert fit.gradient_norm <= 1e-9
        assert fit.smallest_eigenvalue > 0
        assert np.all(np.isfinite(fit.covariance))


def assert_scores(fit: btyd.Fit, *histories: np.ndarray) -> None:
    scored = (fit.model_name, fit.parameters, *(part[:100] for part in histories))
    for probability in (btyd.p_alive(*scored), btyd.probability_of_no_purchase(*scored, 52)):
        assert np.all((probability >= 0) & (probability <= 1))
    expected = btyd.expected_purchases(*scored, 52)
    assert np.all(np.isfinite(expected) & (expected >= 0))


def many_purchases_and_no_churn() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    rate = rng.gamma(4.0, 1 / 16, 800)
    x = 1 + rng.poisson(600 * rate)
    return rate, x, 600 * rng.beta(x, 1), np.full(800, 600.0)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_many_purchases_and_no_churn(model_name: str) -> None:
    rate, x, last, age = many_purchases_and_no_churn()
    assert 140 < x.mean() < 165
    fit = btyd.fit(model_name, x, last, age)
    assert fit.status == "boundary"
    assert set(fit.boundary) <= {"a", "b", "s", "beta"}
    assert fit.parameters["r"] == pytest.approx(4.0, rel=0.15)
    expected = btyd.expected_purchases(model_name, fit.parameters, x, last, age, 60)
    assert expected.mean() == pytest.approx(60 * rate.mean(), rel=0.02)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_resamples_of_150_customers(customers: pd.DataFrame, model_name: str) -> None:
    resamples = 20 if model_name == "pareto_nbd" else 60
    for seed in range(resamples):
        few = customers.sample(150, replace=True, random_state=seed)
        fit = btyd.fit(model_name, few["x"], few["t_x"], few["T"])
        assert fit.is_usable
        assert_sound(fit)


def test_the_higher_of_two_summits(customers: pd.DataFrame) -> None:
    few = customers.sample(60, replace=True, random_state=43)
    x, t_x, age = few[["x", "t_x", "T"]].to_numpy().T
    histories = (x, t_x / age.mean(), age / age.mean())
    evaluate = beta_geometric.mean_log_likelihood("mbg_nbd", Histories.of(*histories))
    starts = np.random.default_rng(9).uniform(-3, 3, (8, 4))
    summits = 60 * np.array([maximise(evaluate, start).at.value for start in starts])
    assert np.ptp(summits) > 0.05
    fit = btyd.fit("mbg_nbd", *histories)
    assert fit.log_likelihood == pytest.approx(summits.max(), abs=1e-6)


@pytest.mark.slow
def test_resamples_of_any_size(customers: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    statuses = set()
    for size in np.geomspace(50, len(customers), 100).astype(int):
        some = customers.iloc[rng.integers(0, len(customers), size)]
        histories = some[["x", "t_x", "T"]].to_numpy().T
        for model_name in btyd.MODELS:
            fit = btyd.fit(model_name, *histories)
            assert fit.is_usable
            assert_sound(fit)
            assert_scores(fit, *histories)
            statuses.add(fit.status)
        spend = btyd.fit_gamma_gamma(some["x"], some["mean_repeat_spend"])
        assert spend.is_usable
        assert_sound(spend)
    assert statuses == {"converged", "boundary"}


@pytest.mark.parametrize("model_name", ["bg_nbd", "mbg_nbd"])
def test_a_and_b_below_1_in_sum_and_no_repeat(model_name: str) -> None:
    parameters = {"r": 0.8, "alpha": 20.0, "a": 0.3, "b": 0.4}
    age, horizon = 30.0, 60.0
    rng = np.random.default_rng(3)
    rate, fatal = rng.gamma(0.8, 1 / 20.0, 400_000), rng.beta(0.3, 0.4, 400_000)
    lives = rng.random(400_000) >= fatal * (model_name == "mbg_nbd")
    has_no_repeat = ~lives | (rng.exponential(1 / rate) > age)
    lives, rate, fatal = lives[has_no_repeat], rate[has_no_repeat], fatal[has_no_repeat]
    clock, purchases = np.zeros(len(rate)), np.zeros(len(rate))
    active = np.flatnonzero(lives)
    while len(active):
        clock[active] += rng.exponential(1 / rate[active])
        active = active[clock[active] < horizon]
        purchases[active] += 1
        active = active[rng.random(len(active)) >= fatal[active]]
    error = purchases.std() / np.sqrt(len(purchases))
    history = (model_name, parameters, 0, 0.0, age, horizon)
    assert btyd.expected_purchases(*history) == pytest.approx(purchases.mean(), abs=4 * error)
    without = np.mean(purchases == 0)
    assert btyd.probability_of_no_purchase(*history) == pytest.approx(without, abs=4e-3)


@pytest.mark.parametrize(
    ("model_name", "x", "t_x"),
    [("mbg_nbd", 3000, 720.0), ("bg_nbd", 1000, 1.0), ("mbg_nbd", 1000, 1.0)],
)
def test_thousands_of_purchases(model_name: str, x: int, t_x: float) -> None:
    alive = float(reference.p_alive(model_name, MBG, x, t_x, 730))
    if_alive = float(reference.expected_if_alive(model_name, MBG, x, 730, 365))
    history = (model_name, MBG, x, t_x, 730)
    assert btyd.p_alive(*history) == pytest.approx(alive, rel=1e-9, abs=1e-300)
    found = btyd.expected_purchases(*history, 365)
    assert found == pytest.approx(alive * if_alive, rel=1e-9, abs=1e-300)
    churn = float(reference.no_purchase(model_name, MBG, x, t_x, 730, 365))
    found = btyd.probability_of_no_purchase(*history, 365)
    assert found == pytest.approx(churn, rel=0, abs=1e-12)


@pytest.mark.parametrize("engine", btyd.ENGINES)
@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_one_time_buyers_only(model_name: str, engine: btyd.Engine) -> None:
    fit = btyd.fit(model_name, [0, 0, 0, 0, 0], np.zeros(5), [9, 20, 30, 40, 50], engine=engine)
    assert fit.status == "not_identified"
    assert np.all(np.isnan(list(fit.parameters.values())))
    assert (fit.customers, fit.repeat_customers, fit.tuples) == (5, 0, 5)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_fewer_histories_than_parameters(model_name: str) -> None:
    fit = btyd.fit(model_name, [0, 1, 2], [0, 10, 20], [30, 30, 30], [500, 200, 100])
    assert fit.status == "not_identified"


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_nobody(model_name: str) -> None:
    assert btyd.fit(model_name, [], [], []).status == "not_identified"
    assert btyd.fit_gamma_gamma([], []).status == "not_identified"


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_twenty_customers(customers: pd.DataFrame, model_name: str) -> None:
    for seed in range(10):
        few = customers.sample(20, replace=True, random_state=seed)
        histories = few[["x", "t_x", "T"]].to_numpy().T
        fit = btyd.fit(model_name, *histories)
        assert fit.is_usable == (len(few[["x", "t_x", "T"]].drop_duplicates()) >= 4)
        assert_sound(fit)
        assert_scores(fit, *histories)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_repeaters_only(customers: pd.DataFrame, model_name: str) -> None:
    repeaters = customers[customers["x"] > 0]
    histories = repeaters[["x", "t_x", "T"]].to_numpy().T
    fit = btyd.fit(model_name, *histories)
    assert fit.is_usable
    assert_sound(fit)
    assert_scores(fit, *histories)


@pytest.mark.parametrize("model_name", btyd.MODELS)
def test_one_rate_for_all_runs_to_the_boundary(model_name: str) -> None:
    rng = np.random.default_rng(7)
    x = 1 + rng.binomial(40, 0.5, 400)
    fit = btyd.fit(model_name, x, 300 * rng.beta(x, 1), np.full(400, 300.0))
    assert fit.status == "boundary"
    assert {"r", "alpha"} & set(fit.boundary)
    edges = [fit.standard_errors[name] for name in fit.boundary]
    assert np.all(np.isnan(edges))


def test_one_price_for_all() -> None:
    fit = btyd.fit_gamma_gamma([1, 2, 3, 4, 3000], [9.99] * 5, [1000, 500, 100, 50, 20])
    assert fit.status == "boundary"
    spend = btyd.expected_spend(fit.parameters, [0, 1, 50], [0, 9.99, 9.99])
    assert spend == pytest.approx([9.99] * 3, rel=1e-3)


def test_what_the_other_package_cannot_fit_has_failed(capfd: pytest.CaptureFixture[str]) -> None:
    _, *histories = many_purchases_and_no_churn()
    fit = btyd.fit("mbg_nbd", *histories, engine="lifetimes")
    assert fit.status == "failed"
    assert np.all(np.isnan(list(fit.parameters.values())))
    assert capfd.readouterr() == ("", "")


def test_what_the_other_package_calls_an_optimum_may_be_none(
    customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories = customers[["x", "t_x", "T"]].to_numpy().T
    assert btyd.fit("pareto_nbd", *histories, engine="lifetimes").status == "converged"
    nonsense = np.array([0.60, 10.6, 0.6, 11.7])
    monkeypatch.setattr(peer, "fit", lambda *_: nonsense)
    assert btyd.fit("pareto_nbd", *histories, engine="lifetimes").status == "failed"


def test_the_other_package_gives_the_same_twice(customers: pd.DataFrame) -> None:
    histories = customers.head(200)[["x", "t_x", "T"]].to_numpy().T
    once, twice = (btyd.fit("pareto_nbd", *histories, engine="lifetimes") for _ in range(2))
    assert once.parameters == twice.parameters


def test_the_other_package_is_imported_late_and_in_silence() -> None:
    script = """
import sys
from dovecote import btyd
assert "lifetimes" not in sys.modules
x, t_x, age = [0, 1, 2, 5, 0, 3], [0, 3, 20, 30, 0, 9], [9, 30, 40, 31, 50, 60]
assert btyd.fit("bg_nbd", x, t_x, age, engine="lifetimes").customers == 6
assert "lifetimes" in sys.modules
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
