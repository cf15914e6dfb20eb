"""Run a command and print what it took: `python -m dovecote.measure NAME COMMAND ...`."""

from __future__ import annotations

import resource
import subprocess
import sys
import time


def main() -> int:
    """Run the command, print its wall time, CPU time and peak memory, and give its exit code."""
    name, *command = sys.argv[1:]
    started = time.monotonic()
    exit_code = subprocess.run(command, check=False).returncode
    wall_seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{name}: {wall_seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of CPU, "
        f"at most {used.ru_maxrss / 1024:,.0f} MB in one process",
        flush=True,
    )
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
