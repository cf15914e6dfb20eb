"""What dbt's Python models share: relations in, typed tables out, on whichever engine runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

CUSTOMERS_AT_ONCE = 10_000
"""Customers that a Spark task turns to at a time."""
NO_DAY = pd.Timestamp(0)
"""A day that gives the columns of a table where there is no other."""


def is_spark(relation: Any) -> bool:
    """Tell a Spark data frame from a DuckDB relation, as ``dbt.ref`` returns them."""
    return hasattr(relation, "toArrow")


def as_frame(relation: Any) -> pd.DataFrame:
    """Read a relation that dbt hands to a Python model.

    Parameters
    ----------
    relation
        What ``dbt.ref`` returns: a DuckDB relation or a Spark data frame.

    Returns
    -------
    pandas.DataFrame
        One row per row of the relation.
    """
    frame: pd.DataFrame = _frame(relation.toArrow()) if is_spark(relation) else relation.df()
    return frame


def rows_of_day(relation: Any, column: str, day: Any) -> pd.DataFrame:
    """Read the rows of a relation whose date is a certain day.

    Parameters
    ----------
    relation
        What ``dbt.ref`` returns.
    column
        Name of the date.
    day
        What `as_frame` gives for a date.
    """
    return as_frame(of_day(relation, column, day))


def of_day(relation: Any, column: str, day: Any) -> Any:
    """Select the rows of a relation whose date is a certain day, still as a relation."""
    return relation.filter(f"{column} = {_literal(day)}")


def as_table(frame: pd.DataFrame) -> pa.Table:
    """Give a Python model's result the types that SQL expects.

    Parameters
    ----------
    frame
        The result; a column whose name ends with ``_date`` holds midnights, and one without any
        value and type holds text.

    Returns
    -------
    pyarrow.Table
        The same rows, with dates as dates and texts as texts.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.cast(pa.schema([field.with_type(_sql_type(field)) for field in table.schema]))


def day_by_day(
    function: Callable[..., pd.DataFrame],
    days: Iterable[Any],
    relations: Sequence[Any],
    shared: Sequence[Any] = (),
    *,
    column: str = "cutoff_date",
    customers_apart: bool = False,
) -> Any:
    """Compute a table day by day: one after the other on DuckDB, by Spark's tasks on Spark.

    Parameters
    ----------
    function
        Takes a day and a frame per relation, with the rows of this day, and returns a frame with
        the same columns and types whatever the rows, even without any.
    days
        Days to compute.
    relations
        One or two of what ``dbt.ref`` returns, which grow with the customers.
    shared
        Others, small enough to be sent to each task.
    column
        Name of the date in all relations.
    customers_apart
        Whether a customer's rows depend on no other customer's, so that tasks may share out the
        customer_number of ``relations``.

    Returns
    -------
    pyarrow.Table or pyspark.sql.DataFrame
        The rows of all days, typed by `as_table`.
    """
    known = sorted(days) or [NO_DAY]
    if is_spark(relations[0]):
        by = f"customer_number div {CUSTOMERS_AT_ONCE}" if customers_apart else column
        return _by_tasks(function, known, relations, shared, column, by)
    return pa.concat_tables(
        as_table(function(day, *(rows_of_day(each, column, day) for each in (*relations, *shared))))
        for day in known
    )


def _by_tasks(
    function: Callable[..., pd.DataFrame],
    days: Sequence[Any],
    relations: Sequence[Any],
    shared: Sequence[Any],
    column: str,
    by: str,
) -> Any:
    nothing = [as_frame(relation.limit(0)) for relation in (*relations, *shared)]
    empty = as_table(function(NO_DAY, *nothing))
    schema = relations[0].sparkSession.createDataFrame(empty).schema

    def on(day: Any) -> Any:
        frames = [rows_of_day(relation, column, day) for relation in shared]
        groups = [
            of_day(relation, column, day).selectExpr("*", f"{by} as task_key").groupBy("task_key")
            for relation in relations
        ]

        # Spark counts the arguments, so each number of relations has a function of its own.
        def of_one(rows: pa.Table) -> pa.Table:
            return as_table(function(day, _frame(rows), *frames))

        def of_two(rows: pa.Table, others: pa.Table) -> pa.Table:
            return as_table(function(day, _frame(rows), _frame(others), *frames))

        if len(groups) == 1:
            return groups[0].applyInArrow(of_one, schema)
        return groups[0].cogroup(groups[1]).applyInArrow(of_two, schema)

    return reduce(lambda some, more: some.union(more), map(on, days))


def _frame(table: pa.Table) -> pd.DataFrame:
    # By way of DuckDB, so that columns have the types that its own relations give.
    with duckdb.connect() as connection:
        return connection.from_arrow(table).df()


def _literal(day: Any) -> str:
    return f"date '{pd.Timestamp(day):%Y-%m-%d}'"


def _sql_type(field: pa.Field) -> pa.DataType:
    if field.name.endswith("_date"):
        return pa.date32()
    is_text = pa.types.is_null(field.type) or pa.types.is_large_string(field.type)
    return pa.string() if is_text else field.type
