"""The retention combinations that test projects are compiled with, and a few of them at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from warehouse.compiled_project import CompiledProject

BREAKDOWNS = (
    "acquisition_channel",
    "country",
    "acquisition_channel_and_country",
    "first_order_channel",
    "first_product_category",
)

# Every combination that the retention macro serves, each with one breakdown beside none.
RETENTION_COMBINATIONS = [
    {
        "activity": activity,
        "entry": entry,
        "return_rule": return_rule,
        "clock": clock,
        "grain": grain,
        "breakdowns": ["none", BREAKDOWNS[number % len(BREAKDOWNS)]],
    }
    for number, (activity, entry, return_rule, (clock, grain)) in enumerate(
        product(
            ("order", "visit"),
            ("recurring", "first_time", "first_ever"),
            ("on", "on_or_after"),
            (
                ("calendar", "day"),
                ("calendar", "week"),
                ("calendar", "month"),
                ("rolling_24h", "day"),
                ("rolling_24h", "week"),
            ),
        )
    )
]


def number_of(activity: str, entry: str, return_rule: str, clock: str, grain: str) -> int:
    """Give the place of a combination in the list."""
    parts = {
        "activity": activity,
        "entry": entry,
        "return_rule": return_rule,
        "clock": clock,
        "grain": grain,
    }
    (number,) = (
        number
        for number, combination in enumerate(RETENTION_COMBINATIONS)
        if parts.items() <= combination.items()
    )
    return number


def counts_sql(project: CompiledProject, chosen: Iterable[int]) -> str:
    """Give the SQL of the counts of some combinations only: all would cost seconds a shop."""
    parts = project.nodes["int_retention__cohort_counts"].sql.split("\nunion all\n")
    assert len(parts) == len(RETENTION_COMBINATIONS)
    return "\nunion all\n".join(parts[number] for number in chosen)
