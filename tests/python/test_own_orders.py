"""An analyst's export: one orders.csv, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbt_runs import connect, run_dbt, warehouse_of

pytestmark = pytest.mark.slow

HEADER = "order_id,customer_id,ordered_at,gross_amount\n"


def test_four_columns_give_cohorts_and_rfm(own_orders: Path) -> None:
    with connect(own_orders) as connection:
        cohorts = connection.execute(
            """
            select cohort_start::varchar, period_index, cohort_size, n_retained
            from dovecote_marts.mart_retention
            where entry = 'first_time' and return_rule = 'on' and clock = 'calendar'
                and grain = 'month' and activity = 'order' and breakdown = 'none'
            order by all
            """
        ).fetchall()
        rfm = connection.execute(
            "select customer_id, recency_days, frequency, monetary::varchar "
            "from dovecote_marts.mart_customer_rfm order by all"
        ).fetchall()
    assert cohorts == [
        ("2024-01-01", 0, 2, 2),
        ("2024-01-01", 1, 2, 1),
        ("2024-01-01", 2, 2, None),
        ("2024-02-01", 0, 1, 1),
        ("2024-02-01", 1, 1, None),
    ]
    assert rfm == [("ann", 55, 2, "40.0000"), ("bob", 71, 1, "20.0000"), ("cem", 53, 1, "5.5000")]


def test_no_orders_at_all_give_empty_marts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "orders").mkdir(parents=True)
    (data / "orders" / "2023.csv").write_text(HEADER)
    result = run_dbt("build", tmp_path, data=data, arguments=("--warn-error",))
    assert result.returncode == 0, result.stdout
    with connect(tmp_path) as connection:
        assert connection.execute("from dovecote_marts.mart_customer_rfm").fetchall() == []
        lost = connection.execute(
            "select what_is_lost from dovecote_marts.mart_input_coverage where entity = 'orders'"
        ).fetchone()
    assert lost == ("nothing can be built",)
    # The first orders of such a shop are not late, and a mistyped column is told.
    (data / "orders" / "2024.csv").write_text(
        "order_id,customer_id,ordered_at,gross_amount,refund_amout\n1,ann,2024-01-05,10.00,10.00\n"
    )
    result = run_dbt("build", tmp_path, data=data)
    assert result.returncode == 0, result.stdout
    assert "not read of orders/2024.csv, as orders has no such column: refund_amout." in (
        result.stdout
    )
    with connect(tmp_path) as connection:
        orders = connection.execute("select order_id from dovecote_marts.fct_orders").fetchall()
    assert orders == [("1",)]


def test_too_much_quarantine_leaves_the_marts_as_they_were(
    own_orders: Path, tmp_path: Path
) -> None:
    warehouse_of(tmp_path).write_bytes(warehouse_of(own_orders).read_bytes())
    data = tmp_path / "data"
    data.mkdir()
    text = (own_orders / "data" / "orders.csv").read_text()
    (data / "orders.csv").write_text(text.replace("2024-01-05", "31/12/2024"))
    result = run_dbt("build", tmp_path, data=data)
    assert result.returncode == 1
    assert "Dovecote: 1 of 5 rows of orders are quarantined, most for bad_type(ordered_at)" in (
        result.stdout
    )
    assert "orders.csv record 1" in result.stdout
    with connect(tmp_path) as connection:
        kept = connection.execute("select count(*) from dovecote_marts.fct_orders").fetchone()
        why = connection.execute("select reasons from dovecote_marts.mart_quarantine").fetchall()
    assert kept == (5,)
    assert why == [("bad_type(ordered_at)",)]
