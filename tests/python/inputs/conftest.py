"""One parsed project for all cases of a worker."""

from __future__ import annotations

import pytest
from builds import Builder


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("builder"))
