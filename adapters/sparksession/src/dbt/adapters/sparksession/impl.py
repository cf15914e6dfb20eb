"""What dbt asks of an adapter, where it differs from dbt-spark's."""

from __future__ import annotations

import hashlib
from csv import reader
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
from dbt.adapters.base import BaseRelation, PythonJobHelper, available
from dbt.adapters.spark.impl import SparkAdapter
from dbt.adapters.sparksession.connections import (
    SparkSessionConnectionManager,
    SparkSessionCredentials,
    shared_session,
)
from pyarrow import csv
from pyspark.sql import DataFrame, SparkSession
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
            claim_place(spark, table)
            frame.write.mode("overwrite").format(file_format).saveAsTable(table)

        # A module that cannot be imported: workers get the model's functions by value.
        namespace = {"__name__": "__dbt_model__", "spark": spark, "write_table": write_table}
        exec(compile(compiled_code, "<dbt model>", "exec"), namespace)


def claim_place(spark: SparkSession, table: str) -> None:
    """Remove the files that a killed statement has left where a table unknown to Spark would be.

    Spark refuses to make a table there. A mark in `_made_by_dbt` tells places that were free, or a
    table's, when dbt first made one there; what lies in any other is not dbt's. A server's files
    are the server's.
    """
    if not hasattr(spark, "_jvm"):
        return
    schema, name = table.split(".")
    path = spark._jvm.org.apache.hadoop.fs.Path
    place = path(f"{schema_place(spark, schema)}/{name}")
    mark = path(f"{schema_place(spark, schema)}/_made_by_dbt/{name}")
    files = place.getFileSystem(spark._jsc.hadoopConfiguration())
    is_known = spark.catalog.tableExists(table)
    if not is_known and files.exists(mark):
        files.delete(place, True)
    if is_known or not files.exists(place):
        files.create(mark, True).close()


@cache
def schema_place(spark: SparkSession, schema: str) -> str:
    """Name the folder of a schema's tables."""
    return spark.catalog.getDatabase(schema).locationUri


@cache
def package_hash(package: str) -> str:
    """Hash the Python of a package; '' where there is none of that name."""
    found = find_spec(package)
    code = hashlib.md5(usedforsecurity=False)
    for folder in (found.submodule_search_locations or []) if found else []:
        for file in sorted(Path(folder).rglob("*.py")):
            code.update(file.read_bytes())
    return code.hexdigest() if found else ""


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

    def drop_relation(self, relation: BaseRelation) -> None:
        """Drop a relation, and the files that a killed build has left in a table's place."""
        super().drop_relation(relation)
        if relation.is_table:
            self.claim_place(f"{relation.schema}.{relation.identifier}")

    @available
    def claim_place(self, table: str) -> None:
        """Remove files that a killed statement has left where a table is to be made."""
        claim_place(shared_session(self.config.credentials.server_side_parameters), table)

    @available
    def macros_hash(self) -> str:
        """Hash all macros of the project and its packages."""
        macros = self.get_macro_resolver().macros
        code = "\n".join(f"{name} {macros[name].macro_sql}" for name in sorted(macros))
        return hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()

    @available
    def package_hash(self, package: str) -> str:
        """Hash the Python of a package; '' where there is none of that name."""
        return package_hash(package)

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
