"""What Python models do on Spark, beside what the library does with frames."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import dovecote.dbt as library
from dovecote.dbt import as_frame, as_table, day_by_day
from dovecote.recommend import Similarities, on_spark, rules_of, similarities_of
from dovecote.recommend import rules as rules_module

pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning")]

Relation = Callable[[pd.DataFrame], Any]
FIRST, SECOND, THIRD = pd.to_datetime(["2026-01-31", "2026-03-02", "2026-04-01"])


@pytest.fixture(scope="module")
def in_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relation]:
    folder = tmp_path_factory.mktemp("tables")
    environment = pytest.MonkeyPatch()
    environment.setenv("PYSPARK_PYTHON", sys.executable)
    session = (
        pyspark_sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(folder))
        .getOrCreate()
    )
    yield lambda frame: session.createDataFrame(as_table(frame))
    session.stop()
    environment.undo()


def in_duckdb(frame: pd.DataFrame) -> Any:
    return duckdb.connect().from_arrow(as_table(frame))


def counts_of(customers: int, products: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    taste = rng.gamma(0.7, size=(customers, 2)) @ rng.gamma(0.7, size=(2, products))
    counts = rng.poisson(0.5 * taste / taste.mean())
    counts[np.arange(customers), rng.integers(products, size=customers)] += 1
    customer, product = np.nonzero(counts)
    table = {"customer_number": 3 * customer, "product_number": 7 + 2 * product}
    return pd.DataFrame({**table, "basket_count": counts[customer, product]}).sample(frac=1)


def by_key(table: pd.DataFrame) -> pd.DataFrame:
    """Sort by keys, as ties within a rounding error may stand in either order."""
    return table.sort_values(["product_id", "similar_product_id"], ignore_index=True)


@pytest.mark.parametrize(
    ("customers", "products", "memory_gb", "method"),
    [(90, 30, 1.0, "ease"), (15, 60, 1.0, "ease"), (90, 30, 1e-6, "bm25")],
    ids=["primal", "dual", "bm25"],
)
def test_similarities_of_pairs_are_those_of_baskets(
    in_spark: Relation, customers: int, products: int, memory_gb: float, method: str
) -> None:
    counts = counts_of(customers, products, seed=1)
    settings = {"regularisation": 3.0, "memory_gb": memory_gb}
    expected = similarities_of(in_duckdb(counts), **settings)
    found = similarities_of(in_spark(counts), **settings)
    assert set(found.display["method_name"]) == {method}
    for name in ("scoring", "display"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert_frame_equal(
            by_key(ours).drop(columns="position"),
            by_key(theirs).drop(columns="position"),
            atol=2e-6,
            check_exact=False,
        )
        side = {"scoring": "similar_product_id", "display": "product_id"}[name]
        assert (ours.groupby(side)["position"].max() == ours.groupby(side).size()).all()
    assert_frame_equal(found.targets, expected.targets, atol=2e-6)
    assert isinstance(found, Similarities)


def test_pairs_alone_come_to_the_driver(
    in_spark: Relation, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(relation: Any) -> pd.DataFrame:
        frame = as_frame(relation)
        read.append(len(frame))
        return frame

    monkeypatch.setattr(on_spark, "as_frame", counted)
    counts = counts_of(400, 8, seed=2)
    similarities_of(in_spark(counts), regularisation=3.0)
    baskets = counts.rename(columns={"customer_number": "basket_number"})
    rules_of(in_spark(baskets), min_baskets=3, min_support=0)
    assert len(counts) > 400
    # Products, pairs of them, triples of them.
    assert max(read) <= 8 * 7 * 6 / 6


@pytest.mark.parametrize("most", [300_000, 60], ids=["all", "the most frequent"])
def test_rules_counted_in_sql_are_those_of_baskets(
    in_spark: Relation, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    baskets = counts_of(150, 14, seed=3).rename(columns={"customer_number": "basket_number"})
    expected = rules_module.association_rules(
        baskets.rename(columns=lambda name: name.replace("_number", "_id")),
        min_baskets=4,
        min_support=0.03,
        max_sets=most,
    )
    monkeypatch.setattr(on_spark, "MAX_SETS", most)
    found = rules_of(in_spark(baskets), min_baskets=4, min_support=0.03)
    assert found["antecedent_2"].notna().any()
    assert_frame_equal(found, expected)


def test_frames_have_the_same_types_from_either_engine(in_spark: Relation) -> None:
    rows = pd.DataFrame(
        {
            "a_date": [FIRST, SECOND],
            "text": ["é", None],
            "flag": pd.array([True, None], dtype="boolean"),
            "number": pd.array([1, None], dtype="Int32"),
            "share": [0.5, None],
        }
    )
    from_spark, from_duckdb = as_frame(in_spark(rows)), as_frame(in_duckdb(rows))
    assert_frame_equal(from_spark, from_duckdb)
    assert from_spark["a_date"].tolist() == [FIRST, SECOND]


@pytest.mark.parametrize("customers_at_once", [1, 4, 1_000])
def test_days_and_customers_are_shared_out_to_tasks(
    in_spark: Relation, monkeypatch: pytest.MonkeyPatch, customers_at_once: int
) -> None:
    monkeypatch.setattr(library, "CUSTOMERS_AT_ONCE", customers_at_once)
    bought = pd.DataFrame(
        {
            "cutoff_date": [FIRST, FIRST, SECOND, SECOND, THIRD],
            "customer_number": [1, 9, 1, 5, 1],
            "amount": [1.0, 2.0, 4.0, 8.0, 16.0],
        }
    )
    likes = pd.DataFrame({"cutoff_date": [FIRST, SECOND], "customer_number": [1, 7], "likes": 1})
    factors = pd.DataFrame({"cutoff_date": [FIRST, SECOND], "factor": [10.0, 100.0]})

    def worked(day: Any, some: pd.DataFrame, others: pd.DataFrame, factor: pd.DataFrame) -> Any:
        found = some.merge(others, on=["cutoff_date", "customer_number"], how="outer")
        times = factor["factor"].sum()
        return pd.DataFrame(
            {
                "customer_number": found["customer_number"].astype("int64"),
                "amount": found["amount"].astype("float64") * times,
                "likes": found["likes"].astype("Int64"),
                "cutoff_date": day,
            }
        )

    def computed(relation: Relation, days: list[Any]) -> pd.DataFrame:
        made = day_by_day(
            worked,
            days,
            [relation(bought), relation(likes)],
            [relation(factors)],
            customers_apart=True,
        )
        frame = as_frame(made) if hasattr(made, "toArrow") else as_frame(in_duckdb_table(made))
        return frame.sort_values(["cutoff_date", "customer_number"], ignore_index=True)

    found = computed(in_spark, [SECOND, FIRST])
    assert_frame_equal(found, computed(in_duckdb, [SECOND, FIRST]))
    assert found["amount"].tolist()[:2] == [10.0, 20.0]
    assert found["customer_number"].tolist() == [1, 9, 1, 5, 7]
    nothing = computed(in_spark, [])
    assert_frame_equal(nothing, computed(in_duckdb, []))
    assert nothing.empty


def in_duckdb_table(table: Any) -> Any:
    return duckdb.connect().from_arrow(table)
