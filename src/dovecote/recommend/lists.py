"""The lists that are published: sums of what customers own, the best products first.

The lists
---------
At a cut-off a customer owns w = ln(1 + d) of a product, d being its baskets and other signals, each
counting half after a half-life. For a product j

- ``own = repeat_factor_j * w_j``, more where buyers of j buy it again more often than others do;
- ``similar = sum of w_i * score_ij`` over owned products i that are stored sources of j, plus
  ``rest_j`` times what is owned beyond them and j; 0 where no stored source is owned;
- ``trend_j`` tells how many baskets lately held the product, over how many were to be expected.

The score is ``trend * (own + similar_weight * similar)``: ``blend`` ranks all products by it,
``discover`` those never bought, each with a trend of its own power. Ties are broken by product_id.
Scores are linear in what is owned, so their terms are reasons.

References
----------
Hu, H., He, X., Gao, J., Zhang, Z.-L. (2020), Modeling personalized item frequency information for
next-basket recommendation, SIGIR, 1071-1080 (decayed personal frequency).
Steck, H. (2019), Embarrassingly shallow autoencoders for sparse data, The World Wide Web
Conference, 3251-3257.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from dovecote.recommend.baskets import BasketCounts, Ids, blocks, require_columns
from dovecote.recommend.ranking import largest
from dovecote.recommend.similarities import Similarities

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

SCORE_DECIMALS = 9
BYTES_A_CANDIDATE = 100
"""Memory of a customer and product while they are scored and ranked."""
OWNED_COLUMNS = ["customer_id", "product_id", "owned_weight", "is_barred", "is_barred_as_new"]
SIMILARITY_COLUMNS = ["product_id", "similar_product_id", "score", "rest_score", "lift"]
PRODUCT_COLUMNS = [
    *("product_id", "is_candidate", "repeat_factor", "similar_weight"),
    *("blend_trend", "discover_trend"),
]
LIST_COLUMNS = {
    "task": "str",
    "method_name": "str",
    "customer_id": "int64",
    "position": "int64",
    "product_id": "int64",
    "score": "float64",
    **{f"source_{place}": "Int64" for place in (1, 2, 3)},
    **{f"contribution_{place}": "float64" for place in (1, 2, 3)},
    "other_contribution": "float64",
}
REASONS = 3
EXPLAINED_AT_ONCE = 50_000


class Stored(NamedTuple):
    """Similarities as they are added up, for products in ascending order.

    Attributes
    ----------
    above_rest
        Scores of stored sources less the rest score of their target, shape (sources, targets).
    rest
        Rest score of each target, shape (targets,).
    """

    above_rest: sparse.csr_array
    rest: FloatArray


class _Scored(NamedTuple):
    """Scores of some customers, shape (customers, products); of no use where not above 0."""

    method_name: str
    task: str
    scores: FloatArray


def store(similarities: Similarities, products: Ids) -> Stored:
    """Arrange the scoring table for products, ascending, all of which it knows."""
    targets = similarities.targets
    rest = targets["rest_score"].to_numpy()
    target = np.searchsorted(products, similarities.scoring["similar_product_id"].to_numpy())
    return _stored(similarities.scoring, rest[target], products, rest)


def _stored(
    scoring: pd.DataFrame, rest_score: FloatArray, products: Ids, rest: FloatArray
) -> Stored:
    source = np.searchsorted(products, scoring["product_id"].to_numpy())
    target = np.searchsorted(products, scoring["similar_product_id"].to_numpy())
    above_rest = sparse.coo_array(
        (scoring["score"].to_numpy() - rest_score, (source, target)),
        shape=(products.size, products.size),
    )
    return Stored(above_rest.tocsr(), rest)


def similar_scores(owned: sparse.csr_array, stored: Stored) -> FloatArray:
    """Add up the scores of what customers own, shape (customers, products); 0 without a source."""
    above_rest = owned @ stored.above_rest
    has_source = np.zeros(above_rest.shape, dtype=bool)
    has_source[above_rest.nonzero()] = True
    beyond = np.asarray(owned.sum(axis=1))[:, None] - owned.toarray()
    return np.where(has_source, above_rest.toarray() + stored.rest * beyond, 0.0)


def scored_lists(
    owned: pd.DataFrame,
    similarities: pd.DataFrame,
    products: pd.DataFrame,
    *,
    size: int = 20,
    max_per_category: int | None = None,
    prices: pd.DataFrame | None = None,
    with_parts: bool = False,
    memory_gb: float = 1.0,
) -> pd.DataFrame:
    """Score what customers own and what goes with it, and list the best.

    Parameters
    ----------
    owned
        One row per customer_id and product_id, both whole numbers, that means something to a list:
        owned_weight, and whether the product is barred from all lists of the customer (is_barred)
        or from those of new products (is_barred_as_new).
    similarities
        One row per product_id (source) and similar_product_id (target) that is stored: score, lift,
        and the rest_score of the target.
    products
        One row per product_id: is_candidate, repeat_factor, similar_weight (the same for all),
        blend_trend, discover_trend, and for ``max_per_category`` category (null: of none), for
        ``prices`` usual_price (null: of any price).
    size
        Length of the lists; scores do not depend on it.
    max_per_category
        Most products of one category in a list.
    prices
        One row per customer_id, lowest_price and highest_price, null for any; None for no rule.
    with_parts
        Also list by ``similar`` alone (method ``ease``) and by what is owned (method
        ``personal_frequency``, task all), to be graded.
    memory_gb
        Bound of the memory that scores take at a time, in 1e9 bytes.

    Returns
    -------
    pandas.DataFrame
        One row per task (all, new), method_name (published, and the parts), customer_id and
        position (from 1): product_id and score, rounded to 9 decimals and above 0. Barred products
        and those that are no candidates are left out before the best are taken. Published rows are
        explained: the three owned products that add most (source_1 ...; the product itself among
        them, others where the lift is above 1), what they add (contribution_1 ...), and what all
        else does (other_contribution).

    Raises
    ------
    ValueError
        If a column is missing or has nulls.
    """
    require_columns("owned", owned, OWNED_COLUMNS)
    require_columns("similarities", similarities, SIMILARITY_COLUMNS)
    require_columns("products", products, PRODUCT_COLUMNS)
    catalogue = products.sort_values("product_id", ignore_index=True)
    ids = catalogue["product_id"].to_numpy()
    customers, row = np.unique(owned["customer_id"].to_numpy(), return_inverse=True)
    column = np.searchsorted(ids, owned["product_id"].to_numpy())

    def matrix(name: str) -> sparse.csr_array:
        values = owned[name].to_numpy(dtype=np.float64)
        held = sparse.coo_array((values, (row, column)), shape=(customers.size, ids.size)).tocsr()
        held.eliminate_zeros()
        return held

    weights, barred, barred_as_new = map(matrix, OWNED_COLUMNS[2:])
    rest = np.zeros(ids.size)
    rest[np.searchsorted(ids, similarities["similar_product_id"])] = similarities["rest_score"]
    stored = _stored(similarities, similarities["rest_score"].to_numpy(), ids, rest)
    terms = _Terms(catalogue, similarities, rest)
    cap = _Cap(catalogue, max_per_category)
    band = _Band(catalogue, customers, prices)
    at_once = max(1, int(memory_gb * 1e9 / (BYTES_A_CANDIDATE * max(ids.size, 1))))
    tables = [pd.DataFrame(columns=[*LIST_COLUMNS]).astype(LIST_COLUMNS)]
    for block in blocks(customers.size, at_once):
        is_barred = barred[block].toarray() > 0
        is_barred |= ~catalogue["is_candidate"].to_numpy(dtype=bool) | band.leaves_out(block)
        is_barred_as_new = is_barred | (barred_as_new[block].toarray() > 0)
        for method_name, task, scores in _scores(weights[block], stored, catalogue, with_parts):
            rounded = np.round(scores, SCORE_DECIMALS)
            is_left_out = is_barred_as_new if task == "new" else is_barred
            candidates = np.where(is_left_out | (rounded <= 0), -np.inf, rounded)
            rows = _rows(
                cap.applied(candidates),
                customers[block],
                ids,
                task=task,
                method_name=method_name,
                size=size,
            )
            if method_name == "published":
                rows = rows.assign(
                    **terms.explained(
                        weights[block],
                        np.searchsorted(customers[block], rows["customer_id"]),
                        np.searchsorted(ids, rows["product_id"]),
                        "discover_trend" if task == "new" else "blend_trend",
                    )
                )
            tables.append(rows.reindex(columns=[*LIST_COLUMNS]).astype(LIST_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def _scores(
    weights: sparse.csr_array, stored: Stored, products: pd.DataFrame, with_parts: bool
) -> Iterator[_Scored]:
    factor = {name: products[name].to_numpy(dtype=np.float64) for name in PRODUCT_COLUMNS[2:]}
    own_weight = weights.toarray()
    similar = similar_scores(weights, stored)
    score = factor["repeat_factor"] * own_weight + factor["similar_weight"] * similar
    yield _Scored("published", "all", factor["blend_trend"] * score)
    yield _Scored("published", "new", factor["discover_trend"] * score)
    if with_parts:
        yield _Scored("ease", "all", similar)
        yield _Scored("ease", "new", similar)
        yield _Scored("personal_frequency", "all", own_weight)


class _Terms:
    """What scores are sums of: per target, what each stored source and the target itself adds."""

    def __init__(
        self, products: pd.DataFrame, similarities: pd.DataFrame, rest: FloatArray
    ) -> None:
        self._ids = products["product_id"].to_numpy()
        self._factor = {
            name: products[name].to_numpy(dtype=np.float64) for name in PRODUCT_COLUMNS[2:]
        }
        self._rest = rest
        every = np.arange(self._ids.size)
        source = np.concatenate([np.searchsorted(self._ids, similarities["product_id"]), every])
        target = np.concatenate(
            [np.searchsorted(self._ids, similarities["similar_product_id"]), every]
        )
        similar = self._factor["similar_weight"][target[: len(similarities)]]
        coefficient = np.concatenate(
            [similar * similarities["score"].to_numpy(), self._factor["repeat_factor"]]
        )
        is_reason = np.concatenate([similarities["lift"].to_numpy() > 1, every >= 0])
        # Sources in the order of their ids, which breaks ties.
        order = np.lexsort((source, target))
        source, target = source[order], target[order]
        place = np.arange(target.size) - np.searchsorted(target, target)
        shape = (self._ids.size, int(place.max(initial=0)) + 1)
        # Beyond the last product stands one that nobody owns.
        self._source = np.full(shape, self._ids.size)
        self._coefficient, self._is_reason = np.zeros(shape), np.zeros(shape, dtype=bool)
        self._source[target, place] = source
        self._coefficient[target, place] = coefficient[order]
        self._is_reason[target, place] = is_reason[order]

    def explained(
        self, weights: sparse.csr_array, row: IntArray, product: IntArray, trend: str
    ) -> dict[str, Any]:
        """Give the columns of reasons for the products that rows of ``weights`` are shown."""
        owned = np.hstack([weights.toarray(), np.zeros((weights.shape[0], 1))])
        total = owned.sum(axis=1)
        parts = [
            self._part(owned, total, row[block], product[block], trend)
            for block in blocks(row.size, EXPLAINED_AT_ONCE)
        ] or [(np.empty((0, REASONS), dtype=np.int64), np.empty((0, REASONS)), np.empty(0))]
        source, contribution, other = (np.concatenate(part) for part in zip(*parts, strict=True))
        columns: dict[str, Any] = {}
        for place in range(REASONS):
            is_none = ~(contribution[:, place] > 0)
            ids = np.append(self._ids, 0)[source[:, place]]
            columns[f"source_{place + 1}"] = pd.arrays.IntegerArray(ids.astype(np.int64), is_none)
            columns[f"contribution_{place + 1}"] = np.where(is_none, np.nan, contribution[:, place])
        return {**columns, "other_contribution": other}

    def _part(
        self, owned: FloatArray, total: FloatArray, row: IntArray, product: IntArray, trend: str
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        source = self._source[product]
        weight = owned[row[:, None], source]
        trends = self._factor[trend][product]
        terms = trends[:, None] * self._coefficient[product] * weight
        has_source = ((weight > 0) & (source != product[:, None])).any(axis=1)
        beyond = trends * self._factor["similar_weight"][product] * self._rest[product]
        beyond *= has_source * (total[row] - weight.sum(axis=1))
        reasons = np.where(self._is_reason[product], terms, 0)
        # A product without three sources has the missing ones add nothing.
        missing = max(0, REASONS - reasons.shape[1])
        reasons = np.pad(reasons, ((0, 0), (0, missing)))
        source = np.pad(source, ((0, 0), (0, missing)), constant_values=self._ids.size)
        order = np.argsort(-np.round(reasons, SCORE_DECIMALS), axis=1, kind="stable")[:, :REASONS]
        contribution = np.take_along_axis(reasons, order, axis=1)
        contribution[contribution < 0] = 0
        other = terms.sum(axis=1) + beyond - contribution.sum(axis=1)
        return np.take_along_axis(source, order, axis=1), contribution, other


class _Cap:
    """The rule that a list holds so many products of one category at most."""

    def __init__(self, products: pd.DataFrame, most: int | None) -> None:
        self._most = most
        if most is not None:
            require_columns("products", products, ["product_id"])
            self._category = pd.factorize(products["category"])[0]

    def applied(self, candidates: FloatArray) -> FloatArray:
        """Leave out what comes after the best few of its category."""
        if self._most is None:
            return candidates
        row, column = np.nonzero(candidates > -np.inf)
        category = self._category[column]
        order = np.lexsort((column, -candidates[row, column], category, row))
        group = (row * (category.max(initial=0) + 2) + category + 1)[order]
        rank = np.arange(group.size) - np.searchsorted(group, group)
        is_over = (rank >= self._most) & (category[order] >= 0)
        kept = candidates.copy()
        kept[row[order][is_over], column[order][is_over]] = -np.inf
        return kept


class _Band:
    """The rule that products cost about what the customer usually pays."""

    def __init__(
        self, products: pd.DataFrame, customers: IntArray, prices: pd.DataFrame | None
    ) -> None:
        self._bounds: Mapping[str, FloatArray] | None = None
        if prices is not None:
            self._price = products["usual_price"].to_numpy(dtype=np.float64)
            of_customers = prices.set_index("customer_id").reindex(customers)
            self._bounds = {
                name: of_customers[name].to_numpy(dtype=np.float64)
                for name in ("lowest_price", "highest_price")
            }

    def leaves_out(self, block: slice) -> NDArray[np.bool_]:
        """Tell which products are too cheap or too dear, shape (customers or 1, products or 1)."""
        if self._bounds is None:
            return np.zeros((1, 1), dtype=bool)
        lowest, highest = (self._bounds[name][block, None] for name in self._bounds)
        # Nothing is below or above what is not known.
        return (self._price < lowest) | (self._price > highest)


def new_only(scores: FloatArray, counts: sparse.csr_array) -> FloatArray:
    """Make bought products, of customers in the same rows, no candidates."""
    return np.where(counts.toarray() > 0, -np.inf, scores)


def list_table(
    baskets: BasketCounts,
    customers: IntArray,
    scores: FloatArray,
    *,
    task: str,
    method_name: str,
    size: int,
) -> pd.DataFrame:
    """Write the lists of customers at some positions as a table.

    Parameters
    ----------
    baskets
        Ids of customers and products, and what was bought.
    customers
        Positions of the customers, shape (n,).
    scores
        Shape (n, products).
    task
        ``new`` leaves out bought products, ``all`` does not.
    method_name
        Name of what scored.
    size
        Length of the lists.

    Returns
    -------
    pandas.DataFrame
        One row per customer_id and position (from 1): task, method_name, product_id, score.
    """
    candidates = new_only(scores, baskets.counts[customers]) if task == "new" else scores
    return _rows(
        candidates,
        baskets.customers[customers],
        baskets.products,
        task=task,
        method_name=method_name,
        size=size,
    )


def _rows(
    candidates: FloatArray,
    customers: Ids,
    products: Ids,
    *,
    task: str,
    method_name: str,
    size: int,
) -> pd.DataFrame:
    """List the best products of each customer; those with -inf are none."""
    position = largest(candidates, size)
    listed = np.take_along_axis(candidates, position, axis=1)
    row, place = np.nonzero(listed > -np.inf)
    return pd.DataFrame(
        {
            "task": pd.array([task] * row.size, dtype="str"),
            "method_name": pd.array([method_name] * row.size, dtype="str"),
            "customer_id": customers[row],
            "position": place + 1,
            "product_id": products[position[row, place]],
            "score": listed[row, place].astype(np.float64),
        }
    )
