"""How good the published lists are, beside the models of implicit and our own single methods.

Run it with `make bench-recommend`; implicit is needed here alone. Everything is chosen on a
validation window that ends where the test window begins and is as long, ours and implicit's alike.
Graded are customers with a purchase before the window and one in it; to all others every method
would show what is popular.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from recommend_peers import Setting, fitted, settings
from recommend_shops import Shop, complete_journey, online_retail
from scipy import sparse
from threadpoolctl import threadpool_limits

from dovecote.recommend import customer_grades, item_similarities, paired_differences
from dovecote.recommend.baskets import BasketCounts, blocks
from dovecote.recommend.challengers import CHALLENGERS
from dovecote.recommend.choice import (
    History,
    Settings,
    choose_settings,
    list_scores,
    mean_ndcg,
    read_history,
    with_fallback,
)
from dovecote.recommend.lists import list_table, new_only, similar_scores, store
from dovecote.recommend.similarities import ease_matrix

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
Scorer = Callable[[IntArray], FloatArray]

SHOPS = {"online_retail": online_retail, "complete_journey": complete_journey}
BARS = {"Online Retail": (1.15, 1.10), "Complete Journey": (1.45, 1.04)}
TASKS = ("all", "new")
PUBLISHED = "published lists"
FULL = "the same from the full matrix"
STORED_NEIGHBOURS = 50
MEMORY_GB = 4.0
CUSTOMERS_AT_ONCE = 250
K = 10


class Window(NamedTuple):
    """A history, and what its customers bought in the days after it."""

    history: History
    customers: IntArray
    relevant: pd.DataFrame

    @property
    def baskets(self) -> BasketCounts:
        """Give the counts of the history."""
        return self.history.baskets


class Method(NamedTuple):
    """What scores the lists of all products and those of new ones."""

    name: str
    of_all: Scorer
    of_new: Scorer


def main() -> None:
    """Grade everything and print a table a shop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", choices=SHOPS, action="append")
    print(f"NDCG@{K}; implicit {version('implicit')}, tuned on the validation window")
    with threadpool_limits(1):
        for name in parser.parse_args().shop or SHOPS:
            print_grades(SHOPS[name]())


def print_grades(shop: Shop) -> None:
    """Choose on the validation window, grade on the test window, and print."""
    validation = window_of(shop, shop.cutoff - (shop.end - shop.cutoff), shop.cutoff)
    test = window_of(shop, shop.cutoff, shop.end)
    chosen = choose_settings(
        shop.purchases,
        shop.cutoff,
        validation_days=(shop.end - shop.cutoff) / pd.Timedelta(days=1),
        memory_gb=MEMORY_GB,
    ).settings
    tuned = tuned_peers(validation)
    del validation
    print(f"\n{shop.name}: {test.customers.size} customers, {test.baskets.products.size} products")
    print(chosen)
    grades = pd.concat([graded(test, method) for method in methods(test, chosen, tuned)])
    print(table_of(grades).to_string(float_format="{:.4f}".format))
    for task, bar in zip(TASKS, BARS[shop.name], strict=True):
        print_bars(grades[grades["task"] == task], task, bar)


def window_of(shop: Shop, start: pd.Timestamp, end: pd.Timestamp) -> Window:
    """Take what was bought from start (inclusive) to end, of known customers and products."""
    history = read_history(shop.purchases, start)
    bought = shop.purchases[shop.purchases["purchased_at"].between(start, end, inclusive="left")]
    relevant = bought.loc[
        bought["customer_id"].isin(history.baskets.customers)
        & bought["product_id"].isin(history.baskets.products),
        ["customer_id", "product_id"],
    ].drop_duplicates()
    customers = np.flatnonzero(np.isin(history.baskets.customers, relevant["customer_id"]))
    return Window(history, customers, relevant)


def tuned_peers(validation: Window) -> dict[tuple[str, str], Setting]:
    """Choose the setting of each model of implicit and task; of neighbours also among 50 or fewer.

    The lists published store 50 neighbours, so the best of at most 50 is a comparison too.
    """
    baskets, rows = validation.baskets, validation.customers
    shape = baskets.counts.shape
    position = [
        np.searchsorted(ids, validation.relevant[column])
        for ids, column in ((baskets.customers, "customer_id"), (baskets.products, "product_id"))
    ]
    ones = np.ones(len(validation.relevant))
    relevant = sparse.coo_array((ones, position), shape=shape).tocsr()[rows].toarray() > 0
    is_new = relevant & (baskets.counts[rows].toarray() == 0)
    best: dict[tuple[str, str], tuple[float, Setting]] = {}
    for setting in settings():
        scores = np.asarray(fitted(setting, baskets)(rows))
        ndcg = {
            "all": mean_ndcg(scores, relevant),
            "new": mean_ndcg(new_only(scores, baskets.counts[rows]), is_new),
        }
        few = dict(setting.parameters).get("K", np.inf) <= STORED_NEIGHBOURS
        for model in [setting.model] + [f"{setting.model}, at most 50 neighbours"] * few:
            for task in TASKS:
                if ndcg[task] > best.get((model, task), (-1.0, setting))[0]:
                    best[model, task] = ndcg[task], setting
    return {key: setting for key, (_, setting) in best.items()}


def methods(
    test: Window, chosen: Settings, tuned: dict[tuple[str, str], Setting]
) -> Iterator[Method]:
    """Fit every method on what was bought before the test window, one after the other."""
    history, baskets = test.history, test.baskets
    popularity = history.popularity(chosen.popularity_days)
    owned = history.owned(chosen.half_life_days)

    def published(name: str, similar: Scorer) -> Method:
        def scored(rows: IntArray, of: str) -> FloatArray:
            scores = getattr(list_scores(history, chosen, similar(rows), rows), of)
            return with_fallback(scores, popularity)

        return Method(
            name, lambda rows: scored(rows, "blend"), lambda rows: scored(rows, "discover")
        )

    def one(name: str, scorer: Scorer) -> Method:
        return Method(name, scorer, scorer)

    counts = baskets.counts.tocoo()
    weights = pd.DataFrame(
        {
            "customer_id": baskets.customers[counts.row],
            "product_id": baskets.products[counts.col],
            "basket_count": counts.data,
        }
    )
    similarities = item_similarities(
        weights, regularisation=chosen.ease_lambda, memory_gb=MEMORY_GB
    )
    stored = store(similarities, baskets.products)
    yield published(PUBLISHED, lambda rows: similar_scores(owned[rows], stored))

    full = np.empty((test.customers.size, baskets.products.size), dtype=np.float32)
    logarithmic = np.empty_like(full)
    for block, scores in ease_matrix(baskets, chosen.ease_lambda, MEMORY_GB):
        full[:, block] = owned[test.customers] @ scores.T
        logarithmic[:, block] = baskets.log_counts[test.customers] @ scores.T
    place = np.full(baskets.customers.size, -1)
    place[test.customers] = np.arange(test.customers.size)
    yield published(FULL, lambda rows: full[place[rows]])
    yield one("EASE", lambda rows: logarithmic[place[rows]])
    yield one("EASE of decayed baskets", lambda rows: full[place[rows]])

    yield one("decayed personal frequency", lambda rows: owned[rows].toarray())
    yield one("personal frequency", lambda rows: baskets.counts[rows].toarray())
    yield one("windowed popularity", lambda rows: np.tile(popularity, (rows.size, 1)))
    for cosine in ("cosine", "bm25"):
        found = item_similarities(weights, method=cosine, memory_gb=MEMORY_GB)
        nearest = store(found, baskets.products).above_rest
        yield one(
            f"item-kNN, {cosine}",
            lambda rows, nearest=nearest: (baskets.log_counts[rows] @ nearest).toarray(),
        )
    for name, fit in CHALLENGERS.items():
        yield one(name, fit(baskets))

    for model in sorted({model for model, _ in tuned}):
        yield Method(
            f"implicit {model}",
            fitted(tuned[model, "all"], baskets),
            fitted(tuned[model, "new"], baskets),
        )
        print(f"  implicit {model}: " + "; ".join(f"{t}: {tuned[model, t]}" for t in TASKS))


def graded(test: Window, method: Method) -> pd.DataFrame:
    """Grade the lists of a method, customer by customer."""
    lists, baskets = [], test.baskets
    for block in blocks(test.customers.size, CUSTOMERS_AT_ONCE):
        rows = test.customers[block]
        for task, scorer in zip(TASKS, method[1:], strict=True):
            lists.append(
                list_table(baskets, rows, scorer(rows), task=task, method_name=method.name, size=K)
            )
    buyers = np.diff(baskets.counts.tocsc().indptr)
    products = pd.DataFrame({"product_id": baskets.products, "buyers": buyers})
    new = test.relevant.merge(
        pd.DataFrame(
            {
                "customer_id": baskets.customers[test.history.customer],
                "product_id": baskets.products[test.history.product],
            }
        ).drop_duplicates(),
        how="left",
        on=["customer_id", "product_id"],
        indicator=True,
    )
    new = new.loc[new["_merge"] == "left_only", ["customer_id", "product_id"]]
    cutoff = pd.Timestamp(0)
    return customer_grades(
        pd.concat(lists).assign(cutoff_date=cutoff),
        pd.concat([test.relevant.assign(task="all"), new.assign(task="new")]).assign(
            cutoff_date=cutoff
        ),
        pd.concat([products.assign(task=task) for task in TASKS]).assign(cutoff_date=cutoff),
        k=K,
    )


def table_of(grades: pd.DataFrame) -> pd.DataFrame:
    """Give the mean NDCG and recall of every method."""
    means = grades.groupby(["method_name", "task"], sort=False)[["ndcg", "recall"]].mean()
    return means.unstack("task")


def print_bars(grades: pd.DataFrame, task: str, bar: float) -> None:
    """Print how the published lists stand to each bar."""
    ndcg = grades.groupby("method_name")["ndcg"].mean()
    peers = ndcg[ndcg.index.str.startswith("implicit")]
    few = peers[peers.index.str.contains("at most 50")]
    own = ndcg.drop([PUBLISHED, FULL, *peers.index])
    behind = paired_differences(grades, PUBLISHED, measures=["ndcg"]).set_index("method_name")
    best, full = behind.loc[own.idxmax()], behind.loc[FULL]
    print(
        f"{task}: {ndcg[PUBLISHED] / peers.max():.3f} of {peers.idxmax()} (bar {bar}), "
        f"{ndcg[PUBLISHED] / few.max():.3f} of {few.idxmax()}; "
        f"{own.idxmax()} is {best['difference']:+.4f} from the lists "
        f"(standard error {best['standard_error']:.4f}); "
        f"storing {STORED_NEIGHBOURS} costs {full['difference'] / ndcg[FULL]:.2%} "
        f"(standard error {full['standard_error'] / ndcg[FULL]:.2%})"
    )


if __name__ == "__main__":
    main()
