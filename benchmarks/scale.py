"""What a build costs as the shop grows, beside its limit: `make bench SIZE=1M|10M|100M`.

Four steps: (a) the full build, (b) one more day, (c) one day with late rows, (d) a run without new
data; after (b), (c) and (d) a full refresh into another file, whose marts must be the same. Beside
them, from the same files: the hand-written limit, pandas at 1M, Spark at 10M. The steps build what
the limit stands beside: the project without fits and what rests on them, which are measured once,
in a full build of the whole project, unless `--without-fits` says not to. Builds run with
`--threads 1`, so that what a node used is known; DuckDB itself uses two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import psutil
import scale_data

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent / "limit"))
import check  # noqa: E402

RESULTS = PROJECT / "benchmarks" / "RESULTS.md"
FIGURES = PROJECT / "benchmarks" / "scale_results.json"
CHART = PROJECT / "docs" / "scaling" / "cost.svg"
BEGIN, END = "<!-- scale -->", "<!-- /scale -->"
# Orders know their delivery from the start: what had arrived tells how late it is.
AS_OF = {"base": "2026-06-25 00:00:00", "day": "2026-06-25 15:30:00", "late": "2026-06-25 15:30:00"}
STEPS = {
    "full": "full build",
    "day": "one more day",
    "late": "one day and late rows",
    "again": "no new data",
}
COUNTED = ("staging", "core", "activity", "retention", "customers", "operations")
"""Groups of SQL models that the bars count."""
APART = (
    *("fits", "churn", "recommendations", "history and review"),
    *("tests", "seeds", "other"),
)
LIMIT_OF_PANDAS = {
    *("merged_customers", "excluded_customers", "daily_rates", "purchases", "fct_orders", "buyers"),
    *("repeated_events", "visitors", "shared_visits", "fct_sessions"),
    *("order_periods", "order_counts", "retained_counts", "mart_retention"),
    *("rfm_values", "mart_rfm_cut_points", "mart_customer_rfm"),
}
"""Statements of the limit that make what pandas makes, and more: they hold all of retention."""
RESTING_ON_FITS = (
    *("ml", "history", "review", "metrics", "exposures.yml"),
    *("intermediate/churn", "intermediate/recommendations", "marts/churn"),
    *("marts/recommendations", "marts/operations/mart_model_versions.sql"),
)
"""Of the project's models, what is left out of the measured steps."""
MARTS_OF_PANDAS = ("fct_sessions", "mart_retention", "mart_customer_rfm")
MEMORY_LIMIT = "10GB"
"""For DuckDB, so that Python and its frames fit into 12 GB too."""
LIMIT_MEMORY = "12GB"
"""For the limit: its sessions hold texts in groups, which do not spill, and 10GB end it at 100M."""
MART_SCHEMA = "dovecote_marts"
TOLERANCE_OF_LINEAR = 1.15
# Below this many CPU seconds a ratio of two sizes says more about the clock.
LEAST_SECONDS = 1.0


class Cost(NamedTuple):
    """What a process and its children took."""

    wall: float
    cpu: float
    peak_gb: float
    written_gb: float


def main() -> int:
    """Measure a size and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=scale_data.CUSTOMERS)
    parser.add_argument("--data", type=Path, help="folder of scale_data.py; made where absent")
    parser.add_argument("--scratch", type=Path, help="where warehouses are written")
    parser.add_argument("--without-fits", action="store_true", help="leave the whole project out")
    parser.add_argument(
        "--steps", nargs="*", choices=STEPS, default=list(STEPS), help="which steps"
    )
    parser.add_argument(
        "--without-refresh", action="store_true", help="compare no step with a full refresh"
    )
    parser.add_argument("--remark", help="what else is to be known, such as what ran beside it")
    arguments = parser.parse_args()
    data = arguments.data or PROJECT / "target" / "scale" / arguments.size
    if not (data / "base").exists():
        scale_data.make(arguments.size, data)
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        for figures in measure(
            arguments.size,
            data,
            Path(scratch),
            arguments.steps,
            with_fits=not arguments.without_fits,
            with_refresh=not arguments.without_refresh,
        ):
            # Steps of a large shop take an hour: what was measured is kept if the next one fails.
            keep(arguments.size, {**figures, "remark": arguments.remark})
    unequal = {step: found for step, found in figures["differences"].items() if found}
    for step, found in unequal.items():
        print(f"{STEPS[step]}: not what a full refresh gives: {found}")
    return int(bool(unequal))


def keep(size: str, figures: dict[str, Any]) -> None:
    """Write a size's figures beside those of other sizes, and all of them as text and chart."""
    every = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    every[size] = figures
    FIGURES.write_text(json.dumps(every, indent=1, sort_keys=True) + "\n")
    write_results(every)
    draw(every)


def measure(
    size: str,
    data: Path,
    scratch: Path,
    wanted: Iterable[str],
    *,
    with_fits: bool,
    with_refresh: bool,
) -> Iterator[dict[str, Any]]:
    """Run steps and their companions; give the figures so far after each.

    Parameters
    ----------
    size
        Of the shop, such as ``"1M"``.
    data
        Folder with ``base``, ``day`` and ``late``, which is only read.
    scratch
        Empty folder for warehouses and copies.
    wanted
        Steps to run; the full build is run in any case.
    with_fits
        Whether the whole project is built too.
    with_refresh
        Whether every step is compared with a full refresh, which takes as long as the full build.
    """
    shop = scratch / "shop"
    project = scratch / "project"
    copy_without_fits(project)
    _link(data / "base", shop)
    figures: dict[str, Any] = {
        "machine": _machine(),
        "load": os.getloadavg()[0],
        "steps": {},
        "differences": {},
    }
    steps, differences = figures["steps"], figures["differences"]

    # Same folder, same as_of: the limit and its companions stand beside the full build.
    steps["full"] = build(shop, "base", scratch / "full", "warehouse.duckdb", project)
    figures["rows"] = _rows(shop)
    limit = scratch / "limit.duckdb"
    figures["limit"] = run_limit(shop, limit)
    figures["limit_differences"] = against_limit(scratch / "full" / "warehouse.duckdb", limit)
    if size == "1M":
        figures["pandas"] = run_pandas(shop, scratch)
    if size == "10M":
        figures["spark"] = run_spark(shop, scratch)
    limit.unlink()
    yield figures
    if with_fits:
        figures["whole"] = build(shop, "base", scratch / "whole", "warehouse.duckdb", PROJECT)
        shutil.rmtree(scratch / "whole")
    if "late" in wanted:
        shutil.copytree(scratch / "full", scratch / "late")

    for step, added in (("day", "day"), ("again", "day"), ("late", "late")):
        if step not in wanted:
            continue
        folder = scratch / ("late" if step == "late" else "full")
        if step == "late":
            shutil.rmtree(shop)
            _link(data / "base", shop)
        if step != "again":
            _link(data / added, shop)
        steps[step] = build(shop, added, folder, "warehouse.duckdb", project)
        yield figures
        if not with_refresh:
            continue
        refreshed = scratch / f"refreshed_{added}"
        if step != "again":
            build(shop, added, refreshed, "refreshed.duckdb", project)
        differences[step] = against_refresh(folder, refreshed / "refreshed.duckdb")
        if step != "day" or "again" not in wanted:
            shutil.rmtree(refreshed)
        print(f"{STEPS[step]}: {differences[step] or 'equal to a full refresh'}", flush=True)
        yield figures


def copy_without_fits(folder: Path) -> None:
    """Copy the project, but for fits and what rests on them.

    Parameters
    ----------
    folder
        Takes the copy; must not exist.
    """
    for part in ("dbt_project.yml", "profiles.yml", "macros", "models", "seeds", "tests"):
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(PROJECT / part, folder / part)
    for part in RESTING_ON_FITS:
        left_out = folder / "models" / part
        shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink()
    (folder / "tests" / "singular" / "recommendations_follow_their_rules.sql").unlink()
    # Else dbt warns of a description without a model.
    described = folder / "models" / "marts" / "operations" / "_operations.yml"
    before, _, after = described.read_text().partition("  - name: mart_model_versions\n")
    described.write_text(before + "".join(re.split(r"(?m)^(?=  - name: )", after)[1:]))


def build(shop: Path, arrived: str, folder: Path, warehouse: str, project: Path) -> dict[str, Any]:
    """Build the project and say what it and its nodes took.

    Parameters
    ----------
    shop
        Folder of the inputs.
    arrived
        What has arrived: a key of `AS_OF`.
    folder
        Holds the warehouse and dbt's target path; may hold an earlier build.
    warehouse
        File name of the warehouse.
    project
        The project, or a part of it.
    """
    folder.mkdir(exist_ok=True)
    # Else the build waits for the disk to take what was copied or linked before it.
    os.sync()
    cost = run_measured(
        [
            *(sys.executable, "benchmarks/dbt_nodes.py", str(folder / "nodes.json")),
            *("build", "--quiet", "--threads", "1", "--exclude", "resource_type:unit_test"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
        ],
        {
            "DOVECOTE_DATA": str(shop),
            "DOVECOTE_AS_OF": AS_OF[arrived],
            "DOVECOTE_WAREHOUSE": str(folder / warehouse),
            "DOVECOTE_MEMORY_LIMIT": MEMORY_LIMIT,
        },
    )
    taken = json.loads((folder / "nodes.json").read_text())
    nodes = _nodes(folder)
    groups = dict.fromkeys((*COUNTED, *APART), 0.0)
    walls = dict.fromkeys(groups, 0.0)
    for node, used in taken.items():
        group = group_of(nodes.get(node, {"resource_type": "other"}))
        groups[group] += used["cpu"]
        walls[group] += used["wall"]
    models = {
        nodes[node]["name"]: used["cpu"]
        for node, used in taken.items()
        if node in nodes and group_of(nodes[node]) not in ("fits", "tests", "seeds", "other")
    }
    wanted = _ancestors(nodes, MARTS_OF_PANDAS)
    print(
        f"built {warehouse} as of {AS_OF[arrived]}: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU",
        flush=True,
    )
    return {
        **cost._asdict(),
        "groups": groups,
        "group_walls": walls,
        "nodes": len(taken),
        "own": cost.cpu - sum(groups.values()),
        "models": models,
        "peers_wall": sum(used["wall"] for node, used in taken.items() if node in wanted),
        "peers_cpu": sum(used["cpu"] for node, used in taken.items() if node in wanted),
        "warehouse_gb": (folder / warehouse).stat().st_size / 1e9,
    }


def group_of(node: Mapping[str, Any]) -> str:
    """Give the group that a node's cost is counted in.

    Parameters
    ----------
    node
        Of dbt's manifest.
    """
    kind = node["resource_type"]
    if kind != "model":
        return {"test": "tests", "seed": "seeds"}.get(kind, "other")
    if node["language"] == "python":
        return "fits"
    layer, *rest = Path(node["path"]).parts
    domain = rest[0] if layer in ("intermediate", "marts") else layer
    return domain if domain in (*COUNTED, *APART) else "history and review"


def run_limit(shop: Path, warehouse: Path) -> dict[str, Any]:
    """Run the hand-written SQL in a process of its own."""
    written = warehouse.with_suffix(".json")
    with written.open("w") as out:
        cost = run_measured(
            [sys.executable, "benchmarks/limit/run.py", str(shop), str(warehouse), "--json"],
            {"DOVECOTE_AS_OF": AS_OF["base"], "DOVECOTE_MEMORY_LIMIT": LIMIT_MEMORY},
            out,
        )
    statements = json.loads(written.read_text())
    peers = [statement for statement in statements if statement["name"] in LIMIT_OF_PANDAS]
    print(f"limit: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU", flush=True)
    return {
        **cost._asdict(),
        "statements": statements,
        "peers_wall": sum(statement["wall_seconds"] for statement in peers),
        "peers_cpu": sum(statement["cpu_seconds"] for statement in peers),
        "warehouse_gb": warehouse.stat().st_size / 1e9,
    }


def run_pandas(shop: Path, scratch: Path) -> dict[str, Any]:
    """Run the pandas version and hold its frames against the limit's marts."""
    out = scratch / "pandas"
    cost = run_measured(
        [sys.executable, "benchmarks/pandas_marts.py", str(shop), str(out)],
        {"DOVECOTE_AS_OF": AS_OF["base"]},
    )
    frames = {
        "fct_sessions": "select md5(first_event_id) as session_key, * exclude (first_event_id) "
        f"replace (cast(session_date as date) as session_date) from '{out}/fct_sessions.parquet'",
        "mart_retention": "select * replace (cast(cohort_start as date) as cohort_start) "
        f"from '{out}/mart_retention.parquet'",
        "mart_customer_rfm": f"from '{out}/mart_customer_rfm.parquet'",
    }
    return {**cost._asdict(), "differences": _against(scratch, frames)}


def run_spark(shop: Path, scratch: Path) -> dict[str, Any]:
    """Run sessions and cohorts on Spark, or say that there is none."""
    out = scratch / "spark"
    python = os.environ.get("DOVECOTE_SPARK_PYTHON", sys.executable)
    if subprocess.run(
        [python, "-c", "import pyspark"], capture_output=True, check=False
    ).returncode:
        return {"skipped": "no pyspark: set DOVECOTE_SPARK_PYTHON to an interpreter that has it"}
    cost = run_measured(
        [python, "benchmarks/spark_marts.py", str(shop), str(out)],
        {"DOVECOTE_AS_OF": AS_OF["base"]},
    )
    frames = {
        "fct_sessions": "select * replace (timezone('UTC', started_at) as started_at, "
        "timezone('UTC', ended_at) as ended_at, timezone('UTC', purchase_at) as purchase_at) "
        f"from '{out}/sessions/*.parquet'",
    }
    return {**cost._asdict(), "differences": _against(scratch, frames)}


def _against(scratch: Path, frames: Mapping[str, str]) -> dict[str, str]:
    """Say where frames are not what the limit's marts hold."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{scratch / 'limit.duckdb'}' as made (read_only)")
        connection.execute(
            "create view mart_retention as from made.mart_retention where activity = 'order' "
            "and entry = 'first_time' and return_rule = 'on' and grain = 'month' "
            "and breakdown = 'none'"
        )
        for mart, sql in frames.items():
            connection.execute(f"create view frame_{mart} as {sql}")
            ours = mart if mart == "mart_retention" else f"made.{mart}"
            found[mart] = check.differences(connection, ours, f"frame_{mart}", False)
    return {mart: said for mart, said in found.items() if said}


def against_limit(built: Path, limit: Path) -> dict[str, str]:
    """Say which marts of the build are not those of the limit."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{limit}' as limits (read_only)")
        connection.execute(f"attach '{built}' as built (read_only)")
        found = {
            mart: check.differences(connection, f"limits.{mart}", f"built.{MART_SCHEMA}.{mart}")
            for mart in check.MARTS
        }
    return {mart: said for mart, said in found.items() if said}


def against_refresh(folder: Path, refreshed: Path) -> dict[str, str]:
    """Say which marts differ from a full refresh's, but for those that look back at builds.

    Parameters
    ----------
    folder
        Of the build that was added to.
    refreshed
        Warehouse of the full refresh.
    """
    nodes = _nodes(folder)
    found: dict[str, str | None] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'warehouse.duckdb'}' as added (read_only)")
        connection.execute(f"attach '{refreshed}' as refreshed (read_only)")
        for key, node in nodes.items():
            if node["resource_type"] != "model" or node["schema"] != MART_SCHEMA:
                continue
            before = _ancestors(nodes, [node["name"]])
            if node["name"] == "mart_builds" or any(
                "model.dovecote.hist_" in name for name in before
            ):
                continue
            table = f"{MART_SCHEMA}.{node['alias']}"
            found[key.rsplit(".", 1)[-1]] = check.differences(
                connection, f"added.{table}", f"refreshed.{table}"
            )
    return {mart: said for mart, said in found.items() if said}


def run_measured(command: list[str], environment: Mapping[str, str], out: Any = None) -> Cost:
    """Run a command to its end and give what it and its children took.

    Parameters
    ----------
    command
        Run in the project's folder.
    environment
        Variables beside those of this process.
    out
        File that takes what it prints.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **environment}, stdout=out)
    ended, peak = threading.Event(), [0]
    cpu: dict[int, float] = {}

    def watch() -> None:
        root = psutil.Process(process.pid)
        while not ended.wait(0.1):
            used = 0
            try:
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            for each in family:
                try:
                    used += each.memory_info().rss
                    times = each.cpu_times()
                    cpu[each.pid] = times.user + times.system
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], used)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    # A process that nobody waits for, such as Spark's, is known from looking on only.
    seconds = max(usage.ru_utime + usage.ru_stime, sum(cpu.values()))
    peak_bytes = max(peak[0], usage.ru_maxrss * 1024)
    return Cost(wall, seconds, peak_bytes / 1e9, usage.ru_oublock * 512 / 1e9)


def worse_than_linear(every: Mapping[str, Any]) -> list[str]:
    """Name the SQL models whose cost grew by more than rows did, between neighbouring sizes.

    Parameters
    ----------
    every
        Figures by size.
    """
    found = []
    sizes = [size for size in scale_data.CUSTOMERS if size in every]
    for smaller, larger in pairwise(sizes):
        growth = every[larger]["rows"]["events"] / every[smaller]["rows"]["events"]
        before, after = (every[size]["steps"]["full"]["models"] for size in (smaller, larger))
        for model in sorted(set(before) & set(after)):
            factor = after[model] / max(before[model], 1e-9) / growth
            if after[model] >= LEAST_SECONDS and factor > TOLERANCE_OF_LINEAR:
                found.append(
                    f"`{model}` from {smaller} to {larger}: {factor:.2f} times linear "
                    f"({before[model]:.2f} s to {after[model]:.1f} s of CPU)"
                )
    return found


def write_results(every: Mapping[str, Any]) -> None:
    """Write the section of RESULTS.md anew.

    Parameters
    ----------
    every
        Figures by size.
    """
    sizes = [size for size in scale_data.CUSTOMERS if size in every]
    lines = [BEGIN, "## Size", ""]
    for size in sizes:
        figures = every[size]
        said = f"{size}: {figures['machine']}; load before it {figures['load']:.1f}."
        lines += [" ".join(filter(None, [said, figures.get("remark")])), ""]
    lines += [
        "Repeat it with `make bench SIZE=1M` (or 10M, 100M). Builds run one node at a time, DuckDB "
        f"with two threads and at most {MEMORY_LIMIT} (the limit: {LIMIT_MEMORY}); all tests but "
        "dbt's unit tests run with them. The steps build the project without fits and what rests "
        f"on them; the whole project stands apart. *Counted* is the SQL of {', '.join(COUNTED)}, "
        "which the limit stands beside. *dbt's own* is all CPU less that of its nodes: start, "
        "parsing, hooks. *One more day* is the first day after the base until 15:30, a 540th of "
        "all events; the shop grows, and the whole of that day would be a 254th.",
        "",
    ]
    for size in sizes:
        lines += _section(size, every[size])
    lines += [
        "### Cost against size",
        "",
        "![CPU seconds against events](../docs/scaling/cost.svg)",
        "",
    ]
    worse = worse_than_linear(every)
    if len(sizes) > 1:
        lines += [f"- {said}" for said in worse] or [
            "No SQL model of a second or more costs over 15% more than linear."
        ]
    text = RESULTS.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    RESULTS.write_text("\n".join([before.rstrip(), "", *lines, "", END]) + (after or "\n"))


def _section(size: str, figures: Mapping[str, Any]) -> list[str]:
    taken, limit = figures["steps"], figures["limit"]
    steps = {step: taken[step] for step in STEPS if step in taken}
    full = counted(steps["full"])
    rows = figures["rows"]
    lines = [
        f"### {size}: {rows['events']:,} events, {rows['orders']:,} orders, "
        f"{rows['customers']:,} customers",
        "",
        "| Step | Wall s | CPU s | Counted CPU s | of the full build's | dbt's own CPU s "
        "| Peak GB | Written GB | Equal to a full refresh |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for step, found in steps.items():
        label = STEPS[step]
        said = figures["differences"].get(step)
        equal = "" if said is None else "yes" if not said else f"no: {', '.join(sorted(said))}"
        lines.append(
            f"| {label} | {found['wall']:.1f} | {found['cpu']:.1f} | {counted(found):.1f} "
            f"| {counted(found) / full:.1%} | {found['own']:.1f} | {found['peak_gb']:.2f} "
            f"| {found['written_gb']:.2f} | {equal} |"
        )
    lines += [
        f"| the limit | {limit['wall']:.1f} | {limit['cpu']:.1f} | {limit['cpu']:.1f} |  |  "
        f"| {limit['peak_gb']:.2f} | {limit['written_gb']:.2f} |  |",
        "",
        f"The full build's counted SQL takes {counted_wall(steps['full']) / limit['wall']:.2f} "
        f"times the limit in wall time, {full / limit['cpu']:.2f} times in CPU; all of the build "
        f"{steps['full']['wall'] / limit['wall']:.2f} times. "
        + (
            "The limit's marts are the build's, row for row."
            if not figures["limit_differences"]
            else f"Marts that differ from the limit's: {figures['limit_differences']}."
        ),
        "",
    ]
    for name in ("pandas", "spark"):
        if name in figures:
            lines += [_beside(name, figures), ""]
    builds = dict(steps)
    if "whole" in figures:
        whole = figures["whole"]
        builds["whole project"] = whole
        lines += [
            f"The whole project, with fits and what rests on them: {whole['wall']:.0f} s, "
            f"{whole['cpu']:.0f} s of CPU, {whole['peak_gb']:.2f} GB, a warehouse of "
            f"{whole['warehouse_gb']:.2f} GB.",
            "",
        ]
    groups = [*COUNTED, *APART]
    lines += [
        "| CPU s | " + " | ".join(STEPS.get(step, step) for step in builds) + " |",
        "|---|" + "---:|" * len(builds),
        *(
            f"| {group} | "
            + " | ".join(f"{found['groups'][group]:.1f}" for found in builds.values())
            + " |"
            for group in groups
        ),
        "| dbt's own | " + " | ".join(f"{found['own']:.1f}" for found in builds.values()) + " |",
        "| the same, ms a node | "
        + " | ".join(f"{1000 * found['own'] / found['nodes']:.0f}" for found in builds.values())
        + " |",
        "",
        "| Statement of the limit | Wall s | CPU s |",
        "|---|---:|---:|",
        *(
            f"| {made['name']} | {made['wall_seconds']:.2f} | {made['cpu_seconds']:.2f} |"
            for made in limit["statements"]
            if made["cpu_seconds"] >= 0.02 * limit["cpu"]
        ),
        "",
        "| Dearest SQL models | CPU s |",
        "|---|---:|",
        *(
            f"| {model} | {seconds:.2f} |"
            for model, seconds in sorted(
                steps["full"]["models"].items(), key=lambda item: -item[1]
            )[:15]
        ),
        "",
    ]
    return lines


def _beside(name: str, figures: Mapping[str, Any]) -> str:
    peer, full, limit = figures[name], figures["steps"]["full"], figures["limit"]
    if "skipped" in peer:
        return f"{name}: skipped, {peer['skipped']}."
    what = (
        "Sessions, monthly cohorts and RFM" if name == "pandas" else "Sessions and monthly cohorts"
    )
    said = f"differs: {peer['differences']}" if peer["differences"] else "with the same rows"
    times = [
        f"{side['peers_wall']:.1f} s, {side['peers_cpu']:.1f} s of CPU "
        f"({peer['wall'] / side['peers_wall']:.1f} times faster, "
        f"{peer['cpu'] / side['peers_cpu']:.1f} times less CPU)"
        for side in (full, limit)
    ]
    return (
        f"{what} by {name}: {peer['wall']:.1f} s, {peer['cpu']:.1f} s of CPU, "
        f"{peer['peak_gb']:.2f} GB, {said}. The build's models up to `fct_sessions`, "
        "`mart_retention` and `mart_customer_rfm`, all cohorts included: "
        f"{times[0]}; the limit's statements: {times[1]}."
    )


def counted(step: Mapping[str, Any]) -> float:
    """Give the CPU seconds of a step that the bars count."""
    return sum(step["groups"][group] for group in COUNTED)


def counted_wall(step: Mapping[str, Any]) -> float:
    """Give the wall seconds of a step that the bars count."""
    return sum(step["group_walls"][group] for group in COUNTED)


def draw(every: Mapping[str, Any]) -> None:
    """Draw cost against size.

    Parameters
    ----------
    every
        Figures by size.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "dovecote"
    from matplotlib import pyplot

    sizes = [size for size in scale_data.CUSTOMERS if size in every]
    events = [every[size]["rows"]["events"] for size in sizes]
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    lines = {
        "full build, counted SQL": [counted(every[size]["steps"]["full"]) for size in sizes],
        "hand-written limit": [every[size]["limit"]["cpu"] for size in sizes],
        **{
            STEPS[step]: [
                counted(every[size]["steps"][step]) if step in every[size]["steps"] else None
                for size in sizes
            ]
            for step in ("day", "late", "again")
        },
    }
    for label, seconds in lines.items():
        measured = [pair for pair in zip(events, seconds, strict=True) if pair[1] is not None]
        axes.plot(*zip(*measured, strict=True), marker="o", label=label)
    ends = [events[0], max(events[-1], 100 * events[0])]
    first = lines["full build, counted SQL"][0]
    axes.plot(
        ends, [first, first * ends[1] / ends[0]], linestyle="--", color="grey", label="linear"
    )
    axes.set(xscale="log", yscale="log", xlabel="events", ylabel="CPU seconds")
    axes.legend(frameon=False)
    CHART.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(CHART, metadata={"Date": None})
    pyplot.close(figure)


def _nodes(folder: Path) -> dict[str, Any]:
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    return {
        key: node for key, node in manifest["nodes"].items() if node["package_name"] == "dovecote"
    }


def _ancestors(nodes: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Give the nodes of some names with all that they are made of."""
    found: set[str] = set()
    ahead = [key for key, node in nodes.items() if node["name"] in names]
    while ahead:
        key = ahead.pop()
        if key in nodes and key not in found:
            found.add(key)
            ahead += nodes[key]["depends_on"].get("nodes", [])
    return found


def _link(folder: Path, target: Path) -> None:
    """Put the files of a folder into another without copying what is in them."""
    for file in scale_data.files(folder):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(folder / file, target / file)
        except OSError:
            shutil.copy(folder / file, target / file)


def _rows(shop: Path) -> dict[str, int]:
    with duckdb.connect() as connection:
        return {
            entity: int(
                connection.execute(
                    f"select count(*) from read_parquet('{shop}/{entity}/**/*.parquet')"
                ).fetchone()[0]  # type: ignore[index]
            )
            for entity in ("events", "orders", "customers")
        }


def _machine() -> str:
    described = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in described if line.startswith("model name")]
    model = names[0] if names else platform.processor()
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "dbt-duckdb", "pandas")
    )
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()}; "
        f"Python {platform.python_version()}, {packages}"
    )


if __name__ == "__main__":
    sys.exit(main())
