"""The largest values of rows: one order for every list, ties by position.

Products are numbered in the order of their ids, so ties are broken by product_id, and the first
products of a list are the same however many are asked for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


def largest(values: FloatArray, size: int) -> IntArray:
    """Give the positions of the largest values of each row, the largest first, ties by position.

    Parameters
    ----------
    values
        Shape (rows, n), without NaN.
    size
        How many to give; all n where there are fewer.

    Returns
    -------
    numpy.ndarray
        Shape (rows, min(size, n)).
    """
    rows, n = values.shape
    if size < n:
        threshold = np.partition(values, n - size, axis=1)[:, n - size, None]
        is_above = values > threshold
        is_tied = values == threshold
        free = size - is_above.sum(axis=1, keepdims=True)
        is_chosen = is_above | (is_tied & (np.cumsum(is_tied, axis=1, dtype=np.int32) <= free))
        position = np.nonzero(is_chosen)[1].reshape(rows, size)
    else:
        position = np.broadcast_to(np.arange(n), (rows, n))
    order = np.argsort(-np.take_along_axis(values, position, axis=1), axis=1, kind="stable")
    return np.take_along_axis(position, order, axis=1)


def largest_stored(
    matrix: sparse.csr_array,
    values: FloatArray,
    size: int,
    left_out: IntArray,
    *,
    columns: IntArray | None = None,
) -> tuple[IntArray, IntArray]:
    """Find the largest positive values of each row of a sparse matrix, ties by column.

    Parameters
    ----------
    matrix
        Which entries there are; the order within a row does not matter.
    values
        Value of each entry of ``matrix.indices``.
    size
        Most values of a row.
    left_out
        A column of each row that is passed over, shape (rows,).
    columns
        What the matrix's columns are numbered elsewhere, which then breaks ties and is meant by
        ``left_out``; None where it is their position.

    Returns
    -------
    tuple of numpy.ndarray
        Row, and position in ``matrix.indices`` and ``values``, of each value that is kept: row by
        row, the largest first.
    """
    kept = [np.empty(0, dtype=np.int64)]
    for start, end in pairwise(matrix.indptr.tolist()):
        of_row = values[start:end]
        # One more than asked for, as one may be passed over.
        least = np.partition(of_row, -size - 1)[-size - 1] if of_row.size > size else 0
        kept.append(start + np.flatnonzero(of_row >= least))
    stored = np.concatenate(kept)
    row = np.repeat(np.arange(len(kept) - 1), [one.size for one in kept[1:]])
    column = matrix.indices[stored] if columns is None else columns[matrix.indices[stored]]
    is_kept = (values[stored] > 0) & (column != left_out[row])
    row, stored, column = row[is_kept], stored[is_kept], column[is_kept]
    descending = np.argsort(-values[stored])
    rank = np.empty_like(descending)
    rank[descending] = np.cumsum(np.diff(values[stored][descending], prepend=0) < 0)
    # One number a value sorts several times faster than three keys do.
    highest = [int(part.max(initial=0)) + 1 for part in (rank, column)]
    order = np.argsort((row * highest[0] + rank) * highest[1] + column)
    row, stored = row[order], stored[order]
    found = np.bincount(row, minlength=1)
    is_first = np.arange(row.size) - (np.cumsum(found) - found)[row] < size
    return row[is_first], stored[is_first]
