"""Run dbt's command in a process of its own that has imported dbt already: importing costs most."""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

KEPT = "DOVECOTE_TESTS_KEPT"
"""Names a folder for what runs of dbt in this and other processes can take from earlier ones."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["dbt.cli.main", "dbt.adapters.duckdb", "pandas", "scipy.optimize", "sklearn.linear_model"]
)


def dbt_command(
    arguments: list[str],
    folder: Path,
    environment: Mapping[str, str],
    kind: object = None,
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
    kind
        What runs have in common that take what the first of them parsed, as JSON can say it; dbt
        itself parses anew where the warehouse is another file. None parses anew.
    """
    kept = os.environ.get(KEPT)
    with TemporaryDirectory() as told:
        out, errors = Path(told) / "out", Path(told) / "errors"
        process = _PROCESSES.Process(
            target=_run, args=(arguments, folder, dict(environment), kind, kept, out, errors)
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
    kind: object,
    kept: str | None,
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

    from dbt_shortcuts import keep_templates, parsed_before, take_shortcuts

    if environment.get("DBT_LOG_LEVEL_FILE") == "none":
        take_shortcuts()
    with ExitStack() as stack:
        manifest = None
        if kept:
            stack.enter_context(keep_templates(Path(kept) / "templates"))
        if kept and kind is not None:
            target = Path(arguments[arguments.index("--target-path") + 1])
            manifest = stack.enter_context(parsed_before(_file_of(kind, Path(kept)), target))
        # A forked process ends without what others do at their end: closing the warehouse.
        stack.callback(atexit._run_exitfuncs)
        cli(arguments, obj={"manifest": manifest} if manifest else None, prog_name="dbt")


def _file_of(kind: object, folder: Path) -> Path:
    return folder / hashlib.sha256(json.dumps(kind).encode()).hexdigest()
