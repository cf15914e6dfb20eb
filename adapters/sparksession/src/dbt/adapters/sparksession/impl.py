"""What dbt asks of an adapter, where it differs from dbt-spark's."""

from __future__ import annotations

from csv import reader
from pathlib import Path
from typing import Any

import pyarrow as pa
from dbt.adapters.base import PythonJobHelper, available
from dbt.adapters.spark.impl import SparkAdapter
from dbt.adapters.sparksession.connections import (
    SparkSessionConnectionManager,
    SparkSessionCredentials,
    shared_session,
)
from pyarrow import csv
from pyspark.sql import DataFrame
from pyspark.sql.functions import col


class SessionPythonJobHelper(PythonJobHelper):
    """Runs a Python model in this process."""

    def __init__(self, parsed_model: dict[str, Any], credential: SparkSessionCredentials) -> None:
        self.credentials = credential

    def submit(self, compiled_code: str) -> None:
        """Run the model's code, which ends with a call of `write_table`."""
        spark = shared_session(self.credentials.server_side_parameters)

        def write_table(rows: Any, table: str, file_format: str) -> None:
            frame = rows if hasattr(rows, "sparkSession") else spark.createDataFrame(as_arrow(rows))
            frame.write.mode("overwrite").format(file_format).saveAsTable(table)

        # A module that cannot be imported: workers get the model's functions by value.
        namespace = {"__name__": "__dbt_model__", "spark": spark, "write_table": write_table}
        exec(compile(compiled_code, "<dbt model>", "exec"), namespace)


def as_arrow(rows: Any) -> pa.Table:
    """Turn a pandas frame into an Arrow table; leave one as it is."""
    return rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)


def seed_columns(path: Path, delimiter: str) -> list[str]:
    """Give the column names of a seed file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(reader(file, delimiter=delimiter))


class SparkSessionAdapter(SparkAdapter):
    """dbt-spark in a session of this process, Python models included."""

    ConnectionManager = SparkSessionConnectionManager

    @property
    def default_python_submission_method(self) -> str:
        """Name the only way to run a Python model."""
        return "session"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """Map the ways to run a Python model to what runs it."""
        return {"session": SessionPythonJobHelper}

    @available
    def load_seed(self, seed: dict[str, Any], table: str, delimiter: str) -> None:
        """Append the rows of a seed to its table, whose types they take; empty cells are null.

        dbt-spark's own way writes values into the text of a statement, which turns empty cells
        into the text None and breaks on apostrophes.
        """
        path = Path(seed["root_path"], seed["original_file_path"])
        dialect = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        rows = csv.read_csv(
            path,
            parse_options=dialect,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(seed_columns(path, delimiter), pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        spark = shared_session(self.config.credentials.server_side_parameters)
        fields = spark.table(table).schema.fields
        frame: DataFrame = spark.createDataFrame(rows.rename_columns([f.name for f in fields]))
        cast = [col(f"`{field.name}`").cast(field.dataType) for field in fields]
        frame.select(*cast).coalesce(1).write.insertInto(table)
