"""Run models and tests alone on Spark, on the tables that a DuckDB build made, and compare.

    python -m spark.one_model export warehouse.duckdb folder
    python -m spark.one_model check folder [--target spark_local] [model ...]

`export` writes every table and view of a warehouse to a folder as Parquet. `check` puts them into
Spark's catalog and runs each model's query on them, so that a difference is this model's own.
Run it from the project's folder, with tests/python on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from spark.parity import differences, parquet


def export(warehouse: Path, folder: Path) -> None:
    """Write every table and view of a DuckDB warehouse to a folder."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute(
            "select table_schema, table_name, string_agg(case when data_type = 'HUGEINT' "
            "then 'cast(' || column_name || ' as bigint) as ' || column_name else column_name end, "
            "', ' order by ordinal_position) from information_schema.columns group by all"
        ).fetchall()
        for schema, name, columns in tables:
            path = folder / schema / name
            path.mkdir(parents=True, exist_ok=True)
            # Parquet has no integers as wide as DuckDB's sums.
            connection.execute(
                f"copy (select {columns} from {schema}.{name}) "
                f"to '{path}/rows.parquet' (format parquet)"
            )


def load(spark: Any, folder: Path) -> None:
    """Put exported tables into Spark's catalog."""
    for path in sorted(folder.glob("*/*")):
        spark.sql(f"create schema if not exists {path.parent.name}")
        name = f"{path.parent.name}.{path.name}"
        spark.sql(f"create table {name} using parquet location '{path.resolve()}'")


def check(folder: Path, models: list[str], target: str, variables: str) -> int:
    """Run models on exported tables; give the number of those that fail or differ."""
    from dbt.cli.main import dbtRunner
    from pyspark.sql import SparkSession

    # A catalog in memory, which the session of dbt then shares: Hive's takes a second a table.
    session = SparkSession.builder.master("local[2]").config("spark.driver.memory", "2g")
    session = session.config("spark.ui.enabled", "false").config("spark.log.level", "ERROR")
    session = session.config("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
    spark = session.config("spark.sql.warehouse.dir", f"{folder}_tables").getOrCreate()
    load(spark, folder)
    arguments = ["--target", target, "--target-path", f"{folder}_target", "--vars", variables]
    chosen = ["--select", *models] if models else []
    compiled = dbtRunner().invoke(["-q", "compile", *arguments, *chosen])
    if compiled.exception:
        raise compiled.exception
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    faults = 0
    for result in compiled.result.results:
        node = result.node
        started = time.monotonic()
        out = Path(f"{folder}_out", node.name)
        try:
            if result.status == "error":
                raise RuntimeError(result.message)
            frame = rows(spark, node)
            if node.resource_type == "test":
                found = [str(row) for row in frame.limit(3).collect()]
            else:
                frame.write.mode("overwrite").parquet(str(out))
                found = differences(
                    connection,
                    parquet(connection, folder / node.schema / node.alias),
                    parquet(connection, out),
                    any_integers=not node.contract.enforced,
                )
        except Exception as error:
            found = [f"{type(error).__name__}: {str(error)[:1500]}"]
        faults += bool(found)
        seconds = time.monotonic() - started
        print(f"{'DIFF' if found else 'same'} {node.name} ({seconds:.1f} s)", flush=True)
        for sentence in found:
            print(f"    {sentence}", flush=True)
    print(f"{faults} of {len(compiled.result.results)} models fail or differ")
    return faults


def rows(spark: Any, node: Any) -> Any:
    """Run a compiled model."""
    if node.language == "sql":
        frame = spark.sql(node.compiled_code)
        if node.resource_type == "model" and node.contract.enforced:
            columns = [
                f"cast({c.name} as {c.data_type}) as {c.name}" for c in node.columns.values()
            ]
            frame = frame.selectExpr(*columns)
        return frame
    from dbt.adapters.sparksession.impl import as_arrow

    namespace: dict[str, Any] = {"__name__": "__dbt_model__"}
    exec(compile(node.compiled_code, node.name, "exec"), namespace)
    made = namespace["model"](namespace["dbtObj"](spark.table), spark)
    return made if hasattr(made, "sparkSession") else spark.createDataFrame(as_arrow(made))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    exporting = commands.add_parser("export")
    exporting.add_argument("warehouse", type=Path)
    exporting.add_argument("folder", type=Path)
    checking = commands.add_parser("check")
    checking.add_argument("folder", type=Path)
    checking.add_argument("models", nargs="*")
    checking.add_argument("--target", default="spark_local")
    checking.add_argument("--vars", default="{}", type=lambda text: json.dumps(json.loads(text)))
    given = parser.parse_args()
    if given.command == "export":
        export(given.warehouse, given.folder)
        return 0
    return 1 if check(given.folder, given.models, given.target, given.vars) else 0


if __name__ == "__main__":
    sys.exit(main())
