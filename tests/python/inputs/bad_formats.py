"""Bad JSON lines, bad Parquet and bad folders."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
from input_builds import Counts
from input_cases import (
    CUSTOMER_OF_ORDER,
    GOOD,
    GOOD_COUNTS,
    HEADER,
    O1,
    O2,
    O3,
    ORDER_AMOUNTS,
    ORDER_KEYS,
    ORDER_TIMES,
    PLACES,
    Case,
    accepted_orders,
    january,
    order,
    orders,
    parquet,
    records,
    text,
)

JSON = [
    Case(
        "json_types",
        {
            "orders.jsonl": records(
                order(1, gross_amount=10.5),
                order(2, gross_amount="10.50"),
                order(3, gross_amount=True),
                order(4, gross_amount=[1]),
                order(5, gross_amount={"value": 1}),
                order(6, gross_amount=None),
                order(7, order_id=12345678901234567890123),
                order(8, customer_id=None),
                order(9, customer_id=""),
                order(10, ordered_at=1704067200),
            )
        },
        counts={"orders": Counts(10, accepted=5, quarantined=5)},
        reasons={
            "orders": [
                "bad_type(gross_amount)",
                "bad_type(gross_amount)",
                "bad_type(gross_amount)",
                "bad_type(ordered_at)",
                "missing_value(gross_amount)",
            ]
        },
        values={
            CUSTOMER_OF_ORDER: [
                ("12345678901234567890123", "c7"),
                ("o1", "c1"),
                ("o2", "c2"),
                ("o8", None),
                ("o9", None),
            ]
        },
    ),
    Case(
        "json_lines_that_are_no_objects",
        {
            "orders.jsonl": records(order(1))
            + text(
                '{"order_id": "o2", "customer_id":',
                "",
                "[1, 2]",
                '"o3"',
                "null",
                "{'order_id': 'o4'}",
                '{"order_id": "o5"} {"order_id": "o6"}',
                '{"order_id": "\\ud800"}',
                "   ",
                ",".join(HEADER),
            )
            + records(order(7))
        },
        counts={"orders": Counts(11, accepted=2, quarantined=9)},
        reasons={"orders": ["malformed_line"] * 9},
        values={ORDER_KEYS: [("o1",), ("o7",)]},
    ),
    Case(
        "json_array_over_many_lines",
        {"orders.jsonl": json.dumps([order(1), order(2)], indent=1).encode()},
        counts={"orders": Counts(14, quarantined=14)},
        reasons={"orders": ["malformed_line"] * 14},
    ),
    Case("json_empty_file", {"orders.jsonl": b""}, counts={}),
    Case(
        "json_empty_objects",
        {"orders.jsonl": b"{}\n{}\n"},
        counts={"orders": Counts(2, quarantined=2)},
        reasons={
            "orders": [
                "missing_key(order_id), missing_value(ordered_at), missing_value(gross_amount)"
            ]
            * 2
        },
    ),
    Case(
        "json_renamed_keys",
        {"orders.jsonl": b'{"id": 1}\n'},
        error="orders.jsonl has no column order_id",
    ),
    Case(
        "json_missing_key_everywhere",
        {"orders.jsonl": b'{"order_id": "o1", "customer_id": "c1", "ordered_at": "2024-01-01"}\n'},
        error="orders.jsonl has no column gross_amount",
    ),
    Case(
        "json_missing_key_somewhere",
        {"orders.jsonl": records(order(1), {"order_id": "o2", "customer_id": "c2"}, {"x_only": 1})},
        counts={"orders": Counts(3, accepted=1, quarantined=2)},
        reasons={
            "orders": [
                "missing_key(order_id), missing_value(ordered_at), missing_value(gross_amount)",
                "missing_value(ordered_at), missing_value(gross_amount)",
            ]
        },
    ),
    Case(
        "json_key_in_two_spellings",
        {"orders.jsonl": records(order(1), {**order(2), "Order_ID": "o9"})},
        error="orders.jsonl spells the key 'order_id' in more than one way: keep one.",
    ),
    Case(
        "json_key_twice_in_an_object",
        {
            "orders.jsonl": records(order(1))
            + records(order(2)).replace(b"{", b'{"order_id": "o9", ')
        },
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "json_keys_of_all_kinds",
        {
            "orders.jsonl": records(
                {
                    **order(1),
                    "": 1,
                    'a"b': 1,
                    "it's": 1,
                    "line": "?",
                    "source_position": "?",
                    "$.order_id": "?",
                },
                {**order(2), 'x_a"b': 1, "x_it's/~": "2", "x_a.b": {"c": [3]}},
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={
            "select x_columns ->> '/x_a\"b', x_columns ->> '/x_it''s~1~0', x_columns ->> '/x_a.b'"
            " from dovecote_staging.stg_orders order by order_id": [
                (None, None, None),
                ("1", "2", '{"c":[3]}'),
            ]
        },
    ),
    Case(
        "json_nested_attributes",
        {
            "orders.csv": GOOD,
            "products.jsonl": records({"product_id": "p1", "attributes": {"size": ["S", "M"]}}),
        },
        counts={"orders": GOOD_COUNTS, "products": Counts(1, accepted=1)},
        values={
            "select attributes from dovecote_staging.stg_products": [('{"size":["S","M"]}',)],
        },
    ),
    Case(
        "json_lines_end_in_all_ways",
        {
            "orders.jsonl": records(order(1))
            + records(order(2)).replace(b"\n", b"\r\n")
            + records(order(3)).replace(b"\n", b"\r")
            + records(order(4)).removesuffix(b"\n")
        },
        counts={"orders": Counts(4, accepted=4)},
    ),
    Case(
        "json_lines_end_with_cr",
        {"orders.jsonl": records(order(1), order(2)).replace(b"\n", b"\r")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "ndjson_by_its_other_name",
        {"orders.ndjson": records(order(1), order(2))},
        counts={"orders": GOOD_COUNTS},
    ),
]

UTC_10 = datetime(2024, 1, 1, 10, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


def typed_orders(rows: int = 2, **columns: Any) -> bytes:
    """Write good orders to Parquet, with some columns instead of the good ones."""
    good = {
        "order_id": [f"o{number}" for number in range(1, rows + 1)],
        "customer_id": [f"c{number}" for number in range(1, rows + 1)],
        "ordered_at": pa.array([UTC_10] * rows, pa.timestamp("us", "UTC")),
        "gross_amount": pa.array(
            [Decimal(number) for number in range(1, rows + 1)], pa.decimal128(18, 4)
        ),
    }
    return parquet(**(good | columns))


PARQUET = [
    Case(
        "parquet_times_with_a_zone",
        {
            "orders.parquet": lambda: typed_orders(
                ordered_at=pa.array(
                    [datetime(2024, 1, 1, 11, tzinfo=BERLIN)] * 2,
                    pa.timestamp("us", "Europe/Berlin"),
                )
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={ORDER_TIMES: [("o1", january(1, 10)), ("o2", january(1, 10))]},
    ),
    Case(
        "parquet_times_in_nanoseconds",
        {
            "orders.parquet": lambda: typed_orders(
                ordered_at=pa.array([1704103200123456789, None], pa.timestamp("ns"))
            )
        },
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["missing_value(ordered_at)"]},
        values={ORDER_TIMES: [("o1", january(1, 10, 0, 0, 123456))]},
    ),
    Case(
        "parquet_times_in_milliseconds",
        {
            "orders.parquet": lambda: typed_orders(
                ordered_at=pa.array([1704103200123] * 2, pa.timestamp("ms"))
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={ORDER_TIMES: [(f"o{number}", january(1, 10, 0, 0, 123000)) for number in (1, 2)]},
    ),
    Case(
        "parquet_dates",
        {
            "orders.parquet": lambda: typed_orders(
                3, ordered_at=pa.array([date(2024, 1, 1), date(1900, 1, 1), date(2099, 1, 1)])
            )
        },
        counts={"orders": Counts(3, accepted=1, quarantined=2)},
        reasons={"orders": ["after_run_start(ordered_at)", "before_1990(ordered_at)"]},
        values={ORDER_TIMES: [("o1", january(1))]},
    ),
    Case(
        "parquet_times_of_day_and_numbers_for_times",
        {
            "orders.parquet": lambda: typed_orders(
                ordered_at=pa.array([time(10), time(11)]), refunded_at=pa.array([1704103200, None])
            )
        },
        counts={"orders": Counts(2, quarantined=2)},
        reasons={"orders": ["bad_type(ordered_at)", "bad_type(ordered_at), bad_type(refunded_at)"]},
    ),
    Case(
        "parquet_doubles",
        {
            "orders.parquet": lambda: typed_orders(
                6, gross_amount=[10.1, float("nan"), float("inf"), 1e308, -0.5, 1e-9]
            )
        },
        counts={"orders": Counts(6, accepted=2, quarantined=4)},
        reasons={"orders": ["bad_type(gross_amount)"] * 3 + ["negative(gross_amount)"]},
        values={ORDER_AMOUNTS: [("o1", Decimal("10.1")), ("o6", Decimal(0))]},
    ),
    Case(
        "parquet_single_precision",
        {"orders.parquet": lambda: typed_orders(gross_amount=pa.array([10.1, 0.3], pa.float32()))},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_AMOUNTS: [("o1", Decimal("10.1")), ("o2", Decimal("0.3"))]},
    ),
    Case(
        "parquet_wide_decimals",
        {
            "orders.parquet": lambda: typed_orders(
                gross_amount=pa.array(
                    [Decimal("1.23456"), Decimal(10) ** 20], pa.decimal128(38, 10)
                )
            )
        },
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["bad_type(gross_amount)"]},
        values={ORDER_AMOUNTS: [("o1", Decimal("1.2346"))]},
    ),
    Case(
        "parquet_parts_with_decimals_of_no_common_type",
        {
            "orders/a.parquet": lambda: typed_orders(
                1, gross_amount=pa.array([Decimal(10) ** 36], pa.decimal128(38, 0))
            ),
            "orders/b.parquet": lambda: typed_orders(
                1,
                order_id=["o9"],
                gross_amount=pa.array([Decimal("0.1234")], pa.decimal128(18, 18)),
            ),
        },
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["bad_type(gross_amount)"]},
    ),
    Case(
        "parquet_numbers_as_ids",
        {
            "orders.parquet": lambda: typed_orders(
                order_id=pa.array([9007199254740993, 2], pa.int64()),
                customer_id=pa.array([18446744073709551615, None], pa.uint64()),
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={CUSTOMER_OF_ORDER: [("2", None), ("9007199254740993", "18446744073709551615")]},
    ),
    Case(
        "parquet_whole_numbers",
        {
            "orders.csv": GOOD,
            "products.parquet": lambda: parquet(
                product_id=["p1", "p2", "p3"],
                stock_units=pa.array([1, 3_000_000_000, None], pa.int64()),
                is_active=pa.array([1, 0, 2], pa.int8()),
                list_price=pa.array([5, 10**17, 1], pa.int64()),
            ),
        },
        counts={"orders": GOOD_COUNTS, "products": Counts(3, accepted=1, quarantined=2)},
        reasons={
            "products": ["bad_type(is_active)", "bad_type(list_price), bad_type(stock_units)"]
        },
    ),
    Case(
        "parquet_nested_columns",
        {
            "orders.parquet": lambda: typed_orders(
                gross_amount=[{"value": 1}, None], x_lines=[[1, 2], None]
            ),
            "products.parquet": lambda: parquet(
                product_id=["p1"], attributes=[{"size": "S"}], category=[["a", "b"]]
            ),
        },
        counts={"orders": Counts(2, quarantined=2), "products": Counts(1, accepted=1)},
        reasons={"orders": ["bad_type(gross_amount)", "missing_value(gross_amount)"]},
    ),
    Case(
        "parquet_columns_without_values_or_type",
        {
            "orders.parquet": lambda: typed_orders(
                status=pa.nulls(2), updated_at=pa.nulls(2), x_none=pa.nulls(2)
            )
        },
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "parquet_names_as_the_readers_own",
        {
            "orders.parquet": lambda: typed_orders(
                source_position=["?", "?"], line_count=[100, 200], malformed_reason=["x", "y"]
            )
        },
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "parquet_name_of_the_row_number",
        {"orders.parquet": lambda: typed_orders(file_row_number=[1, 2])},
        error="orders.parquet has the column 'file_row_number'",
    ),
    Case(
        "parquet_names_in_capitals",
        {
            "orders.parquet": lambda: parquet(
                ORDER_ID=["o1"], Customer_Id=["c1"], ordered_at=["2024-01-01"], GROSS_AMOUNT=["10"]
            )
        },
        counts={"orders": Counts(1, accepted=1)},
    ),
    Case(
        "parquet_names_that_differ_in_case_only",
        {"orders.parquet": lambda: typed_orders(Order_ID=["a", "b"])},
        error="orders.parquet has the column 'Order_ID",
    ),
    Case(
        "parquet_missing_column",
        {"orders.parquet": lambda: parquet(order_id=["o1"])},
        error="orders.parquet has no column",
    ),
    Case("parquet_without_rows", {"orders.parquet": lambda: typed_orders(0)}, counts={}),
    Case(
        "parquet_empty_file",
        {"orders.parquet": b""},
        error="orders.parquet is no whole Parquet file: write it again.",
    ),
    Case(
        "parquet_truncated",
        {"orders.parquet": lambda: typed_orders()[:-20]},
        error="orders.parquet is no whole Parquet file",
    ),
    Case(
        "csv_named_parquet",
        {"orders.parquet": GOOD},
        error="orders.parquet is no whole Parquet file",
    ),
    Case(
        "parquet_named_csv",
        {"orders.csv": lambda: typed_orders()},
        error="orders.csv is not UTF-8 text",
    ),
]

FOLDERS = [
    Case("missing_folder", {}, folder="nowhere", error="nowhere does not exist or is empty: put"),
    Case(
        "folder_without_orders",
        {"customers.csv": text("customer_id", "c1")},
        error="inputs holds customers.csv but no orders: put orders.csv",
    ),
    Case("empty_folder_of_orders", {"orders/.keep": b""}, error="or correct DOVECOTE_DATA."),
    Case(
        "file_and_folder",
        {"orders.csv": GOOD, "orders/more.csv": orders(O3)},
        error="holds orders more than once (orders.csv, orders/more.csv)",
    ),
    Case(
        "two_formats",
        {"orders.csv": GOOD, "orders.jsonl": records(order(3))},
        error="holds orders more than once (orders.csv, orders.jsonl)",
    ),
    Case(
        "unknown_extension",
        {"orders.xlsx": b"PK"},
        error="orders.xlsx is none of .csv, .jsonl and .parquet",
    ),
    Case(
        "unknown_extension_among_parts",
        {"orders/a.csv": GOOD, "orders/a.csv.bak": GOOD},
        error="orders/a.csv.bak is none of",
    ),
    Case(
        "unrelated_and_hidden_files",
        {
            "orders/a.csv": GOOD,
            "orders/.b.csv": GOOD,
            "orders/_SUCCESS": b"",
            "orders/_temporary/c.csv": GOOD,
            "orders/.git/d.csv": GOOD,
            ".orders.csv": GOOD,
            "notes.txt": b"?",
            "orders_old.csv": b"?",
        },
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "parts_with_other_columns",
        {
            "orders/2024/a.csv": text(HEADER, O1),
            "orders/2024/b.csv": text(
                f"status,gross_amount,{HEADER.removesuffix(',gross_amount')}",
                "paid,20,o2,c2,2024-01-02",
            ),
            "orders/c.jsonl": records(order(3, x_note="n", channel="web")),
            "orders/d.parquet": lambda: typed_orders(1, order_id=["o4"]),
        },
        counts={"orders": Counts(4, accepted=4)},
        values={
            accepted_orders("order_id, status, channel, x_columns"): [
                ("o1", None, None, None),
                ("o2", "paid", None, None),
                ("o3", None, "web", '{"x_note":"n"}'),
                ("o4", None, None, None),
            ],
        },
    ),
    Case(
        "parts_that_overlap",
        {
            "orders/a.csv": orders(O1, O2),
            "orders/b.csv": orders(O2, O3),
            "orders/c.jsonl": records(order(3)),
        },
        counts={"orders": Counts(5, accepted=3, duplicates=2)},
    ),
    Case(
        "parts_of_which_some_are_damaged",
        {
            "orders/a.csv": orders(O1, '"o2"x,c2,2024-01-02,20'),
            "orders/b.csv": orders(O3, "short"),
            "orders/c.jsonl": records(order(4)) + b"\xff\n{\n",
            "orders/d.csv": orders("o5,c5,2024-01-05,50"),
            "orders/e.csv": text(HEADER),
        },
        counts={"orders": Counts(8, accepted=4, quarantined=4)},
        reasons={"orders": ["invalid_utf8", "malformed_line", "malformed_line", "malformed_line"]},
        values={
            PLACES: [
                ("orders/a.csv", "line 3", '"o2"x,c2,2024-01-02,20'),
                ("orders/b.csv", "line 3", "short"),
                ("orders/c.jsonl", "line 2", "?"),
                ("orders/c.jsonl", "record 2", "{"),
            ]
        },
    ),
    Case(
        "part_without_a_column",
        {"orders/a.csv": GOOD, "orders/b.csv": text("order_id", "o3")},
        error="orders/b.csv has no column ordered_at, gross_amount, customer_id",
    ),
    Case(
        "part_that_is_empty",
        {"orders/a.csv": GOOD, "orders/b.csv": b""},
        error="orders/b.csv is empty",
    ),
    Case(
        "names_with_spaces_and_quotes",
        {
            'orders/it\'s a "part"; 1.csv': orders(O1, "short"),
            "orders/Größe €.jsonl": records(order(2)),
        },
        folder="in puts' folder",
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [('orders/it\'s a "part"; 1.csv', "line 3", "short")]},
    ),
    Case(
        "name_that_is_a_pattern",
        {"orders/part[1].csv": GOOD},
        error="orders/part[1].csv has one of * ? [ ] { } in its name, which is read as a pattern",
    ),
    Case(
        "folder_that_is_a_pattern",
        {"orders.csv": GOOD},
        folder="inputs[1]",
        error="inputs[1] has one of * ? [ ] { } in its name",
    ),
    Case("extension_in_capitals", {"orders.CSV": GOOD}, counts={"orders": GOOD_COUNTS}),
    Case(
        "folder_and_vars",
        {"orders.csv": GOOD},
        variables={"dovecote_orders": "some_model"},
        error="DOVECOTE_DATA and the var dovecote_orders are both set",
    ),
]


CASES = [*JSON, *PARQUET, *FOLDERS]
