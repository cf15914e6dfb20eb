"""A build that computes what new files change leaves what a build of everything would make."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from crashes import QUICK_VARS
from dbt_runs import connect, run_dbt, warehouse_of
from growing_shop import (
    AS_OF,
    DAYED,
    FIRST_DAY_TO_COME,
    FIRST_EVENTS,
    GRADES_OF_FIFTEEN,
    LATER_AS_OF,
    add_late_echoes,
    exclude_others,
    hold_back,
    let_come,
    merge_customers,
    merge_more_customers,
    move_that_order,
    order_in_an_old_month,
    sell_more_of_the_same,
    send_again,
    write_days,
)

pytestmark = pytest.mark.slow

# What a build says of itself, and tables of builds before it.
OF_ONE_BUILD = ("run_id", "run_started_at", "file_version")
# Of some inputs much is wrong on purpose; what is fitted rests on the same tables however little.
VARIABLES = {
    "dovecote_max_quarantine_share": 0.9,
    **{
        name: value
        for name, value in QUICK_VARS.items()
        if name.startswith(("dovecote_churn_", "dovecote_recommendation_"))
        and name != "dovecote_churn_activities"
    },
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files by day of arrival, some of whose rows come days late and some of which are wrong."""
    folder = tmp_path_factory.mktemp("shop")
    write_days(folder)
    return folder


@pytest.fixture(scope="module")
def builds(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build `changed` before the last two days' files come and after, and `whole` after."""
    folder = tmp_path_factory.mktemp("builds")
    data = folder / "data"
    shutil.copytree(shop, data)
    to_come = [
        path
        for path in data.rglob("*.parquet")
        if path.relative_to(data).parts[0] in DAYED and path.stem >= FIRST_DAY_TO_COME
    ]
    for path in to_come:
        path.rename(folder / f"{path.parents[1].name}-{path.name}")
    merge_customers(data)
    order_in_an_old_month(data)
    hold_back(data)
    _build(folder / "changed", data, AS_OF)
    for path in to_come:
        if path.stem < "2025-07-13":
            (folder / f"{path.parents[1].name}-{path.name}").rename(path)
    add_late_echoes(data)
    send_again(data)
    sell_more_of_the_same(data)
    move_that_order(data)
    merge_more_customers(data)
    exclude_others(data)
    let_come(data)
    _build(folder / "changed", data, LATER_AS_OF)
    _build(folder / "whole", data, LATER_AS_OF, "--exclude-resource-type", "test")
    return folder


def _build(folder: Path, data: Path, as_of: str, *arguments: str) -> str:
    """Build a shop, and give what dbt said."""
    folder.mkdir(exist_ok=True)
    result = run_dbt(
        "build --warn-error",
        folder,
        data=data,
        as_of=as_of,
        variables=VARIABLES,
        arguments=arguments,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def _scopes(folder: Path) -> list[str]:
    with connect(folder) as connection:
        return [
            scope
            for (scope,) in connection.execute(
                "select scope from dovecote_history.builds order by started_at"
            ).fetchall()
        ]


def _differences(changed: Path, whole: Path) -> dict[str, int]:
    """Count, by table, the rows that only one of two warehouses has; floats to nine digits."""
    differences = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse_of(changed)}' as changed (read_only)")
        connection.execute(f"attach '{warehouse_of(whole)}' as whole (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'whole' "
            "and schema_name in ('dovecote_staging', 'dovecote_intermediate', 'dovecote_marts') "
            "and not regexp_matches(table_name, '^int_.*__(changed|restitched)_|score_changes$')"
        ).fetchall()
        for schema, table in tables:
            columns = [
                f"round({name}, 9)" if data_type == "DOUBLE" else f'"{name}"'
                for name, data_type in connection.execute(
                    "select column_name, data_type from duckdb_columns() where "
                    "database_name = 'whole' and schema_name = ? and table_name = ?",
                    [schema, table],
                ).fetchall()
                if name not in OF_ONE_BUILD
            ]
            rows = [
                f"select {', '.join(columns)} from {name}.{schema}.{table}"
                for name in ("changed", "whole")
            ]
            both = f"(({rows[0]}) except all ({rows[1]}))", f"(({rows[1]}) except all ({rows[0]}))"
            count = connection.execute(
                f"select (select count(*) from {both[0]}) + (select count(*) from {both[1]})"
            ).fetchone()
            assert count is not None
            if count[0]:
                differences[table] = count[0]
    return differences


def test_new_files_change_a_part(builds: Path) -> None:
    assert _scopes(builds / "changed") == ["all", "changes"]


def test_late_and_wrong_rows_are_among_them(builds: Path) -> None:
    """Else the comparison would hold for days that follow each other neatly."""
    with connect(builds / "changed") as connection:
        late, wrong, touched, people = connection.execute(
            """
            with new_rows as (
                select * from dovecote_staging.base_events
                where source_name >= 'events/2025-07/2025-07-11.parquet'
            )
            select
                count(*) filter (where occurred_at < timestamp '2025-07-10'),
                count(*) filter (where row_status <> 'accepted'),
                (select count(*) from dovecote_intermediate.int_core__changed_people),
                (select count(distinct person_id) from dovecote_intermediate.int_core__events)
            from new_rows
            """
        ).fetchone()
    assert late > 0
    assert wrong > 0
    assert 0 < touched < people / 2


def test_every_table_is_that_of_a_whole_build(builds: Path) -> None:
    differences = _differences(builds / "changed", builds / "whole")
    assert not set(differences) - set(GRADES_OF_FIFTEEN)


def test_only_inputs_of_new_files_are_judged_in_part(builds: Path) -> None:
    judged = {
        entity: (
            builds
            / "changed"
            / "target"
            / "compiled"
            / "dovecote"
            / "models"
            / "staging"
            / "base"
            / f"base_{entity}.sql"
        ).read_text()
        for entity in ("customers", "reviews", "nps_responses")
    }
    assert "2025-09-moved.parquet" in judged["customers"]
    assert {entity for entity, sql in judged.items() if "source_name in (" in sql} == {"customers"}


def test_customers_whose_first_event_is_taken_away_have_another_one(builds: Path) -> None:
    with connect(builds / "changed") as connection:
        later, same = connection.execute(
            f"""
            select
                count(*) filter (where first_events.first_event_at > taken_away.occurred_at),
                count(*) filter (where first_events.first_event_at = taken_away.occurred_at)
            from '{builds}/data/events/{FIRST_EVENTS}.parquet' as taken_away
            inner join dovecote_intermediate.int_core__first_events as first_events
                on taken_away.customer_id = first_events.customer_id
            where
                first_events.customer_id not in (
                    select customer_id from dovecote_intermediate.int_core__customer_merges
                )
            """
        ).fetchone()
    assert later > 0
    assert same == 0


def test_nothing_new_keeps_every_table(builds: Path) -> None:
    _build(builds / "changed", builds / "data", LATER_AS_OF)
    assert _scopes(builds / "changed")[-1] == "nothing"
    run = json.loads((builds / "changed" / "target" / "run_results.json").read_text())
    messages = {result["unique_id"]: result["message"] for result in run["results"]}
    assert messages["model.dovecote.base_events"] == "KEPT"


def test_a_file_that_is_gone_is_named_and_all_is_computed(builds: Path) -> None:
    (builds / "data" / "events" / "zz-changed.parquet").unlink()
    said = _build(builds / "changed", builds / "data", LATER_AS_OF)
    assert "changed or are gone: events/zz-changed.parquet." in said
    assert _scopes(builds / "changed")[-1] == "all"
    with connect(builds / "changed") as connection:
        left = connection.execute(
            "select count(*) from dovecote_staging.base_events "
            "where source_name = 'events/zz-changed.parquet'"
        ).fetchone()
    assert left == (0,)


def test_rows_beyond_the_allowed_lateness_wait_in_quarantine(builds: Path) -> None:
    """They come in at the next full refresh."""
    data, folder = builds / "data", builds / "changed"
    with duckdb.connect() as connection:
        (data / "events" / "late").mkdir()
        connection.execute(
            f"copy (select 'late-' || event_id as event_id, * exclude (event_id) "
            f"from '{data}/events/2025-01/*.parquet' where occurred_at >= timestamp '2025-01-01' "
            "qualify count(*) over (partition by event_id) = 1 order by occurred_at limit 5) "
            f"to '{data}/events/late/2025-01.parquet'"
        )
    for arguments, scope, status in (
        ((), "changes", "quarantined"),
        (("--full-refresh", "--select", "+base_events"), "all", "accepted"),
    ):
        _build(folder, data, LATER_AS_OF, *arguments)
        assert _scopes(folder)[-1] == scope
        with connect(folder) as connection:
            found = connection.execute(
                "select distinct row_status, reasons from dovecote_staging.base_events "
                "where event_id like 'late-%'"
            ).fetchall()
        assert found == [(status, "too_late(occurred_at)" if status == "quarantined" else None)]
