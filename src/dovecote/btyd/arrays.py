"""Array types and helpers that the models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_LEVELS = 100_000
"""Whole numbers up to which a column's values are their own codes."""


def share(part: FloatArray | float, rest: FloatArray | float) -> FloatArray:
    """Give part / (part + rest)."""
    return np.asarray(part / (part + rest), dtype=np.float64)


def totals(positions: IntArray, weights: FloatArray) -> FloatArray:
    """Add up weights by position, from 0 to the last position that occurs."""
    return np.bincount(positions, weights=weights).astype(np.float64, copy=False)


def distinct(*columns: FloatArray) -> tuple[list[FloatArray], IntArray]:
    """Find the distinct rows of columns of equal length, and each row's position among them.

    Parameters
    ----------
    columns
        Columns of the rows, each of shape (n,).

    Returns
    -------
    tuple
        Columns of the distinct rows in lexicographic order, each of shape (k,), and the positions,
        shape (n,).
    """
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    levels: list[tuple[FloatArray, int]] = []
    for column in columns:
        values, code = _coded(column)
        codes = codes * len(values) + code
        levels.append((values, len(values)))
    rows, positions = np.unique(codes, return_inverse=True)
    found: list[FloatArray] = []
    for values, count in reversed(levels):
        found.append(values[rows % count])
        rows = rows // count
    return found[::-1], positions


def _coded(column: FloatArray) -> tuple[FloatArray, IntArray]:
    """Give levels in ascending order, and each row's among them; whole numbers need no sorting."""
    whole = column.astype(np.int64)
    highest = int(whole.max(initial=0))
    if highest < MOST_LEVELS and np.array_equal(whole, column):
        return np.arange(highest + 1, dtype=np.float64), whole
    values, code = np.unique(column, return_inverse=True)
    return values, code
