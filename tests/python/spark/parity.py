"""Whether two tables hold the same: one of DuckDB's, and the Parquet that Spark has written.

Types come first, then the number of rows, then all exact columns, both ways. Doubles are compared
row by row, where the exact columns lead from one row to its twin, as sums of doubles depend on
their order. DuckDB does the comparing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

ABSOLUTE_TOLERANCE = 1e-9
RELATIVE_TOLERANCE = 1e-9
SHOWN_ROWS = 3

# What two builds cannot have in common.
EXPLAINED = {
    "run_id": "each build has its own",
    "file_version": "each engine tells when a file was written in its own words",
    "run_started_at": "each build starts when it does",
    "started_at": "each build starts when it does",
    "finished_at": "each build ends when it does",
    "fingerprint": "each engine hashes its own text of a row",
    "input_fingerprint": "each engine hashes its own text of a row",
    "input_fingerprints": "each engine hashes its own text of a row",
    "model_version": "it hashes the fingerprints of the inputs",
}


@dataclass(frozen=True)
class Side:
    """One of two tables: its name, what to select from, and its columns' types."""

    name: str
    relation: str
    types: dict[str, str]


def table(connection: duckdb.DuckDBPyConnection, relation: str) -> Side:
    """Describe a table or view of DuckDB's."""
    return _side(connection, "DuckDB", relation)


def parquet(connection: duckdb.DuckDBPyConnection, folder: Path) -> Side:
    """Describe what Spark has written to a folder."""
    files = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
    return _side(connection, "Spark", files)


def _side(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> Side:
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    # Spark's timestamps are instants, which its files say and DuckDB's, all in UTC, do not.
    types = {row[0]: row[1].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP") for row in rows}
    return Side(name, relation, types)


def differences(
    connection: duckdb.DuckDBPyConnection,
    expected: Side,
    actual: Side,
    *,
    ignored: Collection[str] = EXPLAINED,
    any_integers: bool = False,
    relative_tolerance: float = RELATIVE_TOLERANCE,
    absolute_tolerance: float = ABSOLUTE_TOLERANCE,
) -> list[str]:
    """Say in words how two tables differ; an empty list where they do not.

    Parameters
    ----------
    connection
        A connection to DuckDB, in UTC.
    expected, actual
        The two tables.
    ignored
        Columns whose values may differ; their types may not.
    any_integers
        Whether integers of all widths are one type, as before a contract says which.
    relative_tolerance, absolute_tolerance
        How far doubles may lie apart: by the sum of both.
    """
    if any_integers:
        expected, actual = _with_one_integer(expected), _with_one_integer(actual)
    if list(expected.types.items()) != list(actual.types.items()):
        return _type_differences(expected, actual)
    counts = [
        connection.execute(f"select count(*) from {side.relation}").fetchall()[0][0]
        for side in (expected, actual)
    ]
    if counts[0] != counts[1]:
        return [f"{counts[0]:,} rows in DuckDB, {counts[1]:,} in Spark"]

    compared = {name: kind for name, kind in expected.types.items() if name not in ignored}
    exact = [name for name, kind in compared.items() if kind not in ("DOUBLE", "FLOAT")]
    doubles = [name for name in compared if name not in exact]
    found = _exact_differences(connection, expected, actual, exact) if exact else []
    if found or not doubles:
        return found
    return _double_differences(
        connection, expected, actual, exact, doubles, relative_tolerance, absolute_tolerance
    )


def _with_one_integer(side: Side) -> Side:
    types = {
        name: "BIGINT" if kind in ("HUGEINT", "INTEGER", "SMALLINT", "TINYINT") else kind
        for name, kind in side.types.items()
    }
    return replace(side, types=types)


def _type_differences(expected: Side, actual: Side) -> list[str]:
    found = [
        f"{name} is {expected.types.get(name, 'absent')} in DuckDB, "
        f"{actual.types.get(name, 'absent')} in Spark"
        for name in expected.types | actual.types
        if expected.types.get(name) != actual.types.get(name)
    ]
    return found or ["the columns are in another order"]


def _quoted(names: Collection[str], types: dict[str, str]) -> str:
    return ", ".join(
        f'cast("{name}" as timestamp) as "{name}"' if types[name] == "TIMESTAMP" else f'"{name}"'
        for name in names
    )


def _exact_differences(
    connection: duckdb.DuckDBPyConnection, expected: Side, actual: Side, columns: list[str]
) -> list[str]:
    selected = _quoted(columns, expected.types)
    found = []
    for one, other in ((expected, actual), (actual, expected)):
        query = (
            f"select {selected} from {one.relation} "
            f"except all select {selected} from {other.relation}"
        )
        only = connection.execute(f"select count(*) from ({query})").fetchall()[0][0]
        if only:
            rows = connection.execute(
                f"select * from ({query}) order by all limit {SHOWN_ROWS}"
            ).fetchall()
            shown = "; ".join(
                ", ".join(f"{name}={value}" for name, value in zip(columns, row, strict=True))
                for row in rows
            )
            found.append(f"{only:,} rows only in {one.name}, such as: {shown}")
    return found


def _double_differences(
    connection: duckdb.DuckDBPyConnection,
    expected: Side,
    actual: Side,
    exact: list[str],
    doubles: list[str],
    relative_tolerance: float,
    absolute_tolerance: float,
) -> list[str]:
    selected = _quoted([*exact, *doubles], expected.types)
    partition = ", ".join(f'"{name}"' for name in exact) or "1"
    order = ", ".join(f'"{name}"' for name in doubles)
    connection.execute("drop table if exists temp.twins")
    placed = [
        f"(select *, row_number() over (partition by {partition} order by {order}) as place "
        f"from (select {selected} from {side.relation}))"
        for side in (expected, actual)
    ]
    key = " and ".join(f'a."{name}" is not distinct from b."{name}"' for name in [*exact, "place"])
    found = []
    pairs = ", ".join(
        f'a."{name}" as "a{i}", b."{name}" as "b{i}"' for i, name in enumerate(doubles)
    )
    keys = ", ".join(f'coalesce(a."{name}", b."{name}")' for name in exact) or "1"
    connection.execute(
        f"create temp table twins as select concat_ws(', ', {keys}) as twin_key, {pairs} "
        f"from {placed[0]} as a full join {placed[1]} as b on {key}"
    )
    for i, name in enumerate(doubles):
        apart = (
            f"(a{i} is null) <> (b{i} is null) or isnan(a{i}) <> isnan(b{i}) "
            f"or abs(a{i} - b{i}) > {absolute_tolerance} + {relative_tolerance} * abs(a{i})"
            f" or (isinf(a{i}) and a{i} <> b{i})"
        )
        rows = connection.execute(
            f"select count(*) over (), twin_key, a{i}, b{i} from temp.twins where {apart} "
            f"order by abs(a{i} - b{i}) desc nulls first limit {SHOWN_ROWS}"
        ).fetchall()
        if rows:
            shown = "; ".join(f"{row[2]} against {row[3]} at {row[1]}" for row in rows)
            found.append(f"{name} differs in {rows[0][0]:,} rows, such as: {shown}")
    return found


# What is a warehouse's own: its registry of builds, and whom `dovecote forget` keeps out of it.
OF_ITS_OWN = ("mart_builds", "builds", "forgotten_people")


def build_differences(
    warehouse: Path,
    spark_tables: Path,
    schemas: Collection[str],
    *,
    ignored: Collection[str] = EXPLAINED,
    any_integers: bool = False,
) -> list[str]:
    """Compare all tables of some schemas: a DuckDB warehouse and Spark's folder of tables."""
    found = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema) and table_type = 'BASE TABLE' order by all",
            [list(schemas)],
        ).fetchall()
        assert tables, f"{warehouse} has no table in {', '.join(schemas)}"
        for schema, name in tables:
            folder = spark_tables / f"{schema}.db" / name
            if name in OF_ITS_OWN:
                continue
            if not list(folder.rglob("*.parquet")):
                found.append(f"{schema}.{name}: missing in Spark")
                continue
            sentences = differences(
                connection,
                table(connection, f"{schema}.{name}"),
                parquet(connection, folder),
                ignored=ignored,
                any_integers=any_integers,
            )
            found += [f"{schema}.{name}: {sentence}" for sentence in sentences]
    return found
