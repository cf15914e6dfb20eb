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
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dovecote.recommend.baskets import require_columns

MEASURES = ["ndcg", "recall", "precision", "mrr", "map", "hit_rate", "auc"]
TASK = ["task", "cutoff_date"]
LIST = [*TASK, "method_name", "customer_id"]
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
    if k < 1:
        raise ValueError(f"k must be at least 1: it is {k}.")
    require_columns("lists", lists, [*LIST, "position", "product_id"])
    require_columns("relevant", relevant, [*TASK, "customer_id", "product_id"])
    require_columns("products", products, [*TASK, "product_id", "buyers"])
    for column in ("position", "product_id"):
        if lists.duplicated([*LIST, column]).any():
            raise ValueError(f"Column {column} of lists repeats a value in a list: keep one.")
    known = relevant[[*TASK, "customer_id", "product_id"]].drop_duplicates()
    known = known.merge(products[[*TASK, "product_id"]], on=[*TASK, "product_id"])
    graded = known.groupby([*TASK, "customer_id"]).size().rename("relevant").reset_index()
    graded = graded.merge(products.groupby(TASK).size().rename("products").reset_index(), on=TASK)
    graded = lists[[*TASK, "method_name"]].drop_duplicates().merge(graded, on=TASK)

    cut = lists[lists["position"] <= k]
    cut = cut.merge(
        known.assign(is_hit=1.0), how="left", on=[*TASK, "customer_id", "product_id"]
    ).fillna({"is_hit": 0.0})
    cut = cut.sort_values([*LIST, "position"])
    place = cut["position"]
    found = cut.groupby(LIST)["is_hit"].cumsum()
    sums = (
        cut[LIST]
        .assign(
            listed=1,
            hits=cut["is_hit"],
            gain=cut["is_hit"] / np.log2(place + 1.0),
            precision_at_hits=cut["is_hit"] * found / place,
            first=cut["is_hit"] * (found == 1) / place,
            others_before=cut["is_hit"] * (place - found),
        )
        .groupby(LIST, as_index=False)
        .sum()
    )
    grades = graded.merge(sums, how="left", on=LIST).fillna(0.0).sort_values(LIST)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    most_hits = np.minimum(grades["relevant"], k)
    others = grades["products"] - grades["relevant"]
    missed = grades["relevant"] - grades["hits"]
    others_unlisted = others - (grades["listed"] - grades["hits"])
    wins = grades["hits"] * others - grades["others_before"] + missed * others_unlisted / 2
    return (
        grades[LIST]
        .assign(
            ndcg=grades["gain"] / ideal[most_hits],
            recall=grades["hits"] / grades["relevant"],
            precision=grades["hits"] / k,
            mrr=grades["first"],
            map=grades["precision_at_hits"] / most_hits,
            hit_rate=(grades["hits"] > 0).astype(float),
            auc=wins / (grades["relevant"] * others).where(others > 0),
            listed=grades["listed"].astype("int64"),
        )
        .reset_index(drop=True)
    )


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
    bits = -np.log2(
        products["buyers"].clip(lower=1) / products.groupby(TASK)["buyers"].transform("sum")
    )
    known = products[[*TASK, "product_id"]].assign(bits=bits)
    sizes = products.groupby(TASK).size().rename("products").reset_index()
    by_method = [*TASK, "method_name"]
    tables = []
    for k in ks:
        grades = customer_grades(lists, relevant, products, k=k)
        grades["served_share"] = (grades["listed"] > 0).astype(float)
        means = grades.groupby(by_method, as_index=False).agg(
            customers=("customer_id", "size"),
            **{name: (name, "mean") for name in [*MEASURES, "served_share"]},
        )
        shown = (
            lists[lists["position"] <= k]
            .merge(grades[LIST], on=LIST)
            .merge(known, on=[*TASK, "product_id"])
        )
        of_lists = shown.groupby(by_method, as_index=False).agg(
            shown=("product_id", "nunique"), novelty=("bits", "mean")
        )
        table = means.merge(of_lists, how="left", on=by_method).merge(sizes, on=TASK)
        table["coverage"] = table["shown"].fillna(0) / table["products"]
        columns = [*MEASURES, "coverage", "novelty", "served_share"]
        tables.append(table.assign(k=k)[[*by_method, "k", "customers", *columns]])
    return pd.concat(tables).sort_values([*by_method, "k"]).reset_index(drop=True)


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
    columns = [*TASK, "method_name", "measure", "customers", "difference", "standard_error"]
    return pd.DataFrame(rows, columns=[*columns, "low", "high"])


def _resampled_means(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    at_once = max(1, WEIGHTS_AT_ONCE // len(values))
    means = []
    for start in range(0, resamples, at_once):
        weights = rng.poisson(1.0, (min(at_once, resamples - start), len(values)))
        total = weights.sum(axis=1, keepdims=True)
        means.append(weights @ values / np.maximum(total, 1))
    return np.concatenate(means)
