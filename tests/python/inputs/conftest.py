"""One parsed project for all cases of a worker."""

from __future__ import annotations

import pytest
from input_builds import Builder

pytest.register_assert_rewrite("input_checks")


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("builder"))
