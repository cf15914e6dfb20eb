"""The lists against their definition, customer by customer, and what settings are chosen."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import dovecote.recommend.choice as choice_module
from dovecote.recommend import Settings, choose_settings, item_similarities, setting_choices
from dovecote.recommend.choice import (
    History,
    Scores,
    list_scores,
    mean_ndcg,
    read_history,
    with_fallback,
)
from dovecote.recommend.lists import Stored, list_table, similar_scores, store

CUTOFF = pd.Timestamp("2024-07-01")
SETTINGS = Settings(
    half_life_days=50, trend_half_life_days=20, trend_prior=3, repeat_power=0.4, similar_weight=0.7
)


def shop(seed: int, rows: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    customer = rng.integers(25, size=rows)
    taste = rng.integers(3, size=25)
    product = (rng.geometric(0.25, rows) + 6 * taste[customer]) % 18
    age = rng.integers(1, 200 * 24, size=rows)
    purchases = pd.DataFrame(
        {
            "customer_id": [f"c{number:02d}" for number in customer],
            "product_id": [f"p{number:02d}" for number in product],
            "basket_id": [f"{who}-{hour // 48}" for who, hour in zip(customer, age, strict=True)],
            "purchased_at": CUTOFF - pd.to_timedelta(age, unit="h"),
        }
    )
    return purchases.drop_duplicates(["customer_id", "product_id", "basket_id"])


def scored(purchases: pd.DataFrame, neighbours: int) -> tuple[History, pd.DataFrame, Scores]:
    history = read_history(purchases, CUTOFF)
    weights = (
        purchases.groupby(["customer_id", "product_id"])["basket_id"]
        .nunique()
        .rename("basket_count")
        .reset_index()
    )
    similarities = item_similarities(weights, regularisation=4, neighbours=neighbours)
    stored = store(similarities, history.baskets.products)
    everybody = np.arange(history.baskets.customers.size)
    similar = similar_scores(history.owned(SETTINGS.half_life_days), stored)
    scoring = similarities.scoring.merge(similarities.targets, on="similar_product_id")
    return history, scoring, list_scores(history, SETTINGS, similar, everybody)


def test_scores_are_those_of_the_definition() -> None:
    purchases = shop(seed=1)
    history, scoring, found = scored(purchases, neighbours=4)
    owned: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    baskets: dict[tuple[str, str], int] = defaultdict(int)
    recent: dict[str, float] = defaultdict(float)
    for row in purchases.itertuples():
        age = (CUTOFF - row.purchased_at).total_seconds() / 86_400
        owned[row.customer_id][row.product_id] += 0.5 ** (age / 50)
        baskets[row.customer_id, row.product_id] += 1
        recent[row.product_id] += 0.5 ** (age / 20)
    repeat_pairs = sum(count > 1 for count in baskets.values())
    share = repeat_pairs / len(baskets)
    products = sorted(recent)
    for row, customer in enumerate(sorted(owned)):
        has = {product: math.log(1 + decayed) for product, decayed in owned[customer].items()}
        for column, product in enumerate(products):
            of_product = [count for (_, name), count in baskets.items() if name == product]
            again = sum(count > 1 for count in of_product)
            repeat = ((again + 10 * share) / (len(of_product) + 10) / share) ** 0.4
            expected = sum(of_product) * sum(recent.values()) / len(purchases)
            trend = (recent[product] + 3) / (expected + 3)
            own = has.get(product, 0.0) * repeat
            sources = scoring[scoring["similar_product_id"] == product]
            kept = [source for source in sources["product_id"] if source in has]
            similar = 0.0
            if kept:
                scores = sources.set_index("product_id")["score"]
                beyond = sum(has.values()) - has.get(product, 0.0) - sum(has[one] for one in kept)
                similar = sum(has[one] * scores[one] for one in kept)
                similar += sources["rest_score"].iloc[0] * beyond
            both = own + 0.7 * similar
            assert found.discover[row, column] == pytest.approx(trend * both)
            assert found.blend[row, column] == pytest.approx(trend**0.5 * both)
    assert list(history.baskets.products) == products


def test_what_is_stored_scores_almost_as_all_sources_do() -> None:
    purchases = shop(seed=2)
    is_new = read_history(purchases, CUTOFF).baskets.counts.toarray() == 0
    everything, stored = (scored(purchases, size)[2].discover[is_new] for size in (17, 12))
    assert np.corrcoef(everything, stored)[0, 1] > 0.99
    assert not np.allclose(everything, stored)


def test_the_cutoff_is_exclusive() -> None:
    purchases = shop(seed=3)
    later = purchases.assign(purchased_at=CUTOFF, basket_id="later")
    history = read_history(pd.concat([purchases, later]), CUTOFF)
    assert history.age_days.size == len(purchases)
    assert history.age_days.min() > 0


def test_a_product_counts_once_a_basket() -> None:
    purchases = shop(seed=3)
    once, twice = (
        read_history(rows, CUTOFF) for rows in (purchases, pd.concat([purchases, purchases]))
    )
    assert (once.baskets.counts != twice.baskets.counts).nnz == 0
    assert (once.owned(30) != twice.owned(30)).nnz == 0


def test_the_fallback_follows_what_is_scored() -> None:
    scores = np.array([[0.0, 0.2, -0.1, 0.1, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    filled = with_fallback(scores, np.array([5.0, 0.0, 9.0, 1.0, 9.0]))
    assert np.argsort(-filled, axis=1, kind="stable").tolist() == [[1, 3, 2, 4, 0], [2, 4, 0, 3, 1]]


def test_tables_hold_full_lists_of_candidates() -> None:
    history = read_history(shop(seed=4), CUTOFF)
    customers = np.array([3, 7])
    scores = np.zeros((2, history.baskets.products.size))
    scores[:, 2] = 1
    for task in ("all", "new"):
        lists = list_table(
            history.baskets, customers, scores, task=task, method_name="some", size=30
        )
        for customer, listed in lists.groupby("customer_id"):
            row = list(history.baskets.customers).index(customer)
            bought = history.baskets.counts[[row]].toarray()[0] > 0
            candidates = history.baskets.products[~bought | (task == "all")]
            first = [one for one in candidates if one == history.baskets.products[2]]
            assert list(listed["product_id"]) == [*first, *sorted({*candidates} - {*first})]
            assert list(listed["position"]) == list(range(1, candidates.size + 1))


def test_ndcg_of_rows_without_anything_relevant_is_left_out() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [1.0, 1.0, 0.0]])
    is_relevant = np.array([[True, False, True], [False, False, False], [False, True, False]])
    expected = np.mean([(1 + 1 / 2) / (1 + 1 / np.log2(3)), 1 / np.log2(3)])
    assert mean_ndcg(scores, is_relevant) == pytest.approx(expected)
    assert mean_ndcg(scores, is_relevant, k=1) == pytest.approx(1 / 2)
    assert mean_ndcg(scores, is_relevant & False) == 0


def test_purchases_from_the_cutoff_on_change_no_choice() -> None:
    purchases = shop(seed=5)
    later = shop(seed=6).assign(purchased_at=CUTOFF)
    choice, again = (
        choose_settings(rows, CUTOFF) for rows in (purchases, pd.concat([purchases, later]))
    )
    assert choice.settings == again.settings
    pd.testing.assert_frame_equal(choice.grades, again.grades)
    assert set(choice.grades["setting_name"]) == {
        field.name for field in dataclasses.fields(Settings)
    }


def trending_shop() -> pd.DataFrame:
    """Sell what everybody wants for two weeks only, and staples that nobody tires of."""
    rng = np.random.default_rng(7)
    rows = []
    for day in range(180):
        fashions = [f"fashion {day // 14}-{number}" for number in range(3)]
        for customer in rng.choice(60, size=20, replace=False):
            bought = [*rng.choice(fashions, 2, replace=False), f"staple {customer % 20}"]
            rows += [(customer, product, f"{customer}-{day}", day) for product in bought]
    purchases = pd.DataFrame(rows, columns=["customer_id", "product_id", "basket_id", "day"])
    first_day = CUTOFF - pd.Timedelta(days=180)
    return purchases.assign(purchased_at=first_day + pd.to_timedelta(purchases["day"], unit="D"))


def test_a_shop_of_fashions_chooses_their_trend() -> None:
    choice = choose_settings(
        trending_shop(),
        CUTOFF - pd.Timedelta(days=3),
        validation_days=5,
        grid={"discover_trend_power": (0.0, 1.0), "popularity_days": (100.0, 7.0)},
    )
    assert choice.settings.discover_trend_power == 1
    assert choice.settings.popularity_days == 7
    grades = choice.grades.set_index(["setting_name", "setting_value"])["discover_ndcg"]
    assert grades["discover_trend_power", 1.0] > grades["discover_trend_power", 0.0]


def test_popularity_is_graded_alone() -> None:
    purchases, start = shop(seed=11), CUTOFF - pd.Timedelta(days=60)
    grades = choose_settings(
        purchases, CUTOFF, validation_days=60, grid={"popularity_days": (40.0,)}
    ).grades
    history = read_history(purchases, start)
    after = purchases[purchases["purchased_at"] >= start]
    bought = pd.crosstab(after["customer_id"], after["product_id"]).reindex(
        columns=history.baskets.products, fill_value=0
    )
    popular = np.tile(history.popularity(40), (len(bought), 1))
    expected = mean_ndcg(popular, bought.to_numpy() > 0)
    assert grades["blend_ndcg"].tolist() == pytest.approx([expected])


@pytest.mark.parametrize(
    "purchases",
    [shop(seed=8).iloc[:0], shop(seed=8).iloc[:1], shop(seed=8).assign(purchased_at=CUTOFF)],
    ids=["nothing", "one purchase", "nothing before"],
)
def test_without_history_the_defaults_are_taken(purchases: pd.DataFrame) -> None:
    choice = choose_settings(purchases, CUTOFF)
    assert choice.settings == Settings()
    assert choice.grades.empty
    assert choice.grades["blend_ndcg"].dtype == np.float64


SMALL_GRID = {"discover_trend_power": (0.5, 0.0), "similar_weight": (0.25, 4.0)}


def dated(purchases: pd.DataFrame) -> pd.DataFrame:
    dates = purchases["purchased_at"].dt.normalize()
    return purchases.drop(columns="purchased_at").assign(order_date=dates)


def test_choices_of_dates_are_those_of_their_next_midnights() -> None:
    purchases = dated(shop(seed=12))
    dates = [CUTOFF - pd.Timedelta(days=days) for days in (1, 40)]
    table = setting_choices(
        purchases, [*dates, dates[0].date()], validation_days=30, grid=SMALL_GRID
    )
    assert list(table["cutoff_date"].unique()) == dates[::-1]
    for date, of_date in table.groupby("cutoff_date"):
        choice = choose_settings(
            purchases.rename(columns={"order_date": "purchased_at"}),
            date + pd.Timedelta(days=1),
            grid=SMALL_GRID,
        )
        chosen = of_date[of_date["is_chosen"]].set_index("setting_name")
        assert chosen["setting_value"].to_dict() == dataclasses.asdict(choice.settings)
        assert len(chosen) == len(dataclasses.fields(Settings))
        assert choice.settings != Settings()
        tried = of_date[of_date["setting_name"].isin(SMALL_GRID)].drop(
            columns=["cutoff_date", "is_chosen"]
        )
        keys = ["setting_name", "setting_value"]
        expected = choice.grades.sort_values(keys, ignore_index=True)
        # What nothing beat was there already, and is no value of this grid.
        graded = tried.dropna().reset_index(drop=True)
        pd.testing.assert_frame_equal(graded, expected)
        untried = of_date[of_date["blend_ndcg"].isna()]
        assert untried["is_chosen"].all()
        assert (untried["validation_customers"] == 0).all()


def test_the_window_of_a_date_is_its_last_days() -> None:
    purchases = dated(shop(seed=13))
    date = CUTOFF - pd.Timedelta(days=10)
    recent = purchases[purchases["order_date"].between(date - pd.Timedelta(days=2), date)]
    table = setting_choices(purchases, [date], validation_days=3, grid=SMALL_GRID)
    customers = table.loc[table["blend_ndcg"].notna(), "validation_customers"]
    assert set(customers) == {recent["customer_id"].nunique()}


@pytest.mark.parametrize("rows", [0, 1])
def test_dates_without_history_take_the_defaults(rows: int) -> None:
    purchases = dated(shop(seed=12).iloc[:rows])
    table = setting_choices(purchases, [CUTOFF])
    assert dict(zip(table["setting_name"], table["setting_value"], strict=True)) == (
        dataclasses.asdict(Settings())
    )
    assert table["is_chosen"].all()
    assert table[["blend_ndcg", "discover_ndcg"]].isna().all(axis=None)
    none = setting_choices(purchases, [])
    assert none.empty
    assert (none.dtypes == table.dtypes).all()
    assert [str(kind) for kind in table.dtypes] == (
        ["datetime64[us]", "str", "float64", "int64", "float64", "float64", "bool"]
    )


def test_of_many_customers_every_nth_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    purchases = shop(seed=14)
    few = purchases[purchases["customer_id"].isin(sorted(set(purchases["customer_id"]))[::4])]
    expected = choose_settings(few, CUTOFF, grid=SMALL_GRID).grades
    monkeypatch.setattr(choice_module, "CHOICE_HISTORIES", 7)
    found = choose_settings(purchases, CUTOFF, grid=SMALL_GRID).grades
    pd.testing.assert_frame_equal(found, expected)


def test_unknown_settings_and_columns_are_named() -> None:
    with pytest.raises(ValueError, match="Column order_date is not in purchases"):
        setting_choices(shop(seed=9), [CUTOFF])
    with pytest.raises(ValueError, match="grid has half_live_days"):
        choose_settings(shop(seed=9), CUTOFF, grid={"half_live_days": (1.0,)})
    with pytest.raises(ValueError, match="Column basket_id is not in purchases"):
        choose_settings(shop(seed=9).drop(columns="basket_id"), CUTOFF)


def test_unstored_sources_give_no_score() -> None:
    history = read_history(shop(seed=10), CUTOFF)
    products = history.baskets.products.size
    nothing = Stored(history.owned(1)[:0].T @ history.owned(1)[:0], np.ones(products))
    similar: NDArray[np.floating] = similar_scores(history.owned(50), nothing)
    assert (similar == 0).all()


def test_a_penalty_is_not_tried_where_fits_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice_module, "PRODUCTS_OF_SLOW_FITS", 1)
    choice = choose_settings(shop(seed=5), CUTOFF, grid={"ease_lambda": (1.0,), **SMALL_GRID})
    assert set(choice.grades["setting_name"]) == set(SMALL_GRID)
    assert choice.settings.ease_lambda == Settings().ease_lambda
