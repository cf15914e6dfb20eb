"""What another process does, or another user."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

# Root may do what others may not.
NOBODY = 65534
OTHER_USER = NOBODY if os.geteuid() == 0 else None


def in_a_fork(act: Callable[[], object], *, user: int | None = None) -> tuple[int, str]:
    """Act in a child, and give its exit code and the error it ended with: its type and text."""
    mine, its = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_act, args=(act, user, its))
    child.start()
    its.close()
    try:
        error = mine.recv()
    except EOFError:
        error = ""
    child.join()
    assert child.exitcode is not None
    return child.exitcode, error


def _act(act: Callable[[], object], user: int | None, connection: Connection) -> None:
    if user is not None:
        os.seteuid(user)
    try:
        act()
    except (ValueError, OSError) as error:
        connection.send(f"{type(error).__name__}: {error}")
    except BaseException:
        connection.send(traceback.format_exc())
