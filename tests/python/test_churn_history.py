"""Builds one after the other: what history keeps, whom alerts spare, what review grades."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dbt_runs import connect, run_dbt
from dovecote.cli import simulate

FIRST = datetime(2025, 8, 1)
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
}

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop, data = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("data")
    simulate(customers=500, days=240, seed=3, out=shop)
    columns = ["order_id", "customer_id", "ordered_at", "gross_amount"]
    pd.read_csv(shop / "orders.csv", dtype=str)[columns].to_csv(data / "orders.csv", index=False)
    return data / "orders.csv"


@pytest.fixture(scope="module")
def ask(orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Rows]:
    """Build the whole shop on two days, then a part of it on the second day again."""
    folder = tmp_path_factory.mktemp("builds")

    def build(as_of: datetime, *arguments: str) -> None:
        done = run_dbt(
            "build",
            folder,
            data=orders.parent,
            as_of=as_of.isoformat(),
            variables=VARIABLES,
            arguments=("--quiet", *arguments),
        )
        assert done.returncode == 0, done.stdout

    build(FIRST)
    build(SECOND)
    build(SECOND, "--select", "hist_churn_scores", "hist_churn_alerts", "models/review")
    return lambda sql: connect(folder).execute(sql).fetchall()


def test_two_builds_are_green_and_one_is_a_part(ask: Callable[[str], Rows]) -> None:
    found = ask("select status, is_green, as_of_date from dovecote_marts.mart_builds order by all")
    second = (SECOND - timedelta(days=1)).date()
    assert found == [
        ("green", True, (FIRST - timedelta(days=1)).date()),
        ("green", True, second),
        ("part", False, None),
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


def test_a_part_build_takes_nothing_from_the_green_one(ask: Callable[[str], Rows]) -> None:
    runs = ask(
        "select builds.is_green, count(*), sum(hash(customer_id, churn_probability)::hugeint) "
        "from dovecote_history.hist_churn_scores as scores "
        "inner join dovecote_marts.mart_builds as builds using (run_id) "
        f"where scores.as_of_date = date '{SECOND - timedelta(days=1)}' group by 1 order by 1"
    )
    (of_part, of_green) = runs
    assert of_part[1:] == of_green[1:]


def test_what_came_of_scores_and_alerts_is_what_the_orders_say(
    ask: Callable[[str], Rows], orders: Path
) -> None:
    given = pd.read_csv(orders, dtype={"customer_id": str}, parse_dates=["ordered_at"])
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
