"""A publish or a restore that ends at any of its steps, by an error or a kill."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dovecote import warehouse
from dovecote.publish import Published, Version, publish, restore
from publish.forks import in_a_fork
from publish.shops import HISTORY, MARTS, Shop, rows_of, tree

# Whatever changes a file or a folder on the way.
STEPS = [
    (os, "fsync"),
    (os, "rmdir"),
    (Path, "mkdir"),
    (Path, "chmod"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "symlink_to"),
    (Path, "unlink"),
    (Path, "write_text"),
    (shutil, "rmtree"),
    (duckdb, "connect"),
    (duckdb.DuckDBPyConnection, "execute"),
]
# While a version is written one statement or file is like the next: of so many, one is interrupted.
ALIKE = 20
NEVER = 10**9
KILLED = 9


def fail() -> None:
    raise OSError("interrupted")


def die() -> None:
    os._exit(KILLED)


@contextmanager
def interrupted_at(number: int, interrupt: Callable[[], None]) -> Iterator[list[str]]:
    """Interrupt before the given step; the list is of the steps that were begun."""
    begun: list[str] = []

    def counting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(function)
        def step(*arguments: object, **named: object) -> object:
            begun.append(name)
            if len(begun) == number:
                interrupt()
            return function(*arguments, **named)

        return step

    with pytest.MonkeyPatch.context() as patched:
        for owner, name in STEPS:
            patched.setattr(owner, name, counting(name, getattr(owner, name)))
        yield begun


def interrupt_in_turn(
    act: Callable[[], object], steps: list[str], interrupt: Callable[[], None]
) -> Iterator[str]:
    """Begin an act again and again, and interrupt it one step later each time."""
    written = steps.index("rename")
    for number, name in enumerate(steps, start=1):
        if (number <= written or name == "rmdir") and steps[:number].count(name) % ALIKE != 1:
            continue
        with interrupted_at(number, interrupt):
            exit_code, error = in_a_fork(act)
        assert "interrupted" in error or exit_code == KILLED, error
        assert "Traceback" not in error
        yield f"{number} {name}"


@contextmanager
def puts_watched() -> Iterator[list[str]]:
    """Check that whatever takes a name is on the disk before, and the name after; list them."""
    put: list[str] = []
    flushed: set[int] = set()
    unnamed: set[int] = set()
    fsync, rename = os.fsync, Path.rename

    def watched_fsync(opened: int) -> None:
        fsync(opened)
        flushed.add(os.fstat(opened).st_ino)
        unnamed.discard(os.fstat(opened).st_ino)

    def watched_rename(path: Path, target: Path) -> Path:
        if not target.name.startswith("."):
            assert {part.stat().st_ino for part in (path, *path.rglob("*"))} <= flushed
            put.append(target.name)
            unnamed.add(target.parent.stat().st_ino)
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", watched_fsync)
        patched.setattr(Path, "rename", watched_rename)
        yield put
    assert not unnamed


def test_what_is_published_or_restored_is_on_the_disk_before_it_has_its_name(
    shop: Shop, published: Published
) -> None:
    shop.build()
    with puts_watched() as put:
        version, _ = publish(published)
        shop.file.unlink()
        restore(version)
    assert put == [version.name, shop.file.name]


def check_is_whole(version: Version | None) -> None:
    assert version
    assert version.faults() == []
    ((name,),) = rows_of(version.database, f"(select version from {MARTS}.published_version)")
    assert name == version.name


@pytest.mark.slow
@pytest.mark.parametrize("interrupt", [fail, die])
def test_a_publish_that_ends_at_any_step_leaves_one_whole_version(
    shop: Shop, published: Published, interrupt: Callable[[], None]
) -> None:
    shop.build(kept=2)
    publish(published)
    shop.build(kept=2)
    publish(published)
    shop.build(kept=2)
    with interrupted_at(NEVER, interrupt) as steps:
        publish(published)
    assert {"rename", "replace", "symlink_to", "rmdir", "execute"} <= set(steps)
    run_id = shop.build(kept=2)
    names = [version.name for version in published.versions()]
    for step in interrupt_in_turn(lambda: publish(published), steps, interrupt):
        current = published.current()
        check_is_whole(current)
        if current.manifest.run_id == run_id or len(published.versions()) > 2:
            # It came too far to do it again: what is left is for the next one.
            version, _ = publish(published)
            assert version.manifest.run_id == run_id, step
            assert published.current() == version, step
            names.insert(0, version.name)
            there = {path.name for path in published.root.iterdir()}
            # The one before is there for who has just read where to look.
            assert there - {names[1]} == {"current", ".lock", version.name}, step
            run_id = shop.build(kept=2)
        else:
            # So that the next step is that of a publish that finds nothing left over.
            with published.locked():
                there = {path.name for path in published.root.iterdir()}
            assert there == {"current", ".lock", *names[:2]}, step
    assert len(names) > 5


@pytest.mark.parametrize(
    "leftover",
    [".incoming-2025-03-01T000000Z-00000000", ".outgoing-2025-03-01T000000Z-00000000"],
)
def test_the_next_publish_clears_what_a_killed_one_left(
    shop: Shop, published: Published, leftover: str
) -> None:
    (published.root / leftover / "parquet").mkdir(parents=True)
    (published.root / leftover / "parquet" / "half.parquet").touch(0o444)
    (published.root / ".current-next").symlink_to("nowhere")
    (published.root / ".a-note").touch()
    shop.build()
    version, _ = publish(published)
    assert {path.name for path in published.root.iterdir()} == {
        *("current", ".lock", ".a-note"),
        version.name,
    }


@pytest.mark.parametrize("interrupt", [fail, die])
def test_a_restore_that_ends_at_any_step_leaves_no_warehouse_or_a_whole_one(
    shop: Shop, published: Published, interrupt: Callable[[], None]
) -> None:
    shop.build()
    version, _ = publish(published)
    shop.file.unlink()
    with interrupted_at(NEVER, interrupt) as steps:
        restore(version)
    whole = rows_of(shop.file, f"{HISTORY}.hist_churn_scores")
    shop.file.unlink()
    named = steps.index("rename") + 1
    for step in interrupt_in_turn(lambda: restore(version), steps, interrupt):
        assert shop.file.exists() == (int(step.split()[0]) > named), step
        if shop.file.exists():
            assert rows_of(shop.file, f"{HISTORY}.hist_churn_scores") == whole, step
            shop.file.unlink()
    restore(version)
    assert rows_of(shop.file, f"{HISTORY}.hist_churn_scores") == whole
    assert tree(shop.file.parent).keys() <= {shop.file.name, "shop.lock"}


def test_the_next_command_clears_what_a_killed_restore_left(shop: Shop) -> None:

    def die_with_a_log() -> None:
        connection = duckdb.connect(shop.file.with_name("shop.incoming"))
        connection.execute("create table left_over as from range(1000)")
        os._exit(KILLED)

    in_a_fork(die_with_a_log)
    assert {"shop.incoming", "shop.incoming.wal"} <= tree(shop.file.parent).keys()
    with warehouse.locked():
        assert tree(shop.file.parent).keys() == {"shop.lock"}
