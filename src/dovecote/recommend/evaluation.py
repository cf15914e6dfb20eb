"""How good lists are: what customers went on to buy, found where in their lists.

References
----------
Jarvelin, K., Kekalainen, J. (2002), Cumulated gain-based evaluation of IR techniques, ACM
Transactions on Information Systems 20(4), 422-446 (NDCG, here with gains of 0 and 1).
Hanley, J. A., McNeil, B. J. (1982), The meaning and use of the area under a receiver operating
characteristic (ROC) curve, Radiology 143(1), 29-36.
Vargas, S., Castells, P. (2011), Rank and relevance in novelty and diversity metrics for
recommender systems, RecSys, 109-116 (novelty as self-information).
Hanley, J. A., MacGibbon, B. (2006), Creating non-parametric bootstrap samples using Poisson
frequencies, Computer Methods and Programs in Biomedicine 83(1), 57-62.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dovecote.recommend.baskets import require_columns

FloatArray = NDArray[np.float64]

MEASURES = ["ndcg", "recall", "precision", "mrr", "map", "hit_rate", "auc"]
TASK = ["task", "cutoff_date"]
METHOD = [*TASK, "method_name"]
LIST = [*METHOD, "customer_id"]
TYPES = {"task": "str", "cutoff_date": "datetime64[us]", "method_name": "str"}
WEIGHTS_AT_ONCE = 2_000_000


def customer_grades(
    lists: pd.DataFrame, relevant: pd.DataFrame, products: pd.DataFrame, *, k: int
) -> pd.DataFrame:
    """Grade the first k products of every list.

    Parameters
    ----------
    lists
        One row per task, cutoff_date, method_name, customer_id and position (from 1): product_id.
    relevant
        One row per task, cutoff_date, customer_id and product_id that the customer went on to buy.
        Customers without one are not graded; products that are not in ``products`` are left out.
    products
        One row per task, cutoff_date and product_id that could be recommended: buyers until then.
    k
        Length at which lists are cut.

    Returns
    -------
    pandas.DataFrame
        One row per task, cutoff_date, method_name and customer_id with something relevant, whether
        it has a list or not, sorted, with n the products of its cut list and r those relevant:

        - ndcg: gain discounted by log2(position + 1), over that of min(k, r) hits on top;
        - recall: hits / r; precision: hits / k, however short the list; hit_rate: 1 with a hit;
        - mrr: 1 / position of the first hit, 0 without; map: mean over min(k, r) of the precision
          at each hit;
        - auc: chance that a relevant product stands before another one, products off the list
          tied behind it; NaN where all products are relevant;
        - listed: n.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, a position or product comes twice in a list, or k is
        not positive.
    """
    return _grades(_joined(lists, relevant, products), k)


def recommendation_evaluation(
    lists: pd.DataFrame, relevant: pd.DataFrame, products: pd.DataFrame, *, ks: Sequence[int]
) -> pd.DataFrame:
    """Grade every method, on average over customers.

    Parameters
    ----------
    lists, relevant, products
        As for `customer_grades`.
    ks
        Lengths at which lists are cut.

    Returns
    -------
    pandas.DataFrame
        One row per task, cutoff_date, method_name and k: customers, the means of the grades of
        `customer_grades`, and

        - coverage: products in any list of a graded customer over all products;
        - novelty: mean over the rows of these lists of -log2 of the product's share of all pairs
          of customer and product (a product without a buyer counts as one with one);
        - served_share: customers with at least one product in their list.

    Raises
    ------
    ValueError
        As for `customer_grades`.
    """
    joined = _joined(lists, relevant, products)
    return _sorted([_means(joined, _grades(joined, k), k) for k in ks])


def leaderboard(
    lists: pd.DataFrame,
    relevant: pd.DataFrame,
    products: pd.DataFrame,
    *,
    ks: Sequence[int] = (10, 20),
    baselines: Sequence[str] = ("windowed_popularity", "published"),
    always: Sequence[str] = (),
) -> pd.DataFrame:
    """Grade every method, and compare its NDCG with that of baselines.

    Parameters
    ----------
    lists, relevant, products, ks
        As for `recommendation_evaluation`.
    baselines
        ``method_name`` of the methods that the others are compared with.
    always
        ``method_name`` of methods that are graded in every task, even without a list in it.

    Returns
    -------
    pandas.DataFrame
        The rows of `recommendation_evaluation`, and for each baseline b of `paired_differences`
        ndcg_over_b, ndcg_over_b_low and ndcg_over_b_high: NDCG less the baseline's and its 95%
        interval, null for the baseline itself and where it has no lists.

    Raises
    ------
    ValueError
        As for `customer_grades`.
    """
    joined = _joined(lists, relevant, products, always)
    tables = []
    for k in ks:
        grades = _grades(joined, k)
        table = _means(joined, grades, k)
        for baseline in baselines:
            over = f"ndcg_over_{baseline}"
            columns = {"difference": over, "low": f"{over}_low", "high": f"{over}_high"}
            differences = paired_differences(grades, baseline, measures=["ndcg"])
            table = table.merge(
                differences.rename(columns=columns)[[*METHOD, *columns.values()]],
                how="left",
                on=METHOD,
            )
        tables.append(table)
    return _sorted(tables)


def paired_differences(
    grades: pd.DataFrame,
    baseline: str,
    *,
    measures: Sequence[str] = ("ndcg", "recall"),
    resamples: int = 400,
    seed: int = 1,
) -> pd.DataFrame:
    """Compare methods with one of them, customer by customer.

    Parameters
    ----------
    grades
        As given by `customer_grades`.
    baseline
        ``method_name`` of the method that the others are compared with.
    measures
        Columns of ``grades`` to compare.
    resamples
        Bootstrap resamples, each with a Poisson(1) weight for every customer, shared by methods.
    seed
        Seed of the weights.

    Returns
    -------
    pandas.DataFrame
        One row per task, cutoff_date, method_name (without the baseline) and measure: customers,
        difference (method less baseline), standard_error (of normal theory), low and high (95%,
        percentiles of the resamples). Tasks without the baseline have no row.

    Raises
    ------
    ValueError
        If resamples is not positive.
    """
    if resamples < 1:
        raise ValueError("resamples must be at least 1: intervals are taken from resamples.")
    rows: list[dict[str, Any]] = []
    for key, of_task in grades.groupby(TASK):
        if baseline not in set(of_task["method_name"]):
            continue
        by_measure = of_task.pivot(index="customer_id", columns="method_name", values=[*measures])
        names = [
            (measure, method)
            for measure in measures
            for method in sorted(set(of_task["method_name"]) - {baseline})
        ]
        differences = np.empty((len(by_measure), len(names)))
        for position, (measure, method) in enumerate(names):
            differences[:, position] = by_measure[measure, method] - by_measure[measure, baseline]
        resampled = _resampled_means(differences, resamples, np.random.default_rng(seed))
        low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
        error = differences.std(axis=0) / np.sqrt(len(by_measure))
        for position, (measure, method) in enumerate(names):
            rows.append(
                {
                    **dict(zip(TASK, key, strict=True)),
                    "method_name": method,
                    "measure": measure,
                    "customers": len(by_measure),
                    "difference": differences[:, position].mean(),
                    "standard_error": error[position],
                    "low": low[position],
                    "high": high[position],
                }
            )
    numbers = dict.fromkeys(["difference", "standard_error", "low", "high"], "float64")
    types = {**TYPES, "measure": "str", "customers": "int64", **numbers}
    return pd.DataFrame(rows, columns=[*types]).astype(types)


class _Joined(NamedTuple):
    """Lists beside what was bought, whatever the length at which they are cut.

    Attributes
    ----------
    graded
        One row per list to grade, there or not, sorted: relevant, products, method (its number).
    listed
        One row per product of these lists, sorted: row (of ``graded``), method, position,
        product_id, is_hit, found (hits until there), bits (null for unknown products).
    """

    graded: pd.DataFrame
    listed: pd.DataFrame


def _joined(
    lists: pd.DataFrame,
    relevant: pd.DataFrame,
    products: pd.DataFrame,
    always: Sequence[str] = (),
) -> _Joined:
    require_columns("lists", lists, [*LIST, "position", "product_id"])
    require_columns("relevant", relevant, [*TASK, "customer_id", "product_id"])
    require_columns("products", products, [*TASK, "product_id", "buyers"])
    lists, relevant, products = (
        frame.astype({column: TYPES[column] for column in TYPES if column in frame})
        for frame in (lists, relevant, products)
    )
    for column in ("position", "product_id"):
        if lists.duplicated([*LIST, column]).any():
            raise ValueError(f"Column {column} of lists repeats a value in a list: keep one.")
    share = products["buyers"].clip(lower=1) / products.groupby(TASK)["buyers"].transform("sum")
    bits = products[[*TASK, "product_id"]].assign(bits=-np.log2(share))
    known = relevant[[*TASK, "customer_id", "product_id"]].drop_duplicates()
    known = known.merge(bits[[*TASK, "product_id"]], on=[*TASK, "product_id"])
    of_customers = known.groupby([*TASK, "customer_id"]).size().rename("relevant").reset_index()
    of_tasks = products.groupby(TASK).size().rename("products").reset_index()
    named = of_tasks[TASK].merge(pd.DataFrame({"method_name": [*always]}, dtype="str"), how="cross")
    methods = pd.concat([lists[METHOD], named[METHOD]]).drop_duplicates()
    graded = methods.merge(of_tasks, on=TASK).merge(of_customers, on=TASK)
    graded = graded.sort_values(LIST, ignore_index=True)
    graded["method"] = graded.groupby(METHOD).ngroup()

    listed = (
        lists[[*LIST, "position", "product_id"]]
        .merge(graded[[*LIST, "method"]].reset_index(names="row"), on=LIST)
        .merge(known.assign(is_hit=1.0), how="left", on=[*TASK, "customer_id", "product_id"])
        .merge(bits, how="left", on=[*TASK, "product_id"])
        .fillna({"is_hit": 0.0})
        .sort_values(["row", "position"], ignore_index=True)
        .drop(columns=LIST)
    )
    listed["found"] = listed.groupby("row")["is_hit"].cumsum()
    return _Joined(graded, listed)


def _grades(joined: _Joined, k: int) -> pd.DataFrame:
    if k < 1:
        raise ValueError(f"k must be at least 1: it is {k}.")
    graded = joined.graded
    cut = joined.listed[joined.listed["position"] <= k]
    is_hit, found, place = cut["is_hit"], cut["found"], cut["position"]

    def total(values: pd.Series[Any]) -> FloatArray:
        return np.bincount(cut["row"], values.astype("float64"), len(graded)).astype(np.float64)

    hits, listed = total(is_hit), total(place > 0)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    most_hits = np.minimum(graded["relevant"], k)
    others = graded["products"] - graded["relevant"]
    missed = graded["relevant"] - hits
    others_unlisted = others - (listed - hits)
    wins = hits * others - total(is_hit * (place - found)) + missed * others_unlisted / 2
    return graded[LIST].assign(
        ndcg=total(is_hit / np.log2(place + 1.0)) / ideal[most_hits],
        recall=hits / graded["relevant"],
        precision=hits / k,
        mrr=total(is_hit * (found == 1) / place),
        map=total(is_hit * found / place) / most_hits,
        hit_rate=(hits > 0).astype(float),
        auc=wins / (graded["relevant"] * others).where(others > 0),
        listed=listed.astype("int64"),
    )


def _means(joined: _Joined, grades: pd.DataFrame, k: int) -> pd.DataFrame:
    means = (
        grades.assign(
            k=k,
            products=joined.graded["products"],
            served_share=(grades["listed"] > 0).astype(float),
        )
        .groupby(METHOD, as_index=False)
        .agg(
            k=("k", "first"),
            customers=("customer_id", "size"),
            products=("products", "first"),
            **{name: (name, "mean") for name in [*MEASURES, "served_share"]},
        )
    )
    shown = joined.listed[(joined.listed["position"] <= k) & joined.listed["bits"].notna()]
    of_methods = shown.groupby("method")
    means["coverage"] = of_methods["product_id"].nunique() / means["products"]
    means["novelty"] = of_methods["bits"].mean()
    columns = [*METHOD, "k", "customers", *MEASURES, "coverage", "novelty", "served_share"]
    return means.fillna({"coverage": 0.0})[columns]


def _sorted(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).sort_values([*METHOD, "k"], ignore_index=True)


def _resampled_means(values: FloatArray, resamples: int, rng: np.random.Generator) -> FloatArray:
    at_once = max(1, WEIGHTS_AT_ONCE // len(values))
    means = []
    for start in range(0, resamples, at_once):
        weights = rng.poisson(1.0, (min(at_once, resamples - start), len(values)))
        total = weights.sum(axis=1, keepdims=True)
        means.append(weights @ values / np.maximum(total, 1))
    return np.concatenate(means)
