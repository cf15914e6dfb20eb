"""The first look at a warehouse: what it was built from, and five questions with answers."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from dovecote import warehouse


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


ORIGIN = """
select
    string_agg(distinct sources.source_name, ', ' order by sources.source_name),
    any_value(orders.orders),
    any_value(orders.first_date),
    any_value(orders.last_date),
    any_value(coverage.as_of)
from dovecote_staging.raw_input_files as sources
cross join (select max(as_of) as as_of from dovecote_intermediate.int_core__run) as coverage
cross join (
    select
        count(*) as orders,
        min(order_date) as first_date,
        max(order_date) as last_date
    from dovecote_marts.fct_orders
) as orders
where sources.entity = 'orders'
"""

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
from dovecote_marts.mart_retention
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
from dovecote_marts.mart_customer_rfm
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
from dovecote_marts.mart_churn_scores
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
from dovecote_marts.mart_churn_alerts
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
from dovecote_marts.mart_customer_recommendations as recommendations
inner join dovecote_marts.dim_products as products
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
from dovecote_marts.mart_input_reconciliation as reconciliation
left join dovecote_marts.mart_quarantine as quarantine
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
            return _origin(connection), [_answer(connection, question) for question in QUESTIONS]
    except duckdb.CatalogException as error:
        raise ValueError(f"{warehouse.path()} has no marts yet: run dbt build on it.") from error


def _origin(connection: duckdb.DuckDBPyConnection) -> str:
    found = connection.execute(ORIGIN).fetchone()
    assert found is not None  # an aggregate has one row
    source, orders, first_date, last_date, as_of = found
    if not orders:
        return f"{warehouse.path()} was built from {source or 'nothing'}, which holds no orders."
    return (
        f"{warehouse.path()} was built from {source}: {orders:,} orders, {first_date} to "
        f"{last_date}, as of {as_of} UTC. Its tables for use are in the schema dovecote_marts."
    )


def _answer(connection: duckdb.DuckDBPyConnection, question: Question) -> Answer:
    cursor = connection.execute(question.sql)
    columns = [str(column[0]) for column in cursor.description or []]
    return Answer(question, columns, cursor.fetchall())
