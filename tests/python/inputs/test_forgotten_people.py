"""Whoever is forgotten is in no table and no byte of the file, and stays out of later builds."""

from __future__ import annotations

import os
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from input_builds import Build, Builder, Counts

from dovecote import forget

pytestmark = pytest.mark.slow

ONE, TWO, OTHER = "qvforgotten-1", "qvmerged-2", "zkother-3"
OWN, SHARED = "qvdevice-4", "qvshared-5"
GONE = (ONE, TWO, OWN, SHARED)
SALT, OTHER_SALT = "a salt of some length", "another salt as long"
PSEUDONYMISE = {"dovecote_pseudonymise": True}
FILES = {
    "customers.csv": "customer_id,city,x_referred_by\n"
    f"{ONE},Bonn,\n{TWO},Bonn,\n{OTHER},Lyon,{ONE}\n",
    "customer_merges.csv": f"from_customer_id,to_customer_id\n{ONE},{TWO}\n",
    "orders.csv": "order_id,customer_id,ordered_at,gross_amount\n"
    f"o1,{ONE},2024-01-01,10\no2, {TWO} ,2024-01-02,10\no3,{OTHER},2024-01-03,10\n"
    f"o4,,2024-01-04,10\no5,{ONE},2024-01-05,ten\no6,{TWO},2024-01-06,1,0\n"
    f"o7,{OTHER},2024-01-07,1,0\n",
    "order_items.csv": "order_item_id,order_id,product_id\ni1,o1,p1\ni3,o3,p1\n",
    "events.csv": "event_id,customer_id,anonymous_id,occurred_at\n"
    f"e1,{ONE},{OWN},2024-01-01\ne2,,{OWN},2024-01-02\ne3,{ONE},{SHARED},2024-01-03\n"
    f"e4,,{SHARED},2024-01-04\ne5,{OTHER},{SHARED},2024-01-05\ne6,,nobody,2024-01-06\n",
    "reviews.csv": "review_id,customer_id,created_at\n"
    f"r1,{TWO},2024-01-01\nr2,{OTHER},2024-01-01\n",
    "nps_responses.jsonl": f"""{{"response_id": "n1", "customer_id": "{ONE}", "score": 7}}\n"""
    f"""{{"response_id": "n2", "customer_id": "{TWO}", \n{{"customer_id": "{OTHER}", \n""",
    "exclusions.csv": f"customer_id,reason\n{ONE},staff\n{OTHER},test\n",
}
# Lines of the four ids in FILES; e5 is another customer's, on a device that both have used.
LEFT = {
    "customers": Counts(3, accepted=1, forgotten=2),
    "customer_merges": Counts(1, forgotten=1),
    "orders": Counts(7, accepted=2, quarantined=1, forgotten=4),
    "order_items": Counts(2, accepted=2),
    "events": Counts(6, accepted=2, forgotten=4),
    "reviews": Counts(2, accepted=1, forgotten=1),
    "nps_responses": Counts(3, quarantined=1, forgotten=2),
    "exclusions": Counts(2, accepted=1, forgotten=1),
}
MODELS = ("int_core__events", "int_core__order_items", "stg_reviews")
QUARANTINE_SHARE = {"dovecote_max_quarantine_share": 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def before(builder: Builder, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build everybody's rows in plain; give the warehouse."""
    return built(builder, data, tmp_path_factory.mktemp("before"))


@pytest.fixture
def warehouse(before: Path, tmp_path: Path) -> Path:
    """Give a copy of the warehouse for a test to change."""
    (tmp_path / before.name).write_bytes(before.read_bytes())
    return tmp_path / before.name


def built(builder: Builder, data: Path, folder: Path) -> Path:
    build = builder.build(data, folder, variables=QUARANTINE_SHARE, queries=MODELS)
    assert build.error is None
    return build.warehouse


def built_again(
    builder: Builder, data: Path, start: Path, salt: str | None = None, **variables: object
) -> Build:
    folder = start.parent / f"again{len(os.listdir(start.parent))}"
    folder.mkdir()
    return builder.build(
        data,
        folder,
        variables=QUARANTINE_SHARE | variables,
        queries=MODELS,
        start=start,
        salt=salt,
    )


def forgotten(warehouse: Path, customer_id: str = ONE) -> forget.Identifiers:
    """Forget a customer in a warehouse as the command does."""
    with duckdb.connect(warehouse) as connection:
        person = forget.identifiers(connection, customer_id)
        forget.remember(connection, person)
        forget.erase(connection, person)
    return person


def tables_with(warehouse: Path, texts: Collection[str]) -> set[tuple[str, str]]:
    """Look through every column of every table, whatever its name, for one of some texts."""
    found = set()
    with duckdb.connect(warehouse, read_only=True) as connection:
        for schema, table, column in connection.execute(
            "select c.schema_name, c.table_name, c.column_name from duckdb_columns() as c "
            "inner join duckdb_tables() as t using (table_oid) where not c.internal"
        ).fetchall():
            ((rows,),) = connection.execute(
                f"select count(*) from {schema}.{table} "
                f"where {' or '.join(f'contains({column}::varchar, $${text}$$)' for text in texts)}"
            ).fetchall()
            if rows:
                found.add((table, column))
    return found


@pytest.mark.parametrize("customer_id", [ONE, f" {TWO} "])
def test_all_ids_of_a_person_are_found(before: Path, customer_id: str) -> None:
    with duckdb.connect(before, read_only=True) as connection:
        person = forget.identifiers(connection, customer_id)
    assert person.customer_ids == {ONE, TWO}
    assert person.anonymous_ids == {OWN, SHARED}
    assert person.salt_check is None


def test_a_stranger_is_named_in_one_sentence(before: Path) -> None:
    with (
        duckdb.connect(before, read_only=True) as connection,
        pytest.raises(ValueError, match="no table knows the customer nobody-7") as error,
    ):
        forget.identifiers(connection, "nobody-7")
    assert str(error.value).endswith(".")
    assert ". " not in str(error.value)


def test_nothing_of_the_person_is_left_and_all_of_others(warehouse: Path) -> None:
    assert ("mart_quarantine", "raw_row") in tables_with(warehouse, GONE)
    forgotten(warehouse)
    assert tables_with(warehouse, GONE) == set()
    with duckdb.connect(warehouse, read_only=True) as connection:
        for entity, key, kept in (
            ("orders", "order_id", ["o3", "o4"]),
            ("order_items", "order_item_id", ["i1", "i3"]),
            ("customers", "customer_id", [OTHER]),
            ("reviews", "review_id", ["r2"]),
        ):
            accepted = (
                f"select {key} from dovecote_staging.base_{entity} "
                "where row_status = 'accepted' order by 1"
            )
            assert connection.execute(accepted).fetchall() == [(name,) for name in kept]
        assert connection.execute(
            "select customer_id, anonymous_id from dovecote_intermediate.int_core__events "
            "order by event_id"
        ).fetchall() == [(OTHER, None), (None, "nobody")]
        assert connection.execute(
            "select raw_row from dovecote_marts.mart_quarantine where entity = 'orders'"
        ).fetchall() == [(f"o7,{OTHER},2024-01-07,1,0",)]


def test_the_proof_is_a_query_that_finds_what_is_there(before: Path, warehouse: Path) -> None:
    with duckdb.connect(before, read_only=True) as connection:
        person = forget.identifiers(connection, ONE)
        found = forget.mentions(connection, person)
        assert found.rows == connection.execute(found.sql).fetchall()
    places = {(table.split(".")[1], column) for table, column, _ in found.rows}
    assert places == tables_with(before, GONE)
    forgotten(warehouse)
    with duckdb.connect(warehouse, read_only=True) as connection:
        assert forget.mentions(connection, person).rows == []
        assert connection.execute(found.sql).fetchall() == []


def test_equal_numbers_of_other_things_stay(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "numbers.duckdb") as connection:
        connection.execute(
            "create table orders as from (values ('17', '1', '{}'), ('1', '17', '{}'), "
            """('2', '2', '{"x_friend": "17"}')) as orders (order_id, customer_id, x_columns)"""
        )
        connection.execute(
            """create table products as select '17' as product_id, '{"x_shelf": 17}' as x_columns"""
        )
        touched = forget.erase(connection, forget.Identifiers(frozenset({"17"})))
        assert touched == {"main.orders": 2}
        assert connection.execute("from orders").fetchall() == [("17", "1", "{}"), ("2", "2", None)]
        assert connection.execute("from products").fetchall() == [("17", '{"x_shelf": 17}')]


def test_a_file_written_anew_has_no_byte_of_the_person(warehouse: Path, tmp_path: Path) -> None:
    assert all(name.encode() in warehouse.read_bytes() for name in GONE)
    forgotten(warehouse)
    with duckdb.connect(warehouse) as connection:
        connection.execute("comment on table dovecote_marts.mart_quarantine is 'kept'")
        before = shape(connection)
        target = tmp_path / "new.duckdb"
        forget.rewritten(connection, target, "v1.5.0")
        assert not any(name[:9].encode() in target.read_bytes() for name in GONE)
        assert OTHER.encode() in target.read_bytes()
        with pytest.raises(ValueError, match=r"new\.duckdb exists already: move it away\."):
            forget.rewritten(connection, target, "v1.5.0")
        target.replace(warehouse)
    assert not warehouse.with_name(f"{warehouse.name}.wal").exists()
    with duckdb.connect(warehouse, read_only=True) as connection:
        assert shape(connection) == before
        ((tags,),) = connection.execute(
            "select tags from duckdb_databases() where database_name = current_database()"
        ).fetchall()
        assert tags["storage_version"].startswith("v1.5.0")
        assert connection.execute("from dovecote_staging.stg_events").fetchall()


def shape(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Give tables with their rows and comments, and views with their text."""
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() order by all"
    ).fetchall()
    counts = [
        (*table, *connection.execute(f"select count(*) from {table[0]}.{table[1]}").fetchall())
        for table in tables
    ]
    views = "select schema_name, view_name, sql from duckdb_views() where not internal order by all"
    return counts + connection.execute(views).fetchall()


def test_later_builds_keep_the_person_out(builder: Builder, data: Path, warehouse: Path) -> None:
    person = forgotten(warehouse)
    again = built_again(builder, data, warehouse)
    assert again.error is None
    assert again.counts() == LEFT
    assert all(counts.are_balanced() for counts in LEFT.values())
    assert again.rows(
        "select order_item_id, is_orphan from dovecote_intermediate.int_core__order_items "
        "order by order_item_id"
    ) == [("i1", True), ("i3", False)]
    # What others' x_ columns say comes from the input as it is, and the proof does not hide it.
    with duckdb.connect(again.warehouse, read_only=True) as connection:
        named = {column for _, column, _ in forget.mentions(connection, person).rows}
    assert named == {"x_columns"}
    assert {column for _, column in tables_with(again.warehouse, GONE)} == {"x_columns"}
    assert forgotten(again.warehouse) == forget.Identifiers(frozenset({ONE}))


def test_who_was_forgotten_in_plain_stays_out_under_pseudonyms(
    builder: Builder, data: Path, warehouse: Path
) -> None:
    forgotten(warehouse)
    again = built_again(builder, data, warehouse, SALT, **PSEUDONYMISE)
    assert again.error is None
    counts = again.counts()
    # A line that is no record is withheld, whoever it names.
    assert counts == LEFT | {
        "orders": Counts(7, accepted=2, quarantined=2, forgotten=3),
        "nps_responses": Counts(3, quarantined=2, forgotten=1),
    }
    assert again.rows("select distinct raw_row from dovecote_marts.mart_quarantine") == [
        ("(withheld by dovecote_pseudonymise)",)
    ]


def test_a_pseudonym_is_forgotten_for_one_salt_only(
    builder: Builder, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").mkdir()
    first = builder.build(
        data,
        tmp_path / "first",
        variables=QUARANTINE_SHARE | PSEUDONYMISE,
        queries=MODELS,
        salt=SALT,
    )
    assert first.error is None
    assert {column for _, column in tables_with(first.warehouse, GONE)} == {"x_columns"}
    assert tables_with(first.warehouse, [SALT]) == set()
    hidden = {name: sha256((SALT + name).encode()).hexdigest() for name in GONE}
    assert ("base_orders", "customer_id") in tables_with(first.warehouse, [hidden[TWO]])
    with (
        duckdb.connect(first.warehouse, read_only=True) as connection,
        pytest.raises(ValueError, match="set DOVECOTE_SALT"),
    ):
        forget.identifiers(connection, ONE)
    monkeypatch.setenv("DOVECOTE_SALT", SALT)
    person = forgotten(first.warehouse)
    assert person.customer_ids == {hidden[ONE], hidden[TWO]}
    assert person.anonymous_ids == {hidden[OWN], hidden[SHARED]}
    assert tables_with(first.warehouse, hidden.values()) == set()
    for salt, variables in ((OTHER_SALT, PSEUDONYMISE), (None, {})):
        stopped = built_again(builder, data, first.warehouse, salt, **variables).error
        assert stopped is not None
        assert "forgotten_people has 4 ids that are pseudonyms of another salt" in stopped
    again = built_again(builder, data, first.warehouse, SALT, **PSEUDONYMISE)
    assert again.counts()["events"] == LEFT["events"]
    assert tables_with(again.warehouse, hidden.values()) == set()
