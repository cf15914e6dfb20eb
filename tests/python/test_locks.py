"""A lock whose holder died while its child goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dovecote import locks

HOLDER_THAT_LEAVES_A_CHILD = """
import os, subprocess, sys
from pathlib import Path
from dovecote import locks

with locks.held(Path(sys.argv[1]), guards=Path("shop.duckdb")) as lock:
    child = subprocess.Popen(["sleep", "60"], pass_fds=(lock,), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    os._exit(1)
"""


def test_the_child_of_a_dead_holder_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "shop.lock"
    died = subprocess.run(
        [sys.executable, "-c", HOLDER_THAT_LEAVES_A_CHILD, str(lock)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    child = int(died.stdout)
    try:
        with (
            pytest.raises(
                ValueError,
                match=rf"^shop.duckdb is in use by 'sleep 60' \(process {child}, since .* UTC\): "
                "wait until it has ended, or end it, then try again.$",
            ),
            locks.held(lock, guards=Path("shop.duckdb")),
        ):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
