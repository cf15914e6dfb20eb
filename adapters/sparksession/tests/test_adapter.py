"""A small project on one session: seeds, contracts and Python models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed")
pq = pytest.importorskip("pyarrow.parquet")

PROFILES = """
shop:
  target: local
  outputs:
    local:
      type: sparksession
      schema: shop
      threads: 2
      server_side_parameters:
        spark.master: local[1]
        spark.ui.enabled: "false"
        spark.sql.shuffle.partitions: "1"
        spark.sql.session.timeZone: UTC
        spark.sql.warehouse.dir: "{folder}/tables"
        spark.hadoop.javax.jdo.option.ConnectionURL: "jdbc:derby:;databaseName=catalog;create=true"
        spark.driver.extraJavaOptions: "-Dderby.system.home={folder}"
"""

FILES = {
    "dbt_project.yml": """
name: shop
version: 0.1.0
profile: shop
models: {+materialized: table, +file_format: parquet}
seeds: {+file_format: parquet}
""",
    "seeds/people.csv": 'name,note,age\nD\'Arcy,,41\n"Æthel, ""the Unready""","two\nlines",\n',
    "seeds/_seeds.yml": """
seeds:
  - name: people
    config: {column_types: {name: string, note: string, age: int}}
""",
    "models/adults.sql": """
select name, age, 1 as "number" from {{ ref('people') }} where age > 17
""",
    "models/_models.yml": """
models:
  - name: adults
    description: It's a table.
    config: {contract: {enforced: true}, persist_docs: {relation: true}}
    columns:
      - {name: name, data_type: string}
      - {name: age, data_type: bigint}
      - {name: number, data_type: int}
  - name: narrow
    config: {contract: {enforced: true}}
    columns:
      - {name: name, data_type: string}
""",
    "models/spread.py": """
OFFSET = 1


def older(rows):
    return rows.assign(age=rows["age"] + OFFSET)


def model(dbt, session):
    dbt.config(materialized="table")
    adults = dbt.ref("adults").select("name", "age")
    return adults.groupBy("name").applyInPandas(older, "name string, age bigint")
""",
    "models/fitted.py": """
import pandas as pd


def model(dbt, session):
    dbt.config(materialized="table")
    ages = dbt.ref("spread").toPandas()["age"]
    return pd.DataFrame({"statistic": ["mean", None], "value": [ages.mean(), float(len(ages))]})
""",
    "models/narrow.sql": "select name, age from {{ ref('people') }}",
    "models/foreign.sql": "select name from {{ ref('people') }}",
    "models/wrong.sql": "select cast('no number' as int) as number from {{ ref('people') }}",
}


def dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("dbt"), *arguments, "--profiles-dir", folder],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (folder / "profiles.yml").write_text(PROFILES.format(folder=folder))
    tables = folder / "tables" / "shop.db"
    # What a killed build leaves, of a table that Spark does not know.
    (tables / "_made_by_dbt").mkdir(parents=True)
    for table in ("adults", "fitted"):
        (tables / "_made_by_dbt" / table).touch()
        (tables / table / "_temporary").mkdir(parents=True)
        (tables / table / "part.parquet").write_bytes(b"broken off")
    (tables / "foreign").mkdir()
    (tables / "foreign" / "part.parquet").write_bytes(b"of somebody else")
    built = dbt(folder, "build", "--exclude", "wrong", "narrow", "foreign")
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    return sorted(
        pq.read_table(folder / "tables" / "shop.db" / table).to_pylist(), key=lambda row: str(row)
    )


def test_seed_keeps_empty_cells_and_quotes(shop: Path) -> None:
    assert rows(shop, "people") == [
        {"name": "D'Arcy", "note": None, "age": 41},
        {"name": 'Æthel, "the Unready"', "note": "two\nlines", "age": None},
    ]


def test_contract_sets_types(shop: Path) -> None:
    schema = pq.read_table(shop / "tables" / "shop.db" / "adults").schema
    assert [str(field.type) for field in schema] == ["string", "int64", "int32"]


def test_python_models_run_on_workers_and_on_the_driver(shop: Path) -> None:
    assert rows(shop, "spread") == [{"name": "D'Arcy", "age": 42}]
    assert rows(shop, "fitted") == [
        {"statistic": "mean", "value": 42.0},
        {"statistic": None, "value": 1.0},
    ]


def test_files_that_dbt_did_not_write_stay(shop: Path) -> None:
    built = dbt(shop, "run", "--select", "foreign")
    assert built.returncode == 1
    assert "LOCATION_ALREADY_EXISTS" in built.stdout
    foreign = shop / "tables" / "shop.db" / "foreign"
    assert [path.read_bytes() for path in foreign.iterdir()] == [b"of somebody else"]
    assert dbt(shop, "run", "--select", "adults").returncode == 0


def test_a_bad_cast_and_a_broken_contract_are_errors(shop: Path) -> None:
    built = dbt(shop, "run", "--select", "wrong", "narrow")
    assert built.returncode == 1
    assert "CAST_INVALID_INPUT" in built.stdout
    assert (
        "The contract of narrow has the columns name, and its query gives name, age" in built.stdout
    )
