"""What dbt spends on each kind of node, in CPU: python benchmarks/node_costs.py build ARGUMENTS.

Runs dbt in this process and reads the clock of the thread that each node runs on, and that of its
statements in DuckDB. What DuckDB's own threads do for them is in the total of all alone.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from dbt.adapters.duckdb.environments import Environment
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
from dbt.cli.main import dbtRunner
from dbt.parser.manifest import ManifestLoader
from dbt.task.base import BaseRunner
from dbt.task.runnable import GraphRunnableTask

PARTS = ("DuckDB", "Python model")

node_of_thread = threading.local()
seconds: dict[tuple[str, str], float] = defaultdict(float)
stages: dict[str, float] = {"dbt's own modules": time.process_time()}


def main() -> int:
    """Run dbt with the arguments given and print what it took; give its exit code."""
    clock(DuckDBCursorWrapper, "execute", "DuckDB")
    clock(Environment, "run_python_job", "Python model")
    clock_nodes()
    clock_stage(ManifestLoader, "get_full_manifest", "parsing")
    clock_stage(GraphRunnableTask, "execute_nodes", "nodes")
    done = dbtRunner().invoke(["--quiet", *sys.argv[1:]])
    stages["all"] = time.process_time()
    for stage, spent in stages.items():
        print(f"{stage:>20}: {spent:5.1f} s of CPU")
    kinds = defaultdict(list)
    for node in sorted({node for node, part in seconds if part == "all"}):
        kinds[kind_of(node)].append(node)
    for kind, nodes in kinds.items():
        spent = {part: sum(seconds[node, part] for node in nodes) for part in ("all", *PARTS)}
        besides = spent["all"] - sum(spent[part] for part in PARTS)
        print(
            f"{kind:>20}: {len(nodes):3} nodes, {spent['all']:5.1f} s on their threads: "
            f"{spent['DuckDB']:4.1f} in DuckDB, {spent['Python model']:4.1f} in Python models, "
            f"{besides:4.1f} in dbt, {1000 * besides / len(nodes):3.0f} ms a node"
        )
    return 0 if done.success else 1


def kind_of(node: str) -> str:
    """Name the kind of a node, tests by what they test."""
    kind, _, name, *_ = node.split(".")
    if kind == "model":
        return "Python model" if seconds[node, "Python model"] else "SQL model"
    if kind == "test":
        endings = {"_key": "test of a key", "_rules": "test of key and rules"}
        return next((endings[end] for end in endings if name.endswith(end)), "other test")
    return kind


def clock(owner: type, method: str, part: str) -> None:
    """Add what a method takes to its node's; a Python model's statements are its own."""
    is_bound = isinstance(owner.__dict__[method], classmethod | staticmethod)
    original = getattr(owner, method)

    @functools.wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if getattr(node_of_thread, "part", None) is not None:
            return original(*args, **kwargs)
        node_of_thread.part, started = part, time.thread_time()
        try:
            return original(*args, **kwargs)
        finally:
            node_of_thread.part = None
            seconds[getattr(node_of_thread, "node", "none"), part] += time.thread_time() - started

    setattr(owner, method, staticmethod(timed) if is_bound else timed)


def clock_nodes() -> None:
    """Add what a node takes in all."""
    original: Callable[..., Any] = BaseRunner.run_with_hooks

    def timed(self: Any, manifest: Any) -> Any:
        node_of_thread.node, started = self.node.unique_id, time.thread_time()
        try:
            return original(self, manifest)
        finally:
            seconds[node_of_thread.node, "all"] += time.thread_time() - started
            node_of_thread.node = "none"

    BaseRunner.run_with_hooks = timed


def clock_stage(owner: type, method: str, stage: str) -> None:
    """Keep what the process takes while a method runs."""
    original = getattr(owner, method)
    is_bound = isinstance(owner.__dict__[method], classmethod)

    @functools.wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.process_time()
        try:
            return original(*args, **kwargs)
        finally:
            stages[stage] = time.process_time() - started

    setattr(owner, method, staticmethod(timed) if is_bound else timed)


if __name__ == "__main__":
    sys.exit(main())
