"""Histories of customers, aggregated: how many share a repeat count, a last day and an age."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dovecote.btyd.arrays import FloatArray, distinct, totals


@dataclass(frozen=True)
class Histories:
    """Distinct histories in lexicographic order, each array of shape (n,).

    Attributes
    ----------
    repeat_days
        Days of activity after the first one, ``x``.
    first_to_last_days
        Time from the first to the last activity, ``t_x``.
    age_days
        Time from the first activity to the cut-off, ``T``.
    customers
        Customers who share the history.
    """

    repeat_days: FloatArray
    first_to_last_days: FloatArray
    age_days: FloatArray
    customers: FloatArray

    @classmethod
    def of(
        cls,
        repeat_days: ArrayLike,
        first_to_last_days: ArrayLike,
        age_days: ArrayLike,
        customers: ArrayLike | None = None,
    ) -> Histories:
        """Check and aggregate histories.

        Parameters
        ----------
        repeat_days, first_to_last_days, age_days
            Histories, each of shape (m,), times in one unit.
        customers
            Customers of each history, shape (m,); one each if None.

        Raises
        ------
        ValueError
            If lengths differ, a value is missing, negative or infinite, a count is not whole, or
            a history contradicts itself.
        """
        x = column("repeat_days", repeat_days)
        t_x = column("first_to_last_days", first_to_last_days)
        age = column("age_days", age_days)
        weight = np.ones(len(x)) if customers is None else column("customers", customers)
        if not len(x) == len(t_x) == len(age) == len(weight):
            raise ValueError(
                "repeat_days, first_to_last_days, age_days and customers differ in length: give "
                "one value of each per history."
            )
        check_counts("repeat_days", x)
        check_counts("customers", weight)
        if np.any(t_x > age):
            raise ValueError(
                "first_to_last_days is above age_days: leave out activity after the cut-off."
            )
        if np.any((x > 0) != (t_x > 0)):
            raise ValueError(
                "first_to_last_days must be positive where repeat_days is, and 0 where it is 0: "
                "count distinct days of activity after the first."
            )
        (x, t_x, age), position = distinct(x, t_x, age)
        weight = totals(position, weight)
        held = weight > 0
        return cls(x[held], t_x[held], age[held], weight[held])

    @property
    def total(self) -> float:
        """Number of customers."""
        return float(self.customers.sum())

    @property
    def repeaters(self) -> float:
        """Number of customers with a repeat."""
        return float(self.customers[self.repeat_days > 0].sum())

    def in_unit(self, unit: float) -> Histories:
        """Measure times in another unit."""
        return replace(
            self,
            first_to_last_days=self.first_to_last_days / unit,
            age_days=self.age_days / unit,
        )

    def sample(self, size: int) -> Histories:
        """Take every so manieth history, so that at most ``size`` are left."""
        chosen = slice(None, None, -(-len(self.customers) // size))
        return Histories(
            self.repeat_days[chosen],
            self.first_to_last_days[chosen],
            self.age_days[chosen],
            self.customers[chosen],
        )


def check_counts(name: str, values: FloatArray) -> None:
    """Raise ValueError unless all are whole numbers."""
    if np.any(values != np.floor(values)):
        raise ValueError(f"{name} must hold whole numbers: give counts.")


def with_more_than(counts: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum the weights of counts above 0, above 1, and so on up to the last count that occurs."""
    return np.cumsum(totals(counts.astype(np.int64), weight)[:0:-1])[::-1]


def column(name: str, values: ArrayLike) -> FloatArray:
    """Read a column of numbers, and raise ValueError unless all are finite and 0 or more."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions: give one column.")
    if not np.all(np.isfinite(array)) or np.any(array < 0):
        raise ValueError(f"{name} has missing, negative or infinite values: leave these rows out.")
    return array
