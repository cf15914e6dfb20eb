"""The project's SQL against the oracle, on random small shops."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import oracle
from oracle.settings import Row, Settings, Shop, plain
from oracle.shops import shops
from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.retention_counts import RETENTION_COMBINATIONS, counts_sql
from warehouse.shops import raw_rows

pytestmark = pytest.mark.slow

MARTS = {
    "fct_sessions": ("person_id", "started_at", "ended_at", "session_id", "events"),
    "fct_customer_days": ("person_id", "activity", "activity_date"),
    "mart_activity_daily": ("activity_date", "activity"),
    "mart_growth_accounting": ("grain", "period_start", "activity"),
    "mart_growth_by_breakdown": ("month_start", "activity", "breakdown", "breakdown_value"),
    "mart_customer_rfm": ("customer_id",),
    "mart_rfm_cut_points": ("measure", "cut_point_number"),
    "mart_customer_lifecycle": ("customer_id",),
    "mart_lifecycle_transitions": ("month_start", "from_stage", "to_stage"),
    "mart_order_gaps": ("order_number",),
    "mart_cohort_value": ("cohort_month", "months_since"),
    "mart_loyalty_monthly": ("month_start",),
    "mart_retention_headline": ("activity", "cohort_date"),
}
RETENTION_KEY = (
    "entry",
    "return_rule",
    "clock",
    "grain",
    "activity",
    "breakdown",
    "breakdown_value",
)
PROPERTY = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    # A seed does not shrink, and the failing shop is printed as make_shop(...).
    phases=[Phase.explicit, Phase.generate],
)
combinations = st.lists(
    st.sampled_from(range(len(RETENTION_COMBINATIONS))), min_size=4, max_size=4, unique=True
)


@PROPERTY
@given(drawn=shops(), chosen=combinations)
def test_a_shop_in_utc(
    utc_project: CompiledProject, drawn: tuple[Shop, pd.Timestamp], chosen: list[int]
) -> None:
    shop, as_of = drawn
    check_marts(utc_project, shop, Settings(as_of=as_of.to_pydatetime()), chosen)


@PROPERTY
@given(drawn=shops(), chosen=combinations)
def test_a_shop_in_los_angeles_with_weeks_from_sunday(
    pacific_project: CompiledProject, drawn: tuple[Shop, pd.Timestamp], chosen: list[int]
) -> None:
    shop, as_of = drawn
    run_settings = Settings(
        as_of=as_of.to_pydatetime(), timezone="America/Los_Angeles", week_start="sunday"
    )
    entry_filters = {
        "order": lambda action: action["channel"] == "web",
        "visit": lambda action: action["event_type"] == "view",
    }
    check_marts(pacific_project, shop, run_settings, chosen, entry_filters)


def check_marts(
    project: CompiledProject,
    shop: Shop,
    run_settings: Settings,
    chosen: list[int],
    entry_filters: dict[str, Any] | None = None,
) -> None:
    warehouse = project.run(
        raw_rows(shop),
        run_settings.as_of_utc,
        {*MARTS, "mart_retention", "mart_retention_overall"},
        replaced={"int_retention__cohort_counts": counts_sql(project, chosen)},
        optimizes=False,
    )
    for mart, expected in {
        "fct_sessions": oracle.sessions,
        "fct_customer_days": oracle.customer_days,
        "mart_activity_daily": oracle.activity_daily,
        "mart_growth_accounting": oracle.growth_accounting,
        "mart_growth_by_breakdown": oracle.growth_by_breakdown,
        "mart_customer_rfm": oracle.rfm,
        "mart_rfm_cut_points": oracle.rfm_cut_points,
        "mart_customer_lifecycle": oracle.lifecycle,
        "mart_lifecycle_transitions": oracle.lifecycle_transitions,
        "mart_order_gaps": oracle.order_gaps,
        "mart_cohort_value": oracle.cohort_value,
        "mart_loyalty_monthly": oracle.loyalty_monthly,
    }.items():
        compare(warehouse, mart, MARTS[mart], expected(shop, run_settings))
    check_retention(warehouse, shop, run_settings, chosen, entry_filters or {})


def check_retention(
    warehouse: Warehouse,
    shop: Shop,
    run_settings: Settings,
    chosen: list[int],
    entry_filters: dict[str, Any],
) -> None:
    cells = pd.concat(
        [
            oracle.retention(
                shop,
                run_settings,
                **{part: value for part, value in combination.items() if part != "breakdowns"},
                breakdown=breakdown,
                entry_filter=entry_filters.get(combination["activity"]),
            )
            for combination in (RETENTION_COMBINATIONS[number] for number in chosen)
            for breakdown in combination["breakdowns"]
        ]
    )
    compare(warehouse, "mart_retention", (*RETENTION_KEY, "cohort_start", "period_index"), cells)
    compare(
        warehouse,
        "mart_retention_overall",
        (*RETENTION_KEY, "period_index"),
        oracle.retention_overall(cells),
    )
    if not entry_filters:
        headline = oracle.retention_headline(shop, run_settings)
        compare(warehouse, "mart_retention_headline", MARTS["mart_retention_headline"], headline)


def compare(warehouse: Warehouse, mart: str, key: tuple[str, ...], expected: pd.DataFrame) -> None:
    """Hold a mart against the oracle's frame: the same keys, and every column the oracle gives."""
    # Once: pandas takes its time to list them.
    columns = list(expected.columns)
    key = tuple(column for column in key if column in columns)
    ours = keyed(warehouse.rows(mart), key)
    theirs = keyed(
        [
            {column: plain(value) for column, value in row.items()}
            for row in expected.to_dict("records")
        ],
        key,
    )
    assert ours.keys() == theirs.keys(), mart
    for at, their_rows in theirs.items():
        our_rows = ours[at]
        assert len(our_rows) == len(their_rows), (mart, at)
        for one, other in zip(
            in_order(our_rows, columns), in_order(their_rows, columns), strict=True
        ):
            for column in columns:
                assert same(one[column], other[column]), (mart, at, column, one, other)


def keyed(rows: Iterable[dict[str, Any]], key: tuple[str, ...]) -> dict[tuple, list[Row]]:
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in key), []).append(row)
    return groups


def in_order(rows: list[dict[str, Any]], columns: list[str]) -> list[dict[str, Any]]:
    if len(rows) == 1:
        return rows
    return sorted(rows, key=lambda row: [str(row[column]) for column in columns])


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def test_the_comparison_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert same(1.0, 1.0001)
