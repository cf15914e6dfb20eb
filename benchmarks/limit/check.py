"""Whether the limit's marts are dbt's, row for row: `python benchmarks/limit/check.py LIMIT DBT`.

Columns that are no floats must be equal as multisets of rows. Floats are compared between rows that
are equal in all other columns, in their order, within a relative 1e-9.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb

MARTS = (
    *("dim_customers", "dim_dates", "dim_products", "fct_customer_days", "fct_order_items"),
    *("fct_orders", "fct_sessions"),
    *("mart_activity_daily", "mart_event_paths", "mart_funnel_daily", "mart_search_terms"),
    *("mart_cohort_value", "mart_growth_accounting", "mart_growth_by_breakdown"),
    *("mart_retention", "mart_retention_headline", "mart_retention_overall"),
    *("mart_customer_lifecycle", "mart_customer_rfm", "mart_lifecycle_transitions"),
    *("mart_loyalty_monthly", "mart_order_gaps", "mart_rfm_cut_points", "mart_second_orders"),
)
TOLERANCE = 1e-9


def differences(
    connection: duckdb.DuckDBPyConnection, ours: str, theirs: str, are_types_held: bool = True
) -> str | None:
    """Say how two relations differ; None where they hold the same rows.

    Parameters
    ----------
    connection
        Connection that sees both.
    ours, theirs
        Qualified names; the columns of ``theirs`` are compared.
    are_types_held
        Whether a column of another type is a difference.
    """
    described = connection.execute(f"describe {theirs}").fetchall()
    exact = [name for name, kind, *_ in described if kind not in ("DOUBLE", "FLOAT")]
    floats = [name for name, kind, *_ in described if kind in ("DOUBLE", "FLOAT")]
    ours_types = {name: kind for name, kind, *_ in connection.execute(f"describe {ours}").fetchall()}
    absent = [name for name, *_ in described if name not in ours_types]
    if absent:
        return f"without the columns {', '.join(absent)}"
    kinds = [
        f"{name} is {ours_types[name]}, not {kind}"
        for name, kind, *_ in described
        if are_types_held and ours_types[name] != kind
    ]
    columns = ", ".join(
        f'cast("{name}" as {kind}) as "{name}"' for name, kind, *_ in described if name in exact
    )
    counts = [
        connection.execute(
            f"select count(*) from (select {columns} from {one} except all "
            f"select {columns} from {other})"
        ).fetchone()
        for one, other in ((ours, theirs), (theirs, ours))
    ]
    if any(count and count[0] for count in counts):
        return f"{counts[0][0]} rows are ours only, {counts[1][0]} theirs only"
    if floats:
        # Among rows alike in all exact columns, floats stand in their own order.
        order = ", ".join(f'"{name}"' for name in floats)
        keys = ", ".join(f'"{name}"' for name in exact)
        placed = (
            f"(select *, row_number() over (partition by {keys} order by {order}) as copy "
            f"from (select {columns}, {order} from {{}}))"
        )
        equal = " and ".join(
            f'a."{name}" is not distinct from b."{name}"' for name in [*exact, "copy"]
        )
        unequal = " or ".join(
            f'(a."{name}" is null) <> (b."{name}" is null) or abs(a."{name}" - b."{name}")'
            f' > {TOLERANCE} * greatest(1, abs(b."{name}"))'
            for name in floats
        )
        counted = connection.execute(
            f"select count(*), count(*) filter (where {unequal}) from {placed.format(ours)} as a "
            f"inner join {placed.format(theirs)} as b on {equal}"
        ).fetchone()
        if counted is None or counted[1]:
            return f"{counted and counted[1]} rows differ in {', '.join(floats)}"
    return f"types: {'; '.join(kinds)}" if kinds else None


def main() -> int:
    """Compare every mart; give 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("limit", type=Path, help="DuckDB file of run.py")
    parser.add_argument("dbt", type=Path, help="DuckDB file of dbt build, from the same files")
    arguments = parser.parse_args()
    failed = 0
    with duckdb.connect() as connection:
        connection.execute(f"attach '{arguments.limit}' as ours (read_only)")
        connection.execute(f"attach '{arguments.dbt}' as theirs (read_only)")
        for mart in MARTS:
            found = differences(connection, f"ours.{mart}", f"theirs.dovecote_marts.{mart}")
            failed += found is not None
            print(f"{mart:<28} {found or 'equal'}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
