"""A build that computes what new files change leaves what a build of everything would make."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from dbt_runs import connect, run_dbt, warehouse_of
from dovecote.simulate import Settings, write_partitions

pytestmark = pytest.mark.slow

DAYED = ("events", "orders", "order_items")
FIRST_DAY_TO_COME = "2025-07-11"
AS_OF, LATER_AS_OF = "2025-07-11 00:00:00", "2025-07-13 00:00:00"
NOT_TOO_LATE = "occurred_at between timestamp '2025-05-15' and timestamp '2025-07-10'"
# What a build says of itself, and tables of builds before it.
OF_ONE_BUILD = ("run_id", "run_started_at", "file_version")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files by day of arrival, some of whose rows come days late and some of which are wrong."""
    folder = tmp_path_factory.mktemp("shop")
    write_partitions(
        Settings(
            customers=150,
            days=200,
            seed=3,
            file_format="parquet",
            late_share=0.2,
            dirty_share=0.04,
        ),
        folder,
        workers=1,
    )
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
    _merge_customers(data)
    _build(folder / "changed", data, AS_OF)
    for path in to_come:
        if path.stem < "2025-07-13":
            (folder / f"{path.parents[1].name}-{path.name}").rename(path)
    _add_late_echoes(data)
    _send_again(data)
    _exclude_others(data)
    _build(folder / "changed", data, LATER_AS_OF)
    _build(folder / "whole", data, LATER_AS_OF, "--exclude-resource-type", "test")
    return folder


def _add_late_echoes(data: Path) -> None:
    """Add late events, each up to 40 minutes from a known one: before, in or between sessions."""
    _copy_events(
        data,
        "echoes",
        "% 20 = 0",
        "* replace ('echo-' || event_id as event_id, "
        "occurred_at + to_minutes((hash(event_id) % 81)::bigint - 40) as occurred_at)",
    )


def _send_again(data: Path) -> None:
    """Send known events again as they were, from before and after their files, and some changed."""
    _copy_events(data, "again-before", "% 10 = 1", "*")
    _copy_events(data, "zz-again-after", "% 10 = 2", "*")
    changed = "* replace (coalesce(page_path, '') || '?' as page_path)"
    _copy_events(data, "zz-changed", "% 40 = 3", changed)


def _copy_events(data: Path, name: str, share: str, columns: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select {columns} "
            f"from read_parquet('{data}/events/*/*.parquet', union_by_name = true) "
            f"where {NOT_TOO_LATE} and hash(event_id) {share} "
            "qualify count(*) over (partition by event_id) = 1) "
            f"to '{data}/events/{name}.parquet'"
        )


def _merge_customers(data: Path) -> None:
    """Merge the second-best customer into the best one."""
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select lead(customer_id) over best as from_customer_id, "
            "customer_id as to_customer_id, timestamp '2025-03-01' as merged_at "
            f"from read_parquet('{data}/orders/*/*.parquet', union_by_name = true) "
            "where customer_id is not null group by customer_id "
            "window best as (order by count(*) desc, customer_id) limit 1) "
            f"to '{data}/customer_merges.parquet'"
        )


def _exclude_others(data: Path) -> None:
    """Exclude the merged customer under the id that remains, and let the first one back in."""
    with duckdb.connect() as connection:
        connection.execute(
            f"create table excluded as select * from read_parquet('{data}/exclusions.parquet')"
        )
        connection.execute(
            "delete from excluded where customer_id = (select min(customer_id) from excluded)"
        )
        connection.execute(
            "insert into excluded (customer_id, reason) "
            f"select to_customer_id, 'test' from read_parquet('{data}/customer_merges.parquet')"
        )
        connection.execute(f"copy excluded to '{data}/exclusions.parquet'")


def _build(folder: Path, data: Path, as_of: str, *arguments: str) -> None:
    folder.mkdir(exist_ok=True)
    result = run_dbt("build --warn-error", folder, data=data, as_of=as_of, arguments=arguments)
    assert result.returncode == 0, result.stdout[-3000:]


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
    # A factorisation of fifteen customers turns on the last digit of what it is given.
    graded = {"mart_recommendation_evaluation", "int_recommendations__graded_lists"}
    assert not set(differences) - graded


def test_nothing_new_keeps_every_table(builds: Path) -> None:
    result = run_dbt(
        "build",
        builds / "changed",
        data=builds / "data",
        as_of=LATER_AS_OF,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert _scopes(builds / "changed")[-1] == "nothing"
    run = json.loads((builds / "changed" / "target" / "run_results.json").read_text())
    messages = {result["unique_id"]: result["message"] for result in run["results"]}
    assert messages["model.dovecote.base_events"] == "KEPT"


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
        result = run_dbt(
            "build",
            folder,
            data=data,
            as_of=LATER_AS_OF,
            arguments=arguments,
        )
        assert result.returncode == 0, result.stdout[-3000:]
        assert _scopes(folder)[-1] == scope
        with connect(folder) as connection:
            found = connection.execute(
                "select distinct row_status, reasons from dovecote_staging.base_events "
                "where event_id like 'late-%'"
            ).fetchall()
        assert found == [(status, "too_late(occurred_at)" if status == "quarantined" else None)]
