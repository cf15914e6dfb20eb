"""What a build of the demo costs in DuckLake, beside one into a DuckDB file, and what readers see.

Run it with `make bench-lake`; it needs PostgreSQL. The demo is built into both, and into the lake
once more while readers query it. Both are measured in turn in one run; CPU seconds hardly depend on
what else the machine does, wall seconds do. PostgreSQL's own are not counted.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from dbt_runs import contents_of_marts, mart_contents, run_dbt
from dovecote import lake
from lake_readers import reading
from postgres import postgres

READERS = 4


class Cost(NamedTuple):
    """Seconds of a build."""

    wall: float
    cpu: float


def main() -> None:
    """Build, compare, and print the figures."""
    with tempfile.TemporaryDirectory() as name, postgres() as catalog:
        folder = Path(name)
        settings = {
            "DOVECOTE_LAKE_CATALOG": catalog,
            "DOVECOTE_LAKE_DATA": str(folder / "lake"),
        }
        os.environ |= settings
        into_file = build(folder / "file", "duckdb", {})
        into_lake = build(folder / "first", "ducklake", settings)
        marts = list(mart_contents(folder / "file"))
        queries = [f"select count(*) from dovecote_marts.{mart}" for mart in marts]
        with reading(READERS, queries, settings, folder / "stop") as seen:
            again = build(folder / "second", "ducklake", settings)
        connection = lake.connect()
        differing = [
            mart
            for mart, contents in mart_contents(folder / "file").items()
            if contents != contents_of_marts(connection)[mart]
        ]
        first, second = (build.version for build in lake.versions(connection) if build.is_green)
        changed = [
            mart
            for mart, contents in contents_of_marts(lake.connect(first)).items()
            if contents != contents_of_marts(lake.connect(second))[mart]
        ]
        data = sum(file.stat().st_size for file in (folder / "lake").rglob("*.parquet"))
    for label, cost in (
        ("DuckDB file", into_file),
        ("empty lake", into_lake),
        (f"the lake again, {READERS} readers", again),
    ):
        print(
            f"{label:>26}: {cost.wall:6.1f} s wall, {cost.cpu:6.1f} s of CPU, "
            f"{cost.cpu / into_file.cpu:.1f} times the CPU of the file"
        )
    asked, errors = sum(one.asked for one in seen), [e for one in seen for e in one.errors]
    print(f"{asked:,} queries during the build, {len(errors)} errors {errors[:3]}")
    print(f"{len(marts)} marts; different from the file's: {differing or 'none'}")
    print(f"versions {first} and {second}; different between them: {changed or 'none'}")
    print(f"{data / 1e6:.0f} MB of Parquet after two builds; duckdb {duckdb.__version__}")
    if errors or differing or changed:
        raise SystemExit(1)


def build(folder: Path, target: str, settings: Mapping[str, str]) -> Cost:
    """Build the demo with all tests."""
    folder.mkdir()
    before, started = _cpu_of_children(), time.monotonic()
    done = run_dbt(
        "build",
        folder,
        arguments=("--target", target, "--warn-error", "--quiet"),
        settings=settings,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    return Cost(time.monotonic() - started, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
