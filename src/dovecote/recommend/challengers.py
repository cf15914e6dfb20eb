"""Methods that the published lists are compared with: SVD, ALS, customers alike.

They are graded, never published, as their scores cannot be explained by what a customer owns.
Weights are ln(1 + baskets).

References
----------
Cremonesi, P., Koren, Y., Turrin, R. (2010), Performance of recommender algorithms on top-n
recommendation tasks, RecSys, 39-46 (PureSVD).
Hu, Y., Koren, Y., Volinsky, C. (2008), Collaborative filtering for implicit feedback datasets,
ICDM, 263-272 (ALS).
Herlocker, J. L., Konstan, J. A., Borchers, A., Riedl, J. (1999), An algorithmic framework for
performing collaborative filtering, SIGIR, 230-237 (neighbours among customers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from dovecote.recommend.baskets import BasketCounts, blocks, read_counts, scaled_rows
from dovecote.recommend.lists import list_table
from dovecote.recommend.ranking import largest_stored

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
Scorer = Callable[[IntArray], FloatArray]
"""Gives the scores of customers at these positions, shape (customers, products)."""

FACTORS = 64
ALS_ROUNDS = 10
ALS_REGULARISATION = 10.0
ALIKE = 100
REFERENCE_CUSTOMERS = 20_000


def challenger_lists(
    weights: pd.DataFrame,
    *,
    method: str,
    customers: Sequence[Any] | None = None,
    size: int = 20,
    memory_gb: float = 1.0,
) -> pd.DataFrame:
    """Make the lists of a challenger.

    Parameters
    ----------
    weights
        One row per customer_id and product_id: basket_count, the baskets of the customer that held
        the product.
    method
        ``svd``, ``als`` or ``user_knn``.
    customers
        Who gets lists; None for all. Who is not in ``weights`` gets none.
    size
        Length of the lists; scores do not depend on it.
    memory_gb
        Bound of the memory that scores take at a time, in 1e9 bytes.

    Returns
    -------
    pandas.DataFrame
        One row per task (``all``, and ``new`` for products never bought), customer_id and position
        (from 1): method_name, product_id and score. Ties are broken by product_id.

    Raises
    ------
    ValueError
        If the method is unknown, a column is missing or has nulls, a pair comes twice, or a count
        is not positive.
    """
    if method not in CHALLENGERS:
        raise ValueError(f"method {method} is unknown: take one of {', '.join(CHALLENGERS)}.")
    baskets = read_counts(weights)
    asked = np.arange(baskets.customers.size)
    if customers is not None:
        asked = np.flatnonzero(np.isin(baskets.customers, list(customers)))
    tables = _tables(baskets, asked[:0], np.empty((0, baskets.products.size)), method, size)
    if asked.size:
        scorer = CHALLENGERS[method](baskets)
        # Scores, their partition and two masks, or likenesses of customers, exist at a time.
        width = max(baskets.products.size, REFERENCE_CUSTOMERS)
        at_once = max(1, int(memory_gb * 1e9 / (32 * width)))
        for block in blocks(asked.size, at_once):
            tables += _tables(baskets, asked[block], scorer(asked[block]), method, size)
    lists = pd.concat(tables, ignore_index=True)
    return lists.sort_values(["task", "customer_id", "position"], ignore_index=True)


def _tables(
    baskets: BasketCounts, asked: IntArray, scores: FloatArray, method: str, size: int
) -> list[pd.DataFrame]:
    return [
        list_table(baskets, asked, scores, task=task, method_name=method, size=size)
        for task in ("all", "new")
    ]


def _svd(baskets: BasketCounts) -> Scorer:
    weights = baskets.log_counts
    factors = min(FACTORS, min(weights.shape) - 1)
    if factors < 1:
        return lambda rows: weights[rows].toarray()
    start = np.ones(min(weights.shape))
    right = svds(weights, k=factors, v0=start, return_singular_vectors="vh")[2]
    return lambda rows: np.asarray(weights[rows] @ right.T @ right)


def _als(baskets: BasketCounts) -> Scorer:
    weights = baskets.log_counts
    by_product = weights.T.tocsr()
    factors = min(FACTORS, *weights.shape)
    rng = np.random.default_rng(1)
    of_customers: FloatArray = np.zeros((weights.shape[0], factors))
    of_products: FloatArray = rng.normal(scale=0.1, size=(weights.shape[1], factors))
    for _ in range(ALS_ROUNDS):
        of_customers = _least_squares(weights, of_products)
        of_products = _least_squares(by_product, of_customers)
    return lambda rows: of_customers[rows] @ of_products.T


def _least_squares(weights: sparse.csr_array, fixed: FloatArray) -> FloatArray:
    """Fit each row's factors: preference 1 with confidence 1 + weight, else 0 with confidence 1."""
    everywhere = fixed.T @ fixed + ALS_REGULARISATION * np.eye(fixed.shape[1])
    fitted = np.empty((weights.shape[0], fixed.shape[1]))
    for row, (start, end) in enumerate(zip(weights.indptr[:-1], weights.indptr[1:], strict=True)):
        chosen, weight = fixed[weights.indices[start:end]], weights.data[start:end]
        fitted[row] = np.linalg.solve(
            everywhere + (chosen.T * weight) @ chosen, (1 + weight) @ chosen
        )
    return fitted


def _user_knn(baskets: BasketCounts) -> Scorer:
    weights = baskets.log_counts
    norms = np.sqrt(np.asarray((weights**2).sum(axis=1)))
    directions = scaled_rows(weights, 1 / norms)
    step = -(-weights.shape[0] // REFERENCE_CUSTOMERS)
    reference = np.arange(0, weights.shape[0], step)
    of_reference, reference_directions = weights[reference], directions[reference].T.tocsr()

    def scores(rows: IntArray) -> FloatArray:
        similarity = (directions[rows] @ reference_directions).tocsr()
        # A customer among the reference is no neighbour of its own.
        own = np.where(rows % step == 0, rows // step, -1)
        row, stored = largest_stored(similarity, similarity.data, ALIKE, own)
        alike = sparse.coo_array(
            (similarity.data[stored], (row, similarity.indices[stored])), shape=similarity.shape
        )
        return np.asarray((alike.tocsr() @ of_reference).toarray())

    return scores


CHALLENGERS: dict[str, Callable[[BasketCounts], Scorer]] = {
    "svd": _svd,
    "als": _als,
    "user_knn": _user_knn,
}
