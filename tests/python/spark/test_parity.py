"""The demo builds on Spark, on one machine and on a cluster, and its marts are DuckDB's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbt_runs import run_dbt, warehouse_of
from spark.parity import build_differences

pytest.importorskip("pyspark", reason="pyspark is not installed: the extra `spark` is")
pytest.importorskip("dbt.adapters.sparksession", reason="adapters/sparksession is not installed")

SCHEMAS = ("dovecote_marts", "dovecote_history")


def build_on_spark(folder: Path, target: str, **settings: str) -> Path:
    """Build the demo on Spark with all data tests; give the folder of its tables."""
    result = run_dbt(
        "build",
        folder,
        arguments=("--target", target, "--exclude-resource-type", "unit_test"),
        settings={"DOVECOTE_SPARK_WAREHOUSE": str(folder / "spark"), **settings},
    )
    assert result.returncode == 0, result.stdout
    assert "WARN=0 ERROR=0 SKIP=0" in result.stdout
    return folder / "spark" / "tables"


@pytest.mark.slow
def test_marts_on_one_machine_are_those_of_duckdb(demo: Path, tmp_path: Path) -> None:
    tables = build_on_spark(tmp_path, "spark_local")
    assert build_differences(warehouse_of(demo), tables, SCHEMAS) == []


@pytest.mark.slow
@pytest.mark.cluster
def test_marts_of_two_executors_are_those_of_duckdb(demo: Path, tmp_path: Path) -> None:
    from spark.cluster import standalone_cluster

    with standalone_cluster(tmp_path / "cluster") as cluster:
        tables = build_on_spark(
            tmp_path,
            "spark_cluster",
            DOVECOTE_SPARK_MASTER=cluster.address,
            DOVECOTE_SPARK_EXECUTOR_MEMORY="900m",
        )
        tasks = cluster.tasks_by_executor()
    assert len(tasks) == 2, tasks
    assert all(tasks.values()), tasks
    assert build_differences(warehouse_of(demo), tables, SCHEMAS) == []
