"""Purchases that follow MBG/NBD, customer by customer.

The process
-----------
A customer's clock starts with the first purchase, at time 0. Each customer has a purchase rate
``lambda ~ Gamma(shape r, rate alpha)`` a day and a dropout probability ``p ~ Beta(a, b)``,
independent of one another and of the time of the first purchase; ``(r, alpha, a, b)`` belong to
the acquisition channel. **Right after every purchase, the first one included**, a coin with
probability ``p`` decides whether the customer leaves for good. While the customer stays, repeat
purchases come as a Poisson process of rate ``lambda``. The process is watched until the end of
the window, so ``T`` is the window's end less the first purchase, ``x`` the number of repeat
purchases, ``t_x`` the time of the last one.

This is the modified BG/NBD model: with the coin at time zero a one-time buyer may already be
gone. Under ``stationary`` the counts ``(x, t_x)`` given ``T`` therefore follow MBG/NBD exactly,
channel by channel, up to the rounding of times down to whole seconds. Otherwise the rate is
``lambda`` times the season and the refill rhythm of the customer's staple, drawn by thinning, and
the coin is unchanged.

References
----------
Batislam, E. P., Denizel, M., Filiztekin, A. (2007), Empirical validation and comparison of models
for customer base analysis, International Journal of Research in Marketing 24(3), 201-209.
Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005), "Counting your customers" the easy way,
Marketing Science 24(2), 275-284 (the clock, and the model without the coin at time zero).
Lewis, P. A. W., Shedler, G. S. (1979), Simulation of nonhomogeneous Poisson processes by
thinning, Naval Research Logistics Quarterly 26(3), 403-413.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dovecote.simulate.season import Season
from dovecote.simulate.settings import DAY
from dovecote.simulate.streams import BoolArray, FloatArray, IntArray

STAPLE_SHARE_WHEN_DUE = 0.85


class Channel(NamedTuple):
    """Share of arrivals and MBG/NBD parameters of an acquisition channel, per day."""

    share: float
    r: float
    alpha: float
    a: float
    b: float


CHANNELS: dict[str, Channel] = {
    "search": Channel(share=0.34, r=0.90, alpha=40.0, a=0.80, b=1.90),
    "social": Channel(share=0.24, r=0.70, alpha=50.0, a=1.10, b=1.60),
    "email": Channel(share=0.14, r=1.30, alpha=40.0, a=0.50, b=2.60),
    "referral": Channel(share=0.13, r=1.20, alpha=42.0, a=0.60, b=2.40),
    "marketplace": Channel(share=0.15, r=0.60, alpha=55.0, a=1.40, b=1.40),
}


def channels(pace: float = 1.0) -> dict[str, Channel]:
    """Return the channels of a shop whose rates and purchases per lifetime are ``pace`` times ours.

    The mean of ``p`` is ``a / (a + b)``, so ``b`` times the pace means about so many more
    purchases before a customer leaves.
    """
    return {
        name: channel._replace(alpha=channel.alpha / pace, b=channel.b * pace)
        for name, channel in CHANNELS.items()
    }


@dataclass(frozen=True)
class Purchases:
    """Purchases of a block, sorted by time.

    Attributes
    ----------
    person
        Position of the buyer in the block, one a purchase.
    at
        Time in whole seconds since 1970, one a purchase.
    is_first
        Whether it is the buyer's first purchase.
    has_staple
        Whether the basket holds the buyer's staple product.
    died_at
        Time of the purchase after which the customer left, one a customer; NaN while alive.
    """

    person: IntArray
    at: FloatArray
    is_first: BoolArray
    has_staple: BoolArray
    died_at: FloatArray


def draw_heterogeneity(
    rng: np.random.Generator, channel: IntArray, pace: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Draw each customer's purchase rate and dropout probability.

    Parameters
    ----------
    rng
        Random generator.
    channel
        Position of the customer's channel in ``CHANNELS``, shape (n,).
    pace
        Repeat purchases relative to ``CHANNELS``.

    Returns
    -------
    tuple of numpy.ndarray
        ``lambda`` (purchases a day) and ``p``, each of shape (n,).
    """
    _, r, alpha, a, b = np.array(list(channels(pace).values())).T
    rate = rng.gamma(r[channel]) / alpha[channel]
    return rate, rng.beta(a[channel], b[channel])


def draw_purchases(
    rng: np.random.Generator,
    season: Season,
    first_at: FloatArray,
    rate: FloatArray,
    dropout: FloatArray,
    refill_gap: FloatArray,
) -> Purchases:
    """Run the process of the module's docstring until the end of the window.

    Parameters
    ----------
    rng
        Random generator.
    season
        Demand over the window; it also holds the window's end.
    first_at
        First purchase in seconds since 1970, NaN for customers who do not buy, shape (n,).
    rate
        Purchases a day, shape (n,).
    dropout
        Probability of leaving after a purchase, shape (n,).
    refill_gap
        Seconds that the customer's staple product lasts, NaN without one, shape (n,).

    Returns
    -------
    Purchases
        All purchases from the first one to the end of the window, exclusive.
    """
    peak = season.peak * season.refill_peak
    seconds_between = DAY / np.maximum(rate * peak, 1e-12)
    clock, last_at = first_at.copy(), first_at.copy()
    staple_at = np.full_like(first_at, -np.inf)
    died_at = np.full_like(first_at, np.nan)
    people: list[IntArray] = []
    times: list[FloatArray] = []
    firsts: list[BoolArray] = []
    staples: list[BoolArray] = []

    def buy(buyers: IntArray, is_first: bool) -> None:
        at = clock[buyers]
        is_due = at - staple_at[buyers] >= refill_gap[buyers] / 2
        has_staple = is_due & (rng.random(len(buyers)) < STAPLE_SHARE_WHEN_DUE)
        staple_at[buyers[has_staple]] = at[has_staple]
        last_at[buyers] = at
        people.append(buyers)
        times.append(np.floor(at))
        firsts.append(np.full(len(buyers), is_first))
        staples.append(has_staple)
        leaves = buyers[rng.random(len(buyers)) < dropout[buyers]]
        died_at[leaves] = np.floor(clock[leaves])

    buy(np.flatnonzero(~np.isnan(first_at)), is_first=True)
    waiting = np.flatnonzero(~np.isnan(first_at) & np.isnan(died_at))
    while len(waiting):
        clock[waiting] += rng.exponential(size=len(waiting)) * seconds_between[waiting]
        waiting = waiting[clock[waiting] < season.end_at]
        at = clock[waiting]
        factor = season.intensity(at) * season.refill(at - last_at[waiting], refill_gap[waiting])
        buy(waiting[rng.random(len(waiting)) * peak < factor], is_first=False)
        waiting = waiting[np.isnan(died_at[waiting])]

    order = np.argsort(np.concatenate(times), kind="stable")
    return Purchases(
        person=np.concatenate(people)[order],
        at=np.concatenate(times)[order],
        is_first=np.concatenate(firsts)[order],
        has_staple=np.concatenate(staples)[order],
        died_at=died_at,
    )
