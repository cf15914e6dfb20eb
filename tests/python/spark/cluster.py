"""A standalone cluster on this machine: a master and two workers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
SOURCES = Path(__file__).parents[3] / "src"
SECONDS_TO_START = 120


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its address, and the folder in which each worker works."""

    address: str
    worker_folders: tuple[Path, ...]

    def tasks_by_executor(self) -> dict[Path, int]:
        """Count the tasks that each executor has run, by what it has logged."""
        return {
            log.parent: log.read_text(errors="replace").count("Executor: Running task")
            for folder in self.worker_folders
            for log in sorted(folder.glob("app-*/*/stderr"))
        }


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a master and two workers of one core each; stop them at the end."""
    port = _free_port()
    address = f"spark://127.0.0.1:{port}"
    worker_folders = (folder / "worker_1", folder / "worker_2")
    with ExitStack() as processes:
        master = _start(processes, folder / "master.log", "master.Master", "--port", str(port))
        _wait_for(folder / "master.log", "I have been elected leader", master)
        for worker_folder in worker_folders:
            worker_folder.mkdir(parents=True)
            log = worker_folder.with_suffix(".log")
            arguments = ("--cores", "1", "--memory", "1g", "--work-dir", str(worker_folder))
            worker = _start(processes, log, "worker.Worker", *arguments, address)
            _wait_for(log, "Successfully registered with master", worker)
        yield Cluster(address, worker_folders)


def _start(processes: ExitStack, log: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [
            *(str(SPARK_CLASS), f"org.apache.spark.deploy.{name}", "--host", "127.0.0.1"),
            *("--webui-port", "0", *arguments),
        ],
        env=os.environ
        | {
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            # Functions of the library are imported by the workers' Python.
            "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")]),
        },
        stdout=processes.enter_context(log.open("wb")),
        stderr=subprocess.STDOUT,
    )
    processes.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=30)


def _wait_for(log: Path, sentence: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while sentence not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{log} has no '{sentence}':\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
