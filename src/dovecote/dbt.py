"""What dbt's Python models share: reading a relation on whichever engine runs it."""

from typing import Any

import pandas as pd


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
