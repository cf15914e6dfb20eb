"""What `dbt build` of the demo costs, beside its limit: the same SQL run by DuckDB alone.

Run it with `make bench`. Both are measured in turn in one run, so that the ratio holds on a busy
machine; the seconds do not.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

PROJECT = Path(__file__).parents[1]
ROUNDS = 3


def main() -> None:
    """Measure both in turn and print the medians and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = [(build(folder), run_sql_alone(folder)) for _ in range(ROUNDS)]
        (folder / "warehouse.duckdb").unlink()
        print("What a build takes, by kind of node:", flush=True)
        build(folder, str(Path(__file__).with_name("node_costs.py")))
    for label, position in (("dbt build", 0), ("its SQL alone", 1)):
        wall = statistics.median(both[position][0] for both in measured)
        cpu = statistics.median(both[position][1] for both in measured)
        print(f"{label:>14}: {wall:6.1f} s wall, {cpu:6.1f} s of CPU (medians of {ROUNDS})")
    ratio = statistics.median(dbt[1] / sql[1] for dbt, sql in measured)
    print(f"dbt build takes {ratio:.1f} times the CPU of its SQL; duckdb {duckdb.__version__}")


def build(folder: Path, *program: str) -> tuple[float, float]:
    """Build the demo with all tests, by dbt or what wraps it; give the wall and CPU seconds."""
    before, started = _cpu(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [
            *(sys.executable, *(program or ("-c", "from dbt.cli.main import cli; cli()"))),
            *("build", "--quiet"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT,
        env=os.environ | {"DOVECOTE_WAREHOUSE": str(folder / "warehouse.duckdb")},
        check=True,
    )
    return time.monotonic() - started, _cpu(resource.RUSAGE_CHILDREN) - before


def run_sql_alone(folder: Path) -> tuple[float, float]:
    """Run the compiled SQL of every model on the seeds that dbt loaded; give the same seconds."""
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    needs = {key: set(node["depends_on"]["nodes"]) & set(models) for key, node in models.items()}
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        connection.execute("set TimeZone = 'UTC'")
        before, started = _cpu(resource.RUSAGE_SELF), time.monotonic()
        for key in TopologicalSorter(needs).static_order():
            kind = "view" if models[key]["config"]["materialized"] == "view" else "table"
            relation, sql = models[key]["relation_name"], models[key]["compiled_code"]
            connection.execute(f"create or replace {kind} {relation} as\n{sql}")
        return time.monotonic() - started, _cpu(resource.RUSAGE_SELF) - before


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
