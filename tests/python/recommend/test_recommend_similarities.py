"""Similarities against regressions and counts made one by one, and on shops that break things."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal
from scipy import sparse
from small_shops import basket_counts, weights_of

from dovecote.recommend import item_similarities, similarities
from dovecote.recommend.baskets import blocks_of_cost
from dovecote.recommend.similarities import PairSums, Similarities, ease_similarities

Matrix = NDArray[np.float64]
PRIMAL, DUAL = (60, 25), (12, 40)


def regressed(counts: NDArray[np.int64], penalty: float) -> Matrix:
    """Regress each product on the others, one after the other, shape (sources, targets)."""
    weights = np.log1p(counts)
    scores = np.zeros((weights.shape[1], weights.shape[1]))
    for target in range(weights.shape[1]):
        others = np.delete(np.arange(weights.shape[1]), target)
        design = np.vstack([weights[:, others], np.sqrt(penalty) * np.eye(others.size)])
        wanted = np.concatenate([weights[:, target], np.zeros(others.size)])
        scores[others, target] = np.linalg.lstsq(design, wanted)[0]
    return scores


def matrix_of(table: pd.DataFrame, products: int) -> Matrix:
    scores = np.zeros((products, products))
    source, target = (
        table[column].str[1:].astype(int) for column in ("product_id", "similar_product_id")
    )
    scores[source, target] = table["score"]
    return scores


@pytest.mark.parametrize("shape", [PRIMAL, DUAL], ids=["primal", "dual"])
@pytest.mark.parametrize("memory_gb", [1.0, 1e-6], ids=["one block", "blocks"])
def test_ease_is_a_ridge_regression_on_the_other_products(
    shape: tuple[int, int], memory_gb: float
) -> None:
    counts = basket_counts(*shape, seed=1)
    found = item_similarities(
        weights_of(counts), method="ease", regularisation=3, neighbours=99, memory_gb=memory_gb
    )
    expected = regressed(counts, 3)
    assert_allclose(matrix_of(found.scoring, shape[1]), expected, atol=2e-6)
    bought = (counts > 0).astype(int)
    by_chance = np.outer(bought.sum(axis=0), bought.sum(axis=0)) / len(counts)
    shown = np.where((bought.T @ bought > by_chance) & (expected > 0), expected, 0)
    assert_allclose(matrix_of(found.display, shape[1]), shown, atol=2e-6)


@pytest.mark.parametrize("memory_gb", [1.0, 1e-6], ids=["one block", "blocks"])
def test_sums_of_pairs_say_as_much_as_baskets(memory_gb: float) -> None:
    counts = basket_counts(*PRIMAL, seed=4)
    table = weights_of(counts)
    weights, bought = np.log1p(counts), (counts > 0).astype(np.float32)
    sums = PairSums(
        customers=len(counts),
        products=np.unique(table["product_id"]),
        owned=weights.sum(axis=0),
        gram=sparse.csr_array(weights.T @ weights),
        co_buyers=sparse.csr_array(bought.T @ bought),
    )
    found = ease_similarities(sums, 3, neighbours=7, memory_gb=memory_gb)
    expected = item_similarities(table, method="ease", regularisation=3, neighbours=7)
    for ours, theirs in zip(found, expected, strict=True):
        assert_frame_equal(ours, theirs, atol=2e-6)


def test_ill_conditioned_ease_takes_more_digits() -> None:
    counts = 1000 + basket_counts(60, 25, seed=2)
    found = item_similarities(weights_of(counts), regularisation=1e-3, neighbours=99)
    assert_allclose(matrix_of(found.scoring, 25), regressed(counts, 1e-3), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [PRIMAL, DUAL], ids=["primal", "dual"])
def test_the_most_telling_sources_are_kept_and_the_rest_is_their_mean(
    shape: tuple[int, int],
) -> None:
    counts = basket_counts(*shape, seed=3)
    found = item_similarities(weights_of(counts), method="ease", regularisation=3, neighbours=4)
    scores, weights = regressed(counts, 3), np.log1p(counts)
    importance = np.abs(scores) * np.sqrt((weights**2).mean(axis=0))[:, None]
    owned = weights.sum(axis=0)
    for target in range(shape[1]):
        rows = found.scoring[found.scoring["similar_product_id"] == f"p{target:03d}"]
        kept = np.argsort(-importance[:, target])[:4]
        assert list(rows["product_id"]) == [f"p{source:03d}" for source in kept]
        assert list(rows["position"]) == [1, 2, 3, 4]
        left_out = np.setdiff1d(np.arange(shape[1]), [*kept, target])
        mean = np.average(scores[left_out, target], weights=owned[left_out])
        assert_allclose(found.targets["rest_score"][target], mean, atol=1e-6)


def test_nothing_is_left_for_the_rest_where_all_is_kept() -> None:
    found = item_similarities(weights_of(basket_counts(*PRIMAL, seed=4)), neighbours=24)
    assert (found.targets["rest_score"] == 0).all()


def bm25_cosine(counts: NDArray[np.int64]) -> Matrix:
    length, (_, products) = counts.sum(axis=0), counts.shape
    buyers_products = (counts > 0).sum(axis=1)
    rarity = np.log(1 + (products + 0.5) / (buyers_products + 0.5))[:, None]
    weights = rarity * counts * 21 / (counts + 20 * (0.75 + 0.25 * length / length.mean()))
    directions = weights / np.linalg.norm(weights, axis=0)
    return directions.T @ directions


@pytest.mark.parametrize("method", ["bm25", "cosine"])
@pytest.mark.parametrize("memory_gb", [1.0, 1e-6], ids=["one block", "blocks"])
def test_cosines_are_those_of_dense_matrices(method: str, memory_gb: float) -> None:
    counts = basket_counts(40, 30, seed=5)
    bought = (counts > 0).astype(float)
    directions = bought / np.linalg.norm(bought, axis=0)
    expected = bm25_cosine(counts) if method == "bm25" else directions.T @ directions
    np.fill_diagonal(expected, 0)
    found = item_similarities(
        weights_of(counts),
        method=method,
        neighbours=99,
        memory_gb=memory_gb,  # type: ignore[arg-type]
    )
    assert_allclose(matrix_of(found.display, 30), expected, atol=1e-6)
    assert_allclose(matrix_of(found.scoring, 30), expected, atol=1e-6)


@pytest.mark.parametrize("spread_from", [0, 100, similarities.SPREAD_FROM])
@pytest.mark.parametrize("cached_values", [7, similarities.CACHED_VALUES])
@pytest.mark.parametrize("method", ["ease", "bm25", "cosine"])
def test_cosine_lift_and_co_buyers_are_counted(
    method: str, cached_values: int, spread_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similarities, "CACHED_VALUES", cached_values)
    monkeypatch.setattr(similarities, "SPREAD_FROM", spread_from)
    counts = basket_counts(40, 30, seed=6)
    buyers = {f"p{product:03d}": set(np.flatnonzero(counts[:, product])) for product in range(30)}
    found = item_similarities(weights_of(counts), method=method)  # type: ignore[arg-type]
    for table in found[:2]:
        assert len(table) > 200
        for row in table.itertuples():
            one, other = buyers[row.product_id], buyers[row.similar_product_id]
            assert row.co_buyers == len(one & other)
            assert row.cosine == pytest.approx(len(one & other) / np.sqrt(len(one) * len(other)))
            assert row.lift == pytest.approx(len(one & other) * 40 / (len(one) * len(other)))


@pytest.mark.parametrize("method", ["bm25", "cosine"])
def test_the_sources_of_a_target_are_its_own_targets_where_scores_are_symmetric(
    method: str,
) -> None:
    weights = weights_of(basket_counts(40, 30, seed=13))
    found = item_similarities(weights, method=method, neighbours=3)  # type: ignore[arg-type]
    swapped = {"product_id": "similar_product_id", "similar_product_id": "product_id"}
    sources = found.scoring.rename(columns=swapped)
    assert list(found.scoring) == list(found.display)
    assert len(sources.merge(found.display)) == len(found.display) == 90
    assert not found.scoring.equals(found.display)


@pytest.mark.parametrize(
    ("cost", "most", "starts"),
    [
        ([], 3, []),
        ([1, 1, 1, 1], 2, [0, 2]),
        ([9, 1, 9, 9], 3, [0, 1, 3]),
        ([0, 0, 2, 2], 100, [0]),
    ],
)
def test_positions_are_split_where_costs_add_up(
    cost: list[int], most: float, starts: list[int]
) -> None:
    found = list(blocks_of_cost(np.array(cost), most))
    assert [one.start for one in found] == starts
    assert [position for one in found for position in range(len(cost))[one]] == [*range(len(cost))]


@pytest.mark.parametrize("method", ["ease", "bm25", "cosine"])
def test_the_number_asked_for_and_the_order_of_rows_change_no_score(method: str) -> None:
    weights = weights_of(basket_counts(40, 30, seed=7))
    few, many, shuffled = (
        item_similarities(rows, method=method, neighbours=neighbours)  # type: ignore[arg-type]
        for rows, neighbours in (
            (weights, 3),
            (weights, 9),
            (weights.sample(frac=1, random_state=1), 3),
        )
    )
    for table, longer, again in zip(few[:2], many[:2], shuffled[:2], strict=True):
        pd.testing.assert_frame_equal(table, longer[longer["position"] <= 3].reset_index(drop=True))
        pd.testing.assert_frame_equal(table, again, check_exact=True)


@pytest.mark.parametrize("method", ["ease", "bm25", "cosine"])
def test_ties_are_broken_by_product_id(method: str) -> None:
    twins = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]] * 4)
    found = item_similarities(weights_of(twins), method=method, neighbours=2)  # type: ignore[arg-type]
    shown = found.display.groupby("product_id")["similar_product_id"].agg(list)
    assert shown["p000"] == ["p001", "p002"]
    assert shown["p001"] == ["p000", "p002"]
    assert shown["p003"] == ["p000", "p001"]
    assert shown["p004"] == ["p005"]


def test_cosines_that_are_equal_as_fractions_are_ties() -> None:
    bought = basket_counts(30, 40, seed=12) > 0
    buyers, co_buyers = bought.sum(axis=0), bought.T.astype(int) @ bought
    found = item_similarities(weights_of(bought.astype(int)), method="cosine", neighbours=39)
    shown = found.display.groupby("product_id")["similar_product_id"].agg(list)
    ties = 0
    for product in range(40):
        squared = [
            Fraction(int(both) ** 2, int(n))
            for both, n in zip(co_buyers[product], buyers, strict=True)
        ]
        others = [other for other in range(40) if other != product and squared[other]]
        expected = sorted(others, key=lambda other: (-squared[other], other))
        ties += len(others) - len({squared[other] for other in others})
        assert shown[f"p{product:03d}"] == [f"p{other:03d}" for other in expected]
    assert ties > 100


def test_ease_gives_way_to_cosines_where_memory_ends() -> None:
    weights = weights_of(basket_counts(*PRIMAL, seed=8))
    methods = [
        set(item_similarities(weights, memory_gb=memory_gb).display["method_name"])
        for memory_gb in (1e-3, 1e-6)
    ]
    assert methods == [{"ease"}, {"bm25"}]


@pytest.mark.parametrize("method", ["ease", "bm25", "cosine", None])
@pytest.mark.parametrize(
    ("counts", "pairs"),
    [
        (np.zeros((0, 0), dtype=int), 0),
        (np.array([[3], [1]]), 0),
        (np.array([[2]]), 0),
        (np.array([[1, 2, 3]]), 6),
        (np.ones((5, 3), dtype=int), 6),
        (np.eye(4, dtype=int), 0),
    ],
    ids=["nothing", "one product", "one pair", "one customer", "all by all", "nothing in common"],
)
def test_odd_shops_give_rows_or_none(
    counts: NDArray[np.int64], pairs: int, method: str | None
) -> None:
    found = item_similarities(weights_of(counts), method=method)  # type: ignore[arg-type]
    # In none of them is anything bought together more often than by chance, which EASE leaves out.
    assert len(found.display) == (pairs if method in ("bm25", "cosine") else 0)
    assert np.isfinite(found.display["score"]).all()
    assert len(found.targets) == counts.shape[1]


def test_a_customer_who_bought_everything_fits_into_blocks() -> None:
    counts = basket_counts(30, 200, seed=9, mean=0.05)
    counts[0] = 1
    whole, parts = (
        item_similarities(weights_of(counts), method="cosine", memory_gb=memory_gb)
        for memory_gb in (1.0, 1e-5)
    )
    assert_same(whole, parts)


@pytest.mark.parametrize(("memory_gb", "cached_values"), [(1e-5, 500_000), (1.0, 100)])
def test_products_are_multiplied_in_parts_that_fit_into_memory(
    memory_gb: float, cached_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, chosen = [], similarities.largest_stored

    def watched(similar: sparse.csr_array, *rest: Any, **named: Any) -> Any:
        sizes.append(similar.nnz)
        return chosen(similar, *rest, **named)

    monkeypatch.setattr(similarities, "largest_stored", watched)
    monkeypatch.setattr(similarities, "CACHED_VALUES", cached_values)
    weights = weights_of(basket_counts(50, 200, seed=14))
    item_similarities(weights, method="bm25", memory_gb=memory_gb)
    # A part may exceed the bound by its last row.
    assert max(sizes) <= min(memory_gb * 1e9 / 8 / 12, cached_values) + 200
    assert len(sizes) > 50


def assert_same(one: Similarities, other: Similarities) -> None:
    for table, again in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(table, again)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="basket_count"), "Column basket_count is not in weights"),
        (lambda rows: rows.assign(product_id=None), "Column product_id of weights has nulls"),
        (lambda rows: rows.assign(basket_count=0), "basket_count of weights has a value that is"),
        (lambda rows: pd.concat([rows, rows]), "repeat a pair: add up its baskets"),
    ],
)
def test_bad_weights_are_named(change: object, message: str) -> None:
    weights = weights_of(basket_counts(5, 4, seed=10))
    with pytest.raises(ValueError, match=message):
        item_similarities(change(weights))  # type: ignore[operator]


@pytest.mark.parametrize("name", ["regularisation", "neighbours", "memory_gb"])
def test_settings_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive"):
        item_similarities(weights_of(basket_counts(5, 4, seed=11)), **{name: 0})  # type: ignore[arg-type]
