"""Processes that query the lake while something else goes on.

Each is `python lake_readers.py STOP QUERY ...`: it asks in turn until the file STOP appears.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

from dovecote import lake

QUERIES_A_CONNECTION = 20


@dataclass
class Seen:
    """What one reader saw: each query's different answers, and every error."""

    asked: int = 0
    answers: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@contextmanager
def reading(
    readers: int, queries: list[str], settings: Mapping[str, str], stop: Path
) -> Iterator[list[Seen]]:
    """Let processes query the lake; the list is filled at the end."""
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(stop), *queries],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
        )
        for _ in range(readers)
    ]
    seen: list[Seen] = []
    try:
        yield seen
    finally:
        stop.touch()
        for process in processes:
            printed, _ = process.communicate()
            seen.append(Seen(**json.loads(printed)))


def _ask(stop: Path, queries: list[str]) -> Seen:
    seen = Seen(answers={query: [] for query in queries})
    for query in cycle(queries):
        if stop.exists():
            return seen
        try:
            if seen.asked % QUERIES_A_CONNECTION == 0:
                connection = lake.connect()
            answer = str(connection.execute(query).fetchall())
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
        else:
            if answer not in seen.answers[query]:
                seen.answers[query].append(answer)
        seen.asked += 1
        time.sleep(0.05)
    return seen


if __name__ == "__main__":
    print(json.dumps(asdict(_ask(Path(sys.argv[1]), sys.argv[2:]))))
