"""Which runs' rows history keeps: the macro against a count by hand, on random registries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.macros import macros


@dataclass(frozen=True)
class Build:
    run_id: str
    as_of_date: date
    started_at: datetime
    is_green: bool


@st.composite
def registries(draw: st.DrawFn) -> list[Build]:
    """Draw builds in the order of their start, of days in any order, some of them twice."""
    days = draw(st.lists(st.tuples(st.integers(0, 75), st.booleans()), max_size=25))
    return [
        Build(
            run_id=f"r{number}",
            as_of_date=date(2024, 12, 20) + timedelta(days=day),
            started_at=datetime(2025, 6, 1) + timedelta(minutes=number),
            is_green=is_green,
        )
        for number, (day, is_green) in enumerate(days)
    ]


def by_hand(builds: list[Build], kept_dates: int | None) -> set[str]:
    green = [build for build in builds if build.is_green]
    if kept_dates is None:
        return {build.run_id for build in green}
    latest_of_day = {build.as_of_date: build.run_id for build in green}
    last_of_month = {day.replace(day=1): day for day in sorted(latest_of_day)}
    last_days = sorted(latest_of_day, reverse=True)[:kept_dates]
    return {latest_of_day[day] for day in {*last_days, *last_of_month.values()}}


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table builds "
        "(run_id varchar, as_of_date date, started_at timestamp, is_green boolean)"
    )
    return connection


@settings(max_examples=100, deadline=None, derandomize=True)
@given(builds=registries(), kept_dates=st.none() | st.integers(1, 6))
def test_kept_runs_are_those_counted_by_hand(
    warehouse: duckdb.DuckDBPyConnection, builds: list[Build], kept_dates: int | None
) -> None:
    warehouse.execute("delete from builds")
    for build in builds:
        warehouse.execute(
            "insert into builds values (?, ?, ?, ?)",
            [build.run_id, build.as_of_date, build.started_at, build.is_green],
        )
    kept = warehouse.execute(macros().kept_runs("builds", kept_dates)).fetchall()
    assert sorted(run_id for (run_id,) in kept) == sorted(by_hand(builds, kept_dates))
