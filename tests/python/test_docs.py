"""What is written leads somewhere: overview, README, exposures, descriptions and links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlglot
from sqlglot import exp

from dbt_runs import PROJECT
from docs_site import describe_by_comments, is_singular
from dovecote.dashboard.pages import PAGES as DASHBOARD_PAGES

QUERIES = PROJECT / "src" / "dovecote" / "dashboard" / "queries"
# In a published version beside the marts, and made by no model.
NO_MODELS = {"published_version"}
PAGES = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
    PROJECT / "benchmarks" / "RESULTS.md",
]
ALL_WORDS = [*PAGES, *sorted((PROJECT / "models").rglob("*.md"))]


def public_marts(manifest: dict[str, Any]) -> dict[str, set[str]]:
    """Give the columns of every mart."""
    return {
        node["name"]: set(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] in ("marts", "review")
    }


def overview(manifest: dict[str, Any]) -> str:
    text: str = manifest["docs"]["doc.dovecote.__dovecote__"]["block_contents"]
    return text


def section(page: Path, heading: str) -> str:
    """Give the text below a heading of a page, up to the next of its level."""
    return page.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_every_mart_has_a_question_in_the_overview_and_in_the_readme(
    manifest: dict[str, Any],
) -> None:
    marts = set(public_marts(manifest))
    assert len(marts) >= 40
    questions = section(PROJECT / "README.md", "The marts, by question")
    assert marts - set(re.findall(r"\[(\w+)\]\(#!", overview(manifest))) == set()
    assert marts - set(re.findall(r"`(\w+)`", questions)) == set()


def test_every_table_and_column_of_the_overview_exists(manifest: dict[str, Any]) -> None:
    marts = public_marts(manifest)
    rows = re.findall(r"^\| .+ \| \[(\w+)\]\(\S+\) \| (.+) \|$", overview(manifest), re.MULTILINE)
    assert len(rows) == len(marts)
    for mart, columns in rows:
        found = re.findall(r"`(\w+)`", columns)
        assert found, mart
        assert set(found) <= marts[mart], mart


def test_every_link_of_the_overview_leads_to_its_table(manifest: dict[str, Any]) -> None:
    links = re.findall(r"\[(\w+)\]\((\S+)\)", overview(manifest))
    assert links
    for text, target in links:
        unique_id = target.removeprefix("#!/model/")
        assert manifest["nodes"][unique_id]["name"] == text


def marts_of_exposures(manifest: dict[str, Any]) -> dict[str, set[str]]:
    return {
        exposure["name"]: {node.split(".")[2] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
    }


def test_exposures_read_what_is_published_and_say_who_owns_them(manifest: dict[str, Any]) -> None:
    published = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] in ("marts", "review", "history")
    }
    exposures = marts_of_exposures(manifest)
    pages = {page.removesuffix(".html") for page in DASHBOARD_PAGES}
    queries = {query["name"] for query in manifest["saved_queries"].values()}
    assert set(exposures) == pages | queries
    for name, read in exposures.items():
        exposure = manifest["exposures"][f"exposure.dovecote.{name}"]
        assert set() < read <= published, name
        assert exposure["owner"]["name"], name
        assert exposure["maturity"], name
        assert exposure["label"], name


def tables_of(sql: str) -> set[str]:
    """List the tables that a query reads, its own CTEs left out."""
    tables: set[str] = set()
    for statement in sqlglot.parse(sql, dialect="duckdb"):
        assert statement is not None
        ctes = {cte.alias for cte in statement.find_all(exp.CTE)}
        tables |= {table.name for table in statement.find_all(exp.Table) if table.name} - ctes
    return tables


def test_tables_of_a_query_are_those_it_reads() -> None:
    sql = """
    with active as (select * from mart_a), busy as (select * from active join mart_b using (x))
    select * from busy, range(3) where x in (select x from dovecote_marts.mart_c)
    union all select * from (select * from mart_d)
    """
    assert tables_of(sql) == {"mart_a", "mart_b", "mart_c", "mart_d"}


@pytest.mark.parametrize("page", DASHBOARD_PAGES)
def test_the_exposure_of_a_page_names_what_its_queries_read(
    manifest: dict[str, Any], page: str
) -> None:
    # The headlines of the version before are asked like those of this one.
    questions = {question.removesuffix("_before") for question in DASHBOARD_PAGES[page].questions}
    read = set[str]().union(
        *(tables_of((QUERIES / f"{question}.sql").read_text()) for question in questions)
    )
    assert read - NO_MODELS == marts_of_exposures(manifest)[page.removesuffix(".html")]


def semantic_models_of(manifest: dict[str, Any], unique_id: str) -> set[str]:
    """List the semantic models behind a metric, through the metrics it is made of."""
    if unique_id.startswith("semantic_model."):
        return {unique_id}
    parents = manifest["metrics"][unique_id]["depends_on"]["nodes"]
    return set[str]().union(*(semantic_models_of(manifest, parent) for parent in parents))


def semantic_model_of_dimension(manifest: dict[str, Any], dimension: str) -> set[str]:
    """Find whose dimension `entity__name` is: that of the model with the entity as its key."""
    entity, _, name = dimension.partition("__")
    return {
        unique_id
        for unique_id, model in manifest["semantic_models"].items()
        if entity
        in [model["primary_entity"]]
        + [each["name"] for each in model["entities"] if each["type"] == "primary"]
        and name in [each["name"] for each in model["dimensions"]]
    }


def test_the_exposure_of_a_saved_query_names_what_it_reads(manifest: dict[str, Any]) -> None:
    exposures = marts_of_exposures(manifest)
    assert len(manifest["saved_queries"]) == 4
    for query in manifest["saved_queries"].values():
        models = set[str]()
        for metric in query["depends_on"]["nodes"]:
            models |= semantic_models_of(manifest, metric)
        for dimension in re.findall(
            r"Dimension\('(\w+)'", " ".join(query["query_params"]["group_by"])
        ):
            if dimension != "metric_time":
                models |= semantic_model_of_dimension(manifest, dimension)
        read = {
            node.split(".")[2]
            for model in models
            for node in manifest["semantic_models"][model]["depends_on"]["nodes"]
        }
        assert exposures[query["name"]] == read, query["name"]


def test_everything_that_the_docs_show_is_described(manifest: dict[str, Any]) -> None:
    describe_by_comments(manifest)
    shown = [
        *manifest["nodes"].values(),
        *(
            thing
            for kind in ("macros", "metrics", "semantic_models", "saved_queries", "exposures")
            for thing in manifest[kind].values()
        ),
    ]
    undescribed = [
        thing["unique_id"]
        for thing in shown
        if thing["package_name"] == "dovecote"
        and not thing["description"].strip()
        and thing["resource_type"] != "operation"
        and (thing["resource_type"] != "test" or is_singular(thing))
    ]
    assert undescribed == []


def test_every_argument_of_a_generic_test_is_described(manifest: dict[str, Any]) -> None:
    tests = {
        name.removeprefix("macro.dovecote.test_"): macro
        for name, macro in manifest["macros"].items()
        if name.startswith("macro.dovecote.test_")
    }
    assert set(tests) == {"primary_key", "quarantined_share", "rules"}
    for name, macro in tests.items():
        signature = re.search(rf"test {name}\((.+?)\)", macro["macro_sql"])
        assert signature
        arguments = [part.split("=")[0].strip() for part in signature[1].split(",")]
        assert [argument["name"] for argument in macro["arguments"]] == arguments
        assert all(argument["description"] for argument in macro["arguments"])


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """List the anchors that GitHub gives to the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_dead(page: Path, target: str) -> bool:
    """Say whether a link of a page leads nowhere; of the web only its form is looked at."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return parts.scheme != "https" or "." not in parts.netloc
    file = page if not parts.path else (page.parent / parts.path).resolve()
    if not file.exists() or not file.is_relative_to(PROJECT):
        return True
    return bool(parts.fragment) and (file.suffix != ".md" or parts.fragment not in anchors(file))


def links_of(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]*)\)", without_code(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_no_link_is_dead(page: Path) -> None:
    assert [target for target in links_of(page.read_text()) if is_dead(page, target)] == []


@pytest.mark.parametrize(
    ("target", "dead"),
    [
        ("README.md", False),
        ("README.md#privacy", False),
        ("#override-a-definition", False),
        ("docs/churn", False),
        ("https://duckdb.org/docs", False),
        ("README.md#no-such-heading", True),
        ("#no-such-heading", True),
        ("NO_SUCH_FILE.md", True),
        ("../outside", True),
        ("http://duckdb.org", True),
        ("https://nowhere", True),
    ],
)
def test_dead_links_are_found(target: str, dead: bool) -> None:
    assert is_dead(PROJECT / "CONTRIBUTING.md", target) is dead


def test_links_are_found_outside_of_code() -> None:
    text = "See [a](b.md), ![c](d.png) and `[e](f)`.\n```\n[g](h)\n```\n"
    assert links_of(text) == ["b.md", "d.png"]


@pytest.mark.parametrize("page", ALL_WORDS, ids=lambda page: str(page.relative_to(PROJECT)))
def test_nothing_is_left_to_be_written(page: Path) -> None:
    assert re.findall(r"(?i)lorem|\b(?:todo|fixme|tbd)\b", page.read_text()) == []
