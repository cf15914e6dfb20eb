"""All marts of a run, to be compared with those of another run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.full_shops import Rows, as_raw
from warehouse.retention_counts import counts_sql, number_of

# A few that differ in everything: the whole list would cost seconds a shop.
COMBINATIONS = (
    number_of("order", "first_time", "on", "calendar", "month"),
    number_of("order", "recurring", "on_or_after", "calendar", "week"),
    number_of("visit", "first_ever", "on", "calendar", "day"),
    number_of("visit", "first_time", "on", "rolling_24h", "day"),
)

CHURN = (
    "mart_churn_alerts",
    "mart_churn_calibration",
    "mart_churn_curves",
    "mart_churn_evaluation",
    "mart_churn_scores",
    "mart_customer_risk",
    "mart_customer_value",
    "mart_customer_value_evaluation",
)
RECOMMENDATIONS = (
    "mart_association_rules",
    "mart_customer_recommendations",
    "mart_item_similarities",
    "mart_recommendation_coverage",
    "mart_recommendation_evaluation",
)
OF_BOTH = ("mart_model_versions",)
# What rests on other runs than this one: the registry of builds, and reviews of their scores.
OF_EARLIER_RUNS = (
    "mart_builds",
    "mart_churn_alert_outcomes",
    "mart_churn_scores_graded",
    "mart_score_changes",
)

Marts = dict[str, list[dict[str, Any]]]
Change = Callable[[str, str, Any], Any]


def run_all(
    project: CompiledProject, rows: Rows, as_of: datetime, more: Collection[str] = ()
) -> Marts:
    """Run the marts that need no fit, and `more` models, on the rows of a shop."""
    names = names_of_marts(project)
    assert len(names) >= 25
    warehouse: Warehouse = project.run(
        as_raw(rows),
        as_of,
        names | set(more),
        replaced={"int_retention__cohort_counts": counts_sql(project, COMBINATIONS)},
        optimizes=False,
    )
    found = {name: warehouse.rows(name) for name in sorted(names | set(more))}
    warehouse.connection.close()
    return found


def names_of_marts(project: CompiledProject) -> set[str]:
    """Name every mart but those whose fits cost time, and those that other runs fill."""
    marts = {name for name in project.nodes if name.startswith(("dim_", "fct_", "mart_"))}
    return marts - {*CHURN, *RECOMMENDATIONS, *OF_BOTH, *OF_EARLIER_RUNS}


def run_churn(project: CompiledProject, rows: Rows, as_of: datetime) -> Marts:
    """Run the marts of churn and of value on the rows of a shop."""
    return _run_marts(project, rows, as_of, CHURN)


def run_recommendations(
    project: CompiledProject,
    rows: Rows,
    as_of: datetime,
    replaced: Mapping[str, str] | None = None,
) -> Marts:
    """Run the marts of recommendations on the rows of a shop, some models `replaced`."""
    return _run_marts(project, rows, as_of, RECOMMENDATIONS, replaced)


def _run_marts(
    project: CompiledProject,
    rows: Rows,
    as_of: datetime,
    names: Collection[str],
    replaced: Mapping[str, str] | None = None,
) -> Marts:
    warehouse = project.run(as_raw(rows), as_of, set(names), replaced=replaced)
    found = {name: warehouse.rows(name) for name in names}
    warehouse.connection.close()
    return found


def fitted_differences(
    before: Marts, after: Marts, relative: float = 1e-8
) -> list[tuple[str, Any, Any]]:
    """Give the rows that differ, where fitted numbers may differ by a little."""
    assert before.keys() == after.keys()
    found: list[tuple[str, Any, Any]] = []
    for mart, rows in before.items():
        ours, theirs = (sorted(given, key=_not_fitted) for given in (rows, after[mart]))
        if [_not_fitted(row) for row in ours] != [_not_fitted(row) for row in theirs]:
            found.append((mart, ours, theirs))
            continue
        for one, other in zip(ours, theirs, strict=True):
            if not all(_close(value, other[column], relative) for column, value in one.items()):
                found.append((mart, one, other))
    return found


def _not_fitted(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(column, str(value)) for column, value in row.items() if not isinstance(value, float)]


def _close(one: Any, other: Any, relative: float) -> bool:
    if not isinstance(one, float):
        return bool(one == other)
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=relative, abs_tol=relative)


def differences(
    before: Marts,
    after: Marts,
    ignored: Mapping[str, Collection[str]] | None = None,
    change: Change = lambda mart, column, value: value,
) -> dict[str, tuple[list[Any], list[Any]]]:
    """Give the rows of each mart that only one side has, as multisets; nothing where all agree.

    Parameters
    ----------
    before, after
        The two sides.
    ignored
        Columns that may differ, by mart.
    change
        What a value of `before` is to become: it gets the mart, the column and the value.
    """
    assert before.keys() == after.keys()
    found = {}
    for mart, rows in before.items():
        without = (ignored or {}).get(mart, ())
        ours = _multiset(
            rows, without, lambda column, value, mart=mart: change(mart, column, value)
        )
        theirs = _multiset(after[mart], without, lambda column, value: value)
        if ours != theirs:
            found[mart] = (list((ours - theirs).elements()), list((theirs - ours).elements()))
    return found


def _multiset(
    rows: list[dict[str, Any]], without: Collection[str], change: Callable[[str, Any], Any]
) -> Counter[tuple[tuple[str, Any], ...]]:
    return Counter(
        tuple(
            (column, _rounded(change(column, value)))
            for column, value in row.items()
            if column not in without
        )
        for row in rows
    )


def _rounded(value: Any) -> Any:
    """Take sums of floats for equal that were added up in another order."""
    return float(f"{value:.11g}") if isinstance(value, float) else value
