"""How often each customer bought each product, read once from a table and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Ids = NDArray[Any]


@dataclass(frozen=True)
class BasketCounts:
    """Baskets of customers that held a product.

    Attributes
    ----------
    customers, products
        Ids, ascending.
    counts
        Baskets as floats, shape (customers, products), column indices sorted.
    """

    customers: Ids
    products: Ids
    counts: sparse.csr_array

    @property
    def log_counts(self) -> sparse.csr_array:
        """Give ln(1 + baskets), which keeps a customer's staple from drowning the rest."""
        return with_values(self.counts, np.log1p(self.counts.data))

    @property
    def is_bought(self) -> sparse.csr_array:
        """Give 1 where a customer bought a product."""
        return with_values(self.counts, np.ones_like(self.counts.data))


def read_counts(weights: pd.DataFrame) -> BasketCounts:
    """Read one row per customer_id and product_id with basket_count, in any order.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, a pair comes twice, or a count is not positive.
    """
    require_columns("weights", weights, ["customer_id", "product_id", "basket_count"])
    counts = weights["basket_count"].to_numpy(dtype=np.float64)
    if not (np.isfinite(counts) & (counts > 0)).all():
        raise ValueError(
            "Column basket_count of weights has a value that is not positive: leave the row out."
        )
    (customers, customer), (products, product) = (
        _numbered(weights[column]) for column in ("customer_id", "product_id")
    )
    shape = (customers.size, products.size)
    matrix = sparse.coo_array((counts, (customer, product)), shape=shape).tocsr()
    if matrix.nnz < counts.size:
        raise ValueError(
            "Columns customer_id and product_id of weights repeat a pair: add up its baskets."
        )
    matrix.sort_indices()
    return BasketCounts(customers, products, matrix)


def _numbered(ids: pd.Series[Any]) -> tuple[Ids, NDArray[np.int32]]:
    """Give the distinct ids, ascending, and the position of each id among them."""
    position, distinct = pd.factorize(ids.to_numpy(), sort=True)
    return distinct, position.astype(np.int32)


def require_columns(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Stop where a table lacks a column, or has nulls in one.

    Raises
    ------
    ValueError
        If so; the message names the first such column.
    """
    for column in columns:
        if column not in frame.columns:
            raise ValueError(f"Column {column} is not in {name}: add it.")
        if frame[column].isna().any():
            raise ValueError(f"Column {column} of {name} has nulls: leave these rows out.")


def with_values(matrix: sparse.csr_array, values: NDArray[Any]) -> sparse.csr_array:
    """Give a matrix with the same entries and other values."""
    return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def scaled_rows(matrix: sparse.csr_array, factors: NDArray[Any]) -> sparse.csr_array:
    """Multiply each row by its factor."""
    return with_values(matrix, matrix.data * np.repeat(factors, np.diff(matrix.indptr)))


def blocks_of_cost(cost: NDArray[Any], most: float) -> Iterator[slice]:
    """Split positions into slices that cost at most this much beside their last position."""
    block = np.floor((np.cumsum(cost, dtype=np.float64) - cost) / most)
    starts = np.flatnonzero(np.diff(block, prepend=-1)).tolist()
    for start, stop in pairwise([*starts, cost.size]):
        yield slice(start, stop)


def blocks(n: int, size: int) -> Iterator[slice]:
    """Split n positions into slices of a size, the last one shorter."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
