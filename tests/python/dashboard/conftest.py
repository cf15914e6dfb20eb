"""A browser, and the pages of the demo's version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dashboard.looking import CHROMIUM, DRIVER, Looker, new_browser
from dashboard.versions import reading, written_pages
from dovecote.publish import DATABASE


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looker]:
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.skip(f"the dashboard is looked at in Chromium: {CHROMIUM} or {DRIVER} is missing")
    looker = new_browser(tmp_path_factory.mktemp("browser"))
    yield looker
    looker.driver.quit()


@pytest.fixture(scope="session")
def demo_version(demo: Path) -> Path:
    """Give the DuckDB file of the demo's version."""
    return demo / "published" / "current" / DATABASE


@pytest.fixture(scope="session")
def demo_pages(demo_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_pages(demo_version, tmp_path_factory.mktemp("demo_pages"))


@pytest.fixture(scope="session")
def marts(demo_version: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with reading(demo_version) as connection:
        yield connection


@pytest.fixture
def dashboard(browser: Looker, demo_pages: Path) -> Looker:
    """Give the demo's dashboard as it opens on a desktop."""
    browser.stay_at(demo_pages / "dashboard.html")
    return browser


@pytest.fixture
def churn_report(browser: Looker, demo_pages: Path) -> Looker:
    browser.stay_at(demo_pages / "churn_report.html")
    return browser
