"""Between the numbered rows of the warehouse and the ids of this library.

The warehouse numbers customers, products and baskets in the order of their ids: whole numbers take
a fraction of the memory and time of texts. The library takes any ids, so numbers serve as ids.
"""

from __future__ import annotations

import pandas as pd

from dovecote.recommend.similarities import Similarities

NUMBER, ID = "_number", "_id"


def with_ids(rows: pd.DataFrame) -> pd.DataFrame:
    """Rename ``<name>_number`` to ``<name>_id``."""
    return rows.rename(columns=lambda name: _with_suffix(name, NUMBER, ID))


def with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Rename ``<name>_id`` to ``<name>_number``."""
    return rows.rename(columns=lambda name: _with_suffix(name, ID, NUMBER))


def stacked(similarities: Similarities) -> pd.DataFrame:
    """Put the three tables of similarities into one.

    Returns
    -------
    pandas.DataFrame
        The rows of ``scoring`` and ``display``, named so by use_name, and one row per product with
        use_name ``rest``: the product as product_id and similar_product_id, rest_score as score.
    """
    scoring, display, targets = similarities
    rest = targets.rename(columns={"rest_score": "score"}).assign(
        product_id=targets["similar_product_id"], position=1, method_name="", co_buyers=0
    )
    return pd.concat(
        [
            table.assign(use_name=pd.array([name] * len(table), dtype="str"))
            for name, table in (("scoring", scoring), ("display", display), ("rest", rest))
        ],
        ignore_index=True,
    )


def _with_suffix(name: str, old: str, new: str) -> str:
    return name.removesuffix(old) + new if name.endswith(old) else name
