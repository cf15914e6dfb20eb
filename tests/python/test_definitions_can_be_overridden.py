"""A shop that installs Dovecote replaces definitions, reference relations and schema names."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_command import dbt_command
from dbt_runs import PROJECT, connect, run_dbt

pytestmark = pytest.mark.slow

FILES = {
    "dbt_project.yml": """
        name: tiny_shop
        version: 0.1.0
        config-version: 2
        profile: tiny_shop
        models:
          tiny_shop:
            +materialized: table
        vars:
          dovecote_orders: shop_orders
          dovecote_events: shop_events
          dovecote_order_status_policy: shop_statuses
          dovecote_rfm_segments: shop_segments
          dovecote_schema_prefix: retention_
    """,
    "profiles.yml": """
        tiny_shop:
          target: duckdb
          outputs:
            duckdb:
              type: duckdb
              path: "{{ env_var('DOVECOTE_WAREHOUSE') }}"
              schema: shop
              settings:
                TimeZone: UTC
    """,
    "packages.yml": f"""
        packages:
          - local: {json.dumps(str(PROJECT))}
    """,
    "models/shop_orders.sql": """
        select order_id, customer_id, ordered_at, gross_amount, discount_amount, status
        from (values
            ('o1', 'ann', timestamp '2024-05-01 10:00', 100.0, 10.0, 'sold'),
            ('o2', 'ann', timestamp '2024-05-09 10:00', 50.0, null, 'completed'),
            ('o3', 'bob', timestamp '2024-05-09 10:00', 70.0, 20.0, 'sold')
        ) as orders (order_id, customer_id, ordered_at, gross_amount, discount_amount, status)
    """,
    "models/shop_events.sql": """
        select event_id, customer_id, occurred_at, 'view' as event_type
        from (values
            ('e1', 'ann', timestamp '2024-05-01 10:00:00'),
            ('e2', 'ann', timestamp '2024-05-01 10:05:00'),
            ('e3', 'ann', timestamp '2024-05-02 10:00:00'),
            ('e4', 'ann', timestamp '2024-05-02 10:05:00'),
            ('e5', 'ann', timestamp '2024-05-02 10:06:00'),
            ('e6', 'bob', timestamp '2024-05-03 10:00:00'),
            ('e7', 'cem', timestamp '2024-05-04 10:00:00')
        ) as events (event_id, customer_id, occurred_at)
    """,
    "models/shop_statuses.sql": """
        select * from (values ('sold', true), ('completed', false))
            as statuses (status, counts_as_purchase)
    """,
    "models/shop_segments.sql": """
        select r_score, f_score, 'r' || r_score || ' f' || f_score as rfm_segment
        from range(1, 6) as recency (r_score), range(1, 6) as frequency (f_score)
    """,
    "macros/definitions.sql": """
        {% macro default__net_amount(gross_amount, discount_amount, refund_amount) -%}
            ({{ gross_amount }})
        {%- endmacro %}

        {% macro default__is_engaged_session(views, duration_seconds, has_purchase) -%}
            ({{ views }} >= 3)
        {%- endmacro %}

        {% macro default__risk_band(churn_probability) -%}
            'any'
        {%- endmacro %}

        {% macro duckdb__parts(name) -%}
            {{ return(3) }}
        {%- endmacro %}
    """,
}
DISPATCH = """
        dispatch:
          - macro_namespace: dovecote
            search_order: [tiny_shop, dovecote]
"""
OWN_SCHEMA_NAMES = """
        {% macro generate_schema_name(custom_schema_name, node) -%}
            own_{{ custom_schema_name }}
        {%- endmacro %}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = write_project(tmp_path_factory.mktemp("tiny_shop"), FILES)
    result = run_dbt(
        "build",
        folder,
        arguments=(
            *(
                "--select",
                "+fct_orders",
                "+fct_sessions",
                "+mart_customer_rfm",
                "+mart_churn_scores",
            ),
            *("--exclude-resource-type", "test"),
        ),
        project=folder,
    )
    assert result.returncode == 0, result.stdout
    return connect(folder)


def test_net_revenue_is_what_the_shop_says(shop: duckdb.DuckDBPyConnection) -> None:
    found = shop.sql("select order_id, net_amount from shop_retention_marts.fct_orders").fetchall()
    assert dict(found) == {"o1": 100, "o2": 50, "o3": 70}


def test_a_session_is_engaged_when_the_shop_says_so(shop: duckdb.DuckDBPyConnection) -> None:
    """And all are there once, though the people come in three parts, as in a shop of any size."""
    found = shop.sql(
        "select day(session_date), is_engaged from shop_retention_marts.fct_sessions"
    ).fetchall()
    assert sorted(found) == [(1, False), (2, True), (3, False), (4, False)]


def test_the_shops_statuses_decide_what_a_purchase_is(shop: duckdb.DuckDBPyConnection) -> None:
    found = shop.sql("select order_id, is_purchase from shop_retention_marts.fct_orders").fetchall()
    assert dict(found) == {"o1": True, "o2": False, "o3": True}


def test_the_shop_names_its_segments(shop: duckdb.DuckDBPyConnection) -> None:
    found = shop.sql(
        "select customer_id, monetary, rfm_segment from shop_retention_marts.mart_customer_rfm"
    ).fetchall()
    # Bob bought at the end, ann 8 days earlier: cut-points 0, 0, 8, 8, of which two are below 8.
    assert sorted(found) == [("ann", Decimal(100), "r3 f1"), ("bob", Decimal(70), "r5 f1")]


def test_the_shop_names_its_risk_bands(shop: duckdb.DuckDBPyConnection) -> None:
    found = shop.sql("select distinct risk_band from shop_retention_marts.mart_churn_scores")
    assert found.fetchall() == [("any",)]


def test_the_shops_own_models_keep_their_schema(shop: duckdb.DuckDBPyConnection) -> None:
    found = shop.sql("select distinct schema_name from duckdb_tables() where not temporary")
    assert {schema for (schema,) in found.fetchall()} == {
        "shop",
        "shop_retention_staging",
        "shop_retention_intermediate",
        "shop_retention_ml",
        "shop_retention_history",
        "shop_retention_marts",
        "shop_retention_seeds",
    }


def test_a_dispatch_order_may_say_so_and_own_schema_names_have_the_last_word(
    tmp_path: Path,
) -> None:
    files = {
        **FILES,
        "dbt_project.yml": FILES["dbt_project.yml"] + DISPATCH,
        "macros/schema_names.sql": OWN_SCHEMA_NAMES,
    }
    folder = write_project(tmp_path, files)
    arguments = ("--select", "int_core__orders", "--no-introspect", "--no-populate-cache")
    result = run_dbt("compile", folder, arguments=arguments, project=folder)
    assert result.returncode == 0, result.stdout
    nodes = manifest_nodes(folder)
    assert nodes["model.dovecote.fct_orders"]["schema"] == "own_retention_marts"
    assert nodes["model.tiny_shop.shop_orders"]["schema"] == "own_None"
    assert (
        "(owned.gross_amount) as net_amount"
        in nodes["model.dovecote.int_core__orders"]["compiled_code"]
    )


def write_project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedented(text))
    environment = {**os.environ, "DOVECOTE_WAREHOUSE": "unused"}
    assert dbt_command(["deps", "--quiet"], folder, environment).returncode == 0
    return folder


def dedented(text: str) -> str:
    return "\n".join(line.removeprefix(" " * 8) for line in text.splitlines())


def manifest_nodes(folder: Path) -> dict[str, Any]:
    nodes: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    return nodes
