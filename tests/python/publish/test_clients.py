"""What reads a version: older DuckDB, SQLAlchemy, pandas and Polars."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
import sqlalchemy

from dovecote.publish import DATABASE, Published, Version
from publish.forks import OTHER_USER, in_a_fork
from publish.shops import HISTORY, MARTS, rows_of

RELATIONS = [
    f"{MARTS}.mart_customer_value",
    f"{MARTS}.mart_churn_scores",
    f"{MARTS}.mart_builds",
    f"{MARTS}.published_version",
    f"{HISTORY}.hist_churn_scores",
    f"{HISTORY}.builds",
]
OLDEST_DUCKDB = "1.4.4"
ASK = """
import json, sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
answers = {r: connection.execute(f"from {r} order by all").fetchall() for r in sys.argv[2:]}
print(json.dumps([duckdb.__version__, answers], default=str))
"""


@pytest.fixture
def current(published: Published, version: Version) -> Path:
    return published.link


def test_the_oldest_duckdb_reads_what_the_newest_wrote(current: Path, tmp_path: Path) -> None:
    installed = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(tmp_path)),
            f"duckdb=={OLDEST_DUCKDB}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"duckdb {OLDEST_DUCKDB} cannot be installed: {installed.stderr[-200:]}")
    printed = subprocess.run(
        [sys.executable, "-c", ASK, str(current / DATABASE), *RELATIONS],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    version, answers = json.loads(printed)
    assert version == OLDEST_DUCKDB
    expected = {relation: rows_of(current / DATABASE, relation) for relation in RELATIONS}
    assert answers == json.loads(json.dumps(expected, default=str))


def test_sqlalchemy_reads_it_and_may_not_write(current: Path) -> None:
    expected = {relation: rows_of(current / DATABASE, relation) for relation in RELATIONS}
    engine = sqlalchemy.create_engine(
        f"duckdb:///{current / DATABASE}", connect_args={"read_only": True}
    )
    with engine.connect() as connection:
        for relation in RELATIONS:
            found = connection.execute(sqlalchemy.text(f"from {relation} order by all"))
            assert [tuple(row) for row in found] == expected[relation]
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
            connection.execute(sqlalchemy.text(f"delete from {MARTS}.mart_churn_scores"))
    engine.dispose()


def test_the_uri_of_the_readme_opens_it_to_read(current: Path) -> None:
    expected = rows_of(current / DATABASE, RELATIONS[0])
    engine = sqlalchemy.create_engine(f"duckdb:///{current / DATABASE}?access_mode=read_only")
    with engine.connect() as connection:
        found = connection.execute(sqlalchemy.text(f"from {RELATIONS[0]} order by all"))
        assert [tuple(row) for row in found] == expected
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
            connection.execute(sqlalchemy.text(f"delete from {RELATIONS[0]}"))
    engine.dispose()


def test_a_client_that_forgets_read_only_may_not_write_either(current: Path) -> None:
    _, error = in_a_fork(lambda: duckdb.connect(current / DATABASE), user=OTHER_USER)
    assert "Permission denied" in error


def test_pandas_and_polars_read_the_parquet(current: Path) -> None:
    for relation in RELATIONS:
        file = current / "parquet" / f"{relation.replace('.', '/')}.parquet"
        rows = rows_of(current / DATABASE, relation)
        assert rows
        of_polars = pl.read_parquet(file).rows()
        of_pandas = pd.read_parquet(file, dtype_backend="pyarrow").itertuples(index=False)
        for found in (of_polars, of_pandas):
            with_none = [tuple(None if value is pd.NA else value for value in row) for row in found]
            assert sorted(with_none, key=str) == sorted(rows, key=str)
