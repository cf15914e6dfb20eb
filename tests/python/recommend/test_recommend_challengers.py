"""Challengers and content against dense matrices and sets of words."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from small_shops import basket_counts, weights_of

import dovecote.recommend.challengers as challengers
from dovecote.recommend import (
    all_challenger_lists,
    challenger_lists,
    content_similarities,
    item_similarities,
    neighbour_lists,
)

METHODS = ["svd", "als", "user_knn", "item_knn_cosine", "item_knn_bm25"]
COUNTS = basket_counts(40, 25, seed=1)
WEIGHTS = np.log1p(COUNTS)


def scores_of(method: str, counts: NDArray[np.int64] = COUNTS) -> NDArray[np.float64]:
    lists = challenger_lists(weights_of(counts), method=method, size=counts.shape[1])
    table = lists[lists["task"] == "all"].pivot(
        index="customer_id", columns="product_id", values="score"
    )
    return table.to_numpy()


def test_svd_is_that_of_a_dense_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challengers, "FACTORS", 5)
    left, values, right = np.linalg.svd(WEIGHTS, full_matrices=False)
    assert_allclose(scores_of("svd"), left[:, :5] * values[:5] @ right[:5], atol=1e-9)


def test_als_settles_where_the_loss_has_no_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challengers, "ALS_FACTORS", 3)
    monkeypatch.setattr(challengers, "ALS_ROUNDS", 300)
    monkeypatch.setattr(challengers, "ALS_REGULARISATION", 0.5)
    scores = scores_of("als")
    left, values, right = np.linalg.svd(scores)
    assert values[3] < 1e-9
    # With an L2 penalty on both sides, the best factors of a product share its singular values.
    customers, products = left[:, :3] * np.sqrt(values[:3]), right[:3].T * np.sqrt(values[:3])
    slope = (1 + WEIGHTS) * (scores - (COUNTS > 0))
    assert_allclose(slope @ products + 0.5 * customers, 0, atol=1e-3)
    assert_allclose(slope.T @ customers + 0.5 * products, 0, atol=1e-3)


def test_customers_alike_are_the_nearest_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challengers, "ALIKE", 5)
    directions = WEIGHTS / np.linalg.norm(WEIGHTS, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, 0)
    expected = np.zeros(WEIGHTS.shape)
    for row, cosine in enumerate(cosines):
        nearest = np.argsort(-cosine)[:5]
        expected[row] = cosine[nearest] @ WEIGHTS[nearest]
    assert_allclose(scores_of("user_knn"), expected, atol=1e-12)


def test_of_many_customers_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challengers, "REFERENCE_CUSTOMERS", 10)
    monkeypatch.setattr(challengers, "ALIKE", 40)
    directions = WEIGHTS / np.linalg.norm(WEIGHTS, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, 0)
    assert_allclose(scores_of("user_knn"), cosines[:, ::4] @ WEIGHTS[::4], atol=1e-12)


def test_products_alike_are_the_50_nearest_by_cosine() -> None:
    counts = basket_counts(40, 60, seed=2, mean=2)
    directions = (counts > 0) / np.linalg.norm(counts > 0, axis=0)
    cosines = directions.T @ directions
    np.fill_diagonal(cosines, 0)
    nearest = np.argsort(-np.round(cosines, 9), axis=1, kind="stable")[:, :50]
    kept = np.zeros_like(cosines)
    np.put_along_axis(kept, nearest, np.take_along_axis(cosines, nearest, axis=1), axis=1)
    assert (kept > 0).sum() < (cosines > 0).sum()
    assert_allclose(scores_of("item_knn_cosine", counts), np.log1p(counts) @ kept.T, rtol=1e-6)


def test_products_alike_by_bm25_add_up_what_is_stored() -> None:
    stored = item_similarities(weights_of(COUNTS), method="bm25").scoring
    similar = stored.pivot(index="product_id", columns="similar_product_id", values="score")
    expected = WEIGHTS @ similar.fillna(0).to_numpy()
    assert_allclose(scores_of("item_knn_bm25"), expected, rtol=1e-6)


NEIGHBOURS = pd.DataFrame(
    {
        "product_id": [1, 1, 1, 2, 2],
        "similar_product_id": [5, 3, 2, 1, 4],
        "position": [1, 2, 3, 2, 1],
        "score": [0.9, 0.5, 0.5, 0.1, 0.2],
    }
)
SEEDS = pd.DataFrame({"customer_id": [30, 20, 10], "product_id": [9, 1, 2]})


def test_product_pages_show_the_nearest() -> None:
    lists = neighbour_lists(NEIGHBOURS, SEEDS, method_name="some", size=2)
    expected = pd.DataFrame(
        {
            **{"task": ["item_page"] * 4, "method_name": ["some"] * 4},
            **{"customer_id": [10, 10, 20, 20], "position": [1, 2, 1, 2]},
            **{"product_id": [4, 1, 5, 3], "score": [0.2, 0.1, 0.9, 0.5]},
        }
    )
    pd.testing.assert_frame_equal(lists, expected)


def test_a_customer_looks_at_one_product() -> None:
    twice = pd.concat([SEEDS, SEEDS])
    with pytest.raises(ValueError, match="Column customer_id of seeds repeats"):
        neighbour_lists(NEIGHBOURS, twice, method_name="some")
    with pytest.raises(ValueError, match="Column score is not in neighbours"):
        neighbour_lists(NEIGHBOURS.drop(columns="score"), SEEDS, method_name="some")


def test_all_challengers_are_those_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, asked = weights_of(COUNTS), ["c002", "c031"]
    seeds = pd.DataFrame({"customer_id": ["c031", "new"], "product_id": ["p004", "p007"]})
    expected = [
        challenger_lists(weights, method=method, customers=asked, size=3) for method in METHODS
    ]
    for name in ("cosine", "bm25"):
        pages = item_similarities(weights, method=name, neighbours=3).display
        pages = pages[["product_id", "similar_product_id", "position", "score"]].merge(
            seeds.rename(columns={"product_id": "page"}), left_on="product_id", right_on="page"
        )
        pages["product_id"] = pages["similar_product_id"]
        pages = pages.assign(task="item_page", method_name=f"item_knn_{name}")
        expected.append(pages[expected[0].columns])
    fits = []

    def counted(*args: object, **options: object) -> object:
        fits.append(options["method"])
        return item_similarities(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(challengers, "item_similarities", counted)
    found = all_challenger_lists(weights, seeds, customers=asked, size=3)
    order = ["task", "method_name", "customer_id", "position"]
    pd.testing.assert_frame_equal(found, pd.concat(expected).sort_values(order, ignore_index=True))
    assert len(found) == (2 * len(METHODS) + 2) * 2 * 3
    assert sorted(fits) == ["bm25", "cosine"]


@pytest.mark.parametrize("shape", [(0, 0), (1, 4), (4, 1), (1, 1)])
def test_all_challengers_of_odd_shops_have_the_same_types(shape: tuple[int, int]) -> None:
    customer, product = np.nonzero(np.ones(shape))
    weights = pd.DataFrame({"customer_id": customer, "product_id": product, "basket_count": 1})
    seeds = weights[["customer_id", "product_id"]].drop_duplicates("customer_id")
    for asked in (None, []):
        lists = all_challenger_lists(weights, seeds, customers=asked)
        assert [str(kind) for kind in lists.dtypes] == [
            "str",
            "str",
            "int64",
            "int64",
            "int64",
            "float64",
        ]
        # With one customer, all other products are neighbours; with one product, none is.
        pages = 2 * 3 if shape == (1, 4) else 0
        assert len(lists) == (customer.size * len(METHODS) if asked is None else 0) + pages


@pytest.mark.parametrize("method", METHODS)
def test_lists_depend_on_no_length_block_or_order(method: str) -> None:
    weights = weights_of(COUNTS)
    asked = ["c007", "c003", "nobody"]
    long = challenger_lists(weights, method=method, size=20)
    short = challenger_lists(
        weights.sample(frac=1, random_state=1),
        method=method,
        customers=asked,
        size=4,
        memory_gb=1e-9,
    )
    of_asked = long["customer_id"].isin(asked) & (long["position"] <= 4)
    expected = long[of_asked].reset_index(drop=True)
    pd.testing.assert_frame_equal(short, expected)
    assert len(short) == 16
    assert set(short["method_name"]) == {method}


@pytest.mark.parametrize("method", METHODS)
def test_new_lists_hold_every_product_never_bought(method: str) -> None:
    lists = challenger_lists(weights_of(COUNTS), method=method, size=25)
    for task, candidates in (("all", COUNTS >= 0), ("new", COUNTS == 0)):
        listed = lists[lists["task"] == task].groupby("customer_id")["product_id"].agg(set)
        for row, products in enumerate(candidates):
            expected = {f"p{product:03d}" for product in np.flatnonzero(products)}
            assert listed.get(f"c{row:03d}", set()) == expected


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "counts",
    [np.zeros((0, 0)), np.ones((1, 1)), np.ones((1, 4)), np.ones((4, 1)), np.ones((3, 3))],
    ids=["nothing", "one pair", "one customer", "one product", "all by all"],
)
def test_odd_shops_give_lists_of_what_there_is(method: str, counts: NDArray[np.int64]) -> None:
    lists = challenger_lists(weights_of(counts), method=method)
    assert len(lists) == counts.size
    assert np.isfinite(lists["score"]).all()


def test_unknown_methods_are_named() -> None:
    with pytest.raises(ValueError, match="method slim is unknown"):
        challenger_lists(weights_of(COUNTS), method="slim")


PRODUCTS = pd.DataFrame(
    {
        "product_id": [5, 3, 1, 4, 2, 6],
        "product_name": ["Red mug", "red  MUG", "Blue blue mug", "tea towel", None, "zebra cups"],
        "category": ["cups", "cups", "cups", "towels", "towels", None],
    }
)


def content(products: pd.DataFrame, **options: object) -> pd.DataFrame:
    return content_similarities(
        products,
        texts=["product_name"],
        attributes=["category"],
        **options,  # type: ignore[arg-type]
    )


def test_content_is_the_cosine_of_tf_idf() -> None:
    words = {
        **{1: ["blue", "blue", "mug", "C:cups"], 2: ["C:towels"], 3: ["red", "mug", "C:cups"]},
        **{4: ["tea", "towel", "C:towels"], 5: ["red", "mug", "C:cups"], 6: ["zebra", "cups"]},
    }
    products_with = Counter(word for said in words.values() for word in set(said))
    weights = {
        product: {
            word: (np.log(7 / (1 + products_with[word])) + 1) * (1 + np.log(said.count(word)))
            for word in said
        }
        for product, said in words.items()
    }
    norms = {
        product: np.sqrt(sum(w**2 for w in said.values())) for product, said in weights.items()
    }
    found = content(PRODUCTS)
    neighbours = {1: [3, 5], 2: [4], 3: [5, 1], 4: [2], 5: [3, 1]}
    listed = found.groupby("product_id")["similar_product_id"].agg(list)
    assert listed.to_dict() == neighbours
    for row in found.itertuples():
        one, other = weights[row.product_id], weights[row.similar_product_id]
        dot = sum(one[word] * other[word] for word in one.keys() & other.keys())
        expected = dot / (norms[row.product_id] * norms[row.similar_product_id])
        assert row.score == pytest.approx(expected, abs=1e-6)
        assert row.method_name == "content"
        assert row.position == neighbours[row.product_id].index(row.similar_product_id) + 1


def test_content_is_asked_for_some_products_and_few_neighbours() -> None:
    everything = content(PRODUCTS)
    some = content(PRODUCTS.sample(frac=1, random_state=1), cold=[5, 4], neighbours=1)
    first = everything["product_id"].isin([4, 5]) & (everything["position"] == 1)
    pd.testing.assert_frame_equal(some, everything[first].reset_index(drop=True))


@pytest.mark.parametrize("rows", [0, 1])
def test_products_without_words_have_no_neighbours(rows: int) -> None:
    silent = PRODUCTS.iloc[:rows].assign(product_name=None, category=None)
    found = content(silent)
    assert found.empty
    assert list(found.columns) == list(content(PRODUCTS).columns)


def test_bad_products_are_named() -> None:
    with pytest.raises(ValueError, match="Column category is not in products"):
        content(PRODUCTS.drop(columns="category"))
    with pytest.raises(ValueError, match="Column product_id of products repeats"):
        content(pd.concat([PRODUCTS, PRODUCTS]))
