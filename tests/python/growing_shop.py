"""A small shop whose files come day by day, and what else may come with them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dovecote.simulate import Settings, write_partitions

DAYED = ("events", "orders", "order_items")
FIRST_DAY_TO_COME = "2025-07-11"
AS_OF, LATER_AS_OF = "2025-07-11 00:00:00", "2025-07-13 00:00:00"
# A factorisation of fifteen customers turns on the last digit of what it is given.
GRADES_OF_FIFTEEN = ("mart_recommendation_evaluation", "int_recommendations__graded_lists")
FIRST_EVENTS = "zz-changed-first"
NOT_TOO_LATE = "occurred_at between timestamp '2025-05-15' and timestamp '2025-07-10'"


def write_days(folder: Path) -> None:
    """Write files by day of arrival, some of whose rows come days late and some are wrong."""
    write_partitions(
        Settings(
            customers=150,
            days=200,
            seed=3,
            file_format="parquet",
            late_share=0.2,
            dirty_share=0.04,
        ),
        folder,
        workers=1,
    )


def add_late_echoes(data: Path) -> None:
    """Add late events, each up to 40 minutes from a known one: before, in or between sessions."""
    _copy_events(
        data,
        "echoes",
        "% 20 = 0",
        "* replace ('echo-' || event_id as event_id, "
        "occurred_at + to_minutes((hash(event_id) % 81)::bigint - 40) as occurred_at)",
    )


def send_again(data: Path) -> None:
    """Send known events again as they were, from before and after their files, and some changed.

    Among the changed ones are the first events of some customers, which so become conflicts.
    """
    _copy_events(data, "again-before", "% 10 = 1", "*")
    _copy_events(data, "zz-again-after", "% 10 = 2", "*")
    changed = "* replace (coalesce(page_path, '') || '?' as page_path)"
    _copy_events(data, "zz-changed", "% 40 = 3", changed)
    _copy(
        f"select {changed} "
        f"from read_parquet('{data}/events/*/*.parquet', union_by_name = true) "
        "where customer_id is not null and hash(customer_id) % 8 = 0 "
        "qualify occurred_at = min(occurred_at) over (partition by customer_id) "
        f"and count(*) over (partition by event_id) = 1 and {NOT_TOO_LATE}",
        data / "events" / f"{FIRST_EVENTS}.parquet",
    )


def _copy_events(data: Path, name: str, share: str, columns: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select {columns} "
            f"from read_parquet('{data}/events/*/*.parquet', union_by_name = true) "
            f"where {NOT_TOO_LATE} and hash(event_id) {share} "
            "qualify count(*) over (partition by event_id) = 1) "
            f"to '{data}/events/{name}.parquet'"
        )


def sell_more_of_the_same(data: Path) -> None:
    """Add lines to known orders, of products that these have a line of already."""
    _copy(
        "select * replace ('more-' || order_item_id as order_item_id) "
        f"from read_parquet('{data}/order_items/*/*.parquet', union_by_name = true) "
        "where hash(order_item_id) % 60 = 0 "
        "qualify count(*) over (partition by order_item_id) = 1",
        data / "order_items" / "zz-more.parquet",
    )


def hold_back(data: Path) -> None:
    """Take away the customers and reviews that come or change after the first build.

    Of NPS responses those of later stay, and wait for as_of.
    """
    for entity, changed_at in (("customers", "updated_at"), ("reviews", "created_at")):
        months = f"read_parquet('{data}/{entity}/*.parquet', union_by_name = true)"
        later = f"{changed_at} >= timestamp '{AS_OF}'"
        _copy(f"from {months} where {later}", data.parent / f"{entity}-to-come.parquet")
        for file in (data / entity).glob("*.parquet"):
            _copy(f"from '{file}' where not coalesce({later}, false)", file)


def let_come(data: Path) -> None:
    """Bring what was held back, and customers, NPS responses and reviews that are known already.

    Customers come again as they were, with a later version and with no later one, which makes a
    conflict; NPS responses with impossible scores. A known file of reviews is written anew, with
    impossible ratings.
    """
    for entity in ("customers", "reviews"):
        (data.parent / f"{entity}-to-come.parquet").rename(data / entity / "2025-08.parquet")
    updated = "updated_at + interval 1 day as updated_at"
    for name, columns, share in (
        ("again", "*", "% 10 = 1"),
        ("moved", f"* replace ('Elsewhere' as city, {updated})", "% 10 = 2"),
        ("denied", "* replace ('Elsewhere' as city)", "% 30 = 3"),
    ):
        _copy(
            f"select {columns} "
            f"from read_parquet('{data}/customers/2025-0[1-6].parquet', union_by_name = true) "
            f"where hash(customer_id) {share} and updated_at < timestamp '2025-07-01'",
            data / "customers" / f"2025-09-{name}.parquet",
        )
    for file, key, score, name in (
        (data / "nps_responses" / "2025-05.parquet", "response_id", "score", "2025-09.parquet"),
        (data / "reviews" / "2025-05.parquet", "review_id", "rating", "2025-05.parquet"),
    ):
        impossible = f"case when hash({key}) % 2 = 0 then 77 else {score} end"
        _copy(f"select * replace ({impossible} as {score}) from '{file}'", file.parent / name)


def _copy(query: str, file: Path) -> None:
    """Write what a query gives to a Parquet file, which it may itself read."""
    with duckdb.connect() as connection:
        connection.execute(f"create table rows as {query}")
        connection.execute(f"copy rows to '{file}'")


def order_in_an_old_month(data: Path) -> None:
    """Add an order that is the only one of its month."""
    _copy_an_order(data, "old-month", "timestamp '2024-11-05 10:00:00'")


def move_that_order(data: Path) -> None:
    """Send that order again with another month, so that the old one is left without a row."""
    _copy_an_order(data, "zz-moved", "timestamp '2025-07-02 10:00:00'")


def _copy_an_order(data: Path, name: str, ordered_at: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ('moved' as order_id, {ordered_at} as ordered_at, "
            f"{ordered_at} + interval 1 hour as updated_at, null::varchar as currency) "
            f"from read_parquet('{data}/orders/*/*.parquet', union_by_name = true) "
            "where ordered_at between timestamp '2025-03-01' and timestamp '2025-05-01' "
            "and customer_id is not null and status = 'delivered' "
            f"order by order_id limit 1) to '{data}/orders/{name}.parquet'"
        )


def merge_customers(data: Path) -> None:
    """Merge the second-best customer into the best one, the fifth and ninth into those before."""
    _merge(data, "(1, 4, 8)")


def merge_more_customers(data: Path) -> None:
    """Merge that fourth customer into the third, the seventh into the sixth, and undo the last."""
    _merge(data, "(1, 3, 4, 6)")


def _merge(data: Path, places: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select next_customer_id as from_customer_id, "
            "customer_id as to_customer_id, timestamp '2025-03-01' as merged_at "
            f"from ({_best_customers(data)}) where place in {places}) "
            f"to '{data}/customer_merges.parquet'"
        )


def _best_customers(data: Path) -> str:
    return (
        "select customer_id, row_number() over best as place, "
        "lead(customer_id) over best as next_customer_id "
        f"from read_parquet('{data}/orders/*/*.parquet', union_by_name = true) "
        "where customer_id is not null and ordered_at < timestamp '2025-05-01' "
        "group by customer_id window best as (order by count(*) desc, customer_id)"
    )


def exclude_others(data: Path) -> None:
    """Exclude the merged customer under the id that remains, and let the first one back in."""
    with duckdb.connect() as connection:
        connection.execute(
            f"create table excluded as select * from read_parquet('{data}/exclusions.parquet')"
        )
        connection.execute(
            "delete from excluded where customer_id = (select min(customer_id) from excluded)"
        )
        connection.execute(
            "insert into excluded (customer_id, reason) "
            f"select customer_id, 'test' from ({_best_customers(data)}) where place = 1"
        )
        connection.execute(f"copy excluded to '{data}/exclusions.parquet'")
