"""How busy the shop is: growth, time of year, weekday and hour."""

from __future__ import annotations

import numpy as np

from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import FloatArray

HOUR = 3_600
WEEKDAYS = np.array([0.97, 0.90, 0.90, 0.97, 1.08, 1.12, 1.06])
"""Monday to Sunday, mean 1."""
HOURS = np.array(
    [5, 3, 2, 1, 1, 2, 5, 10, 16, 22, 26, 28, 30, 28, 25, 24, 25, 28, 33, 38, 40, 34, 22, 11],
    dtype=np.float64,
)
HOURS = HOURS / HOURS.mean()
GROWTH = (0.75, 1.45)
"""Arrivals at the window's start and end, relative to their mean, in between linear."""
REFILL_EARLY, REFILL_DUE = 0.6, 1.8
"""Factors of the purchase rate before a staple runs out and while it does."""
REFILL_DUE_FROM, REFILL_DUE_TO = 0.75, 1.4
"""The time when a staple runs out, in refill gaps since the last purchase."""


def _yearly() -> FloatArray:
    """Return a factor a day of the year: December peak, late-November sale, quiet summer."""
    day = np.arange(366, dtype=np.float64)
    december = 0.95 * np.exp(-0.5 * ((day - 345) / 10) ** 2)
    sale = 0.55 * np.exp(-0.5 * ((day - 331) / 3) ** 2)
    summer = -0.12 * np.exp(-0.5 * ((day - 205) / 25) ** 2)
    factor = 1 + december + sale + summer
    return np.asarray(factor / factor.mean(), dtype=np.float64)


YEARLY = _yearly()


class Season:
    """The intensity of demand over the window, with mean about 1.

    Parameters
    ----------
    settings
        With ``stationary`` the intensity is 1 at all times.
    """

    def __init__(self, settings: Settings) -> None:
        self.start_at = settings.start_at
        self.end_at = settings.end_at
        self.is_flat = settings.stationary
        self.peak = 1.0 if self.is_flat else float(YEARLY.max() * WEEKDAYS.max() * HOURS.max())
        self.refill_peak = 1.0 if self.is_flat else REFILL_DUE
        hours = self.start_at + HOUR * np.arange(settings.days * 24, dtype=np.float64)
        growth = 1.0 if self.is_flat else np.linspace(*GROWTH, num=len(hours))
        self._arrivals = np.cumsum(self.intensity(hours) * growth)

    def intensity(self, at: FloatArray) -> FloatArray:
        """Return the factor of the purchase rate at each time (seconds since 1970), shape kept."""
        if self.is_flat:
            return np.ones_like(at)
        day = np.floor(at / DAY).astype(np.int64)
        dates = day.astype("datetime64[D]")
        day_of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
        hour = np.floor(at / HOUR).astype(np.int64) % 24
        # 1970-01-01 was a Thursday.
        factor: FloatArray = YEARLY[day_of_year] * WEEKDAYS[(day + 3) % 7] * HOURS[hour]
        return factor

    def refill(self, waited: FloatArray, gap: FloatArray) -> FloatArray:
        """Return the factor of the purchase rate after a wait, in seconds; NaN: no refill gap."""
        if self.is_flat:
            return np.ones_like(waited)
        gaps_waited = waited / gap
        factor = np.where(gaps_waited < REFILL_DUE_FROM, REFILL_EARLY, 1.0)
        is_due = (gaps_waited >= REFILL_DUE_FROM) & (gaps_waited < REFILL_DUE_TO)
        return np.where(is_due, REFILL_DUE, factor)

    def arrivals(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw arrival times, whole seconds in ascending order, in proportion to the demand."""
        u = rng.random(size) * self._arrivals[-1]
        hour = np.searchsorted(self._arrivals, u, side="right")
        return np.sort(np.floor(self.start_at + HOUR * (hour + rng.random(size))))

    def between(
        self, rng: np.random.Generator, earliest: FloatArray, latest: FloatArray
    ) -> FloatArray:
        """Draw a time in each interval, roughly by demand: the first of four tries to be taken."""
        tries = earliest + rng.random((4, len(earliest))) * (latest - earliest)
        is_taken = rng.random(tries.shape) * self.peak < 2.5 * self.intensity(tries)
        drawn: FloatArray = tries[is_taken.argmax(axis=0), np.arange(len(earliest))]
        return np.floor(drawn)
