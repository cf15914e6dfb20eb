"""Run dbt and write what each node took: `python benchmarks/dbt_nodes.py OUT.json build ...`.

With `--threads 1`, what the process used between the start and the end of a node is the node's.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner


def main() -> int:
    """Run dbt with the arguments given and give 1 where it failed."""
    out, *arguments = sys.argv[1:]
    started: dict[str, tuple[float, float]] = {}
    taken: dict[str, dict[str, float]] = {}

    def note(event: Any) -> None:
        if event.info.name not in ("NodeStart", "NodeFinished"):
            return
        now = time.monotonic(), time.process_time()
        node = event.data.node_info.unique_id
        if event.info.name == "NodeStart":
            started[node] = now
        elif node in started:
            wall, cpu = started.pop(node)
            taken[node] = {"wall": now[0] - wall, "cpu": now[1] - cpu}

    result = dbtRunner(callbacks=[note]).invoke(arguments)
    Path(out).write_text(json.dumps(taken))
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main())
