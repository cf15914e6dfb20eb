"""A browser that looks at pages, and says what stands on them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}

# Charts with their traces and value axes, as Plotly holds them.
CHARTS = """
const plots = [...document.querySelectorAll("section:not([hidden]) .plot")];
return Object.fromEntries(plots.map((plot) => [
  plot.closest("figure").id,
  {
    isDrawn: plot.querySelector(".main-svg") !== null,
    traces: plot.data ?? [],
    // Plotly names an axis without a title too: what the page says is in its layout.
    axes: Object.values(plot._fullLayout ?? {}).filter((part) => part?._id && part.type)
      .map(({ _name, type }) => ({ type, title: plot.layout[_name]?.title?.text ?? "" })),
  },
]));
"""
CARDS = """
return [...document.querySelectorAll("section:not([hidden]) figure.card")].map((card) => ({
  id: card.id,
  title: card.querySelector("h3").textContent,
  empty: card.querySelector(":scope > .empty")?.textContent ?? null,
  isUnfiltered: card.querySelector(".unfiltered") !== null,
  text: card.textContent,
}));
"""
TABLE = """
const table = document.querySelector(`#${arguments[0]} table`);
const texts = (line) => [...line.children].map((cell) => cell.textContent);
return { head: texts(table.tHead.rows[0]), body: [...table.tBodies[0].rows].map(texts) };
"""
SHOW_ALL = "document.querySelector(`#${arguments[0]} .more:not([hidden])`)?.click()"
CHOOSE = """
const select = document.querySelector(`section:not([hidden]) select[name="${arguments[0]}"]`)
  ?? document.querySelector(`#filters select[name="${arguments[0]}"]`);
if (![...select.options].some((option) => option.value === arguments[1]))
  throw new Error(`${arguments[0]} has no choice ${arguments[1]}`);
if (select.value !== arguments[1]) {
  select.value = arguments[1];
  select.dispatchEvent(new Event("change"));
}
"""
CHOICES = """
const select = `select[name="${arguments[0]}"]:not(section[hidden] *)`;
return [...document.querySelectorAll(`${select} option`)].map((option) => option.value);
"""
SORT = """
[...document.querySelectorAll(`#${arguments[0]} th button`)]
  .find((button) => button.textContent === arguments[1]).click();
"""
DRAWN = """
const done = arguments[0];
const frames = (left) => (left ? requestAnimationFrame(() => frames(left - 1)) : done());
frames(2);
"""


@dataclass
class Chart:
    """A chart: its traces as Plotly holds them, and its axes."""

    is_drawn: bool
    traces: list[dict[str, Any]]
    axes: list[dict[str, str]]

    def trace(self, name: str) -> dict[str, Any]:
        """Give the only trace of a name."""
        (found,) = [trace for trace in self.traces if trace.get("name") == name]
        return found

    def numbers(self) -> Iterator[float]:
        """Give every finite number that the traces show: not places on an axis, nor a diagonal."""
        for trace in self.traces:
            if trace.get("name") in ("as predicted", "by chance"):
                continue
            names = trace.get("y")
            is_named = isinstance(names, list) and any(isinstance(name, str) for name in names)
            for part in ("x" if is_named else "y", "z", "values", "link"):
                yield from _numbers(trace.get(part))


@dataclass
class Looker:
    """A browser with one page open, driven by Selenium; `is_touched` once something was chosen."""

    driver: Chrome
    page: Path | None = None
    is_touched: bool = False

    def resize(self, width: str) -> None:
        """Look at pages as on a desktop or on a phone."""
        across, down = SIZES[width]
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": across,
                "height": down,
                "deviceScaleFactor": 1,
                "mobile": width == "phone",
            },
        )

    def open(self, page: Path, width: str = "desktop", section: str = "") -> None:
        """Load a page, and forget what the browser complained of and asked for before."""
        self.resize(width)
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(f"{page.as_uri()}#{section}")
        self._settle()
        self.page, self.is_touched = page, width != "desktop"

    def stay_at(self, page: Path) -> None:
        """Load a page on a desktop, unless it stands there as it opened."""
        if self.page != page or self.is_touched:
            self.open(page)
        self.show(self.sections()[0])

    def show(self, section: str) -> None:
        """Go to a section by its link."""
        if self.script("return document.getElementById(arguments[0]).hidden", section):
            self.script("document.querySelector(`nav a[href='#${arguments[0]}']`).click()", section)
            self._settle()
            assert not self.script("return document.getElementById(arguments[0]).hidden", section)

    def choose(self, name: str, value: str) -> None:
        """Choose a value of a filter or of a chart's control."""
        self.is_touched = True
        self.script(CHOOSE, name, value)
        self._settle()

    def reset(self) -> None:
        """Press the filters' reset."""
        self.script("document.querySelector('#filters .reset').click()")
        self._settle()

    def choices(self, name: str) -> list[str]:
        """Give the values that a control offers."""
        return list(self.script(CHOICES, name))

    def sections(self) -> list[str]:
        """Give the ids of all sections."""
        return list(
            self.script("return [...document.querySelectorAll('main > section')].map((s) => s.id)")
        )

    def cards(self) -> dict[str, dict[str, Any]]:
        """Give the cards of the section that is shown, by id."""
        return {card["id"]: card for card in self.script(CARDS)}

    def charts(self) -> dict[str, Chart]:
        """Give the charts of the section that is shown, by their card's id."""
        return {
            card: Chart(chart["isDrawn"], chart["traces"], chart["axes"])
            for card, chart in self.script(CHARTS).items()
        }

    def chart(self, card: str) -> Chart:
        """Give the chart of a card."""
        return self.charts()[card]

    def tile(self, tile: str) -> str:
        """Give the figure on a tile, as it is written."""
        return str(
            self.script(
                "return document.querySelector(`#${arguments[0]} .value`).textContent", tile
            )
        )

    def title(self, card: str) -> str:
        """Give the title of a card."""
        return str(self.cards()[card]["title"])

    def table(self, card: str) -> list[dict[str, str]]:
        """Give all rows of a card's table, by column."""
        self.script(SHOW_ALL, card)
        table = self.script(TABLE, card)
        return [dict(zip(table["head"], row, strict=True)) for row in table["body"]]

    def sort(self, card: str, column: str) -> None:
        """Press the title of a column of a card's table."""
        self.is_touched = True
        self.script(SORT, card, column)

    def complaints(self) -> list[str]:
        """Give the errors in the console since this was last asked."""
        return [
            str(entry["message"])
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE"
        ]

    def requests(self) -> list[str]:
        """Give the addresses that were asked for since this was last asked."""
        events = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        return [
            str(event["params"]["request"]["url"])
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def script(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def _settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.driver.execute_async_script(DRAWN)


def new_browser(profile: Path) -> Looker:
    """Start a browser with a profile of its own."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Looker(Chrome(options=options, service=Service(str(DRIVER))))


def _numbers(values: Any) -> Iterator[float]:
    if isinstance(values, Mapping):
        yield from _numbers(list(values.values()))
    elif isinstance(values, list):
        for value in values:
            yield from _numbers(value)
    elif isinstance(values, int | float) and math.isfinite(values):
        yield values
