"""The first look at a warehouse: where it is, and three questions with their answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

DEFAULT_WAREHOUSE = Path("warehouse/warehouse.duckdb")


@dataclass(frozen=True)
class Question:
    """A question of a retention team and the SQL that answers it."""

    text: str
    sql: str


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
        "Was any row of the input left out, and why?",
        """
select
    reconciliation.entity,
    reconciliation.rows_in,
    reconciliation.accepted,
    reconciliation.duplicates,
    reconciliation.quarantined,
    max(quarantine.reasons) as for_example
from dovecote_marts.mart_input_reconciliation as reconciliation
left join dovecote_marts.mart_quarantine as quarantine
    on reconciliation.entity = quarantine.entity
where reconciliation.rows_in > 0
group by all
order by reconciliation.rows_in desc""",
    ),
)


def warehouse_path() -> Path:
    """Give the file that `dbt build` writes: DOVECOTE_WAREHOUSE, or the default of the profile.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    path = Path(os.environ.get("DOVECOTE_WAREHOUSE", DEFAULT_WAREHOUSE))
    if not path.is_file():
        raise ValueError(
            f"{path} does not exist: run dbt build first, or correct DOVECOTE_WAREHOUSE."
        )
    return path


def answers(path: Path) -> list[tuple[Question, list[str], list[tuple[object, ...]]]]:
    """Ask the warehouse every question.

    Parameters
    ----------
    path
        A DuckDB file that a full build has written.

    Returns
    -------
    list of tuple
        The question, the names of the answer's columns and its rows.

    Raises
    ------
    ValueError
        If the file has no marts, or another process is writing to it.
    """
    try:
        with duckdb.connect(path, read_only=True) as connection:
            found = []
            for question in QUESTIONS:
                cursor = connection.execute(question.sql)
                columns = [str(column[0]) for column in cursor.description or []]
                found.append((question, columns, cursor.fetchall()))
            return found
    except duckdb.CatalogException as error:
        raise ValueError(f"{path} has no marts yet: run dbt build on it.") from error
    except duckdb.IOException as error:
        raise ValueError(f"{path} is in use: wait for the build that writes to it.") from error
