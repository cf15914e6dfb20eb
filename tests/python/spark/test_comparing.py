"""The harness of parity sees each kind of difference, and none where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spark.parity import build_differences, differences, parquet, table

ROWS = (
    "select * from (values (1, 'a', 0.1::double, timestamp '2024-01-01 10:00:00'), "
    "(2, null, null, null), (3, 'c', 1e6::double, timestamp '2024-01-02 00:00:00.5')) "
    "as rows (id, name, share, seen_at)"
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table expected as {ROWS}")
        yield connection


def found(connection: duckdb.DuckDBPyConnection, folder: Path, query: str) -> str:
    # As Spark writes them, instants are in UTC.
    connection.execute(
        f"copy (select * replace (seen_at::timestamptz as seen_at) from ({query})) "
        f"to '{folder}/rows.parquet'"
    )
    return "; ".join(
        differences(connection, table(connection, "expected"), parquet(connection, folder))
    )


@pytest.mark.parametrize(
    "query",
    [
        ROWS,
        f"{ROWS} order by id desc",
        f"select * replace (share * (1 + 1e-12) as share) from ({ROWS})",
    ],
)
def test_same_rows_are_the_same(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, query: str
) -> None:
    assert found(connection, tmp_path, query) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("* replace (id::bigint as id)", "id is INTEGER in DuckDB, BIGINT in Spark"),
        ("* exclude (name)", "name is VARCHAR in DuckDB, absent in Spark"),
        ("name, id, share, seen_at", "the columns are in another order"),
        ("* replace (coalesce(name, '') as name)", "1 rows only in DuckDB"),
        ("* replace (seen_at + interval 1 microsecond as seen_at)", "2 rows only in Spark"),
        ("* replace (share * 1.0001 as share)", "share differs in 2 rows"),
        ("* replace (coalesce(share, 0) as share)", "share differs in 1 rows"),
        ("* replace (coalesce(share, 'nan') as share)", "share differs in 1 rows"),
    ],
)
def test_each_difference_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, change: str, sentence: str
) -> None:
    assert sentence in found(connection, tmp_path, f"select {change} from ({ROWS})")


def test_rows_that_come_twice_are_counted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    twice = f"{ROWS} union all {ROWS}"
    assert found(connection, tmp_path, twice) == "3 rows in DuckDB, 6 in Spark"
    swapped = (
        f"select * from ({ROWS}) where id <> 2 union all (select * from ({ROWS}) where id = 1)"
    )
    assert "1 rows only in Spark, such as: id=1" in found(connection, tmp_path, swapped)


def test_a_missing_table_is_a_difference(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.fct_rows as {ROWS}")
    assert build_differences(tmp_path / "w.duckdb", tmp_path, ["marts"]) == [
        "marts.fct_rows: missing in Spark"
    ]
