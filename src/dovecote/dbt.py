"""What dbt's Python models share: relations in, typed tables out, on whichever engine runs them."""

from typing import Any

import pandas as pd
import pyarrow as pa


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
    frame: pd.DataFrame = relation.df() if hasattr(relation, "df") else relation.toPandas()
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
    return as_frame(relation.filter(f"{column} = date '{pd.Timestamp(day):%Y-%m-%d}'"))


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


def _sql_type(field: pa.Field) -> pa.DataType:
    if field.name.endswith("_date"):
        return pa.date32()
    return pa.string() if pa.types.is_null(field.type) else field.type
