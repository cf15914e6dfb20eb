"""What pages are told of a version: whole figures, once each, and not more than opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.versions import SHOWS_IDS, changed, reading
from dovecote.dashboard.answers import MOST_CHOICES, ask, opened

pytestmark = pytest.mark.slow


def answered(version: Path, question: str) -> list[dict[str, Any]]:
    """Give the rows of an answer."""
    with opened(version) as connection:
        answer = ask(connection, question)
    assert answer is not None
    columns = {
        name: [values["levels"][code] for code in values["codes"]]
        if isinstance(values, dict)
        else values
        for name, values in answer.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_filters_offer_the_largest_channels_and_leave_nobody_out(
    demo_version: Path, tmp_path: Path
) -> None:
    version = changed(
        demo_version,
        tmp_path,
        "insert into mart_growth_by_breakdown by name "
        "select growth.* replace ('tiny ' || number as breakdown_value, 1 as active_customers) "
        "from mart_growth_by_breakdown as growth, range(500) as numbers (number) "
        "where breakdown = 'acquisition_channel' and breakdown_value = 'search'",
        "update dim_customers set acquisition_channel = 'tiny ' || hash(customer_id) % 500 "
        "where acquisition_channel = 'search'",
    )
    with reading(version) as marts:
        sizes = dict(
            marts.execute(
                "select breakdown_value, sum(active_customers) from mart_growth_by_breakdown "
                "where breakdown = 'acquisition_channel' group by 1"
            ).fetchall()
        )
        ((scored,),) = marts.execute(
            "select count(*) from mart_churn_scores join dim_customers using (customer_id) "
            "where closed_at is null"
        ).fetchall()
    largest = set(sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_CHOICES])
    assert {
        row["breakdown_value"]
        for row in answered(version, "growth")
        if row["breakdown"] == "acquisition_channel"
    } == largest
    risk = answered(version, "risk")
    assert {row["channel"] for row in risk} <= largest | {None}
    assert sum(row["customers"] for row in risk) == scored


def test_amounts_are_told_to_the_cent(demo_version: Path, tmp_path: Path) -> None:
    version = changed(
        demo_version, tmp_path, "update mart_growth_accounting set revenue = revenue * 12345.67"
    )
    with reading(version) as marts:
        known = marts.execute(
            "select revenue::double from mart_growth_accounting "
            "where grain = 'month' and activity = 'order' order by period_start"
        ).fetchall()
    shown = [
        row["revenue"]
        for row in answered(version, "growth")
        if (row["activity"], row["breakdown"]) == ("order", "none")
    ]
    assert max(shown) > 1e8
    assert shown == [pytest.approx(revenue, abs=0.006) for (revenue,) in known]


def test_a_move_of_risk_band_counts_once(demo_version: Path, tmp_path: Path) -> None:
    version = changed(
        demo_version,
        tmp_path,
        "insert into mart_score_changes by name select customer_id, 'risk_band' as changed, "
        "activity, horizon_days, 'low' as from_value, 'high' as to_value from mart_churn_scores",
    )
    with reading(version) as marts:
        ((customers,),) = marts.execute(
            "select count(distinct customer_id) from mart_churn_scores where activity = 'order'"
        ).fetchall()
    (moved,) = answered(version, "score_changes")
    assert moved["customers"] == customers


def test_a_reason_may_hold_a_comma(demo_version: Path, tmp_path: Path) -> None:
    version = changed(
        demo_version,
        tmp_path,
        "delete from mart_quarantine where entity <> 'orders'",
        "update mart_quarantine set reasons = 'unknown_status(lost, found), bad_type(ordered_at)'",
    )
    # Without ids, what a status held is not shown: a column that slipped may have held one.
    reasons = {row["reason"] for row in answered(version, "quarantine")}
    assert reasons == {"unknown_status", "bad_type(ordered_at)"}
    (tmp_path / "with_ids").mkdir()
    version = changed(version, tmp_path / "with_ids", SHOWS_IDS)
    reasons = {row["reason"] for row in answered(version, "quarantine")}
    assert reasons == {"unknown_status(lost, found)", "bad_type(ordered_at)"}


def test_the_currency_that_was_set_is_the_unit(demo_version: Path, tmp_path: Path) -> None:
    version = changed(
        demo_version,
        tmp_path,
        "update mart_builds set settings = "
        """json_merge_patch(settings, '{"dovecote_currency": "eur"}')""",
    )
    (shop,) = answered(version, "shop")
    assert shop["currency"] == "EUR"
