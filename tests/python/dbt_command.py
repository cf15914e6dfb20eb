"""Run dbt's command in a process of its own that has imported dbt already: importing costs most."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import shutil
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["dbt.cli.main", "dbt.adapters.duckdb", "pandas", "scipy.optimize", "sklearn.linear_model"]
)


def dbt_command(
    arguments: list[str],
    folder: Path,
    environment: Mapping[str, str],
    parsed: Path | None = None,
) -> CompletedProcess[str]:
    """Run `dbt ARGUMENT ...` as in a shell of its own, and give what it said.

    Parameters
    ----------
    arguments
        Of the command.
    folder
        Where it is run.
    environment
        All of its environment.
    parsed
        File of what dbt parsed in an earlier run of this kind, which is written where it is
        missing: dbt itself parses anew where the warehouse is another file. None parses anew.
    """
    with TemporaryDirectory() as told:
        out, errors = Path(told) / "out", Path(told) / "errors"
        process = _PROCESSES.Process(
            target=_run, args=(arguments, folder, dict(environment), parsed, out, errors)
        )
        process.start()
        process.join()
        said = out.read_text(), errors.read_text()
    assert process.exitcode is not None
    return CompletedProcess(arguments, process.exitcode, *said)


def end_dbt() -> None:
    """End the process that others were forked from, and wait, so that its CPU time is counted."""
    forkserver._forkserver._stop()


def _run(
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    parsed: Path | None,
    out: Path,
    errors: Path,
) -> None:
    for path, stream in ((out, sys.stdout), (errors, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
    # dbt looks at what its process was called with, too.
    sys.argv = ["dbt", *arguments]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # Else the garbage collector looks at all that was parsed, again and again.
    gc.set_threshold(10_000)
    from dbt.cli.main import cli

    from dbt_events import leave_out_unread_events

    leave_out_unread_events()
    known = _known(parsed) if parsed else None
    try:
        cli(arguments, obj=known, prog_name="dbt")
    finally:
        # A forked process ends without what others do at their end: closing the warehouse.
        atexit._run_exitfuncs()
        if parsed:
            target = Path(arguments[arguments.index("--target-path") + 1])
            _keep(target / "partial_parse.msgpack", parsed)


def _known(parsed: Path) -> dict[str, object] | None:
    if not parsed.exists():
        return None
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(parsed.read_bytes())
    manifest.build_flat_graph()
    return {"manifest": manifest}


def _keep(written: Path, parsed: Path) -> None:
    if written.exists():
        part = parsed.with_suffix(f".{os.getpid()}")
        shutil.copy(written, part)
        part.replace(parsed)
