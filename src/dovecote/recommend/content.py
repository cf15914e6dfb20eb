"""Which products are alike by what is said of them, for products that few have bought yet.

References
----------
Salton, G., Buckley, C. (1988), Term-weighting approaches in automatic text retrieval, Information
Processing & Management 24(5), 513-523.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from dovecote.recommend.baskets import blocks, require_columns
from dovecote.recommend.ranking import largest_stored

WORD = re.compile(r"\w{2,}")
PRODUCTS_AT_ONCE = 200


def content_similarities(
    products: pd.DataFrame,
    *,
    texts: Sequence[str],
    attributes: Sequence[str],
    cold: Sequence[Any] | None = None,
    neighbours: int = 50,
) -> pd.DataFrame:
    """Find the products nearest in their words and attributes.

    Parameters
    ----------
    products
        One row per product_id with the columns of ``texts`` and ``attributes``; nulls say nothing.
    texts
        Columns read word by word, in lower case.
    attributes
        Columns whose value counts as one word of its own, such as category.
    cold
        Products to find neighbours of; None finds them for all.
    neighbours
        How many to keep; scores do not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row per product_id and similar_product_id, with position (from 1), score (cosine of
        tf-idf weights with logarithmic counts) and method_name ``content``; sorted. Products that
        share no word are no neighbours. Ties are broken by product_id.

    Raises
    ------
    ValueError
        If a column is missing, or a product_id is null or comes twice.
    """
    require_columns("products", products, ["product_id"])
    for column in (*texts, *attributes):
        if column not in products.columns:
            raise ValueError(f"Column {column} is not in products: add it.")
    if products["product_id"].duplicated().any():
        raise ValueError("Column product_id of products repeats a value: keep one row a product.")
    ordered = products.sort_values("product_id", ignore_index=True)
    ids = ordered["product_id"].to_numpy()
    weights = _weights(ordered, texts, attributes)
    of_words = weights.T.tocsr()
    is_asked = np.ones(len(ids), dtype=bool) if cold is None else np.isin(ids, list(cold))
    asked = np.flatnonzero(is_asked)
    nobody = np.empty(0, dtype=np.int64)
    found = [(nobody, nobody, nobody, np.empty(0))]
    for block in blocks(asked.size, PRODUCTS_AT_ONCE):
        scores = (weights[asked[block]] @ of_words).tocsr()
        row, stored = largest_stored(scores, scores.data, neighbours, asked[block])
        position = np.arange(row.size) - np.searchsorted(row, row) + 1
        found.append((asked[block][row], scores.indices[stored], position, scores.data[stored]))
    product, similar, position, score = (np.concatenate(part) for part in zip(*found, strict=True))
    return pd.DataFrame(
        {
            "product_id": ids[product],
            "similar_product_id": ids[similar],
            "position": position,
            "score": score,
            "method_name": pd.array(["content"] * len(score), dtype="str"),
        }
    )


def _weights(
    products: pd.DataFrame, texts: Sequence[str], attributes: Sequence[str]
) -> sparse.csr_array:
    words: list[list[str]] = [[] for _ in range(len(products))]
    for column in texts:
        for said, text in zip(words, products[column], strict=True):
            said += [] if pd.isna(text) else WORD.findall(str(text).lower())
    for column in attributes:
        for said, value in zip(words, products[column], strict=True):
            # A colon keeps a value apart from the words of texts.
            said += [] if pd.isna(value) else [f"{column}:{value}"]
    if not any(words):
        return sparse.csr_array((len(products), 0))
    vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    return sparse.csr_array(vectorizer.fit_transform(words))
