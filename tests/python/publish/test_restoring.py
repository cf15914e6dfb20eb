"""A lost warehouse, made anew from a version."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from dovecote import warehouse
from dovecote.publish import Published, Version, publish, restore
from publish.shops import HISTORY, KEYS, MARTS, Shop, rows_of, tree

TABLES = [
    *(f"{HISTORY if name.startswith('hist_') else MARTS}.{name}" for name in KEYS),
    f"{HISTORY}.builds",
    f"{HISTORY}.forgotten_people",
]


@pytest.fixture
def version(published: Published, version: Version) -> Version:
    """Publish the second build too, so that nothing is lost with the warehouse."""
    return publish(published)[0]


def test_a_lost_warehouse_comes_back_history_and_registries_included(
    shop: Shop, published: Published, version: Version
) -> None:
    lost = {relation: rows_of(shop.file, relation) for relation in TABLES}
    assert all(lost.values())
    with warehouse.connect(read_only=True) as connection:
        builds = warehouse.builds(connection)
    shop.file.unlink()
    restore(version)
    assert {relation: rows_of(shop.file, relation) for relation in TABLES} == lost
    with warehouse.connect(read_only=True) as connection:
        assert warehouse.builds(connection) == builds
        made = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert {name for (name,) in made} == {relation.split(".")[1] for relation in TABLES}
    # It goes on as if nothing had been lost: dbt makes the view anew, and readers get the next.
    shop.run(
        f"drop table {MARTS}.mart_builds",
        f"create view {MARTS}.mart_builds as "
        f"select * exclude (published_tables) from {HISTORY}.builds",
    )
    shop.build()
    following, _ = publish(published)
    assert published.versions()[:2] == [following, version]


@pytest.mark.parametrize("there", ["shop.duckdb", "shop.duckdb.wal"])
def test_a_warehouse_that_is_there_is_not_written_over(
    shop: Shop, version: Version, there: str
) -> None:
    shop.file.unlink()
    shop.file.with_name(there).write_bytes(b"dear to somebody")
    with pytest.raises(ValueError, match=rf"{there} exists: move it away"):
        restore(version)
    assert tree(shop.file.parent).keys() == {there, "shop.lock"}
    assert shop.file.with_name(there).read_bytes() == b"dear to somebody"


@pytest.mark.parametrize("where", [0, 0.5, -1])
@pytest.mark.parametrize("name", ["dovecote.duckdb", f"parquet/{MARTS}/mart_builds.parquet"])
def test_a_version_with_a_flipped_byte_is_refused(
    shop: Shop, version: Version, name: str, where: float
) -> None:
    file = version.folder / name
    content = bytearray(file.read_bytes())
    position = where if isinstance(where, int) else int(len(content) * where)
    content[position] ^= 1
    check_is_refused(shop, version, file, bytes(content))


def test_a_version_that_lacks_a_file_is_refused(shop: Shop, version: Version) -> None:
    check_is_refused(shop, version, version.database, None)


def check_is_refused(shop: Shop, version: Version, file: Path, content: bytes | None) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    shop.file.unlink()
    with pytest.raises(ValueError, match=rf"{file} is not as it was published: restore another"):
        restore(version)
    assert tree(shop.file.parent).keys() == {"shop.lock"}


def test_rows_that_the_manifest_does_not_count_are_told(
    shop: Shop, published: Published, version: Version
) -> None:
    manifest = version.folder / "manifest.json"
    content = json.loads(manifest.read_text())
    (table,) = [table for table in content["tables"] if table["name"] == "mart_customer_value"]
    rows = table["rows"]
    table["rows"] += 1
    manifest.unlink()
    manifest.write_text(json.dumps(content))
    (fault,) = published.find("current").faults()
    assert fault.endswith(f"has {rows} rows in mart_customer_value instead of {rows + 1}")


def test_a_restored_warehouse_can_be_written(shop: Shop, version: Version) -> None:
    shop.file.unlink()
    restore(version)
    with duckdb.connect(shop.file) as connection:
        connection.execute(
            f"insert into {HISTORY}.forgotten_people (kind, id_hash) "
            "values ('customer_id', 'c-late')"
        )
    assert len(rows_of(shop.file, f"{HISTORY}.forgotten_people")) == 2
