"""A warehouse and a folder of versions, which the environment names as it does for a user."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dovecote.publish import Published, Version, publish
from publish.shops import Shop, shop_in


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a folder that every user may enter, which pytest's own do not let them."""
    with tempfile.TemporaryDirectory(prefix="dovecote-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def shop(place: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return shop_in(place, monkeypatch)


@pytest.fixture
def published(shop: Shop) -> Published:
    return Published()


@pytest.fixture
def version(shop: Shop, published: Published, two_builds: Path, place: Path) -> Version:
    """Give the version of the first of two builds; the second is yet to be published."""
    shutil.copytree(two_builds, place, symlinks=True, dirs_exist_ok=True)
    # Which the copy has taken from a folder of pytest's.
    place.chmod(0o755)
    shop.builds = 2
    return published.find("current")


@pytest.fixture(scope="session")
def two_builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("two_builds")
    with pytest.MonkeyPatch.context() as environment:
        shop = shop_in(place, environment)
        shop.build()
        publish(Published())
        shop.build()
    return place
