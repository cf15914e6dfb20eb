"""A simulated shop that several tests read."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_shops import PLAIN, write


@pytest.fixture(scope="session")
def plain_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a shop without dirt or late rows."""
    return write(PLAIN, tmp_path_factory.mktemp("plain"))
