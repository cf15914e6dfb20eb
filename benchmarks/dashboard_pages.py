"""What the pages of a version weigh, how long they take to write, and to open in Chromium.

A page is open when the charts of its first section are drawn, by the page's own clock, which begins
when the browser is sent there. Its arguments name DuckDB files of published versions.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from dashboard.looking import SIZES, Looker, new_browser
from dovecote.dashboard import PAGES, write_pages

RUNS = 5
# Notes when the frame after the one in which the last chart was drawn begins.
WATCH = """
const isDrawn = () => !document.querySelector("section:not([hidden]) .plot:not(:has(.main-svg))");
const wait = () => requestAnimationFrame(() => {
  if (isDrawn()) window.openedAt = performance.now();
  else wait();
});
addEventListener("DOMContentLoaded", () => requestAnimationFrame(wait));
"""
OPENED = """
const done = arguments[0];
const wait = () => (window.openedAt ? done(window.openedAt) : requestAnimationFrame(wait));
wait();
"""


def main() -> None:
    """Measure the pages of versions and print them as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", type=Path, help="DuckDB files of published versions")
    options = parser.parse_args()
    print("| Version | Page | MB | Written in | Opens on | fastest | median | slowest |")
    print("|---|---|---:|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        looker = new_browser(Path(name) / "profile")
        looker.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        try:
            for version in options.versions:
                measure(looker, version.resolve(), Path(name))
        finally:
            looker.driver.quit()


def measure(looker: Looker, version: Path, folder: Path) -> None:
    """Write the pages of a version, open each, and print a line for every page and width."""
    started = time.monotonic()
    write_pages(version, folder, None)
    written = time.monotonic() - started
    for page in PAGES:
        megabytes = (folder / page).stat().st_size / 1e6
        for width in SIZES:
            seconds = [opened(looker, folder / page, width) for _ in range(RUNS)]
            print(
                f"| {version.parent.name} | {page} | {megabytes:.2f} | {written:.1f} s | {width} "
                f"| {min(seconds):.2f} s | {statistics.median(seconds):.2f} s "
                f"| {max(seconds):.2f} s |"
            )


def opened(looker: Looker, page: Path, width: str) -> float:
    """Open a page and give the seconds until it is drawn."""
    looker.open(page, width)
    return float(looker.driver.execute_async_script(OPENED)) / 1000


if __name__ == "__main__":
    main()
