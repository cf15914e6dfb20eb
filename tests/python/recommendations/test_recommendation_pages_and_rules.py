"""Pages of neighbours and association rules through the SQL: a published case, and full pages."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import pytest

from oracle.settings import Row
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import as_raw

pytestmark = pytest.mark.slow

START = datetime(2024, 3, 1, 12)
AS_OF = START + timedelta(days=9)
# The example of mlxtend's documentation.
GROCERIES = [
    ("milk", "onion", "nutmeg", "kidney beans", "eggs", "yogurt"),
    ("dill", "onion", "nutmeg", "kidney beans", "eggs", "yogurt"),
    ("milk", "apple", "kidney beans", "eggs"),
    ("milk", "unicorn", "corn", "kidney beans", "yogurt"),
    ("corn", "onion", "kidney beans", "ice cream", "eggs"),
]


def an_order(order_id: str, **more: Any) -> Row:
    return {
        **{"order_id": order_id, "customer_id": "c1", "ordered_at": START, "gross_amount": 9},
        **more,
    }


def test_rules_of_orders_are_the_published_ones(utc_project: CompiledProject) -> None:
    # Twice, as rules take five baskets; every measure but the counts is a share. A plus in an id
    # is no plus between ids.
    baskets = {
        f"o{n}": [product_id.replace("yogurt", "yo+gurt") for product_id in held]
        for n, held in enumerate(GROCERIES * 2)
    }
    rows = {
        "orders": [*map(an_order, baskets), an_order("lost", status="cancelled")],
        "order_items": [
            {"order_id": order_id, "product_id": product_id}
            for order_id, held in {**baskets, "lost": ["milk", "onion"]}.items()
            for product_id in (*held, held[0])
        ],
    }
    mart = "mart_association_rules"
    warehouse = utc_project.run(as_raw(rows), AS_OF, {mart})
    rules = {(row["antecedent"], row["consequent"]): row for row in warehouse.rows(mart)}
    assert rules["yo++gurt", "kidney beans"]["antecedent_1"] == "yo+gurt"
    onion_eggs = rules["onion", "eggs"]
    for measure, value in {
        **{"baskets": 6, "support": 0.6, "confidence": 1, "lift": 1.25, "leverage": 0.12},
        **{"conviction": math.inf, "zhang": 0.5},
    }.items():
        assert onion_eggs[measure] == pytest.approx(value), measure
    of_kidney_beans = [
        row["lift"]
        for row in rules.values()
        if row["consequent"] == "kidney beans" or row["antecedent"] == "kidney beans"
    ]
    assert len(of_kidney_beans) == 9
    assert of_kidney_beans == pytest.approx([1] * 9)
    triple = rules["eggs + kidney beans", "onion"]
    assert (triple["antecedent_1"], triple["antecedent_2"]) == ("eggs", "kidney beans")
    assert triple["confidence"] == pytest.approx(0.75)


def test_interests_are_read_however_they_are_written(utc_project: CompiledProject) -> None:
    spellings = {
        **{"Green tea": "Green tea", "cups, GREEN TEA": "Cups", '["green tea"]': "Green tea"},
        **{"hats;cups": "Cups", "hats|cups": "Cups", '["hats", "cups"]': "Cups"},
        **{"tea": None, "green": None, "hats": None},
    }
    rows = {
        "customers": [
            {"customer_id": text, "created_at": START, "interests": text} for text in spellings
        ],
        "products": [
            {"product_id": category, "category": category} for category in ("Green tea", "Cups")
        ],
    }
    models = {"int_recommendations__tastes", "int_recommendations__customers"}
    warehouse = utc_project.run(as_raw(rows), AS_OF, models)
    numbers = {
        row["customer_number"]: row["customer_id"]
        for row in warehouse.rows("int_recommendations__customers")
    }
    assert {
        numbers[row["customer_number"]]: row["category"]
        for row in warehouse.rows("int_recommendations__tastes")
    } == spellings


def test_content_fills_pages_that_buyers_leave_short(utc_project: CompiledProject) -> None:
    product_ids = [f"p{n:02d}" for n in range(60)]
    rows = {
        "orders": [an_order("o1")],
        "order_items": [{"order_id": "o1", "product_id": "p00"}],
        "products": [
            {"product_id": product_id, "product_name": "tea", "is_active": product_id != "p58"}
            for product_id in product_ids
        ],
    }
    # p00 has 50 neighbours, p01 48 and two that its buyers seldom buy; p02 has none.
    displayed = [(1, position, n) for position, n in enumerate(range(2, 52), 1)] + [
        (2, position, n) for position, n in enumerate(range(3, 53), 1)
    ]
    values = ", ".join(map(str, displayed))
    replaced = {
        "ml_recommendations__similarities": f"""
            select
                run.as_of_date as cutoff_date,
                'display' as use_name,
                shown.*,
                1.0 / shown.position as score,
                'ease' as method_name,
                0.5 as cosine,
                if(shown.product_number = 2 and shown.position > 48, 1.0, 2.0) as lift,
                3 as co_buyers
            from {utc_project.nodes["int_core__run"].relation} as run
            cross join (values {values}) as shown (product_number, position, similar_product_number)
        """
    }
    mart = "mart_item_similarities"
    warehouse = utc_project.run(as_raw(rows), AS_OF, {mart}, replaced=replaced)
    pages: dict[str, list[Row]] = {}
    for row in sorted(warehouse.rows(mart), key=lambda row: row["position"]):
        pages.setdefault(row["product_id"], []).append(row)
    neighbours = {what: [row["similar_product_id"] for row in page] for what, page in pages.items()}
    methods = {what: [row["method_name"] for row in page] for what, page in pages.items()}
    assert [row["position"] for row in pages["p01"]] == [*range(1, 51)]
    assert methods["p00"] == ["ease"] * 50
    assert neighbours["p00"] == product_ids[1:51]
    assert methods["p01"] == ["ease"] * 48 + ["content"] * 2
    # Equal texts are ties, so the first ids that are not there yet.
    assert neighbours["p01"] == [*product_ids[2:50], "p00", "p50"]
    assert methods["p02"] == ["content"] * 50
    assert neighbours["p02"] == [*product_ids[:2], *product_ids[3:51]]
    is_available = {row["similar_product_id"]: row["is_available"] for row in pages["p02"]}
    assert all(is_available.values())
    assert pages["p58"]
    assert not [row for page in pages.values() for row in page if row["score"] <= 0]
