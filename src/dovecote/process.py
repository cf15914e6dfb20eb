"""What keeps dbt's process from working for nothing.

Name this module under `plugins` in a dbt profile, before numpy is first imported by a model.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Sets the process up when its first connection opens, which is after parsing."""

    def initialize(self, config: dict[str, Any]) -> None:
        """Keep fits on one thread, unless OMP_NUM_THREADS says otherwise, and the project as it is.

        Fits of one build run beside each other already, and their matrices are small: more threads
        each spend their time waiting for one another. What was parsed lives as long as the process,
        so that looking through it for garbage, again and again, finds none.
        """
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000)
