"""The namespace `dovecote` for sqlfluff's jinja templater, which knows no packages of dbt.

sqlfluff runs this module anew for every file, and what it imports once.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from project_macros import NAMESPACE


def __getattr__(name: str) -> Any:
    return getattr(NAMESPACE, name)
