"""A build of changes on Spark overwrites some months and leaves what a whole build makes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from crashes import PATIENCE, QUICK_VARS
from dbt_runs import PROJECT, run_dbt, warehouse_of
from growing_shop import (
    AS_OF,
    DAYED,
    FIRST_DAY_TO_COME,
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
from spark.parity import EXPLAINED, build_differences

pytest.importorskip("pyspark", reason="pyspark is not installed: the extra `spark` is")
pytest.importorskip("dbt.adapters.sparksession", reason="adapters/sparksession is not installed")

pytestmark = pytest.mark.slow

VARIABLES = QUICK_VARS | {
    # Of some inputs much is wrong on purpose.
    "dovecote_max_quarantine_share": 0.9,
    # A recurring entry and hours from an entry are counted with other rows of their people.
    "dovecote_retention_combinations": [
        *QUICK_VARS["dovecote_retention_combinations"],
        {
            "activity": "order",
            "entry": "recurring",
            "return_rule": "on",
            "clock": "calendar",
            "grain": "month",
            "breakdowns": ["none"],
        },
        {
            "activity": "visit",
            "entry": "first_time",
            "return_rule": "on",
            "clock": "rolling_24h",
            "grain": "day",
            "breakdowns": ["none", "acquisition_channel"],
        },
    ],
}
MONTHS_WITHOUT_A_CHANGE = {f"stored_month=2025-0{month}" for month in (1, 2, 3, 4)}
# What tells of builds before, fingerprints, which are each engine's hashes, and grades.
TOLD_OTHERWISE = "|".join(
    (
        "int_.*__(changed|restitched)_",
        "mart_score_changes",
        r"input_counts: [123] rows only in \w+, such as: "
        r"(entity=\w+, counted=fingerprint, amount=-?\d+(; )?)+$",
        *GRADES_OF_FIFTEEN,
    )
)
LEFT_MONTH = "stored_month=2024-11"
HALF_REWRITTEN = """
from pyspark.sql import SparkSession

catalog = "jdbc:derby:;databaseName={warehouse}/catalog"
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.warehouse.dir", "{warehouse}/tables")
    .config("spark.hadoop.javax.jdo.option.ConnectionURL", catalog)
    .config("spark.driver.extraJavaOptions", "-Dderby.system.home={warehouse}")
    .enableHiveSupport()
    .getOrCreate()
)
builds = "dovecote_history.builds"
spark.sql(f"create table {{builds}}__rewritten using parquet as select * from {{builds}}")
spark.sql(f"truncate table {{builds}}")
spark.stop()
"""


@dataclass(frozen=True)
class Builds:
    """A folder with a build of changes, and the files of months before and after it."""

    folder: Path
    data: Path
    before: dict[str, int]
    after: dict[str, int]

    @property
    def tables(self) -> Path:
        return self.folder / "spark" / "tables"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """Build before the last two days' files come, and what they change after."""
    folder = tmp_path_factory.mktemp("builds")
    data = folder / "data"
    days = tmp_path_factory.mktemp("days")
    write_days(days)
    _write_together(days, data, to_come=False)
    merge_customers(data)
    order_in_an_old_month(data)
    hold_back(data)
    _build(folder, data, AS_OF, "--target", "spark_local")
    before = _files_of_months(folder / "spark" / "tables")
    _write_together(days, data, to_come=True)
    add_late_echoes(data)
    send_again(data)
    sell_more_of_the_same(data)
    move_that_order(data)
    merge_more_customers(data)
    exclude_others(data)
    let_come(data)
    _build(folder, data, LATER_AS_OF, "--target", "spark_local")
    return Builds(folder, data, before, _files_of_months(folder / "spark" / "tables"))


def _write_together(days: Path, data: Path, *, to_come: bool) -> None:
    """Write all days of before as one file, as Spark takes a while for each; or those to come."""
    data.mkdir(exist_ok=True)
    for entity in days.iterdir():
        if entity.name in DAYED:
            files = [
                str(file)
                for file in sorted(entity.rglob("*.parquet"))
                if (file.stem >= FIRST_DAY_TO_COME) == to_come and file.stem < "2025-07-13"
            ]
            target = data / entity.name / "2025" / f"{'new' if to_come else 'known'}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                connection.execute(
                    f"copy (from read_parquet({files}, union_by_name = true)) to '{target}'"
                )
        elif not to_come and entity.is_dir():
            shutil.copytree(entity, data / entity.name)
        elif not to_come:
            shutil.copy(entity, data)


def _build(folder: Path, data: Path, as_of: str, *arguments: str) -> None:
    result = run_dbt(
        "build",
        folder,
        data=data,
        as_of=as_of,
        variables=VARIABLES,
        arguments=arguments,
        settings={"DOVECOTE_SPARK_WAREHOUSE": str(folder / "spark")},
    )
    assert result.returncode == 0, result.stdout[-3000:]


def _files_of_months(tables: Path) -> dict[str, int]:
    """Give the Parquet files of tables that are stored by months, and when they were written."""
    return {
        str(path.relative_to(tables)): path.stat().st_mtime_ns
        for path in tables.glob("*.db/*/stored_month=*/*.parquet")
    }


def _scopes(tables: Path) -> list[str | None]:
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select scope from read_parquet('{tables}/dovecote_history.db/builds/*.parquet') "
            "order by started_at"
        )
        return [scope for (scope,) in found.fetchall()]


def test_new_files_change_a_part(builds: Builds) -> None:
    assert _scopes(builds.tables) == ["all", "changes"]


def test_months_without_a_change_keep_their_files(builds: Builds) -> None:
    by_month = {name.split("/")[1] for name in builds.before}
    assert by_month == {
        "base_events",
        "base_orders",
        "int_activity__person_days",
        "int_activity__person_periods",
        "int_activity__sessions",
        "int_core__events",
        "int_core__order_items",
        "int_core__orders",
    }
    # A merge touches people of all months, but no raw row.
    for table in ("base_events", "base_orders"):
        before, after = (
            {name: written for name, written in files.items() if f"/{table}/" in name}
            for files in (builds.before, builds.after)
        )
        old = {name for name in before if name.split("/")[2] in MONTHS_WITHOUT_A_CHANGE}
        assert old, table
        assert {name: after.get(name) for name in old} == {name: before[name] for name in old}
        assert not after.keys() <= before.keys()


def test_a_month_that_is_left_without_a_row_goes(builds: Builds) -> None:
    emptied = f"/int_core__orders/{LEFT_MONTH}/"
    assert any(emptied in name for name in builds.before)
    assert not any(emptied in name for name in builds.after)


def test_every_table_is_that_of_a_whole_build(builds: Builds) -> None:
    _build(builds.folder, builds.data, LATER_AS_OF, "--exclude-resource-type", "test")
    assert _differences(builds) == []


def test_after_a_killed_build_all_is_computed(builds: Builds) -> None:
    """Kill one of changes once it has overwritten a table; registry and all are whole after it."""
    shutil.copy(
        builds.data / "events" / "echoes.parquet", builds.data / "events" / "zz-echoes.parquet"
    )
    known = _files_of_months(builds.tables)
    _kill_when(builds, lambda: not _files_of_months(builds.tables).keys() <= known.keys())
    _leave_registry_half_rewritten(builds)
    _build(builds.folder, builds.data, LATER_AS_OF, "--target", "spark_local")
    assert _scopes(builds.tables) == ["all", "changes", "changes", "all"]
    _build(builds.folder, builds.data, LATER_AS_OF, "--exclude-resource-type", "test")
    assert _differences(builds) == []


def _differences(builds: Builds) -> list[str]:
    """Compare every table of the last builds on both engines."""
    found = build_differences(
        warehouse_of(builds.folder),
        builds.tables,
        ("dovecote_staging", "dovecote_intermediate", "dovecote_marts"),
        ignored={**EXPLAINED, "raw_row": "each engine writes instants in its own way"},
        any_integers=True,
    )
    return [line for line in found if not re.search(TOLD_OTHERWISE, line)]


def _leave_registry_half_rewritten(builds: Builds) -> None:
    """Leave what a kill does between the two halves of an overwriting: rows in the copy alone."""
    warehouse = builds.folder / "spark"
    subprocess.run(
        [sys.executable, "-c", HALF_REWRITTEN.format(warehouse=warehouse)],
        cwd=warehouse,
        check=True,
    )


def _kill_when(builds: Builds, is_time: Callable[[], object]) -> None:
    """Start a build on Spark, and kill it at a time."""
    settings = {
        "DOVECOTE_DATA": str(builds.data),
        "DOVECOTE_AS_OF": LATER_AS_OF,
        "DOVECOTE_SPARK_WAREHOUSE": str(builds.folder / "spark"),
    }
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("dbt")), "build", "--target", "spark_local"),
            *("--target-path", str(builds.folder / "target")),
            *("--log-path", str(builds.folder / "logs")),
            *("--exclude-resource-type", "unit_test", "--vars", json.dumps(VARIABLES)),
        ],
        cwd=PROJECT,
        env={k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")} | settings,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + PATIENCE
    while not _holds(is_time):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _holds(condition: Callable[[], object]) -> bool:
    """Ask for something, which is not so while its files are being written anew."""
    try:
        return bool(condition())
    except (duckdb.Error, OSError):
        return False
