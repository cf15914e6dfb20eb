"""What the pages show: the answers of a published version to the questions in queries/."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from dovecote.sql import literal, quoted

QUERIES = resources.files("dovecote.dashboard") / "queries"
# Digits that a screen can show: of shares seven, of amounts those to the cent. The rest would be
# weight.
SIGNIFICANT_DIGITS = 7
DECIMALS = 2
# Channels and countries that filters offer, the largest: every pair of them has cohorts of its own,
# and a page must open whether a shop has five or five hundred.
MOST_CHOICES = 8
OFFERED = f"""
with largest as (
    select breakdown, breakdown_value
    from mart_growth_by_breakdown
    where breakdown in ('acquisition_channel', 'country')
    group by breakdown, breakdown_value
    qualify
        row_number() over (
            partition by breakdown order by sum(active_customers) desc, breakdown_value
        ) <= {MOST_CHOICES}
)

select list(breakdown || ': ' || breakdown_value)
from (
    from largest
    union all
    select
        'acquisition_channel_and_country',
        channels.breakdown_value || ', ' || countries.breakdown_value
    from largest as channels
    inner join largest as countries
        on channels.breakdown = 'acquisition_channel' and countries.breakdown = 'country'
)
"""

Answer = dict[str, Any]


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> Answer | None:
    """Give the answer to a question, column by column.

    Parameters
    ----------
    connection
        Reads a version, see `opened`.
    question
        Name of a file in queries/, without its ending.

    Returns
    -------
    dict or None
        By column either its values, or, where few texts repeat, {"levels": texts, "codes": places};
        None where the version lacks a table or column: a project may switch models off, and another
        release may have published.
    """
    try:
        cursor = connection.execute((QUERIES / f"{question}.sql").read_text())
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    names = [str(column[0]) for column in cursor.description or []]
    rows = cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {
        name: _encoded([_plain(value) for value in column])
        for name, column in zip(names, columns, strict=True)
    }


def opened(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file of a version so that queries find its tables without a schema."""
    connection = duckdb.connect(database, read_only=True)
    schemas = connection.execute(
        "select distinct schema_name from duckdb_tables() "
        "where table_name in ('published_version', 'hist_churn_scores') order by all"
    ).fetchall()
    search_path = ",".join(quoted(schema) for (schema,) in schemas)
    connection.execute(f"set search_path = {literal(search_path)}")
    # False, too, where the version does not know its build.
    connection.execute(
        "set variable shows_customer_ids = coalesce((select "
        "builds.settings ->> 'dovecote_dashboard_customer_ids' = 'true' "
        "from mart_builds as builds "
        "inner join published_version on builds.run_id = published_version.run_id), false)"
    )
    _offer_choices(connection)
    return connection


def _offer_choices(connection: duckdb.DuckDBPyConnection) -> None:
    """Let queries ask which channels, countries and pairs of them filters offer, the largest."""
    connection.execute(f"set variable most_choices = {MOST_CHOICES}")
    # In a version that lacks the mart, filters offer nothing.
    with suppress(duckdb.CatalogException):
        connection.execute(f"set variable offered = ({OFFERED})")
    connection.execute(
        "create temp macro offered(breakdown, breakdown_value) as case "
        "when breakdown = 'none' "
        "or list_contains(getvariable('offered'), breakdown || ': ' || breakdown_value) "
        "then breakdown_value end"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
        return rounded if abs(rounded - value) < 0.5 * 10**-DECIMALS else round(value, DECIMALS)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _encoded(values: list[Any]) -> Any:
    """Write texts that repeat once, and where they stand."""
    if not any(isinstance(value, str) for value in values):
        return values
    levels = list(dict.fromkeys(values))
    if len(levels) * 2 > len(values):
        return values
    places = {level: place for place, level in enumerate(levels)}
    return {"levels": levels, "codes": [places[value] for value in values]}
