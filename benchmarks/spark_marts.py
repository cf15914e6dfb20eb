"""Sessions and monthly order cohorts by Spark SQL on local[2].

`python benchmarks/spark_marts.py FOLDER OUT` needs pyspark. It serves `make bench`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

SESSIONS = """
    with owned as (
        select
            events.*,
            coalesce(merges.to_customer_id, events.customer_id) as known_customer_id
        from events
        left join merges on events.customer_id = merges.from_customer_id
    ),
    stitched as (
        select
            *,
            coalesce(
                known_customer_id,
                first_value(known_customer_id, true) over (
                    partition by anonymous_id order by occurred_at, event_id
                    rows between current row and unbounded following
                ),
                last_value(known_customer_id, true) over (
                    partition by anonymous_id order by occurred_at, event_id
                    rows between unbounded preceding and current row
                ),
                'anon:' || anonymous_id
            ) as person_id
        from owned
        where anonymous_id is not null
        union all
        select *, known_customer_id as person_id from owned
        where anonymous_id is null
    ),
    gaps as (
        select
            stitched.*,
            lag(occurred_at) over (
                partition by person_id, session_id order by occurred_at, event_id
            ) as previous_at
        from stitched
        left anti join excluded on stitched.person_id = excluded.customer_id
        where person_id is not null
    ),
    numbered as (
        select
            *,
            sum(
                case
                    when previous_at is null then 1
                    when session_id is null
                        and unix_micros(occurred_at) - unix_micros(previous_at) > 1800000000 then 1
                    else 0
                end
            ) over (
                partition by person_id, session_id order by occurred_at, event_id
                rows between unbounded preceding and current row
            ) as session_number
        from gaps
    )
    select
        person_id,
        session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        count_if(lower(event_type) in (
            'view', 'page_view', 'pageview', 'page', 'screen_view', 'product_view',
            'product_viewed', 'view_item', 'view_item_list'
        )) as views,
        min(case when lower(event_type) = 'purchase' then occurred_at end) as purchase_at
    from numbered
    group by person_id, session_id, session_number
"""
COHORTS = """
    with bought as (
        select
            coalesce(merges.to_customer_id, orders.customer_id) as customer_id,
            trunc(orders.ordered_at, 'month') as month
        from orders
        left join merges on orders.customer_id = merges.from_customer_id
        left join policy
            on lower(orders.status) = policy.status
            and not coalesce(orders.status_changed_at >= timestamp '{as_of}', false)
        where orders.customer_id is not null and coalesce(policy.counts_as_purchase, true)
    ),
    placed as (
        select
            bought.*,
            min(month) over (partition by customer_id) as cohort_start
        from bought
        left anti join excluded on bought.customer_id = excluded.customer_id
    )
    select
        cohort_start,
        cast(months_between(month, cohort_start) as int) as period_index,
        count(distinct customer_id) as customers,
        count(*) as orders
    from placed
    group by 1, 2
"""


def main() -> None:
    """Compute and write both."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    as_of = os.environ.get("DOVECOTE_AS_OF") or "9999-12-31 00:00:00"
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "8g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "16")
        .config("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
        .getOrCreate()
    )
    times = {"events": "occurred_at", "orders": "ordered_at", "customer_merges": "merged_at"}
    for entity in ("events", "orders", "customer_merges", "exclusions"):
        parts = folder / entity
        path = str(parts if parts.is_dir() else parts.with_suffix(".parquet"))
        rows = spark.read.option("recursiveFileLookup", "true").parquet(path)
        if entity in times:
            rows = rows.where(f"{times[entity]} < timestamp '{as_of}'")
        rows.createOrReplaceTempView("merges" if entity == "customer_merges" else entity)
    policy = Path(__file__).parents[1] / "seeds" / "reference" / "order_status_policy.csv"
    spark.read.csv(str(policy), header=True, inferSchema=True).createOrReplaceTempView("policy")
    spark.sql(
        "select distinct coalesce(merges.to_customer_id, exclusions.customer_id) as customer_id "
        "from exclusions left join merges on exclusions.customer_id = merges.from_customer_id"
    ).createOrReplaceTempView("excluded")
    spark.sql(SESSIONS).write.mode("overwrite").parquet(str(out / "sessions"))
    spark.sql(COHORTS.format(as_of=as_of)).write.mode("overwrite").parquet(str(out / "cohorts"))
    spark.stop()


if __name__ == "__main__":
    main()
