"""Changes that change nothing of recommendations, or exactly what they should."""

from __future__ import annotations

import re
from collections import defaultdict
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from recommendation_shops import NO_CHALLENGERS, late_shop

from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, changed
from warehouse.marts import Marts, differences, run_recommendations

pytestmark = pytest.mark.slow

LISTED = ("product_id", "score", "fallback_level", "reason_1", "reason_2", "reason_3")
PRODUCTS = 45
START = datetime(2024, 3, 1, 12)


@pytest.fixture(scope="module")
def shop() -> tuple[Rows, datetime]:
    return late_shop(8, orders=350, products=PRODUCTS)


@pytest.fixture(scope="module")
def unchanged(shop: tuple[Rows, datetime], utc_project: CompiledProject) -> Marts:
    marts = run(utc_project, *shop)
    assert all(marts.values())
    return marts


def run(project: CompiledProject, rows: Rows, as_of: datetime) -> Marts:
    return run_recommendations(project, rows, as_of, NO_CHALLENGERS)


def test_the_order_of_arrival_does_not_matter(
    shop: tuple[Rows, datetime], unchanged: Marts, utc_project: CompiledProject
) -> None:
    rows, as_of = shop
    shuffled = {entity: Random(1).sample(given, len(given)) for entity, given in rows.items()}
    assert not differences(unchanged, run(utc_project, shuffled, as_of))


def test_renamed_ids_in_the_same_order_give_renamed_lists(
    shop: tuple[Rows, datetime], unchanged: Marts, utc_project: CompiledProject
) -> None:
    rows, as_of = shop

    def renamed(text: Any) -> Any:
        return re.sub(r"\b([bcdop]\d+)\b", r"x\1", text) if isinstance(text, str) else text

    after = run(
        utc_project,
        changed(
            rows,
            lambda entity, column, value: renamed(value) if column.endswith("_id") else value,
        ),
        as_of,
    )
    # The names of products hold their ids, and did not change.
    told = re.compile(r"Tea of x")
    # A version is of its inputs, ids among them.
    versioned = ("mart_customer_recommendations", "mart_item_similarities")
    # Which product pages are graded is left to a hash of ids.
    mart = "mart_recommendation_evaluation"
    before, after = (
        {**marts, mart: [row for row in marts[mart] if row["task"] != "item_page"]}
        for marts in (unchanged, after)
    )
    assert not differences(
        before,
        after,
        dict.fromkeys(versioned, ("model_version",)),
        change=lambda mart, column, value: (
            told.sub("Tea of ", renamed(value)) if isinstance(value, str) else value
        ),
    )


@pytest.mark.parametrize("length", [5, 30])
def test_scores_and_order_do_not_depend_on_how_many_are_listed(
    length: int, shop: tuple[Rows, datetime], unchanged: Marts, utc_project: CompiledProject
) -> None:
    after = run(lists_of(utc_project, length), *shop)
    twenty, other = (lists(marts) for marts in (unchanged, after))
    shared = min(length, 20)
    assert max(len(found) for found in other.values()) == length
    assert {key: found[:shared] for key, found in other.items()} == {
        key: found[:shared] for key, found in twenty.items()
    }


def lists_of(project: CompiledProject, length: int) -> CompiledProject:
    """Give the project with another length of the lists, as the var would."""
    changed_project = copy(project)
    changed_project.nodes = dict(project.nodes)
    for name, old, new in (
        ("int_recommendations__lists", "when is_as_of then 20", f"when is_as_of then {length}"),
        ("int_recommendations__listed_now", "position <= 20", f"position <= {length}"),
        *(
            (f"ml_recommendations__{name}", "per_list': 20", f"per_list': {length}")
            for name in ("scored_lists", "evaluation")
        ),
    ):
        node = project.nodes[name]
        assert old in node.sql
        changed_project.nodes[name] = replace(node, sql=node.sql.replace(old, new))
    return changed_project


def lists(marts: Marts) -> dict[tuple[str, str], list[Any]]:
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in sorted(marts["mart_customer_recommendations"], key=lambda row: row["position"]):
        key = (row["customer_id"], row["list_name"])
        found[key].append(tuple(row[column] for column in LISTED))
    return found


def test_equal_products_are_listed_by_id(utc_project: CompiledProject) -> None:
    alike = ["p3", "p1", "p4", "p2"]
    baskets = {
        **{f"c{n}": [*alike, "q"] for n in range(6)},
        **{f"d{n}": ["r"] for n in range(6)},
        **{"new": ["q"], "other": ["q"]},
        "rich": alike,
    }
    rows = {
        "orders": [
            {"order_id": who, "customer_id": who, "ordered_at": START, "gross_amount": 9}
            for who in baskets
        ],
        "order_items": [
            {"order_id": who, "product_id": what} for who, held in baskets.items() for what in held
        ],
        "customers": [{"customer_id": "cold", "created_at": START}],
    }
    marts = run(utc_project, rows, START + timedelta(days=3))
    first_of = {key: [row[0] for row in found[:4]] for key, found in lists(marts).items()}
    scores = {key: [row[1] for row in found[:4]] for key, found in lists(marts).items()}
    assert first_of["new", "discover"] == sorted(alike)
    assert len({*scores["new", "discover"]}) == 1
    # All are in 7 baskets, but q, which is in 8.
    assert first_of["cold", "blend"] == ["q", *sorted(alike)][:4]
    assert scores["cold", "blend"][1:] == [7 / 8] * 3
    (told,) = (found[0] for key, found in lists(marts).items() if key == ("rich", "discover"))
    assert told[0] == "q"
    assert [text.partition(",")[0] for text in told[3:]] == [
        f"goes with {product_id}" for product_id in sorted(alike)[:3]
    ]
    page = [row for row in marts["mart_item_similarities"] if row["product_id"] == "q"]
    page.sort(key=lambda row: row["position"])
    assert [row["similar_product_id"] for row in page] == sorted(alike)
    assert len({row["score"] for row in page}) == 1
