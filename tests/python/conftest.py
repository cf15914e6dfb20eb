"""Fixtures that several test modules share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dbt_runs import run_dbt
from dovecote.simulate import Settings, prepare_folder, write_shop
from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.marts import CHURN, names_of_marts
from warehouse.retention_cells import RETENTION_COMBINATIONS


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parse the project and read what dbt says it holds."""
    folder = _folder(tmp_path_factory)
    result = run_dbt("parse", folder, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout
    return json.loads((folder / "target" / "manifest.json").read_text())


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


@pytest.fixture(scope="session")
def eight_hours_behind_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile for a clock that is always eight hours behind UTC; POSIX has the sign of Etc/GMT."""
    return CompiledProject(
        _folder(tmp_path_factory),
        {
            "dovecote_timezone": "Etc/GMT+8",
            "dovecote_retention_combinations": RETENTION_COMBINATIONS,
        },
    )


@pytest.fixture(scope="session")
def undated_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile without DOVECOTE_AS_OF, so that the rows say as of when a run looks."""
    return CompiledProject(_folder(tmp_path_factory), fixes_as_of=False)


@pytest.fixture(scope="session")
def churn_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile for Los Angeles, and for churn models that dare to look at small shops."""
    return CompiledProject(
        _folder(tmp_path_factory),
        {
            "dovecote_timezone": "America/Los_Angeles",
            "dovecote_week_start": "sunday",
            "dovecote_churn_horizons": [7, 14],
            "dovecote_churn_min_customers": 5,
            "dovecote_churn_min_repeat_customers": 2,
            "dovecote_churn_min_history_days": 14,
            "dovecote_alert_min_expected_loss": 0,
        },
    )


@pytest.fixture(scope="session")
def simulated_warehouse(
    churn_project: CompiledProject, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Run all marts but recommendations on a simulated shop, in the middle of a month."""
    folder = _folder(tmp_path_factory)
    prepare_folder(folder)
    write_shop(Settings(customers=250, days=300, seed=3), folder)
    raw = {file.stem: pd.read_csv(file, dtype=str) for file in folder.glob("*.csv")}
    for entity, rows in raw.items():
        raw[entity] = rows[[column for column in rows if not column.startswith("x_")]]
    raw["customers"].loc[::9, "country"] = None
    best_customer = raw["orders"].customer_id.mode()[0]
    raw["exclusions"] = pd.DataFrame({"customer_id": [best_customer], "reason": ["reseller"]})
    warehouse = churn_project.run(
        raw, datetime(2025, 9, 20, 12), names_of_marts(churn_project) | set(CHURN)
    )
    yield warehouse
    warehouse.connection.close()


@pytest.fixture(scope="session")
def recommendation_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile for Los Angeles, for short lists under strict rules, and windows of a week."""
    return CompiledProject(
        _folder(tmp_path_factory),
        {
            "dovecote_timezone": "America/Los_Angeles",
            "dovecote_recommendations_per_list": 5,
            "dovecote_recommendation_signal_weights": {
                "purchase": 1,
                "view": 0.3,
                "cart_add": 0.5,
                "favourite": 0.4,
                "rating": 1,
            },
            "dovecote_recommendation_max_per_category": 2,
            "dovecote_recommendation_price_band": {"lowest": 0.5, "highest": 2},
            "dovecote_recommendation_min_repeat_share": 0.3,
            "dovecote_recommendation_repeat_days": 30,
            "dovecote_recommendation_cart_days": 3,
            "dovecote_recommendation_segment": "country",
            "dovecote_recommendation_evaluation_cutoffs": 2,
            "dovecote_recommendation_evaluation_days": 7,
            "dovecote_recommendation_sample_customers": 3,
            "dovecote_association_min_baskets": 1,
            "dovecote_association_min_support": 0,
            "dovecote_association_window_days": 10,
        },
    )


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")
