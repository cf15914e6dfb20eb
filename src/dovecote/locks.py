"""One writer at a time, and a sentence that names it to whoever comes second."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil


@contextmanager
def held(path: Path, *, guards: Path) -> Iterator[int]:
    """Hold a lock while the block runs; the operating system releases it when the process dies.

    Parameters
    ----------
    path
        File of the lock. It stays, as taking it away would let two processes hold one lock each.
    guards
        What must not be written by others meanwhile, for the message.

    Yields
    ------
    int
        The open file. A child that inherits it keeps the lock if its parent dies.

    Raises
    ------
    ValueError
        If another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"{guards} is in use by {_written_holder(file)}: wait until it has ended, "
                "or end it, then try again."
            ) from None
        os.ftruncate(file, 0)
        write_holder(file, os.getpid())
        try:
            yield file
        finally:
            os.ftruncate(file, 0)
    finally:
        os.close(file)


def write_holder(file: int, process: int) -> None:
    """Write into a lock which process holds it: this one, or the child that outlives it."""
    holder = {
        # Without arguments, as these may name a customer.
        "command": " ".join(["dovecote", *sys.argv[1:2]]),
        "process": process,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.pwrite(file, json.dumps(holder).encode().ljust(200), 0)


def process_named(process: int) -> str:
    """Say which process it is that has a number: its command and since when it runs."""
    try:
        found = psutil.Process(process)
        since = datetime.fromtimestamp(found.create_time(), UTC)
        command = " ".join(found.cmdline()[:6])
    except psutil.Error:
        return f"process {process}"
    return f"'{command}' (process {process}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


def _written_holder(file: int) -> str:
    try:
        holder = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return "another dovecote command that has just begun"
    since = datetime.fromisoformat(holder["since"])
    return (
        f"'{holder['command']}' (process {holder['process']}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
    )
