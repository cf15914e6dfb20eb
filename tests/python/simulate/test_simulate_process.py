"""The purchases against MBG/NBD, computed independently of the simulator."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from dovecote.simulate import Settings, make_blocks
from dovecote.simulate.schema import ARRIVES_AT

STATIONARY = Settings(customers=40_000, days=400, seed=11, stationary=True, events_per_customer=0)
CHANNELS = ["search", "social", "email", "referral", "marketplace"]
NOT_PURCHASES = ["cancelled", "test"]
STANDARD_ERRORS = 4.0


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """All rows of a large stationary shop; times in seconds."""
    blocks = list(make_blocks(STATIONARY))
    parameters = blocks[0].truth["parameters"].set_index("acquisition_channel")
    clean = {
        entity: pd.concat([block.clean[entity] for block in blocks[1:]], ignore_index=True)
        for entity in ("orders", "customer_merges")
    }
    truth = pd.concat([block.truth["customers"] for block in blocks[1:]], ignore_index=True)
    return {**clean, "parameters": parameters, "truth": truth.set_index("customer_id")}


@pytest.fixture(scope="module")
def observed(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """x, t_x, T in days from the orders alone, as a warehouse would count them."""
    orders = tables["orders"]
    bought = orders[~orders["status"].isin(NOT_PURCHASES) & orders["customer_id"].notna()]
    merges = tables["customer_merges"].set_index("from_customer_id")["to_customer_id"]
    customer = bought["customer_id"].map(merges).fillna(bought["customer_id"])
    times = bought["ordered_at"].groupby(customer).agg(["min", "max", "size"])
    end_at = STATIONARY.end_at
    frame = pd.DataFrame(
        {
            "x": times["size"] - 1,
            "t_x": (times["max"] - times["min"]) / 86_400,
            "T": (end_at - times["min"]) / 86_400,
        }
    )
    return frame.join(tables["truth"]["acquisition_channel"])


def test_countable_orders_are_exactly_the_true_purchases(
    tables: dict[str, pd.DataFrame], observed: pd.DataFrame
) -> None:
    truth = tables["truth"]
    assert len(truth) == STATIONARY.customers
    assert len(tables["customer_merges"]) > 20
    counted = (observed["x"] + 1).reindex(truth.index, fill_value=0)
    assert (counted == truth["true_purchases"]).all()
    assert 0.05 < (counted == 0).mean() < 0.4
    assert truth["first_purchase_at"].isna().equals(truth["true_purchases"] == 0)


def closed_forms(parameters: pd.Series, horizon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return P(x = 0 | T) and E(x | T) of MBG/NBD for each horizon T in days."""
    r, alpha, a, b = parameters[["r", "alpha", "a", "b"]]
    # Gone at once, or still there and silent.
    once = a / (a + b) + b / (a + b) * (alpha / (alpha + horizon)) ** r
    # E(x | lambda, p, T) = (1 - p) / p * (1 - exp(-lambda p T)), averaged over lambda in closed
    # form and over p at the midpoints of 2,000 equally likely slices.
    p = beta.ppf((np.arange(2_000) + 0.5) / 2_000, a, b)
    grid = np.linspace(0, horizon.max(), 200)[:, None]
    mean = ((1 - p) / p * -np.expm1(r * np.log(alpha / (alpha + p * grid)))).mean(axis=1)
    return once, np.interp(horizon, grid[:, 0], mean)


def test_one_time_buyers_and_mean_repeats_match_the_closed_forms(
    tables: dict[str, pd.DataFrame], observed: pd.DataFrame
) -> None:
    expected = observed.assign(once=np.nan, mean=np.nan)
    for channel in CHANNELS:
        is_mine = observed["acquisition_channel"] == channel
        once, mean = closed_forms(
            tables["parameters"].loc[channel], observed.loc[is_mine, "T"].to_numpy()
        )
        expected.loc[is_mine, "once"], expected.loc[is_mine, "mean"] = once, mean
    # Each channel, and all together for power against a common error.
    for rows in [expected, *(rows for _, rows in expected.groupby("acquisition_channel"))]:
        assert_within((rows["x"] == 0).to_numpy(), rows["once"].to_numpy())
        assert_within(rows["x"].to_numpy(), rows["mean"].to_numpy())


@pytest.mark.parametrize("channel", CHANNELS)
def test_recency_and_heavy_buyers_match_a_direct_simulation(
    channel: str, tables: dict[str, pd.DataFrame], observed: pd.DataFrame
) -> None:
    r, alpha, a, b = tables["parameters"].loc[channel, ["r", "alpha", "a", "b"]]
    mine = observed[observed["acquisition_channel"] == channel]
    dice = random.Random(2)
    simulated = []
    for horizon in mine["T"].tolist() * 2:
        rate, p = dice.gammavariate(r, 1 / alpha), dice.betavariate(a, b)
        x, last = 0, 0.0
        while dice.random() >= p:
            at = last + dice.expovariate(rate)
            if at >= horizon:
                break
            x, last = x + 1, at
        simulated.append((x >= 4, last / horizon))
    expected = np.array(simulated).reshape(2, len(mine), 2).mean(axis=0)
    assert_within(mine["x"].to_numpy() >= 4, expected[:, 0])
    assert_within((mine["t_x"] / mine["T"]).to_numpy(), expected[:, 1])


def assert_within(observed: np.ndarray, expected: np.ndarray) -> None:
    """Compare means of paired values in standard errors of their difference."""
    difference = observed.astype(float) - expected
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert len(difference) > 1_000
    assert abs(difference.mean()) < STANDARD_ERRORS * error


def test_dropout_comes_with_the_last_purchase(tables: dict[str, pd.DataFrame]) -> None:
    truth = tables["truth"]
    died = truth[truth["died_at"].notna()]
    assert 0.2 < len(died) / len(truth) < 0.7
    orders = tables["orders"]
    bought = orders[~orders["status"].isin(NOT_PURCHASES)]
    merges = tables["customer_merges"].set_index("from_customer_id")["to_customer_id"]
    customer = bought["customer_id"].map(merges).fillna(bought["customer_id"])
    last_at = bought["ordered_at"].groupby(customer).max()
    assert (died["died_at"] == last_at.reindex(died.index)).all()


def test_stationary_demand_is_flat_and_the_other_is_not() -> None:
    def hours(settings: Settings) -> pd.Series:
        orders = pd.concat([block.clean["orders"] for block in list(make_blocks(settings))[1:]])
        return (orders["ordered_at"] // 3_600 % 24 < 6).astype(float)

    flat = Settings(customers=2_000, days=200, seed=4, stationary=True, events_per_customer=0)
    night = hours(flat)
    assert abs(night.mean() - 0.25) < STANDARD_ERRORS * night.sem()
    real = Settings(customers=2_000, days=200, seed=4, events_per_customer=0)
    assert hours(real).mean() < 0.1


def test_blocks_come_in_order_of_arrival() -> None:
    for block in list(make_blocks(Settings(customers=1_200, days=50, seed=1)))[1:]:
        for entity in ("orders", "events", "reviews", "nps_responses"):
            assert block.clean[entity][ARRIVES_AT].is_monotonic_increasing, entity
