"""The demo shop, built as the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from dbt_runs import connect, mart_contents, run_dbt, warehouse_of
from dovecote.cli import app

pytestmark = pytest.mark.slow

# Every var that changes what is computed, away from its default.
OTHER_VARS = {
    "dovecote_timezone": "America/Los_Angeles",
    "dovecote_week_start": "sunday",
    "dovecote_session_gap_minutes": 10,
    "dovecote_currency": "USD",
    "dovecote_history_start": "2025-01-01",
    "dovecote_left_censored_days": 60,
    "dovecote_event_paths_steps": 3,
    "dovecote_event_paths_kept": 5,
    "dovecote_lifecycle_multiples": {"active": 1, "at_risk": 2, "lapsed": 4},
    "dovecote_lifecycle_cadence_prior_gaps": 1,
    "dovecote_lifecycle_default_cadence_days": 30,
    "dovecote_max_quarantine_share": 0.5,
    "dovecote_retention_max_periods": {"day": 7, "week": 4, "month": 6},
    "dovecote_retention_entry_filters": {
        "order": "channel = 'web'",
        "visit": "event_type = 'view'",
    },
    "dovecote_schema_prefix": "shop_",
    "dovecote_history_kept_dates": 2,
}


def test_the_tour_answers_its_questions(demo: Path) -> None:
    result = CliRunner().invoke(app, ["tour"], env={"DOVECOTE_WAREHOUSE": str(warehouse_of(demo))})
    assert result.exit_code == 0, result.output
    assert "champions" in result.output
    assert "month_1" in result.output


def test_the_tour_says_what_is_missing(tmp_path: Path) -> None:
    environment = {"DOVECOTE_WAREHOUSE": str(tmp_path / "none.duckdb")}
    result = CliRunner().invoke(app, ["tour"], env=environment)
    assert result.exit_code == 2
    assert "run dovecote build first" in result.output


def test_a_busy_warehouse_is_one_sentence(demo: Path) -> None:
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; _ = duckdb.connect(sys.argv[1]); print(1, flush=True); input()",
            str(warehouse_of(demo)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    environment = {"DOVECOTE_WAREHOUSE": str(warehouse_of(demo))}
    result = CliRunner().invoke(app, ["tour"], env=environment)
    reader.communicate(b"\n")
    assert result.exit_code == 2
    assert re.search(r"is open in .*\(process \d+, since .*: close it there", result.output)
    assert CliRunner().invoke(app, ["tour"], env=environment).exit_code == 0


def test_building_again_gives_the_same_marts(demo: Path, tmp_path: Path) -> None:
    first = mart_contents(demo)
    assert run_dbt("build", tmp_path, arguments=("--threads", "1")).returncode == 0
    assert mart_contents(tmp_path) == first
    assert run_dbt("build", tmp_path).returncode == 0
    assert mart_contents(tmp_path) == first


def test_every_var_can_be_changed(tmp_path: Path) -> None:
    result = run_dbt("build", tmp_path, variables=OTHER_VARS, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout
    with connect(tmp_path) as connection:
        schemas = {
            row[0]
            for row in connection.execute(
                "select schema_name from information_schema.schemata"
            ).fetchall()
        }
    assert "dovecote_shop_marts" in schemas


def test_a_broken_definition_is_noticed(demo: Path) -> None:
    """The rules are no decoration: wrong rows in a finished mart make its tests fail."""
    broken = demo / "broken"
    broken.mkdir()
    warehouse_of(broken).write_bytes(warehouse_of(demo).read_bytes())
    with duckdb.connect(warehouse_of(broken)) as connection:
        connection.execute(
            "update dovecote_marts.mart_growth_accounting "
            "set active_customers = active_customers + 1"
        )
        connection.execute("update dovecote_marts.mart_customer_rfm set customer_id = 'c1'")
        connection.execute("delete from dovecote_marts.fct_orders where order_number = 2")
    result = run_dbt("test", broken, arguments=("--exclude", "test_type:unit"))
    assert result.returncode == 1
    for test in (
        "mart_growth_accounting_rules",
        "growth_adds_up_over_time",
        "mart_customer_rfm_key",
        "marts_agree_with_each_other",
    ):
        assert f"Failure in test {test}" in result.stdout
