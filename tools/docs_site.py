"""The documentation as a static site: dbt's pages, and beside them the lineage of columns.

`python tools/docs_site.py TARGET SITE` reads what `dbt docs generate` left in TARGET and writes
index.html and lineage.html into SITE. Neither needs a server or the network.

The overview is the docs block `__dovecote__`: as `__overview__` it would take the place of that of
a project that installs Dovecote.
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
LINK_TO_LINEAGE = (
    "\n- **What a column is made of**, back to the input: the [lineage of columns](lineage.html), "
    "for instance of the [expected loss](lineage.html?model=model.dovecote.mart_churn_alerts"
    "&column=expected_loss&parents=3) of an alert."
)
LINK_BACK = (
    '<a href="index.html" style="position: fixed; right: 56px; bottom: 3px; z-index: 10; '
    'font: 12px sans-serif; color: #334155">All tables and columns</a>'
)


def write_site(target: Path, site: Path) -> None:
    """Write the site from the artefacts of `dbt docs generate` in `target`."""
    site.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((target / "manifest.json").read_text())
    describe_by_comments(manifest)
    overview = manifest["docs"]["doc.dovecote.__dovecote__"]["block_contents"]
    manifest["docs"]["doc.dbt.__overview__"]["block_contents"] = overview + LINK_TO_LINEAGE
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
    report = DbtColibriReportGenerator(extractor, disable_telemetry=True)
    with TemporaryDirectory() as folder:
        report.generate_report(folder)
        page = (Path(folder) / "index.html").read_text()
    before, end_of_body, after = page.rpartition("</body>")
    file.write_text(before + LINK_BACK + end_of_body + after)


def describe_by_comments(manifest: Mapping[str, Any]) -> None:
    """Describe what no yml describes by the comment above it: macros, analyses, singular tests."""
    macros = manifest["macros"]
    for unique_id, macro in macros.items():
        if macro["package_name"] == "dovecote" and not macro["description"]:
            # A dispatched macro is described where it is named.
            named = macros[re.sub(r"\.(default|duckdb|spark)__", ".", unique_id)]
            macro["description"] = named["description"] or comment_above(named)
    for node in manifest["nodes"].values():
        if not node["description"] and (node["resource_type"] == "analysis" or is_singular(node)):
            node["description"] = comment_at_top(node)


def is_singular(node: Mapping[str, Any]) -> bool:
    """Say whether a node is a test of its own, not a rule of a table."""
    return node["resource_type"] == "test" and not node.get("test_metadata")


def comment_above(macro: Mapping[str, Any]) -> str:
    """Give the comment above a macro as one line."""
    kind, name = "macro", macro["name"] + r"\("
    if is_materialization := re.fullmatch(r"materialization_(\w+)_default", macro["name"]):
        kind, name = "materialization", is_materialization[1] + ","
    comment = r"\{#((?:(?!#\}).)*)#\}\s*"
    sql = (PROJECT / macro["original_file_path"]).read_text()
    found = re.search(comment + rf"\{{%-? {kind} {name}", sql, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def comment_at_top(node: Mapping[str, Any]) -> str:
    """Give the comment at the top of an SQL file as one line."""
    found = re.match(r"(?:-- .*\n)+", (PROJECT / node["original_file_path"]).read_text())
    return " ".join(found[0].replace("-- ", " ").split()) if found else ""


if __name__ == "__main__":
    write_site(Path(sys.argv[1]), Path(sys.argv[2]))
