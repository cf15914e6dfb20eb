"""Every analysis runs and gives what its question asks for."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from dbt_runs import PROJECT
from warehouse.compiled_project import CompiledProject, Warehouse

pytestmark = pytest.mark.slow

COLUMNS = {
    "do_first_discounts_buy_loyalty": "has_first_discount customers known_customers "
    "repeat_rate_60d net_amount_of_first_order",
    "do_late_first_deliveries_cost_customers": "delivery customers known_customers repeat_rate_60d",
    "how_do_cohorts_compare": "cohort_month customers month_1 month_2 month_3 month_6",
    "how_long_until_the_second_order": "week_number second_orders share_so_far",
    "what_do_segments_bring": "rfm_segment customers share_of_customers net_revenue "
    "share_of_revenue mean_churn_probability expected_loss",
    "where_does_growth_come_from": "month_start buyers new_customers resurrecting_customers "
    "lost_customers change_of_buyers quick_ratio revenue_change",
    "which_first_categories_lead_to_more": "category customers known_customers repeat_rate_60d",
    "who_buys_again_by_channel": "acquisition_channel customers known_customers repeat_rate_90d "
    "net_revenue_per_customer",
    "who_is_about_to_leave": "customer_id expected_loss churn_probability predicted_365d "
    "rfm_segment recency_days reason_1 reason_2",
    "who_looks_but_no_longer_buys": "customer_id stage purchases recency_days cadence_days "
    "overdue_by last_visit_date",
}


@pytest.fixture(scope="module")
def answers(
    churn_project: CompiledProject, simulated_warehouse: Warehouse
) -> dict[str, pd.DataFrame]:
    manifest = json.loads((churn_project.folder / "manifest.json").read_text())
    return {
        node["name"]: simulated_warehouse.connection.execute(node["compiled_code"]).df()
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis"
    }


@pytest.fixture(scope="module")
def first_and_second(simulated_warehouse: Warehouse) -> pd.DataFrame:
    """Give each customer's first order, and whether a second came in time, where that is known."""
    orders = frame(simulated_warehouse, "fct_orders")
    orders = orders[orders.is_purchase & ~orders.is_guest & ~orders.is_excluded]
    orders = orders.sort_values(["customer_id", "ordered_at", "order_id"])
    orders["wait"] = orders.groupby("customer_id").ordered_at.shift(-1) - orders.ordered_at
    firsts = orders.drop_duplicates("customer_id").copy()
    for days in (60, 90):
        window = pd.Timedelta(days=days)
        is_known = firsts.ordered_at + window <= pd.Timestamp("2025-09-20 12:00")
        firsts[f"repeated_{days}d"] = (firsts.wait < window).astype(float).where(is_known)
    return firsts


def test_every_analysis_is_here() -> None:
    assert {file.stem for file in (PROJECT / "analyses").glob("*.sql")} == COLUMNS.keys()


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_an_analysis_asks_and_answers(name: str, answers: dict[str, pd.DataFrame]) -> None:
    question, how_to_read = (PROJECT / "analyses" / f"{name}.sql").read_text().splitlines()[:2]
    assert question.startswith("-- ")
    assert question.endswith("?")
    assert how_to_read.startswith("-- ")
    assert list(answers[name]) == COLUMNS[name].split()
    assert len(answers[name]) >= 2
    assert answers[name].notna().any().all()


def test_channels_bring_back_whom_pandas_counts(
    answers: dict[str, pd.DataFrame],
    first_and_second: pd.DataFrame,
    simulated_warehouse: Warehouse,
) -> None:
    customers = frame(simulated_warehouse, "dim_customers")
    firsts = first_and_second.merge(
        customers[["customer_id", "acquisition_channel", "net_revenue"]], on="customer_id"
    )
    channels = firsts.assign(net_revenue=firsts.net_revenue.astype(float)).groupby(
        firsts.acquisition_channel.fillna("unknown")
    )
    expected = pd.DataFrame(
        {
            "customers": channels.size(),
            "known_customers": channels.repeated_90d.count(),
            "repeat_rate_90d": channels.repeated_90d.mean(),
            "net_revenue_per_customer": channels.net_revenue.mean(),
        }
    )
    found = answers["who_buys_again_by_channel"]
    assert found.repeat_rate_90d.dropna().is_monotonic_decreasing
    pd.testing.assert_frame_equal(
        found.set_index("acquisition_channel").sort_index(), expected, check_names=False
    )


def test_weeks_to_the_second_order_are_those_of_pandas(
    answers: dict[str, pd.DataFrame], first_and_second: pd.DataFrame
) -> None:
    weeks = (first_and_second.wait.dropna() // pd.Timedelta(days=7) + 1).value_counts()
    expected = weeks.sort_index()
    found = answers["how_long_until_the_second_order"]
    assert found.week_number.tolist() == expected.index.tolist()
    assert found.second_orders.tolist() == expected.tolist()
    assert found.share_so_far.tolist() == pytest.approx(
        (expected.cumsum() / expected.sum()).tolist()
    )


def test_late_deliveries_are_those_of_pandas(
    answers: dict[str, pd.DataFrame], first_and_second: pd.DataFrame
) -> None:
    firsts = first_and_second
    delivery = (firsts.delivered_at > firsts.promised_at).map({True: "late", False: "on_time"})
    unknown = firsts.delivered_at.isna() | firsts.promised_at.isna()
    groups = firsts.groupby(delivery.mask(unknown, "unknown")).repeated_60d
    found = answers["do_late_first_deliveries_cost_customers"].set_index("delivery")
    assert found.customers.to_dict() == groups.size().to_dict()
    assert found.known_customers.to_dict() == groups.count().to_dict()
    assert found.repeat_rate_60d.to_dict() == pytest.approx(groups.mean().to_dict())


def test_growth_is_who_comes_and_goes_in_pandas(
    answers: dict[str, pd.DataFrame], simulated_warehouse: Warehouse
) -> None:
    days = frame(simulated_warehouse, "fct_customer_days").query("activity == 'order'")
    buyers = days.person_id.groupby(days.activity_date.dt.to_period("M")).agg(set)
    found = answers["where_does_growth_come_from"]
    months = found.month_start.dt.to_period("M")
    assert months.tolist() == buyers.index.tolist()[:-1]
    for row, month in zip(found.to_dict("records"), months, strict=True):
        before = buyers.get(month - 1, set())
        earlier = set().union(*buyers[buyers.index < month])
        assert row["buyers"] == len(buyers[month])
        assert row["new_customers"] == len(buyers[month] - earlier)
        assert row["resurrecting_customers"] == len((buyers[month] & earlier) - before)
        assert row["lost_customers"] == len(before - buyers[month])
        assert row["change_of_buyers"] == len(buyers[month]) - len(before)


def frame(warehouse: Warehouse, mart: str) -> pd.DataFrame:
    return warehouse.connection.execute(f"from {warehouse.nodes[mart].relation}").df()
