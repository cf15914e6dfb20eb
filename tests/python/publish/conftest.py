"""A warehouse and a folder of versions, which the environment names as it does for a user."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dovecote.publish import Published
from publish.shops import Shop


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a folder that every user may enter, which pytest's own do not let them."""
    with tempfile.TemporaryDirectory(prefix="dovecote-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def shop(place: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    file = place / "build" / "shop.duckdb"
    file.parent.mkdir()
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(file))
    monkeypatch.setenv("DOVECOTE_PUBLISHED", str(place / "published"))
    return Shop(file)


@pytest.fixture
def published(shop: Shop) -> Published:
    return Published()
