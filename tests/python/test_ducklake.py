"""The target `ducklake`: builds into it, readers meanwhile, and versions afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import pandas as pd
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from dbt_runs import run_dbt
from dovecote import lake
from dovecote.cli import simulate
from lake_readers import Seen, reading
from postgres import postgres

pytestmark = pytest.mark.slow

READERS = 2
COLUMNS = ["order_id", "customer_id", "ordered_at", "gross_amount"]
VARIABLES = {
    "dovecote_churn_activities": ["order"],
    "dovecote_churn_min_customers": 20,
    "dovecote_churn_min_repeat_customers": 10,
}
# Seeds, files with lines that are no records, Python models, history and the registry.
WHOLE = (
    *("--select", "+hist_churn_scores", "+fct_orders", "mart_builds"),
    *("--exclude-resource-type", "test"),
)
# What one more day of orders changes first, with its tests, by several threads.
PART = (
    *("--select", "raw_orders", "base_orders", "stg_orders", "int_core__run", "int_core__orders"),
    *("int_core__purchases", "fct_orders", "hist_churn_scores", "mart_builds"),
    *("--indirect-selection", "cautious", "--threads", "4"),
)
ORDERS = "select count(*), sum(gross_amount), max(ordered_at) from dovecote_marts.fct_orders"


@dataclass
class Builds:
    """Two builds, the second with one more day of orders, while readers asked for ORDERS."""

    given: list[pd.DataFrame]
    versions: list[lake.Version]
    seen: list[Seen]


@pytest.fixture(scope="module")
def extensions() -> None:
    try:
        lake.load_extensions(duckdb.connect())
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def catalog(extensions: None) -> Iterator[str]:
    server = postgres()
    try:
        address = server.__enter__()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOVECOTE_LAKE_CATALOG", address)
        yield address
    server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def builds(catalog: str, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    shop, data, folder = (tmp_path_factory.mktemp(name) for name in ("shop", "data", "build"))
    simulate(customers=200, days=240, seed=3, out=shop)
    orders = pd.read_csv(shop / "orders.csv", dtype=str)[COLUMNS].dropna()
    last_day = orders["ordered_at"].max()[:10]
    given = [orders[orders["ordered_at"] < last_day], orders]
    settings = {
        "DOVECOTE_LAKE_CATALOG": catalog,
        "DOVECOTE_LAKE_DATA": str(tmp_path_factory.mktemp("lake")),
    }

    def build(rows: pd.DataFrame, arguments: tuple[str, ...]) -> None:
        text = rows.to_csv(index=False)
        (data / "orders.csv").write_text(text + "a line of two cells,c1\n")
        done = run_dbt(
            "build",
            folder,
            data=data,
            variables=VARIABLES,
            arguments=("--target", "ducklake", "--warn-error", "--quiet", *arguments),
            settings=settings,
        )
        assert done.returncode == 0, done.stdout

    build(given[0], WHOLE)
    with reading(READERS, [ORDERS], settings, folder / "stop") as seen:
        build(given[1], PART)
    return Builds(given, lake.versions(lake.connect()), seen)


def answer_to(orders: pd.DataFrame) -> tuple[int, float, pd.Timestamp]:
    amounts = pd.to_numeric(orders["gross_amount"])
    return len(orders), round(amounts.sum(), 2), pd.Timestamp(orders["ordered_at"].max())


def test_each_version_holds_the_orders_of_its_build(builds: Builds) -> None:
    assert len(builds.given[0]) < len(builds.given[1])
    connection = lake.connect()
    for given, build in zip(builds.given, builds.versions, strict=True):
        asked = f"{ORDERS} at (version => {build.version})"
        (found,) = connection.execute(asked).fetchall()
        assert (found[0], float(found[1]), found[2]) == answer_to(given)
        assert lake.connect(build.version).execute(ORDERS).fetchall() == [found]


def test_readers_during_a_build_see_one_version_or_the_other(builds: Builds) -> None:
    of_versions = {str(lake.connect(v.version).execute(ORDERS).fetchall()) for v in builds.versions}
    assert len(builds.seen) == READERS
    for seen in builds.seen:
        assert seen.errors == []
        assert seen.asked > 10
        assert set(seen.answers[ORDERS]) == of_versions


def test_history_is_kept_and_the_registry_knows_both(builds: Builds) -> None:
    connection = lake.connect()
    days = [pd.Timestamp(given["ordered_at"].max()).date() for given in builds.given]
    assert [(v.as_of_date, v.is_green) for v in builds.versions] == [(d, False) for d in days]
    runs = [v.run_id for v in builds.versions]
    assert connection.execute(
        "select run_id, status, as_of_date from dovecote_marts.mart_builds order by started_at"
    ).fetchall() == [(run, "part", day) for run, day in zip(runs, days, strict=True)]
    assert connection.execute(
        "select run_id, as_of_date from dovecote_history.hist_churn_scores group by all order by 2"
    ).fetchall() == list(zip(runs, days, strict=True))


def test_lines_that_are_no_records_are_kept(builds: Builds) -> None:
    assert lake.connect().execute(
        "select raw_row, reasons from dovecote_staging.base_orders where row_status = 'quarantined'"
    ).fetchall() == [("a line of two cells,c1", "malformed_line")]


def test_each_thread_of_a_build_has_a_database_of_its_own(
    extensions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = DuckDBCredentials.from_dict(
        {"path": ":memory:", "schema": "main", "plugins": [{"module": "dovecote.lake"}]}
    )
    environment = LocalEnvironment(credentials)
    monkeypatch.setattr(DuckDBConnectionManager, "_ENV", environment)

    def tables_before_one_more(name: str) -> list[tuple[str]]:
        cursor = environment.handle().cursor()
        found = cursor.execute("select table_name from duckdb_tables()").fetchall()
        cursor.execute(f"create table {name} (a int)")
        return found

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        assert one.submit(tables_before_one_more, "a").result() == []
        assert other.submit(tables_before_one_more, "b").result() == []
        assert one.submit(tables_before_one_more, "c").result() == [("a",)]


def test_a_missing_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOVECOTE_LAKE_CATALOG", raising=False)
    with pytest.raises(ValueError, match="name the PostgreSQL database"):
        lake.connect()


def test_an_extension_for_another_duckdb_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "__version__", "0.0.1")
    with pytest.raises(ValueError, match=r"pip install 'dovecote\[lake\]'"):
        lake.load_extensions(duckdb.connect())
