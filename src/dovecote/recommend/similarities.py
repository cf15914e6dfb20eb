"""Which products go together: EASE where it fits into memory, cosines beyond, top 50 kept.

EASE
----
EASE predicts each product's weight from a customer's weights of the other products, by ridge
regression with a zero diagonal: with X of shape (customers, products), X = ln(1 + baskets), and
P = (X'X + lambda I)^-1, the score of source i for target j is ``-P_ij / P_jj``. Where customers are
fewer than products the same numbers come from a matrix of customers: with
K = (XX' + lambda I)^-1, P = (I - X'KX) / lambda, and the score is ``x_i'Kx_j / (1 - x_j'Kx_j)``.

Both are a symmetric matrix times one factor a target. One pass over blocks of products therefore
gives their sources as targets and their targets as sources, and no method holds more than one
square matrix.

What is kept
------------
**For scoring**, the sources of each target with the largest absolute score times root mean square
weight, which is what leaving the source out would cost on average. Negative scores are part of
the prediction. **For display**, the targets of each source with the largest positive score, of
EASE among those with more common buyers than chance would give. Scores do not depend on how many
are kept.

**The rest.** A target also gets the mean of the scores of the sources that are not kept, weighted
by how much of each source customers own. This one number times what a customer owns beyond the
kept sources stands for thousands of small scores, which together tell what regular customers are
likely to buy at all.

References
----------
Steck, H. (2019), Embarrassingly shallow autoencoders for sparse data, The World Wide Web
Conference, 3251-3257.
Robertson, S., Zaragoza, H. (2009), The probabilistic relevance framework: BM25 and beyond,
Foundations and Trends in Information Retrieval 3(4), 333-389.
Sarwar, B., Karypis, G., Konstan, J., Riedl, J. (2001), Item-based collaborative filtering
recommendation algorithms, The World Wide Web Conference, 285-295.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, lapack, solve_triangular

from dovecote.recommend.baskets import (
    BasketCounts,
    Ids,
    blocks,
    blocks_of_cost,
    read_counts,
    with_values,
)
from dovecote.recommend.ranking import largest, largest_stored

Method = Literal["ease", "bm25", "cosine"]
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

DEFAULT_REGULARISATION = 200.0
DEFAULT_NEIGHBOURS = 50
BM25_K1 = 20.0
BM25_B = 0.25
BLOCK_SHARE = 1 / 16
"""Share of the memory bound that one dense block of a matrix may take; a few exist at a time."""
BYTES_A_STORED_VALUE = 12
CACHED_VALUES = 500_000
"""Values of a sparse matrix that a processor keeps close by."""
SPREAD_FROM = 20_000
"""Values that multiplying a row with its partners would read of it, to spread it out instead."""
SAFE_ERROR = 1e-3
SCORE_DECIMALS = 6
COLUMNS = {
    "position": "int64",
    "score": "float64",
    "method_name": "str",
    "cosine": "float64",
    "lift": "float64",
    "co_buyers": "int64",
}
SIDES = ("product_id", "similar_product_id")


class Similarities(NamedTuple):
    """Neighbours of products, for two uses.

    Attributes
    ----------
    scoring
        The most telling sources (product_id) of each target (similar_product_id): what SQL scores
        customers with. ``position`` counts the sources of a target.
    display
        The most similar targets (similar_product_id) of each source (product_id): what a product
        page shows. ``position`` counts the targets of a source.
    targets
        One row per similar_product_id: rest_score, the mean score of the sources that ``scoring``
        leaves out; 0 for cosines, which are made to leave out.
    """

    scoring: pd.DataFrame
    display: pd.DataFrame
    targets: pd.DataFrame


class Neighbours(NamedTuple):
    """Neighbours of products, by position, row by row, the first neighbour first."""

    product: IntArray
    neighbour: IntArray
    score: FloatArray
    co_buyers: FloatArray


@dataclass(frozen=True)
class PairSums:
    """What EASE and the tables ask of baskets, added up: nothing grows with the customers.

    Attributes
    ----------
    customers
        How many there are.
    products
        Ids, ascending.
    owned
        Sum over customers of ln(1 + baskets), shape (products,).
    gram
        Sum over customers of the products of ln(1 + baskets), shape (products, products).
    co_buyers
        Customers who bought both, shape (products, products); on the diagonal the buyers.
    """

    customers: int
    products: Ids
    owned: FloatArray
    gram: sparse.csr_array
    co_buyers: sparse.csr_array

    @property
    def buyers(self) -> IntArray:
        """Give the customers who bought each product, shape (products,)."""
        return np.asarray(self.co_buyers.diagonal(), dtype=np.int64)

    @property
    def mean_squares(self) -> FloatArray:
        """Give the mean over customers of the squares of ln(1 + baskets), shape (products,)."""
        return np.asarray(self.gram.diagonal() * (1 / self.customers))

    def co_buyers_of(self, block: slice) -> FloatArray:
        """Give rows of ``co_buyers``."""
        return np.asarray(self.co_buyers[block].toarray())

    def kernel(self, regularisation: float, memory_gb: float) -> _Kernel:
        """Give the matrix of EASE."""
        size = _block_size(self.products.size, memory_gb)
        row_sums = self.gram.sum(axis=1)
        return _PrimalEase(lambda block: self.gram[block], row_sums, regularisation, size)


class _Baskets:
    """The same of baskets that are at hand, block by block."""

    def __init__(self, baskets: BasketCounts) -> None:
        self._baskets = baskets
        self._is_bought = baskets.is_bought.astype(np.float32)
        self._of_products = self._is_bought.T.tocsr()
        self.products = baskets.products
        self.customers = len(baskets.customers)
        self.buyers = np.diff(self._of_products.indptr)

    @property
    def owned(self) -> FloatArray:
        return np.asarray(self._baskets.log_counts.sum(axis=0))

    @property
    def mean_squares(self) -> FloatArray:
        return np.asarray((self._baskets.log_counts**2).mean(axis=0))

    def co_buyers_of(self, block: slice) -> FloatArray:
        return np.asarray((self._of_products[block] @ self._is_bought).toarray())

    def kernel(self, regularisation: float, memory_gb: float) -> _Kernel:
        return _ease(self._baskets, regularisation, memory_gb)


class _Kernel(Protocol):
    """A symmetric matrix of products that can be had in blocks of rows."""

    target_factor: FloatArray

    def rows(self, block: slice) -> FloatArray:
        """Give rows of the matrix, shape (rows, products), diagonal included."""
        ...


def item_similarities(
    weights: pd.DataFrame,
    *,
    method: Method | None = None,
    regularisation: float = DEFAULT_REGULARISATION,
    neighbours: int = DEFAULT_NEIGHBOURS,
    memory_gb: float = 1.0,
) -> Similarities:
    """Fit similarities of products and keep the nearest.

    Parameters
    ----------
    weights
        One row per customer_id and product_id: basket_count, the baskets of the customer that held
        the product.
    method
        ``ease``, ``bm25`` (cosine of BM25 weights) or ``cosine`` (of bought or not). None takes
        EASE where it fits into ``memory_gb``, and ``bm25`` beyond.
    regularisation
        Ridge penalty lambda of EASE.
    neighbours
        How many to keep; scores do not depend on it.
    memory_gb
        Bound of memory beyond input and result, in 1e9 bytes.

    Returns
    -------
    Similarities
        Three tables, sorted. The first two have one row per product_id and similar_product_id,
        with position (from 1), score, method_name, cosine and lift of bought or not, and
        co_buyers; products without a neighbour have no row there.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, a pair comes twice, a count is not positive, or a
        setting is not positive.

    Notes
    -----
    Ties are broken by product_id. The order of rows does not matter.
    """
    for name, value in (
        *(("regularisation", regularisation), ("neighbours", neighbours)),
        ("memory_gb", memory_gb),
    ):
        if not value > 0:
            raise ValueError(f"{name} must be positive: it is {value}.")
    baskets = read_counts(weights)
    customers, products = baskets.counts.shape
    if (method or fitting_method(customers, products, memory_gb)) == "ease":
        return ease_similarities(_Baskets(baskets), regularisation, neighbours, memory_gb)
    chosen: Method = method or "bm25"
    nearest = _sparse_neighbours(baskets, chosen, neighbours, memory_gb)
    buyers = np.diff(baskets.counts.tocsc().indptr)
    return cosine_similarities(baskets.products, buyers, customers, nearest, method=chosen)


def fitting_method(customers: int, products: int, memory_gb: float) -> Method:
    """Give EASE where it fits into memory, BM25 beyond."""
    return "ease" if min(_ease_gb(customers, products)) <= memory_gb else "bm25"


def is_dual_smaller(customers: int, products: int) -> bool:
    """Tell whether EASE takes less memory as a matrix of customers."""
    primal, dual = _ease_gb(customers, products)
    return customers < products and dual < primal


def ease_similarities(
    baskets: PairSums | _Baskets,
    regularisation: float = DEFAULT_REGULARISATION,
    neighbours: int = DEFAULT_NEIGHBOURS,
    memory_gb: float = 1.0,
) -> Similarities:
    """Fit EASE, as `item_similarities` does, to baskets or what they add up to."""
    found = _dense_neighbours(baskets, regularisation, neighbours, memory_gb)
    for_scoring, shown, rest = found
    about = baskets.products, baskets.buyers, baskets.customers
    return Similarities(
        _table(*about, for_scoring, "ease", SIDES[::-1]),
        _table(*about, shown, "ease", SIDES),
        pd.DataFrame({"similar_product_id": baskets.products, "rest_score": rest}),
    )


def cosine_similarities(
    products: Ids, buyers: IntArray, customers: int, nearest: Neighbours, *, method: Method
) -> Similarities:
    """Put the nearest products by a cosine into the tables of `item_similarities`."""
    display = _table(products, buyers, customers, nearest, method, SIDES)
    # Cosines are symmetric, so a product's sources are its targets.
    swapped = dict(zip(SIDES, SIDES[::-1], strict=True))
    scoring = display.rename(columns=swapped)[display.columns]
    rest = np.zeros(products.size)
    targets = pd.DataFrame({"similar_product_id": products, "rest_score": rest})
    return Similarities(scoring, display, targets)


def ease_matrix(
    baskets: BasketCounts, regularisation: float, memory_gb: float = 1.0
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of targets with the scores of all sources, shape (targets, products)."""
    kernel = _ease(baskets, regularisation, memory_gb)
    for block in blocks(baskets.products.size, _block_size(baskets.products.size, memory_gb)):
        yield block, _scores(kernel, block)[0]


def _ease_gb(customers: int, products: int) -> tuple[float, float]:
    """Give the memory of a matrix of products, and of one of customers where they are fewer."""
    primal = 8.0 * products**2
    dual = 16.0 * customers**2 + 4.0 * customers * products
    return primal / 1e9, (dual if customers < products else primal) / 1e9


def _block_size(products: int, memory_gb: float) -> int:
    return max(1, int(memory_gb * 1e9 * BLOCK_SHARE / (4 * max(products, 1))))


def _scores(kernel: _Kernel, block: slice) -> tuple[FloatArray, FloatArray]:
    """Give a block's scores as targets and as sources, shape (rows, products), diagonal 0."""
    values = kernel.rows(block)
    own = np.arange(block.start, block.stop)
    values[own - block.start, own] = 0
    # Scores that differ by rounding errors alone are ties.
    return (
        np.round(values * kernel.target_factor[block, None], SCORE_DECIMALS),
        np.round(values * kernel.target_factor, SCORE_DECIMALS),
    )


def _dense_neighbours(
    baskets: PairSums | _Baskets, regularisation: float, neighbours: int, memory_gb: float
) -> tuple[Neighbours, Neighbours, FloatArray]:
    rest: FloatArray = np.zeros(baskets.products.size)
    if not rest.size:
        return _joined([]), _joined([]), rest
    kernel = baskets.kernel(regularisation, memory_gb)
    weight = np.sqrt(baskets.mean_squares, dtype=np.float32)
    owned, buyers = baskets.owned, baskets.buyers.astype(np.float64)
    scoring, display = [], []
    for block in blocks(baskets.products.size, _block_size(baskets.products.size, memory_gb)):
        as_targets, as_sources = _scores(kernel, block)
        co_buyers = baskets.co_buyers_of(block)
        telling = largest(np.abs(as_targets) * weight, neighbours)
        scoring.append(_taken(block, telling, as_targets, co_buyers, as_targets != 0))
        kept_scores = np.take_along_axis(as_targets, telling, axis=1)
        left_out = owned.sum() - owned[block] - owned[telling].sum(axis=1)
        left_out_scores = as_targets @ owned - (kept_scores * owned[telling]).sum(axis=1)
        is_left_out = left_out > SAFE_ERROR * owned.min()
        np.divide(left_out_scores, left_out, out=rest[block], where=is_left_out)
        # Whole numbers, so that what is exactly as often as by chance is told from what is more.
        is_chance = co_buyers * float(baskets.customers) <= buyers[block, None] * buyers
        as_sources[is_chance] = 0
        shown = largest(as_sources, neighbours)
        display.append(_taken(block, shown, as_sources, co_buyers, as_sources > 0))
    return _joined(scoring), _joined(display), rest


def _taken(
    block: slice,
    position: IntArray,
    scores: FloatArray,
    co_buyers: FloatArray,
    is_neighbour: NDArray[np.bool_],
) -> Neighbours:
    row, column = np.nonzero(np.take_along_axis(is_neighbour, position, axis=1))
    neighbour = position[row, column]
    return Neighbours(
        row + block.start,
        neighbour,
        scores[row, neighbour],
        co_buyers[row, neighbour],
    )


def _joined(pairs: list[Neighbours]) -> Neighbours:
    nothing = np.empty(0, dtype=np.int64)
    none = Neighbours(nothing, nothing, np.empty(0), np.empty(0))
    return Neighbours(*(np.concatenate(parts) for parts in zip(none, *pairs, strict=True)))


class _PrimalEase:
    """``-P`` from a matrix of products; ``1 / P_jj``."""

    def __init__(
        self,
        gram_rows: Callable[[slice], sparse.csr_array],
        row_sums: FloatArray,
        regularisation: float,
        size: int,
    ) -> None:
        products = row_sums.size
        gram = np.empty((products, products), dtype=_safe_type(row_sums, regularisation), order="F")
        for block in blocks(products, size):
            gram[:, block] = gram_rows(block).toarray().T
        gram[np.diag_indices(products)] += regularisation
        single = gram.dtype == np.float32
        factorise = lapack.spotrf if single else lapack.dpotrf
        invert = lapack.spotri if single else lapack.dpotri
        factor, _ = factorise(gram, lower=1, overwrite_a=1, clean=0)
        self._lower, _ = invert(factor, lower=1, overwrite_c=1)
        self.target_factor = (1 / np.diag(self._lower)).astype(np.float32)

    def rows(self, block: slice) -> FloatArray:
        # LAPACK fills the lower triangle alone; the rest of a row stands in its column.
        values = np.empty((block.stop - block.start, len(self._lower)), dtype=np.float32)
        values[:, : block.start] = -self._lower[block, : block.start]
        values[:, block.stop :] = -self._lower[block.stop :, block].T
        own = np.tril(self._lower[block, block])
        values[:, block] = -(own + np.tril(own, -1).T)
        return values


class _DualEase:
    """``X'KX`` from a matrix of customers; ``1 / (1 - x_j'Kx_j)``."""

    def __init__(self, log_counts: sparse.csr_array, regularisation: float, size: int) -> None:
        customers, products = log_counts.shape
        gram = np.empty((customers, customers))
        of_products = log_counts.T.tocsr()
        for block in blocks(customers, max(1, size * products // customers)):
            gram[block] = (log_counts[block] @ of_products).toarray()
        gram[np.diag_indices(customers)] += regularisation
        factor = cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
        self._whitened = np.empty((products, customers), dtype=np.float32)
        for block in blocks(products, max(1, size // 2)):
            right = of_products[block].toarray().T
            solved = solve_triangular(factor, right, lower=True, check_finite=False)
            self._whitened[block] = solved.T
        fitted = np.einsum("ij,ij->i", self._whitened, self._whitened, dtype=np.float64)
        self.target_factor = (1 / (1 - fitted)).astype(np.float32)

    def rows(self, block: slice) -> FloatArray:
        return np.asarray(self._whitened[block] @ self._whitened.T)


def _ease(baskets: BasketCounts, regularisation: float, memory_gb: float) -> _Kernel:
    customers, products = baskets.counts.shape
    size = _block_size(products, memory_gb)
    log_counts = baskets.log_counts
    if is_dual_smaller(customers, products):
        return _DualEase(log_counts, regularisation, size)
    of_products = log_counts.T.tocsr()
    row_sums = of_products @ (log_counts @ np.ones(products))
    return _PrimalEase(
        lambda block: of_products[block] @ log_counts, row_sums, regularisation, size
    )


def _safe_type(row_sums: FloatArray, regularisation: float) -> type[np.floating[Any]]:
    # The largest row sum bounds the largest eigenvalue, as no entry is negative.
    condition = 1 + row_sums.max(initial=0.0) / regularisation
    return np.float32 if condition * np.finfo(np.float32).eps < SAFE_ERROR else np.float64


def _sparse_neighbours(
    baskets: BasketCounts, method: Method, neighbours: int, memory_gb: float
) -> Neighbours:
    if not baskets.products.size:
        return _joined([])
    if method == "bm25":
        of_products = _bm25_directions(baskets.counts).T.tocsr()
    else:
        of_products = baskets.is_bought.astype(np.float32).T.tocsr()
    pairs = _nearest(of_products, method, neighbours, memory_gb)
    if method == "bm25":
        # Counted for what is kept alone: a second product of matrices would cost more.
        is_bought = with_values(of_products, np.ones_like(of_products.data))
        pairs = pairs._replace(co_buyers=_common(is_bought, pairs.product, pairs.neighbour))
    return pairs


def _nearest(
    of_products: sparse.csr_array, method: Method, neighbours: int, memory_gb: float
) -> Neighbours:
    """Keep the products with the largest cosines, the inner products as co_buyers."""
    # Columns are sorted by popularity, as what is often added to should lie close together.
    buyers = np.diff(of_products.indptr).astype(np.float64)
    by_rank = np.argsort(-buyers, kind="stable").astype(np.int32)
    ranked = of_products[by_rank].T.tocsr()
    bought = np.diff(ranked.indptr)[of_products.indices]
    candidates = np.add.reduceat(bought, of_products.indptr[:-1], dtype=np.float64)
    candidates = np.minimum(candidates, buyers.size)
    most = memory_gb * 1e9 * BLOCK_SHARE * 2 / BYTES_A_STORED_VALUE
    kept = []
    for block in blocks_of_cost(candidates, min(most, CACHED_VALUES)):
        similar = of_products[block] @ ranked
        values = similar.data
        if method == "cosine":
            # Squared, and the row's own buyers left out: equal fractions give equal numbers.
            values = values.astype(np.float64) ** 2 / buyers[by_rank][similar.indices]
        own = np.arange(block.start, block.stop, dtype=np.int32)
        row, stored = largest_stored(similar, values, neighbours, own, columns=by_rank)
        product, neighbour = own[row], by_rank[similar.indices[stored]]
        score = values[stored]
        if method == "cosine":
            score = np.sqrt(score / buyers[product])
        kept.append(Neighbours(product, neighbour, score, similar.data[stored]))
    return _joined(kept)


def _common(matrix: sparse.csr_array, one: IntArray, other: IntArray) -> FloatArray:
    """Count the columns that pairs of rows of a matrix of ones have in common.

    Rows of similar length are multiplied with each other. A long one with many partners is spread
    out instead, so that only the entries of its partners are looked at.
    """
    rows, length = matrix.shape[0], np.diff(matrix.indptr)
    is_swapped = length[one] < length[other]
    key = np.where(is_swapped, other, one) * np.int64(rows) + np.where(is_swapped, one, other)
    order = np.argsort(key)
    # Two products are often neighbours of each other: they are counted once.
    is_first = np.diff(key[order], prepend=-1) > 0
    long, short = np.divmod(key[order][is_first], rows)
    count = np.empty(long.size, dtype=np.float32)
    is_spread = (np.bincount(long, minlength=rows) * length > SPREAD_FROM)[long]
    alike = np.flatnonzero(~is_spread)
    for block in blocks_of_cost(length[long[alike]] + length[short[alike]], CACHED_VALUES):
        pair = alike[block]
        count[pair] = matrix[long[pair]].multiply(matrix[short[pair]]).sum(axis=1)
    dense = np.zeros(matrix.shape[1], dtype=np.float32)
    starts = np.flatnonzero(np.diff(long, prepend=-1, append=rows) > 0)
    for start, stop in pairwise(starts.tolist()):
        if not is_spread[start]:
            continue
        row, partners = long[start], short[start:stop]
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        dense[columns] = 1
        for block in blocks_of_cost(length[partners], CACHED_VALUES):
            count[start + block.start : start + block.stop] = matrix[partners[block]] @ dense
        dense[columns] = 0
    found = np.empty(one.size, dtype=np.float32)
    found[order] = count[np.cumsum(is_first) - 1]
    return found


def _bm25_directions(counts: sparse.csr_array) -> sparse.csr_array:
    """Weight baskets as BM25 weighs words, and scale each product's weights to length 1.

    A product is a document, a customer is a word.
    """
    # In place, and without the constant factor k1 + 1, which a length of 1 takes out again.
    length = np.asarray(counts.sum(axis=0))
    values = (BM25_K1 * (1 - BM25_B + BM25_B * length / length.mean()))[counts.indices]
    values += counts.data
    np.divide(counts.data, values, out=values)
    bought = np.diff(counts.indptr)
    values *= np.repeat(np.log1p((counts.shape[1] + 0.5) / (bought + 0.5)), bought)
    values /= np.sqrt(np.bincount(counts.indices, values**2))[counts.indices]
    return with_values(counts, values.astype(np.float32))


def _table(
    products: Ids,
    buyers: IntArray,
    customers: int,
    pairs: Neighbours,
    method: Method,
    sides: tuple[str, ...],
) -> pd.DataFrame:
    """Name the pairs; the first of ``sides`` is the column of ``pairs.product``."""
    buyers_of_both = buyers[pairs.product].astype(np.float64) * buyers[pairs.neighbour]
    first_of_product = np.searchsorted(pairs.product, pairs.product)
    ids = dict(zip(sides, (pairs.product, pairs.neighbour), strict=True))
    columns = {
        "product_id": products[ids["product_id"]],
        "similar_product_id": products[ids["similar_product_id"]],
        "position": np.arange(pairs.product.size) - first_of_product + 1,
        "score": pairs.score,
        "method_name": method,
        "cosine": pairs.co_buyers / np.sqrt(buyers_of_both),
        "lift": pairs.co_buyers * customers / buyers_of_both,
        "co_buyers": pairs.co_buyers,
    }
    return pd.DataFrame(columns).astype(COLUMNS)
