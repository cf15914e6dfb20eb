"""A PostgreSQL of one's own, for as long as a test takes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """Start one on loopback and stop it at the end.

    Yields
    ------
    str
        How libpq reaches its empty database.

    Raises
    ------
    FileNotFoundError
        If PostgreSQL is not installed.
    """
    binaries = _binaries()
    owner = _owner()
    with tempfile.TemporaryDirectory() as name:
        if owner:
            shutil.chown(name, owner)
        data, port = Path(name) / "data", _free_port()
        settings = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        control = [str(binaries / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]

        def run(*command: str) -> None:
            subprocess.run(command, user=owner, cwd=name, check=True, stdout=subprocess.DEVNULL)

        run(
            *(str(binaries / "initdb"), "--pgdata", str(data), "--username", "dovecote"),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        run(
            *(*control, "start", "--log", str(Path(name) / "log")),
            *("--options", f"{settings} -c fsync=off"),
        )
        try:
            yield f"dbname=postgres user=dovecote host=127.0.0.1 port={port}"
        finally:
            run(*control, "stop", "--mode", "immediate")


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else sorted(DEBIAN.glob("*/bin"))
    if not folders:
        raise FileNotFoundError(
            "initdb was not found: install PostgreSQL (Debian package postgresql)."
        )
    return folders[-1]


def _owner() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return int(candidate.getsockname()[1])
