"""The demo shop, built as the README says."""

from __future__ import annotations

import base64
import csv
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from dbt_runs import PROJECT, connect, mart_contents, run_dbt, warehouse_of
from docs_site import write_site
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


@pytest.fixture(scope="module")
def registered(demo: Path) -> dict[str, Any]:
    """Give the row of the demo's build in mart_builds."""
    with connect(demo) as connection:
        (row,) = connection.execute("from dovecote_marts.mart_builds").df().to_dict("records")
    return row


def test_the_registry_counts_what_was_built_or_tested(
    demo: Path, registered: dict[str, Any]
) -> None:
    said = json.loads((demo / "target" / "run_results.json").read_text())
    nodes = Counter(
        result["unique_id"].split(".")[0]
        for result in said["results"]
        if result["status"] in ("success", "pass")
    )
    assert nodes["saved_query"] == 0
    built = nodes["model"] + nodes["seed"] + nodes["test"] + nodes["unit_test"]
    assert (registered["nodes"], registered["nodes_succeeded"]) == (built, built)
    for ill in ("nodes_warned", "nodes_failed", "nodes_skipped"):
        assert registered[ill] == 0
    assert registered["run_id"] == said["metadata"]["invocation_id"]
    assert (registered["command"], registered["status"]) == ("build", "green")


def test_the_registry_says_what_was_built_from(registered: dict[str, Any]) -> None:
    package = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert registered["package_version"] == package["version"]
    assert registered["dbt_version"] == version("dbt-core")
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    inputs = {file.stem.replace("demo", "dovecote", 1) for file in PROJECT.glob("seeds/demo/*.csv")}
    variables = project["vars"]["dovecote"]
    assert json.loads(registered["settings"]) == {
        name: value for name, value in variables.items() if name not in inputs
    }
    assert registered["git_revision"] == head_commit()


def head_commit() -> str | None:
    """Give the commit that is checked out; none where .git is no folder, as in a worktree."""
    if not (PROJECT / ".git").is_dir():
        return None
    said = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


def test_the_registry_counts_the_rows_of_the_input_files(
    demo: Path, registered: dict[str, Any]
) -> None:
    with connect(demo) as connection:
        left_out = dict(
            connection.execute(
                "select entity, duplicates + quarantined + after_as_of + forgotten "
                "from dovecote_marts.mart_input_reconciliation"
            ).fetchall()
        )
    # Rates are in the amounts of orders.
    entities = left_out.keys() - {"exchange_rates"}
    expected = {
        f"stg_{entity}": rows_of_seed(f"demo/demo_{entity}") - left_out[entity]
        for entity in entities
    } | {
        f"int_core__{name}": rows_of_seed(f"reference/{name}")
        for name in ("order_status_policy", "event_vocabulary")
    }
    found = json.loads(registered["input_fingerprints"])
    assert {name: facts["rows"] for name, facts in found.items()} == expected
    assert len({facts["fingerprint"] for facts in found.values()}) == len(expected)


def rows_of_seed(name: str) -> int:
    with (PROJECT / "seeds" / f"{name}.csv").open(newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def test_the_tour_answers_its_questions(demo: Path) -> None:
    result = CliRunner().invoke(app, ["tour"], env={"DOVECOTE_WAREHOUSE": str(warehouse_of(demo))})
    assert result.exit_code == 0, result.output
    assert "champions" in result.output
    assert "month_1" in result.output


def test_every_column_is_listed(demo: Path) -> None:
    """What stands in the yml is what the tables have, so that no column goes undescribed."""
    manifest = json.loads((demo / "target" / "manifest.json").read_text())
    listed = {
        (node["schema"], node["alias"], column)
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        for column in node["columns"]
    }
    tables = {(schema, name) for schema, name, _ in listed}
    with connect(demo) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    assert len(tables) > 200
    assert {row for row in columns if row[:2] in tables} == listed


def test_the_docs_lead_a_column_back_to_the_input(demo: Path, tmp_path: Path) -> None:
    generated = run_dbt("docs generate", demo)
    assert generated.returncode == 0, generated.stdout
    write_site(demo / "target", tmp_path)
    overview = (tmp_path / "index.html").read_text()
    assert "INLINE DATA" not in overview
    assert "(lineage.html)" in overview
    lineage = (tmp_path / "lineage.html").read_text()
    assert 'href="index.html"' in lineage
    assert "colibriTelemetry = false" in lineage
    data = re.search(r'colibriData = JSON\.parse\(atob\("([^"]+)"', lineage)
    assert data
    sources: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for edge in json.loads(base64.b64decode(data[1]))["lineage"]["edges"]:
        if "edgeType" not in edge:
            target = (edge["target"], edge["targetColumn"])
            sources.setdefault(target, set()).add((edge["source"], edge["sourceColumn"]))
    reached = {("model.dovecote.mart_churn_alerts", "expected_loss")}
    while found := set[tuple[str, str]]().union(*(sources.get(x, ()) for x in reached)) - reached:
        reached |= found
    assert {
        ("model.dovecote.raw_orders", name) for name in ("gross_amount", "ordered_at")
    } < reached
    # A union is where a version of sqlglot that does not fit loses the track.
    assert sources["model.dovecote.int_activity__actions", "occurred_at"] == {
        ("model.dovecote.int_core__events", "occurred_at"),
        ("model.dovecote.int_core__purchases", "ordered_at"),
    }


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
    """Beside the tables of the last build, and by several threads."""
    warehouse_of(tmp_path).write_bytes(warehouse_of(demo).read_bytes())
    arguments = ("--full-refresh", "--threads", "4", "--exclude-resource-type", "test")
    assert run_dbt("build", tmp_path, arguments=arguments).returncode == 0
    assert mart_contents(tmp_path) == mart_contents(demo)


def test_every_var_can_be_changed(tmp_path: Path) -> None:
    result = run_dbt("build", tmp_path, variables=OTHER_VARS, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout
    environment = {"DOVECOTE_WAREHOUSE": str(warehouse_of(tmp_path))}
    toured = CliRunner().invoke(app, ["tour"], env=environment)
    assert toured.exit_code == 0, toured.output
    assert "from dovecote_shop_marts.mart_retention\n" in toured.output


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
        "mart_growth_accounting_key_and_rules",
        "growth_adds_up_over_time",
        "mart_customer_rfm_key_and_rules",
        "marts_agree_with_each_other",
    ):
        assert f"Failure in test {test}" in result.stdout
    with connect(broken) as connection:
        failures = connection.execute(
            "select rule_name, failing_rows, failing_key "
            "from dovecote_dbt_test__audit.mart_customer_rfm_key_and_rules"
        ).fetchall()
        ((customers,),) = connection.execute(
            "select count(*) from dovecote_marts.mart_customer_rfm"
        ).fetchall()
    assert failures == [("primary_key", customers, "customer_id: c1")]
