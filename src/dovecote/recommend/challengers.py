"""Methods that the published lists are compared with: SVD, ALS, customers and products alike.

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
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from dovecote.recommend.baskets import (
    BasketCounts,
    blocks,
    read_counts,
    require_columns,
    scaled_rows,
)
from dovecote.recommend.lists import list_table, store
from dovecote.recommend.ranking import largest_stored
from dovecote.recommend.similarities import Method, Similarities, item_similarities

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
Scorer = Callable[[IntArray], FloatArray]
"""Gives the scores of customers at these positions, shape (customers, products)."""
Fit = Callable[[BasketCounts], Scorer]

FACTORS = 64
ALS_FACTORS = 32
ALS_ROUNDS = 10
ALS_REGULARISATION = 10.0
ALIKE = 100
REFERENCE_CUSTOMERS = 20_000
ORDER = ["task", "method_name", "customer_id", "position"]


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
        ``svd``, ``als``, ``user_knn``, ``item_knn_cosine`` or ``item_knn_bm25``; the last two
        add up the stored similarities of what a customer owns.
    customers
        Who gets lists; None for all. Who is not in ``weights`` gets none.
    size
        Length of the lists; scores do not depend on it.
    memory_gb
        Bound of the memory that scores take at a time, and similarities, in 1e9 bytes.

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
    methods = [*CHALLENGERS, *ITEM_KNN]
    if method not in methods:
        raise ValueError(f"method {method} is unknown: take one of {', '.join(methods)}.")
    baskets = read_counts(weights)
    if method in CHALLENGERS:
        fit = CHALLENGERS[method]
    else:
        found = item_similarities(weights, method=ITEM_KNN[method], memory_gb=memory_gb)
        fit = partial(_item_knn, found)
    return _lists(baskets, fit, method, customers=customers, size=size, memory_gb=memory_gb)


def neighbour_lists(
    neighbours: pd.DataFrame, seeds: pd.DataFrame, *, method_name: str, size: int = 20
) -> pd.DataFrame:
    """Make the lists of the product pages that customers look at.

    Parameters
    ----------
    neighbours
        One row per product_id and similar_product_id: position (from 1) and score, as in
        ``Similarities.display``.
    seeds
        One row per customer_id: product_id, the product whose page is shown.
    method_name
        Name of what found the neighbours.
    size
        Length of the lists.

    Returns
    -------
    pandas.DataFrame
        One row per customer_id and position: task (``item_page``), method_name, product_id and
        score. Customers whose product has no neighbour have no row.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, or a customer_id of seeds comes twice.
    """
    columns = ["product_id", "similar_product_id", "position", "score"]
    require_columns("neighbours", neighbours, columns)
    require_columns("seeds", seeds, ["customer_id", "product_id"])
    if seeds["customer_id"].duplicated().any():
        raise ValueError(
            "Column customer_id of seeds repeats a value: keep one product a customer."
        )
    near = neighbours.loc[neighbours["position"] <= size, columns]
    lists = seeds[["customer_id", "product_id"]].merge(near, on="product_id")
    lists["product_id"] = lists["similar_product_id"]
    lists = lists.assign(task="item_page", method_name=method_name)
    names = {"task": "str", "method_name": "str"}
    return (
        lists[[*ORDER, "product_id", "score"]].astype(names).sort_values(ORDER, ignore_index=True)
    )


def all_challenger_lists(
    weights: pd.DataFrame,
    seeds: pd.DataFrame,
    *,
    customers: Sequence[Any] | None = None,
    size: int = 20,
    memory_gb: float = 1.0,
) -> pd.DataFrame:
    """Make the lists of all challengers, and those of product pages by products alike.

    Parameters
    ----------
    weights, customers, size, memory_gb
        As for `challenger_lists`.
    seeds
        As for `neighbour_lists`; whoever has a row gets a list of their product page.

    Returns
    -------
    pandas.DataFrame
        The rows of `challenger_lists` for every method, and of `neighbour_lists` for
        ``item_knn_cosine`` and ``item_knn_bm25``, sorted by task, method_name, customer_id and
        position.

    Raises
    ------
    ValueError
        As for these two.
    """
    baskets = read_counts(weights)
    make = partial(_lists, baskets, customers=customers, size=size, memory_gb=memory_gb)
    tables = [make(fit, method) for method, fit in CHALLENGERS.items()]
    for method, cosine in ITEM_KNN.items():
        found = item_similarities(weights, method=cosine, memory_gb=memory_gb)
        tables.append(make(partial(_item_knn, found), method))
        tables.append(neighbour_lists(found.display, seeds, method_name=method, size=size))
    return pd.concat(tables).sort_values(ORDER, ignore_index=True)


def _lists(
    baskets: BasketCounts,
    fit: Fit,
    method: str,
    *,
    customers: Sequence[Any] | None,
    size: int,
    memory_gb: float,
) -> pd.DataFrame:
    asked = np.arange(baskets.customers.size)
    if customers is not None:
        asked = np.flatnonzero(np.isin(baskets.customers, list(customers)))
    tables = _tables(baskets, asked[:0], np.empty((0, baskets.products.size)), method, size)
    if asked.size:
        scorer = fit(baskets)
        # Scores, their partition and two masks, or likenesses of customers, exist at a time.
        width = max(baskets.products.size, REFERENCE_CUSTOMERS)
        at_once = max(1, int(memory_gb * 1e9 / (32 * width)))
        for block in blocks(asked.size, at_once):
            tables += _tables(baskets, asked[block], scorer(asked[block]), method, size)
    return pd.concat(tables).sort_values(ORDER, ignore_index=True)


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
    factors = min(ALS_FACTORS, *weights.shape)
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


def _item_knn(similarities: Similarities, baskets: BasketCounts) -> Scorer:
    weights = baskets.log_counts
    nearest = store(similarities, baskets.products).above_rest
    return lambda rows: np.asarray((weights[rows] @ nearest).toarray())


CHALLENGERS: dict[str, Fit] = {
    "svd": _svd,
    "als": _als,
    "user_knn": _user_knn,
}
ITEM_KNN: dict[str, Method] = {"item_knn_cosine": "cosine", "item_knn_bm25": "bm25"}
