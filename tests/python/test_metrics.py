"""MetricFlow's answers are those of SQL on the marts, written another way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from warehouse.compiled_project import CompiledProject, Warehouse
from warehouse.metrics import Metrics

pytestmark = pytest.mark.slow

BUYERS_MONTHS = "activity = 'order' and grain = 'month'"
COHORTS = "entry = 'first_time' and return_rule = 'on' and clock = 'calendar' and period_index > 0"
WINDOWS = (30, 60, 90)


@dataclass(frozen=True)
class Case:
    """Metrics by dimensions, and SQL that gives the dimensions and then the metrics."""

    metrics: str
    group_by: str
    sql: str


def sales_by(key: str) -> str:
    return f"""
        select {key}, count(*), sum(net_amount), sum(net_amount) / count(*)
        from fct_orders left join dim_customers using (customer_id)
        where is_purchase and not fct_orders.is_excluded group by {key}
    """


def conversions_by(key: str) -> str:
    """Count second orders in fct_orders, where each knows the one before it."""
    firsts = f"""
        select first.*, acquisition_channel, country,
            date_trunc('month', first.order_date)::date as month,
            second.days_since_previous_order as days,
            date_diff('microsecond', first.ordered_at, {AS_OF}) / 86400e6 as age
        from fct_orders as first
        left join fct_orders as second
            on first.customer_id = second.customer_id and second.order_number = 2
        join dim_customers on first.customer_id = dim_customers.customer_id
        where first.order_number = 1
    """
    columns = [
        f"count(*) filter (age >= {days}), "
        f"sum(case when age >= {days} then coalesce(days < {days}, false)::int end), "
        f"avg(case when age >= {days} then coalesce(days < {days}, false)::int end)"
        for days in WINDOWS
    ]
    return f"select {key}, {', '.join(columns)} from ({firsts}) group by {key}"


def retention_by(breakdown: str) -> str:
    return f"""
        select period_index, breakdown_value, n_mature, n_retained, retention_rate
        from mart_retention_overall
        where activity = 'order' and grain = 'month' and breakdown = '{breakdown}' and {COHORTS}
    """


def risk_by(key: str) -> str:
    return f"""
        select {key}, avg(churn_probability), sum(churn_probability * predicted_365d)
        from mart_churn_scores
        join mart_customer_value using (customer_id)
        join dim_customers using (customer_id)
        where activity = 'order' and horizon_days = 14 and closed_at is null
            and churn_probability is not null
        group by {key}
    """


AS_OF = "timestamp '2025-09-20 12:00'"
SALES = "orders net_revenue aov"
LIFETIME = "first_buyers repeat_buyers lifetime_repurchase_rate"
CONVERSIONS = " ".join(
    f"first_buyers_{days}d repeat_buyers_{days}d second_order_conversion_{days}d"
    for days in WINDOWS
)
MONTH = "metric_time__month"
COUNTRY = "customer__country"
CHANNEL = "customer__acquisition_channel"
CASES = [
    Case(
        SALES,
        MONTH,
        "select month_start, orders, net_revenue, aov from mart_loyalty_monthly where orders > 0",
    ),
    Case(SALES, COUNTRY, sales_by("country")),
    Case(SALES, CHANNEL, sales_by("acquisition_channel")),
    Case(
        "active_visitors",
        "metric_time__day",
        "select activity_date, dau from mart_activity_daily where activity = 'visit' and dau > 0",
    ),
    *(
        Case(
            f"active_{persons}",
            f"metric_time__{granularity}",
            "select period_start, active_customers from mart_growth_accounting "
            f"where activity = '{activity}' and grain = '{grain}' and active_customers > 0",
        )
        for persons, activity in (("visitors", "visit"), ("buyers", "order"))
        for granularity, grain in (("day", "day"), ("shop_week", "week"), ("month", "month"))
    ),
    Case(
        "active_visitors",
        CHANNEL,
        "select acquisition_channel, count(distinct person_id) from fct_sessions "
        "left join dim_customers on person_id = customer_id group by all",
    ),
    Case(
        "active_buyers",
        f"{MONTH} {COUNTRY}",
        "select date_trunc('month', order_date)::date, country, count(distinct customer_id) "
        "from fct_orders join dim_customers using (customer_id) "
        "where order_number is not null group by all",
    ),
    Case(
        "visitor_days visitor_days_possible stickiness",
        "metric_time__day",
        "select activity_date, dau, mau, stickiness from mart_activity_daily "
        "where activity = 'visit' and is_complete and mau is not null",
    ),
    Case(
        "stickiness",
        MONTH,
        "select date_trunc('month', activity_date)::date, sum(stickiness * mau) / sum(mau) "
        "from mart_activity_daily where activity = 'visit' and is_complete group by 1",
    ),
    Case(
        "gained_buyers dormant_buyers quick_ratio",
        MONTH,
        "select period_start, new_customers + resurrecting_customers, dormant_customers, "
        f"quick_ratio from mart_growth_accounting where {BUYERS_MONTHS} and is_complete",
    ),
    Case(
        "quick_ratio",
        "",
        "select sum(new_customers + resurrecting_customers) / sum(dormant_customers) "
        f"from mart_growth_accounting where {BUYERS_MONTHS} and is_complete",
    ),
    Case("repurchase_rate", MONTH, "select month_start, repurchase_rate from mart_loyalty_monthly"),
    Case(
        "repurchase_rate",
        "metric_time__quarter",
        "select date_trunc('quarter', month_start)::date, arg_max(repurchase_rate, month_start) "
        "from mart_loyalty_monthly group by 1",
    ),
    Case(
        "repurchase_rate",
        "",
        "select avg((orders >= 2)::int) from (select count(*) as orders from fct_orders "
        "where order_number is not null and order_date > date '2025-09-20' - 365 "
        "group by customer_id)",
    ),
    *(
        Case(
            LIFETIME,
            dimension,
            f"select {key}, count(*), count(*) filter (orders > 1), avg((orders > 1)::int) "
            "from dim_customers where orders > 0 group by 1",
        )
        for dimension, key in ((COUNTRY, "country"), (CHANNEL, "acquisition_channel"))
    ),
    Case(
        LIFETIME,
        MONTH,
        "select date_trunc('month', order_date)::date, count(*), count(*) filter (orders > 1), "
        "avg((orders > 1)::int) from fct_orders join dim_customers using (customer_id) "
        "where order_number = 1 group by 1",
    ),
    Case(CONVERSIONS, MONTH, conversions_by("month")),
    Case(CONVERSIONS, COUNTRY, conversions_by("country")),
    Case(CONVERSIONS, CHANNEL, conversions_by("acquisition_channel")),
    *(
        Case(
            f"second_order_conversion_{days}d",
            MONTH,
            f"select month_start, repeat_rate_{days}d from mart_loyalty_monthly",
        )
        for days in WINDOWS
    ),
    Case(
        "order_cohort_mature order_cohort_retained order_retention",
        "cohort__period_index cohort__breakdown_value",
        retention_by("none"),
    ),
    Case(
        "order_cohort_mature_by_channel order_cohort_retained_by_channel "
        "order_retention_by_channel",
        "cohort__period_index cohort__breakdown_value",
        retention_by("acquisition_channel"),
    ),
    Case(
        "order_cohort_mature_by_country order_cohort_retained_by_country "
        "order_retention_by_country",
        "cohort__period_index cohort__breakdown_value",
        retention_by("country"),
    ),
    Case(
        "order_retention",
        f"{MONTH} cohort__period_index",
        "select cohort_start, period_index, retention_rate from mart_retention "
        f"where activity = 'order' and grain = 'month' and breakdown = 'none' and {COHORTS}",
    ),
    Case(
        "visit_cohort_mature visit_cohort_retained visit_retention",
        "metric_time__day cohort__period_index",
        "select cohort_start, period_index, n_mature, n_retained, retention_rate "
        "from mart_retention where activity = 'visit' and grain = 'week' "
        f"and breakdown = 'none' and {COHORTS}",
    ),
    Case("mean_churn_risk expected_loss", COUNTRY, risk_by("country")),
    Case("mean_churn_risk expected_loss", CHANNEL, risk_by("acquisition_channel")),
    Case(
        "nps",
        MONTH,
        "select month_start, nps from mart_loyalty_monthly where nps is not null",
    ),
    Case(
        "nps_points nps_answers nps",
        "",
        "select 100 * (count(*) filter (score >= 9) - count(*) filter (score <= 6)), count(*), "
        "avg(case when score >= 9 then 100 when score <= 6 then -100 else 0 end) "
        "from dovecote_staging.stg_nps_responses join dim_customers using (customer_id) "
        "where score is not null and not is_excluded",
    ),
]


@pytest.fixture(scope="module")
def metrics(churn_project: CompiledProject, simulated_warehouse: Warehouse) -> Metrics:
    connection = simulated_warehouse.connection
    connection.execute("set search_path = 'shop.dovecote_marts'")
    return Metrics(churn_project.folder / "semantic_manifest.json", connection)


def test_the_shop_holds_what_metrics_leave_out(metrics: Metrics) -> None:
    (counts,) = metrics.connection.execute(
        """
        select count(*) filter (not is_purchase), count(*) filter (is_guest and is_purchase),
            count(*) filter (fct_orders.is_excluded and is_purchase),
            count(*) filter (order_date >= date '2025-09-01'),
            count(*) filter (closed_at is not null and order_number = 1),
            count(*) filter (country is null and order_number = 1)
        from fct_orders left join dim_customers using (customer_id)
        """
    ).fetchall()
    assert min(counts) > 0, counts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.metrics} by {case.group_by}")
def test_a_metric_is_what_the_marts_say(case: Case, metrics: Metrics) -> None:
    names, dimensions = case.metrics.split(), case.group_by.split()
    found = known(metrics.query(names, dimensions))
    expected = known(
        {
            row[: len(dimensions)]: row[len(dimensions) :]
            for row in metrics.connection.execute(case.sql).fetchall()
        }
    )
    assert found.keys() == expected.keys()
    assert expected
    for key, values in expected.items():
        assert found[key] == tuple(map(nearly, values)), key


def test_alerts_and_risk_name_one_loss(metrics: Metrics) -> None:
    losses = metrics.connection.execute(
        "select mart_churn_alerts.expected_loss, mart_customer_risk.expected_loss "
        "from mart_churn_alerts left join mart_customer_risk using (customer_id, horizon_days)"
    ).fetchall()
    assert losses
    assert all(alerted == at_risk for alerted, at_risk in losses)


def test_every_metric_has_a_case(metrics: Metrics) -> None:
    assert {name for case in CASES for name in case.metrics.split()} == set(metrics.names)


def test_saved_queries_answer(metrics: Metrics) -> None:
    assert len(metrics.saved_queries) == 4
    for name in metrics.saved_queries:
        assert len(metrics.saved(name)) > 1, name


def known(rows: dict[tuple[Any, ...], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Leave out rows without a value: where nothing is known, MetricFlow may say so or not."""
    return {
        tuple(map(plain, key)): tuple(map(plain, values))
        for key, values in rows.items()
        if any(value is not None for value in values)
    }


def nearly(value: Any) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9)


def plain(value: Any) -> Any:
    """Give a day as a date and a decimal as a float."""
    if isinstance(value, datetime):
        return value.date()
    return float(value) if isinstance(value, Decimal) else value
