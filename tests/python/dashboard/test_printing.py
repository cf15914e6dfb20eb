"""Paper shows every section, whole."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from dashboard.looking import Looker
from dashboard.test_sections import CARDS

pytestmark = pytest.mark.slow

# What stands on the page at the moment at which the browser lays out the paper.
WATCH = """
const right = (part) => part.getBoundingClientRect().right;
window.addEventListener("beforeprint", () => {
  window.printed = [...document.querySelectorAll("main > section")].map((section) => ({
    id: section.id,
    height: section.getBoundingClientRect().height,
    cards: [...section.querySelectorAll("figure.card")].map((card) => card.id),
    undrawn: section.querySelectorAll(".plot:not(:has(.main-svg))").length,
    cutOff: [...section.querySelectorAll(".card")].filter((card) =>
      [...card.querySelectorAll("table, .main-svg")].some((part) => right(part) > right(card)),
    ).map((card) => card.id),
    right: right(section),
  }));
});
"""
# Letter paper, 8.5 inches of 96 pixels, less margins of 0.4 inches; A4 is narrower by 22.
PAPER_WIDTH = 739 - 22


@pytest.mark.parametrize("page", CARDS)
def test_paper_shows_every_section(browser: Looker, demo_pages: Path, page: str) -> None:
    browser.open(demo_pages / page)
    before = browser.cards()
    browser.script(WATCH)
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {})
    sections = browser.script("return window.printed")
    assert [section["id"] for section in sections] == list(CARDS[page])
    for section in sections:
        assert section["cards"] == CARDS[page][section["id"]]
        assert section["height"] > 0
        assert section["undrawn"] == 0
        assert section["cutOff"] == []
        assert section["right"] <= PAPER_WIDTH
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", base64.b64decode(printed["data"]))
    assert len(sheets) >= len(sections)
    # Back on the screen, everything is as it was.
    browser.is_touched = True
    assert browser.cards() == before
    assert browser.script("return document.querySelector('main').clientWidth") > PAPER_WIDTH
    assert browser.complaints() == []
