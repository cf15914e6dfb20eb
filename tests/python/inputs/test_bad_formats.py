"""Bad JSON lines, Parquet files and folders end in a named error or in balanced counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_formats import CASES
from input_builds import Builder
from input_cases import Case
from input_checks import check

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_formats(case: Case, builder: Builder, tmp_path: Path) -> None:
    check(case, builder, tmp_path)
