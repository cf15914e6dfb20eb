"""A person taken out of the warehouse and of every version, whatever ends the forget on its way."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dovecote import forget, warehouse
from dovecote.publish import Published, forget_everywhere, publish, restore
from publish.forks import in_a_fork
from publish.shops import HISTORY, MARTS, Shop, rows_of, shop_in
from publish.test_interruptions import (
    KILLED,
    NEVER,
    check_is_whole,
    die,
    fail,
    interrupted_at,
    puts_watched,
)

ONE, TWO, OTHER = "qvforgotten-1", "qvmerged-2", "zkother-3"
OWN, SHARED = "qvdevice-4", "qvshared-5"
GONE = (ONE, TWO, OWN, SHARED)
INTERMEDIATE = "dovecote_intermediate"
# After what changes a file that others see; of all other steps one in so many is interrupted.
VISIBLE = {"rename", "replace", "symlink_to"}
ALIKE = 90


def build(shop: Shop, **settings: int) -> str:
    """Build with the person in every place that names one."""
    run_id = shop.build(**settings)
    shop.run(
        f"create schema if not exists {INTERMEDIATE}",
        f"insert into {MARTS}.mart_customer_value (customer_id, note) "
        f"values ('{TWO}', null), ('{OTHER}', null)",
        f"insert into {MARTS}.mart_churn_scores values ('{TWO}', 'order', 0.5), "
        f"('{OTHER}', 'order', 0.25)",
        f"insert into {HISTORY}.hist_churn_scores values ('2025-03-01', '{ONE}', 'order', 1, 'a'), "
        f"('2025-03-01', '{OTHER}', 'order', 1, 'a')",
        f"insert into {MARTS}.mart_quarantine (entity, quarantine_number, row_key, raw_row) values "
        f"""('orders', 2, 'o2', '{{"order_id": "o2", "customer_id": "{ONE}"}}'), """
        f"""('events', 3, 'e9', '{{"event_id": "e9", "anonymous_id": "{OWN}"}}'), """
        f"('orders', 4, null, 'o6,{TWO},2024-01-06,1,0'), "
        f"('orders', 5, null, 'o7,{OTHER},2024-01-07,1,0'), "
        f"""('customers', 6, '{TWO}', '{{"customer_id": "{TWO}"}}')""",
        f"create or replace table {INTERMEDIATE}.int_core__customer_merges as "
        f"select '{ONE}' as from_customer_id, '{TWO}' as customer_id",
        f"create or replace table {INTERMEDIATE}.int_core__events as from (values "
        f"('e1', '{ONE}', '{TWO}', '{OWN}'), ('e2', null, '{TWO}', '{OWN}'), "
        f"('e3', '{ONE}', '{TWO}', '{SHARED}'), ('e4', '{OTHER}', '{OTHER}', '{SHARED}')"
        ") as events (event_id, customer_id, person_id, anonymous_id)",
        f"create or replace table {INTERMEDIATE}.base_customers as select "
        f"""'{OTHER}' as customer_id, '{{"x_referred_by": "{ONE}"}}' as x_columns""",
        f"create or replace table {INTERMEDIATE}.referrals as "
        f"select '{ONE}' as \"2nd_customer_id\"",
    )
    return run_id


def files_naming(place: Path, texts: tuple[str, ...]) -> set[tuple[str, str]]:
    """Look through every byte, every column of every table and the path of every file."""
    found = set()
    with duckdb.connect() as connection:
        for path in place.rglob("*"):
            if path.is_file():
                name = str(path.relative_to(place))
                held = name.encode() + path.read_bytes() + content_of(path, connection).encode()
                found |= {(name, text) for text in texts if text.encode() in held}
    return found


def content_of(path: Path, connection: duckdb.DuckDBPyConnection) -> str:
    if path.suffix == ".parquet":
        return str(connection.execute(f"from '{path}'").fetchall())
    if path.suffix != ".duckdb":
        return ""
    connection.execute(f"attach '{path}' as file (read_only)")
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'file'"
    ).fetchall()
    rows = [
        connection.execute(f"from file.{schema}.{table}").fetchall() for schema, table in tables
    ]
    connection.execute("detach file")
    return str(rows)


@pytest.fixture(scope="module")
def with_person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a warehouse and two versions of it, of which readers see the earlier."""
    place = tmp_path_factory.mktemp("with_person")
    with pytest.MonkeyPatch.context() as environment:
        shop = shop_in(place, environment)
        published = Published()
        for _ in range(2):
            build(shop)
            publish(published)
        with published.locked():
            published.point_to(published.versions()[1])
    return place


@pytest.fixture
def shop(with_person: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = shop_in(place, monkeypatch)
    shop.builds = 2
    monkeypatch.setattr(sys, "argv", ["/usr/bin/dovecote", "forget", ONE])
    begin_anew(with_person, place)
    return shop


def begin_anew(with_person: Path, place: Path) -> None:
    for path in place.iterdir():
        shutil.rmtree(path)
    shutil.copytree(with_person, place, symlinks=True, dirs_exist_ok=True)


def check_is_forgotten(place: Path, published: Published, versions: int = 2) -> None:
    assert files_naming(place, GONE) == set()
    assert len(published.versions()) == versions
    assert {path.name for path in published.root.iterdir()} == {
        *("current", ".lock"),
        *(version.name for version in published.versions()),
    }
    assert {path.name for path in (place / "build").iterdir()} == {"shop.duckdb", "shop.lock"}
    listed = {hash_ for _, hash_, *_ in rows_of(place / "build" / "shop.duckdb", LIST)}
    assert {hashed(name) for name in GONE} <= listed
    for version in published.versions():
        check_is_whole(version)
        file = version.folder / "forgotten_people.parquet"
        assert file.stat().st_mode & 0o777 == 0o400
        with duckdb.connect() as connection:
            (in_version,) = connection.execute(f"select list(id_hash) from '{file}'").fetchall()[0]
        assert set(in_version) == listed
        assert rows_of(version.database, OTHERS) == [(OTHER,)]


LIST = f"{HISTORY}.forgotten_people"
OTHERS = f"(select customer_id from {MARTS}.mart_customer_value where customer_id like 'zk%')"


def hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def test_nobody_is_forgotten_while_a_version_cannot_be_read(
    shop: Shop, place: Path, published: Published
) -> None:
    manifest = published.versions()[0].folder / "manifest.json"
    manifest.unlink()
    before = files_naming(place, GONE)
    with pytest.raises(ValueError, match=f"{manifest.parent} is no whole version"):
        forget_everywhere(published, ONE)
    assert files_naming(place, GONE) == before
    shutil.rmtree(manifest.parent)
    forget_everywhere(published, ONE)
    check_is_forgotten(place, published, versions=1)


def test_what_is_written_anew_is_on_the_disk_before_it_has_its_name(
    shop: Shop, published: Published
) -> None:
    with puts_watched() as put:
        forget_everywhere(published, ONE)
    names = [version.name for version in published.versions()]
    assert sorted(put) == sorted([*names, shop.file.name])


def test_all_ids_of_a_person_leave_every_file(
    shop: Shop, place: Path, published: Published
) -> None:
    files = {"build/shop.duckdb"} | {
        f"published/{version.name}/dovecote.duckdb" for version in published.versions()
    }
    before = files_naming(place, GONE)
    assert {(file, name) for file in files for name in (ONE, TWO, OWN)} < before
    names = [version.name for version in published.versions()]
    read = published.current()
    assert read
    with duckdb.connect(read.database, read_only=True) as reader:
        proof = forget_everywhere(published, f" {ONE} ")
        # Who has a version open keeps it to the end.
        assert reader.execute(f"select count(*) from {MARTS}.published_version").fetchall()
    check_is_forgotten(place, published)
    assert [version.name for version in published.versions()] == [f"{name}-r1" for name in names]
    current = published.current()
    assert current
    assert current.name == f"{read.name}-r1"
    assert current.manifest.run_id == read.manifest.run_id
    assert proof.keys() == {shop.file, *(version.database for version in published.versions())}
    assert all(mentions.rows == [] for mentions in proof.values())
    # What a device that was shared did for another stays, and so do other rejected rows.
    assert rows_of(shop.file, f"{INTERMEDIATE}.int_core__events") == [("e4", OTHER, OTHER, None)]
    kept = [(f"o7,{OTHER},2024-01-07,1,0",), ('{"order_id": "o1", "customer_id": "c1"}',)]
    for file in (shop.file, current.database):
        assert rows_of(file, f"(select raw_row from {MARTS}.mart_quarantine)") == kept


def test_forgetting_again_writes_versions_anew_under_the_next_name(
    shop: Shop, place: Path, published: Published
) -> None:
    forget_everywhere(published, ONE)
    shop.run(f"insert into {MARTS}.mart_customer_value (customer_id) values ('c-late')")
    forget_everywhere(published, "c-late")
    assert {version.name.split("-r")[1] for version in published.versions()} == {"2"}
    for version in published.versions():
        assert (version.folder / "dashboard.html").is_file()
    check_is_forgotten(place, published)


@pytest.mark.slow
def test_a_forget_that_ends_at_any_step_is_done_again_and_leaves_nothing(
    shop: Shop, place: Path, with_person: Path, published: Published
) -> None:
    with interrupted_at(NEVER, die) as steps:
        forget_everywhere(published, ONE)
    # The last that is swapped in is the warehouse, which six statements write after the commit.
    swapped = len(steps) - steps[::-1].index("replace")
    interrupted = [
        (number, die if number % 4 else fail)
        for number, name in enumerate(steps, start=1)
        if steps[number - 2] in VISIBLE
        or number % ALIKE == 0
        or number in (swapped - 6, swapped - 3)
    ]
    assert len(interrupted) > 10
    for number, interrupt in interrupted:
        begin_anew(with_person, place)
        forget_interrupted(published, number, interrupt)
        step = f"{number} {steps[number - 1]}"
        check_is_whole(published.current())
        build_without_the_listed(shop)
        forget_everywhere(published, ONE)
        try:
            check_is_forgotten(place, published)
        except AssertionError as error:
            raise AssertionError(f"interrupted at {step}") from error


def forget_interrupted(published: Published, number: int, interrupt: Callable[[], None]) -> None:
    with interrupted_at(number, interrupt):
        exit_code, error = in_a_fork(lambda: forget_everywhere(published, ONE))
    assert exit_code == KILLED or "interrupted" in error, error
    assert "Traceback" not in error, error


def build_without_the_listed(shop: Shop) -> None:
    """Do to the tables that a build makes anew what a build does after the list has a person."""
    if (hashed(ONE),) in rows_of(shop.file, f"(select id_hash from {LIST})"):
        shop.run(*(f"delete from {INTERMEDIATE}.{name}" for name in MADE_ANEW))


MADE_ANEW = ("int_core__customer_merges", "int_core__events")


@pytest.mark.parametrize("steps_of_kills", [(1, 1), (2, 2, 2)])
def test_a_forget_that_is_killed_again_and_again_leaves_nothing(
    shop: Shop, place: Path, published: Published, steps_of_kills: tuple[int, ...]
) -> None:
    for number in steps_of_kills:
        # Right after a version was swapped in or took its name.
        with killed_after(number):
            assert in_a_fork(lambda: forget_everywhere(published, ONE)) == (KILLED, "")
        check_is_whole(published.current())
    forget_everywhere(published, ONE)
    check_is_forgotten(place, published)


@contextmanager
def killed_after(number: int) -> Iterator[None]:
    """Die after so many renames and swaps."""
    done = []

    def dying(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            result = function(*arguments)
            done.append(arguments)
            if len(done) == number:
                os._exit(KILLED)
            return result

        return step

    with pytest.MonkeyPatch.context() as patched:
        for name in ("rename", "replace"):
            patched.setattr(Path, name, dying(getattr(Path, name)))
        yield


def test_a_reader_finds_a_whole_version_wherever_it_looks(shop: Shop, published: Published) -> None:
    """Open at every step what `current` pointed to at the step before."""
    seen = [published.link.resolve()]
    names = set()

    def looking(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            names.add(name_in(seen[-1]))
            seen.append(published.link.resolve())
            result = function(*arguments, **named)
            names.add(name_in(published.link))
            return result

        return step

    with pytest.MonkeyPatch.context() as patched:
        for name in ("rename", "replace", "symlink_to", "unlink"):
            patched.setattr(Path, name, looking(getattr(Path, name)))
        forget_everywhere(published, ONE)
    assert names == {seen[0].name, f"{seen[0].name}-r1"}


def name_in(folder: Path) -> str:
    with duckdb.connect(folder / "dovecote.duckdb", read_only=True) as connection:
        ((name,),) = connection.execute(f"select version from {MARTS}.published_version").fetchall()
    return str(name)


def test_a_warehouse_restored_from_a_rewritten_version_keeps_the_person_out(
    shop: Shop, place: Path, published: Published
) -> None:
    forget_everywhere(published, ONE)
    listed = rows_of(shop.file, LIST)
    shop.file.unlink()
    restore(published.find("current"))
    assert rows_of(shop.file, LIST) == listed
    assert {("customer_id", hashed(ONE)), ("anonymous_id", hashed(OWN))} < {
        people[:2] for people in listed
    }
    assert files_naming(place, GONE) == set()
    with pytest.raises(ValueError, match="restored and not built since: run dovecote build"):
        forget_everywhere(published, OTHER)
    build(shop)
    forget_everywhere(published, ONE)
    check_is_forgotten(place, published)


def test_a_restored_warehouse_refuses_and_changes_nothing(
    shop: Shop, place: Path, published: Published
) -> None:
    shop.file.unlink()
    restore(published.find("current"))
    before = files_naming(place, GONE)
    names = [version.name for version in published.versions()]
    with pytest.raises(ValueError, match="does not know which ids are one person's"):
        forget_everywhere(published, ONE)
    assert files_naming(place, GONE) == before
    assert [version.name for version in published.versions()] == names
    assert (hashed(ONE),) not in rows_of(shop.file, f"(select id_hash from {LIST})")


def test_a_customer_whom_only_a_version_knows_is_forgotten(
    shop: Shop, place: Path, published: Published
) -> None:
    build(shop)
    shop.run(f"insert into {MARTS}.mart_customer_value (customer_id) values ('qvleft-8')")
    publish(published)
    shop.build()
    with warehouse.connect(read_only=True) as connection:
        assert "qvleft-8" not in str(
            connection.execute(f"from {MARTS}.mart_customer_value").fetchall()
        )
        with pytest.raises(ValueError, match="no table knows the customer qvleft-8"):
            forget.identifiers(connection, "qvleft-8")
    forget_everywhere(published, "qvleft-8")
    assert files_naming(place, ("qvleft-8",)) == set()
    assert len(published.versions()) == 3
    assert (hashed("qvleft-8"),) in rows_of(shop.file, f"(select id_hash from {LIST})")


def test_a_stranger_is_named_and_nothing_changes(
    shop: Shop, place: Path, published: Published
) -> None:
    names = [version.name for version in published.versions()]
    with pytest.raises(ValueError, match="no table knows the customer nobody-7, nor does the list"):
        forget_everywhere(published, "nobody-7")
    assert [version.name for version in published.versions()] == names


def test_equal_numbers_of_other_things_stay(shop: Shop, published: Published) -> None:
    rejected = [
        ("orders", 17, "17", '{"order_id": "17", "customer_id": "4", "gross_amount": "ten"}'),
        ("order_items", 18, "3", '{"order_item_id": "3", "order_id": "5", "quantity": 17}'),
        ("orders", 19, "6", '{"order_id": "6", "customer_id": "17", "gross_amount": "ten"}'),
        ("orders", 20, "7", '{"order_id": "7", "customer_id": 17}'),
        ("customers", 21, "17", '{"customer_id": "17", "city": 1}'),
        ("events", 22, "17", '{"event_id": "17", "anonymous_id": "170"}'),
    ]
    shop.run(
        f"insert into {MARTS}.mart_customer_value (customer_id, orders) "
        "values ('17', 1), ('4', 17)",
        *(
            f"insert into {MARTS}.mart_quarantine (entity, quarantine_number, row_key, raw_row) "
            f"values ('{entity}', {number}, '{key}', '{text}')"
            for entity, number, key, text in rejected
        ),
    )
    forget_everywhere(published, "17")
    assert rows_of(
        shop.file,
        f"(select quarantine_number from {MARTS}.mart_quarantine where quarantine_number > 16)",
    ) == [(17,), (18,), (22,)]
    assert rows_of(
        shop.file,
        f"(select customer_id, orders from {MARTS}.mart_customer_value "
        "where customer_id in ('17', '4'))",
    ) == [("4", 17)]
