"""Shops of the oracle as the raw rows that the project's SQL reads."""

from __future__ import annotations

import pandas as pd

from oracle.settings import TABLES, Shop


def raw_rows(shop: Shop) -> dict[str, pd.DataFrame]:
    """Give each table of a shop as text, as a CSV file would hold it."""
    return {name: as_text(getattr(shop, name)) for name in TABLES}


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column: pd.Series(
                [None if pd.isna(value) else str(value) for value in table[column]], dtype=object
            )
            for column in table.columns
        }
    )
