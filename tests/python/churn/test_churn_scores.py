"""Scores of churn add up, agree with the library's own, and beat the baseline where published."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from churn_shops import HORIZONS, TIMEZONE, churn_shop

from dovecote import btyd
from oracle import churn
from oracle.settings import Row, Settings
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, as_raw
from warehouse.marts import CHURN

pytestmark = pytest.mark.slow

MODELS = {
    *CHURN,
    "dim_customers",
    "int_churn__spans",
    "int_churn__features",
    "int_churn__logistic_scores",
    "int_churn__model_scores",
    "int_churn__tuple_scores",
    "ml_churn__fits",
    "ml_churn__logistic_coefficients",
}
USABLE = ("converged", "boundary")
# What churn_project asks of data before a purchase model may speak.
MIN_CUSTOMERS, MIN_REPEAT_CUSTOMERS, MIN_HISTORY_DAYS = 5, 2, 14


class ScoredShop:
    """A shop with all its scores."""

    def __init__(self, project: CompiledProject, shop: tuple[int, int, int, int]) -> None:
        self.input, as_of = churn_shop(*shop)
        self.as_of = as_of
        warehouse = project.run(as_raw(self.input), as_of, MODELS)
        self.tables = {model: warehouse.rows(model) for model in MODELS}
        warehouse.connection.close()
        self.known = churn.known(self.input, Settings(as_of=as_of, timezone=TIMEZONE))

    def __getitem__(self, model: str) -> list[Row]:
        return self.tables[model]


# Customers, orders, events: the larger one teaches a logistic regression.
@pytest.fixture(scope="module", params=[(7, 80, 400, 200), (9, 150, 1200, 600)], ids=str)
def shop(request: pytest.FixtureRequest, churn_project: CompiledProject) -> ScoredShop:
    return ScoredShop(churn_project, request.param)


def test_contributions_and_intercept_add_up_to_the_log_odds(shop: ScoredShop) -> None:
    assert shop["int_churn__logistic_scores"]
    for row in shop["int_churn__logistic_scores"]:
        contributions = [v for column, v in row.items() if column.endswith("_contribution")]
        assert len(contributions) == 12
        log_odds = row["intercept"] + math.fsum(contributions)
        assert row["log_odds"] == pytest.approx(log_odds, rel=1e-12, abs=1e-12)
        p = row["churn_probability"]
        assert math.log(p / (1 - p)) == pytest.approx(log_odds, rel=1e-9, abs=1e-9)


def test_logistic_scores_are_their_coefficients_on_the_oracles_features(shop: ScoredShop) -> None:
    coefficients: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in shop["ml_churn__logistic_coefficients"]:
        if row["status"] == "fitted":
            key = (row["activity"], row["horizon_days"], row["cutoff_date"])
            coefficients[key].append(row)
    log_odds_of_history = {
        feature_key(row): row["btyd_log_odds"] for row in shop["int_churn__features"]
    }
    scored = 0
    for key, terms in coefficients.items():
        activity, horizon, day = key
        rows = [
            row
            for row in shop["int_churn__logistic_scores"]
            if (row["activity"], row["horizon_days"], row["fit_date"], row["cutoff_date"])
            == (*key, day)
        ]
        features = churn.features(shop.known, activity, day, horizon)
        assert {row["customer_id"] for row in rows} == features.keys()
        intercept = next(t["coefficient"] for t in terms if t["feature_name"] == "intercept")
        slopes = [term for term in terms if term["feature_name"] != "intercept"]
        for row in rows:
            values = {
                **features[row["customer_id"]],
                "btyd_log_odds": log_odds_of_history[feature_key(row)],
            }
            log_odds = intercept + sum(
                term["coefficient"]
                * ((values[term["feature_name"]] - term["center"]) / term["scale"])
                for term in slopes
            )
            expected = 1 / (1 + math.exp(-log_odds))
            assert row["churn_probability"] == pytest.approx(expected, rel=1e-11)
            scored += 1
    assert scored > 100


def feature_key(row: Row) -> tuple[Any, ...]:
    key = ("activity", "fit_date", "cutoff_date", "horizon_days", "customer_id")
    return tuple(row[column] for column in key)


def test_odds_of_history_are_those_of_the_first_usable_purchase_model(shop: ScoredShop) -> None:
    first_dates = {activity: span.first_date for activity, span in churn.spans(shop.known).items()}
    usable = {
        (row["activity"], row["cutoff_date"], row["model_name"]): row
        for row in shop["ml_churn__fits"]
        if row["is_used"]
        and row["status"] in USABLE
        and row["customers"] >= MIN_CUSTOMERS
        and row["repeat_customers"] >= MIN_REPEAT_CUSTOMERS
        and (row["cutoff_date"] - first_dates[row["activity"]]).days + 1 >= MIN_HISTORY_DAYS
    }
    seen = set()
    histories = {
        at: churn.histories(shop.known, *at)
        for at in {(row["activity"], row["cutoff_date"]) for row in shop["int_churn__features"]}
    }
    for row in shop["int_churn__features"]:
        fit = next(
            (
                usable[row["activity"], row["fit_date"], model]
                for model in ("pareto_nbd", "mbg_nbd", "bg_nbd")
                if (row["activity"], row["fit_date"], model) in usable
            ),
            None,
        )
        seen.add(fit and fit["model_name"])
        if fit is None:
            assert row["btyd_log_odds"] == 0
            continue
        history = histories[row["activity"], row["cutoff_date"]][row["customer_id"]]
        p = btyd.probability_of_no_purchase(
            fit["model_name"],
            parameters(fit),
            history.repeats,
            history.first_to_last,
            history.age,
            row["horizon_days"],
        )
        p = min(max(float(p), 1e-6), 1 - 1e-6)
        # An error of 1e-12 in p next to 1 is one of 1e-6 in its log-odds.
        assert row["btyd_log_odds"] == pytest.approx(math.log(p / (1 - p)), abs=1e-5)
    assert {None, "pareto_nbd"} <= seen


def parameters(fit: Row) -> dict[str, float]:
    return {name: fit[name] for name in btyd.PARAMETERS[fit["model_name"]]}


def test_scores_of_histories_are_the_librarys(shop: ScoredShop) -> None:
    fits = {
        (row["activity"], row["cutoff_date"], row["model_name"]): row
        for row in shop["ml_churn__fits"]
        if row["is_used"]
    }
    check_tuple_scores(shop["int_churn__tuple_scores"], fits)


# Parameters as fits give them, some on the edges of what is identified.
HAND_MADE_FITS = {
    "bg_nbd": [(0.24, 4.41, 0.79, 2.43), (3.0, 900.0, 0.02, 0.5), (0.05, 0.8, 1.0, 5.0)],
    "mbg_nbd": [(0.52, 6.2, 0.89, 1.62), (12.0, 30.0, 1e-3, 9.0), (0.9, 40.0, 1.0, 0.4)],
    "pareto_nbd": [(0.55, 10.6, 0.61, 11.7), (2.0, 50.0, 1.0, 400.0), (0.1, 300.0, 2.5, 6.0)],
}
HAND_MADE_TUPLES = [
    (x, t_x, age)
    for x in (0, 1, 2, 13, 240, 3000)
    for age in (0, 1, 28, 365, 730)
    for t_x in {0, x and 1, x and min(x, age // 2), x and age - 1, x and age}
    if 0 <= t_x <= age and (x == 0) == (t_x == 0)
]
HAND_MADE_HORIZONS = (1, 30, 365, 730)


def test_scores_of_hand_made_histories_are_the_librarys(churn_project: CompiledProject) -> None:
    fits = [
        {
            "activity": "order",
            "cutoff_date": f"2024-01-{number:02d}",
            "model_name": model,
            "log_likelihood": -1.0,
            **{name: None for name in ("r", "alpha", "a", "b", "s", "beta")},
            **dict(zip(btyd.PARAMETERS[model], values, strict=True)),
        }
        for model, sets in HAND_MADE_FITS.items()
        for number, values in enumerate(sets, start=1)
    ]
    days = {fit["cutoff_date"] for fit in fits}
    tuples = [
        {
            "activity": "order",
            "fit_date": day,
            "cutoff_date": day,
            "horizon_days": horizon,
            "repeat_days": x,
            "first_to_last_days": t_x,
            "age_days": age,
        }
        for day in sorted(days)
        for horizon in HAND_MADE_HORIZONS
        for x, t_x, age in HAND_MADE_TUPLES
    ]
    warehouse = churn_project.run(
        {},
        None,
        {"int_churn__tuple_scores", "ml_churn__fits"},
        replaced={
            "ml_churn__fits": f"""
                select
                    * replace (cast(cutoff_date as date) as cutoff_date),
                    'native' as engine,
                    true as is_used,
                    'converged' as status,
                    1000 as customers,
                    500 as repeat_customers
                from ({values(fits)})
            """,
            "int_churn__scored_tuples": f"""
                select * replace (
                    cast(fit_date as date) as fit_date, cast(cutoff_date as date) as cutoff_date
                )
                from ({values(tuples)})
            """,
            "int_churn__spans": "select 'order' as activity, date '2022-01-01' as first_date",
        },
    )
    scores = warehouse.rows("int_churn__tuple_scores")
    assert len(scores) == len(tuples) * len(btyd.MODELS)
    found = {
        (row["activity"], row["cutoff_date"], row["model_name"]): row
        for row in warehouse.rows("ml_churn__fits")
    }
    check_tuple_scores(scores, found)
    check_longer_is_less_likely(scores)


def values(rows: list[Row]) -> str:
    """Give rows as SQL."""

    def literal(value: Any) -> str:
        if isinstance(value, str | int):
            return repr(value)
        return f"cast({'null' if value is None else repr(value)} as double)"

    lines = ", ".join(f"({', '.join(map(literal, row.values()))})" for row in rows)
    return f"select * from (values {lines}) as given ({', '.join(rows[0])})"


def check_tuple_scores(scores: Iterable[Row], fits: dict[tuple[Any, ...], Row]) -> None:
    by_fit: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in scores:
        by_fit[row["activity"], row["fit_date"], row["model_name"]].append(row)
    assert {model for _, _, model in by_fit} == set(btyd.MODELS)
    for at, rows in by_fit.items():
        x, t_x, age, horizon, *found = (
            np.array([row[column] for row in rows], dtype=float)
            for column in (
                "repeat_days",
                "first_to_last_days",
                "age_days",
                "horizon_days",
                "p_alive",
                "churn_probability",
                "expected_orders",
            )
        )
        history = (at[2], parameters(fits[at]), x, t_x, age)
        # Where r runs away, a power r of a number next to 1 carries r times its last digit.
        digits = 1e-12 + 4 * np.finfo(float).eps * (fits[at]["r"] + (fits[at]["s"] or 0))
        np.testing.assert_allclose(found[0], btyd.p_alive(*history), rtol=0, atol=digits)
        np.testing.assert_allclose(
            found[1], btyd.probability_of_no_purchase(*history, horizon), rtol=0, atol=digits
        )
        np.testing.assert_allclose(
            found[2], btyd.expected_purchases(*history, horizon), rtol=1e-9, atol=1e-12
        )


def test_a_longer_horizon_never_makes_churn_likelier(shop: ScoredShop) -> None:
    check_longer_is_less_likely(shop["int_churn__tuple_scores"])


def check_longer_is_less_likely(scores: Iterable[Row]) -> None:
    by_history: dict[tuple[Any, ...], list[tuple[int, float]]] = defaultdict(list)
    for row in scores:
        key = tuple(
            row[column]
            for column in (
                "activity",
                "fit_date",
                "cutoff_date",
                "model_name",
                "repeat_days",
                "first_to_last_days",
                "age_days",
            )
        )
        by_history[key].append((row["horizon_days"], row["churn_probability"]))
    assert max(map(len, by_history.values())) >= 4
    for scored in by_history.values():
        probabilities = [probability for _, probability in sorted(scored)]
        assert probabilities == sorted(probabilities, reverse=True)


def test_a_published_probability_never_rises_with_the_horizon(shop: ScoredShop) -> None:
    by_customer: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for row in shop["mart_churn_scores"]:
        if row["churn_probability"] is not None:
            key = (row["customer_id"], row["activity"])
            by_customer[key].append((row["horizon_days"], row["churn_probability"]))
    for scored in by_customer.values():
        probabilities = [probability for _, probability in sorted(scored)]
        assert len(probabilities) == len(HORIZONS)
        assert probabilities == sorted(probabilities, reverse=True)


def test_the_published_model_is_never_worse_than_recency_base_rates(shop: ScoredShop) -> None:
    graded = {
        (row["activity"], row["horizon_days"], row["cutoff_date"], row["model_name"]): row
        for row in shop["mart_churn_evaluation"]
    }
    published = {
        (row["activity"], row["model_name"])
        for row in shop["mart_churn_scores"]
        if row["model_name"] is not None
    }
    assert len(published) == len(churn.ACTIVITIES)
    for activity, model in published:
        excess = [
            row["customers"]
            * (row["log_loss"] - graded[activity, horizon, cutoff, "recency_base_rate"]["log_loss"])
            for (graded_activity, horizon, cutoff, name), row in graded.items()
            if (graded_activity, name) == (activity, model)
        ]
        customers = sum(row["customers"] for at, row in graded.items() if at[3] == model)
        assert excess
        # Grades are those of probabilities of six digits.
        assert sum(excess) / customers <= 1e-5


def test_every_model_is_graded_at_past_cutoffs_by_hindsight(shop: ScoredShop) -> None:
    spans = churn.spans(shop.known)
    for row in shop["mart_churn_evaluation"]:
        at = (row["activity"], row["cutoff_date"])
        assert row["cutoff_date"] in churn.past_cutoffs(spans[row["activity"]], row["horizon_days"])
        customers = churn.histories(shop.known, *at)
        churned = [
            customer_id
            for customer_id in customers
            if churn.is_churned(
                shop.known, row["activity"], customer_id, row["cutoff_date"], row["horizon_days"]
            )
        ]
        assert (row["customers"], row["churned"]) == (len(customers), len(churned))
    assert {row["model_name"] for row in shop["mart_churn_evaluation"]} >= {
        *btyd.MODELS,
        *churn.BASELINES,
        "logistic",
        "random_forest",
        "gradient_boosting",
    }


def test_every_customer_has_a_score_or_a_reason_why_not(shop: ScoredShop) -> None:
    customers = {row["customer_id"] for row in shop["dim_customers"] if not row["is_excluded"]}
    found = [
        (row["customer_id"], row["activity"], row["horizon_days"])
        for row in shop["mart_churn_scores"]
    ]
    assert len(found) == len(set(found))
    assert set(found) == {
        (customer_id, activity, horizon)
        for customer_id in customers
        for activity in churn.ACTIVITIES
        for horizon in HORIZONS
    }
    active = {
        activity: churn.histories(shop.known, activity, shop.known.as_of_date)
        for activity in churn.ACTIVITIES
    }
    for row in shop["mart_churn_scores"]:
        has_history = row["customer_id"] in active[row["activity"]]
        assert (row["churn_probability"] is not None) == has_history
        assert (row["eligibility"] == "never_active") == (not has_history)


def test_published_scores_are_the_lowest_of_their_model_so_far(shop: ScoredShop) -> None:
    as_of_date = shop.known.as_of_date
    scores: dict[tuple[Any, ...], dict[int, float]] = defaultdict(dict)
    for row in shop["int_churn__model_scores"]:
        if row["cutoff_date"] == row["fit_date"] == as_of_date:
            key = (row["customer_id"], row["activity"], row["model_name"])
            scores[key][row["horizon_days"]] = row["churn_probability"]
    for row in shop["mart_churn_scores"]:
        if row["model_name"] is not None:
            by_horizon = scores[row["customer_id"], row["activity"], row["model_name"]]
            assert row["churn_probability"] == min(
                p for horizon, p in by_horizon.items() if horizon <= row["horizon_days"]
            )


def test_a_model_version_names_its_inputs(churn_project: CompiledProject) -> None:
    rows, as_of = churn_shop(0)

    def versions(given: Rows) -> set[tuple[Any, ...]]:
        model = "int_churn__model_versions"
        warehouse = churn_project.run(
            as_raw(given), as_of, {model}, replaced={"int_churn__model_choice": CHOICE}
        )
        return {tuple(row.values()) for row in warehouse.rows(model)}

    first = versions(rows)
    assert versions({entity: given[::-1] for entity, given in rows.items()}) == first
    order = next(row for row in rows["orders"] if row["ordered_at"] < as_of)
    dearer = {**order, "gross_amount": order["gross_amount"] + 1}
    changed = [dearer if row is order else row for row in rows["orders"]]
    assert not versions({**rows, "orders": changed}) & first


CHOICE = "select 'order' as activity, 7 as horizon_days, 'logistic' as model_name"
