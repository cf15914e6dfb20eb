"""Grades of lists: cases worked by hand, scikit-learn's, and the theory of paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import ndcg_score, roc_auc_score

from dovecote.recommend import (
    customer_grades,
    leaderboard,
    paired_differences,
    recommendation_evaluation,
)

DAY = pd.Timestamp("2024-01-01")
PRODUCTS = pd.DataFrame({"product_id": list("abcdef"), "buyers": [8, 4, 2, 1, 1, 0]})


def lists_of(lists: dict[str, str], method: str = "some") -> pd.DataFrame:
    rows = [
        (customer, position, product)
        for customer, products in lists.items()
        for position, product in enumerate(products, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "position", "product_id"])
    return frame.assign(task="all", cutoff_date=DAY, method_name=method)


def relevant_to(bought: dict[str, str]) -> pd.DataFrame:
    rows = [(customer, product) for customer, products in bought.items() for product in products]
    frame = pd.DataFrame(rows, columns=["customer_id", "product_id"])
    return frame.assign(task="all", cutoff_date=DAY)


CATALOGUE = PRODUCTS.assign(task="all", cutoff_date=DAY)
LOG3 = np.log2(3)


@pytest.mark.parametrize(
    ("listed", "bought", "expected"),
    [
        pytest.param(
            *("abcd", "bd"),
            {
                "ndcg": (1 / LOG3) / (1 + 1 / LOG3),
                **{"recall": 1 / 2, "precision": 1 / 3, "mrr": 1 / 2, "map": 1 / 4},
                # b has 3 of 4 others behind it; d, off the list, ties with 2 of them.
                **{"hit_rate": 1, "auc": (3 + 1) / 8},
            },
            id="a hit beyond k",
        ),
        pytest.param(
            *("ab", "abc"),
            {
                "ndcg": (1 + 1 / LOG3) / (1 + 1 / LOG3 + 1 / 2),
                **{"recall": 2 / 3, "precision": 2 / 3, "mrr": 1, "map": 2 / 3},
                **{"hit_rate": 1, "auc": (3 + 3 + 1.5) / 9},
            },
            id="a short list",
        ),
        pytest.param(
            *("abc", "ac"),
            {
                "ndcg": (1 + 1 / 2) / (1 + 1 / LOG3),
                **{"recall": 1, "precision": 2 / 3, "mrr": 1, "map": (1 + 2 / 3) / 2},
                **{"hit_rate": 1, "auc": (4 + 3) / 8},
            },
            id="two hits",
        ),
        pytest.param(
            *("abc", "def"),
            {
                **{"ndcg": 0, "recall": 0, "precision": 0, "mrr": 0, "map": 0},
                **{"hit_rate": 0, "auc": 0},
            },
            id="no hit",
        ),
        pytest.param(
            *("", "ab"),
            {
                **{"ndcg": 0, "recall": 0, "precision": 0, "mrr": 0, "map": 0},
                **{"hit_rate": 0, "auc": 1 / 2},
            },
            id="no list",
        ),
        pytest.param(
            *("abc", "abcdef"),
            {
                **{"ndcg": 1, "recall": 1 / 2, "precision": 1, "mrr": 1, "map": 1},
                **{"hit_rate": 1, "auc": np.nan},
            },
            id="everything relevant",
        ),
    ],
)
def test_cases_worked_by_hand(listed: str, bought: str, expected: dict[str, float]) -> None:
    lists = lists_of({"someone": listed, "somebody else": "a"})
    grades = customer_grades(lists, relevant_to({"someone": bought}), CATALOGUE, k=3)
    (found,) = grades.to_dict("records")
    assert found["customer_id"] == "someone"
    assert found["listed"] == min(len(listed), 3)
    for measure, value in expected.items():
        assert found[measure] == pytest.approx(value, nan_ok=True), measure


def test_customers_without_relevant_products_are_not_graded() -> None:
    lists = lists_of({"buys": "ab", "buys nothing": "ab", "buys something unknown": "ab"})
    relevant = relevant_to({"buys": "bz", "buys something unknown": "z", "has no list": "a"})
    grades = customer_grades(lists, relevant, CATALOGUE, k=2).set_index("customer_id")
    assert list(grades.index) == ["buys", "has no list"]
    assert list(grades["recall"]) == [1, 0]


def test_ndcg_and_auc_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    products = pd.DataFrame({"product_id": np.arange(30), "buyers": 1})
    scores = rng.permuted(np.tile(np.arange(30.0), (50, 1)), axis=1)
    is_relevant = rng.random((50, 30)) < 0.15
    is_relevant[:, 0] |= ~is_relevant.any(axis=1)
    order = np.argsort(-scores, axis=1)
    lists = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(50), 30),
            "position": np.tile(np.arange(1, 31), 50),
            "product_id": order.ravel(),
        }
    ).assign(task="all", cutoff_date=DAY, method_name="some")
    customer, product = np.nonzero(is_relevant)
    relevant = pd.DataFrame({"customer_id": customer, "product_id": product})
    relevant = relevant.assign(task="all", cutoff_date=DAY)
    products = products.assign(task="all", cutoff_date=DAY)
    for k in (5, 30):
        grades = customer_grades(lists, relevant, products, k=k)
        expected = [
            ndcg_score([truth], [score], k=k)
            for truth, score in zip(is_relevant, scores, strict=True)
        ]
        assert_allclose(grades["ndcg"], expected)
        # Products off the list are tied.
        cut = np.where(scores >= 30 - k, scores, -1)
        expected = [roc_auc_score(*pair) for pair in zip(is_relevant, cut, strict=True)]
        assert_allclose(grades["auc"], expected)


def test_tables_of_several_methods_tasks_and_lengths() -> None:
    lists = pd.concat(
        [
            lists_of({"one": "ab", "other": "ac", "nobody": "f"}),
            lists_of({"one": "fed"}, method="rare"),
            lists_of({"one": "z"}, method="unknown product"),
            lists_of({"one": "b"}, method="first").assign(task="new"),
        ]
    )
    bought = relevant_to({"one": "b", "other": "ad"})
    relevant = pd.concat([bought, relevant_to({"one": "b"}).assign(task="new")])
    products = pd.concat([CATALOGUE, CATALOGUE.assign(task="new")])
    table = recommendation_evaluation(lists, relevant, products, ks=(1, 2))
    rows = table.set_index(["task", "method_name", "k"])
    assert list(rows.index) == [
        *[("all", method, k) for method in ("rare", "some", "unknown product") for k in (1, 2)],
        *[("new", "first", k) for k in (1, 2)],
    ]
    assert list(rows["customers"]) == [2, 2, 2, 2, 2, 2, 1, 1]
    assert list(rows["served_share"]) == [0.5, 0.5, 1, 1, 0.5, 0.5, 1, 1]
    assert list(rows["coverage"]) == pytest.approx([1 / 6, 2 / 6, 1 / 6, 3 / 6, 0, 0, 1 / 6, 1 / 6])
    # a, b, c are 8, 4 and 2 of 16 pairs; e has one buyer, f none, which counts as one.
    novelty = [4, 4, 1, (1 + 2 + 1 + 3) / 4, np.nan, np.nan, 2, 2]
    assert list(rows["novelty"]) == pytest.approx(novelty, nan_ok=True)
    assert list(rows["hit_rate"]) == [0, 0, 0.5, 1, 0, 0, 1, 1]


def test_paired_differences_have_the_intervals_of_normal_theory() -> None:
    rng = np.random.default_rng(2)
    shared, own = rng.normal(size=(2, 800))
    grades = pd.concat(
        pd.DataFrame({"customer_id": np.arange(800), "ndcg": values, "recall": values * 2}).assign(
            task="all", cutoff_date=DAY, method_name=name
        )
        for name, values in (("base", shared), ("better", shared + 0.1 + 0.5 * own))
    )
    table = paired_differences(grades, "base", resamples=2_000)
    assert list(table["measure"]) == ["ndcg", "recall"]
    ndcg, recall = table.to_dict("records")
    difference, error = (0.1 + 0.5 * own).mean(), (0.5 * own).std() / np.sqrt(800)
    assert ndcg["difference"] == pytest.approx(difference)
    assert ndcg["standard_error"] == pytest.approx(error)
    assert ndcg["high"] - ndcg["low"] == pytest.approx(2 * 1.96 * error, rel=0.08)
    assert (ndcg["high"] + ndcg["low"]) / 2 == pytest.approx(difference, abs=0.2 * error)
    assert recall["low"] == pytest.approx(2 * ndcg["low"])
    assert table.equals(paired_differences(grades.sample(frac=1), "base", resamples=2_000))
    assert paired_differences(grades, "unknown").empty


def graded_shop(customers: int = 60) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Draw lists of four methods; the second task lacks one of the two baselines."""
    rng = np.random.default_rng(3)
    methods = {"all": ["base", "other base", "x", "y"], "item_page": ["base", "x"]}
    lists, relevant = [], []
    for task, names in methods.items():
        bought = {
            f"c{number}": "".join(rng.choice(list("abcdef"), 2, replace=False))
            for number in range(customers)
        }
        relevant.append(relevant_to(bought).assign(task=task))
        for name in names:
            listed = {who: "".join(rng.permutation(list("abcdef"))[:4]) for who in bought}
            lists.append(lists_of(listed, method=name).assign(task=task))
    products = [CATALOGUE.assign(task=task) for task in methods]
    return pd.concat(lists), pd.concat(relevant), pd.concat(products)


def test_a_leaderboard_is_grades_and_paired_differences() -> None:
    shop, bases = graded_shop(), ("base", "other base")
    table = leaderboard(*shop, ks=(2, 4), baselines=bases)
    lists, relevant, products = shop
    shuffled = lists.sample(frac=1, random_state=1), pd.concat([relevant, relevant]), products
    grades = recommendation_evaluation(*shuffled, ks=(2, 4))
    pd.testing.assert_frame_equal(table[grades.columns], grades)
    ndcg = table.set_index(["task", "k", "method_name"])["ndcg"]
    compared = ["difference", "low", "high"]
    for base in bases:
        expected = {
            (k, row["task"], row["method_name"]): [row[name] for name in compared]
            for k in (2, 4)
            for row in paired_differences(
                customer_grades(*shop, k=k), base, measures=["ndcg"]
            ).to_dict("records")
        }
        assert len(expected) == (6 if base == "other base" else 8)
        for row in table.to_dict("records"):
            found = [row[f"ndcg_over_{base}{end}"] for end in ("", "_low", "_high")]
            key = (row["k"], row["task"], row["method_name"])
            assert_allclose(found, expected.get(key, [np.nan] * 3), rtol=1e-9)
            if key in expected:
                difference = row["ndcg"] - ndcg[row["task"], row["k"], base]
                assert found[0] == pytest.approx(difference)


def test_leaderboards_of_nothing_have_the_same_types() -> None:
    shop = graded_shop(customers=2)
    full = leaderboard(*shop, baselines=("base",))
    assert [str(kind) for kind in full.dtypes] == (
        ["str", "datetime64[us]", "str", "int64", "int64"] + ["float64"] * 13
    )
    for empty in ({0}, {1}, {2}, {0, 1, 2}):
        some = [frame.iloc[:0] if place in empty else frame for place, frame in enumerate(shop)]
        none = leaderboard(*some, ks=(2,), baselines=("base",))
        assert none.empty
        assert (none.dtypes == full.dtypes).all()


def test_dates_of_any_type_are_the_same_dates() -> None:
    lists, relevant, products = graded_shop(customers=5)
    dated = relevant.assign(cutoff_date=DAY.date())
    found, expected = (
        recommendation_evaluation(lists, bought, products, ks=(2,)) for bought in (dated, relevant)
    )
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": 1}, "Column position of lists repeats"),
        ({"product_id": "a"}, "Column product_id of lists repeats"),
        ({"customer_id": None}, "Column customer_id of lists has nulls"),
    ],
)
def test_bad_lists_are_named(change: dict[str, object], message: str) -> None:
    lists = lists_of({"one": "ab"}).assign(**change)
    with pytest.raises(ValueError, match=message):
        customer_grades(lists, relevant_to({"one": "b"}), CATALOGUE, k=2)


def test_lengths_and_resamples_are_positive() -> None:
    lists, relevant = lists_of({"one": "ab"}), relevant_to({"one": "b"})
    with pytest.raises(ValueError, match="k must be at least 1"):
        customer_grades(lists, relevant, CATALOGUE, k=0)
    with pytest.raises(ValueError, match="resamples must be at least 1"):
        paired_differences(customer_grades(lists, relevant, CATALOGUE, k=1), "some", resamples=0)
