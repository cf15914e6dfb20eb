"""Who is in the way, said in one sentence, and locks that go with whom they belong to."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

import duckdb
import psutil
import pytest

from dovecote import locks, warehouse
from dovecote.publish import Published, Version, publish, restore
from publish.forks import in_a_fork
from publish.shops import Shop, tree

LOCKED = re.compile(
    r"(\S+) is in use by 'dovecote build' "
    r"\(process (\d+), since ([\d-]+ [\d:]+) UTC\): wait until it has ended, or end it, then try "
    r"again\."
)
OPEN = re.compile(
    r"(\S+) is open in '(.+)' \(process (\d+), since ([\d-]+ [\d:]+) UTC\): close it there "
    r"\(a notebook, a client, a build\), then try again\."
)


@contextmanager
def held_by_another(take: Callable[[], AbstractContextManager[Any]]) -> Iterator[int]:
    """Let another process hold something, and give its number."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(take, its))
    process.start()
    its.close()
    mine.recv()
    assert process.pid
    try:
        yield process.pid
    finally:
        process.kill()
        process.join()


def _hold(take: Callable[[], AbstractContextManager[Any]], connection: Connection) -> None:
    sys.argv = ["/usr/bin/dovecote", "build", "--full-refresh"]
    with take():
        connection.send("held")
        signal.pause()


def check_since(text: str) -> None:
    since = datetime.fromisoformat(text).replace(tzinfo=UTC)
    assert timedelta(0) <= datetime.now(UTC) - since < timedelta(minutes=2)


@pytest.mark.parametrize("what", ["warehouse", "published"])
def test_the_second_process_is_told_who_holds_the_lock_and_a_killed_one_holds_none(
    shop: Shop, published: Published, version: Version, what: str
) -> None:
    before = tree(published.root)
    take, path = {
        "warehouse": (warehouse.locked, shop.file),
        "published": (published.locked, published.root),
    }[what]
    with held_by_another(take) as process:
        with pytest.raises(ValueError, match="is in use by") as caught:
            publish(published)
        named = LOCKED.fullmatch(str(caught.value))
        assert named
        assert named.group(1, 2) == (str(path), str(process))
        check_since(named[3])
        assert tree(published.root) == before
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        following, _ = publish(published)
    assert published.current() == following


def test_nobody_restores_while_another_builds(shop: Shop, version: Version) -> None:
    shop.file.unlink()
    with held_by_another(warehouse.locked), pytest.raises(ValueError, match=LOCKED):
        restore(version)
    assert not shop.file.exists()


def test_a_child_that_inherits_the_lock_keeps_it_when_its_parent_dies(shop: Shop) -> None:
    mine, its = multiprocessing.Pipe()

    def die_before_the_child() -> None:
        with warehouse.locked() as lock:
            child = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
            locks.write_holder(lock, child.pid)
            its.send(child.pid)
            os._exit(9)

    in_a_fork(die_before_the_child)
    child = mine.recv()
    try:
        with (
            pytest.raises(ValueError, match=f"in use by .*process {child}, since"),
            warehouse.locked(),
        ):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(child)] if psutil.pid_exists(child) else [], timeout=5)
    with warehouse.locked():
        pass


@pytest.mark.parametrize("error", [None, ValueError("mend that")])
def test_a_lock_that_was_released_says_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: ValueError | None
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/dovecote", "forget", "c17"])
    lock = shop.file.with_name("shop.lock")
    with suppress(ValueError), warehouse.locked():
        held = lock.read_text()
        if error:
            raise error
    assert "dovecote forget" in held
    assert "c17" not in held
    assert lock.read_bytes() == b""


def test_a_child_that_inherits_nothing_does_not(shop: Shop) -> None:
    with warehouse.locked():
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with warehouse.locked():
        pass
    child.kill()
    child.wait()


def test_a_lock_that_names_nobody_yet_is_told(shop: Shop) -> None:
    with (
        held_by_another(warehouse.locked),
        open(shop.file.with_name("shop.lock"), "w"),
        pytest.raises(ValueError, match="in use by another dovecote command that has just begun"),
        warehouse.locked(),
    ):
        pass


@pytest.mark.parametrize("asks_to_write", [False, True])
def test_a_process_that_has_the_file_open_is_named(shop: Shop, asks_to_write: bool) -> None:
    shop.build()
    with (
        held_by_another(lambda: duckdb.connect(shop.file)) as process,
        pytest.raises(ValueError, match="is open in") as caught,
    ):
        warehouse.connect(read_only=not asks_to_write)
    named = OPEN.fullmatch(str(caught.value))
    assert named
    assert named.group(1, 3) == (str(shop.file), str(process))
    assert named[2].startswith(sys.executable)
    check_since(named[4])


def test_nothing_is_published_while_another_has_the_file_open_for_writing(
    shop: Shop, published: Published, version: Version
) -> None:
    before = tree(published.root)
    with (
        held_by_another(lambda: duckdb.connect(shop.file)),
        pytest.raises(ValueError, match=OPEN),
    ):
        publish(published)
    assert tree(published.root) == before
    # Who only reads is in nobody's way.
    with held_by_another(lambda: duckdb.connect(shop.file, read_only=True)):
        following, _ = publish(published)
    assert published.current() == following
