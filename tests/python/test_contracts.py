"""What a release promised to readers of public tables is kept, or changed as it was announced."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from contracts import (
    CHANGELOG,
    RELEASED,
    Contract,
    Release,
    as_text,
    contracts_of,
    differences,
    from_text,
    problems_with_writing,
)
from dbt_runs import PROJECT, run_dbt

MODELS = PROJECT / "models"
TODAY = date(2026, 3, 1)
BEFORE, LATER = date(2026, 2, 28), date(2026, 9, 1)
VISITS = Contract(
    "shop_marts.mart_visits",
    ("visit_date",),
    {"visit_date": "date", "visits": "bigint", "share": "double"},
)
BUYERS = Contract("shop_marts.mart_buyers", ("customer_id",), {"customer_id": "string"})
RELEASE = Release("0.1.0", {"mart_visits.v1": VISITS, "mart_buyers.v1": BUYERS})
OLD = replace(VISITS, is_superseded=True, deprecation_date=LATER)
NEW = replace(
    VISITS, relation="shop_marts.mart_visits_v2", columns={"visit_date": "date", "sessions": "int"}
)
CHANGES = "| Version | Model | Change |\n|---|---|---|\n| 0.1.0 | all | mart_visits v2 |\n"
ROW = "| 0.2.0 | mart_visits v2 | Sessions in place of visits |\n"


def problems(changed: dict[str, Contract | None], rows: str = "", today: date = TODAY) -> list[str]:
    """Compare what was released with the same, some contracts changed or, where None, gone."""
    current = {k: v for k, v in {**RELEASE.contracts, **changed}.items() if v is not None}
    return differences(RELEASE, current, CHANGES + rows, today)


def columns(**types: str) -> Contract:
    return replace(VISITS, columns=types)


def test_the_project_keeps_what_the_last_release_promised(manifest: dict[str, Any]) -> None:
    released = from_text(RELEASED.read_text())
    today = datetime.now(UTC).date()
    assert differences(released, contracts_of(manifest), CHANGELOG.read_text(), today) == []


def test_the_release_holds_every_public_column(manifest: dict[str, Any]) -> None:
    text = RELEASED.read_text()
    assert as_text(from_text(text)) == text
    marts = [file for layer in ("marts", "review") for file in MODELS.glob(f"{layer}/**/*.sql")]
    assert len(contracts_of(manifest)) == len(marts) >= 40
    for name, contract in contracts_of(manifest).items():
        assert contract.columns, name
        assert set() < set(contract.key) <= set(contract.columns), name


def test_nothing_changed_and_nothing_is_said() -> None:
    assert problems({}) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (columns(visit_date="date", share="double"), "column visits is gone"),
        (
            columns(visit_date="date", visits="bigint", share="double", stay="int"),
            "column stay is new",
        ),
        (
            columns(visit_date="date", visits="integer", share="double"),
            "column visits is integer for bigint",
        ),
        (
            columns(visit_date="date", share="double", visits="bigint"),
            "column share stands at another place",
        ),
        (
            replace(VISITS, key=("visit_date", "visits")),
            "the key visit_date, visits for visit_date",
        ),
        (replace(VISITS, key=()), "the key (none) for visit_date"),
        (replace(VISITS, relation="shop_marts.visits"), "set its alias to mart_visits."),
        (replace(VISITS, is_enforced=False), "mart_visits.v1 has no enforced contract"),
        (None, "mart_visits.v1 is gone: put it back as 0.1.0 released it"),
    ],
)
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_released_version_stays_as_it_is(
    now: Contract | None, said: str, is_announced: bool
) -> None:
    """A new version and its row excuse no change of the old one."""
    later: dict[str, Contract | None] = {"mart_visits.v2": NEW} if is_announced else {}
    if now is not None and is_announced:
        now = replace(now, is_superseded=True, deprecation_date=LATER)
    rows = ROW + "| 0.2.0 | mart_visits v1 | - |\n"
    (problem,) = problems({"mart_visits.v1": now, **later}, rows)
    assert said in problem
    assert problem.startswith("mart_visits.v1")


def test_a_renamed_column_is_gone_and_new() -> None:
    gone, new = problems(
        {"mart_visits.v1": columns(visit_date="date", sessions="bigint", share="double")}
    )
    assert "column visits is gone" in gone
    assert "column sessions is new" in new
    for problem in (gone, new):
        assert "keep mart_visits.v1 as 0.1.0 released it, and make the change a new version" in (
            problem
        )


def test_a_new_version_needs_an_end_of_the_old_one_and_a_row() -> None:
    assert problems({"mart_visits.v1": OLD, "mart_visits.v2": NEW}, ROW) == []
    endless = replace(OLD, deprecation_date=None)
    (problem,) = problems({"mart_visits.v1": endless, "mart_visits.v2": NEW}, ROW)
    assert "give it a deprecation_date" in problem
    (problem,) = problems({"mart_visits.v1": OLD, "mart_visits.v2": NEW})
    assert "mart_visits.v2 is new: add a row to CHANGELOG.md under a version after 0.1.0" in problem


@pytest.mark.parametrize(
    "row",
    [
        "| 0.1.0 | mart_visits v2 | Of the release itself |\n",
        "| 0.0.9 | mart_visits v2 | Of an earlier one |\n",
        "| 0.2.0 | mart_visits | No version of the model |\n",
        "| 0.2.0 | mart_visits v21 | Another version |\n",
        "| 0.2.0 | mart_visits_daily v2 | Another model |\n",
        "Outside of the table: 0.2.0 mart_visits v2\n",
    ],
)
def test_a_row_names_the_model_and_its_version_under_a_later_release(row: str) -> None:
    assert len(problems({"mart_visits.v1": OLD, "mart_visits.v2": NEW}, row)) == 1


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0", "0.10.0", "1.0"])
def test_a_later_release_has_a_greater_number(version: str) -> None:
    assert problems({"mart_new.v1": BUYERS}, f"| {version} | mart_new | New |\n") == []


def test_a_new_model_needs_only_a_row() -> None:
    assert len(problems({"mart_new.v1": BUYERS})) == 1
    assert problems({"mart_new.v1": BUYERS}, "| 0.2.0 | mart_new | New |\n") == []


def test_a_version_may_go_after_its_end_and_not_before() -> None:
    row = "| 0.3.0 | mart_visits v1 | Gone |\n"
    for end, today, said in (
        (LATER, TODAY, [f"mart_visits.v1 is gone before {LATER}"]),
        (TODAY, TODAY, []),
        (BEFORE, TODAY, []),
    ):
        promised = replace(OLD, deprecation_date=end)
        released = Release("0.2.0", {"mart_visits.v1": promised, "mart_visits.v2": NEW})
        found = differences(released, {"mart_visits.v2": NEW}, row, today)
        assert [problem.partition(":")[0] for problem in found] == said
    (problem,) = differences(released, {"mart_visits.v2": NEW}, "", TODAY)
    assert "mart_visits.v1 is gone: add a row to CHANGELOG.md" in problem


def test_an_end_moves_only_to_later_days() -> None:
    released = Release("0.2.0", {"mart_visits.v1": OLD, "mart_visits.v2": NEW})

    def moved_to(end: date) -> list[str]:
        now = replace(OLD, deprecation_date=end)
        return differences(released, {"mart_visits.v1": now, "mart_visits.v2": NEW}, "", TODAY)

    assert moved_to(LATER) == moved_to(date(2027, 1, 1)) == []
    (problem,) = moved_to(date(2026, 8, 31))
    assert f"was promised until {LATER}" in problem


def test_a_release_is_read_as_it_was_written() -> None:
    release = Release("0.2.0", {"mart_visits.v1": replace(VISITS, deprecation_date=LATER)})
    again = from_text(as_text(release))
    assert again == release
    assert list(again.contracts["mart_visits.v1"].columns) == list(VISITS.columns)


def test_a_release_is_written_once() -> None:
    assert problems_with_writing(None, "0.1.0") == []
    assert problems_with_writing(RELEASE, "0.1.1") == []
    for version in ("0.1.0", "0.0.9"):
        (problem,) = problems_with_writing(RELEASE, version)
        assert "give the package its next version" in problem


TINY_PROJECT = """\
name: tiny
profile: tiny
model-paths: [models]
test-paths: [tests]
models:
  tiny:
    +materialized: table
    marts:
      +schema: marts
      +contract: {enforced: true}
"""
TINY_PROFILE = "tiny: {target: it, outputs: {it: {type: duckdb, schema: shop}}}"
TINY_MODELS = """\
models:
  - name: mart_visits
    columns:
      - {name: visit_date, data_type: date}
      - {name: visits, data_type: "decimal(38, 4)"}
    latest_version: 2
    versions:
      - v: 2
        defined_in: mart_visits
        data_tests:
          - primary_key: {name: visits_key, arguments: {columns: [visit_date, visits]}}
      - v: 1
        deprecation_date: 2999-06-30
        config: {alias: mart_visits, materialized: view}
        columns:
          - include: []
          - {name: visit_date, data_type: DATE}
          - {name: visit_count, data_type: bigint}
        data_tests:
          - primary_key: {name: visits_v1_key, arguments: {columns: [visit_date]}}
  - name: mart_buyers
    config: {contract: {enforced: false}}
"""


@pytest.mark.slow
def test_versions_are_what_dbt_calls_versions(tmp_path: Path) -> None:
    """A mart is changed as CONTRIBUTING.md says, in a project of its own that dbt parses."""
    marts, tests = tmp_path / "models" / "marts", tmp_path / "tests" / "generic"
    marts.mkdir(parents=True)
    tests.mkdir(parents=True)
    copy(PROJECT / "tests" / "generic" / "primary_key.sql", tests)
    (tmp_path / "dbt_project.yml").write_text(TINY_PROJECT)
    (tmp_path / "profiles.yml").write_text(TINY_PROFILE)
    (marts / "_marts.yml").write_text(TINY_MODELS)
    (marts / "mart_buyers.sql").write_text("select 1 as customer_id")
    (marts / "mart_visits.sql").write_text("select current_date as visit_date, 1.0 as visits")
    (marts / "mart_visits_v1.sql").write_text(
        "select visit_date, visits as visit_count from {{ ref('mart_visits', v=2) }}"
    )
    done = run_dbt("parse", tmp_path, arguments=("--warn-error",), project=tmp_path)
    assert done.returncode == 0, done.stdout
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text())
    found = contracts_of(manifest)
    assert list(found["mart_visits.v1"].columns) == ["visit_date", "visit_count"]
    assert found == {
        "mart_visits.v1": Contract(
            "shop_marts.mart_visits",
            ("visit_date",),
            {"visit_date": "date", "visit_count": "bigint"},
            deprecation_date=date(2999, 6, 30),
            is_superseded=True,
        ),
        "mart_visits.v2": Contract(
            "shop_marts.mart_visits_v2",
            ("visit_date", "visits"),
            {"visit_date": "date", "visits": "decimal(38,4)"},
        ),
        "mart_buyers.v1": Contract("shop_marts.mart_buyers", (), {}, is_enforced=False),
    }
