"""Pictures of the pages for docs/dashboard, at the width of a desktop and of a phone.

`python tools/screenshots.py VERSION` looks at the pages of a published version in Chromium. Run it
with PYTHONPATH=tests/python, where the browser of the tests is.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from dashboard.looking import SIZES, Looker, new_browser
from dovecote.dashboard import PAGES

PICTURES = Path(__file__).parents[1] / "docs" / "dashboard"
# Charts have few colours; a palette makes a third of the bytes.
COLOURS = 128
# What comes after is more of the same.
LONGEST = 2800
FIRST_LOOK = 900


def take(version: Path) -> None:
    """Write a picture of every section of every page of a version."""
    with TemporaryDirectory() as folder:
        looker = new_browser(Path(folder))
        for page in PAGES:
            for size, (width, _) in SIZES.items():
                looker.open(version.resolve() / page, size)
                for section in looker.sections():
                    looker.show(section)
                    _save(looker, size, PICTURES / f"{section.replace('-', '_')}_{width}.png")
        looker.driver.quit()
    with Image.open(PICTURES / "overview_1440.png") as overview:
        overview.crop((0, 0, overview.width, FIRST_LOOK)).save(
            PICTURES / "dashboard.png", optimize=True
        )


def _save(looker: Looker, size: str, file: Path) -> None:
    width, _ = SIZES[size]
    height = min(looker.script("return document.documentElement.scrollHeight"), LONGEST)
    looker.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    picture = Image.open(io.BytesIO(looker.driver.get_screenshot_as_png())).convert("RGB")
    picture.quantize(COLOURS).save(file, optimize=True)
    looker.resize(size)


if __name__ == "__main__":
    take(Path(sys.argv[1]))
