"""The oracle itself: published cases, cases worked by hand, and identities on random shops."""

import os
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import oracle
from oracle import Settings, Shop
from oracle.customers import percentile_disc
from oracle.facts import facts
from oracle.loyalty import net_promoter_score
from oracle.retention import BREAKDOWNS, wilson
from oracle.settings import TABLES
from oracle.shops import make_shop, shops

JANUARY = datetime(2020, 1, 1)
TIMEZONES = ("UTC", "US/Pacific", "Europe/Berlin", "Asia/Kolkata")
ALL_TABLES = (
    oracle.customer_days,
    oracle.sessions,
    oracle.activity_daily,
    oracle.retention_headline,
    oracle.growth_accounting,
    oracle.rfm,
    oracle.rfm_cut_points,
    oracle.lifecycle,
    oracle.lifecycle_transitions,
    oracle.order_gaps,
    oracle.cohort_value,
    oracle.loyalty_monthly,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def visit_shop(*visits: tuple) -> Shop:
    """Make a shop of events: (person, time) or (person, time, event type)."""
    return Shop.of(
        events=[
            {
                "event_id": f"e{n:03d}",
                "customer_id": visit[0],
                "occurred_at": visit[1],
                "event_type": visit[2] if len(visit) > 2 else "view",
            }
            for n, visit in enumerate(visits)
        ]
    )


def visit_days(days_of: dict[str, set[int]], first: datetime = JANUARY) -> Shop:
    """Make a shop in which persons visit at noon on the days of these numbers."""
    return visit_shop(
        *(
            (person, first + timedelta(days=day, hours=12))
            for person, days in days_of.items()
            for day in sorted(days)
        )
    )


def order_shop(*orders: tuple, **tables) -> Shop:
    """Make a shop of orders: (customer, time, gross) and perhaps a dict of further columns."""
    rows = []
    for n, (customer_id, ordered_at, gross, *more) in enumerate(orders):
        row = {"order_id": f"o{n:03d}", "customer_id": customer_id, "ordered_at": ordered_at}
        rows.append(row | {"gross_amount": gross} | (more[0] if more else {}))
    return Shop.of(orders=rows, **tables)


def retained(shop: Shop, run: Settings, measure: str = "n_retained", **kind) -> dict:
    """Give the counts of each cohort by period, keyed by its start."""
    kind = {
        "activity": "visit",
        "entry": "recurring",
        "return_rule": "on",
        "clock": "calendar",
        "grain": "day",
    } | kind
    cells = oracle.retention(shop, run, **kind)
    return {
        start: list(group.sort_values("period_index")[measure])
        for start, group in cells.groupby("cohort_start")
    }


def only(table: pd.DataFrame, **key) -> dict:
    """Give the one row with these values."""
    rows = [r for r in table.to_dict("records") if all(r[c] == v for c, v in key.items())]
    assert len(rows) == 1, rows
    return rows[0]


# Published cases -----------------------------------------------------------------------------


def by_day_number(cells: dict) -> dict[int, list]:
    return {(start - JANUARY.date()).days: counts for start, counts in cells.items()}


def test_recurring_on_a_day():  # PostHog's retention query tests
    shop = visit_days({"p1": {0, 1, 2, 5, 6}, "p2": {1, 2, 3, 6}})
    assert by_day_number(retained(shop, Settings(JANUARY + timedelta(days=7)))) == {
        0: [1, 1, 1, 0, 0, 1, 1],
        1: [2, 2, 1, 0, 1, 2],
        2: [2, 1, 0, 1, 2],
        3: [1, 0, 0, 1],
        5: [1, 1],
        6: [2],
    }


ON_OR_AFTER = {"p1": {0, 3, 4}, "p2": {0, 1}, "p3": {1, 2, 3}, "p4": {3, 4}, "p5": {4}}


def test_recurring_on_a_day_or_after():  # PostHog's retention query tests
    run = Settings(JANUARY + timedelta(days=6))
    cells = retained(visit_days(ON_OR_AFTER), run, return_rule="on_or_after")
    assert by_day_number(cells) == {
        0: [2, 2, 1, 1, 1, 0],
        1: [2, 1, 1, 0, 0],
        2: [1, 1, 0, 0],
        3: [3, 2, 0],
        4: [3, 0],
    }


def test_first_time_on_a_day_or_after():  # PostHog's retention query tests
    run = Settings(JANUARY + timedelta(days=6))
    shop = visit_days(ON_OR_AFTER)
    cells = retained(shop, run, entry="first_time", return_rule="on_or_after")
    assert by_day_number(cells) == {
        0: [2, 2, 1, 1, 1, 0],
        1: [1, 1, 1, 0, 0],
        3: [1, 1, 0],
        4: [1, 0],
    }


def test_local_days():  # PostHog's retention query tests
    shop = visit_shop(
        ("p1", at("2020-06-09T01:00")),
        ("p1", at("2020-06-10T01:00")),
        ("p1", at("2020-06-11T01:00")),
        ("p2", at("2020-06-16T01:00")),
        ("p2", at("2020-06-16T09:00")),
    )
    grid = date(2020, 6, 10)

    def non_zero(timezone: str) -> dict[int, list[int]]:
        cells = retained(shop, Settings(at("2020-07-01"), timezone=timezone))
        rows = {(start - grid).days: counts for start, counts in cells.items() if start >= grid}
        return {day: [k for k, n in enumerate(counts) if n == 1] for day, counts in rows.items()}

    assert non_zero("UTC") == {0: [0, 1], 1: [0], 6: [0]}
    assert non_zero("US/Pacific") == {0: [0], 5: [0, 1], 6: [0]}


def test_entry_filter():  # PostHog's retention query tests
    shop = visit_shop(
        ("p1", JANUARY, "login"),
        ("p1", JANUARY + timedelta(days=1), "view"),
        ("p1", JANUARY + timedelta(days=2), "login"),
        ("p1", JANUARY + timedelta(days=3), "login"),
    )
    run = Settings(JANUARY + timedelta(days=4))

    def by_entry(entry: str) -> dict[int, list[int]]:
        return by_day_number(
            retained(
                shop, run, entry=entry, entry_filter=lambda action: action["event_type"] == "view"
            )
        )

    assert by_entry("first_time") == {1: [1, 1, 1]}
    assert by_entry("first_ever") == {}


def test_rolling_clock_floors_the_hour():  # Amplitude's documentation
    shop = visit_shop(("p1", at("2020-12-01T17:59")), ("p1", at("2020-12-02T17:00")))
    run = Settings(at("2020-12-03T17:00"))
    kind = {"clock": "rolling_24h", "entry": "first_time"}
    assert retained(shop, run, **kind) == {date(2020, 12, 1): [1, 1]}
    earlier = visit_shop(("p1", at("2020-12-01T17:59")), ("p1", at("2020-12-02T16:59:59")))
    assert retained(earlier, run, **kind) == {date(2020, 12, 1): [1, 0]}
    # A microsecond before, the second period has not ended; at its start, it has not begun.
    just_before = Settings(at("2020-12-03T16:59:59.999999"))
    assert retained(shop, just_before, **kind) == {date(2020, 12, 1): [1, None]}
    assert retained(shop, Settings(at("2020-12-02T17:00")), **kind) == {date(2020, 12, 1): [1]}


def test_growth_accounting_by_day():  # PostHog's lifecycle tests
    days = {"p1": {11, 12, 13, 15, 17, 19}, "p2": {9, 12}, "p3": {12}, "p4": {15}}
    shop = visit_days(days, JANUARY - timedelta(days=1))
    growth = oracle.growth_accounting(shop, Settings(at("2020-01-20")))
    growth = growth[growth["grain"] == "day"]
    assert list(growth["period_start"]) == [date(2020, 1, day) for day in range(9, 20)]
    assert list(growth["new_customers"]) == [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert list(growth["returning_customers"]) == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert list(growth["resurrecting_customers"]) == [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1]
    assert list(growth["dormant_customers"]) == [0, 1, 0, 0, 2, 1, 0, 2, 0, 1, 0]
    assert list(growth["quick_ratio"])[:5] == [None, 0, None, None, 0]
    assert all(growth["revenue"].isna())


def test_net_promoter_score_and_its_error():
    scores = [9, 10] * 81 + [0, 6] * 27 + [7, 8] * 54
    assert len(scores) == 324
    nps, error = net_promoter_score(scores)
    assert nps == pytest.approx(33.33, abs=0.005)
    assert error == pytest.approx(4.14, abs=0.005)
    assert net_promoter_score([]) == (None, None)


def test_percentile_disc_is_a_value_of_the_data():
    assert percentile_disc([1, 2, 3, 4, 5], Fraction(1, 5)) == 1
    assert percentile_disc([1, 2, 3, 4, 5, 6], Fraction(1, 5)) == 2
    assert percentile_disc([5, 5, 5], Fraction(4, 5)) == 5


def test_rfm_scores_equal_values_equally():
    orders = []
    for customer, count in {"a": 1, "b": 1, "c": 1, "d": 2, "e": 7}.items():
        orders += [(customer, at("2020-01-01"), 10)] * count
    run = Settings(at("2020-01-03T23:00"))
    table = oracle.rfm(order_shop(*orders), run)
    # Cut-points of the frequency: 1, 1, 1, 2.
    assert list(table["f_score"]) == [1, 1, 1, 4, 5]
    assert list(table["m_score"]) == [1, 1, 1, 4, 5]
    assert list(table["recency_days"]) == [2] * 5
    assert list(table["r_score"]) == [5] * 5  # all alike: nobody is above a cut-point
    cuts = oracle.rfm_cut_points(order_shop(*orders), run)
    assert list(cuts[cuts["measure"] == "frequency"]["cut_point"]) == [1, 1, 1, 2]


# Online Retail -------------------------------------------------------------------------------


def online_retail(keep) -> Shop:
    """Make the shop of the invoice lines with a customer that a rule keeps."""
    shared = os.environ.get("DOVECOTE_SHARED_DATA", "")
    path = Path(shared) / "online_retail" / "online_retail.parquet"
    if not shared or not path.exists():
        pytest.skip("DOVECOTE_SHARED_DATA does not name a folder that holds Online Retail")
    lines = pd.read_parquet(path)
    lines = lines[lines["customer_id"].notna()]
    lines["unit_price"] = lines["unit_price"].map(lambda price: Decimal(str(price)))
    lines = lines[keep(lines)]
    lines["amount"] = lines["quantity"].map(Decimal) * lines["unit_price"]
    invoices = lines.groupby("invoice_no", as_index=False).agg(
        customer_id=("customer_id", "first"),
        ordered_at=("invoice_date", "min"),
        gross_amount=("amount", "sum"),
    )
    invoices["customer_id"] = invoices["customer_id"].astype(int).astype(str)
    return Shop(orders=invoices.rename(columns={"invoice_no": "order_id"}))


def first_month_row(shop: Shop) -> tuple[list[int], list[int]]:
    """Give the sizes of the monthly cohorts, and the row of the first."""
    run = Settings(at("2012-01-01"))
    kind = {"activity": "order", "entry": "first_time", "grain": "month"}
    sizes = retained(shop, run, measure="cohort_size", **kind)
    rows = retained(shop, run, **kind)
    return [sizes[start][0] for start in sorted(sizes)], rows[date(2010, 12, 1)]


@pytest.mark.slow
def test_online_retail_cohorts():
    shop = online_retail(lambda lines: lines["quantity"] > 0)
    sizes, row = first_month_row(shop)
    assert sizes == [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41]
    assert row == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]


@pytest.mark.slow
def test_online_retail_cohorts_with_cancellations():
    _, row = first_month_row(online_retail(lambda lines: lines["quantity"] != 0))
    assert row == [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260]


@pytest.mark.slow
def test_online_retail_customers():
    shop = online_retail(lambda lines: (lines["quantity"] > 0) & (lines["unit_price"] > 0))
    run = Settings(at("2011-12-10T12:50"))
    table = oracle.rfm(shop, run)
    assert len(table) == 4338
    assert table["frequency"].sum() == 18532
    assert round(table["monetary"].sum(), 2) == Decimal("8911407.90")
    expected = {
        "12347": (2, 7, "4310.00"),
        "17850": (372, 34, "5391.21"),
        "14646": (2, 73, "280206.02"),
    }
    for customer_id, (recency_days, frequency, monetary) in expected.items():
        row = only(table, customer_id=customer_id)
        assert (row["recency_days"], row["frequency"]) == (recency_days, frequency)
        assert round(row["monetary"], 2) == Decimal(monetary)

    gaps = oracle.order_gaps(shop, run)
    assert gaps["reorder_rate"][0] == pytest.approx(0.6558, abs=0.00005)

    growth = oracle.growth_accounting(shop, run)
    months = growth[growth["grain"] == "month"]
    active = [885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1664, 615]
    assert list(months["active_customers"]) == active
    assert list(months["is_complete"]) == [True] * 12 + [False]


# Worked by hand: who is who ------------------------------------------------------------------


def test_merges_follow_chains_and_settle_cycles():
    links = {"a": "b", "b": "c", "x": "z", "z": "y", "y": "z", "s": "s"}
    late = {"from_customer_id": "c", "to_customer_id": "d", "merged_at": at("2020-02-01")}
    merges = [{"from_customer_id": a, "to_customer_id": b} for a, b in links.items()]
    shop = order_shop(
        *((customer, JANUARY, 1) for customer in "abcxyzs"), customer_merges=[*merges, late]
    )
    frequencies = oracle.rfm(shop, Settings(at("2020-02-01"))).set_index("customer_id")["frequency"]
    assert dict(frequencies) == {"c": 3, "y": 3, "s": 1}
    later = oracle.rfm(shop, Settings(at("2020-02-01T00:00:01")))
    assert list(later["customer_id"]) == ["d", "s", "y"]


def test_persons_of_anonymous_events():
    def event(event_id, minute, customer_id=None, anonymous_id=None):
        return {
            "event_id": event_id,
            "customer_id": customer_id,
            "anonymous_id": anonymous_id,
            "occurred_at": JANUARY + timedelta(minutes=minute),
            "event_type": "view",
        }

    shop = Shop.of(
        events=[
            event("e1", 0, None, "phone"),  # next: ann
            event("e2", 5, "ann", "phone"),
            event("e3", 5, None, "phone"),  # a tie, later by id: next is bob
            event("e4", 9, "bob", "phone"),
            event("e5", 20, None, "phone"),  # none after: previous
            event("e6", 0, None, "tablet"),
            event("e7", 0, None, None),
            event("e8", 0, "staff", "desk"),
            event("e9", 1, None, "desk"),
        ],
        exclusions=[{"customer_id": "staff", "reason": "staff"}],
    )
    counts = oracle.customer_days(shop, Settings(at("2020-01-02")))
    assert dict(zip(counts["person_id"], counts["actions"], strict=True)) == {
        "ann": 2,
        "bob": 3,
        "anon:tablet": 1,
    }


def test_sessions_split_beyond_the_gap():
    minutes = [0, 30, 60 + 1 / 60]
    shop = visit_shop(*(("p", at("2020-01-01T23:50") + timedelta(minutes=m)) for m in minutes))
    table = oracle.sessions(shop, Settings(at("2020-02-01")))
    assert list(table["events"]) == [2, 1]
    assert list(table["duration_seconds"]) == [1800, 0]
    assert list(table["session_date"]) == [date(2020, 1, 1), date(2020, 1, 2)]
    assert list(table["is_engaged"]) == [True, False]
    assert list(table["has_purchase"]) == [False, False]
    assert list(table["purchase_at"]) == [None, None]


@pytest.mark.parametrize(
    ("events", "is_engaged"),
    [
        ([(0, "view"), (9.999, "login")], False),
        ([(0, "view"), (10, "login")], True),
        ([(0, "view"), (0, "view")], True),
        ([(0, "purchase")], True),
        ([(0, "checkout")], False),
    ],
)
def test_sessions_are_engaged_by_views_time_or_a_purchase(events, is_engaged):
    visits = [("p", JANUARY + timedelta(seconds=second), kind) for second, kind in events]
    table = oracle.sessions(visit_shop(*visits), Settings(at("2020-02-01")))
    assert list(table["is_engaged"]) == [is_engaged]


def test_named_sessions_stand_apart():
    def event(n, minute, session_id, event_type="login"):
        return {
            "event_id": f"e{n}",
            "customer_id": "p",
            "session_id": session_id,
            "occurred_at": JANUARY + timedelta(minutes=minute),
            "event_type": event_type,
        }

    shop = Shop.of(
        events=[
            event(1, 0, None),
            event(2, 20, "s"),
            event(3, 40, None),  # 40 minutes after the last one without a name
            event(4, 300, "s", "purchase"),
        ]
    )
    table = oracle.sessions(shop, Settings(at("2020-02-01")))
    assert list(table["events"]) == [1, 2, 1]
    assert list(table["duration_seconds"]) == [0, 280 * 60, 0]
    assert list(table["has_purchase"]) == [False, True, False]


def test_as_of_is_exclusive():
    shop = replace(
        order_shop(
            ("a", JANUARY, 1),
            customers=[{"customer_id": "b", "created_at": JANUARY}],
            nps_responses=[{"response_id": "1", "score": 9, "invited_at": JANUARY}],
        ),
        events=visit_shop(("c", JANUARY)).events,
    )
    for function in ALL_TABLES:
        assert len(function(shop, Settings(JANUARY))) == 0
    after = Settings(JANUARY + timedelta(microseconds=1))
    assert list(oracle.lifecycle(shop, after)["customer_id"]) == ["a", "b", "c"]
    assert oracle.loyalty_monthly(shop, after)["nps"][0] == 100


def test_an_answer_after_as_of_is_not_there_yet():
    response = {
        "response_id": "1",
        "score": 9,
        "invited_at": at("2020-01-02"),
        "responded_at": at("2020-01-05"),
    }
    shop = order_shop(("a", JANUARY, 1), nps_responses=[response])
    before = oracle.loyalty_monthly(shop, Settings(at("2020-01-05"))).to_dict("records")[0]
    assert (before["nps"], before["response_rate"]) == (None, 0)
    after = oracle.loyalty_monthly(shop, Settings(at("2020-01-06"))).to_dict("records")[0]
    assert (after["nps"], after["response_rate"]) == (100, 1)


def test_a_merged_customer_keeps_its_own_attributes():
    customers = [
        {"customer_id": "a", "country": "DE"},
        {"customer_id": "b", "country": "GB"},
        {"customer_id": "c", "country": "US"},
        {"customer_id": "d", "country": "FR"},
    ]
    links = [("a", "b"), ("d", "x"), ("c", "x")]
    merges = [{"from_customer_id": a, "to_customer_id": b} for a, b in links]
    shop = Shop.of(customers=customers, customer_merges=merges)
    known = facts(shop, Settings(JANUARY))
    assert known.attributes("b")["country"] == "GB"
    assert known.attributes("x")["country"] == "US"
    assert known.attributes("nobody") == {}


# Worked by hand: activity and retention ------------------------------------------------------


def test_activity_daily_waits_for_history():
    shop = visit_days({"p1": {0, 6}, "p2": {3, 29}})
    table = oracle.activity_daily(shop, Settings(JANUARY + timedelta(days=30)))
    assert len(table) == 30
    assert list(table["dau"])[:7] == [1, 0, 0, 1, 0, 0, 1]
    assert list(table["wau"])[:8] == [None] * 6 + [2, 2]
    assert list(table["mau"]) == [None] * 29 + [2]
    assert list(table["stickiness"])[-2:] == [None, 0.5]
    assert list(table["new_customers"])[:4] == [1, 0, 0, 1]
    assert list(table["sessions"])[:2] == [1, 0]
    assert list(table["avg_session_seconds"])[:2] == [0, None]


def test_an_immature_cell_is_null_and_the_overall_rate_a_ratio_of_sums():
    # Two on day 0, of whom one returns on day 1; one on day 1, unknown on day 2.
    shop = visit_days({"p1": {0, 1}, "p2": {0}, "p3": {1}})
    run = Settings(JANUARY + timedelta(days=2, hours=13))
    kind = {"activity": "visit", "entry": "first_time", "return_rule": "on"}
    cells = oracle.retention(shop, run, **kind, clock="calendar", grain="day")
    assert list(cells["n_mature"]) == [2, 2, 0, 1, 0]
    assert list(cells["n_retained"]) == [2, 1, None, 1, None]
    assert list(cells["orders"]) == [0, 0, None, 0, None]
    overall = oracle.retention_overall(cells)
    assert list(overall["n_mature"]) == [3, 2, 0]
    assert list(overall["retention_rate"]) == [1, 0.5, None]
    assert (overall["ci_low"][1], overall["ci_high"][1]) == wilson(1, 2)
    recurring = oracle.retention(
        shop, run, **(kind | {"entry": "recurring"}), clock="calendar", grain="day"
    )
    assert oracle.retention_overall(recurring)["ci_low"].isna().all()


def test_wilson_interval():
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.490162, abs=1e-6), pytest.approx(0.943318, abs=1e-6))
    assert wilson(0, 4)[0] == pytest.approx(0)
    assert wilson(4, 4)[1] == pytest.approx(1)


def test_rolling_members_mature_one_by_one():
    shop = visit_shop(("p1", at("2020-01-01T02:30")), ("p2", at("2020-01-01T20:30")))
    run = Settings(at("2020-01-02T12:00"))
    kind = {"clock": "rolling_24h", "entry": "first_time"}
    assert retained(shop, run, "n_mature", **kind) == {date(2020, 1, 1): [1, 0]}
    assert retained(shop, run, "n_retained", **kind) == {date(2020, 1, 1): [1, None]}


def test_purchases_of_a_cell_follow_its_clock():
    shop = replace(
        visit_shop(("p1", at("2020-01-01T12:30"))),
        orders=order_shop(
            ("p1", at("2020-01-01T09:00"), 1),  # before the entry, on its day
            ("p1", at("2020-01-01T12:10"), 32),  # in the hour of the entry, before it
            ("p1", at("2020-01-01T13:00"), 2),
            ("p1", at("2020-01-02T11:00"), 4),
            ("p1", at("2020-01-02T12:00"), 8, {"status": "cancelled"}),
            ("p1", at("2020-01-02T13:00"), 16, {"refund_amount": 6, "discount_amount": 1}),
        ).orders,
    )
    run = Settings(at("2020-01-03T12:00"))
    revenue = retained(shop, run, "net_revenue", entry="first_time")
    assert revenue == {date(2020, 1, 1): [35, 13, None]}
    rolling = retained(shop, run, "net_revenue", entry="first_time", clock="rolling_24h")
    assert rolling == {date(2020, 1, 1): [6, 9]}


def test_weeks_start_when_the_shop_says():
    shop = visit_shop(("p1", at("2024-03-09T12:00")), ("p1", at("2024-03-10T12:00")))  # Sat, Sun
    kind = {"grain": "week", "entry": "first_time"}
    monday = retained(shop, Settings(at("2024-03-11")), **kind)
    assert monday == {date(2024, 3, 4): [1]}
    sunday = retained(shop, Settings(at("2024-03-17"), week_start="sunday"), **kind)
    assert sunday == {date(2024, 3, 3): [1, 1]}


def test_breakdowns_by_attributes_and_first_purchase():
    shop = order_shop(
        ("a", at("2020-01-01"), 1, {"channel": "web"}),
        ("a", at("2020-01-02"), 1, {"channel": "app"}),
        ("b", at("2020-01-01"), 1),
        customers=[{"customer_id": "a", "country": "DE", "acquisition_channel": "search"}],
        order_items=[{"order_id": "o000", "product_id": p} for p in ("p3", "p2", "p1")],
        products=[
            {"product_id": "p1", "category": None},
            {"product_id": "p2", "category": "tea"},
            {"product_id": "p3", "category": "cups"},
        ],
    )
    kind = {
        "activity": "order",
        "entry": "first_time",
        "return_rule": "on",
        "clock": "calendar",
        "grain": "day",
    }
    found = {
        breakdown: set(
            oracle.retention(shop, Settings(at("2020-01-03")), **kind, breakdown=breakdown)[
                "breakdown_value"
            ]
        )
        for breakdown in BREAKDOWNS
    }
    assert found == {
        "none": {"all"},
        "acquisition_channel": {"search", "unknown"},
        "country": {"DE", "unknown"},
        "acquisition_channel_and_country": {"search, DE", "unknown, unknown"},
        "first_order_channel": {"web", "unknown"},
        "first_product_category": {"tea", "unknown"},
    }


def test_headline():
    shop = visit_days({"p1": {0, 1, 40}, "p2": {0, 7}, "p3": {30, 31}})
    table = oracle.retention_headline(shop, Settings(JANUARY + timedelta(days=38)))
    first = only(table, activity="visit", cohort_date=date(2020, 1, 1))
    assert (first["d1_rate"], first["d7_rate"], first["m1_rate"]) == (0.5, 0.5, None)
    last = only(table, activity="visit", cohort_date=date(2020, 1, 31))
    assert (last["d1_rate"], last["d7_rate"]) == (1, 0)  # day 7 has just ended
    later = oracle.retention_headline(shop, Settings(at("2020-03-01")))
    assert list(later["m1_rate"]) == [0.5, 1]


def test_unknown_choices_are_refused():
    shop, run = visit_days({"p": {0}}), Settings(JANUARY + timedelta(days=3))
    for wrong in (
        {"activity": "order_"},
        {"entry": "last"},
        {"return_rule": "off"},
        {"clock": "sundial"},
        {"grain": "year"},
        {"breakdown": "city"},
        {"clock": "rolling_24h", "grain": "month"},
    ):
        with pytest.raises((ValueError, KeyError)):
            retained(shop, run, **wrong)


# Worked by hand: customers -------------------------------------------------------------------


def test_growth_accounts_for_revenue():
    shop = order_shop(
        ("a", at("2020-01-05"), 10),
        ("b", at("2020-01-05"), 20),
        ("c", at("2020-01-05"), 5),
        ("a", at("2020-02-05"), 17),
        ("b", at("2020-02-05"), 14),
        ("d", at("2020-02-06"), 3),
        ("c", at("2020-03-05"), 9),
        (None, at("2020-02-06"), 1000),
    )
    growth = oracle.growth_accounting(shop, Settings(at("2020-03-31")))
    february = only(growth, grain="month", period_start=date(2020, 2, 1))
    assert february["revenue"] == 34
    assert february["new_revenue"] == 3
    assert february["expansion_revenue"] == 7
    assert february["contraction_revenue"] == 6
    assert february["churned_revenue"] == 5
    assert february["revenue_change"] == -1
    march = only(growth, grain="month", period_start=date(2020, 3, 1))
    assert march["resurrected_revenue"] == march["revenue"] == 9
    assert march["is_complete"] is False
    assert march["dormant_customers"] is march["quick_ratio"] is march["revenue_change"] is None


def lifecycle_of(*days: int, as_of_day: int, others: tuple = ()) -> dict:
    """Place one customer who bought on these days, beside customers who bought on others."""
    orders = [("p", JANUARY + timedelta(days=day), 1) for day in days]
    for n, other in enumerate(others):
        orders += [(f"q{n}", JANUARY + timedelta(days=day), 1) for day in other]
    run = Settings(JANUARY + timedelta(days=as_of_day + 1))
    shop = order_shop(*orders, customers=[{"customer_id": "p", "created_at": JANUARY}])
    return only(oracle.lifecycle(shop, run), customer_id="p")


@pytest.mark.parametrize(
    ("recency", "stage", "since"),
    [
        (15, "new", 0),
        (16, "at_risk", 16),
        (30, "at_risk", 16),
        (31, "lapsed", 31),
        (60, "lapsed", 31),
        (61, "lost", 61),
    ],
)
def test_lifecycle_of_one_purchase(recency, stage, since):
    # The others' gaps are 10 days, and so is the cadence.
    row = lifecycle_of(0, as_of_day=recency, others=((0, 10), (0, 10, 20)))
    if recency < 20:  # by then, two gaps are known or one; all are of 10 days
        assert row["purchases"] == 1
    assert row["cadence_days"] == 10
    assert (row["stage"], row["since"]) == (stage, JANUARY.date() + timedelta(days=since))


def test_lifecycle_weighs_own_gaps_with_the_population():
    # Own gaps 4 and 8, all gaps 4, 8, 30, 30, 30: cadence (2 x 6 + 3 x 30) / 5.
    row = lifecycle_of(0, 4, 12, as_of_day=90, others=((0, 30), (0, 30, 60)))
    assert row["cadence_days"] == 20.4
    assert (row["stage"], row["since"]) == ("lapsed", date(2020, 1, 13) + timedelta(days=62))
    assert row["recency_days"] == 78


def test_lifecycle_without_gaps_takes_ninety_days():
    assert lifecycle_of(0, as_of_day=135)["stage"] == "new"
    assert lifecycle_of(0, as_of_day=136)["stage"] == "at_risk"
    prospect = lifecycle_of(as_of_day=5, others=((0,),))
    assert (prospect["stage"], prospect["since"]) == ("prospect", date(2020, 1, 1))
    assert (prospect["cadence_days"], prospect["purchases"]) == (90, 0)


def test_lifecycle_knows_who_came_back():
    others = ((0, 2, 4, 6, 8, 10),)
    # Cadence (1 x 40 + 3 x 2) / 4 = 11.5; the gap of 40 exceeds three of it.
    row = lifecycle_of(0, 40, as_of_day=45, others=others)
    assert (row["stage"], row["since"]) == ("reactivated", date(2020, 2, 10))
    assert lifecycle_of(0, 3, as_of_day=5, others=others)["stage"] == "active"
    # Cadence (1 x 12 + 3 x 2) / 4 = 4.5: 12 exceeds one and a half of it, not three.
    assert lifecycle_of(0, 12, as_of_day=13, others=others)["stage"] == "active"
    # Only the last gap counts: cadence (2 x 21 + 3 x 2) / 5 = 9.6.
    assert lifecycle_of(0, 40, 42, as_of_day=43, others=others)["stage"] == "active"
    assert lifecycle_of(0, 2, 42, as_of_day=43, others=others)["stage"] == "reactivated"
    twice_a_day = lifecycle_of(0, 0, as_of_day=1, others=others)
    assert (twice_a_day["stage"], twice_a_day["purchases"]) == ("active", 2)


def test_lifecycle_transitions():
    shop = order_shop(
        ("a", at("2020-01-10"), 1),
        ("b", at("2020-02-10"), 1),
        customers=[
            {"customer_id": "b", "created_at": at("2020-01-20")},
            {"customer_id": "c", "created_at": None},
            {"customer_id": "e", "created_at": at("2020-01-31T23:59")},
            {"customer_id": "d", "created_at": at("2020-03-05")},
        ],
    )
    table = oracle.lifecycle_transitions(shop, Settings(at("2020-03-10")))
    assert [tuple(row) for row in table.itertuples(index=False)] == [
        (date(2020, 1, 1), "none", "new", 1),
        (date(2020, 1, 1), "none", "prospect", 2),
        (date(2020, 2, 1), "new", "new", 1),
        (date(2020, 2, 1), "prospect", "new", 1),
        (date(2020, 2, 1), "prospect", "prospect", 1),
        (date(2020, 3, 1), "new", "new", 2),
        (date(2020, 3, 1), "none", "prospect", 1),  # c has no date: it never arrives
        (date(2020, 3, 1), "prospect", "prospect", 1),
    ]


def test_order_gaps():
    shop = order_shop(
        ("a", at("2020-01-01"), 1),
        ("a", at("2020-01-02T12:00"), 1),
        ("a", at("2020-01-05"), 1),
        ("b", at("2020-01-01"), 1),
        ("b", at("2020-01-03"), 1),
        ("c", at("2020-01-01"), 1),
    )
    table = oracle.order_gaps(shop, Settings(at("2020-02-01")))
    assert [tuple(row) for row in table.itertuples(index=False)] == [
        (1, 3, 2, 2 / 3, 1.75),
        (2, 2, 1, 0.5, 2.5),
        (3, 1, 0, 0, None),
    ]


def test_cohort_value():
    shop = order_shop(
        ("a", at("2020-01-31"), 10, {"cost_amount": 4}),
        ("b", at("2020-01-01"), 20, {"cost_amount": 5}),
        ("a", at("2020-03-01"), 5),
        ("b", at("2020-04-05"), 99),
    )
    table = oracle.cohort_value(shop, Settings(at("2020-04-30")))
    assert [tuple(row) for row in table.itertuples(index=False)] == [
        (date(2020, 1, 1), 0, 2, 15, Decimal("10.5")),
        (date(2020, 1, 1), 1, 2, 15, Decimal("10.5")),
        (date(2020, 1, 1), 2, 2, Decimal("17.5"), None),
    ]
    assert len(oracle.cohort_value(shop, Settings(at("2020-05-01")))) == 4


def test_loyalty():
    shop = order_shop(
        ("a", at("2020-01-01T10:00"), 10),
        ("a", at("2020-01-31T10:00"), 30),  # not within 30 times 24 hours, within 60
        ("b", at("2020-01-05"), 10),
        (None, at("2020-01-05"), 50),
        ("staff", at("2019-01-05"), 50),
        ("c", at("2020-01-06"), 50, {"status": "Canceled "}),
        ("b", at("2021-01-20"), 10),
        exclusions=[{"customer_id": "staff"}],
        nps_responses=[
            {"response_id": "1", "customer_id": "a", "score": 9, "invited_at": at("2020-01-10")},
            {"response_id": "2", "customer_id": "b", "invited_at": at("2020-01-10")},
            {
                "response_id": "3",
                "customer_id": "b",
                "score": 6,
                "invited_at": at("2020-01-31"),
                "responded_at": at("2020-02-01"),
            },
        ],
    )
    table = oracle.loyalty_monthly(shop, Settings(at("2021-01-21")))
    assert len(table) == 13
    january, february = table.to_dict("records")[:2]
    assert (january["orders"], january["net_revenue"], january["customers"]) == (4, 100, 2)
    assert january["aov"] == 25
    assert january["repurchase_rate"] == january["repurchase_rate_lifetime"] == 0.5
    assert [january[f"repeat_rate_{n}d"] for n in (30, 60, 90)] == [0, 0.5, 0.5]
    assert (january["nps"], january["nps_se"], january["response_rate"]) == (100, 0, 2 / 3)
    assert (february["orders"], february["net_revenue"], february["aov"]) == (0, 0, None)
    assert (february["nps"], february["response_rate"]) == (-100, None)
    assert february["repeat_rate_30d"] is None
    last = table.to_dict("records")[-1]
    # 365 days that end on 20 January 2021 begin on 22 January 2020.
    assert (last["repurchase_rate"], last["repurchase_rate_lifetime"]) == (0, 1)
    young = oracle.loyalty_monthly(shop, Settings(at("2020-01-31T10:00")))
    assert young["repeat_rate_30d"][0] == 0  # a alone is mature
    assert young["repeat_rate_60d"][0] is None


def test_a_year_of_repurchases_has_365_days():
    run = Settings(at("2021-01-21"))  # the year that ends on the 20th begins on 22 January 2020
    twice = order_shop(("a", at("2020-01-22"), 1), ("a", at("2021-01-20"), 1))
    assert list(oracle.loyalty_monthly(twice, run)["repurchase_rate"])[-1] == 1
    once = order_shop(("a", at("2020-01-21T23:59"), 1), ("a", at("2021-01-20"), 1))
    assert list(oracle.loyalty_monthly(once, run)["repurchase_rate"])[-1] == 0


def test_an_empty_shop_gives_empty_tables():
    run = Settings(JANUARY)
    for function in ALL_TABLES:
        table = function(Shop(), run)
        assert len(table) == 0
        assert len(table.columns) > 0


# Identities on random shops ------------------------------------------------------------------


@st.composite
def runs(draw) -> tuple[Shop, Settings]:
    shop, as_of = draw(shops())
    timezone = draw(st.sampled_from(TIMEZONES))
    return shop, Settings(as_of, timezone, draw(st.sampled_from(("monday", "sunday"))))


def property_test(test):
    """Try a property on a few dozen shops, the same ones each time.

    A seed does not shrink well, so the first failing shop is shown: make it again with make_shop.
    """
    quick = settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )
    return quick(given(runs())(test))


def every_table(shop: Shop, run: Settings) -> list[pd.DataFrame]:
    kinds = (
        ("visit", "recurring", "on", "rolling_24h", "week", "country"),
        ("order", "first_time", "on_or_after", "calendar", "month", "first_product_category"),
    )
    names = ("activity", "entry", "return_rule", "clock", "grain", "breakdown")
    cells = [oracle.retention(shop, run, **dict(zip(names, k, strict=True))) for k in kinds]
    return [function(shop, run) for function in ALL_TABLES] + cells


def assert_same_tables(one: list[pd.DataFrame], other: list[pd.DataFrame]) -> None:
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(first, second)


@property_test
def test_growth_identities(given_run):
    shop, run = given_run
    growth = oracle.growth_accounting(shop, run)
    days = oracle.customer_days(shop, run)
    for (activity, _), periods in growth.groupby(["activity", "grain"]):
        rows = periods.to_dict("records")
        of_activity = days[days["activity"] == activity]
        assert sum(r["new_customers"] for r in rows) == of_activity["person_id"].nunique()
        assert all(r["is_complete"] for r in rows[:-1])
        active, revenue = 0, Decimal(0)
        for r in rows:
            assert r["active_customers"] == (
                r["new_customers"] + r["returning_customers"] + r["resurrecting_customers"]
            )
            if r["is_complete"]:
                gained = r["new_customers"] + r["resurrecting_customers"]
                assert r["active_customers"] - active == gained - r["dormant_customers"]
            if r["is_complete"] and activity == "order":
                assert r["revenue_change"] == r["revenue"] - revenue
            active, revenue = r["active_customers"], r["revenue"]
        if activity == "order":
            assert sum(r["revenue"] for r in rows) == of_activity["net_revenue"].sum()


@property_test
def test_daily_counts_agree(given_run):
    shop, run = given_run
    daily = oracle.activity_daily(shop, run)
    growth = oracle.growth_accounting(shop, run)
    by_day = growth[growth["grain"] == "day"].set_index(["activity", "period_start"])
    days = oracle.customer_days(shop, run)
    seen = Counter(zip(days["activity"], days["activity_date"], strict=True))
    assert len(by_day) == len(daily)
    for row in daily.to_dict("records"):
        key = (row["activity"], row["activity_date"])
        assert row["dau"] == by_day.loc[key, "active_customers"] == seen[key]
        assert row["new_customers"] == by_day.loc[key, "new_customers"]
        assert row["wau"] is None or row["dau"] <= row["wau"]
        assert row["mau"] is None or row["wau"] <= row["mau"]
    table = oracle.sessions(shop, run)
    visits = days[days["activity"] == "visit"]
    assert table["events"].sum() == visits["actions"].sum()
    assert daily["sessions"].sum() == len(table)


@property_test
def test_retention_agrees_with_growth_and_headline(given_run):
    shop, run = given_run
    growth = oracle.growth_accounting(shop, run)
    headline = oracle.retention_headline(shop, run).set_index(["activity", "cohort_date"])
    kind = {"return_rule": "on", "clock": "calendar"}
    for activity in ("visit", "order"):
        for grain in ("day", "week", "month"):
            cells = oracle.retention(
                shop, run, activity=activity, entry="recurring", grain=grain, **kind
            ).set_index(["cohort_start", "period_index"])
            periods = growth[(growth["activity"] == activity) & (growth["grain"] == grain)]
            previous = None
            for period in periods.to_dict("records"):
                start = period["period_start"]
                size = period["active_customers"]
                assert (cells.loc[(start, 0), "cohort_size"] if size else 0) == size
                if previous in cells.index.levels[0] and period["is_complete"]:
                    back = cells.loc[(previous, 1), "n_retained"]
                    assert back == period["returning_customers"]
                previous = start
        cells = oracle.retention(
            shop, run, activity=activity, entry="first_time", grain="day", **kind
        )
        for cell in cells.to_dict("records"):
            if cell["period_index"] in (1, 7):
                name = f"d{cell['period_index']}_rate"
                key = (activity, cell["cohort_start"])
                assert cell["retention_rate"] == headline.loc[key, name]


@property_test
def test_retention_identities(given_run):
    shop, run = given_run
    combinations = [
        (activity, clock, grain)
        for activity in ("visit", "order")
        for clock, grain in (
            ("calendar", "day"),
            ("calendar", "month"),
            ("rolling_24h", "day"),
            ("rolling_24h", "week"),
        )
    ]
    key = ["cohort_start", "period_index"]
    for activity, clock, grain in combinations:
        kind = {"activity": activity, "clock": clock, "grain": grain}

        def cells(kind=kind, **more) -> pd.DataFrame:
            return oracle.retention(shop, run, **kind, **more).set_index(key)

        on = cells(entry="first_time", return_rule="on")
        later = cells(entry="first_time", return_rule="on_or_after")
        ever = cells(entry="first_ever", return_rule="on")
        assert on.drop(columns="entry").equals(ever.drop(columns="entry"))
        assert list(on.index) == list(later.index)
        previous = None
        for index, row in later.iterrows():
            assert 0 <= row["n_mature"] <= row["cohort_size"]
            same = on.loc[index]
            if row["n_mature"]:
                assert same["n_retained"] <= row["n_retained"] <= row["n_mature"]
                assert row["ci_low"] <= row["retention_rate"] + 1e-12
                assert row["ci_high"] >= row["retention_rate"] - 1e-12
                if index[1] == 0:
                    assert same["n_retained"] == row["n_mature"]
            if index[1]:
                assert row["n_mature"] <= previous["n_mature"]
                if row["n_mature"]:
                    assert row["n_retained"] <= previous["n_retained"]
            previous = row
        for breakdown in BREAKDOWNS[1:]:
            parts = cells(entry="first_time", return_rule="on", breakdown=breakdown)
            sums = parts.groupby(level=key)[["cohort_size", "n_mature"]].sum()
            if clock == "calendar":  # on the other clock, a group's period may begin later
                assert (sums["cohort_size"] == on["cohort_size"]).all()
            assert (sums["n_mature"] == on["n_mature"]).all()
            for column in ("n_retained", "orders", "net_revenue"):
                whole = sum(on[column].dropna(), Decimal(0))
                assert sum(parts[column].dropna(), Decimal(0)) == whole


@property_test
def test_customer_tables_agree(given_run):
    shop, run = given_run
    table = oracle.rfm(shop, run)
    gaps = oracle.order_gaps(shop, run)
    stages = oracle.lifecycle(shop, run)
    days = oracle.customer_days(shop, run)
    assert table["frequency"].sum() == gaps["customers"].sum()
    assert table["frequency"].sum() == stages["purchases"].sum()
    assert sum(table["monetary"], Decimal(0)) == sum(days["net_revenue"], Decimal(0))
    assert stages["customer_id"].is_unique
    assert set(table["customer_id"]) == set(stages[stages["stage"] != "prospect"]["customer_id"])
    for metric, score in (("frequency", "f_score"), ("monetary", "m_score")):
        ordered = table.sort_values([metric, score])
        assert ordered[score].is_monotonic_increasing
        assert (table.groupby(metric)[score].nunique() == 1).all()
    for row in stages.to_dict("records"):
        assert row["since"] is None or row["since"] <= run.as_of_date

    moves = oracle.lifecycle_transitions(shop, run)
    if len(moves):
        last = moves[moves["month_start"] == max(moves["month_start"])]
        arrived = last.groupby("to_stage")["customers"].sum().to_dict()
        dated = stages[stages["since"].notna()]
        assert arrived == dated["stage"].value_counts().to_dict()

    value = oracle.cohort_value(shop, run)
    months = oracle.loyalty_monthly(shop, run)
    of_all = months["net_revenue"].sum()
    guests = [o for o in facts(shop, run).purchases if o["customer_id"] is None]
    assert of_all == sum(table["monetary"], Decimal(0)) + sum(o["net"] for o in guests)
    assert value.groupby("cohort_month")["customers"].nunique().le(1).all()


@property_test
def test_the_order_of_rows_says_nothing(given_run):
    shop, run = given_run
    shuffled = Shop(**{name: getattr(shop, name).sample(frac=1, random_state=7) for name in TABLES})
    assert_same_tables(every_table(shop, run), every_table(shuffled, run))


@property_test
def test_what_comes_at_as_of_or_later_says_nothing(given_run):
    shop, run = given_run

    def past(name: str, column: str) -> pd.DataFrame:
        table = getattr(shop, name)
        return table[table[column].isna() | (table[column] < run.as_of)]

    known = replace(
        shop,
        orders=past("orders", "ordered_at"),
        events=past("events", "occurred_at"),
        customers=past("customers", "created_at"),
        customer_merges=past("customer_merges", "merged_at"),
    )
    assert_same_tables(every_table(shop, run), every_table(known, run))


@property_test
def test_a_fixed_zone_is_a_shift_of_the_clock(given_run):
    shop, run = given_run
    shift = pd.Timedelta(hours=5)
    moved = {}
    for name in TABLES:
        table = getattr(shop, name).copy()
        for column in table.columns:
            if column.endswith("_at"):
                table[column] = table[column] + shift
        moved[name] = table
    east = replace(run, timezone="Etc/GMT-5")
    utc = replace(run, timezone="UTC", as_of=run.as_of + shift)
    instants = {"first_at", "last_at", *(c for c in oracle.sessions(shop, run) if c[-3:] == "_at")}
    for here, there in zip(every_table(shop, east), every_table(Shop(**moved), utc), strict=True):
        columns = [column for column in here if column not in instants]
        pd.testing.assert_frame_equal(here[columns], there[columns])


def test_random_shops_reach_the_edges():
    """The shops that the properties are tried on hold what the properties are about."""
    found = Counter()
    random = Random(11)
    for seed in range(60):
        shop, as_of = make_shop(seed, random.randint(1, 25))
        orders, events = shop.orders, shop.events
        merges = dict(
            zip(
                shop.customer_merges["from_customer_id"],
                shop.customer_merges["to_customer_id"],
                strict=True,
            )
        )
        spread = events.dropna(subset=["customer_id", "anonymous_id"])
        owners = spread.groupby("anonymous_id")["customer_id"].nunique()
        half_hour = pd.Timedelta(minutes=30)
        gaps = events.sort_values("occurred_at").groupby("anonymous_id")["occurred_at"].diff()
        found["guest"] += orders["customer_id"].isna().any()
        found["refund"] += orders["refund_amount"].notna().any()
        found["cancelled"] += orders["status"].isin(["cancelled", " Cancelled"]).any()
        found["null status"] += orders["status"].isna().any()
        found["shared visitor"] += (owners > 1).any()
        found["gap of half an hour"] += (gaps == half_hour).any()
        found["gap just above"] += (gaps == half_hour + pd.Timedelta(microseconds=1)).any()
        found["equal times"] += events["occurred_at"].duplicated().any()
        found["equal order times"] += orders["ordered_at"].duplicated().any()
        found["chain"] += any(to in merges and to != start for start, to in merges.items())
        found["cycle"] += any(
            merges.get(to) == start and to != start for start, to in merges.items()
        )
        found["exclusion"] += len(shop.exclusions) > 0
        found["fact after as_of"] += (orders["ordered_at"] > as_of).any()
        found["fact at as_of"] += (events["occurred_at"] == as_of).any() or (
            orders["ordered_at"] == as_of
        ).any()
        found["stages"] += oracle.lifecycle(shop, Settings(as_of))["stage"].nunique() >= 4
    assert len(found) == 15
    assert all(found.values()), found
