"""The lake that `dbt build --target ducklake` writes: a catalog in PostgreSQL, data in Parquet."""

from __future__ import annotations

import os
import threading
from datetime import date
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt.adapters.duckdb.plugins import BasePlugin

from dovecote.sql import literal

# DuckLake reaches its catalog through the other one, which therefore comes first.
EXTENSIONS = ("postgres_scanner", "ducklake")


class Version(NamedTuple):
    """A finished build and the version of the lake that it left."""

    run_id: str
    as_of_date: date | None
    is_green: bool
    version: int


def connect(version: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open the lake of DOVECOTE_LAKE_CATALOG to read it, also while a build writes it.

    Parameters
    ----------
    version
        What all answers are taken from, whatever is built meanwhile; None: the latest, query by
        query.

    Returns
    -------
    duckdb.DuckDBPyConnection
        A connection in memory in which the lake is attached as `lake`, and where names without a
        database, like `dovecote_marts.mart_builds`, are the lake's.

    Raises
    ------
    ValueError
        If DOVECOTE_LAKE_CATALOG is not set, or an extension is not installed.
    """
    catalog = os.environ.get("DOVECOTE_LAKE_CATALOG")
    if not catalog:
        raise ValueError(
            "DOVECOTE_LAKE_CATALOG is not set: name the PostgreSQL database that holds the lake's "
            "catalog, like 'dbname=dovecote host=localhost'."
        )
    pinned = "" if version is None else f", snapshot_version {version}"
    connection = duckdb.connect()
    load_extensions(connection)
    connection.execute(
        f"attach {literal(f'ducklake:postgres:{catalog}')} as lake (read_only{pinned})"
    )
    connection.execute("set search_path = 'lake'")
    connection.execute("set TimeZone = 'UTC'")
    return connection


def versions(connection: duckdb.DuckDBPyConnection) -> list[Version]:
    """List the builds that ended and the versions that they left, for `at (version => ...)`.

    The version of a build is the one in which its end was written down.
    """
    (latest,) = connection.execute("select max(snapshot_id) from lake.snapshots()").fetchall()[0]
    rows = connection.execute(
        "select run_id, as_of_date, is_green, min(snapshot_id) as version "
        "from ducklake_table_changes('lake', 'dovecote_history', 'builds', 0::bigint, $1::bigint) "
        "where change_type = 'update_postimage' and finished_at is not null "
        "group by all order by version",
        [latest],
    ).fetchall()
    return [Version(*row) for row in rows]


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what DuckLake needs from the wheels of the extra `lake`.

    Raises
    ------
    ValueError
        If an extension is not installed for this version of DuckDB.
    """
    for name in EXTENSIONS:
        connection.load_extension(str(_extension_file(name)))


def _extension_file(name: str) -> Path:
    spec = find_spec(f"duckdb_extension_{name}")
    folders = (spec and spec.submodule_search_locations) or []
    for folder in folders:
        file = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.is_file():
            return file
    raise ValueError(
        f"The DuckDB extension {name} is not installed for DuckDB {duckdb.__version__}: "
        "pip install 'dovecote[lake]', which brings the DuckDB that it fits."
    )


class OneDatabaseAThread(LocalEnvironment):
    """Where dbt-duckdb runs: a database in memory for each thread, instead of one for all.

    Transactions side by side in one database free each other's copy of the catalog while it is in
    use (github.com/duckdb/ducklake/issues/1248); between databases PostgreSQL arbitrates.
    """

    @property  # type: ignore[override]
    def conn(self) -> duckdb.DuckDBPyConnection | None:
        """The connection of this thread."""
        return getattr(self._of_thread, "connection", None)

    @conn.setter
    def conn(self, connection: duckdb.DuckDBPyConnection | None) -> None:
        self._of_thread.connection = connection

    @cached_property
    def _of_thread(self) -> threading.local:
        return threading.local()


class Plugin(BasePlugin):
    """What dbt-duckdb asks to prepare the connections of the target `ducklake`."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load the extensions before dbt-duckdb attaches the lake."""
        load_extensions(conn)
        DuckDBConnectionManager.env().__class__ = OneDatabaseAThread
