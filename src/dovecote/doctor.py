"""What could keep a build or a publish from working here, each with its cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import duckdb
from packaging.requirements import Requirement

from dovecote import warehouse
from dovecote.publish import Published, check_not_lost


@dataclass(frozen=True)
class Finding:
    """What was looked at and what was found; `is_well` says whether something is to be done."""

    subject: str
    is_well: bool
    text: str


def examine(published: Published) -> Iterator[Finding]:
    """Look at everything that a build and a publish need.

    Parameters
    ----------
    published
        The folder of versions.

    Yields
    ------
    Finding
        One after the other, as some take seconds.
    """
    yield _found("packages", _packages)
    yield _found("project and inputs", _project)
    yield _found("locks", lambda: _locks(published))
    yield _found("warehouse", lambda: _warehouse(published))
    yield _found("disk space", lambda: _space(published))
    yield _found("published", lambda: _published(published))


def _found(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except (ValueError, OSError, duckdb.Error) as error:
        return Finding(subject, False, str(error))


def _packages() -> str:
    needed = [Requirement(text) for text in requires("dovecote") or []]
    needed = [package for package in needed if package.marker is None]
    there = {package: _installed(package.name) for package in needed}
    wrong = [
        f"{package.name} is {there[package] or 'missing'} where {package.specifier} is needed"
        for package in needed
        if not package.specifier.contains(there[package] or "0")
    ]
    if wrong:
        raise ValueError(f"{'; '.join(wrong)}: install requirements.lock anew (make install).")
    return f"Python {sys.version.split()[0]}, dbt {version('dbt-core')}, duckdb {version('duckdb')}"


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _project() -> str:
    """Let the project check its vars and inputs itself, into a warehouse in memory."""
    if not Path("dbt_project.yml").is_file():
        raise ValueError(
            f"{Path.cwd()} has no dbt_project.yml: change to the folder of the project."
        )
    with tempfile.TemporaryDirectory() as folder:
        for check in ("check_vars", "check_inputs"):
            done = subprocess.run(
                [
                    *(sys.executable, "-c", "from dbt.cli.main import cli; cli(prog_name='dbt')"),
                    *("run-operation", f"dovecote.{check}", "--quiet", "--no-use-colors"),
                    *("--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"),
                ],
                env={**os.environ, "DOVECOTE_WAREHOUSE": ":memory:"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
                own = [line for line in lines if line.startswith("Dovecote: ")]
                raise ValueError(own[0].removeprefix("Dovecote: ") if own else " ".join(lines[-3:]))
    data = os.environ.get("DOVECOTE_DATA")
    return f"{data} can be read" if data else "DOVECOTE_DATA is not set: the demo, or relations"


def _locks(published: Published) -> str:
    with warehouse.locked(), published.locked():
        return "no command is at work"


def _warehouse(published: Published) -> str:
    check_not_lost(published)
    if not warehouse.path().exists():
        return f"{warehouse.path()} is not there yet: dovecote build makes it"
    with warehouse.connect(read_only=False) as connection:
        builds = warehouse.builds(connection)
    if not builds:
        return f"{warehouse.path()} has no build yet"
    last = builds[0]
    if not last.is_green:
        raise ValueError(
            f"the last build of {warehouse.path()}, of {last.started_at:%Y-%m-%d %H:%M} UTC, is "
            f"{last.status}, so nothing can be published: run dovecote build."
        )
    return (
        f"{warehouse.path()}, {warehouse.path().stat().st_size / 1e6:,.0f} MB, "
        f"{_counted(builds, 'build')}, the last of {last.started_at:%Y-%m-%d %H:%M} UTC "
        f"{last.status}"
    )


def _space(published: Published) -> str:
    size = warehouse.path().stat().st_size if warehouse.path().exists() else 0
    for folder in (warehouse.path().parent, published.root):
        there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        free = shutil.disk_usage(there).free
        if free < max(2 * size, 500e6):
            raise ValueError(
                f"{there} has {free / 1e6:,.0f} MB left, where twice the warehouse "
                f"({2 * size / 1e6:,.0f} MB) and at least 500 MB are wanted: make space."
            )
    return "enough for a build and a version"


def _published(published: Published) -> str:
    current = published.current_name()
    versions, damaged = published.versions(), published.damaged()
    if current is None and not versions and not damaged:
        return f"{published.root} has no version yet: dovecote publish makes one"
    if current is None:
        raise ValueError(f"{published.link} is missing: dovecote rollback to a version.")
    sentences = list(damaged.values())
    faults = [fault for version in versions for fault in version.faults()]
    if faults:
        sentences.append(
            f"{'; '.join(faults)}: dovecote rollback to a version that is whole, and take the "
            "damaged one away."
        )
    if sentences:
        raise ValueError(" ".join(sentences))
    return f"{_counted(versions, 'version')}, all whole; readers see {current}"


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"
