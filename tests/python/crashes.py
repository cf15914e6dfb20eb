"""A small shop that is built, published and killed, and what must hold of it afterwards."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dbt_runs import PROJECT, contents_of_marts
from dovecote.publish import DATABASE, Published
from dovecote.simulate import Settings, prepare_folder, write_shop

# Every model and every test, but each with as little to do as it can have.
QUICK_VARS: dict[str, Any] = {
    "dovecote_churn_activities": ["order"],
    "dovecote_churn_horizons": [30],
    "dovecote_churn_evaluation_cutoffs": 1,
    "dovecote_churn_training_snapshots": 1,
    "dovecote_recommendation_evaluation_cutoffs": 1,
    "dovecote_recommendation_sample_customers": 20,
    "dovecote_retention_combinations": [
        {
            "activity": activity,
            "entry": "first_time",
            "return_rule": "on",
            "clock": "calendar",
            "grain": "month",
            "breakdowns": ["none"],
        }
        for activity in ("order", "visit")
    ],
    # So that history does not grow with the number of builds, and every publish has to prune.
    "dovecote_history_kept_dates": 1,
    "dovecote_published_versions_kept": 2,
}
PATIENCE = 600.0
"""Seconds after which a process that should have ended counts as stuck."""


@dataclass(frozen=True)
class Shop:
    """A folder with a warehouse and published versions, and where its inputs are."""

    folder: Path
    data: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Published:
        return Published(self.folder / "published")

    def start(self, *arguments: str, as_of: str | None = None) -> subprocess.Popen[str]:
        """Start a dovecote command as the leader of its own group of processes."""
        return subprocess.Popen(
            _command(arguments),
            cwd=PROJECT,
            env=self._environment(as_of),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, as_of: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a dovecote command to its end."""
        return subprocess.run(
            _command(arguments),
            cwd=PROJECT,
            env=self._environment(as_of),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def registry(self) -> dict[str, str]:
        """Give the status of every build that the warehouse knows by run_id, latest last."""
        if not self.warehouse.is_file():
            return {}
        with duckdb.connect(self.warehouse, read_only=True) as connection:
            try:
                found = connection.execute(
                    "select run_id, status from dovecote_history.builds order by started_at"
                )
            except duckdb.CatalogException:
                return {}
            return dict(found.fetchall())

    def runs(self) -> set[str]:
        """Name the folders of builds."""
        folder = self.folder / "warehouse.runs"
        return {run.name for run in folder.iterdir()} if folder.is_dir() else set()

    def wait_until_free(self) -> None:
        """Wait until no process holds the lock of the warehouse."""
        deadline = time.monotonic() + PATIENCE
        with (self.folder / "warehouse.lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
                else:
                    return

    def published_marts(self) -> dict[str, tuple[int, int]]:
        """Give rows and checksum of every mart that readers see, but those about builds."""
        with duckdb.connect(self.published.link / DATABASE, read_only=True) as connection:
            contents = contents_of_marts(connection)
        del contents["published_version"]
        return contents

    def _environment(self, as_of: str | None) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")}
        environment["DOVECOTE_DATA"] = str(self.data)
        environment["DOVECOTE_WAREHOUSE"] = str(self.warehouse)
        environment["DOVECOTE_PUBLISHED"] = str(self.published.root)
        if as_of is not None:
            environment["DOVECOTE_AS_OF"] = as_of
        return environment


def build_command(*arguments: str, **variables: Any) -> tuple[str, ...]:
    """Give the arguments of a quick build that publishes."""
    return ("build", "--publish", *arguments, "--vars", json.dumps({**QUICK_VARS, **variables}))


def write_data(folder: Path) -> Path:
    """Write the files of a shop of 200 customers."""
    prepare_folder(folder)
    write_shop(Settings(customers=200, days=300, seed=7), folder)
    return folder


def copy_shop(shop: Shop, folder: Path) -> Shop:
    """Copy a shop with its warehouse, runs and versions."""
    shutil.copytree(shop.folder, folder, symlinks=True)
    return Shop(folder, shop.data)


def kill_after(process: subprocess.Popen[str], seconds: float, *, only_it: bool = False) -> bool:
    """Kill a process after some seconds, its children too; tell whether it had not ended before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        (os.kill if only_it else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Leave no process behind, whatever comes of the block."""
    try:
        yield process
    finally:
        kill_after(process, 0)


def held_sentence(done: subprocess.CompletedProcess[str]) -> re.Match[str] | None:
    """Find the sentence with which a second build ends: its group is the holder's number."""
    if done.returncode != 2 or done.stdout:
        return None
    return re.fullmatch(
        r"Error: \S+/warehouse.duckdb is in use by '.+' \(process (\d+), "
        r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\): "
        r"wait until it has ended, or end it, then try again\.",
        done.stderr.strip(),
    )


def nodes_ended(shop: Shop, run: str) -> int:
    """Count the models that a build had made when it ended or was killed."""
    log = shop.folder / "warehouse.runs" / run / "logs" / "dbt.log"
    return log.read_text().count(" OK created ") if log.is_file() else 0


def faults_of_current(shop: Shop) -> list[str]:
    """Say what keeps the version that readers see from being whole; a version there must be."""
    version = shop.published.current()
    if version is None:
        return [f"{shop.published.link} does not exist"]
    manifest = version.manifest
    found = version.faults()
    files = {
        str(file.relative_to(version.folder))
        for file in version.folder.rglob("*")
        if file.is_file() and file.name != "manifest.json"
    }
    if files != set(manifest.files):
        found.append(f"files beside those of the manifest: {files ^ set(manifest.files)}")
    if found:
        return found
    with duckdb.connect(shop.published.link / DATABASE, read_only=True) as connection:
        told = connection.execute(
            "select version, run_id, as_of_date::varchar from dovecote_marts.published_version"
        ).fetchall()
        if told != [(version.name, manifest.run_id, manifest.as_of_date)]:
            found.append(f"published_version says {told}")
        for table in manifest.tables:
            (rows,) = connection.execute(
                "select count(*) from read_parquet(?)", [str(version.folder / table.parquet)]
            ).fetchall()[0]
            if rows != table.rows:
                found.append(f"{table.parquet} has {rows} rows instead of {table.rows}")
    return found


def leftovers(shop: Shop) -> list[str]:
    """Name what no command that ended well leaves behind."""
    versions = {version.name for version in shop.published.versions()}
    expected = {".lock", "current", *versions}
    found = [file.name for file in shop.published.root.iterdir() if file.name not in expected]
    own = {"warehouse.duckdb", "warehouse.lock", "warehouse.runs", "published"}
    found += [file.name for file in shop.folder.iterdir() if file.name not in own]
    found += [
        f"warehouse.runs/{run}"
        for run in shop.runs()
        if not (shop.folder / "warehouse.runs" / run / "target" / "run_results.json").is_file()
    ]
    return found


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-c", "from dovecote.cli import app; app()", *arguments]
