"""Filters and switches change what they say, to the figures of the marts, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By

from dashboard.figures import (
    FIRST_TIME_BY_MONTH,
    Marts,
    answer,
    drawn,
    heat_map,
    number,
    same,
    stacked,
)
from dashboard.looking import Looker

pytestmark = pytest.mark.slow

CHOSEN = [
    pytest.param({"channel": "social"}, id="channel"),
    pytest.param({"country": "GB"}, id="country"),
    pytest.param({"channel": "social", "country": "GB"}, id="both"),
]
JOINED = "join dim_customers as customers using (customer_id)"
COLUMNS = {"channel": "acquisition_channel", "country": "country"}
# Choices of the retention section, and how their cohorts are named.
SWITCHES = (
    ({"grain": "week"}, "%-d %b %Y"),
    ({"entry": "first_ever"}, "%b %Y"),
    ({"entry": "recurring"}, "%b %Y"),
    ({"return_rule": "on_or_after"}, "%b %Y"),
    ({"activity": "visit"}, "%b %Y"),
    ({"activity": "visit", "grain": "day"}, "%-d %b %Y"),
    ({"activity": "visit", "grain": "week", "entry": "recurring"}, "%-d %b %Y"),
)
# What stands in a section that the filters act on, and says that they do not act on it.
UNFILTERED = {
    "overview": {"since-last-version", "score-changes"},
    "retention": {"cohort-value"},
    "customers": {"lifecycle-flow"},
    "churn": {"calibration", "roc", "gain", "model-grades", "graded-scores"},
    "recommendations": set(),
    "data-quality": set(),
}


@pytest.fixture
def unchosen(dashboard: Looker) -> Iterator[Looker]:
    """Give the dashboard without filters, and take away those of the test: nothing else stays."""
    yield dashboard
    dashboard.show("overview")
    dashboard.reset()
    dashboard.is_touched = False


def choose(looker: Looker, chosen: dict[str, str]) -> None:
    for name, value in chosen.items():
        looker.choose(name, value)


def condition(chosen: dict[str, str]) -> str:
    return " and ".join(f"customers.{COLUMNS[name]} = '{value}'" for name, value in chosen.items())


def breakdown(chosen: dict[str, str]) -> str:
    """Give the rows of the marts that answer, as their documentation says they are named."""
    columns = "_and_".join(COLUMNS[name] for name in chosen)
    return f"breakdown = '{columns}' and breakdown_value = '{', '.join(chosen.values())}'"


def seen(looker: Looker) -> dict[str, dict[str, Any]]:
    """Give all that cards show, section by section."""
    shown = {}
    for section in looker.sections():
        looker.show(section)
        charts = looker.charts()
        shown[section] = {
            name: (
                card["title"],
                card["text"],
                json.dumps(charts[name].traces) if name in charts else "",
            )
            for name, card in looker.cards().items()
        }
    return shown


def without_notice(card: tuple[str, str, str]) -> tuple[str, str, str]:
    title, text, traces = card
    return title, text.replace("All customers: not split by channel or country.", ""), traces


def test_what_does_not_obey_says_so_and_stays(unchosen: Looker) -> None:
    before = seen(unchosen)
    unchosen.show("overview")
    choose(unchosen, {"channel": "social", "country": "GB"})
    after = seen(unchosen)
    for section, unfiltered in UNFILTERED.items():
        unchosen.show(section)
        says_so = {name for name, card in unchosen.cards().items() if card["isUnfiltered"]}
        assert says_so == unfiltered
        stayed = {
            name
            for name, card in after[section].items()
            if without_notice(card) == before[section][name]
        }
        uses_none = section in ("recommendations", "data-quality")
        assert stayed == (set(after[section]) if uses_none else unfiltered)
    unchosen.show("churn")
    unchosen.reset()
    assert seen(unchosen) == before


@pytest.mark.parametrize("chosen", CHOSEN)
def test_the_overview_of_some_customers(
    unchosen: Looker, marts: Marts, chosen: dict[str, str]
) -> None:
    choose(unchosen, chosen)
    months = answer(
        marts,
        "select date_trunc('month', order_date), count(distinct customer_id) "
        f"from fct_orders {JOINED} "
        "where fct_orders.is_purchase and not fct_orders.is_excluded and not is_guest "
        f"and {condition(chosen)} group by 1 order by 1",
    )
    same(
        {
            name: value
            for name, value in stacked(unchosen.chart("active-customers-by-month")).items()
            if value
        },
        {f"{start:%b %Y}": customers for start, customers in months.items()},
    )
    (revenue,) = answer(
        marts,
        f"select 1, sum(net_amount) from fct_orders {JOINED} "
        "where fct_orders.is_purchase and not fct_orders.is_excluded "
        f"and order_date between '2026-05-01' and '2026-05-31' and {condition(chosen)}",
    ).values()
    assert drawn(unchosen.chart("net-revenue-by-month").trace("customers"))["May 2026"] == (
        pytest.approx(revenue, rel=1e-6)
    )
    (at_risk,) = answer(
        marts,
        f"select 1, count(*) from mart_customer_risk {JOINED} "
        f"where risk_band = 'high' and {condition(chosen)}",
    ).values()
    assert number(unchosen.tile("customers-at-high-risk")) == at_risk


@pytest.mark.parametrize("chosen", CHOSEN)
def test_the_retention_of_some_customers(
    unchosen: Looker, marts: Marts, chosen: dict[str, str]
) -> None:
    unchosen.show("retention")
    choose(unchosen, chosen)
    split = FIRST_TIME_BY_MONTH.replace("breakdown = 'none'", breakdown(chosen))
    same(
        heat_map(unchosen.chart("cohorts")),
        answer(
            marts,
            "select strftime(cohort_start, '%b %Y'), period_index, n_retained / n_mature "
            f"from mart_retention where {split} and period_index > 0 and n_mature > 0",
        ),
    )
    same(
        drawn(unchosen.chart("retention-curve").trace("retention")),
        answer(
            marts,
            "select period_index, sum(n_retained) / sum(n_mature) from mart_retention "
            f"where {split} and period_index > 0 and n_mature > 0 group by 1",
        ),
    )


@pytest.mark.parametrize("chosen", CHOSEN)
def test_some_customers_by_segment_and_stage(
    unchosen: Looker, marts: Marts, chosen: dict[str, str]
) -> None:
    unchosen.show("customers")
    choose(unchosen, chosen)
    (tree,) = unchosen.chart("rfm-segments").traces
    (stages,) = unchosen.chart("lifecycle-stages").traces
    of_some = f"{JOINED} where {condition(chosen)}"
    same(
        drawn(tree, "ids", "values"),
        answer(marts, f"select rfm_segment, count(*) from mart_customer_rfm {of_some} group by 1"),
    )
    assert sum(stages["x"]) == sum(
        answer(
            marts, f"select stage, count(*) from mart_customer_lifecycle {of_some} group by 1"
        ).values()
    )
    listed = unchosen.table("segment-customers")
    assert listed
    for name, value in chosen.items():
        assert {line[name.capitalize()] for line in listed} == {value}


@pytest.mark.parametrize("chosen", CHOSEN)
def test_the_risk_of_some_customers(unchosen: Looker, marts: Marts, chosen: dict[str, str]) -> None:
    unchosen.show("churn")
    choose(unchosen, chosen)
    of_some = f"{JOINED} where {condition(chosen)}"
    same(
        {trace["name"]: sum(trace["y"]) for trace in unchosen.chart("risk-distribution").traces},
        answer(
            marts,
            f"select risk_band || ' risk', count(*) from mart_churn_scores {of_some} "
            "and activity = 'order' and horizon_days = 90 and risk_band is not null "
            "and closed_at is null group by 1",
        ),
    )
    known = marts.execute(
        f"select alert_rank from mart_churn_alerts {of_some} order by 1"
    ).fetchall()
    shown = [] if unchosen.cards()["alerts"]["empty"] else unchosen.table("alerts")
    assert [(number(line["Rank"]),) for line in shown] == known


def test_the_alerts_of_a_channel(churn_report: Looker, marts: Marts) -> None:
    churn_report.choose("channel", "search")
    known = answer(
        marts,
        "select owner_group, sum(expected_loss) from mart_churn_alerts "
        "join dim_customers using (customer_id) where acquisition_channel = 'search' group by 1",
    )
    (trace,) = churn_report.chart("alerts-by-owner-group").traces
    assert sorted(trace["x"]) == pytest.approx(sorted(known.values()), rel=1e-6)
    assert number(churn_report.tile("report-loss")) == round(sum(known.values()))
    says_so = {name for name, card in churn_report.cards().items() if card["isUnfiltered"]}
    assert says_so == {"risk-over-time", "alert-outcomes"}
    churn_report.reset()


def test_the_period(unchosen: Looker, marts: Marts) -> None:
    unchosen.choose("from", "2025-09-01")
    unchosen.choose("to", "2026-02-01")
    expected = ["Sep 2025", "Oct 2025", "Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026"]
    for card in ("active-customers-by-month", "net-revenue-by-month", "active-visitors-by-month"):
        assert list(stacked(unchosen.chart(card))) == expected
    (active,) = answer(
        marts,
        "select 1, active_customers from mart_growth_accounting where activity = 'order' "
        "and grain = 'month' and period_start = '2026-02-01'",
    ).values()
    assert number(unchosen.tile("active-customers")) == active
    unchosen.show("retention")
    assert {cohort for cohort, _ in heat_map(unchosen.chart("cohorts"))} == set(expected)
    unchosen.choose("from", "2026-04-01")
    assert unchosen.script("return document.querySelector('[name=to]').value") == "2026-04-01"
    unchosen.show("customers")
    assert unchosen.choices("from") == []


def test_switches_of_retention(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("retention")
    usual = {"activity": "order", "grain": "month", "entry": "first_time", "return_rule": "on"}
    for chosen, written in SWITCHES:
        choose(dashboard, usual)
        choose(dashboard, chosen)
        where = " and ".join(f"{name} = '{value}'" for name, value in (usual | chosen).items())
        where += " and clock = 'calendar' and breakdown = 'none'"
        same(
            heat_map(dashboard.chart("cohorts")),
            answer(
                marts,
                f"select strftime(cohort_start, '{written}'), period_index, n_retained / n_mature "
                f"from mart_retention where {where} and period_index > 0 and n_mature > 0 and "
                f"cohort_start in (select distinct cohort_start from mart_retention where {where} "
                "order by 1 desc limit 24)",
            ),
        )
        same(
            drawn(dashboard.chart("retention-curve").trace("retention")),
            answer(
                marts,
                "select period_index, retention_rate from mart_retention_overall "
                f"where {where} and period_index > 0 and retention_rate is not null",
            ),
        )


def test_a_breakdown_that_the_marts_lack_is_said(unchosen: Looker) -> None:
    unchosen.show("retention")
    unchosen.choose("grain", "week")
    before = unchosen.chart("cohorts").traces
    unchosen.choose("country", "GB")
    assert unchosen.cards()["cohorts"]["isUnfiltered"]
    assert unchosen.chart("cohorts").traces == before
    unchosen.choose("grain", "month")
    assert not unchosen.cards()["cohorts"]["isUnfiltered"]


def test_a_click_on_a_segment_lists_its_customers(dashboard: Looker, marts: Marts) -> None:
    dashboard.show("customers")
    dashboard.choose("segment", "champions")
    slices = dashboard.driver.find_elements(By.CSS_SELECTOR, "#rfm-segments .slice")
    (loyal,) = [each for each in slices if each.text.startswith("Loyal")]
    ActionChains(dashboard.driver).move_to_element(loyal).click().perform()
    (customers,) = answer(
        marts, "select 1, count(*) from mart_customer_rfm where rfm_segment = 'loyal'"
    ).values()
    assert dashboard.title("segment-customers").startswith(f"Loyal: {customers:,.0f} customers")
    (tree,) = dashboard.chart("rfm-segments").traces
    assert len(tree["ids"]) > 1


def test_columns_of_tables_sort(dashboard: Looker) -> None:
    dashboard.show("customers")
    for is_descending in (True, False):
        dashboard.sort("segment-customers", "Orders")
        shown = [number(line["Orders"]) for line in dashboard.table("segment-customers")]
        assert shown == sorted(shown, reverse=is_descending)
        assert len(set(shown)) > 1
