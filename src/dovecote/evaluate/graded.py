"""Graded scores: the input of every table, checked and taken apart by key.

A row counts the customers to whom a model gave one churn probability, and those of them who
churned, that is, did nothing within the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

KEY = {
    "activity": "string",
    "horizon_days": "int64",
    "cutoff_date": "datetime64[us]",
    "model_name": "string",
}
COUNTS = {"churn_probability": "float64", "customers": "int64", "churned": "int64"}


class Key(NamedTuple):
    """What is graded: a model's probability of no activity in the horizon after the cut-off."""

    activity: str
    horizon_days: int
    cutoff_date: pd.Timestamp
    model_name: str


@dataclass(frozen=True)
class Scores:
    """Distinct churn probabilities of one key, ascending, with the customers who had them.

    Attributes
    ----------
    probability
        Churn probability, shape (m,).
    churned, retained
        Customers who churned and who did not, as floats, shape (m,).
    """

    probability: FloatArray
    churned: FloatArray
    retained: FloatArray

    @property
    def customers(self) -> FloatArray:
        """Customers of each probability, shape (m,)."""
        return self.churned + self.retained


def scores_by_key(graded: pd.DataFrame) -> Iterator[tuple[Key, Scores]]:
    """Yield every key, in order, with its scores.

    Parameters
    ----------
    graded
        Columns activity, horizon_days, cutoff_date, model_name, churn_probability, customers and
        churned. Rows with an equal key and probability are added up.

    Yields
    ------
    tuple of Key and Scores

    Raises
    ------
    ValueError
        If a column is missing, has nulls, or holds a value that no graded score can have.
    """
    checked = typed(graded, {**KEY, **COUNTS})
    _check_counts(checked)
    summed = checked.groupby([*KEY, "churn_probability"], as_index=False).sum()
    for key, rows in summed.groupby(list(KEY)):
        activity, horizon_days, cutoff_date, model_name = cast(tuple[Any, ...], key)
        churned = rows["churned"].to_numpy(np.float64)
        yield (
            Key(activity, horizon_days, cutoff_date, model_name),
            Scores(
                probability=rows["churn_probability"].to_numpy(np.float64),
                churned=churned,
                retained=rows["customers"].to_numpy(np.float64) - churned,
            ),
        )


def typed(frame: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """Return some columns of a frame with the given types.

    Raises
    ------
    ValueError
        If a column is missing, or a key or count is null.
    """
    for column in types:
        if column not in frame.columns:
            raise ValueError(f"Column {column} is missing: select it.")
        if column in KEY | COUNTS and frame[column].isna().any():
            raise ValueError(f"Column {column} has nulls: leave out these rows.")
    return frame[list(types)].astype(dict(types))


def table(parts: list[pd.DataFrame], types: Mapping[str, str]) -> pd.DataFrame:
    """Join frames to one of the key and the given columns, typed also where there are no rows."""
    columns = {**KEY, **types}
    joined = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return joined.reindex(columns=list(columns)).astype(columns)


def running_sum(counts: FloatArray) -> FloatArray:
    """Return 0 and the running sums of all counts, shape (size + 1,)."""
    sums = np.zeros(counts.size + 1)
    np.cumsum(counts, out=sums[1:])
    return sums


def _check_counts(graded: pd.DataFrame) -> None:
    if not graded["churn_probability"].between(0, 1).all():
        raise ValueError("Column churn_probability has values outside 0 to 1: correct the scores.")
    if (graded["customers"] < 1).any():
        raise ValueError("Column customers has values below 1: leave out these rows.")
    if not graded["churned"].between(0, graded["customers"]).all():
        raise ValueError("Column churned is not from 0 to customers: count every customer once.")
