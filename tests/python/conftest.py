"""Fixtures that several test modules share."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from warehouse.compiled_project import CompiledProject

BREAKDOWNS = ("acquisition_channel", "country", "first_order_channel", "first_product_category")

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


@pytest.fixture(scope="session")
def utc_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    return CompiledProject(
        _folder(tmp_path_factory), {"dovecote_retention_combinations": RETENTION_COMBINATIONS}
    )


@pytest.fixture(scope="session")
def pacific_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile for Los Angeles, weeks from Sunday, and cohorts that only some actions open."""
    return CompiledProject(
        _folder(tmp_path_factory),
        {
            "dovecote_timezone": "America/Los_Angeles",
            "dovecote_week_start": "sunday",
            "dovecote_retention_combinations": RETENTION_COMBINATIONS,
            "dovecote_retention_entry_filters": {
                "order": "channel = 'web'",
                "visit": "event_type = 'view'",
            },
        },
    )


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")
