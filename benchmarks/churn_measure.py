"""What a piece of work costs, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """A result and its cost.

    Attributes
    ----------
    result
        What the work returned.
    wall_seconds, cpu_seconds
        Time of the work, of all threads and of the processes that it ran; imports are made
        before the clock starts.
    peak_gb
        Largest resident memory of the process (VmHWM), imports included, in 1e9 bytes.
    cores_of_others
        Cores that all other processes kept busy meanwhile, on average.
    """

    result: Result
    wall_seconds: float
    cpu_seconds: float
    peak_gb: float
    cores_of_others: float


def measured(work: Callable[..., Result], *arguments: object) -> Measured[Result]:
    """Run a function of a module in a fresh process, measure it there, and print the cost."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, fresh) as pool:
        found = pool.submit(_run, work, arguments).result()
    print(work.__name__, *arguments, found, flush=True)
    return found


def _run(work: Callable[..., Result], arguments: tuple[object, ...]) -> Measured[Result]:
    wall, cpu, machine = time.monotonic(), _cpu_seconds(), _busy_seconds()
    result = work(*arguments)
    wall, cpu = time.monotonic() - wall, _cpu_seconds() - cpu
    others = max(_busy_seconds() - machine - cpu, 0.0) / wall
    return Measured(result, wall, cpu, _peak_gb(), others)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _busy_seconds() -> float:
    """Give the CPU seconds that the machine has spent since it started, idle and waiting apart."""
    ticks = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _peak_gb() -> float:
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024 / 1e9
