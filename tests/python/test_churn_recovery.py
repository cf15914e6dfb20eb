"""MBG/NBD fitted to a stationary simulation finds the parameters that made it, by channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import chi2

from dovecote import btyd
from dovecote.simulate.purchases import CHANNELS, draw_heterogeneity, draw_purchases
from dovecote.simulate.season import HOUR, Season
from dovecote.simulate.settings import Settings
from dovecote.simulate.streams import FloatArray

pytestmark = pytest.mark.slow

CUSTOMERS = 20_000
WINDOW = Settings(customers=CUSTOMERS, days=546, seed=0, stationary=True)
SEED = 11


class Histories(NamedTuple):
    """Distinct histories, times in days to the hour, and how many customers have each."""

    repeats: FloatArray
    first_to_last: FloatArray
    age: FloatArray
    customers: FloatArray


def simulated(channel: str, seed: int) -> Histories:
    """Simulate the customers of a channel.

    Purchases are told apart by the hour and not by the day, as MBG/NBD is a model of continuous
    time: counting days moves its estimates by more than their errors at this size.
    """
    rng = np.random.default_rng(seed)
    season = Season(WINDOW)
    channels = np.full(CUSTOMERS, list(CHANNELS).index(channel))
    drawn = draw_purchases(
        rng,
        season,
        season.arrivals(rng, CUSTOMERS),
        *draw_heterogeneity(rng, channels),
        np.full(CUSTOMERS, np.nan),
    )
    person, hour = np.unique(np.stack((drawn.person, drawn.at // HOUR)), axis=1)
    _, first, purchases = np.unique(person, return_index=True, return_counts=True)
    assert len(first) == CUSTOMERS
    first_hour, last_hour = hour[first], hour[first + purchases - 1]
    hours = np.stack((last_hour - first_hour, season.end_at / HOUR - first_hour))
    histories = np.stack((purchases - 1, *hours / 24))
    distinct, customers = np.unique(histories, axis=1, return_counts=True)
    return Histories(*distinct, customers.astype(np.float64))


def wald_p_value(fit: btyd.Fit, truth: tuple[float, ...]) -> float:
    """Give the probability of estimates at least this far from the truth, all taken together."""
    estimates = np.array(list(fit.parameters.values()))
    # Logarithms of positive parameters are nearer to normal than the parameters.
    error = np.log(estimates / np.array(truth))
    covariance = fit.covariance / np.outer(estimates, estimates)
    return float(chi2.sf(error @ np.linalg.solve(covariance, error), len(error)))


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_truth_is_within_the_errors_of_the_fit(channel: str) -> None:
    fit = btyd.fit("mbg_nbd", *simulated(channel, SEED))
    assert fit.status == "converged"
    assert wald_p_value(fit, CHANNELS[channel][1:]) > 0.001
