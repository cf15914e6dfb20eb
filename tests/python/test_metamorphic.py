"""Changes of the input that change nothing in the marts, or exactly what they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import md5
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, changed, full_shop
from warehouse.marts import Marts, differences, fitted_differences, run_all, run_churn

pytestmark = pytest.mark.slow

SEEDS = (3, 14, 15)
IDS = {
    "order_id",
    "order_item_id",
    "customer_id",
    "from_customer_id",
    "to_customer_id",
    "person_id",
    "anonymous_id",
    "product_id",
    "event_id",
    "session_id",
    "review_id",
    "response_id",
}
EIGHT_HOURS = timedelta(hours=8)


class SeededShop:
    """A shop and its marts in UTC."""

    def __init__(self, seed: int, project: CompiledProject) -> None:
        self.seed = seed
        self.rows, self.as_of = full_shop(seed)
        self.marts = run_all(project, self.rows, self.as_of, more=["int_core__events"])

    def __repr__(self) -> str:
        return f"full_shop({self.seed})"


@pytest.fixture(scope="module", params=SEEDS)
def shop(request: pytest.FixtureRequest, utc_project: CompiledProject) -> SeededShop:
    return SeededShop(request.param, utc_project)


def run(project: CompiledProject, rows: Rows, as_of: datetime) -> Marts:
    return run_all(project, rows, as_of, more=["int_core__events"])


def test_the_shops_hold_what_they_should(utc_project: CompiledProject) -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        marts = SeededShop(seed, utc_project).marts
        found.update({mart: len(rows) for mart, rows in marts.items()})
        for row in marts["mart_input_reconciliation"]:
            found["duplicates"] += row["duplicates"]
            found["after_as_of"] += row["after_as_of"]
    assert min(found[mart] for mart in marts) > 0
    assert found["mart_quarantine"] >= 9
    assert found["duplicates"] >= 30
    assert found["after_as_of"] >= 10


def test_running_twice_gives_the_same_marts(shop: SeededShop, utc_project: CompiledProject) -> None:
    assert not differences(shop.marts, run(utc_project, shop.rows, shop.as_of))


def test_the_order_of_arrival_does_not_matter(
    shop: SeededShop, utc_project: CompiledProject
) -> None:
    random = Random(shop.seed + 1)
    shuffled = {entity: random.sample(rows, len(rows)) for entity, rows in shop.rows.items()}
    assert not differences(shop.marts, run(utc_project, shuffled, shop.as_of))


def test_the_order_of_arrival_does_not_matter_to_churn(churn_project: CompiledProject) -> None:
    rows, as_of = full_shop(SEEDS[0])
    shuffled = {entity: Random(1).sample(given, len(given)) for entity, given in rows.items()}
    found, expected = (run_churn(churn_project, given, as_of) for given in (shuffled, rows))
    assert any(row["churn_probability"] for row in found["mart_churn_scores"])
    assert not fitted_differences(found, expected)


def test_every_row_twice_only_adds_duplicates(
    shop: SeededShop, utc_project: CompiledProject
) -> None:
    twice = {entity: rows + rows for entity, rows in shop.rows.items()}
    after = run(utc_project, twice, shop.as_of)
    counts = {"rows_in", "duplicates", "after_as_of", "quarantined_share"}
    # Only whole conflicting rows are in quarantine here, and their copies are duplicates.
    assert not differences(shop.marts, after, {"mart_input_reconciliation": counts})
    rows_in = {row["entity"]: row["rows_in"] for row in shop.marts["mart_input_reconciliation"]}
    for row in after["mart_input_reconciliation"]:
        assert row["rows_in"] == 2 * rows_in[row["entity"]]
        assert row["rows_in"] == (
            row["accepted"] + row["duplicates"] + row["quarantined"] + row["after_as_of"]
        )


def test_renamed_ids_give_renamed_marts(shop: SeededShop, utc_project: CompiledProject) -> None:
    new_names = renaming(shop.rows)
    new_keys = {digest(old): digest(new) for old, new in new_names.items()}

    def renamed(mart: str, column: str, value: Any) -> Any:
        if value is None:
            return None
        if column in IDS:
            prefix, _, name = value.rpartition(":")  # anon:a1
            return f"{prefix}:{new_names[name]}" if prefix else new_names[name]
        if column == "session_key":
            return new_keys[value]
        if column == "order_item_key":
            return "id:" + new_names[value.removeprefix("id:")]
        if column == "row_key":
            return new_names[value]
        return value

    after = run(
        utc_project,
        changed(
            shop.rows,
            lambda entity, column, value: new_names.get(value, value) if column in IDS else value,
        ),
        shop.as_of,
    )
    # The raw row is a text that holds the ids, and orders the numbers.
    ignored = {"mart_quarantine": {"raw_row", "quarantine_number"}}
    assert not differences(shop.marts, after, ignored, renamed)


def test_a_customer_without_orders_is_one_more_prospect(
    shop: SeededShop, utc_project: CompiledProject
) -> None:
    created_at = max(
        row["ordered_at"] for row in shop.rows["orders"] if row["ordered_at"] < shop.as_of
    )
    extra = {
        "customer_id": "c99",
        "created_at": created_at,
        "country": "DE",
        "updated_at": created_at,
    }
    after = run(
        utc_project,
        {**shop.rows, "customers": [*shop.rows["customers"], extra]},
        shop.as_of,
    )
    found = differences(shop.marts, after)
    for mart in ("mart_input_reconciliation", "mart_input_coverage"):
        assert {dict(row)["entity"] for rows in found.pop(mart) for row in rows} == {"customers"}
    for mart in ("dim_customers", "mart_customer_lifecycle"):
        gone, come = found.pop(mart)
        assert (gone, len(come)) == ([], 1)
        assert dict(come[0])["customer_id"] == "c99"
    assert dict(come[0])["stage"] == "prospect"
    found.pop("mart_lifecycle_transitions")
    assert not found
    moves = transitions(after)
    moves.subtract(transitions(shop.marts))
    first, *later = sorted(move for move, customers in moves.items() if customers)
    assert {moves[move] for move in (first, *later)} == {1}
    assert first == (created_at.date().replace(day=1), "none", "prospect")
    assert [move[1:] for move in later] == [("prospect", "prospect")] * len(later)


def transitions(marts: Marts) -> Counter[tuple[date, str, str]]:
    return Counter(
        {
            (row["month_start"], row["from_stage"], row["to_stage"]): row["customers"]
            for row in marts["mart_lifecycle_transitions"]
        }
    )


def test_times_and_time_zone_shifted_alike_leave_the_local_marts(
    shop: SeededShop,
    utc_project: CompiledProject,
    eight_hours_behind_project: CompiledProject,
) -> None:
    # Rates are for days of UTC, so they stay out.
    rows = {
        entity: [{**row, "currency": None} if entity == "orders" else row for row in given]
        for entity, given in shop.rows.items()
        if entity != "exchange_rates"
    }
    shifted = changed(
        rows,
        lambda entity, column, value: value + EIGHT_HOURS if isinstance(value, datetime) else value,
    )
    before = run(utc_project, rows, shop.as_of)
    after = run(eight_hours_behind_project, shifted, shop.as_of + EIGHT_HOURS)
    ignored = {"mart_quarantine": {"raw_row", "quarantine_number"}}
    assert not differences(
        before,
        after,
        ignored,
        lambda mart, column, value: value + EIGHT_HOURS if isinstance(value, datetime) else value,
    )


def test_another_time_zone_moves_exactly_the_rows_of_another_local_date(
    shop: SeededShop, pacific_project: CompiledProject
) -> None:
    after = run(pacific_project, shop.rows, shop.as_of)
    moved = {
        mart: check_dates(shop.marts[mart], after[mart], key, at, day)
        for mart, key, at, day in (
            ("fct_orders", "order_id", "ordered_at", "order_date"),
            ("fct_sessions", "session_key", "started_at", "session_date"),
            ("int_core__events", "event_id", "occurred_at", "event_date"),
        )
    }
    assert all(0 < len(keys) < len(shop.marts[mart]) for mart, keys in moved.items())

    days_before, days_after = (
        {(row["person_id"], row["activity"], row["activity_date"]): row for row in given}
        for given in (shop.marts["fct_customer_days"], after["fct_customer_days"])
    )
    actions = list(actions_of(shop.marts))
    before_keys = Counter((*who, at.date()) for who, at in actions)
    after_keys = Counter((*who, pacific_date(at)) for who, at in actions)
    touched = {
        (*who, day)
        for who, at in actions
        if pacific_date(at) != at.date()
        for day in (at.date(), pacific_date(at))
    }
    assert {key: row["actions"] for key, row in days_before.items()} == before_keys
    assert {key: row["actions"] for key, row in days_after.items()} == after_keys
    differing = {
        key
        for key in days_before.keys() | days_after.keys()
        if days_before.get(key) != days_after.get(key)
    }
    assert differing == touched


def check_dates(
    before: list[dict[str, Any]], after: list[dict[str, Any]], key: str, at: str, day: str
) -> set[str]:
    """Hold the dates of a table against both zones' calendars; give the keys that moved."""
    later = {row[key]: row for row in after}
    assert later.keys() == {row[key] for row in before}
    moved = set()
    for row in before:
        assert row[day] == row[at].date()
        expected = {**row, day: pacific_date(row[at])}
        assert later[row[key]] == expected
        if expected != row:
            moved.add(row[key])
    return moved


def actions_of(marts: Marts) -> Iterator[tuple[tuple[str, str], datetime]]:
    """Give who did something, the activity and when."""
    for event in marts["int_core__events"]:
        if event["person_id"] is not None and not event["is_excluded"]:
            yield (event["person_id"], "visit"), event["occurred_at"]
    for order in marts["fct_orders"]:
        if order["is_purchase"] and not order["is_guest"] and not order["is_excluded"]:
            yield (order["customer_id"], "order"), order["ordered_at"]


def pacific_date(at: datetime) -> date:
    return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("America/Los_Angeles")).date()


def renaming(rows: Rows) -> dict[str, str]:
    """Give every id another name that sorts where the old one did."""
    names = {
        value
        for given in rows.values()
        for row in given
        for column, value in row.items()
        if column in IDS and value is not None
    }
    return {name: f"n{number:05d}" for number, name in enumerate(sorted(names))}


def digest(text: str) -> str:
    return md5(text.encode()).hexdigest()
