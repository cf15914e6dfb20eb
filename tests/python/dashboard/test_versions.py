"""Other versions than the demo's first: without inputs, with hostile texts, with one before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.figures import answer, drawn, number, same
from dashboard.looking import SIZES, Looker
from dashboard.test_sections import CARDS, OVERFLOW
from dashboard.versions import SHOWS_IDS, changed, reading, written_pages
from dovecote.publish import DATABASE

pytestmark = pytest.mark.slow

HOSTILE_PRODUCT = "</script><img src=x onerror=alert(1)>"
HOSTILE_CHANNEL = "<b>&\"'"
HOSTILE_STATUS = "unknown_status(<a href='javascript:alert(1)'>x</a>)"
# What an empty card of a shop that has only orders says.
SAID_WHEN_EMPTY = {
    "active-visitors-by-month": "no events in the inputs",
    "since-last-version": "first version",
    "score-changes": "no earlier build",
    "recent-cohorts": "three full months",
    "risk-distribution": "too little history",
    "calibration": "enough history",
    "alerts": "could be scored",
    "roc": "enough history",
    "gain": "enough history",
    "model-grades": "enough history",
    "graded-scores": "90 days",
    "neighbours": "no order_items in the inputs",
    "leaderboard": "no order_items in the inputs",
    "customer-lists": "no order_items in the inputs",
    "list-coverage": "no order_items in the inputs",
    "reconciliation": "Every row was accepted",
    "quarantine-reasons": "could be read",
    "alerts-by-owner-group": "Nobody",
    "alerts-by-risk-band": "Nobody",
    "risk-over-time": "No score",
    "alert-outcomes": "next build",
}

Pages = Callable[..., Path]


@pytest.fixture
def pages_of(demo_version: Path, tmp_path: Path) -> Pages:
    """Change a copy of the demo's version by hand, and write its pages."""

    def pages(*statements: str) -> Path:
        copy = changed(demo_version, tmp_path, *statements)
        return written_pages(copy, tmp_path)

    return pages


@pytest.mark.parametrize("width", SIZES)
def test_four_columns_are_enough(
    browser: Looker, own_orders: Path, tmp_path: Path, width: str
) -> None:
    pages = written_pages(own_orders / "published" / "current" / DATABASE, tmp_path)
    for page, sections in CARDS.items():
        browser.open(pages / page, width)
        for section, expected in sections.items():
            browser.show(section)
            cards, charts = browser.cards(), browser.charts()
            assert list(cards) == expected
            for name, card in cards.items():
                assert not re.search(r"undefined|null|NaN|Infinity|\[object", card["text"]), name
                assert (card["empty"] is None) == (name not in SAID_WHEN_EMPTY), name
                assert SAID_WHEN_EMPTY.get(name, "") in (card["empty"] or ""), name
            for name, chart in charts.items():
                assert chart.is_drawn
                assert any(True for _ in chart.numbers()), name
                for axis in chart.axes:
                    assert not axis["title"].endswith((" ", ",")), name
            assert browser.script(OVERFLOW) == 0
            if section == "overview":
                assert number(browser.tile("active-customers")) == 2
            if section == "data-quality":
                assert "order items" in cards["input-coverage"]["title"]
        assert browser.complaints() == []


def words_of(page: Path) -> set[str]:
    """Give all words of a page but those of plotly.js."""
    scripts = page.read_text().split("<script")
    return set(re.findall(r"\w+", " ".join(each for each in scripts if "plotly.js v" not in each)))


def ids_of(version: Path) -> set[str]:
    with reading(version) as marts:
        return {row[0] for row in marts.execute("select customer_id from dim_customers").fetchall()}


def test_no_customer_is_named(demo_version: Path, demo_pages: Path) -> None:
    for page in CARDS:
        assert words_of(demo_pages / page) & ids_of(demo_version) == set()


def test_customers_are_named_if_the_var_allows(
    browser: Looker, demo_version: Path, pages_of: Pages
) -> None:
    pages = pages_of(SHOWS_IDS)
    with reading(demo_version) as marts:
        alerted = marts.execute(
            "select customer_id from mart_churn_alerts order by alert_rank"
        ).fetchall()
    for page, section in (("churn_report.html", "churn-report"), ("dashboard.html", "churn")):
        browser.open(pages / page, section=section)
        assert [(line["Customer"],) for line in browser.table("alerts")] == alerted
    browser.show("customers")
    named = {line["Customer"] for line in browser.table("segment-customers")}
    assert len(named) == 100
    assert named < ids_of(demo_version)


def test_texts_of_a_shop_are_shown_and_run_nothing(browser: Looker, pages_of: Pages) -> None:
    channel = HOSTILE_CHANNEL.replace("'", "''")
    pages = pages_of(
        SHOWS_IDS,
        f"update dim_products set product_name = '{HOSTILE_PRODUCT}'",
        f"update dim_customers set acquisition_channel = '{channel}' "
        "where acquisition_channel = 'social'",
        *(
            f"update {mart} set breakdown_value = replace(breakdown_value, 'social', '{channel}')"
            for mart in ("mart_growth_by_breakdown", "mart_retention", "mart_retention_overall")
        ),
        "update mart_quarantine set reasons = "
        f"'{HOSTILE_STATUS.replace(chr(39), chr(39) * 2)}' where entity = 'events'",
        "update mart_builds set message = '<img src=x onerror=alert(1)>'",
    )
    browser.open(pages / "dashboard.html")
    browser.choose("channel", HOSTILE_CHANNEL)
    assert number(browser.tile("active-customers")) > 0
    browser.show("customers")
    assert {line["Channel"] for line in browser.table("segment-customers")} == {HOSTILE_CHANNEL}
    browser.show("recommendations")
    assert browser.title("neighbours") == f"With {HOSTILE_PRODUCT}, show {HOSTILE_PRODUCT}"
    drawn_texts = browser.script(
        "return [...document.querySelectorAll('#neighbours .bartext')].map((e) => e.textContent)"
    )
    assert set(drawn_texts) == {HOSTILE_PRODUCT}
    browser.show("data-quality")
    labels = browser.script(
        "return [...document.querySelectorAll('#quarantine-reasons .ytick')]"
        ".map((e) => e.textContent)"
    )
    assert any("javascript:alert" in label for label in labels)
    made_of_texts = "return document.querySelectorAll('img, [onerror], svg a').length"
    assert browser.script(made_of_texts) == 0
    assert browser.complaints() == []


def test_a_version_is_compared_with_the_one_before(
    browser: Looker, demo_version: Path, tmp_path: Path
) -> None:
    (tmp_path / "before").mkdir()
    before = changed(
        demo_version,
        tmp_path / "before",
        "update published_version set as_of_date = '2026-05-31'",
        "delete from mart_churn_alerts where alert_rank > 40",
        "update mart_customer_risk set risk_band = 'low' "
        "where risk_band = 'high' and hash(customer_id) % 2 = 0",
        "update mart_growth_accounting set revenue = revenue / 2",
    )
    (tmp_path / "now").mkdir()
    browser.open(written_pages(demo_version, tmp_path / "now", before) / "dashboard.html")
    lines = {line["Figure"]: line for line in browser.table("since-last-version")}
    with reading(before) as then, reading(demo_version) as now:
        for figure, question in {
            "Alerts": "select count(*) from mart_churn_alerts",
            "Customers at high risk": "select count(*) from mart_customer_risk "
            "where risk_band = 'high'",
            "Net revenue, last finished month": "select revenue from mart_growth_accounting "
            "where activity = 'order' and period_start = '2026-05-01' and grain = 'month'",
            "Mean churn probability": "select 100 * avg(churn_probability) from mart_customer_risk",
        }.items():
            ((was,),), ((has_become,),) = (
                then.execute(question).fetchall(),
                now.execute(question).fetchall(),
            )
            line = lines[figure]
            assert number(line["31 May 2026"]) == pytest.approx(float(was), abs=0.5)
            assert number(line["30 Jun 2026"]) == pytest.approx(float(has_become), abs=0.5)
    assert lines["Alerts"]["Change"] == "+25.0%"
    assert lines["Net revenue, last finished month"]["Change"] == "+100.0%"
    assert not browser.cards()["since-last-version"]["empty"]


def test_what_came_of_earlier_builds(browser: Looker, pages_of: Pages, tmp_path: Path) -> None:
    """Scores and alerts of today, as if they were of March and had been graded."""
    pages = pages_of(
        "insert into mart_churn_scores_graded by name select date '2026-03-01' as as_of_date, "
        "customer_id, activity, horizon_days, churn_probability, "
        "hash(customer_id) % 3 > 0 as is_churned from mart_churn_scores "
        "where churn_probability is not null",
        # Half of the alerts have a horizon that has ended.
        "insert into mart_churn_alert_outcomes by name select "
        "case alert_rank % 2 when 0 then date '2026-03-01' else date '2026-06-01' end "
        "as as_of_date, as_of_date + 90 as horizon_end_date, customer_id, owner_group, "
        "expected_loss, case when alert_rank % 3 = 0 then 'ordered' when alert_rank % 2 = 0 "
        "then 'churned' else 'pending' end as outcome from mart_churn_alerts",
        "insert into mart_score_changes by name select date '2026-06-30' as as_of_date, "
        "date '2026-05-31' as previous_as_of_date, customer_id, 'rfm_segment' as changed, "
        "'loyal' as from_value, rfm_segment as to_value from mart_customer_rfm "
        "where rfm_segment != 'loyal'",
    )
    browser.open(pages / "dashboard.html")
    with reading(tmp_path / DATABASE) as marts:
        moved = answer(
            marts, "select to_value, count(*) from mart_score_changes group by 1 order by 2 desc, 1"
        )
        shown = {line["To"]: number(line["Customers"]) for line in browser.table("score-changes")}
        same(shown, moved)
        browser.show("churn")
        trace = browser.chart("graded-scores").trace("published scores")
        known = marts.execute(
            "select avg(churn_probability), avg(is_churned::integer) from mart_churn_scores_graded "
            "where activity = 'order' and horizon_days = 90 "
            "group by least(trunc(churn_probability * 10), 9) order by 1"
        ).fetchall()
        assert list(zip(trace["x"], trace["y"], strict=True)) == [
            pytest.approx(point, rel=1e-6) for point in known
        ]
        assert not browser.cards()["graded-scores"]["empty"]

        browser.open(pages / "churn_report.html")
        chart = browser.chart("alert-outcomes")
        for outcome in ("ordered", "churned", "pending"):
            shown = drawn(chart.trace(outcome))
            same(
                {day: alerts for day, alerts in shown.items() if alerts},
                answer(
                    marts,
                    "select strftime(as_of_date, '%-d %b %Y'), count(*) "
                    "from mart_churn_alert_outcomes where outcome = ? group by 1",
                    outcome,
                ),
            )
        (came_back,) = answer(
            marts,
            "select 1, 100 * avg((outcome = 'ordered')::integer) from mart_churn_alert_outcomes "
            "where as_of_date = '2026-03-01'",
        ).values()
    assert number(browser.tile("report-returned")) == pytest.approx(came_back, abs=0.5)
    assert browser.complaints() == []


def test_answers_are_json(demo_pages: Path) -> None:
    """Every answer can be read by other programs, and none is empty by mistake."""
    for page in CARDS:
        text = (demo_pages / page).read_text()
        (answers,) = re.findall(r'id="answers">(.*?)</script>', text, re.DOTALL)
        unanswered = {name for name, value in json.loads(answers).items() if value is None}
        assert unanswered <= {"headlines_before"}
