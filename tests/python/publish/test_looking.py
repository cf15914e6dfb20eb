"""The pages of a version: written with it, and written anew."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from dovecote.cli import app
from dovecote.publish import Published, Version, publish
from publish.shops import Shop

PAGES = ("dashboard.html", "churn_report.html")


def answers(page: Path) -> dict[str, Any]:
    (found,) = re.findall(
        r'<script type="application/json" id="answers">(.*?)</script>', page.read_text()
    )
    return dict(json.loads(found))


def test_pages_say_of_which_version_they_are_and_of_which_they_are_the_next(
    shop: Shop, published: Published
) -> None:
    shop.build()
    first, _ = publish(published)
    shop.build()
    second, _ = publish(published)
    for version in (first, second):
        for page in PAGES:
            mode = (version.folder / page).stat().st_mode & 0o777
            assert mode == 0o444
    asked = answers(first.folder / "dashboard.html")
    assert asked["headlines_before"] is None
    # A shop of a few tables has builds to show, and nothing to draw cohorts from.
    assert asked["builds"]["status"] == ["green"]
    assert asked["retention"] is None
    assert len(answers(second.folder / "dashboard.html")["builds"]["status"]) == 2


def test_a_damaged_version_before_stops_nobody(shop: Shop, published: Published) -> None:
    shop.build()
    first, _ = publish(published)
    first.database.chmod(0o644)
    first.database.write_bytes(b"no database")
    shop.build()
    second, _ = publish(published)
    assert published.current_name() == second.name
    assert answers(second.folder / "dashboard.html")["headlines_before"] is None


def test_pages_are_written_anew_and_stay_in_the_manifest(
    version: Version, published: Published
) -> None:
    page = version.folder / "dashboard.html"
    before = {name: (version.folder / name).read_bytes() for name in PAGES}
    page.unlink()
    (version.folder / "churn_report.html").chmod(0o644)
    (version.folder / "churn_report.html").write_text("spoilt")
    assert len(version.faults()) == 2
    result = CliRunner().invoke(app, ["dashboard", version.name])
    assert result.exit_code == 0, result.output
    assert str(page) in result.output
    assert {name: (version.folder / name).read_bytes() for name in PAGES} == before
    again = published.find(version.name)
    assert again.faults() == []
    assert {path.name for path in published.root.iterdir()} == {".lock", version.name, "current"}


def test_a_version_that_is_not_there_is_told(published: Published, version: Version) -> None:
    result = CliRunner().invoke(app, ["dashboard", "1999"])
    assert result.exit_code == 2
    assert result.output.startswith("Error: no version is named like '1999'")
