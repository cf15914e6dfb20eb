"""What a simulated shop is asked to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

DAY = 86_400
"""Seconds in a day."""

FileFormat = Literal["csv", "parquet"]

EARLIEST_START = date(1995, 1, 1)
LATEST_END = date(2099, 1, 1)
MAX_DAYS = 3_650
MAX_DIRTY_SHARE = 0.2
MAX_LATE_SHARE = 0.5
MAX_PACE = 10


@dataclass(frozen=True)
class Settings:
    """The request: size, window, seed and blemishes of a simulated shop.

    Parameters
    ----------
    customers
        People who open an account inside the window, at least 1.
    days
        Length of the window in days, 1 to 3650.
    seed
        Non-negative integer that, with the other settings, fixes every byte.
    start
        First day of the window (UTC). The window must lie between 1995 and 2099, so that the
        false times of the dirt (1970 and 2099) stay outside it.
    file_format
        ``"csv"`` or ``"parquet"``. Parquet columns are typed, so dirt that needs text in a number
        or in a time exists in CSV only.
    dirty_share
        Share of dirty rows added to each entity, 0 to 0.2.
    late_share
        Share of order and event rows that arrive out of time order, 0 to 0.5.
    stationary
        Keep purchase rates constant: no growth, season, hour of the day or refill rhythm.
    events_per_customer
        Mean number of event rows a customer. Sessions that lead to orders are always there (about
        6 events a customer), browsing fills up the rest.
    purchase_pace
        Repeat purchases relative to the usual shop, above 0 to 10: at 2 customers buy twice as
        often and leave after about twice as many purchases, hence stay as long.

    Raises
    ------
    ValueError
        One sentence that names the setting, its value and the values allowed.
    """

    customers: int
    days: int
    seed: int
    start: date = date(2025, 1, 1)
    file_format: FileFormat = "csv"
    dirty_share: float = 0.0
    late_share: float = 0.0
    stationary: bool = False
    events_per_customer: float = 14.0
    purchase_pace: float = 1.0

    def __post_init__(self) -> None:
        _check("customers", self.customers, self.customers >= 1, "at least 1")
        _check("days", self.days, 1 <= self.days <= MAX_DAYS, f"from 1 to {MAX_DAYS}")
        _check("seed", self.seed, self.seed >= 0, "0 or more")
        _check(
            "start",
            self.start,
            EARLIEST_START <= self.start <= LATEST_END - timedelta(days=self.days),
            f"a date from {EARLIEST_START} with the window's end no later than {LATEST_END}",
        )
        for name, value, most in (
            ("dirty-share", self.dirty_share, MAX_DIRTY_SHARE),
            ("late-share", self.late_share, MAX_LATE_SHARE),
        ):
            _check(name, value, 0 <= value <= most, f"from 0 to {most}")
        _check(
            "events-per-customer",
            self.events_per_customer,
            0 <= self.events_per_customer <= 1_000,
            "from 0 to 1000",
        )
        _check(
            "purchase-pace",
            self.purchase_pace,
            0 < self.purchase_pace <= MAX_PACE,
            f"above 0 and at most {MAX_PACE}",
        )

    @property
    def start_at(self) -> float:
        """Start of the window, in seconds since 1970 (UTC)."""
        return float((self.start - date(1970, 1, 1)).days * DAY)

    @property
    def end_at(self) -> float:
        """End of the window, exclusive, in seconds since 1970 (UTC)."""
        return self.start_at + self.days * DAY


def _check(name: str, value: object, is_right: bool, allowed: str) -> None:
    if not is_right:
        raise ValueError(f"--{name} is {value}: give {allowed}.")
