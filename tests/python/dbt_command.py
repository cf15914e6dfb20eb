"""Run dbt's command with what it parsed in an earlier run: `dbt_command.py PARSED ARGUMENT ...`.

dbt itself parses anew where the warehouse is another file. PARSED is written where it is missing.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    parsed, arguments = Path(sys.argv[1]), sys.argv[2:]
    # Else the garbage collector looks at all that was parsed, again and again.
    import gc

    gc.set_threshold(10_000)
    from dbt.cli.main import cli
    from dbt.contracts.graph.manifest import Manifest

    target = Path(arguments[arguments.index("--target-path") + 1])
    known = None
    if parsed.exists():
        manifest = Manifest.from_msgpack(parsed.read_bytes())
        manifest.build_flat_graph()
        known = {"manifest": manifest}
    try:
        cli(arguments, obj=known, prog_name="dbt")
    finally:
        _keep(target / "partial_parse.msgpack", parsed)


def _keep(written: Path, parsed: Path) -> None:
    if written.exists():
        part = parsed.with_suffix(f".{os.getpid()}")
        shutil.copy(written, part)
        part.replace(parsed)


if __name__ == "__main__":
    main()
