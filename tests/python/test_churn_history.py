"""Builds one after the other: what history keeps, whom alerts spare, what review says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dbt_runs import connect, run_dbt
from dovecote.cli import simulate

FIRST = datetime(2025, 8, 2)
BETWEEN = FIRST + timedelta(days=1)
SECOND = FIRST + timedelta(days=15)
HORIZON_DAYS = 14
CAPACITY = 10
VARIABLES = {
    "dovecote_churn_activities": ["order"],
    "dovecote_churn_horizons": [HORIZON_DAYS],
    "dovecote_churn_min_customers": 50,
    "dovecote_churn_min_repeat_customers": 20,
    "dovecote_alert_min_expected_loss": 1,
    "dovecote_alert_min_rise": 1,
    "dovecote_alert_daily_capacity": CAPACITY,
    # Longer than from one build to the next, and the horizon is not.
    "dovecote_alert_cooldown_days": 20,
    "dovecote_recommendation_evaluation_cutoffs": 1,
    "dovecote_recommendation_sample_customers": 50,
    # The second build leaves nothing of the first, whose day ends no month, but its alerts.
    "dovecote_history_kept_dates": 1,
}
# Each with the mart whose rows it keeps, and which of them.
HISTORY = {
    "hist_customer_rfm": "mart_customer_rfm",
    "hist_customer_lifecycle": "mart_customer_lifecycle",
    "hist_customer_value": "mart_customer_value where historic_orders > 0",
    "hist_churn_scores": "mart_churn_scores where churn_probability is not null",
    "hist_churn_alerts": "mart_churn_alerts",
    "hist_item_similarities": "mart_item_similarities",
    "hist_customer_recommendations": "mart_customer_recommendations",
}
RUN_COLUMNS = {"as_of_date", "as_of", "run_started_at", "run_id"}

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a shop of orders and of what is in them."""
    made, data = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("data")
    simulate(customers=500, days=240, seed=3, out=made)
    for entity, columns in {
        "orders": ["order_id", "customer_id", "ordered_at", "gross_amount"],
        "order_items": ["order_item_id", "order_id", "product_id", "quantity", "unit_price"],
    }.items():
        rows = pd.read_csv(made / f"{entity}.csv", dtype=str)
        rows[columns].to_csv(data / f"{entity}.csv", index=False)
    return data


class Builds:
    """The whole shop built on two days, and between them a part of it, on a day of its own."""

    def __init__(self, shop: Path, folder: Path) -> None:
        self._shop, self._folder = shop, folder
        self._build(FIRST)
        self.history_of_first = self.history()
        self.stages_of_first = self._stages()
        part = ("--select", "int_core__run", "models/history", "--exclude-resource-type", "test")
        self._build(BETWEEN, *part)
        self.history_with_part = self.history()
        self.alerted_by_part = self.ask(
            "select customer_id from dovecote_history.hist_churn_alerts "
            f"where as_of_date = date '{day_of(BETWEEN)}'"
        )
        self._build(SECOND)
        self.stages_of_second = self._stages()

    def _build(self, as_of: datetime, *arguments: str) -> None:
        done = run_dbt(
            "build",
            self._folder,
            data=self._shop,
            as_of=as_of.isoformat(),
            variables=VARIABLES,
            arguments=("--quiet", *arguments),
        )
        assert done.returncode == 0, done.stdout

    def ask(self, sql: str) -> Rows:
        return connect(self._folder).execute(sql).fetchall()

    def _stages(self) -> dict[str, str]:
        return dict(
            self.ask("select customer_id, stage from dovecote_marts.mart_customer_lifecycle")
        )

    def history(self) -> dict[str, dict[date, set[tuple[Any, ...]]]]:
        """Give the rows of each history by as_of_date."""
        found: dict[str, dict[date, set[tuple[Any, ...]]]] = {}
        for name in HISTORY:
            days = found.setdefault(name, {})
            for row in self.ask(f"select as_of_date, * from dovecote_history.{name}"):
                days.setdefault(row[0], set()).add(row)
        return found


@pytest.fixture(scope="module")
def builds(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    return Builds(shop, tmp_path_factory.mktemp("builds"))


@pytest.fixture(scope="module")
def ask(builds: Builds) -> Callable[[str], Rows]:
    return builds.ask


def day_of(as_of: datetime) -> date:
    return (as_of - timedelta(days=1)).date()


def test_two_builds_are_green_and_one_is_a_part(ask: Callable[[str], Rows]) -> None:
    found = ask("select status, is_green, as_of_date from dovecote_marts.mart_builds order by all")
    assert found == [
        ("green", True, day_of(FIRST)),
        ("green", True, day_of(SECOND)),
        ("part", False, day_of(BETWEEN)),
    ]


def test_alerts_keep_to_capacity_and_spare_whom_they_named_lately(
    ask: Callable[[str], Rows],
) -> None:
    alerts: dict[date, list[str]] = {}
    for as_of_date, rank, customer_id in ask(
        "select alerts.as_of_date, alerts.alert_rank, alerts.customer_id "
        "from dovecote_history.hist_churn_alerts as alerts "
        "inner join dovecote_marts.mart_builds as builds using (run_id) "
        "where builds.is_green order by 1, 2"
    ):
        named = alerts.setdefault(as_of_date, [])
        named.append(customer_id)
        assert rank == len(named)
    first, second = alerts.values()
    assert len(first) == len(second) == CAPACITY
    assert not set(first) & set(second)
    candidates = ask("select customer_id from dovecote_intermediate.int_churn__alert_candidates")
    assert set(first) & {customer_id for (customer_id,) in candidates}


def test_a_part_build_takes_nothing_from_the_green_one_and_leaves_nothing(builds: Builds) -> None:
    first, second = day_of(FIRST), day_of(SECOND)
    history = builds.history()
    for name, of_first in builds.history_of_first.items():
        assert of_first.keys() == {first}
        assert of_first[first]
        with_part = builds.history_with_part[name]
        assert with_part.keys() == {first, day_of(BETWEEN)}
        assert with_part[first] == of_first[first]
        kept = {first, second} if name == "hist_churn_alerts" else {second}
        assert history[name].keys() == kept, name
    assert (
        history["hist_churn_alerts"][first] == builds.history_of_first["hist_churn_alerts"][first]
    )


def test_whom_a_part_build_alerted_is_not_spared(builds: Builds) -> None:
    assert builds.alerted_by_part
    alerted = builds.ask("select customer_id from dovecote_marts.mart_churn_alerts")
    assert set(builds.alerted_by_part) & set(alerted)


@pytest.mark.parametrize("history", HISTORY)
def test_history_is_what_the_build_published(ask: Callable[[str], Rows], history: str) -> None:
    columns = [
        name
        for (name,) in ask(
            "select column_name from information_schema.columns "
            f"where table_schema = 'dovecote_history' and table_name = '{history}'"
        )
        if name not in RUN_COLUMNS
    ]
    kept = f"select {', '.join(columns)} from dovecote_history.{history} where as_of_date = "
    published = f"select {', '.join(columns)} from dovecote_marts.{HISTORY[history]}"
    rows = ask(f"{kept} date '{day_of(SECOND)}' order by all")
    assert rows
    assert rows == ask(f"{published} order by all")


def test_stages_moved_from_the_first_build_to_the_second(builds: Builds) -> None:
    found = builds.ask(
        "select customer_id, from_value, to_value from dovecote_marts.mart_score_changes "
        f"where changed = 'lifecycle_stage' and previous_as_of_date = date '{day_of(FIRST)}'"
    )
    assert len(found) > CAPACITY
    before, after = builds.stages_of_first, builds.stages_of_second
    assert set(found) == {
        (who, before[who], after[who])
        for who in before.keys() & after.keys()
        if before[who] != after[who]
    }


def test_what_came_of_scores_and_alerts_is_what_the_orders_say(
    ask: Callable[[str], Rows], shop: Path
) -> None:
    given = pd.read_csv(shop / "orders.csv", dtype={"customer_id": str}, parse_dates=["ordered_at"])
    in_horizon = given["ordered_at"].between(
        FIRST, FIRST + timedelta(days=HORIZON_DAYS), inclusive="left"
    )
    returned = set(given.loc[in_horizon, "customer_id"])
    alerts = ask("select customer_id, outcome from dovecote_marts.mart_churn_alert_outcomes")
    followed = {who: outcome for who, outcome in alerts if outcome != "pending"}
    assert len(followed) == CAPACITY
    assert followed == {who: "ordered" if who in returned else "churned" for who in followed}
    assert sum(outcome == "pending" for _, outcome in alerts) <= CAPACITY
    graded = ask("select customer_id, is_churned from dovecote_marts.mart_churn_scores_graded")
    bought = set(given.loc[given["ordered_at"] < FIRST, "customer_id"].dropna())
    assert dict(graded) == {who: who not in returned for who in bought}
    assert len(graded) == len(bought)
