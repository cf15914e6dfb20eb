"""What stands on the screen equals the marts, asked by queries of the tests' own."""

from __future__ import annotations

import html
import re

import pytest

from dashboard.figures import (
    ALERT_HORIZON,
    FIRST_TIME_BY_MONTH,
    MONTHS_SHOWN,
    PUBLISHED,
    TOLERANCE,
    Marts,
    answer,
    cells,
    drawn,
    heat_map,
    number,
    one,
    said,
    same,
    stacked,
)
from dashboard.looking import Looker

pytestmark = pytest.mark.slow

# --- Overview ---------------------------------------------------------------------------------


def test_headlines(dashboard: Looker, marts: Marts) -> None:
    active, revenue, quick_ratio = one(
        marts,
        "select active_customers, revenue, quick_ratio from mart_growth_accounting "
        "where activity = 'order' and grain = 'month' and is_complete "
        "order by period_start desc limit 1",
    )
    (retention,) = one(
        marts,
        f"select n_retained / n_mature from mart_retention_overall where {FIRST_TIME_BY_MONTH} "
        "and period_index = 1",
    )
    (at_risk,) = one(marts, "select count(*) from mart_customer_risk where risk_band = 'high'")
    assert number(dashboard.tile("active-customers")) == active
    assert number(dashboard.tile("net-revenue")) == round(revenue)
    assert number(dashboard.tile("quick-ratio")) == pytest.approx(quick_ratio, abs=0.005)
    assert number(dashboard.tile("month-1-retention")) == pytest.approx(100 * retention, abs=0.05)
    assert number(dashboard.tile("customers-at-high-risk")) == at_risk


def test_active_customers_are_those_who_bought(dashboard: Looker, marts: Marts) -> None:
    same(
        stacked(dashboard.chart("active-customers-by-month")),
        answer(
            marts,
            "select strftime(order_date, '%b %Y'), count(distinct customer_id) "
            "from fct_orders where is_purchase and not is_excluded and not is_guest group by 1",
        ),
    )


@pytest.mark.parametrize(
    ("card", "name", "column", "condition"),
    [
        ("active-customers-by-month", "new", "new_customers", "true"),
        ("active-customers-by-month", "returning", "returning_customers", "true"),
        ("active-customers-by-month", "resurrecting", "resurrecting_customers", "true"),
        ("net-revenue-by-month", "customers", "revenue", "true"),
        ("growth-accounting", "gone quiet", "-dormant_customers", "is_complete"),
        ("growth-accounting", "resurrecting", "resurrecting_customers", "is_complete"),
        ("quick-ratio-by-month", "quick ratio", "quick_ratio", "quick_ratio is not null"),
    ],
)
def test_growth_by_month(
    dashboard: Looker, marts: Marts, card: str, name: str, column: str, condition: str
) -> None:
    shown = drawn(dashboard.chart(card).trace(name))
    same(
        {start: value for start, value in shown.items() if value is not None},
        answer(
            marts,
            f"select strftime(period_start, '%b %Y'), {column} from mart_growth_accounting "
            f"where activity = 'order' and grain = 'month' and {condition} "
            f"qualify row_number() over (order by period_start desc) <= {MONTHS_SHOWN}",
        ),
    )


def test_revenue_of_customers_and_guests_is_that_of_the_shop(
    dashboard: Looker, marts: Marts
) -> None:
    same(
        stacked(dashboard.chart("net-revenue-by-month")),
        answer(
            marts,
            "select strftime(month_start, '%b %Y'), net_revenue from mart_loyalty_monthly "
            "order by month_start",
        ),
    )


def test_visitors(dashboard: Looker, marts: Marts) -> None:
    same(
        stacked(dashboard.chart("active-visitors-by-month")),
        answer(
            marts,
            "select strftime(activity_date, '%b %Y'), mau from mart_activity_daily "
            "where activity = 'visit' and activity_date = last_day(activity_date)",
        )
        | answer(
            marts,
            "select strftime(date_trunc('month', activity_date), '%b %Y'), "
            "count(distinct person_id) from fct_customer_days where activity = 'visit' group by 1",
        ),
    )


# --- Retention --------------------------------------------------------------------------------


def test_cohorts(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("retention")
    chart = dashboard.chart("cohorts")
    same(
        heat_map(chart),
        answer(
            marts,
            "select strftime(cohort_start, '%b %Y'), period_index, n_retained / n_mature "
            f"from mart_retention where {FIRST_TIME_BY_MONTH} and period_index > 0 "
            "and n_mature > 0 and cohort_start > (select max(cohort_start) from mart_retention "
            f"where {FIRST_TIME_BY_MONTH}) - interval {MONTHS_SHOWN} month",
        ),
    )
    (open_cells,) = one(
        marts,
        f"select count(*) from mart_retention where {FIRST_TIME_BY_MONTH} and period_index > 0 "
        "and coalesce(n_mature, 0) = 0",
    )
    assert len(chart.trace("not over yet")["y"]) == open_cells > 0


def test_cohorts_in_money(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("retention")
    dashboard.choose("shows", "revenue")
    same(
        heat_map(dashboard.chart("cohorts")),
        answer(
            marts,
            "select strftime(cohort_start, '%b %Y'), period_index, net_revenue / cohort_size "
            f"from mart_retention where {FIRST_TIME_BY_MONTH} and n_mature > 0",
        ),
    )


@pytest.mark.parametrize(("column", "part"), [("retention_rate", 0), ("ci_low", 1), ("ci_high", 2)])
def test_the_curve_and_its_interval(
    dashboard: Looker, marts: Marts, column: str, part: int
) -> None:
    dashboard.show("retention")
    trace = dashboard.chart("retention-curve").trace("retention")
    written = {
        period: number(texts[part])
        for period, texts in zip(trace["x"], trace["customdata"], strict=True)
    }
    known = answer(
        marts,
        f"select period_index, 100 * {column} from mart_retention_overall "
        f"where {FIRST_TIME_BY_MONTH} and period_index > 0 and retention_rate is not null",
    )
    assert written == pytest.approx(known, abs=0.0500001)


def test_the_latest_cohorts(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("retention")
    shown = {
        (trace["name"], period): rate
        for trace in dashboard.chart("recent-cohorts").traces
        for period, rate in drawn(trace).items()
    }
    same(
        shown,
        answer(
            marts,
            "select strftime(cohort_start, '%b %Y'), period_index, retention_rate "
            f"from mart_retention where {FIRST_TIME_BY_MONTH} and period_index > 0 "
            "and n_mature > 0 "
            "qualify dense_rank() over (order by cohort_start desc) between 3 and 6",
        ),
    )


def test_what_cohorts_have_brought(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("retention")
    traces = dashboard.chart("cohort-value").traces
    known = answer(
        marts,
        "select strftime(cohort_month, '%b %Y'), months_since, "
        "cumulative_net_revenue / customers from mart_cohort_value",
    )
    shown = {
        (trace["name"], since): value for trace in traces for since, value in drawn(trace).items()
    }
    same(
        shown,
        {cell: value for cell, value in known.items() if cell[0] in {name for name, _ in shown}},
    )
    assert len(traces) > 2


# --- Customers --------------------------------------------------------------------------------


def test_segments(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    (tree,) = dashboard.chart("rfm-segments").traces
    same(
        drawn(tree, "ids", "values"),
        answer(marts, "select rfm_segment, count(*) from mart_customer_rfm group by 1"),
    )
    same(
        dict(zip(tree["ids"], tree["marker"]["colors"], strict=True)),
        answer(marts, "select rfm_segment, avg(monetary) from mart_customer_rfm group by 1"),
    )


def test_the_matrix(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    shown = heat_map(dashboard.chart("rfm-matrix"))
    known = answer(
        marts,
        "select r_score::text, f_score::text, count(*) from mart_customer_rfm group by all",
    )
    same({cell: value for cell, value in shown.items() if value}, known)


def test_customers_of_a_segment(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    dashboard.choose("segment", "at risk")
    known = marts.execute(
        "select recency_days, frequency, round(monetary) from mart_customer_rfm "
        "where rfm_segment = 'at risk' order by monetary desc, customer_id limit 100"
    ).fetchall()
    shown = cells(
        dashboard.table("segment-customers"), "Days since purchase", "Orders", "Net revenue"
    )
    assert shown == [tuple(map(float, row)) for row in known]


def test_stages(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    (trace,) = dashboard.chart("lifecycle-stages").traces
    known = answer(marts, "select stage, count(*) from mart_customer_lifecycle group by 1")
    same(drawn(trace, "y", "x"), {said(stage): customers for stage, customers in known.items()})


def test_the_flow_between_stages(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    month = dashboard.choices("month")[1]
    dashboard.choose("month", month)
    (trace,) = dashboard.chart("lifecycle-flow").traces
    labels = [re.sub(r" [\d,]+$", "", label) for label in trace["node"]["label"]]
    link = trace["link"]
    ends = zip(link["source"], link["target"], link["value"], strict=True)
    known = answer(
        marts,
        "select from_stage, to_stage, customers from mart_lifecycle_transitions "
        "where month_start = ?",
        month,
    )
    names = {"none": "Not a customer yet"}
    same(
        {(labels[source], labels[target]): value for source, target, value in ends},
        {tuple(names.get(end, said(end)) for end in ends): value for ends, value in known.items()},
    )


# --- Churn ------------------------------------------------------------------------------------


def test_the_distribution_of_risk(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("churn")
    for activity, horizon in (("order", 90), ("order", 30), ("visit", 60)):
        dashboard.choose("activity", activity)
        dashboard.choose("horizon", str(horizon))
        shown = {
            (trace["name"].removesuffix(" risk"), round(middle * 20 - 0.5)): customers
            for trace in dashboard.chart("risk-distribution").traces
            for middle, customers in drawn(trace).items()
        }
        same(
            shown,
            answer(
                marts,
                "select risk_band, least(trunc(churn_probability / 0.05), 19)::integer, count(*) "
                "from mart_churn_scores join dim_customers using (customer_id) where activity = ? "
                "and horizon_days = ? and risk_band is not null and closed_at is null group by all",
                activity,
                horizon,
            ),
        )


def test_calibration(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("churn")
    for cutoff in dashboard.choices("cutoff"):
        dashboard.choose("cutoff", cutoff)
        trace = dashboard.chart("calibration").trace("groups of customers")
        bars = trace["error_y"]
        shown = [
            (predicted, came, came - below, came + above)
            for predicted, came, below, above in zip(
                trace["x"], trace["y"], bars["arrayminus"], bars["array"], strict=True
            )
        ]
        known = marts.execute(
            "select mean_probability, churned / customers, ci_low, ci_high "
            f"from mart_churn_calibration where activity = 'order' and {ALERT_HORIZON} "
            f"and model_name = {PUBLISHED} and cutoff_date = ? and customers > 0 order by 1",
            [cutoff],
        ).fetchall()
        assert known
        assert sorted(shown) == [pytest.approx(row, rel=TOLERANCE) for row in known]


@pytest.mark.parametrize("curve", ["roc", "gain"])
def test_curves(dashboard: Looker, marts: Marts, curve: str) -> None:
    dashboard.show("churn")
    published = dashboard.chart(curve).traces[-1]
    shown = list(zip(published["x"], published["y"], strict=True))
    known = marts.execute(
        "select x, y from mart_churn_curves where activity = 'order' "
        f"and {ALERT_HORIZON} and model_name = {PUBLISHED} and curve_name = ? "
        "and cutoff_date = (select max(cutoff_date) from mart_churn_curves "
        f"where activity = 'order' and {ALERT_HORIZON}) order by point_index",
        [curve],
    ).fetchall()
    assert len(known) > 10
    assert shown == [pytest.approx(point, rel=TOLERANCE) for point in known]


def test_grades_of_the_models(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("churn")
    known = marts.execute(
        "select avg(auc), avg(brier), avg(ece), avg(lift_at_10pct) from mart_churn_evaluation "
        f"where activity = 'order' and {ALERT_HORIZON} group by model_name order by avg(brier)"
    ).fetchall()
    shown = dashboard.table("model-grades")
    for line, (auc, brier, ece, lift) in zip(shown, known, strict=True):
        assert number(line["AUC"]) == pytest.approx(auc, abs=0.0005)
        assert number(line["Brier"]) == pytest.approx(brier, abs=0.00005)
        assert number(line["ECE"]) == pytest.approx(ece, abs=0.0005)
        if lift is not None:
            assert number(line["Lift in top 10%"]) == pytest.approx(lift, abs=0.005)
    assert sum("(published)" in line["Model"] for line in shown) == 1


def same_alerts(looker: Looker, marts: Marts) -> None:
    known = marts.execute(
        "select alert_rank, round(predicted_365d), round(expected_loss) from mart_churn_alerts "
        "order by alert_rank"
    ).fetchall()
    shown = looker.table("alerts")
    assert cells(shown, "Rank", "Expected in 365 days", "Expected loss") == [
        tuple(map(float, row)) for row in known
    ]
    reasons = marts.execute("select reason_1 from mart_churn_alerts order by alert_rank").fetchall()
    for line, (reason,) in zip(shown, reasons, strict=True):
        assert line["Why"].startswith(reason)


def test_alerts(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("churn")
    same_alerts(dashboard, marts)


# --- Recommendations --------------------------------------------------------------------------


def test_what_goes_with_a_product(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("recommendations")
    best_sellers = marts.execute(
        "select product_id from dim_products where product_id in "
        "(select product_id from mart_item_similarities where is_available) "
        "order by orders desc, product_id"
    ).fetchall()
    assert dashboard.choices("product")[:5] == [product for (product,) in best_sellers[:5]]
    # One of those near it is not to be had any more, and is not shown.
    (product,) = one(
        marts,
        "select min(product_id) from mart_item_similarities "
        "where position < 10 and not is_available",
    )
    dashboard.choose("product", product)
    (trace,) = dashboard.chart("neighbours").traces
    names = [html.unescape(texts[0]) for texts in trace["customdata"]]
    same(
        dict(zip(names, trace["x"], strict=True)),
        answer(
            marts,
            "select p.product_name, s.score from mart_item_similarities as s "
            "join dim_products as p on p.product_id = s.similar_product_id "
            "where s.product_id = ? and s.is_available order by s.position limit 10",
            product,
        ),
    )
    assert trace["x"] == sorted(trace["x"])


def test_the_leaderboard(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("recommendations")
    for task in dashboard.choices("task"):
        dashboard.choose("task", task)
        (trace,) = dashboard.chart("leaderboard").traces
        known = marts.execute(
            "select avg(ndcg), max(ndcg), min(ndcg) from mart_recommendation_evaluation "
            "where task = ? and k = 10 group by method_name order by 1",
            [task],
        ).fetchall()
        high, low = trace["error_x"]["array"], trace["error_x"]["arrayminus"]
        shown = [
            (mean, mean + above, mean - below)
            for mean, above, below in zip(trace["x"], high, low, strict=True)
        ]
        assert sorted(shown) == [pytest.approx(row, rel=1e-5, abs=1e-7) for row in known]
        best = trace["y"][-1]
        assert shown[-1] == max(shown), best


def test_a_customers_lists(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("recommendations")
    lists = {
        name: [
            tuple(product)
            for product in dashboard.script(
                "const items = `#customer-lists [data-list=${arguments[0]}] li`;"
                "return [...document.querySelectorAll(items)]"
                ".map((item) => [...item.children].map((each) => each.textContent))",
                name,
            )
        ]
        for name in ("blend", "discover", "buy_again")
    }
    # The customer worth most comes first, and is not named.
    known = marts.execute(
        "select r.list_name, p.product_name, r.reason_1 from mart_customer_recommendations as r "
        "join dim_products as p on p.product_id = r.product_id where r.customer_id = ("
        "select v.customer_id from mart_customer_value as v where v.customer_id in "
        "(select customer_id from mart_customer_recommendations) "
        "order by v.predicted_365d desc nulls last limit 1) and r.position <= 8 "
        "order by r.list_name, r.position"
    ).fetchall()
    assert lists["blend"]
    for name, shown in lists.items():
        assert [product for product, _ in shown] == [row[1] for row in known if row[0] == name]
        for (_, said_why), why in zip(
            shown, [row[2] for row in known if row[0] == name], strict=True
        ):
            assert why is None or said_why == why


def test_who_has_which_list(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("recommendations")
    titles = {"blend": "Likely to buy", "discover": "New to the customer", "buy_again": "Due again"}
    shown = {
        (label, trace["name"]): customers
        for trace in dashboard.chart("list-coverage").traces
        for label, customers in drawn(trace, "y", "x").items()
        if customers
    }
    known = answer(marts, "select list_name, coverage, customers from mart_recommendation_coverage")
    same(
        shown,
        {
            (titles[name], coverage.replace("_", " ")): customers
            for (name, coverage), customers in known.items()
            if customers
        },
    )


# --- Data quality -----------------------------------------------------------------------------


def test_every_row_is_accounted_for(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("data-quality")
    chart = dashboard.chart("reconciliation")
    same(
        stacked(chart, "y", "x"),
        {
            entity.replace("_", " "): share
            for entity, share in answer(
                marts,
                "select entity, 1 - accepted / rows_in from mart_input_reconciliation "
                "where rows_in > 0",
            ).items()
        },
    )
    for name in ("duplicates", "quarantined"):
        known = answer(
            marts,
            f"select entity, {name} / rows_in from mart_input_reconciliation where rows_in > 0",
        )
        same(
            drawn(chart.trace(name), "y", "x"),
            {entity.replace("_", " "): share for entity, share in known.items()},
        )


def test_reasons_of_quarantine(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("data-quality")
    (trace,) = dashboard.chart("quarantine-reasons").traces
    known = answer(
        marts,
        "select entity, reason, count(*) from (select entity, "
        "unnest(regexp_extract_all(reasons, '[a-z0-9_]+\\([^)]*\\)|[a-z0-9_]+')) as reason "
        "from mart_quarantine) group by all order by 3 desc limit 12",
    )
    assert sorted(trace["x"]) == sorted(known.values())
    (most_often, *_) = known
    assert trace["y"][-1].startswith(most_often[0].replace("_", " "))


def test_inputs(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("data-quality")
    shown = {line["Input"]: number(line["Rows"]) for line in dashboard.table("input-coverage")}
    known = answer(marts, "select entity, accepted_rows from mart_input_coverage")
    same(shown, {entity.replace("_", " "): rows for entity, rows in known.items()})


def test_builds_and_models(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("data-quality")
    (seconds,) = one(
        marts,
        "select date_sub('second', date_trunc('second', started_at), "
        "date_trunc('second', finished_at)) from mart_builds",
    )
    assert list(stacked(dashboard.chart("build-history")).values()) == [seconds]
    known = marts.execute(
        "select training_customers from mart_model_versions where is_published order by all"
    ).fetchall()
    shown = cells(dashboard.table("published-models"), "Examples")
    assert sorted(shown) == [(float(customers),) for (customers,) in known]


# --- Churn report -----------------------------------------------------------------------------


def test_the_reports_headlines(churn_report: Looker, marts: Marts) -> None:
    alerts, loss, rising = one(
        marts,
        "select count(*), round(sum(expected_loss)), "
        "sum((expected_loss_rise > 0)::integer) from mart_churn_alerts",
    )
    assert number(churn_report.tile("report-alerts")) == alerts
    assert number(churn_report.tile("report-loss")) == float(loss)
    assert number(churn_report.tile("report-rising")) == rising


@pytest.mark.parametrize("column", ["owner_group", "risk_band"])
def test_alerts_by_group(churn_report: Looker, marts: Marts, column: str) -> None:
    (trace,) = churn_report.chart(f"alerts-by-{column.replace('_', '-')}").traces
    known = marts.execute(
        f"select {column}, count(*), sum(expected_loss) from mart_churn_alerts group by 1"
    ).fetchall()
    same(
        drawn(trace, "y", "x"),
        {f"{said(group)} ({count})": float(loss) for group, count, loss in known},
    )


def test_risk_as_it_was_published(churn_report: Looker, marts: Marts) -> None:
    chart = churn_report.chart("risk-over-time")
    for band in ("high", "medium", "low"):
        same(
            drawn(chart.trace(f"{band} risk")),
            answer(
                marts,
                "select strftime(as_of_date, '%-d %b %Y'), avg((risk_band = ?)::integer) "
                "from mart_churn_scores cross join published_version "
                f"where activity = 'order' and {ALERT_HORIZON} and risk_band is not null "
                "group by 1",
                band,
            ),
        )


def test_the_reports_alerts(churn_report: Looker, marts: Marts) -> None:
    same_alerts(churn_report, marts)
