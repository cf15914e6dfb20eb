"""Tables of fits and of factors, as the warehouse reads them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from btyd_data import simulate
from mpmath import hyp2f1

from dovecote import btyd

TRUTH = {"r": 0.9, "alpha": 40.0, "a": 0.8, "b": 1.9}
CUTOFFS = {date(2024, 1, 1): 1, date(2024, 2, 1): 2}
LATEST = date(2024, 2, 1)


@pytest.fixture(scope="module")
def tuples() -> pd.DataFrame:
    frames = []
    for cutoff, seed in CUTOFFS.items():
        x, t_x, age = simulate("mbg_nbd", TRUTH, 400, seed)
        frames.append(
            pd.DataFrame(
                {
                    "activity": "order",
                    "cutoff_date": cutoff,
                    "repeat_days": x,
                    "first_to_last_days": t_x,
                    "age_days": age,
                    "customers": 1 + np.arange(400) % 3,
                }
            )
        )
    visits = frames[0].assign(activity="visit", repeat_days=0, first_to_last_days=0.0)
    return pd.concat([*frames, visits], ignore_index=True)


@pytest.fixture(scope="module")
def spend_tuples(tuples: pd.DataFrame) -> pd.DataFrame:
    latest = tuples[tuples["cutoff_date"] == LATEST]
    spend = np.random.default_rng(3).gamma(4, 5, len(latest))
    columns = ["activity", "cutoff_date", "repeat_days", "customers"]
    return latest[columns].assign(mean_repeat_spend=spend)


@pytest.fixture(scope="module")
def fits(tuples: pd.DataFrame, spend_tuples: pd.DataFrame) -> pd.DataFrame:
    return btyd.fits_table(tuples, spend_tuples, engine="native", peer_cutoff=LATEST)


def test_rows_of_fits(fits: pd.DataFrame) -> None:
    key = ["activity", "cutoff_date", "model_name", "engine", "is_used"]
    found = {(row[0], row[1].date(), *row[2:]) for row in fits[key].itertuples(index=False)}
    assert found == {
        *(("order", cutoff, name, "native", True) for cutoff in CUTOFFS for name in btyd.MODELS),
        *(("visit", date(2024, 1, 1), name, "native", True) for name in btyd.MODELS),
        ("order", LATEST, "gamma_gamma", "native", True),
        ("order", LATEST, "bg_nbd", "lifetimes", False),
    }
    assert len(found) == len(fits)


def test_a_row_is_its_fit(fits: pd.DataFrame, tuples: pd.DataFrame) -> None:
    histories = tuples[(tuples["activity"] == "order") & (tuples["cutoff_date"] == LATEST)]
    expected = btyd.fit(
        "pareto_nbd",
        *histories[["repeat_days", "first_to_last_days", "age_days", "customers"]].to_numpy().T,
    )
    row = fits[(fits["model_name"] == "pareto_nbd") & (fits["cutoff_date"] == str(LATEST))].iloc[0]
    assert row[["r", "alpha", "s", "beta"]].to_dict() == expected.parameters
    assert row[["se_r", "se_alpha", "se_s", "se_beta"]].tolist() == list(
        expected.standard_errors.values()
    )
    assert row[["a", "b", "p", "q", "v", "se_a", "se_p"]].isna().all()
    measures = ["log_likelihood", "gradient_norm", "smallest_eigenvalue"]
    assert row[measures].tolist() == [getattr(expected, name) for name in measures]
    counts = ["customers", "repeat_customers", "tuples"]
    assert row[counts].tolist() == [getattr(expected, name) for name in counts]
    assert row["customers"] == histories["customers"].sum()


def test_refusals_are_rows(fits: pd.DataFrame) -> None:
    visits = fits[fits["activity"] == "visit"]
    assert set(visits["status"]) == {"not_identified"}
    assert visits[["r", "se_r", "log_likelihood"]].isna().all(axis=None)


def test_the_other_engine_may_be_the_one_in_use(
    tuples: pd.DataFrame, spend_tuples: pd.DataFrame, fits: pd.DataFrame
) -> None:
    latest = tuples[tuples["cutoff_date"] == LATEST]
    found = btyd.fits_table(latest, spend_tuples, engine="lifetimes", peer_cutoff=LATEST)
    assert sorted(zip(found["engine"], found["is_used"], strict=True)) == [
        *[("lifetimes", True)] * 4,
        ("native", False),
    ]
    native = fits[(fits["cutoff_date"] == str(LATEST)) & fits["is_used"]].set_index("model_name")
    for _, row in found.iterrows():
        names = list(btyd.PARAMETERS[row["model_name"]])
        assert row["status"] == "converged"
        expected = native.loc[row["model_name"], names].astype(float)
        assert row[names].astype(float).to_dict() == pytest.approx(expected.to_dict(), rel=1e-3)


def test_no_tuples_give_an_empty_table_of_the_same_types(
    tuples: pd.DataFrame, spend_tuples: pd.DataFrame, fits: pd.DataFrame
) -> None:
    empty = btyd.fits_table(tuples[:0], spend_tuples[:0], engine="native", peer_cutoff=None)
    assert len(empty) == 0
    assert empty.dtypes.equals(fits.dtypes)


def test_an_unknown_engine_is_refused_even_without_tuples(
    tuples: pd.DataFrame, spend_tuples: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="engine is 'other': give one of native, lifetimes"):
        btyd.fits_table(tuples[:0], spend_tuples[:0], engine="other", peer_cutoff=None)


@pytest.fixture(scope="module")
def levels() -> pd.DataFrame:
    rows = [
        ("order", cutoff, name, factor, x, days, 0 if factor == "pareto_tail" else horizon)
        for cutoff in CUTOFFS
        for name in btyd.MODELS
        for factor in ("expected_orders_if_alive", "pareto_tail")
        if factor != "pareto_tail" or name == "pareto_nbd"
        for x, days in [(0, 30), (3, 200), (0, 30)]
        for horizon in (28, 90)
    ]
    visits = [("visit", date(2024, 1, 1), "bg_nbd", "expected_orders_if_alive", 0, 30, 28)]
    columns = ["activity", "cutoff_date", "model_name", "factor_name"]
    return pd.DataFrame(rows + visits, columns=[*columns, "repeat_days", "days", "horizon_days"])


def test_factors_give_the_scores(levels: pd.DataFrame, fits: pd.DataFrame) -> None:
    found = btyd.factors(levels.set_axis([0] * len(levels)), fits)
    pd.testing.assert_frame_equal(
        found.drop(columns="factor"), levels[levels["activity"] == "order"].reset_index(drop=True)
    )
    used = fits[fits["is_used"] & (fits["activity"] == "order")].set_index(
        ["cutoff_date", "model_name"]
    )
    for row in found.itertuples():
        parameters = used.loc[(pd.Timestamp(row.cutoff_date), row.model_name)]
        values = parameters[list(btyd.PARAMETERS[row.model_name])].astype(float).to_dict()
        if row.factor_name == "expected_orders_if_alive":
            history = (row.model_name, values, row.repeat_days, 0.5 * row.days, row.days)
            score = btyd.expected_purchases(*history, row.horizon_days)
            assert btyd.p_alive(*history) * row.factor == pytest.approx(score, rel=1e-12)
        else:
            tail = pareto_tail(values, row.repeat_days, row.days)
            assert row.factor == pytest.approx(tail, rel=1e-12)


def pareto_tail(parameters: dict[str, float], x: int, t: float) -> float:
    """Give h(x, t) in closed form, the one of two whose argument is not negative."""
    r, alpha, s, beta = (parameters[name] for name in ("r", "alpha", "s", "beta"))
    if alpha >= beta:
        series = hyp2f1(1, r + x, r + s + x + 1, (alpha - beta) / (alpha + t))
        return float(s / (r + s + x) * series)
    series = hyp2f1(1, s + 1, r + s + x + 1, (beta - alpha) / (beta + t))
    return float(s / (r + s + x) * (alpha + t) / (beta + t) * series)


def test_no_fits_give_no_factors(levels: pd.DataFrame, fits: pd.DataFrame) -> None:
    assert btyd.factors(levels, fits[:0]).empty
    assert btyd.factors(levels, fits.assign(is_used=False)).empty
    assert list(btyd.factors(levels[:0], fits)) == [*levels.columns, "factor"]


def test_an_unknown_factor_is_refused(levels: pd.DataFrame, fits: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="factor_name is 'other': give expected_orders_if_alive"):
        btyd.factors(levels.assign(factor_name="other"), fits)
