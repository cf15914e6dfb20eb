"""Fixtures that several test modules share."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dbt_command import KEPT, end_dbt
from dbt_runs import run_dbt, warehouse_of
from dovecote.publish import Published, publish
from dovecote.simulate import Settings, prepare_folder, write_shop
from warehouse.compiled_project import CompiledProject, Warehouse, compile_project
from warehouse.marts import CHURN, names_of_marts
from warehouse.retention_counts import RETENTION_COMBINATIONS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files in such an order that no process waits for another one.

    The demo's own tests, which build it, come first, and whoever else needs it after those who do
    not; slow files come before fast ones, so that at the end no process is left alone with one.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    needs_demo = {item.path for item in items if "demo" in getattr(item, "fixturenames", ())}

    def place(item: pytest.Item) -> tuple[bool, ...]:
        return item.path.name != "test_demo.py", item.path not in slow, item.path in needs_demo

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def kept_for_dbt(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """Let runs of dbt take what earlier ones parsed and compiled, in any process that tests."""
    folder = _shared(tmp_path_factory, worker_id) / "kept_for_dbt"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(KEPT, str(folder))
        yield
    end_dbt()


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """Parse the project and read what dbt says it holds."""
    folder = _built_once(tmp_path_factory, worker_id, "manifest", _parse)
    return json.loads((folder / "target" / "manifest.json").read_text())


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build and publish the demo shop as the README says, once for all processes that test."""
    return _built_once(tmp_path_factory, worker_id, "demo", _build_demo)


@pytest.fixture(scope="session")
def own_orders(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build and publish an analyst's export, an orders.csv of four columns, once for all too."""
    return _built_once(tmp_path_factory, worker_id, "own_orders", _build_own_orders)


def _parse(folder: Path) -> None:
    result = run_dbt("parse", folder, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout


def _build_demo(folder: Path) -> None:
    result = run_dbt("build", folder, arguments=("--warn-error",), unit_tests=True)
    assert result.returncode == 0, result.stdout
    assert "WARN=0 ERROR=0 SKIP=0" in result.stdout
    assert "eprecat" not in result.stdout
    _publish(folder)


def _build_own_orders(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,gross_amount\n"
        "1,ann,2024-01-05,10.00\n"
        "2,bob,2024-01-20,20.00\n"
        "3,ann,2024-02-05,30.00\n"
        "4,cem,2024-02-07,5.50\n"
        "5,,2024-03-31,8.00\n"
    )
    result = run_dbt("build", folder, data=data, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout
    _publish(folder)


def _publish(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DOVECOTE_WAREHOUSE", str(warehouse_of(folder)))
        publish(Published(folder / "published"))


def _built_once(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    name: str,
    build: Callable[[Path], None],
) -> Path:
    """Build a warehouse in a folder that all workers of a test run share; others wait for it."""
    folder = _shared(tmp_path_factory, worker_id) / name
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            build(folder)
            (folder / "built").touch()
    assert (folder / "built").exists(), f"another process could not build {name}"
    return folder


def _shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Give the folder that all workers of a test run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


def _compiled_once(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    name: str,
    variables: Mapping[str, Any] | None = None,
    *,
    fixes_as_of: bool = True,
) -> CompiledProject:
    """Compile the project with some vars, once for all workers of a test run."""

    def build(folder: Path) -> None:
        compile_project(folder, variables, fixes_as_of=fixes_as_of)

    return CompiledProject(_built_once(tmp_path_factory, worker_id, name, build))


@pytest.fixture(scope="session")
def utc_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> CompiledProject:
    return _compiled_once(
        tmp_path_factory,
        worker_id,
        "utc_project",
        {"dovecote_retention_combinations": RETENTION_COMBINATIONS},
    )


@pytest.fixture(scope="session")
def pacific_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> CompiledProject:
    """Compile for Los Angeles, weeks from Sunday, and cohorts that only some actions open."""
    return _compiled_once(
        tmp_path_factory,
        worker_id,
        "pacific_project",
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
def eight_hours_behind_project(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> CompiledProject:
    """Compile for a clock that is always eight hours behind UTC; POSIX has the sign of Etc/GMT."""
    return _compiled_once(
        tmp_path_factory,
        worker_id,
        "eight_hours_behind_project",
        {
            "dovecote_timezone": "Etc/GMT+8",
            "dovecote_retention_combinations": RETENTION_COMBINATIONS,
        },
    )


@pytest.fixture(scope="session")
def undated_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> CompiledProject:
    """Compile without DOVECOTE_AS_OF, so that the rows say as of when a run looks."""
    return _compiled_once(tmp_path_factory, worker_id, "undated_project", fixes_as_of=False)


@pytest.fixture(scope="session")
def churn_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> CompiledProject:
    """Compile for Los Angeles, and for churn models that dare to look at small shops."""
    return _compiled_once(
        tmp_path_factory,
        worker_id,
        "churn_project",
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
def recommendation_project(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> CompiledProject:
    """Compile for Los Angeles, for short lists under strict rules, and windows of a week."""
    return _compiled_once(
        tmp_path_factory,
        worker_id,
        "recommendation_project",
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
