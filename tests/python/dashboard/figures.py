"""Figures as pages show them and as the marts hold them, and how they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pytest

from dashboard.looking import Chart

Marts = duckdb.DuckDBPyConnection
# Pages hold seven digits of a number.
TOLERANCE = 1e-6
MONTHS_SHOWN = 24
FIRST_TIME_BY_MONTH = (
    "activity = 'order' and entry = 'first_time' and return_rule = 'on' and clock = 'calendar' "
    "and grain = 'month' and breakdown = 'none'"
)
ALERT_HORIZON = "horizon_days = (select max(horizon_days) from mart_churn_scores)"
PUBLISHED = (
    "(select model_name from mart_model_versions where domain = 'churn' and activity = 'order' "
    f"and is_published and {ALERT_HORIZON})"
)


def number(text: str) -> float:
    """Read a figure as it is written: "$1,234", "12.3%" as 12.3."""
    return float(re.sub(r"[^0-9.-]", "", text))


def drawn(trace: Mapping[str, Any], label: str = "x", value: str = "y") -> dict[Any, float]:
    """Give what a trace shows, by its labels, without gaps."""
    pairs = zip(trace[label], trace[value], strict=True)
    return {name: shown for name, shown in pairs if shown is not None}


def stacked(chart: Chart, label: str = "x", value: str = "y") -> dict[Any, float]:
    """Add up the bars that stand on one another."""
    total: dict[Any, float] = {}
    for trace in chart.traces:
        for name, shown in drawn(trace, label, value).items():
            total[name] = total.get(name, 0) + shown
    return total


def answer(marts: Marts, question: str, *values: object) -> dict[Any, Any]:
    """Ask for labels and numbers; the label is all columns but the last."""
    rows = marts.execute(question, values).fetchall()
    return {row[0] if len(row) == 2 else row[:-1]: float(row[-1]) for row in rows}


def said(name: str) -> str:
    return name.replace("_", " ").capitalize()


def same(shown: Mapping[Any, float], known: Mapping[Any, float]) -> None:
    assert known
    assert dict(shown) == pytest.approx(known, rel=TOLERANCE, abs=1e-9)


def one(marts: Marts, question: str) -> tuple[Any, ...]:
    (row,) = marts.execute(question).fetchall()
    return row


def cells(lines: Iterable[Mapping[str, str]], *columns: str) -> list[tuple[float, ...]]:
    """Give columns of a table as numbers."""
    return [tuple(number(line[column]) for column in columns) for line in lines]


def heat_map(chart: Chart) -> dict[tuple[str, int], float]:
    (trace,) = [each for each in chart.traces if each["type"] == "heatmap"]
    return {
        (cohort.split("  (")[0], period): cell
        for cohort, line in zip(trace["y"], trace["z"], strict=True)
        for period, cell in zip(trace["x"], line, strict=True)
        if cell is not None
    }
