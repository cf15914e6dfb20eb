"""Write the pages of a version: each is one file that needs no server and no network."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from dovecote.dashboard.answers import ask, opened

PAGE = resources.files("dovecote.dashboard") / "page"


@dataclass(frozen=True)
class Page:
    """A page: its title, the sections it has and the questions they ask.

    Attributes
    ----------
    title
        What the browser's tab says.
    sections
        Names of files in page/sections/, without their endings.
    questions
        Names of files in queries/, without their endings, and `headlines_before`.
    """

    title: str
    sections: tuple[str, ...]
    questions: tuple[str, ...]


DASHBOARD, CHURN_REPORT = "dashboard.html", "churn_report.html"
# The headlines of the version before: the one answer that is not of the version itself.
BEFORE = "headlines_before"

PAGES = {
    DASHBOARD: Page(
        title="Customer retention",
        sections=("overview", "retention", "customers", "churn", "recommendations", "data_quality"),
        questions=(
            "shop",
            "sales",
            "inputs",
            "headlines",
            BEFORE,
            "growth",
            "guests",
            "score_changes",
            "retention",
            "retention_overall",
            "cohort_value",
            "rfm",
            "lifecycle",
            "transitions",
            "customers",
            "risk",
            "published_models",
            "churn_evaluation",
            "calibration",
            "curves",
            "alerts",
            "graded_scores",
            "neighbours",
            "lists",
            "leaderboard",
            "list_coverage",
            "quarantine",
            "builds",
            "models",
        ),
    ),
    CHURN_REPORT: Page(
        title="Churn report",
        sections=("churn_report",),
        questions=(
            "shop",
            "sales",
            "inputs",
            "growth",
            "published_models",
            "risk",
            "risk_over_time",
            "alerts",
            "alert_outcomes",
        ),
    ),
}


def write_pages(database: Path, folder: Path, previous: Path | None) -> None:
    """Write every page of a version.

    Parameters
    ----------
    database
        The version's DuckDB file.
    folder
        Where the pages go to.
    previous
        DuckDB file of the version before, to say what changed since; none for the first.
        One that cannot be read is passed over.
    """
    with opened(database) as connection:
        asked = {question for page in PAGES.values() for question in page.questions}
        answers = {question: ask(connection, question) for question in sorted(asked - {BEFORE})}
    if previous is not None:
        # One that is damaged keeps nobody from publishing the next.
        with suppress(duckdb.Error), opened(previous) as connection:
            answers[BEFORE] = ask(connection, "headlines")
    for name, page in PAGES.items():
        shown = {question: answers.get(question) for question in page.questions}
        (folder / name).write_text(_rendered(page, shown), encoding="utf-8")


def _rendered(page: Page, answers: dict[str, Any]) -> str:
    template = jinja2.Template(_text("page.html"), autoescape=False, keep_trailing_newline=True)
    sections = (f"sections/{name}.js" for name in page.sections)
    scripts = ("base.js", "charts.js", "alerts.js", *sections, "start.js")
    return template.render(
        title=page.title,
        style=_text("page.css"),
        plotly=_plotly(),
        # A "<" inside of a text could otherwise end the script that holds it.
        answers=json.dumps(
            answers, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).replace("<", "\\u003c"),
        scripts=[_text(name) for name in scripts],
    )


def _text(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _plotly() -> str:
    return (resources.files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
