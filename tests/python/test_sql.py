"""Names and texts come back from DuckDB as they were given."""

from __future__ import annotations

import duckdb
import pytest

from dovecote.sql import literal, quoted


@pytest.mark.parametrize("text", ["plain", "it's", 'a "b" c', "'\"'", "order", "2nd", "a.b", "é"])
def test_names_and_texts_stay_what_they_are(text: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create schema {quoted(text)}")
        relation = quoted(text, text)
        connection.execute(f"create table {relation} as select {literal(text)} as {quoted(text)}")
        found = connection.execute(f"select {quoted(text)} from {relation}")
        assert [column[0] for column in found.description] == [text]
        assert found.fetchall() == [(text,)]
