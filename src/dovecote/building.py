"""Run `dbt build` in a folder of its own, and tell what becomes of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dovecote import locks, warehouse
from dovecote.publish import Published, check_not_lost

RUNS_KEPT = 5
# A node that no earlier build knows is taken to last as long as most do, in seconds.
USUAL_SECONDS = 0.2
# As in `dovecote.process`, and while dbt parses, too.
_DBT = "import gc; gc.set_threshold(10_000); from dbt.cli.main import cli; cli(prog_name='dbt')"
_RESULTS = Path("target") / "run_results.json"
_PARSED = Path("target") / "partial_parse.msgpack"
_FAILED = ("error", "fail", "runtime error", "partial success")


@dataclass(frozen=True)
class Progress:
    """How far a build is: seconds of work, as the one before took them."""

    done_seconds: float
    all_seconds: float
    node: str
    nodes_done: int
    nodes: int


@dataclass(frozen=True)
class Failure:
    """A node that failed: its name, what dbt says, and the relation with the rows in question."""

    node: str
    message: str
    relation: str | None


@dataclass(frozen=True)
class Outcome:
    """What became of a build.

    Attributes
    ----------
    is_green
        Whether it may be published.
    exit_code
        Of dbt: 0 where nothing failed, which is so of a part build too.
    run_folder
        Its target path and logs.
    seconds
        Wall time.
    messages
        What the project and dbt had to say beside the results of nodes.
    failures, skipped
        Nodes that failed, and how many were left out as they come after one of these.
    slowest
        The nodes that took longest, with their seconds.
    build
        Its row in the registry; none where it did not come that far.
    previous
        The row of the last green build before it.
    """

    is_green: bool
    exit_code: int
    run_folder: Path
    seconds: float
    messages: list[str]
    failures: list[Failure]
    skipped: int
    slowest: list[tuple[str, float]]
    build: warehouse.Build | None
    previous: warehouse.Build | None


def build(arguments: tuple[str, ...], on_progress: Callable[[Progress], None]) -> Outcome:
    """Build the project in the working directory.

    A target path of its own keeps a build that died from passing its results off as another's.

    Parameters
    ----------
    arguments
        More arguments of `dbt build`.
    on_progress
        Called as often as a node starts or ends.

    Raises
    ------
    ValueError
        If this is no dbt project, the warehouse cannot be written, or it is lost and a version is
        there to restore it from.
    """
    if not Path("dbt_project.yml").is_file():
        raise ValueError(
            f"{Path.cwd()} has no dbt_project.yml: change to the folder of the project."
        )
    with warehouse.locked() as lock:
        warehouse.check()
        check_not_lost(Published())
        earlier = _clear_runs()
        started_at = datetime.now(UTC)
        run_folder = _runs() / f"{started_at:%Y-%m-%dT%H%M%S.%fZ}"
        run_folder.mkdir(parents=True)
        run_id, exit_code, messages = _run_dbt(run_folder, earlier, arguments, on_progress, lock)
        builds = _builds(run_id)
        this = next((build for build in builds if build.run_id == run_id), None)
        results = _results(run_folder)
        if this is not None and this.status == "stopped" and this.message:
            messages = [this.message]
        return Outcome(
            is_green=this is not None and this.is_green,
            exit_code=exit_code,
            run_folder=run_folder,
            seconds=(datetime.now(UTC) - started_at).total_seconds(),
            messages=messages,
            failures=[
                Failure(_name(result), str(result["message"]), result["relation_name"])
                for result in results
                if result["status"] in _FAILED
            ],
            skipped=sum(result["status"] == "skipped" for result in results),
            slowest=sorted(
                ((_name(result), result["execution_time"]) for result in results),
                key=lambda node: -node[1],
            )[:3],
            build=this,
            previous=next((b for b in builds if b.is_green and b.run_id != run_id), None),
        )


def _builds(run_id: str | None) -> list[warehouse.Build]:
    """Read the registry, in which a build that was stopped by hand has not ended by itself."""
    if not warehouse.path().is_file():
        return []
    with warehouse.connect(read_only=False) as connection:
        builds = warehouse.builds(connection)
        if any(build.run_id == run_id and build.status == "running" for build in builds):
            warehouse.abort(connection, str(run_id))
            builds = warehouse.builds(connection)
    return builds


def _run_dbt(
    run_folder: Path,
    earlier: Path | None,
    arguments: tuple[str, ...],
    on_progress: Callable[[Progress], None],
    lock: int,
) -> tuple[str | None, int, list[str]]:
    """Run dbt; give its run_id, its exit code and what it said besides."""
    command = [
        *(sys.executable, "-c", _DBT),
        *("--log-format", "json", "--log-level", "info"),
        *("--log-format-file", "debug", "--no-use-colors"),
        *("build", "--exclude-resource-type", "unit_test"),
        *("--target-path", str(run_folder / "target"), "--log-path", str(run_folder / "logs")),
        *arguments,
    ]
    if earlier is not None and (earlier / _PARSED).is_file():
        command += ["--partial-parse-file-path", str(earlier / _PARSED)]
    seconds = {
        result["unique_id"]: result["execution_time"]
        for result in (_results(earlier) if earlier else [])
    }
    run_id = None
    messages: list[str] = []
    done: set[str] = set()
    done_seconds = 0.0
    # Ctrl-C is for this process, which ends dbt; dbt itself would answer with tracebacks.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The lock is the child's too: if this process dies, nobody else writes until dbt has ended.
    with subprocess.Popen(
        command,
        # What a build that is killed leaves there goes with its folder.
        env=os.environ | {"TMPDIR": str(run_folder.absolute())},
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(lock,),
    ) as process:
        signal.signal(signal.SIGINT, on_interrupt)
        assert process.stdout is not None
        locks.write_holder(lock, process.pid)
        try:
            for line in process.stdout:
                try:
                    event = json.loads(line)
                    info, data = event["info"], event["data"]
                    run_id = info["invocation_id"]
                except (KeyError, TypeError, ValueError):
                    if line.strip():
                        messages.append(line.strip())
                    continue
                node = data.get("node_info") or {}
                if node.get("resource_type") not in (None, "operation") and "total" in data:
                    if node["node_status"] != "started" and node["unique_id"] not in done:
                        done.add(node["unique_id"])
                        done_seconds += seconds.get(node["unique_id"], USUAL_SECONDS)
                    unknown = max(data["total"] - len(seconds), 0) * USUAL_SECONDS
                    on_progress(
                        Progress(
                            done_seconds=done_seconds,
                            all_seconds=sum(seconds.values()) + unknown,
                            node=node["node_name"],
                            nodes_done=len(done),
                            nodes=data["total"],
                        )
                    )
                elif info["name"] in ("PrintEvent", "MainEncounteredError") or (
                    info["level"] == "error" and not node
                ):
                    messages.append(_sentence(info["msg"]))
        except KeyboardInterrupt:
            process.terminate()
            messages.append("Stopped by hand: what was built until then stays, unpublished.")
    return run_id, process.returncode, messages


def steps_back(outcome: Outcome) -> list[str]:
    """Say what of a green build may come from an input that was cut short."""
    now, before = outcome.build, outcome.previous
    if now is None or before is None or not now.is_green:
        return []
    found = []
    if now.as_of and before.as_of and now.as_of < before.as_of:
        found.append(
            f"as of {now.as_of:%Y-%m-%d %H:%M}, earlier than the green build before "
            f"({before.as_of:%Y-%m-%d %H:%M}): is the input whole?"
        )
    for name, facts in before.input_fingerprints.items():
        rows = now.input_fingerprints.get(name, {}).get("rows", 0)
        if rows < facts["rows"]:
            found.append(f"{name} has {rows:,} rows, {facts['rows']:,} in the green build before.")
    return found


def _sentence(message: str) -> str:
    """Take the project's own sentence out of what dbt wraps around it."""
    lines = [line.strip() for line in message.splitlines()]
    own = [line for line in lines if line.startswith("Dovecote: ")]
    return own[0].removeprefix("Dovecote: ") if own else message.strip()


def _runs() -> Path:
    return warehouse.beside(".runs")


def _clear_runs() -> Path | None:
    """Remove folders of builds that died and old ones; give the last that ended."""
    folders = sorted(folder for folder in _runs().glob("*Z") if folder.is_dir())
    ended = [folder for folder in folders if _results(folder)]
    for folder in set(folders) - set(ended[-RUNS_KEPT:]):
        shutil.rmtree(folder)
    return ended[-1] if ended else None


def _results(run_folder: Path) -> list[dict[str, Any]]:
    """Read the results of nodes; none where the run died before or while it wrote them."""
    try:
        results: list[dict[str, Any]] = json.loads((run_folder / _RESULTS).read_text())["results"]
    except (FileNotFoundError, ValueError):
        return []
    return [result for result in results if not result["unique_id"].startswith("operation.")]


def _name(result: dict[str, Any]) -> str:
    return str(result["unique_id"]).split(".")[2]
