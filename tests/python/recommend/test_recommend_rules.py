"""Association rules: published cases, a count of every subset, SciPy's test, a simulation."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.stats import fisher_exact

import dovecote.recommend.rules as rules_module
from dovecote.recommend import association_rules

# The example of mlxtend's documentation.
GROCERIES = [
    ("milk", "onion", "nutmeg", "kidney beans", "eggs", "yogurt"),
    ("dill", "onion", "nutmeg", "kidney beans", "eggs", "yogurt"),
    ("milk", "apple", "kidney beans", "eggs"),
    ("milk", "unicorn", "corn", "kidney beans", "yogurt"),
    ("corn", "onion", "kidney beans", "ice cream", "eggs"),
]


def table_of(baskets: list[tuple[str, ...]]) -> pd.DataFrame:
    rows = [(number, product) for number, basket in enumerate(baskets) for product in basket]
    return pd.DataFrame(rows, columns=["basket_id", "product_id"])


def drawn(baskets: int, products: int, seed: int) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    mood = rng.integers(3, size=baskets)
    likes = rng.uniform(0.02, 0.5, (3, products))
    holds = rng.random((baskets, products)) < likes[mood]
    return [tuple(f"p{product}" for product in np.flatnonzero(row)) for row in holds]


def by_rule(rules: pd.DataFrame) -> dict[tuple[frozenset[str], str], dict[str, Any]]:
    found = {}
    for row in rules.to_dict("records"):
        antecedents = {row["antecedent_1"], row["antecedent_2"]}
        found[frozenset(one for one in antecedents if isinstance(one, str)), row["consequent"]] = (
            row
        )
    return found


def test_published_cases() -> None:
    rules = by_rule(association_rules(table_of(GROCERIES), min_baskets=3))
    onion_eggs = rules[frozenset({"onion"}), "eggs"]
    expected = {
        **{"support": 0.6, "confidence": 1.0, "lift": 1.25, "leverage": 0.12},
        **{"conviction": np.inf, "zhang": 0.5},
    }
    for measure, value in expected.items():
        assert onion_eggs[measure] == pytest.approx(value), measure
    of_kidney_beans = [
        row
        for (antecedents, consequent), row in rules.items()
        if consequent == "kidney beans" or antecedents == {"kidney beans"}
    ]
    assert len(of_kidney_beans) == 9
    assert_allclose([row["lift"] for row in of_kidney_beans], 1)
    assert_allclose([row["zhang"] for row in of_kidney_beans], 0)
    assert rules[frozenset({"eggs", "kidney beans"}), "onion"]["confidence"] == pytest.approx(0.75)


def counted(baskets: list[tuple[str, ...]], min_baskets: int) -> dict[Any, dict[str, float]]:
    """Count every rule by looking at every basket."""
    sets = [set(basket) for basket in baskets]
    products = sorted(set().union(*sets))
    total = len(sets)
    found = {}
    for size in (2, 3):
        for members in combinations(products, size):
            together = sum(set(members) <= one for one in sets)
            if together < min_baskets:
                continue
            for consequent in members:
                antecedents = set(members) - {consequent}
                left = sum(antecedents <= one for one in sets)
                right = sum(consequent in one for one in sets)
                s, s_left, s_right = together / total, left / total, right / total
                leverage = s - s_left * s_right
                widest = max(s * (1 - s_left), s_left * (s_right - s))
                table = [
                    [together, left - together],
                    [right - together, total - left - right + together],
                ]
                found[frozenset(antecedents), consequent] = {
                    "baskets": together,
                    "antecedent_baskets": left,
                    "consequent_baskets": right,
                    "support": s,
                    "confidence": s / s_left,
                    "lift": s / (s_left * s_right),
                    "leverage": leverage,
                    "conviction": (1 - s_right) / (1 - s / s_left) if together < left else np.inf,
                    "zhang": leverage / widest if widest else 0,
                    "p_value": fisher_exact(table, "greater").pvalue,
                }
    return found


@pytest.mark.parametrize("at_once", [10_000_000, 20], ids=["one block", "blocks"])
@pytest.mark.parametrize(("seed", "min_baskets"), [(1, 1), (2, 3), (3, 5)])
def test_rules_are_those_of_a_count_of_all_subsets(
    seed: int, min_baskets: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_module, "STORED_AT_ONCE", at_once)
    baskets = [*drawn(40, 8, seed), ("p0", "p1"), ("p9",)]
    found = by_rule(association_rules(table_of(baskets), min_baskets=min_baskets))
    expected = counted([basket for basket in baskets if basket], min_baskets)
    assert found.keys() == expected.keys()
    assert len(found) >= 10
    for rule, measures in expected.items():
        for measure, value in measures.items():
            assert found[rule][measure] == pytest.approx(value, rel=1e-9, abs=1e-12), measure


def test_rules_are_sorted_and_repeated_rows_count_once() -> None:
    baskets = table_of(drawn(60, 8, seed=4))
    rules = association_rules(baskets, min_baskets=3)
    doubled = pd.concat([baskets, baskets]).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(rules, association_rules(doubled, min_baskets=3))
    keys = rules[["antecedent_1", "antecedent_2", "consequent"]].fillna("")
    assert [*keys.itertuples(index=False)] == sorted(
        keys.itertuples(index=False), key=lambda key: (key[1] != "", *key)
    )


def test_fishers_tail_holds_far_out_and_for_large_counts() -> None:
    rng = np.random.default_rng(5)
    left, right = rng.integers(2_000, 30_000, (2, 200))
    fewest = np.maximum(left + right - 50_000, 1)
    together = fewest + ((np.minimum(left, right) - fewest) * rng.random(200)).astype(int)
    expected = [
        fisher_exact([[k, a - k], [b - k, 50_000 - a - b + k]], "greater").pvalue
        for k, a, b in zip(together, left, right, strict=True)
    ]
    found = rules_module._fisher(together, left, right, 50_000)
    assert_allclose(found, expected, rtol=1e-6, atol=1e-290)


def test_q_values_are_stepped_up_p_values() -> None:
    rules = association_rules(table_of(drawn(200, 10, seed=6)), min_baskets=5)
    ordered = rules.sort_values("p_value")
    ratios = ordered["p_value"] * len(rules) / np.arange(1, len(rules) + 1)
    expected = np.minimum.accumulate(ratios[::-1])[::-1].clip(upper=1)
    assert_allclose(ordered["q_value"], expected)
    assert 0 < (rules["q_value"] < 0.1).sum() < len(rules)


def test_the_interval_of_lift_is_the_delta_method() -> None:
    baskets = table_of([*[("a", "b")] * 30, *[("a",)] * 10, *[("b",)] * 15, *[("c",)] * 5])
    rule = by_rule(association_rules(baskets))[frozenset({"a"}), "b"]
    shares = np.array([30, 10, 15, 5]) / 60

    def log_lift(p: NDArray[np.float64]) -> float:
        return float(np.log(p[0] / ((p[0] + p[1]) * (p[0] + p[2]))))

    slope = np.array(
        [(log_lift(shares + h) - log_lift(shares - h)) / 2e-6 for h in np.eye(4) * 1e-6]
    )
    error = np.sqrt(slope @ (np.diag(shares) - np.outer(shares, shares)) @ slope / 60)
    half_width = np.log(rule["lift_high"] / rule["lift_low"]) / 2
    assert half_width == pytest.approx(1.95996 * error, rel=1e-4)
    assert np.sqrt(rule["lift_high"] * rule["lift_low"]) == pytest.approx(rule["lift"])


def test_the_interval_of_lift_covers_the_lift_drawn_from() -> None:
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(150):
        has_bread = rng.random(800) < 0.3
        has_butter = rng.random(800) < np.where(has_bread, 0.4, 0.1)
        baskets = [
            tuple(name for name, has in (("bread", one), ("butter", other), ("salt", True)) if has)
            for one, other in zip(has_bread, has_butter, strict=True)
        ]
        rule = by_rule(association_rules(table_of(baskets), max_antecedents=1))[
            frozenset({"bread"}), "butter"
        ]
        covered.append(rule["lift_low"] <= 0.4 / (0.3 * 0.4 + 0.7 * 0.1) <= rule["lift_high"])
    assert 0.91 <= np.mean(covered) <= 0.99


def test_least_confidence_leaves_rules_out_but_changes_none() -> None:
    baskets = table_of(drawn(100, 8, seed=8))
    rules = association_rules(baskets, min_baskets=3)
    confident = association_rules(baskets, min_baskets=3, min_confidence=0.5)
    kept = rules[rules["confidence"] >= 0.5].reset_index(drop=True)
    assert 0 < len(kept) < len(rules)
    pd.testing.assert_frame_equal(confident, kept)


def test_no_baskets_give_no_rules() -> None:
    nothing = association_rules(table_of([]))
    assert nothing.empty
    assert list(nothing.columns) == list(association_rules(table_of(GROCERIES)).columns)
    assert association_rules(table_of([("milk",), ("eggs",)]), min_baskets=1).empty


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"min_baskets": 0}, "min_baskets must be"), ({"max_antecedents": 3}, "max_antecedents must")],
)
def test_bad_settings_are_named(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        association_rules(table_of(GROCERIES), **arguments)  # type: ignore[arg-type]


def test_missing_columns_are_named() -> None:
    with pytest.raises(ValueError, match="Column basket_id is not in baskets"):
        association_rules(table_of(GROCERIES).drop(columns="basket_id"))


@pytest.mark.parametrize("max_antecedents", [1, 2])
def test_the_most_frequent_sets_are_kept_where_there_are_too_many(max_antecedents: int) -> None:
    baskets = table_of(drawn(60, 12, seed=7))
    every, few = (
        by_rule(
            association_rules(
                baskets, min_baskets=2, max_antecedents=max_antecedents, max_sets=max_sets
            )
        )
        for max_sets in (10**6, 20)
    )
    sizes = {len(antecedents) for antecedents, _ in few}
    for size in sizes:
        sets = {antecedents | {one}: row for (antecedents, one), row in few.items()}
        counts = [row["baskets"] for found, row in sets.items() if len(found) == size + 1]
        assert 0 < len(counts) <= 20
        left_out = [
            row["baskets"]
            for (antecedents, one), row in every.items()
            if len(antecedents) == size and (antecedents, one) not in few
        ]
        assert max(left_out) <= min(counts)
    for rule, row in few.items():
        assert {k: v for k, v in row.items() if k != "q_value"} == pytest.approx(
            {k: v for k, v in every[rule].items() if k != "q_value"}, nan_ok=True
        )
