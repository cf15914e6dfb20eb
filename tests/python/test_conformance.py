"""Published cases, from raw rows through all of the project's SQL to the marts.

The figures are those of the sources named beside each case. A source's grid of periods ends where
its report does, so as_of is the end of the grid; where a source lists the first cells of a row
only, nobody came in the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.retention_counts import counts_sql, number_of

ON = ("recurring", "on", "calendar", "day")
ON_OR_AFTER = ("recurring", "on_or_after", "calendar", "day")
FIRST_ON_OR_AFTER = ("first_time", "on_or_after", "calendar", "day")
FIRST_ON = ("first_time", "on", "calendar", "day")
FIRST_EVER_ON = ("first_ever", "on", "calendar", "day")
ROLLING = ("first_time", "on", "rolling_24h", "day")
FIRST_DAY = datetime(2020, 6, 10, 12)


# PostHog's retention tests: recurring entry, counted in the very period (V1).
RETURNED_ON = {"p1": [0, 1, 2, 5, 6], "p2": [1, 2, 3, 6]}
# PostHog's retention tests: counted in the period or any later one (V2).
RETURNED_ON_OR_AFTER = {"p1": [0, 3, 4], "p2": [0, 1], "p3": [1, 2, 3], "p4": [3, 4], "p5": [4]}


@pytest.mark.parametrize(
    ("row", "retained"),
    [
        (0, [1, 1, 1, 0, 0, 1, 1]),
        (1, [2, 2, 1, 0, 1, 2]),
        (2, [2, 1, 0, 1, 2]),
        (3, [1, 0, 0, 1]),
        (4, []),
        (5, [1, 1]),
        (6, [2]),
    ],
)
def test_v1_recurring_entry_on_the_day(v1: Warehouse, row: int, retained: list[int]) -> None:
    assert cohort_row(v1, row) == retained


@pytest.mark.parametrize(
    ("row", "recurring", "first_time"),
    [
        (0, [2, 2, 1, 1, 1, 0], [2, 2, 1, 1, 1, 0]),
        (1, [2, 1, 1, 0, 0], [1, 1, 1, 0, 0]),
        (2, [1, 1, 0, 0], []),
        (3, [3, 2, 0], [1, 1, 0]),
        (4, [3, 0], [1, 0]),
        (5, [], []),
    ],
)
def test_v2_on_the_day_or_after(
    v2: Warehouse, row: int, recurring: list[int], first_time: list[int]
) -> None:
    assert cohort_row(v2, row, ON_OR_AFTER) == recurring
    assert cohort_row(v2, row, FIRST_ON_OR_AFTER) == first_time


# PostHog's retention tests: the days of one grid in two time zones (V3).
def test_v3_days_in_utc(utc_project: CompiledProject) -> None:
    warehouse = run(utc_project, across_midnight(), datetime(2020, 6, 17), [ON])
    assert cohort_row(warehouse, 0) == [1, 1, 0, 0, 0, 0, 0]
    assert cohort_row(warehouse, 1) == [1, 0, 0, 0, 0, 0]
    assert cohort_row(warehouse, 6) == [1]
    assert [cohort_row(warehouse, row) for row in (2, 3, 4, 5)] == [[], [], [], []]


def test_v3_days_in_us_pacific(pacific_project: CompiledProject) -> None:
    # US/Pacific is the older name of the project's America/Los_Angeles; its midnight is 07:00Z.
    warehouse = run(pacific_project, across_midnight(), datetime(2020, 6, 17, 7), [ON])
    assert cohort_row(warehouse, 0) == [1, 0, 0, 0, 0, 0, 0]
    assert cohort_row(warehouse, 5) == [1, 1]
    assert cohort_row(warehouse, 6) == [1]
    assert [cohort_row(warehouse, row) for row in (1, 2, 3, 4)] == [[], [], [], []]


# PostHog's retention tests: the first matching event opens the cohort, or the first of all (V4).
# The project's entry filter for visits is event_type = 'view'.
def test_v4_first_time_entry_waits_for_a_matching_event(v4: Warehouse) -> None:
    assert cohort_row(v4, 0, FIRST_ON) == []
    assert cohort_row(v4, 1, FIRST_ON) == [1, 1, 1]


def test_v4_first_ever_entry_does_not(v4: Warehouse) -> None:
    assert [cohort_row(v4, row, FIRST_EVER_ON) for row in range(4)] == [[], [], [], []]


# Amplitude's documentation of rolling 24-hour windows: hours are floored (V5).
def test_v5_rolling_days_begin_at_the_full_hour(utc_project: CompiledProject) -> None:
    events = [
        *visit("exact", datetime(2024, 12, 1, 17, 59), datetime(2024, 12, 2, 17, 0)),
        *visit("before", datetime(2024, 12, 1, 17, 59), datetime(2024, 12, 2, 16, 59)),
    ]
    warehouse = run(utc_project, events, datetime(2024, 12, 3, 17), [ROLLING])
    cells = cohort_cells(warehouse, date(2024, 12, 1), ROLLING)
    assert [cell["n_mature"] for cell in cells] == [2, 2]
    assert [cell["n_retained"] for cell in cells] == [2, 1]


# The project's own rules beside V1-V5: an immature cell is null, never 0; an overall rate is
# retained over mature, never a mean of rates.
def test_a_day_that_has_not_ended_is_null(utc_project: CompiledProject) -> None:
    events = visit("p1", FIRST_DAY, FIRST_DAY + timedelta(days=1))
    until = datetime(2020, 6, 12)
    for as_of, last_cell in [(until - timedelta(microseconds=1), None), (until, 1)]:
        warehouse = run(utc_project, events, as_of, [FIRST_ON])
        assert cohort_row(warehouse, 0, FIRST_ON) == [1, last_cell]


def test_an_immature_cell_has_no_figures_at_all(utc_project: CompiledProject) -> None:
    warehouse = run(utc_project, visit("p1", FIRST_DAY), datetime(2020, 6, 11, 12), [FIRST_ON])
    immature = cohort_cells(warehouse, date(2020, 6, 10), FIRST_ON)[1]
    figures = ("n_retained", "retention_rate", "ci_low", "ci_high", "orders", "net_revenue")
    assert immature["n_mature"] == 0
    assert [immature[figure] for figure in figures] == [None] * 6


def test_the_overall_rate_is_retained_over_mature(utc_project: CompiledProject) -> None:
    day = timedelta(days=1)
    events = [
        *visit("p1", FIRST_DAY, FIRST_DAY + day),  # of three on the first day, one returns
        *visit("p2", FIRST_DAY),
        *visit("p3", FIRST_DAY),
        *visit("p4", FIRST_DAY + day, FIRST_DAY + 2 * day),  # of one on the second day, one
        *visit("p5", FIRST_DAY + 2 * day),  # too young to count
    ]
    warehouse = run(utc_project, events, datetime(2020, 6, 13, 12), [FIRST_ON])
    (overall,) = (
        row
        for row in warehouse.rows("mart_retention_overall")
        if row["period_index"] == 1 and row["breakdown"] == "none"
    )
    assert (overall["cohort_size"], overall["n_mature"], overall["n_retained"]) == (5, 4, 2)
    assert overall["retention_rate"] == 0.5  # the mean of the two rates would be 2/3


# PostHog's lifecycle tests: 9 to 19 January.
GROWTH = {
    "new_customers": [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0],
    "returning_customers": [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
    "resurrecting_customers": [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1],
    "dormant_customers": [0, 1, 0, 0, 2, 1, 0, 2, 0, 1, 0],
}


@pytest.mark.parametrize("series", GROWTH)
def test_growth_accounting_by_day(growth: list[dict[str, Any]], series: str) -> None:
    assert [row["period_start"].day for row in growth] == list(range(9, 20))
    assert [row[series] for row in growth] == GROWTH[series]


def test_growth_accounting_active_is_new_returning_and_resurrecting(
    growth: list[dict[str, Any]],
) -> None:
    active = [1, 0, 1, 3, 1, 0, 2, 0, 1, 0, 1]  # persons with a visit, counted by hand
    assert [row["active_customers"] for row in growth] == active
    parts = ("new_customers", "returning_customers", "resurrecting_customers")
    assert [sum(row[part] for part in parts) for row in growth] == active


def test_growth_accounting_change_in_active(growth: list[dict[str, Any]]) -> None:
    active = [0, *(row["active_customers"] for row in growth)]
    changes = [
        row["new_customers"] + row["resurrecting_customers"] - row["dormant_customers"]
        for row in growth
    ]
    assert changes == [now - before for before, now in pairwise(active)]


# Net promoter score of a worked example: 324 answers, half promoters, a sixth detractors. Its
# standard error is that of a mean of +1, 0 and -1.
def test_nps_and_its_standard_error(utc_project: CompiledProject) -> None:
    scores = [9] * 81 + [10] * 81 + [7] * 54 + [8] * 54 + [0] * 27 + [6] * 27
    assert len(scores) == 324
    raw = {
        "orders": text([order("o1", "c1", datetime(2024, 5, 1))]),
        "nps_responses": text(
            [
                {
                    "response_id": f"n{number}",
                    "customer_id": "c1",
                    "score": score,
                    "invited_at": datetime(2024, 5, 2),
                    "responded_at": datetime(2024, 5, 3),
                }
                for number, score in enumerate(scores)
            ]
        ),
    }
    warehouse = utc_project.run(raw, datetime(2024, 6, 1), {"mart_loyalty_monthly"})
    (month,) = warehouse.rows("mart_loyalty_monthly")
    assert month["nps_responses"] == 324
    assert math.isclose(month["nps"], 33.33, abs_tol=0.005)
    assert math.isclose(month["nps_se"], 4.14, abs_tol=0.005)


@pytest.fixture(scope="module")
def v1(utc_project: CompiledProject) -> Warehouse:
    return run(utc_project, on_days(RETURNED_ON), datetime(2020, 6, 17), [ON])


@pytest.fixture(scope="module")
def v2(utc_project: CompiledProject) -> Warehouse:
    return run(
        utc_project,
        on_days(RETURNED_ON_OR_AFTER),
        datetime(2020, 6, 16),
        [ON_OR_AFTER, FIRST_ON_OR_AFTER],
    )


@pytest.fixture(scope="module")
def v4(pacific_project: CompiledProject) -> Warehouse:
    day = timedelta(days=1)
    at = FIRST_DAY + timedelta(hours=8)  # 13:00 in Los Angeles, so of the same date
    events = [
        *visit("p1", at, event_type="search"),
        *visit("p1", at + day, at + 2 * day, at + 3 * day, event_type="view"),
    ]
    return run(pacific_project, events, datetime(2020, 6, 14, 7), [FIRST_ON, FIRST_EVER_ON])


@pytest.fixture(scope="module")
def growth(utc_project: CompiledProject) -> list[dict[str, Any]]:
    days = {"p1": [11, 12, 13, 15, 17, 19], "p2": [9, 12], "p3": [12], "p4": [15]}
    events = [
        row
        for person, active in days.items()
        for row in visit(person, *(datetime(2020, 1, day, 12) for day in active))
    ]
    warehouse = run(utc_project, events, datetime(2020, 1, 20), [ON], {"mart_growth_accounting"})
    found = warehouse.rows("mart_growth_accounting")
    return sorted(
        (row for row in found if row["grain"] == "day" and row["activity"] == "visit"),
        key=lambda row: row["period_start"],
    )


def run(
    project: CompiledProject,
    events: Sequence[Mapping[str, Any]],
    as_of: datetime,
    combinations: Sequence[tuple[str, str, str, str]],
    marts: frozenset[str] | set[str] = frozenset({"mart_retention", "mart_retention_overall"}),
) -> Warehouse:
    chosen = [number_of("visit", *combination) for combination in combinations]
    return project.run(
        {"events": text(events)},
        as_of,
        set(marts),
        replaced={"int_retention__cohort_counts": counts_sql(project, chosen)},
    )


def on_days(days: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    return [
        row
        for person, active in days.items()
        for row in visit(person, *(FIRST_DAY + timedelta(days=day) for day in active))
    ]


def across_midnight() -> list[dict[str, Any]]:
    return [
        *visit("p1", *(datetime(2020, 6, day, 1) for day in (9, 10, 11))),
        *visit("p2", datetime(2020, 6, 16, 1), datetime(2020, 6, 16, 9)),
    ]


def visit(person: str, *times: datetime, event_type: str = "view") -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"{person} {at.isoformat()}",
            "customer_id": person,
            "occurred_at": at,
            "event_type": event_type,
        }
        for at in times
    ]


def order(order_id: str, customer_id: str, at: datetime) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "customer_id": customer_id,
        "ordered_at": at,
        "gross_amount": 10,
    }


def text(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).astype(str)


def cohort_row(
    warehouse: Warehouse, row: int, combination: tuple[str, str, str, str] = ON
) -> list[int | None]:
    """Give the retained of a cohort that started some days after the grid did; [] is no cohort."""
    start = FIRST_DAY.date() + timedelta(days=row)
    return [cell["n_retained"] for cell in cohort_cells(warehouse, start, combination)]


def cohort_cells(
    warehouse: Warehouse, start: date, combination: tuple[str, str, str, str]
) -> list[dict[str, Any]]:
    cells = [
        cell
        for cell in warehouse.rows("mart_retention")
        if (cell["entry"], cell["return_rule"], cell["clock"], cell["grain"]) == combination
        and cell["cohort_start"] == start
        and cell["breakdown"] == "none"
    ]
    cells.sort(key=lambda cell: cell["period_index"])
    assert [cell["period_index"] for cell in cells] == list(range(len(cells)))
    return cells
