"""The Spark session that all models of a run share, as dbt knows a connection."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.spark.connections import (
    SparkConnectionManager,
    SparkConnectionMethod,
    SparkCredentials,
)
from dbt.adapters.spark.session import Connection as SessionHandle
from dbt.adapters.spark.session import Cursor, SessionConnectionWrapper
from dbt_common.exceptions import DbtRuntimeError
from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession

# dbt reports what fails; Spark would print each failed query once more, with its Java stack.
for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

_starting = Lock()
_sessions: dict[tuple[tuple[str, str], ...], SparkSession] = {}


def shared_session(parameters: dict[str, str]) -> SparkSession:
    """Give the session with these parameters; the first call starts it."""
    key = tuple(sorted(parameters.items()))
    with _starting:
        if key not in _sessions:
            # Workers unpickle what this interpreter pickles.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            builder = SparkSession.builder
            if "spark.remote" not in parameters:
                builder = builder.enableHiveSupport()
            for name, value in parameters.items():
                builder = builder.config(name, value)
            _sessions[key] = builder.getOrCreate()
        return _sessions[key]


@dataclass
class SparkSessionCredentials(SparkCredentials):
    """A profile: `schema`, and the session's parameters in `server_side_parameters`."""

    host: str | None = "localhost"
    method: SparkConnectionMethod = SparkConnectionMethod.SESSION

    def __post_init__(self) -> None:
        super().__post_init__()
        # dbt-spark turns ANSI mode off. With it a bad cast or an overflow is an error, as on other
        # databases, and double quotes hold identifiers.
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"
        self.server_side_parameters["spark.sql.ansi.doubleQuotedIdentifiers"] = "true"

    @property
    def type(self) -> str:
        """Name the adapter."""
        return "sparksession"


@contextmanager
def errors_of_dbt() -> Iterator[None]:
    """Turn Spark's errors into those that dbt shows without a traceback, or looks into."""
    try:
        yield
    except PySparkException as error:
        raise DbtRuntimeError(str(error)) from error


class SharedCursor(Cursor):
    """Runs SQL in the shared session, without setting its parameters before each statement."""

    def execute(self, sql: str, *parameters: Any) -> None:
        """Run one statement."""
        if parameters:
            raise DbtRuntimeError("Spark takes no bindings: write values into the statement.")
        with errors_of_dbt():
            self._df = shared_session(self.server_side_parameters).sql(sql)

    def fetchall(self) -> list[Row] | None:
        """Give all rows: it is here that a query runs."""
        with errors_of_dbt():
            return super().fetchall()


class SharedHandle(SessionHandle):
    """What dbt takes for a database connection."""

    def cursor(self) -> Cursor:
        """Give a cursor on the shared session."""
        return SharedCursor(server_side_parameters=self.server_side_parameters)


class SparkSessionConnectionManager(SparkConnectionManager):
    """Opens connections that all lead to one session."""

    TYPE = "sparksession"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Start the session, where no connection has yet."""
        parameters = connection.credentials.server_side_parameters
        shared_session(parameters)
        connection.handle = SessionConnectionWrapper(
            SharedHandle(server_side_parameters=parameters)
        )
        connection.state = ConnectionState.OPEN
        return connection
