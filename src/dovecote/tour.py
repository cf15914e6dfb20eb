"""The first look at a warehouse: what it was built from, and five questions with answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import duckdb

from dovecote import warehouse
from dovecote.dashboard import DASHBOARD
from dovecote.publish import DATABASE, Published
from dovecote.sql import quoted


@dataclass(frozen=True)
class Question:
    """A question of a retention team and the SQL that answers it."""

    text: str
    sql: str


@dataclass(frozen=True)
class Answer:
    """The question, the names of the answer's columns and its rows."""

    question: Question
    columns: list[str]
    rows: list[tuple[object, ...]]


ORDERS = "select count(*), min(order_date), max(order_date) from fct_orders"
SOURCES = """
select string_agg(distinct source_name, ', ' order by source_name)
from {relation}
where entity = 'orders'"""

QUESTIONS = (
    Question(
        "Of the customers who first bought in a month, how many buy again in the months after?",
        """
select
    cohort_start,
    max(cohort_size) as customers,
    round(max(case when period_index = 1 then retention_rate end), 3) as month_1,
    round(max(case when period_index = 2 then retention_rate end), 3) as month_2,
    round(max(case when period_index = 3 then retention_rate end), 3) as month_3
from mart_retention
where activity = 'order' and entry = 'first_time' and return_rule = 'on'
    and clock = 'calendar' and grain = 'month' and breakdown = 'none'
group by cohort_start
order by cohort_start desc
limit 6""",
    ),
    Question(
        "Which customers are worth most, and how long have they been away?",
        """
select
    rfm_segment,
    count(*) as customers,
    round(sum(monetary), 2) as net_revenue,
    cast(median(recency_days) as integer) as median_days_since_purchase
from mart_customer_rfm
group by rfm_segment
order by net_revenue desc
limit 6""",
    ),
    Question(
        "How likely are customers to stay away, and which model says so?",
        """
select
    activity,
    horizon_days as for_days,
    model_name as model,
    eligibility,
    count(*) as customers,
    round(avg(churn_probability), 2) as stays_away
from mart_churn_scores
group by all
order by activity, for_days, eligibility
limit 12""",
    ),
    Question(
        "Who is about to leave, what would it cost, and why?",
        """
select
    customer_id,
    round(churn_probability, 2) as stays_away,
    horizon_days as for_days,
    round(predicted_365d, 2) as predicted_365d,
    round(expected_loss, 2) as expected_loss,
    reason_1
from mart_churn_alerts
order by alert_rank
limit 6""",
    ),
    Question(
        "What should a customer be shown that is new to it, and why?",
        """
select
    recommendations.customer_id,
    recommendations.position,
    coalesce(products.product_name, products.product_id) as product,
    recommendations.reason_1
from mart_customer_recommendations as recommendations
inner join dim_products as products
    on recommendations.product_id = products.product_id
where recommendations.list_name = 'discover' and recommendations.position <= 2
order by recommendations.fallback_level, recommendations.customer_id, recommendations.position
limit 6""",
    ),
    Question(
        "Was any row of the input left out, and why?",
        """
select
    reconciliation.entity,
    reconciliation.rows_in,
    reconciliation.accepted,
    reconciliation.duplicates,
    reconciliation.quarantined,
    mode(quarantine.reasons) as most_often_for
from mart_input_reconciliation as reconciliation
left join mart_quarantine as quarantine
    on reconciliation.entity = quarantine.entity
where reconciliation.rows_in > 0
group by all
order by reconciliation.rows_in desc""",
    ),
)


def take() -> tuple[str, list[Answer]]:
    """Ask the warehouse where it comes from, and every question.

    Returns
    -------
    tuple
        One sentence on the origin, and the answers.

    Raises
    ------
    ValueError
        If there is no warehouse, it has no marts, or another process has it open.
    """
    try:
        with warehouse.connect(read_only=True) as connection:
            builds = warehouse.builds(connection)
            schemas = {
                table.name: table.schema
                for build in reversed(builds)
                for table in build.published_tables
            }
            answers = [_answer(connection, question, schemas) for question in QUESTIONS]
            return _origin(connection, builds, schemas), answers
    except duckdb.CatalogException as error:
        raise ValueError(f"{warehouse.path()} has no marts yet: run dovecote build.") from error


def _origin(
    connection: duckdb.DuckDBPyConnection,
    builds: list[warehouse.Build],
    schemas: dict[str, str],
) -> str:
    ((orders, first_date, last_date),) = connection.execute(_placed(ORDERS, schemas)).fetchall()
    source = _source(connection)
    if not orders:
        return f"{warehouse.path()} was built from {source or 'nothing'}, which holds no orders."
    as_of = next((build.as_of for build in builds if build.as_of), None)
    current = Published().current()
    where = (
        f"{Published().link / DATABASE}, which stays while the next build runs. To look at: "
        f"{Published().link / DASHBOARD}"
        if current and current.manifest.run_id in {build.run_id for build in builds}
        else f"{warehouse.path()}; dovecote publish makes a copy that stays while builds run."
    )
    return (
        f"{warehouse.path()} was built from {source or 'a published version'}: {orders:,} orders, "
        f"{first_date} to {last_date}, as of {as_of} UTC. Its tables for use are in the schema "
        f"{schemas['fct_orders']} of {where}"
    )


def _source(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Name the files of orders; none in a warehouse that was restored and not built since."""
    for schema, name in connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_name = 'raw_input_files'"
    ).fetchall():
        ((source,),) = connection.execute(SOURCES.format(relation=quoted(schema, name))).fetchall()
        return str(source) if source else None
    return None


def _answer(
    connection: duckdb.DuckDBPyConnection, question: Question, schemas: dict[str, str]
) -> Answer:
    placed = replace(question, sql=_placed(question.sql, schemas))
    cursor = connection.execute(placed.sql)
    columns = [str(column[0]) for column in cursor.description or []]
    return Answer(placed, columns, cursor.fetchall())


def _placed(sql: str, schemas: dict[str, str]) -> str:
    """Name the schema of each table, so that the query can be copied into any client."""

    def with_schema(found: re.Match[str]) -> str:
        word, table = found.groups()
        if table not in schemas:
            raise ValueError(f"{warehouse.path()} has no {table} yet: run dovecote build.")
        return f"{word} {schemas[table]}.{table}"

    return re.sub(r"\b(from|join) (\w+)", with_schema, sql)
