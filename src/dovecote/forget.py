"""Forgetting a person: who is meant, what goes, what keeps them out, and the proof.

Tables are known by the names of their columns, so that the build file and published files are
treated alike. An id is looked for only where ids of persons stand: in a shop that numbers its
customers and its orders, equal numbers elsewhere are other things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from dovecote.salt import pseudonym, salt_check
from dovecote.salt import salt as salt_of_environment
from dovecote.sql import literal, quoted

CUSTOMER_COLUMN = re.compile(r"^(\w+_)?(customer|person)_id$")
VISITOR_COLUMN = re.compile(r"^(\w+_)?anonymous_id$")
# Texts of rejected rows, and when one is of a person: a row that could be read as JSON by the
# columns of ids in it, a key where the entity's key is a person, any other line by its words.
TEXT_OF_ONE_PERSON = {
    "raw_row": "regexp_matches(raw_row, if(json_valid(raw_row), $columns, $words))",
    "row_key": "(entity in ('customers', 'customer_merges', 'exclusions') "
    "and regexp_matches(row_key, $words))",
    "malformed_line": "regexp_matches(malformed_line, $words)",
}
TEXT_BESIDE_OTHERS = ("x_columns",)
VISITOR_PREFIX = "anon:"
NOT_IN_A_WORD = r"[^\p{L}\p{N}_-]"


@dataclass(frozen=True)
class Identifiers:
    """What one person is called, as the staging layer has it.

    Attributes
    ----------
    customer_ids
        The customer's id and every id merged with it.
    anonymous_ids
        Ids under which the person visited.
    salt_check
        Tells the salt of these ids from others where they are pseudonyms, otherwise None.
    """

    customer_ids: frozenset[str]
    anonymous_ids: frozenset[str] = frozenset()
    salt_check: str | None = None

    @property
    def person_ids(self) -> frozenset[str]:
        """Give every id that a column of customers or persons can hold."""
        return self.customer_ids | {VISITOR_PREFIX + visitor for visitor in self.anonymous_ids}


@dataclass(frozen=True)
class Mentions:
    """Where a person is still named.

    Attributes
    ----------
    sql
        The query, for anybody to run.
    rows
        Its rows: table, column and how many rows of it name the person. No row is the proof.
    """

    sql: str
    rows: list[tuple[str, str, int]]


@dataclass(frozen=True)
class _Table:
    """A table and its columns that may name a person."""

    schema: str
    name: str
    customers: tuple[str, ...]
    visitors: tuple[str, ...]
    texts: tuple[str, ...]
    texts_beside_others: tuple[str, ...]
    has_customer_id: bool

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        return quoted(self.schema, self.name)


def identifiers(connection: duckdb.DuckDBPyConnection, customer_id: str) -> Identifiers:
    """Find every id of one person.

    Parameters
    ----------
    connection
        The build file.
    customer_id
        The id as the shop has it; where the file has pseudonyms, DOVECOTE_SALT must be set.

    Raises
    ------
    ValueError
        If neither a table nor the list of forgotten people has the customer.
    """
    given = customer_id.strip()
    salt = salt_of_environment()
    hidden = pseudonym(given, salt) if salt else None
    known = [name for name in (given, hidden) if name and _is_known(connection, name)]
    if not known:
        raise ValueError(
            f"no table knows the customer {given}, nor does the list of forgotten people: correct "
            "the id, and set DOVECOTE_SALT if the warehouse was built with dovecote_pseudonymise."
        )
    customers = set(known)
    for merges in _named(connection, "int_core__customer_merges"):
        customers |= _texts(
            connection,
            f"select customer_id from {merges} where list_contains($ids, from_customer_id)",
            customers,
        )
        customers |= _texts(
            connection,
            f"select from_customer_id from {merges} where list_contains($ids, customer_id)",
            customers,
        )
    visitors: set[str] = set()
    for events in _named(connection, "int_core__events"):
        visitors |= _texts(
            connection,
            f"select anonymous_id from {events} "
            "where list_contains($ids, person_id) and anonymous_id is not null",
            customers,
        )
    return Identifiers(
        frozenset(customers),
        frozenset(visitors),
        salt_check(salt) if salt and hidden in known else None,
    )


def remember(connection: duckdb.DuckDBPyConnection, identifiers: Identifiers) -> None:
    """Put hashes of a person's ids on the list that later builds keep out.

    Raises
    ------
    ValueError
        If the file has no such list.
    """
    lists = _named(connection, "forgotten_people")
    if not lists:
        raise ValueError(
            "the warehouse has no table forgotten_people: run dbt build once, then try again."
        )
    for people in lists:
        for kind, ids in (
            ("customer_id", identifiers.customer_ids),
            ("anonymous_id", identifiers.anonymous_ids),
        ):
            connection.execute(
                f"insert into {people} (kind, id_hash, salt_check, forgotten_at) "
                "select $kind, id_hash, $salt_check, timezone('UTC', now()) "
                "from (select unnest($hashes) as id_hash) where id_hash not in "
                f"(select id_hash from {people} where kind = $kind)",
                {
                    "kind": kind,
                    "salt_check": identifiers.salt_check,
                    "hashes": sorted(map(_hashed, ids)),
                },
            )


def erase(connection: duckdb.DuckDBPyConnection, identifiers: Identifiers) -> dict[str, int]:
    """Delete a person from every table of a file.

    A row goes if a column of customers or persons holds one of the ids, if it is a visit that
    names no customer but one of the anonymous ids, or if the text of a rejected row has one as a
    word. What somebody else did on a device that was shared stays, without the device's id; so do
    rows of others whose `x_columns` have one as a word, without these columns.

    Returns
    -------
    dict[str, int]
        Rows deleted or changed, by table; tables without any are left out.
    """
    values = {
        "persons": sorted(identifiers.person_ids),
        "visitors": sorted(identifiers.anonymous_ids),
        **_patterns(identifiers),
    }
    touched: dict[str, int] = {}
    for table in _tables(connection):
        for statement in _statements(table):
            used = {name: value for name, value in values.items() if f"${name}" in statement}
            ((rows,),) = connection.execute(statement, used).fetchall()
            if rows:
                touched[table.label] = touched.get(table.label, 0) + rows
    return touched


def _statements(table: _Table) -> list[str]:
    """Give what takes $persons, $visitors and texts with $words out of a table."""
    alone = " and customer_id is null" if table.has_customer_id else ""
    doomed = [
        *(f"list_contains($persons, trim({quoted(column)}))" for column in table.customers),
        *(
            f"(list_contains($visitors, trim({quoted(column)})){alone})"
            for column in table.visitors
        ),
        *(TEXT_OF_ONE_PERSON[column] for column in table.texts),
    ]
    emptied = [
        *(
            (column, f"list_contains($visitors, trim({quoted(column)}))")
            for column in table.visitors
        ),
        *((column, f"regexp_matches({column}, $words)") for column in table.texts_beside_others),
    ]
    return [
        f"delete from {table.sql} where {' or '.join(doomed)}",
        *(
            f"update {table.sql} set {quoted(column)} = null where {condition}"
            for column, condition in emptied
        ),
    ]


def mentions(connection: duckdb.DuckDBPyConnection, identifiers: Identifiers) -> Mentions:
    """Count the rows of a file that still name a person, by table and column."""
    parts = []
    for table in _tables(connection):
        names = [
            (column, f"in ({_literals(identifiers.person_ids)})") for column in table.customers
        ]
        names += [
            (column, f"in ({_literals(identifiers.anonymous_ids)})") for column in table.visitors
        ]
        parts += [
            f"select {literal(table.label)} as table_name, {literal(column)} as column_name, "
            f"count(*) as naming_rows from {table.sql} where trim({quoted(column)}) {condition}"
            for column, condition in names
        ]
        texts = [(column, TEXT_OF_ONE_PERSON[column]) for column in table.texts]
        texts += [(c, f"regexp_matches({c}, $words)") for c in table.texts_beside_others]
        for column, condition in texts:
            for name, pattern in _patterns(identifiers).items():
                condition = condition.replace(f"${name}", literal(pattern))
            parts.append(
                f"select {literal(table.label)}, {literal(column)}, count(*) from {table.sql} "
                f"where {condition}"
            )
    nothing = "select '' as table_name, '' as column_name, 0 as naming_rows"
    every = "\nunion all\n".join([nothing, *parts])
    sql = f"select * from (\n{every}\n) as mentions where naming_rows > 0 order by all"
    return Mentions(sql, connection.execute(sql).fetchall())


def rewritten(connection: duckdb.DuckDBPyConnection, target: Path, storage_version: str) -> None:
    """Write a file anew, so that the bytes of deleted rows are gone.

    Views name the file's own catalog, so `target` must take its place to be read. The file stays
    open, so nobody else writes it until that is done.

    Parameters
    ----------
    connection
        The file, open.
    target
        A file that does not exist yet.
    storage_version
        Of the new file, such as v1.4.0.

    Raises
    ------
    ValueError
        If the target exists.
    """
    if target.exists():
        raise ValueError(f"{target} exists already: move it away.")
    try:
        # A log beside the file would be read into the one that takes its place.
        connection.execute("checkpoint")
        ((catalog,),) = connection.execute("select current_database()").fetchall()
        connection.execute(
            f"attach {literal(target)} as rewritten_file "
            f"(storage_version {literal(storage_version)})"
        )
        connection.execute(f"copy from database {quoted(catalog)} to rewritten_file")
        connection.execute("checkpoint rewritten_file")
        connection.execute("detach rewritten_file")
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _tables(connection: duckdb.DuckDBPyConnection) -> list[_Table]:
    """List the tables whose columns can name a person; views show what tables hold."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        "select columns.schema_name, columns.table_name, columns.column_name "
        "from duckdb_columns() as columns inner join duckdb_tables() as tables "
        "using (database_oid, schema_oid, table_oid) "
        "where columns.database_name = current_database() and columns.data_type = 'VARCHAR' "
        "order by all"
    ).fetchall():
        columns.setdefault((schema, table), []).append(column)
    return [
        _Table(
            schema,
            table,
            customers=tuple(filter(CUSTOMER_COLUMN.search, given)),
            visitors=tuple(filter(VISITOR_COLUMN.search, given)),
            texts=tuple(
                column
                for column in given
                if column in TEXT_OF_ONE_PERSON and (column != "row_key" or "entity" in given)
            ),
            texts_beside_others=tuple(
                column
                for column in given
                if column in TEXT_BESIDE_OTHERS and any(map(CUSTOMER_COLUMN.search, given))
            ),
            has_customer_id="customer_id" in given,
        )
        for (schema, table), given in columns.items()
        if any(map(_may_name_a_person, given))
    ]


def _may_name_a_person(column: str) -> bool:
    return bool(
        CUSTOMER_COLUMN.search(column)
        or VISITOR_COLUMN.search(column)
        or column in TEXT_OF_ONE_PERSON
    )


def _named(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """List the tables of a name, one for each target that was built into the file."""
    return [
        quoted(schema, table)
        for (schema,) in connection.execute(
            "select schema_name from duckdb_tables() "
            "where database_name = current_database() and table_name = ? order by all",
            [table],
        ).fetchall()
    ]


def _is_known(connection: duckdb.DuckDBPyConnection, customer_id: str) -> bool:
    for people in _named(connection, "forgotten_people"):
        listed = f"select 1 from {people} where kind = 'customer_id' and id_hash = ? limit 1"
        if connection.execute(listed, [_hashed(customer_id)]).fetchall():
            return True
    return any(
        connection.execute(
            f"select 1 from {table.sql} where {quoted(column)} = ? limit 1", [customer_id]
        ).fetchall()
        for table in _tables(connection)
        for column in table.customers
    )


def _texts(connection: duckdb.DuckDBPyConnection, sql: str, ids: Iterable[str]) -> set[str]:
    return {text for (text,) in connection.execute(sql, {"ids": sorted(ids)}).fetchall()}


def _patterns(identifiers: Identifiers) -> dict[str, str]:
    """Give what finds an id as a word, and as the value of a column of ids in JSON."""
    ids = identifiers.customer_ids | identifiers.anonymous_ids
    spellings = ids | {json.dumps(name, ensure_ascii=False)[1:-1] for name in ids}
    either = "|".join(re.escape(name) for name in sorted(spellings))
    return {
        "words": f"(^|{NOT_IN_A_WORD})({either})({NOT_IN_A_WORD}|$)",
        "columns": rf'"(\w+_)?(customer|person|anonymous)_id"\s*:\s*"?\s*({either})\s*"?\s*[,}}]',
    }


def _hashed(identifier: str) -> str:
    return sha256(identifier.encode()).hexdigest()


def _literals(texts: Iterable[str]) -> str:
    return ", ".join(literal(text) for text in sorted(texts)) or "null"
