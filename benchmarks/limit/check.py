"""Whether the limit's marts are dbt's, row for row: `python benchmarks/limit/check.py LIMIT DBT`.

Rows are compared by their hashes, and those without an equal again: columns that are no floats must
be equal (EXCEPT ALL both ways), floats within a relative 1e-9.
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
    try:
        described = connection.execute(f"describe {theirs}").fetchall()
        described_here = connection.execute(f"describe {ours}").fetchall()
    except duckdb.CatalogException:
        return "is missing"
    exact = [name for name, kind, *_ in described if kind not in ("DOUBLE", "FLOAT")]
    floats = [name for name, kind, *_ in described if kind in ("DOUBLE", "FLOAT")]
    ours_types = {name: kind for name, kind, *_ in described_here}
    absent = [name for name, *_ in described if name not in ours_types]
    if absent:
        return f"without the columns {', '.join(absent)}"
    kinds = [
        f"{name} is {ours_types[name]}, not {kind}"
        for name, kind, *_ in described
        if are_types_held and ours_types[name] != kind
    ]
    all_columns = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind, *_ in described)
    row = ", ".join(f'"{name}"' for name, *_ in described)
    sides = {"ours": ours, "theirs": theirs}
    fingerprints = [
        connection.execute(
            f"select count(*), sum(cast(hash({row}) as hugeint)) "
            f"from (select {all_columns} from {side})"
        ).fetchone()
        for side in sides.values()
    ]
    if fingerprints[0] != fingerprints[1]:
        # Only rows that are not bit for bit on the other side need a closer look.
        for side, other in (("ours", theirs), ("theirs", ours)):
            connection.execute(
                f"create or replace temp table only_{side} as "
                f"select *, hash({row}) as row_hash from (select {all_columns} from {sides[side]}) "
                "where row_hash not in "
                f"(select hash({row}) from (select {all_columns} from {other}))"
            )
        said = _difference(connection, exact, floats)
        if said or fingerprints[0][0] != fingerprints[1][0]:  # type: ignore[index]
            return said or f"{fingerprints[0][0]} rows, not {fingerprints[1][0]}"  # type: ignore[index]
    return f"types: {'; '.join(kinds)}" if kinds else None


def _difference(
    connection: duckdb.DuckDBPyConnection, exact: list[str], floats: list[str]
) -> str | None:
    """Compare only_ours and only_theirs, floats within the tolerance."""
    keys = ", ".join(f'"{name}"' for name in exact)
    counts = [
        connection.execute(
            f"select count(*) from (select {keys} from only_{one} except all "
            f"select {keys} from only_{other})"
        ).fetchone()[0]  # type: ignore[index]
        for one, other in (("ours", "theirs"), ("theirs", "ours"))
    ]
    if any(counts):
        return f"{counts[0]} rows are ours only, {counts[1]} theirs only"
    if not floats:
        return None
    # Among rows alike in all exact columns, floats stand in their own order.
    order = ", ".join(f'"{name}"' for name in floats)
    copy = f"row_number() over (partition by {keys} order by {order}) as copy"
    placed = f"(select *, {copy} from only_{{}})"
    equal = " and ".join(f'a."{name}" is not distinct from b."{name}"' for name in [*exact, "copy"])
    unequal = " or ".join(
        f'(a."{name}" is null) <> (b."{name}" is null) or abs(a."{name}" - b."{name}")'
        f' > {TOLERANCE} * greatest(1, abs(b."{name}"))'
        for name in floats
    )
    counted = connection.execute(
        f"select count(*) filter (where {unequal}) from {placed.format('ours')} as a "
        f"inner join {placed.format('theirs')} as b on {equal}"
    ).fetchone()
    if counted and counted[0]:
        return f"{counted[0]} rows differ in {', '.join(floats)}"
    return None


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
