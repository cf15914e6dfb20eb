"""What a version holds, which builds become one, and which versions stay."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from dovecote import warehouse
from dovecote.cli import app
from dovecote.publish import Published, Version, publish
from publish.shops import (
    COMMENTS,
    HISTORY,
    KEYS,
    MARTS,
    Shop,
    copies_of_registries,
    rows_of,
    shop_in,
    tree,
)

TABLES = {
    *((HISTORY if name.startswith("hist_") else MARTS, name) for name in KEYS),
    (HISTORY, "builds"),
}
PUBLISHED_VERSION = (MARTS, "published_version")


def publish_build(shop: Shop, published: Published, **settings: int) -> Version:
    """Build, publish, and give the version."""
    shop.build(**settings)
    return publish(published)[0]


class TestVersion:
    """One green build, published."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _publish(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as environment:
            cls.shop = shop_in(tmp_path_factory.mktemp("place"), environment)
            cls.run_id = cls.shop.build()
            cls.published = Published()
            cls.version, cls.pruned = publish(cls.published)
            cls.manifest = json.loads((cls.published.link / "manifest.json").read_text())
            yield

    def test_current_links_to_it_by_a_name_that_a_moved_folder_keeps(self) -> None:
        assert os.readlink(self.published.root / "current") == self.version.name
        assert self.version.name == f"2025-03-01T050506Z-{self.run_id[:8]}"
        assert not self.pruned
        assert {path.name for path in self.published.root.iterdir()} == {
            *("current", ".lock"),
            self.version.name,
        }

    def test_tables_are_those_of_the_warehouse(self) -> None:
        with duckdb.connect(self.version.database, read_only=True) as connection:
            tables = connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        assert set(tables) == TABLES | {PUBLISHED_VERSION}
        for schema, name in TABLES:
            relation = f"{schema}.{name}"
            rows = rows_of(self.shop.file, relation)
            assert rows
            assert rows_of(self.version.database, relation) == rows
            parquet = self.version.folder / "parquet" / schema / f"{name}.parquet"
            with duckdb.connect() as connection:
                found = connection.execute(f"from '{parquet}' order by all")
                assert found.fetchall() == rows

    def test_types_and_order_of_columns_are_those_of_the_warehouse(self) -> None:
        described = (
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema in ('dovecote_marts', 'dovecote_history') "
            "and table_name not in ('published_version', 'forgotten_people') "
            "order by table_name, ordinal_position"
        )
        relation = f"({described})"
        assert rows_of(self.version.database, relation) == rows_of(self.shop.file, relation)
        of_manifest = {
            (table["schema"], table["name"]): list(table["columns"].items())
            for table in self.manifest["tables"]
        }
        with duckdb.connect(self.shop.file, read_only=True) as connection:
            for schema, name in TABLES:
                columns = connection.execute(f"describe {schema}.{name}").fetchall()
                assert of_manifest[schema, name] == [column[:2] for column in columns]

    def test_comments_are_kept(self) -> None:
        with duckdb.connect(self.version.database, read_only=True) as connection:
            found = connection.execute(
                "select schema_name, table_name, null, comment from duckdb_tables() "
                "where comment is not null union all "
                "select schema_name, table_name, column_name, comment from duckdb_columns() "
                "where comment is not null"
            ).fetchall()
        assert {(schema, table, column): text for schema, table, column, text in found} == COMMENTS

    def test_manifest_counts_rows_and_knows_keys(self) -> None:
        tables = {(table["schema"], table["name"]): table for table in self.manifest["tables"]}
        assert tables.keys() == TABLES | {PUBLISHED_VERSION}
        for schema, name in TABLES:
            assert tables[schema, name]["rows"] == len(rows_of(self.shop.file, f"{schema}.{name}"))
            key = ["run_id"] if name == "builds" else KEYS[name]
            assert tables[schema, name]["key"] == key

    def test_manifest_has_bytes_and_sha_256_of_every_file(self) -> None:
        by_hand = {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in tree(self.version.folder).items()
            if content is not None and name != "manifest.json"
        }
        assert self.manifest["files"] == by_hand
        assert by_hand.keys() == {
            *("dovecote.duckdb", "forgotten_people.parquet"),
            *("dashboard.html", "churn_report.html"),
            *(f"parquet/{schema}/{name}.parquet" for schema, name in TABLES | {PUBLISHED_VERSION}),
        }
        assert self.version.size == sum(file["bytes"] for file in by_hand.values())
        assert self.version.faults() == []

    def test_manifest_says_which_build_it_is(self) -> None:
        ((run_id, started_at, as_of, as_of_date, revision, settings, inputs),) = rows_of(
            self.shop.file,
            "(select run_id, started_at, as_of, as_of_date, git_revision, settings, "
            "input_fingerprints from dovecote_history.builds)",
        )
        assert self.manifest["run_id"] == run_id
        assert self.manifest["built_at"] == str(started_at)
        assert self.manifest["as_of"] == str(as_of)
        assert self.manifest["as_of_date"] == str(as_of_date)
        assert self.manifest["git_revision"] == revision
        assert self.manifest["settings"] == json.loads(settings)
        assert self.manifest["input_fingerprints"] == json.loads(inputs)
        assert self.manifest["version"] == self.version.name
        assert self.manifest["duckdb_version"] == duckdb.__version__

    def test_published_version_says_which_it_is(self) -> None:
        relation = f"{MARTS}.published_version"
        ((version, run_id, *times),) = rows_of(self.version.database, relation)
        assert (version, run_id) == (self.version.name, self.run_id)
        assert [str(time) for time in times] == [
            self.manifest[name] for name in ("as_of", "as_of_date", "built_at", "published_at")
        ]

    def test_nobody_may_write_its_files(self) -> None:
        modes = {
            path.name: path.stat().st_mode & 0o777
            for path in self.version.folder.rglob("*")
            if path.is_file()
        }
        assert modes.pop("forgotten_people.parquet") == 0o400
        assert set(modes.values()) == {0o444}

    def test_the_list_of_forgotten_people_is_the_warehouses(self) -> None:
        file = self.version.folder / "forgotten_people.parquet"
        with duckdb.connect() as connection:
            listed = connection.execute(f"from '{file}'").fetchall()
        assert listed == rows_of(self.shop.file, f"{HISTORY}.forgotten_people")
        assert [people[:2] for people in listed] == [("customer_id", "c-lost")]

    def test_publishing_again_changes_nothing(self) -> None:
        before = tree(self.published.root)
        again, pruned = publish(self.published)
        assert again == self.version
        assert not pruned
        assert tree(self.published.root) == before


@pytest.mark.parametrize(
    ("status", "command", "said"),
    [
        ("failed", "build", r"failed \(mart_a, mart_b\)"),
        ("part", "build", "built only a part"),
        ("part", "run", "built only a part, or tested nothing"),
        ("running", "build", "still running"),
        ("aborted", "build", "died"),
    ],
)
def test_what_is_not_green_stays_unpublished(
    shop: Shop, published: Published, version: Version, status: str, command: str, said: str
) -> None:
    before = tree(published.root)
    shop.build(status, command=command, message="mart_a, mart_b" if status == "failed" else None)
    with pytest.raises(ValueError, match=f"2025-03-01 07:05:06 UTC, .*{said}.* dovecote build"):
        publish(published)
    assert tree(published.root) == before
    published_next = publish_build(shop, published)
    assert published.current() == published_next


def test_a_green_build_that_never_came_is_asked_for(shop: Shop, published: Published) -> None:
    shop.build("stopped", message="an input is missing")
    with pytest.raises(ValueError, match="has no build yet: run dovecote build"):
        publish(published)
    assert tree(published.root) == {}


def test_a_stopped_build_wrote_nothing_so_the_one_before_is_published(
    shop: Shop, published: Published
) -> None:
    run_id = shop.build()
    shop.build("stopped", message="an input is missing")
    version, _ = publish(published)
    assert version.manifest.run_id == run_id


def test_pruning_keeps_the_latest_and_removes_nothing_else(
    shop: Shop, published: Published
) -> None:
    versions = [publish_build(shop, published, kept=2) for _ in range(4)]
    assert published.versions() == versions[:1:-1]
    assert published.current() == versions[-1]
    assert len(tree(published.root)) == 1 + sum(1 + len(tree(v.folder)) for v in versions[2:])


def test_pruning_keeps_what_was_rolled_back_to(shop: Shop, published: Published) -> None:
    first, second, third = (publish_build(shop, published) for _ in range(3))
    with published.locked():
        published.point_to(first)
        assert published.prune(1) == [second]
    assert published.current() == first
    assert published.versions() == [third, first]
    # Who has just read where `current` points to still finds it there, until the next publish.
    fourth = publish_build(shop, published, kept=2)
    assert published.current() == fourth
    assert published.versions() == [fourth, third, first]
    fifth = publish_build(shop, published, kept=2)
    assert published.versions() == [fifth, fourth]


def test_the_command_says_whether_a_version_was_there_already(
    shop: Shop, published: Published
) -> None:
    shop.build()
    first, second = (CliRunner().invoke(app, ["publish"]).output for _ in range(2))
    (version,) = published.versions()
    read = (
        f"MB): read {published.link / 'dovecote.duckdb'}, or Parquet beside it. "
        f"To look at: {published.link / 'dashboard.html'}\n"
    )
    assert first.startswith(f"Published {version.name} in ")
    assert second.startswith(f"Already published: {version.name} (")
    assert first.endswith(read)
    assert second.endswith(read)


def test_publishing_the_last_build_ends_a_rollback(shop: Shop, published: Published) -> None:
    first, second = (publish_build(shop, published) for _ in range(2))
    with published.locked():
        published.point_to(first)
    assert publish(published) == (second, [])
    assert published.current() == second


def test_another_warehouse_may_not_publish_into_the_same_folder(
    shop: Shop, published: Published, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build("failed", message="mart_a")
    publish_build(shop, published)
    before = tree(published.root)
    other = Shop(place / "other.duckdb")
    other.build()
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(other.file))
    with pytest.raises(ValueError, match=r"another warehouse than .*other\.duckdb"):
        publish(published)
    assert tree(published.root) == before


def test_a_warehouse_that_knows_a_build_of_the_folder_may_publish_into_it(
    shop: Shop, published: Published, place: Path
) -> None:
    publish_build(shop, published)
    older = shop.file.read_bytes()
    lost = publish_build(shop, published)
    # As from a backup: it knows the first build only, and its builds go another way from there.
    shop.file.write_bytes(older)
    shop.builds = 2
    version = publish_build(shop, published)
    assert published.current() == version
    assert lost in published.versions()


@pytest.mark.parametrize(
    "statement",
    [
        "create table lego.builds as select 'castle' as name",
        "create table lego.builds as select 'running' as status, 'castle' as run_id",
        # A copy of the registry, say before a repair.
        f"create table lego.builds as from {HISTORY}.builds",
        f"create table lego.forgotten_people as from {HISTORY}.forgotten_people",
    ],
)
def test_a_table_of_the_shops_own_is_not_taken_for_a_registry(
    shop: Shop, published: Published, statement: str
) -> None:
    run_id = shop.build()
    shop.run("create schema lego", statement)
    version, _ = publish(published)
    assert version.manifest.run_id == run_id
    assert {(table.schema, table.name) for table in version.manifest.tables} == {
        *TABLES,
        PUBLISHED_VERSION,
    }
    died = shop.build("running")
    own = statement.split()[2]
    before = rows_of(shop.file, own)
    with warehouse.connect(read_only=False) as connection:
        warehouse.abort(connection, died)
        (last, *_) = warehouse.builds(connection)
    assert (last.run_id, last.status) == (died, "aborted")
    assert rows_of(shop.file, own) == before


def test_a_warehouse_with_the_builds_of_several_targets_is_refused(
    shop: Shop, published: Published
) -> None:
    shop.build()
    shop.run("create schema dev_history", *copies_of_registries("dev_history"))
    with pytest.raises(
        ValueError, match=rf"several targets \(dev_history, {HISTORY}\): give each target a file"
    ):
        publish(published)
    assert tree(published.root) == {}


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("current", None),
        ("00000002", None),
        ("2025-03-01T06", None),
        ("2025-03", "several versions are named like '2025-03' in .*: name one of .*, .*"),
        ("nothing", "no version is named like 'nothing' in .*: name one of .*, .*"),
    ],
)
def test_versions_are_found_by_a_part_of_their_names(
    shop: Shop, published: Published, name: str, error: str | None
) -> None:
    with pytest.raises(ValueError, match=f"{published.root} has no version yet"):
        published.find("current")
    _, second = (publish_build(shop, published) for _ in range(2))
    if error is None:
        assert published.find(name) == second
        return
    with pytest.raises(ValueError, match=error):
        published.find(name)
