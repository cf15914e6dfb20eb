"""Similarities and rules on Spark: its SQL counts pairs of products, the driver fits what they say.

Nothing that comes to the driver grows with customers or baskets. The fits are those of
`dovecote.recommend.similarities` and `dovecote.recommend.rules`, so results are equal up to the
order in which floating-point numbers are added.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from dovecote.dbt import as_frame, as_table, is_spark
from dovecote.recommend.rules import (
    MAX_SETS,
    association_rules,
    least_baskets,
    rules_of_counts,
)
from dovecote.recommend.similarities import (
    BM25_B,
    BM25_K1,
    DEFAULT_NEIGHBOURS,
    Neighbours,
    PairSums,
    Similarities,
    cosine_similarities,
    ease_similarities,
    fitting_method,
    is_dual_smaller,
    item_similarities,
)
from dovecote.recommend.tables import with_ids

IntArray = NDArray[np.int64]


def similarities_of(
    basket_counts: Any, *, regularisation: float, memory_gb: float = 1.0
) -> Similarities:
    """Fit similarities of products, as `item_similarities` does, to a relation.

    Parameters
    ----------
    basket_counts
        A DuckDB relation or Spark data frame, one row per customer_number and product_number:
        basket_count.
    regularisation, memory_gb
        As for `item_similarities`. On Spark the driver needs about four times the memory, for the
        sums of pairs that EASE is fitted to.
    """
    if not is_spark(basket_counts):
        return item_similarities(
            with_ids(as_frame(basket_counts)),
            regularisation=regularisation,
            memory_gb=memory_gb,
        )
    sql = basket_counts.sparkSession.sql
    sizes = sql(
        """
        select
            count(distinct customer_number) as customers,
            count(distinct product_number) as products
        from {counts}
        """,
        counts=basket_counts,
    )
    customers, products = as_frame(sizes).to_numpy(dtype=np.int64)[0]
    if fitting_method(customers, products, memory_gb) == "bm25":
        return _bm25_similarities(basket_counts, int(customers))
    if is_dual_smaller(customers, products):
        # Few customers: what they bought takes less than the matrix that is fitted.
        return item_similarities(
            with_ids(as_frame(basket_counts)),
            method="ease",
            regularisation=regularisation,
            memory_gb=memory_gb,
        )
    sums = _pair_sums(basket_counts, int(customers))
    return ease_similarities(sums, regularisation, memory_gb=memory_gb)


def _pair_sums(basket_counts: Any, customers: int) -> PairSums:
    pairs = as_frame(
        basket_counts.sparkSession.sql(
            """
            with weighed as (
                select customer_number, product_number, log1p(basket_count) as weight
                from {counts}
            )
            select
                one.product_number,
                other.product_number as other_number,
                sum(one.weight * other.weight) as weights,
                sum(one.weight) as owned,
                count(*) as customers
            from weighed as one
            inner join weighed as other
                on
                    one.customer_number = other.customer_number
                    and one.product_number <= other.product_number
            group by one.product_number, other.product_number
            """,
            counts=basket_counts,
        )
    )
    own = pairs[pairs["product_number"] == pairs["other_number"]].sort_values("product_number")
    products = own["product_number"].to_numpy()
    row = np.searchsorted(products, pairs["product_number"].to_numpy())
    column = np.searchsorted(products, pairs["other_number"].to_numpy())

    def both_ways(values: NDArray[Any]) -> sparse.csr_array:
        shape = (products.size, products.size)
        upper = sparse.coo_array((values, (row, column)), shape=shape).tocsr()
        return (upper + sparse.triu(upper, k=1).T).tocsr()

    return PairSums(
        customers=customers,
        products=products,
        owned=own["owned"].to_numpy(dtype=np.float64),
        gram=both_ways(pairs["weights"].to_numpy(dtype=np.float64)),
        co_buyers=both_ways(pairs["customers"].to_numpy(dtype=np.float32)),
    )


def _bm25_similarities(basket_counts: Any, customers: int) -> Similarities:
    """Find the products with the largest cosines of BM25 weights in SQL."""
    sql = basket_counts.sparkSession.sql
    of_products = sql(
        """
        select product_number, sum(basket_count) as baskets, count(*) as buyers
        from {counts}
        group by product_number
        """,
        counts=basket_counts,
    )
    nearest = as_frame(
        sql(
            """
            with of_customers as (
                select customer_number, count(*) as products
                from {counts}
                group by customer_number
            ),

            shop as (
                select avg(baskets) as baskets, count(*) as products
                from {of_products}
            ),

            weighed as (
                select
                    counts.customer_number,
                    counts.product_number,
                    counts.basket_count / (
                        counts.basket_count
                        + {k1} * (1 - {b} + {b} * of_products.baskets / shop.baskets)
                    ) * log1p((shop.products + 0.5D) / (of_customers.products + 0.5D)) as weight
                from {counts} as counts
                inner join {of_products} as of_products
                    on counts.product_number = of_products.product_number
                inner join of_customers
                    on counts.customer_number = of_customers.customer_number
                cross join shop
            ),

            lengths as (
                select product_number, sqrt(sum(weight * weight)) as length
                from weighed
                group by product_number
            ),

            directions as (
                select
                    weighed.customer_number,
                    weighed.product_number,
                    weighed.weight / lengths.length as weight
                from weighed
                inner join lengths
                    on weighed.product_number = lengths.product_number
            ),

            cosines as (
                select
                    one.product_number,
                    other.product_number as similar_product_number,
                    cast(sum(one.weight * other.weight) as float) as score,
                    count(*) as co_buyers
                from directions as one
                inner join directions as other
                    on
                        one.customer_number = other.customer_number
                        and one.product_number <> other.product_number
                group by one.product_number, other.product_number
            )

            select *
            from cosines
            where score > 0
            qualify
                row_number() over (
                    partition by product_number order by score desc, similar_product_number asc
                ) <= {neighbours}
            """,
            counts=basket_counts,
            of_products=of_products,
            k1=BM25_K1,
            b=BM25_B,
            neighbours=DEFAULT_NEIGHBOURS,
        )
    ).sort_values(
        ["product_number", "score", "similar_product_number"], ascending=[True, False, True]
    )
    known = as_frame(of_products).sort_values("product_number")
    products = known["product_number"].to_numpy()
    neighbours = Neighbours(
        np.searchsorted(products, nearest["product_number"].to_numpy()),
        np.searchsorted(products, nearest["similar_product_number"].to_numpy()),
        nearest["score"].to_numpy(),
        nearest["co_buyers"].to_numpy(dtype=np.float64),
    )
    buyers = known["buyers"].to_numpy()
    return cosine_similarities(products, buyers, customers, neighbours, method="bm25")


def rules_of(baskets: Any, *, min_baskets: int, min_support: float) -> pd.DataFrame:
    """Find association rules, as `association_rules` does, in a relation.

    Parameters
    ----------
    baskets
        A DuckDB relation or Spark data frame, one row per basket_number and product_number.
    min_baskets, min_support
        As for `association_rules`.
    """
    if not is_spark(baskets):
        return association_rules(
            with_ids(as_frame(baskets)), min_baskets=min_baskets, min_support=min_support
        )
    sql = baskets.sparkSession.sql
    counted = sql("select count(distinct basket_number) from {baskets}", baskets=baskets)
    total = int(as_frame(counted).to_numpy(dtype=np.int64)[0, 0])
    least = least_baskets(total, min_baskets, min_support)
    held = sql("select distinct basket_number, product_number from {baskets}", baskets=baskets)
    singles = as_frame(
        sql(
            """
            select product_number, count(*) as baskets
            from {held}
            group by product_number
            having count(*) >= {least}
            """,
            held=held,
            least=least,
        )
    ).sort_values("product_number")
    pairs, least = _most_frequent(
        sql(
            """
            select
                one.product_number as product_1,
                other.product_number as product_2,
                count(*) as baskets
            from {held} as one
            inner join {held} as other
                on
                    one.basket_number = other.basket_number
                    and one.product_number < other.product_number
            group by one.product_number, other.product_number
            having count(*) >= {least}
            """,
            held=held,
            least=least,
        ),
        least,
    )
    triples, _ = _most_frequent(
        sql(
            """
            select
                pairs.product_1,
                pairs.product_2,
                third.product_number as product_3,
                count(*) as baskets
            from {pairs} as pairs
            inner join {held} as one
                on pairs.product_1 = one.product_number
            inner join {held} as other
                on
                    pairs.product_2 = other.product_number
                    and one.basket_number = other.basket_number
            inner join {held} as third
                on
                    one.basket_number = third.basket_number
                    and pairs.product_2 < third.product_number
            group by pairs.product_1, pairs.product_2, third.product_number
            having count(*) >= {least}
            """,
            pairs=baskets.sparkSession.createDataFrame(as_table(pairs)),
            held=held,
            least=least,
        ),
        least,
    )
    products = singles["product_number"].to_numpy()
    return rules_of_counts(
        products,
        singles["baskets"].to_numpy(dtype=np.int64),
        _positions(pairs, products),
        _positions(triples, products),
        total,
    )


def _most_frequent(sets: Any, least: int) -> tuple[pd.DataFrame, int]:
    """Read the sets with the most baskets, and give the fewest baskets that one of them has."""
    found = as_frame(sets.orderBy("baskets", ascending=False).limit(MAX_SETS + 1))
    if len(found) > MAX_SETS:
        least = 1 + int(found["baskets"].min())
    return found[found["baskets"] >= least], least


def _positions(sets: pd.DataFrame, products: NDArray[Any]) -> IntArray:
    *members, baskets = sets.to_numpy(dtype=np.int64).T
    rows = [np.searchsorted(products, member) for member in members]
    return np.array([*rows, baskets])[:, np.lexsort(rows[::-1])]
