"""The documentation as a static site: dbt's pages, and beside them the lineage of columns.

`python tools/docs_site.py TARGET SITE` reads what `dbt docs generate` left in TARGET and writes
index.html and lineage.html into SITE. Neither needs a server or the network.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
from dbt_colibri.report.generator import DbtColibriReportGenerator

PROJECT = Path(__file__).parents[1]
LINK_BACK = (
    '<a href="index.html" style="position: fixed; right: 56px; bottom: 3px; z-index: 10; '
    'font: 12px sans-serif; color: #334155">All tables and columns</a>'
)


def write_site(target: Path, site: Path) -> None:
    """Write the site from the artefacts of `dbt docs generate` in `target`."""
    site.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((target / "manifest.json").read_text())
    describe_by_comments(manifest)
    page = (target / "index.html").read_text()
    for name, content in (
        ("MANIFEST", json.dumps(manifest)),
        ("CATALOG", (target / "catalog.json").read_text()),
    ):
        # "</script>" within a text would end the script that holds it.
        page = page.replace(f'"{name}.JSON INLINE DATA"', content.replace("</", "<\\/"))
    (site / "index.html").write_text(page)
    write_lineage(target, site / "lineage.html")


def write_lineage(target: Path, file: Path) -> None:
    """Write the page that leads every column back to the columns it is made of."""
    extractor = DbtColumnLineageExtractor(target / "manifest.json", target / "catalog.json")
    report = DbtColibriReportGenerator(extractor, light_mode=True, disable_telemetry=True)
    with TemporaryDirectory() as folder:
        report.generate_report(folder)
        page = (Path(folder) / "index.html").read_text()
    before, end_of_body, after = page.rpartition("</body>")
    file.write_text(before + LINK_BACK + end_of_body + after)


def describe_by_comments(manifest: Mapping[str, Any]) -> None:
    """Describe what no yml describes by the comment above it: macros, analyses, singular tests."""
    for node in [*manifest["macros"].values(), *manifest["nodes"].values()]:
        if node["package_name"] == "dovecote" and not node["description"]:
            node["description"] = comment_above(node)


def comment_above(node: Mapping[str, Any]) -> str:
    """Give the comment above a macro, or at the top of an analysis or a singular test."""
    sql = (PROJECT / node["original_file_path"]).read_text()
    if node["resource_type"] == "macro":
        # A dispatched macro is described where it is named.
        name = re.sub(r"^(default|duckdb|spark)__|^test_", "", node["name"])
        found = re.search(rf"\{{#((?:(?!#\}}).)*)#\}}\s*\{{%-? (?:macro|test) {name}\(", sql, re.S)
        return " ".join(found[1].split()) if found else ""
    if node["resource_type"] == "analysis" or "singular" in node["fqn"]:
        found = re.match(r"(?:-- .*\n)+", sql)
        return " ".join(found[0].replace("-- ", " ").split()) if found else ""
    return ""


if __name__ == "__main__":
    write_site(Path(sys.argv[1]), Path(sys.argv[2]))
