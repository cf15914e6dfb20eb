"""Every section is whole on a desktop and on a phone, without errors and without a network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.looking import SIZES, Looker

pytestmark = pytest.mark.slow

CARDS = {
    "dashboard.html": {
        "overview": [
            "active-customers-by-month",
            "net-revenue-by-month",
            "growth-accounting",
            "quick-ratio-by-month",
            "active-visitors-by-month",
            "since-last-version",
            "score-changes",
        ],
        "retention": ["cohorts", "retention-curve", "recent-cohorts", "cohort-value"],
        "customers": [
            "rfm-segments",
            "rfm-matrix",
            "segment-customers",
            "lifecycle-stages",
            "lifecycle-flow",
        ],
        "churn": [
            "risk-distribution",
            "calibration",
            "alerts",
            "roc",
            "gain",
            "model-grades",
            "graded-scores",
        ],
        "recommendations": ["neighbours", "leaderboard", "customer-lists", "list-coverage"],
        "data-quality": [
            "reconciliation",
            "quarantine-reasons",
            "input-coverage",
            "build-history",
            "published-models",
        ],
    },
    "churn_report.html": {
        "churn-report": [
            "alerts-by-owner-group",
            "alerts-by-risk-band",
            "risk-over-time",
            "alert-outcomes",
            "alerts",
        ]
    },
}
# A first version knows nothing of what was before it.
EMPTY_AT_FIRST = {"since-last-version", "score-changes", "graded-scores", "alert-outcomes"}
TABLES = {
    "segment-customers",
    "alerts",
    "model-grades",
    "customer-lists",
    "input-coverage",
    "published-models",
}
# Charts without axes say what they count in the text of their parts.
WITHOUT_AXES = {"rfm-segments", "lifecycle-flow"}
MAX_MEGABYTES = 8
OVERFLOW = "const page = document.documentElement; return page.scrollWidth - page.clientWidth;"


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("page", CARDS)
def test_every_section_is_whole(browser: Looker, demo_pages: Path, page: str, width: str) -> None:
    browser.open(demo_pages / page, width)
    assert browser.sections() == list(CARDS[page])
    for section, expected in CARDS[page].items():
        browser.show(section)
        cards, charts = browser.cards(), browser.charts()
        assert list(cards) == expected
        for name, card in cards.items():
            assert card["title"].strip()
            assert not re.search(r"undefined|null|NaN|Infinity|\[object", card["text"]), name
            assert (card["empty"] is not None) == (name in EMPTY_AT_FIRST), card["empty"]
        assert set(charts) == set(expected) - EMPTY_AT_FIRST - TABLES
        for name, chart in charts.items():
            assert chart.is_drawn, name
            assert any(True for _ in chart.numbers()), name
            linear = [axis for axis in chart.axes if axis["type"] != "category"]
            assert linear or name in WITHOUT_AXES | {"rfm-matrix"}, name
            assert all(axis["title"].strip() for axis in linear), name
        assert browser.script(OVERFLOW) == 0
    assert browser.complaints() == []


def test_charts_without_axes_say_what_they_count(dashboard: Looker) -> None:
    dashboard.show("customers")
    (tree,) = dashboard.chart("rfm-segments").traces
    (flow,) = dashboard.chart("lifecycle-flow").traces
    assert all("customer" in text for text in tree["text"])
    assert all("customer" in text for text in flow["link"]["customdata"])


@pytest.mark.parametrize("page", CARDS)
def test_nothing_is_asked_of_a_network(browser: Looker, demo_pages: Path, page: str) -> None:
    browser.open(demo_pages / page)
    for section in CARDS[page]:
        browser.show(section)
    browser.script("window.dispatchEvent(new Event('beforeprint'))")
    asked = {url for url in browser.requests() if not url.startswith(("data:", "blob:"))}
    assert asked == {(demo_pages / page).as_uri()}
    policy = browser.script(
        "return document.querySelector(\"meta[http-equiv='Content-Security-Policy']\").content"
    )
    assert "default-src 'none'" in policy
    named = browser.script(
        "return [...document.querySelectorAll('[src], [href]')]"
        ".map((each) => each.getAttribute('src') ?? each.getAttribute('href'))"
    )
    assert [address for address in named if not address.startswith(("#", "data:"))] == []


def test_the_policy_lets_no_address_through(dashboard: Looker) -> None:
    """Were a script to ask for something, the browser would refuse."""
    dashboard.complaints()
    refused = dashboard.driver.execute_async_script(
        "const done = arguments[0];"
        "fetch('https://example.org').then(() => done(false), () => done(true));"
    )
    assert refused
    assert "Content Security Policy" in " ".join(dashboard.complaints())


def test_pages_are_small(demo_pages: Path) -> None:
    for page in CARDS:
        assert (demo_pages / page).stat().st_size < MAX_MEGABYTES * 1e6


def test_a_section_is_found_by_its_address(browser: Looker, demo_pages: Path) -> None:
    browser.open(demo_pages / "dashboard.html", section="churn")
    assert list(browser.cards()) == CARDS["dashboard.html"]["churn"]
    assert browser.driver.title.startswith("Churn")
