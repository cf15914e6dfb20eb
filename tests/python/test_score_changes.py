"""mart_score_changes against the oracle, on random shops that two builds look at."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest

from oracle.changes import Build, band, score_changes
from oracle.facts import facts
from oracle.settings import Row, Settings, Shop
from oracle.shops import make_shop
from warehouse.compiled_project import PROJECT, CompiledProject
from warehouse.shops import as_text, raw_rows

pytestmark = pytest.mark.slow

SHOPS = 24
TIMEZONE = "America/Los_Angeles"
CAUSES = {
    "ordered",
    "visited",
    "time_passed",
    "past_corrected",
    "refunded",
    "yardstick_moved",
    "model_replaced",
    "model_refitted",
}
HISTORY = {
    "hist_customer_lifecycle": "stage",
    "hist_customer_rfm": "rfm_segment",
    "hist_churn_scores": "risk_band",
}
TYPES = {
    "run_id": "varchar",
    "as_of": "timestamp",
    "as_of_date": "date",
    "started_at": "timestamp",
    "is_green": "boolean",
    "customer_id": "varchar",
    "stage": "varchar",
    "cadence_days": "double",
    "recency_days": "integer",
    "purchases": "bigint",
    "frequency": "bigint",
    "r_score": "integer",
    "f_score": "integer",
    "rfm_segment": "varchar",
    "activity": "varchar",
    "horizon_days": "integer",
    "churn_probability": "double",
    "risk_band": "varchar",
    "model_name": "varchar",
    "model_version": "varchar",
}
COLUMNS = {
    "hist_customer_lifecycle": "stage cadence_days recency_days purchases",
    "hist_customer_rfm": "recency_days frequency r_score f_score rfm_segment",
    "hist_churn_scores": "activity horizon_days churn_probability risk_band model_name "
    "model_version",
}
SCORED = f"customer_id {COLUMNS['hist_churn_scores']}"


def test_what_moved_and_why_is_what_the_oracle_says(pacific_project: CompiledProject) -> None:
    seen: Counter[str] = Counter()
    merged = renamed = 0
    for seed in range(SHOPS):
        then, now, refunds = two_builds(seed)
        expected = score_changes(then, now, refunds)
        found = run_changes(pacific_project, then, now, refunds)
        assert found.keys() == expected.keys(), seed
        for key, row in expected.items():
            assert {column: found[key][column] for column in row} == row, (seed, key)
        seen.update(row["cause"] for row in expected.values())
        renamed += sum(row["why"] == "the scores have other names" for row in expected.values())
        identity = facts(now.shop, now.settings).identity
        merged += sum(identity.canonical(customer) != customer for customer in then.stages)
    assert seen.keys() == CAUSES
    assert merged > 10
    assert renamed > 0


def test_nothing_moved_without_an_earlier_green_build(pacific_project: CompiledProject) -> None:
    then, now, refunds = two_builds(1)
    assert score_changes(then, now, refunds)
    assert run_changes(pacific_project, then, now, refunds, is_green=False) == {}


def two_builds(seed: int) -> tuple[Build, Build, dict[str, datetime]]:
    """Give a shop as a build knew it then and as one knows it now, and when orders were refunded.

    Then some orders were not known, some not yet cancelled, and undated merges not yet made.
    """
    shop, at = make_shop(seed)
    as_of = at.to_pydatetime()
    random = Random(seed)
    now = Settings(as_of=as_of, timezone=TIMEZONE)
    earlier = as_of - timedelta(days=random.randrange(2, 40), hours=random.randrange(24))
    then = replace(now, as_of=earlier)
    refunds = {
        row["order_id"]: refunded_at
        for row in shop.orders.to_dict("records")
        if row["refund_amount"] is not None
        and (refunded_at := row["ordered_at"] + timedelta(days=random.randrange(1, 30))) < as_of
    }
    orders = shop.orders[[random.random() < 0.97 for _ in range(len(shop.orders))]].copy()
    orders["status"] = [None if random.random() < 0.05 else status for status in orders["status"]]
    merges = shop.customer_merges
    known = replace(
        shop,
        orders=orders,
        customer_merges=merges[merges["merged_at"].notna() | (random.random() < 0.3)],
    )
    names = segment_names()
    other_names = {at: f"{name}?" if at[0] == 5 else name for at, name in names.items()}
    return (
        Build(
            known,
            then,
            random.choice((names, names, other_names)),
            risks(known, then, random, bounds_differ=True),
        ),
        Build(shop, now, names, risks(shop, now, random, bounds_differ=False)),
        refunds,
    )


def risks(
    shop: Shop, settings: Settings, random: Random, *, bounds_differ: bool
) -> dict[tuple[str, str, int], Row]:
    """Make up scores of most customers; by other bounds, some bands are not those of today."""
    found = {}
    for customer_id in facts(shop, settings).first_seen(settings):
        for activity, horizon in (("order", 7), ("order", 14), ("visit", 7)):
            if random.random() < 0.9:
                probability = random.choice((0.1, 0.5, 0.65, 0.8, 0.95))
                is_other = bounds_differ and random.random() < 0.1
                found[customer_id, activity, horizon] = {
                    "churn_probability": probability,
                    "risk_band": "low" if is_other else band(probability),
                    "model_name": "mbg_nbd" if random.random() < 0.1 else "logistic",
                }
    return found


def segment_names() -> dict[tuple[int, int], str]:
    with (PROJECT / "seeds" / "reference" / "rfm_segments.csv").open() as file:
        return {
            (int(row["r_score"]), int(row["f_score"])): row["rfm_segment"]
            for row in csv.DictReader(file)
        }


def run_changes(
    project: CompiledProject,
    then: Build,
    now: Build,
    refunds: Mapping[str, datetime],
    *,
    is_green: bool = True,
) -> dict[tuple[Any, ...], Row]:
    raw = raw_rows(now.shop)
    refunded = pd.DataFrame({"refunded_at": raw["orders"]["order_id"].map(refunds)})
    raw["orders"] = raw["orders"].assign(refunded_at=as_text(refunded)["refunded_at"])
    then_at, now_at = then.settings.as_of_date, now.settings.as_of_date
    day = timedelta(days=1)
    # The build of then among others that do not count, whose rows of history are other ones.
    builds = [
        ("then", then_at, 2, is_green),
        ("replaced", then_at, 1, is_green),
        ("failed", then_at, 3, False),
        ("failed since", then_at + day, 4, False),
        ("before", then_at - day, 5, is_green),
        ("forgotten", then_at + day, 6, is_green),
        ("of today", now_at, 7, is_green),
        ("of tomorrow", now_at + day, 8, is_green),
    ]
    registry = [
        {"run_id": run_id, "as_of_date": date, "started_at": datetime(2026, 1, hour), "is_green": g}
        for run_id, date, hour, g in builds
    ]
    rows = {
        "hist_customer_lifecycle": list(then.stages.values()),
        "hist_customer_rfm": list(then.segments.values()),
        "hist_churn_scores": as_rows(then),
    }
    kept = [build for build in registry if build["run_id"] != "forgotten"]
    replaced = {
        name: values(
            f"run_id as_of as_of_date customer_id {COLUMNS[name]}",
            (
                {
                    **row,
                    **build,
                    "as_of": then.settings.as_of_utc
                    + (timedelta(0) if build["run_id"] == "then" else day),
                    **({} if build["run_id"] == "then" else {label: "of another"}),
                }
                for row in rows[name]
                for build in kept
            ),
        )
        for name, label in HISTORY.items()
    }
    replaced["mart_builds"] = values("run_id as_of_date started_at is_green", registry)
    replaced["mart_churn_scores"] = values(SCORED, as_rows(now))
    warehouse = project.run(raw, now.settings.as_of_utc, {"mart_score_changes"}, replaced)
    found = warehouse.rows("mart_score_changes")
    warehouse.connection.close()
    keys = ("customer_id", "changed", "activity", "horizon_days")
    assert {row["previous_run_id"] for row in found} <= {"then"}
    return {tuple(row[column] for column in keys): row for row in found}


def as_rows(build: Build) -> list[Row]:
    return [
        {
            "customer_id": customer_id,
            "activity": activity,
            "horizon_days": horizon,
            "model_version": "some",
            **risk,
        }
        for (customer_id, activity, horizon), risk in build.risks.items()
    ]


def values(columns: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as a query."""
    names = columns.split()
    given = [f"({', '.join(literal(row[name]) for name in names)})" for row in rows]
    nothing = f"({', '.join('null' for _ in names)})"
    cast = ", ".join(f"cast({name} as {TYPES[name]}) as {name}" for name in names)
    return (
        f"select {cast} from (values {', '.join([nothing, *given])}) as given ({', '.join(names)}) "
        f"where {names[0]} is not null"
    )


def literal(value: Any) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, bool | int | float) else f"'{value}'"
