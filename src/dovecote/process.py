"""What keeps dbt's process from working for nothing.

Name this module under `plugins` in a dbt profile, before numpy is first imported by a model.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

GARBAGE_THRESHOLD = 10_000
"""New objects after which Python looks for garbage among the newest; 700 by default."""


class Plugin(BasePlugin):
    """Sets the process up when its first connection opens, which is after parsing."""

    def initialize(self, config: dict[str, Any]) -> None:
        """Keep fits on one thread, unless OMP_NUM_THREADS says otherwise; look for garbage less.

        Fits of one build run beside each other already, and their matrices are small: more threads
        each spend their time waiting for one another. What dbt has parsed stays to the end, and to
        look through it for garbage as often as Python does by default is a tenth of a build.
        """
        self._memory_limit = str(config.get("memory_limit") or "")
        if self._memory_limit and not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", self._memory_limit):
            raise ValueError(
                f"DOVECOTE_MEMORY_LIMIT is '{self._memory_limit}': write it like 8GB or 500MB."
            )
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        gc.set_threshold(GARBAGE_THRESHOLD)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Hold DuckDB to the limit of memory, where the profile's configuration names one."""
        if self._memory_limit:
            conn.execute(f"set memory_limit = '{self._memory_limit}'")

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Tell the code of fits from others, so that a build knows whether to keep their tables."""
        cursor.execute("set variable dovecote_code = ?", [_code()])


@cache
def _code() -> str:
    code = hashlib.md5(usedforsecurity=False)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()
