"""Published figures of CDNOW, the 1/10 sample, calibration to 1997-09-30, in weeks.

Fader, Hardie, Lee (2005) for BG/NBD; Fader, Hardie, Lee (2005), RFM and CLV, and Fader and Hardie's
spreadsheet notes for Pareto/NBD; Batislam et al. (2007) for MBG/NBD; Fader and Hardie (2013) for
Gamma-Gamma.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from btyd_data import cdnow_customers, cdnow_days

from dovecote import btyd

WEEKS_AHEAD = 39


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return cdnow_customers()


@pytest.fixture(scope="module")
def fits(customers: pd.DataFrame) -> dict[str, btyd.Fit]:
    histories = (customers["x"], customers["t_x"], customers["T"])
    return {
        **{name: btyd.fit(name, *histories) for name in btyd.MODELS},
        "gamma_gamma": btyd.fit_gamma_gamma(customers["x"], customers["mean_repeat_spend"]),
    }


def test_the_data(customers: pd.DataFrame) -> None:
    assert len(cdnow_days()) == 6_696
    assert len(customers) == 2_357
    assert (customers["x"] == 0).sum() == 1_411
    assert customers["x"].sum() == 2_457
    assert customers["holdout"].sum() == 1_882


PUBLISHED = {
    "bg_nbd": ({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.43, 5e-4),
    "mbg_nbd": ({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, -9582.14, 5e-4),
    "pareto_nbd": ({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9594.98, 5e-4),
    "gamma_gamma": ({"p": 6.25, "q": 3.74, "v": 15.44}, -4055.92, 5e-3),
}


@pytest.mark.parametrize("model_name", PUBLISHED)
def test_parameters_and_log_likelihood(fits: dict[str, btyd.Fit], model_name: str) -> None:
    parameters, log_likelihood, half_a_digit = PUBLISHED[model_name]
    fit = fits[model_name]
    assert fit.parameters == pytest.approx(parameters, abs=half_a_digit)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=5e-3)
    assert (fit.status, fit.boundary) == ("converged", ())
    assert fit.gradient_norm <= 1e-9
    assert fit.repeat_customers == 946


def test_a_skipped_line_would_show(customers: pd.DataFrame) -> None:
    days = cdnow_days()
    assert days.loc[0, "day"] == pd.Timestamp("1997-01-01")
    first = customers.iloc[0]
    assert (first["x"], first["T"] * 7) == (2, 272)


@pytest.mark.parametrize(
    ("weeks", "purchases"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.858)],
)
def test_purchases_of_a_new_customer(
    fits: dict[str, btyd.Fit], weeks: float, purchases: float
) -> None:
    parameters = fits["bg_nbd"].parameters
    expected = btyd.expected_purchases_of_new_customer("bg_nbd", parameters, weeks)
    assert expected == pytest.approx(purchases, abs=5e-4 if weeks == 78 else 5e-5)


def test_bg_nbd_of_a_customer(fits: dict[str, btyd.Fit]) -> None:
    history = ("bg_nbd", fits["bg_nbd"].parameters, 2, 30.43, 38.86)
    assert btyd.expected_purchases(*history, WEEKS_AHEAD) == pytest.approx(1.226, abs=5e-4)
    assert btyd.p_alive(*history) == pytest.approx(0.7266, abs=5e-5)


def test_pareto_nbd_of_a_customer(fits: dict[str, btyd.Fit]) -> None:
    history = ("pareto_nbd", fits["pareto_nbd"].parameters, 26, 30.86, 31)
    assert btyd.expected_purchases(*history, 52) == pytest.approx(25.46, abs=5e-3)
    assert btyd.p_alive(*history) == pytest.approx(0.9979, abs=5e-5)


@pytest.mark.parametrize(("model_name", "correlation"), [("bg_nbd", 0.626), ("pareto_nbd", 0.630)])
def test_expected_and_actual_holdout_purchases(
    customers: pd.DataFrame, fits: dict[str, btyd.Fit], model_name: str, correlation: float
) -> None:
    expected = btyd.expected_purchases(
        model_name,
        fits[model_name].parameters,
        *customers[["x", "t_x", "T"]].to_numpy().T,
        WEEKS_AHEAD,
    )
    assert np.corrcoef(expected, customers["holdout"])[0, 1] == pytest.approx(correlation, abs=5e-4)


@pytest.mark.parametrize(("model_name", "percent"), [("bg_nbd", -4), ("pareto_nbd", -2)])
def test_cumulative_forecast_at_week_78(
    customers: pd.DataFrame, fits: dict[str, btyd.Fit], model_name: str, percent: int
) -> None:
    forecast = btyd.expected_purchases_of_new_customer(
        model_name, fits[model_name].parameters, customers["T"] + WEEKS_AHEAD
    ).sum()
    actual = customers["x"].sum() + customers["holdout"].sum()
    assert 100 * (forecast / actual - 1) == pytest.approx(percent, abs=0.5)


@pytest.mark.parametrize(
    ("repeats", "mean_spend", "expected"), [(2, 22.35, 24.65), (1, 11.77, 18.91), (0, 0, 35.17)]
)
def test_expected_spend(
    fits: dict[str, btyd.Fit], repeats: int, mean_spend: float, expected: float
) -> None:
    spend = btyd.expected_spend(fits["gamma_gamma"].parameters, repeats, mean_spend)
    assert spend == pytest.approx(expected, abs=0.1)


def test_a_one_time_buyer_under_bg_nbd(fits: dict[str, btyd.Fit]) -> None:
    one_time_buyer = ("bg_nbd", fits["bg_nbd"].parameters, 0, 0, 38.86)
    churn = btyd.probability_of_no_purchase(*one_time_buyer, WEEKS_AHEAD)
    assert churn == pytest.approx(0.8557, abs=5e-5)
    assert btyd.p_alive(*one_time_buyer) == 1


@pytest.mark.parametrize("model_name", PUBLISHED)
def test_both_engines_agree(
    customers: pd.DataFrame, fits: dict[str, btyd.Fit], model_name: str
) -> None:
    if model_name == "gamma_gamma":
        peer = btyd.fit_gamma_gamma(
            customers["x"], customers["mean_repeat_spend"], engine="lifetimes"
        )
    else:
        peer = btyd.fit(
            model_name, customers["x"], customers["t_x"], customers["T"], engine="lifetimes"
        )
    native = fits[model_name]
    assert (peer.engine, peer.status) == ("lifetimes", "converged")
    assert native.parameters == pytest.approx(peer.parameters, rel=1e-3)
    assert native.log_likelihood == pytest.approx(peer.log_likelihood, abs=1e-3)
