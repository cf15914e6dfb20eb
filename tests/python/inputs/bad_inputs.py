"""The corpus: one small folder of bad files a case, and what must become of every row, worked by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from builds import Counts

HEADER = "order_id,customer_id,ordered_at,gross_amount"
WIDE = f"{HEADER},status,currency,updated_at"


@dataclass(frozen=True)
class Case:
    """One folder and what must come of it.

    error     a part of the sentence that stops the run, `counts` and the rest stay empty then
    counts    per entity with rows: where they went; all others must have none
    reasons   per entity: why each quarantined row was rejected, sorted
    values    a query of the warehouse, and its rows
    by_lines  files whose records cannot be counted by a reader of well-formed text
    """

    name: str
    files: Mapping[str, bytes | Callable[[], bytes]]
    error: str | None = None
    counts: Mapping[str, Counts] = field(default_factory=dict)
    reasons: Mapping[str, list[str]] = field(default_factory=dict)
    values: Mapping[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    folder: str = "inputs"
    as_of: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)

    def contents(self) -> dict[str, bytes]:
        return {
            name: given if isinstance(given, bytes) else given()
            for name, given in self.files.items()
        }


def text(*lines: str, end: str = "\n") -> bytes:
    """Join lines to a file, each of them ended."""
    return "".join(line + end for line in lines).encode()


def orders(*lines: str, end: str = "\n") -> bytes:
    return text(HEADER, *lines, end=end)


def records(*rows: Mapping[str, Any]) -> bytes:
    """JSON lines."""
    return text(*(json.dumps(row, ensure_ascii=False) for row in rows))


def parquet(**columns: Any) -> bytes:
    """Write a Parquet file of columns, each a list or a typed array."""
    return parquet_table(pa.table(columns))


def parquet_table(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def order(number: int, **more: Any) -> dict[str, Any]:
    """Make the fields of a good order."""
    fields = {
        "order_id": f"o{number}",
        "customer_id": f"c{number}",
        "ordered_at": f"2024-01-{number:02d}T10:00:00Z",
        "gross_amount": 10 * number,
    }
    return fields | more


O1 = "o1,c1,2024-01-01T10:00:00Z,10"
O2 = "o2,c2,2024-01-02T10:00:00Z,20"
O3 = "o3,c3,2024-01-03T10:00:00Z,30"
O4 = "o4,c4,2024-01-04T10:00:00Z,40"
GOOD = orders(O1, O2)
GOOD_COUNTS = Counts(rows_in=2, accepted=2)

ORDER_KEYS = "select order_id from dovecote_staging.stg_orders order by 1"
ORDER_VALUES = (
    "select order_id, customer_id, ordered_at, gross_amount from dovecote_staging.stg_orders order by 1"
)
ORDER_TIMES = "select order_id, ordered_at from dovecote_staging.stg_orders order by 1"
ORDER_AMOUNTS = "select order_id, gross_amount from dovecote_staging.stg_orders order by 1"
CUSTOMER_OF_ORDER = "select order_id, customer_id from dovecote_staging.stg_orders order by 1"
PLACES = (
    "select source_name, source_position, raw_row from dovecote_marts.mart_quarantine"
    " where entity = 'orders' order by quarantine_number"
)
X_COLUMNS = "select order_id, x_columns from dovecote_staging.stg_orders order by 1"


def january(day: int, hour: int = 0, *rest: int) -> datetime:
    return datetime(2024, 1, day, hour, *rest)


LINES = [
    Case(
        "truncated_line",
        {"orders.csv": orders(O1, "o2,c2", O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [("orders.csv", "line 3", "o2,c2")], ORDER_KEYS: [("o1",), ("o3",)]},
    ),
    Case(
        "truncated_last_line_without_line_end",
        {"orders.csv": orders(O1) + b"o2,c2,2024-"},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [("orders.csv", "line 3", "o2,c2,2024-")]},
    ),
    Case(
        "truncated_line_after_blank_lines",
        {"orders.csv": orders(O1, "", "", "o2,c2", O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [("orders.csv", "line 5", "o2,c2")]},
    ),
    Case(
        "too_many_cells",
        {"orders.csv": orders(O1, O2 + ",surplus", O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [("orders.csv", "line 3", O2 + ",surplus")]},
    ),
    Case(
        "too_many_cells_beside_a_blank_line",
        {"orders.csv": orders(O1, "", O2 + ",surplus", O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "too_many_cells_among_mixed_line_ends",
        {"orders.csv": orders(O1) + text(O2 + ",surplus", end="\r\n") + text(O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "trailing_comma_adds_nothing",
        {"orders.csv": orders(O1 + ",", O2)},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "unbalanced_quote_to_the_end",
        {"orders.csv": orders(O1, 'o2,"c2,2024-01-02,20', O3, O4)},
        counts={"orders": Counts(4, accepted=1, quarantined=3)},
        reasons={"orders": ["malformed_line"] * 3},
        values={
            PLACES: [
                ("orders.csv", "line 3", 'o2,"c2,2024-01-02,20'),
                ("orders.csv", "line 4", O3),
                ("orders.csv", "line 5", O4),
            ]
        },
    ),
    Case(
        "unbalanced_quote_until_the_next_quote",
        {"orders.csv": orders(O1, 'o2,"c2,2024-01-02,20', O3, 'o4,"c4",2024-01-04,40', "o5,c5,2024-01-05,50")},
        counts={"orders": Counts(5, accepted=2, quarantined=3)},
        reasons={"orders": ["malformed_line"] * 3},
        values={ORDER_KEYS: [("o1",), ("o5",)]},
    ),
    Case(
        "unbalanced_quote_would_swallow_a_record",
        {"orders.csv": orders(O1, 'o2,"c2,2024-01-02', 'o3,c3",2024-01-03,30', O4)},
        counts={"orders": Counts(3, accepted=3)},
        values={
            CUSTOMER_OF_ORDER: [("o1", "c1"), ("o2", "c2,2024-01-02\no3,c3"), ("o4", "c4")],
        },
    ),
    Case(
        "text_after_a_closing_quote",
        {"orders.csv": orders(O1, 'o2,"c2"x,2024-01-02,20', O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "backslash_does_not_escape_a_quote",
        {"orders.csv": orders(O1, 'o2,"c\\"2",2024-01-02,20', O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "quotes_inside_cells",
        {"orders.csv": orders('o1,"c ""1""",2024-01-01,10', 'o2,5" c2,2024-01-02,20', 'o3, "c,3",2024-01-03,30')},
        counts={"orders": Counts(3, accepted=3)},
        values={CUSTOMER_OF_ORDER: [("o1", 'c "1"'), ("o2", '5" c2'), ("o3", "c,3")]},
    ),
    Case(
        "ids_with_quotes_semicolons_and_sql",
        {"orders.csv": orders("o'1,c;1,2024-01-01,10", "o2;--,\"c'); drop table x; --\",2024-01-02,20")},
        counts={"orders": GOOD_COUNTS},
        values={CUSTOMER_OF_ORDER: [("o'1", "c;1"), ("o2;--", "c'); drop table x; --")]},
    ),
    Case(
        "embedded_line_breaks",
        {"orders.csv": orders('o1,"c\n\n1",2024-01-01,10', 'o2,"c\r\n2",2024-01-02,20', 'o3,"c\r3",2024-01-03,30')},
        counts={"orders": Counts(3, accepted=3)},
        values={CUSTOMER_OF_ORDER: [("o1", "c\n\n1"), ("o2", "c\r\n2"), ("o3", "c\r3")]},
    ),
    Case(
        "embedded_line_breaks_in_a_column_nobody_reads",
        {"orders.csv": text(HEADER + ",remark", O1 + ',"a\nb\nc"', O2 + ",")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "embedded_line_breaks_and_a_malformed_line",
        {"orders.csv": orders('o1,"c\n\n1",2024-01-01,10', 'o2,"c\r\r2",2024-01-02', O3)},
        # Lines of what is no record count one by one: o1 is 1, the two pieces of o2 and o3.
        counts={"orders": Counts(4, accepted=2, quarantined=2)},
        reasons={"orders": ["malformed_line"] * 2},
        values={CUSTOMER_OF_ORDER: [("o1", "c\n\n1"), ("o3", "c3")]},
    ),
    Case(
        "blank_lines",
        {"orders.csv": orders(O1, "", O2, "", "")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "blank_lines_in_a_file_of_one_column",
        {"orders.csv": GOOD, "exclusions.csv": text("customer_id", "c1", "", '"c2"', '""', "")},
        counts={"orders": GOOD_COUNTS, "exclusions": Counts(3, accepted=2, quarantined=1)},
        reasons={"exclusions": ["missing_key(customer_id)"]},
    ),
    Case(
        "blank_lines_ended_by_cr_lf_in_a_file_of_one_column",
        {"orders.csv": GOOD, "exclusions.csv": text("customer_id", "c1", "", "c2", end="\r\n")},
        counts={"orders": GOOD_COUNTS, "exclusions": Counts(2, accepted=2)},
    ),
    Case(
        "lines_of_spaces",
        {"orders.csv": orders(O1, "   ", O2, "\t")},
        counts={"orders": Counts(4, accepted=2, quarantined=2)},
        reasons={"orders": ["malformed_line"] * 2},
    ),
    Case(
        "lines_of_commas",
        {"orders.csv": orders(O1, ",,,")},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["missing_key(order_id), missing_value(ordered_at), missing_value(gross_amount)"]},
    ),
    Case(
        "no_final_line_end",
        {"orders.csv": GOOD.removesuffix(b"\n")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case("lines_end_with_cr_lf", {"orders.csv": orders(O1, O2, end="\r\n")}, counts={"orders": GOOD_COUNTS}),
    Case("lines_end_with_cr", {"orders.csv": orders(O1, O2, end="\r")}, counts={"orders": GOOD_COUNTS}),
    Case(
        "mixed_line_ends",
        {
            "orders.csv": orders(O1)
            + text('"o2","c2",2024-01-02T10:00:00Z,"20"', end="\r\n")
            + text("o3,c3,2024-01-03T10:00:00Z,30", end="\r")
            + text('o4,"c\n4",2024-01-04T10:00:00Z,40', end="\n")
        },
        counts={"orders": Counts(4, accepted=4)},
        values={
            ORDER_VALUES: [
                ("o1", "c1", january(1, 10), Decimal(10)),
                ("o2", "c2", january(2, 10), Decimal(20)),
                ("o3", "c3", january(3, 10), Decimal(30)),
                ("o4", "c\n4", january(4, 10), Decimal(40)),
            ]
        },
    ),
    Case(
        "mixed_line_ends_and_unbalanced_quote",
        {"orders.csv": orders(O1) + text('o2,"c2,2024-01-02,20', end="\r\n") + text('o3,"c3",2024-01-03,30', O4)},
        counts={"orders": Counts(4, accepted=2, quarantined=2)},
        reasons={"orders": ["malformed_line"] * 2},
        values={ORDER_KEYS: [("o1",), ("o4",)]},
    ),
    Case(
        "line_ends_of_the_last_column_stay_out",
        {"orders.csv": GOOD, "exclusions.csv": b"reason,customer_id\nstaff,c1\r\ntest,c2\nfraud,c3\r\n"},
        counts={"orders": GOOD_COUNTS, "exclusions": Counts(3, accepted=3)},
        values={
            "select customer_id, reason from dovecote_staging.stg_exclusions order by 1": [
                ("c1", "staff"),
                ("c2", "test"),
                ("c3", "fraud"),
            ]
        },
    ),
]

BYTES = [
    Case(
        "byte_order_mark",
        {"orders.csv": b"\xef\xbb\xbf" + GOOD},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_KEYS: [("o1",), ("o2",)]},
    ),
    Case(
        "byte_order_mark_and_malformed_line",
        {"orders.csv": b"\xef\xbb\xbf" + orders('"o0"x,,,', O1)},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "byte_order_mark_in_json",
        {"orders.jsonl": b"\xef\xbb\xbf" + records(order(1), order(2))},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "characters_beyond_latin",
        {"orders.csv": orders("o1,caf\u00e9 \u20ac,2024-01-01,10", "o2,\U0001f600 \u65e5\u672c,2024-01-02,20")},
        counts={"orders": GOOD_COUNTS},
        values={CUSTOMER_OF_ORDER: [("o1", "caf\u00e9 \u20ac"), ("o2", "\U0001f600 \u65e5\u672c")]},
    ),
    Case(
        "characters_beyond_latin_and_malformed_line",
        {"orders.csv": orders('o1,"caf\u00e9 \u20ac",2024-01-01,10', '"o2"\u20ac,c2,2024-01-02,20')},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={
            CUSTOMER_OF_ORDER: [("o1", "caf\u00e9 \u20ac")],
            PLACES: [("orders.csv", "line 3", '"o2"\u20ac,c2,2024-01-02,20')],
        },
    ),
    Case(
        "invalid_utf8",
        {"orders.csv": orders(O1) + b"o2,M\xfcller,2024-01-02,20\n" + text(O3)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["invalid_utf8"]},
    ),
    Case(
        "invalid_utf8_within_a_quoted_line_break",
        {"orders.csv": orders(O1) + b'o2,"M\xfc\nller",2024-01-02,20\n' + text(O3)},
        counts={"orders": Counts(4, accepted=2, quarantined=2)},
        reasons={"orders": ["invalid_utf8", "malformed_line"]},
    ),
    Case(
        "invalid_utf8_in_json",
        {"orders.jsonl": records(order(1)) + b'{"order_id": "o\xff"}\n' + records(order(3))},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["invalid_utf8"]},
    ),
    Case(
        "invalid_utf8_in_the_header",
        {"orders.csv": f"{HEADER},gr\u00f6\u00dfe\n{O1},1\n".encode("latin-1")},
        error="orders.csv is not UTF-8 text: save it as UTF-8.",
    ),
    Case("utf_16", {"orders.csv": GOOD.decode().encode("utf-16")}, error="orders.csv is not UTF-8 text"),
    Case(
        "utf_16_without_mark",
        {"orders.csv": GOOD.decode().encode("utf-16-le")},
        error="orders.csv is not UTF-8 text",
    ),
    Case(
        "utf_16_json",
        {"orders.jsonl": records(order(1)).decode().encode("utf-16-be")},
        error="orders.jsonl is not UTF-8 text",
    ),
    Case(
        "nul_bytes",
        {"orders.csv": orders("o1,c\x001,2024-01-01,10", "o2,c2,2024-01-02,2\x000", "\x00")},
        counts={"orders": Counts(3, accepted=1, quarantined=2)},
        reasons={"orders": ["bad_type(gross_amount)", "malformed_line"]},
        values={CUSTOMER_OF_ORDER: [("o1", "c\x001")]},
    ),
    Case(
        "control_characters",
        {"orders.csv": orders("\x07,c\x1f1,2024-01-01,10", "\x07\x1e\x07", "o2,\x0b,2024-01-02,20")},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "cell_of_10_mb",
        {"orders.csv": lambda: orders(O1, f"o2,{'x' * 10_000_000},2024-01-02,20", O3)},
        counts={"orders": Counts(3, accepted=3)},
        values={
            "select length(customer_id) from dovecote_staging.stg_orders order by order_id": [
                (2,),
                (10_000_000,),
                (2,),
            ]
        },
    ),
    Case(
        "cell_of_10_mb_in_json",
        {"orders.jsonl": lambda: records(order(1), order(2, customer_id="x" * 10_000_000))},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "line_of_40_mb",
        {"orders.csv": lambda: orders(O1, f"o2,{'x' * 40_000_000},2024-01-02,20")},
        error="orders.csv has more than 32 MB in line 3: shorten the line or take it out.",
    ),
    Case(
        "gzip_named_csv",
        {"orders.csv": bytes.fromhex("1f8b0800000000000003") + b"\x00\x01\xff\xfe" * 20},
        error="orders.csv is not UTF-8 text",
    ),
]

HEADERS = [
    Case("empty_file", {"orders.csv": b""}, error="orders.csv is empty: its first line must name the columns."),
    Case("file_of_blank_lines", {"orders.csv": b"\n\r\n\n"}, error="orders.csv starts with a blank line"),
    Case(
        "blank_line_before_the_header",
        {"orders.csv": b"\n" + GOOD},
        error="orders.csv starts with a blank line: its first line must name the columns.",
    ),
    Case("header_only", {"orders.csv": text(HEADER)}, counts={}),
    Case("header_only_without_line_end", {"orders.csv": HEADER.encode()}, counts={}),
    Case(
        "empty_file_of_another_entity",
        {"orders.csv": GOOD, "customers.csv": b""},
        error="customers.csv is empty",
    ),
    Case("no_header", {"orders.csv": text(O1, O2)}, error="orders.csv has no column order_id"),
    Case(
        "missing_column",
        {"orders.csv": text("order_id,customer_id,ordered_at", "o1,c1,2024-01-01")},
        error="orders.csv has no column gross_amount (it has: order_id, customer_id, ordered_at);"
        " rename or add the column.",
    ),
    Case(
        "renamed_column",
        {"orders.csv": text("id,customer_id,ordered_at,gross_amount", O1)},
        error="orders.csv has no column order_id (it has: id,",
    ),
    Case(
        "missing_column_of_another_entity",
        {"orders.csv": GOOD, "events.csv": text("event_id,event_type", "e1,view")},
        error="events.csv has no column occurred_at",
    ),
    Case(
        "missing_optional_columns",
        {"orders.csv": GOOD, "products.csv": text("product_id", "p1", "p2")},
        counts={"orders": GOOD_COUNTS, "products": Counts(2, accepted=2)},
    ),
    Case(
        "extra_columns",
        {"orders.csv": text(f"remark,{HEADER},source_position,line_count", f"hello,{O1},7,500", f",{O2},8,900")},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_KEYS: [("o1",), ("o2",)]},
    ),
    Case(
        "columns_passed_through",
        {
            "orders.csv": text(
                f'{HEADER},x_gift,"x_it\'s a ""b""",x_a.b,x_gr\u00f6\u00dfe',
                f"{O1},yes,1,2,3",
                f"{O2},,,,",
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={
            "select x_columns ->> '/x_gift', x_columns ->> '/x_it''s a \"b\"', x_columns ->> '/x_a.b',"
            " x_columns ->> '/x_gr\u00f6\u00dfe' from dovecote_staging.stg_orders order by order_id": [
                ("yes", "1", "2", "3"),
                (None, None, None, None),
            ]
        },
    ),
    Case(
        "duplicated_header",
        {"orders.csv": text(f"{HEADER},Order_ID", f"{O1},o9")},
        error="orders.csv has the column 'order_id' 2 times in its header: keep one.",
    ),
    Case(
        "column_without_a_name",
        {"orders.csv": text(f"{HEADER},", f"{O1},1")},
        error="orders.csv has a column without a name in its header: name it.",
    ),
    Case(
        "header_in_capitals_with_spaces_and_quotes",
        {"orders.csv": text('ORDER_ID, "Customer_Id" ,"ordered_at", Gross_Amount ', O1, O2)},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_KEYS: [("o1",), ("o2",)]},
    ),
    Case(
        "comma_within_a_quoted_header",
        {"orders.csv": text(f'"remark, internal",{HEADER}', f"a,{O1}", f'"b,c",{O2}')},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "line_break_within_a_quoted_header",
        {"orders.csv": text(f'{HEADER},"remark', 'internal"', f"{O1},a")},
        error="orders.csv has a quote in its header that is not closed on the same line",
    ),
    Case(
        "wrong_delimiter",
        {"orders.csv": GOOD.replace(b",", b";")},
        error="its columns look separated by another character than ',': set the var dovecote_csv_delimiter.",
    ),
    Case(
        "semicolons_as_told",
        {"orders.csv": GOOD.replace(b",", b";") + b'"o3";"c;3";2024-01-03;30\no4;c4\n'},
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        variables={"dovecote_csv_delimiter": ";"},
    ),
    Case(
        "tabs_as_told",
        {"orders.csv": GOOD.replace(b",", b"\t") + b'o3\t"c\t3"\t2024-01-03\t30\n"o4"x\tc4\t2024-01-04\t40\n'},
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        variables={"dovecote_csv_delimiter": "\t"},
    ),
    Case(
        "bars_as_told",
        {"orders.csv": GOOD.replace(b",", b"|") + b'o3|"c|3"|2024-01-03|30\n"o4"x|c4|2024-01-04|40\n'},
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        variables={"dovecote_csv_delimiter": "|"},
    ),
    Case(
        "very_many_columns",
        {
            "orders.csv": text(
                HEADER + "".join(f",extra_{number}" for number in range(1500)),
                O1 + ',"a\nb"' * 1500,
                O2 + "," * 1500,
                O3 + "," * 1400,
            )
        },
        # The record of o1 takes 1501 lines.
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
]

TYPES = [
    Case(
        "amounts_that_are_none",
        {
            "orders.csv": orders(
                *(
                    f'o{number},c,2024-01-01,"{amount}"'
                    for number, amount in enumerate(
                        ["1e308", "NaN", "inf", "1,234.50", "$10", "10 EUR", "ten", "1.2.3", "99999999999999999999", "0x10"]
                    )
                )
            )
        },
        counts={"orders": Counts(10, quarantined=10)},
        reasons={"orders": ["bad_type(gross_amount)"] * 10},
    ),
    Case(
        "amounts_in_other_spellings",
        {
            "orders.csv": orders(
                *(
                    f'o{number},c,2024-01-01,"{amount}"'
                    for number, amount in enumerate([" 10 ", "1e3", "+5", ".5", "7.", "0", "1.23456", "-0"])
                )
            )
        },
        counts={"orders": Counts(8, accepted=8)},
        values={
            ORDER_AMOUNTS: [
                (f"o{number}", Decimal(amount))
                for number, amount in enumerate(["10", "1000", "5", "0.5", "7", "0", "1.2346", "0"])
            ]
        },
    ),
    Case(
        "negative_amounts",
        {
            "orders.csv": text(
                f"{HEADER},discount_amount,refund_amount",
                f"{O1},-1,",
                "o2,c2,2024-01-02,-20,,",
                f"{O3},,-0.0001",
                "o4,c4,2024-01-04,-1,-2,-3",
            )
        },
        counts={"orders": Counts(4, quarantined=4)},
        reasons={
            "orders": [
                "negative(discount_amount)",
                "negative(gross_amount)",
                "negative(gross_amount), negative(discount_amount), negative(refund_amount)",
                "negative(refund_amount)",
            ]
        },
    ),
    Case(
        "negative_quantities",
        {
            "orders.csv": GOOD,
            "order_items.csv": text(
                "order_item_id,order_id,product_id,quantity", "i1,o1,p1,1", "i2,o1,p1,-1", "i3,o2,p2,few", "i4,o2,,2"
            ),
        },
        counts={"orders": GOOD_COUNTS, "order_items": Counts(4, accepted=1, quarantined=3)},
        reasons={
            "order_items": ["bad_type(quantity)", "missing_value(product_id)", "negative(quantity)"],
        },
    ),
    Case(
        "refund_above_the_order",
        {"orders.csv": text(f"{HEADER},refund_amount", f"{O1},500")},
        counts={"orders": Counts(1, accepted=1)},
    ),
    Case(
        "whole_numbers",
        {
            "orders.csv": GOOD,
            "products.csv": text(
                "product_id,stock_units", "p1,7", "p2,7.0", "p3,7.5", "p4,3000000000", "p5,many", "p6,-3", "p7,"
            ),
        },
        counts={"orders": GOOD_COUNTS, "products": Counts(7, accepted=4, quarantined=3)},
        reasons={"products": ["bad_type(stock_units)"] * 3},
        values={
            "select product_id, stock_units from dovecote_staging.stg_products order by 1": [
                ("p1", 7),
                ("p2", 7),
                ("p6", -3),
                ("p7", None),
            ]
        },
    ),
    Case(
        "booleans",
        {
            "orders.csv": GOOD,
            "customers.csv": text(
                "customer_id,email_consent",
                *(
                    f"k{number},{spelling}"
                    for number, spelling in enumerate(["true", "FALSE", "yes", "No", "1", "0", "t", " y ", "", "ja", "2"])
                ),
            ),
        },
        counts={"orders": GOOD_COUNTS, "customers": Counts(11, accepted=9, quarantined=2)},
        reasons={"customers": ["bad_type(email_consent)"] * 2},
        values={
            "select email_consent from dovecote_staging.stg_customers order by customer_id": [
                (value,) for value in (True, False, True, False, True, False, True, True, None)
            ]
        },
    ),
    Case(
        "numbers_of_events",
        {
            "orders.csv": GOOD,
            "events.csv": text(
                "event_id,occurred_at,event_type,duration_seconds,position",
                "e1,2024-01-01,view,1.5,1",
                "e2,2024-01-01,view,NaN,1",
                "e3,2024-01-01,view,1e308,1",
                "e4,2024-01-01,view,2,1.5",
                "e5,,view,2,1",
                ",2024-01-01,view,2,1",
            ),
        },
        counts={"orders": GOOD_COUNTS, "events": Counts(6, accepted=1, quarantined=5)},
        reasons={
            "events": [
                "bad_type(duration_seconds)",
                "bad_type(duration_seconds)",
                "bad_type(position)",
                "missing_key(event_id)",
                "missing_value(occurred_at)",
            ]
        },
    ),
    Case(
        "ratings",
        {
            "orders.csv": GOOD,
            "reviews.csv": text(
                "review_id,rating,created_at",
                *(
                    f"r{number},{rating},2024-01-01"
                    for number, rating in enumerate(["1", "5", "4.5", "", "7", "0", "five"])
                ),
            ),
        },
        counts={"orders": GOOD_COUNTS, "reviews": Counts(7, accepted=4, quarantined=3)},
        reasons={"reviews": ["bad_type(rating)", "out_of_range(rating)", "out_of_range(rating)"]},
    ),
    Case(
        "scores",
        {
            "orders.csv": GOOD,
            "nps_responses.csv": text(
                "response_id,score,responded_at",
                *(
                    f"n{number},{score},2024-01-01"
                    for number, score in enumerate(["0", "10", "9.0", "", "12", "-1", "9.5", "promoter"])
                ),
            ),
        },
        counts={"orders": GOOD_COUNTS, "nps_responses": Counts(8, accepted=4, quarantined=4)},
        reasons={
            "nps_responses": ["bad_type(score)", "bad_type(score)", "out_of_range(score)", "out_of_range(score)"]
        },
    ),
    Case(
        "unknown_status",
        {"orders.csv": text(f"{HEADER},status", f"{O1},Paid", f"{O2},teleported", f"{O3},", f"{O4}, CANCELLED ")},
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["unknown_status(teleported)"]},
    ),
]

TIMES = [
    Case(
        "spellings_of_one_instant",
        {
            "orders.csv": orders(
                "o1,c,2024-01-01T10:00:00Z,1",
                "o2,c,2024-01-01 12:00:00+02:00,1",
                "o3,c,2024-01-01T02:00:00-0800,1",
                "o4,c,2024-01-01 10:00:00,1",
                "o5,c,2024-01-01 11:00:00 Europe/Berlin,1",
                "o6,c,  2024/1/1 10:00  ,1",
            )
        },
        counts={"orders": Counts(6, accepted=6)},
        values={ORDER_TIMES: [(f"o{number}", january(1, 10)) for number in range(1, 7)]},
    ),
    Case(
        "clocks_put_forward_and_back",
        {
            "orders.csv": orders(
                "o1,c,2023-03-26 02:30:00+01:00,1",
                "o2,c,2023-10-29 02:30:00+02:00,1",
                "o3,c,2023-10-29 02:30:00+01:00,1",
            )
        },
        counts={"orders": Counts(3, accepted=3)},
        values={
            ORDER_TIMES: [
                ("o1", datetime(2023, 3, 26, 1, 30)),
                ("o2", datetime(2023, 10, 29, 0, 30)),
                ("o3", datetime(2023, 10, 29, 1, 30)),
            ]
        },
    ),
    Case(
        "times_that_are_none",
        {
            "orders.csv": orders(
                *(
                    f'o{number},c,"{value}",1'
                    for number, value in enumerate(
                        [
                            "yesterday", "01/02/2024", "2024-13-01", "2024-02-30", "20240101", "1704067200",
                            "infinity", "-infinity", "290000-01-01", "0044-03-15 (BC)", "2024-01-01T25:00:00",
                        ]
                    )
                )
            )
        },
        counts={"orders": Counts(11, quarantined=11)},
        reasons={"orders": ["bad_type(ordered_at)"] * 11},
    ),
    Case(
        "a_row_of_2099_does_not_move_as_of",
        {"orders.csv": orders(O1, O2, "o3,c3,2099-01-01,30")},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["after_run_start(ordered_at)"]},
        values={
            "select as_of from dovecote_intermediate.int_core__run": [(january(2, 10, 0, 0, 1),)],
        },
    ),
    Case(
        "the_future_in_any_column_does_not_move_as_of",
        {
            "orders.csv": text(
                f"{HEADER},refunded_at,delivered_at,promised_at,updated_at",
                f"{O1},,,2099-01-01,",
                f"{O2},2099-01-01,,,",
                f"{O3},,2099-01-01T00:00:00+14:00,,",
                f"{O4},,,,2099-01-01",
            ),
            "events.csv": text("event_id,occurred_at", "e1,9999-12-30"),
            "customers.csv": text("customer_id,created_at", "c1,infinity"),
        },
        counts={
            "orders": Counts(4, accepted=1, quarantined=3),
            "events": Counts(1, quarantined=1),
            "customers": Counts(1, quarantined=1),
        },
        reasons={
            "orders": [
                "after_run_start(delivered_at)",
                "after_run_start(refunded_at)",
                "after_run_start(updated_at)",
            ],
            "events": ["after_run_start(occurred_at)"],
            "customers": ["bad_type(created_at)"],
        },
        # The latest order is of the fourth, quarantined for another column.
        values={
            "select as_of from dovecote_intermediate.int_core__run": [(january(4, 10, 0, 0, 1),)],
        },
    ),
    Case(
        "ancient_dates",
        {
            "orders.csv": orders(O1, "o2,c2,0001-01-01,20", "o3,c3,1970-01-01T00:00:00Z,30", "o4,c4,1989-12-31 23:59:59,40", "o5,c5,1990-01-01,50")
        },
        counts={"orders": Counts(5, accepted=2, quarantined=3)},
        reasons={"orders": ["before_1990(ordered_at)"] * 3},
    ),
    Case(
        "only_ancient_dates",
        {"orders.csv": orders("o1,c1,1970-01-01,10", "o2,c2,-infinity,20")},
        counts={"orders": Counts(2, quarantined=2)},
        reasons={"orders": ["bad_type(ordered_at)", "before_1990(ordered_at)"]},
    ),
    Case(
        "rows_at_and_after_as_of",
        {
            "orders.csv": orders(O1, O2, "o3,c3,2024-01-03T00:00:00Z,30", O4),
            "order_items.csv": text("order_item_id,order_id,product_id", "i1,o1,p1", "i3,o3,p1", "i4,o4,p1", "i9,o9,p1"),
            "events.csv": text("event_id,occurred_at", "e1,2024-01-02T23:59:59.999999Z", "e2,2024-01-03"),
            "customers.csv": text("customer_id,created_at", "c1,2024-01-01", "c3,2024-01-03", "c5,"),
        },
        as_of="2024-01-03",
        counts={
            "orders": Counts(4, accepted=2, after_as_of=2),
            "order_items": Counts(4, accepted=2, after_as_of=2),
            "events": Counts(2, accepted=1, after_as_of=1),
            "customers": Counts(3, accepted=2, after_as_of=1),
        },
    ),
    Case(
        "what_is_wrong_and_after_as_of_is_wrong",
        {"orders.csv": orders(O1, "o3,c3,2024-01-03,lots", "o3,c3,2024-01-03,30", "o3,c3,2024-01-03,30")},
        as_of="2024-01-02T00:00:00Z",
        counts={"orders": Counts(4, accepted=1, quarantined=1, after_as_of=2)},
        reasons={"orders": ["bad_type(gross_amount)"]},
    ),
    Case("as_of_that_is_no_time", {"orders.csv": GOOD}, as_of="soon", error="DOVECOTE_AS_OF is 'soon'"),
    Case("as_of_at_infinity", {"orders.csv": GOOD}, as_of="-infinity", error="DOVECOTE_AS_OF is '-infinity'"),
    Case("as_of_in_the_future", {"orders.csv": GOOD}, as_of="2099-01-01", error="which has not come yet"),
]

KEYS = [
    Case(
        "same_key_and_same_values",
        {"orders.csv": orders(O1, O2, O1, " o1 , c1,2024-01-01 11:00:00+01:00,10.00", O1)},
        counts={"orders": Counts(5, accepted=2, duplicates=3)},
    ),
    Case(
        "same_key_and_other_values",
        {"orders.csv": orders(O1, O2, "o1,c1,2024-01-01T10:00:00Z,11", O1)},
        # o1 comes with two values: one copy of each is in conflict, the third row is equal to the first.
        counts={"orders": Counts(4, accepted=1, duplicates=1, quarantined=2)},
        reasons={"orders": ["conflicting_key(order_id)"] * 2},
        values={ORDER_KEYS: [("o2",)]},
    ),
    Case(
        "the_latest_version_wins",
        {
            "orders.csv": text(
                f"{HEADER},updated_at",
                "o1,c1,2024-01-01,10,2024-01-05",
                "o1,c1,2024-01-01,12,2024-01-07",
                "o1,c1,2024-01-01,11,2024-01-06",
                "o1,c1,2024-01-01,9,",
                "o2,c2,2024-01-08,20,",
            )
        },
        counts={"orders": Counts(5, accepted=2, duplicates=3)},
        values={ORDER_AMOUNTS: [("o1", Decimal(12)), ("o2", Decimal(20))]},
    ),
    Case(
        "two_latest_versions",
        {
            "orders.csv": text(
                f"{HEADER},updated_at",
                "o1,c1,2024-01-01,10,2024-01-06",
                "o1,c1,2024-01-01,11,2024-01-06",
                "o1,c1,2024-01-01,9,2024-01-05",
                "o2,c2,2024-01-08,20,",
            )
        },
        counts={"orders": Counts(4, accepted=1, quarantined=3)},
        reasons={"orders": ["conflicting_key(order_id)"] * 3},
    ),
    Case(
        "a_version_of_after_as_of",
        {
            "orders.csv": text(
                f"{HEADER},updated_at",
                "o1,c1,2024-01-01,10,2024-01-02",
                "o1,c1,2024-01-01,11,2024-01-09",
            )
        },
        as_of="2024-01-05",
        counts={"orders": Counts(2, accepted=1, after_as_of=1)},
        values={ORDER_AMOUNTS: [("o1", Decimal(10))]},
    ),
    Case(
        "a_key_in_two_letter_cases_is_two",
        {"orders.csv": orders(O1, O1.replace("o1", "O1"))},
        counts={"orders": Counts(2, accepted=2)},
    ),
    Case(
        "a_wrong_row_does_not_spoil_its_key",
        {"orders.csv": orders(O1, "o1,c1,2024-01-01T10:00:00Z,-10", O2)},
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["negative(gross_amount)"]},
        values={ORDER_KEYS: [("o1",), ("o2",)]},
    ),
    Case(
        "empty_strings_as_ids",
        {"orders.csv": orders(O1, ",c2,2024-01-02,20", '"",c3,2024-01-03,30', '"  ",c4,2024-01-04,40')},
        counts={"orders": Counts(4, accepted=1, quarantined=3)},
        reasons={"orders": ["missing_key(order_id)"] * 3},
    ),
    Case(
        "guests",
        {"orders.csv": orders(O1, "o2,,2024-01-02,20", 'o3," ",2024-01-03,30')},
        counts={"orders": Counts(3, accepted=3)},
        values={CUSTOMER_OF_ORDER: [("o1", "c1"), ("o2", None), ("o3", None)]},
    ),
    Case(
        "orphans",
        {
            "orders.csv": GOOD,
            "order_items.csv": text("order_id,product_id,quantity", "o1,p9,1", "o9,p1,1"),
            "reviews.csv": text("review_id,customer_id,product_id,order_id,rating,created_at", "r1,c9,p9,o9,5,2024-01-01"),
            "events.csv": text("event_id,customer_id,occurred_at", "e1,c9,2024-01-01"),
            "exclusions.csv": text("customer_id,reason", "c9,staff"),
        },
        counts={
            "orders": GOOD_COUNTS,
            "order_items": Counts(2, accepted=2),
            "reviews": Counts(1, accepted=1),
            "events": Counts(1, accepted=1),
            "exclusions": Counts(1, accepted=1),
        },
    ),
    Case(
        "lines_without_an_id_are_no_duplicates",
        {
            "orders.csv": GOOD,
            "order_items.csv": text("order_item_id,order_id,product_id", ",o1,p1", ",o1,p1", "i1,o1,p1", "i1,o1,p1"),
        },
        counts={"orders": GOOD_COUNTS, "order_items": Counts(4, accepted=3, duplicates=1)},
    ),
    Case(
        "merges_in_chains_and_circles",
        {
            "orders.csv": GOOD,
            "customer_merges.csv": text(
                "from_customer_id,to_customer_id",
                *("a,b", "b,c", "x,y", "y,x", "s,s", "a,b", "d,e", "d,f", "g,"),
            ),
        },
        counts={
            "orders": GOOD_COUNTS,
            # a,b comes twice; d goes to two; g to none.
            "customer_merges": Counts(9, accepted=5, duplicates=1, quarantined=3),
        },
        reasons={
            "customer_merges": [
                "conflicting_key(from_customer_id)",
                "conflicting_key(from_customer_id)",
                "missing_value(to_customer_id)",
            ]
        },
        values={
            "select from_customer_id, customer_id from dovecote_intermediate.int_core__customer_merges order by 1": [
                ("a", "c"),
                ("b", "c"),
                ("s", "s"),
                ("x", "x"),
                ("y", "x"),
            ]
        },
    ),
    Case(
        "another_currency_without_rates",
        {"orders.csv": text(f"{HEADER},currency", f"{O1},EUR", f"{O2},EUR", f"{O3},USD", f"{O4},")},
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["no_exchange_rate(USD)"]},
    ),
    Case(
        "another_currency_with_rates",
        {
            "orders.csv": text(f"{HEADER},currency", f"{O1},EUR", f"{O2},USD", f"{O3},USD", f"{O4},XXX"),
            "exchange_rates.csv": text(
                "currency,rate_date,rate_to_reporting",
                "USD,2024-01-03,0.5",
                "USD,2024-01-03,0.50",
                "GBP,2024-01-01,1.1",
                "GBP,2024-01-01,1.2",
                "CHF,2024-01-01,-1",
                "SEK,someday,1",
                ",2024-01-01,1",
            ),
        },
        variables={"dovecote_currency": "EUR"},
        # The dollar has no rate before the third.
        counts={
            "orders": Counts(4, accepted=2, quarantined=2),
            "exchange_rates": Counts(7, accepted=1, duplicates=1, quarantined=5),
        },
        reasons={
            "orders": ["no_exchange_rate(USD)", "no_exchange_rate(XXX)"],
            "exchange_rates": [
                "bad_type(rate_date)",
                "conflicting_key(currency, rate_date)",
                "conflicting_key(currency, rate_date)",
                "missing_key(currency)",
                "negative(rate_to_reporting)",
            ],
        },
        values={ORDER_AMOUNTS: [("o1", Decimal(10)), ("o3", Decimal(15))]},
    ),
]

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
        "json_malformed_lines",
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
    Case("json_empty_objects", {"orders.jsonl": b"{}\n{}\n"}, error="orders.jsonl has no column order_id"),
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
        {"orders.jsonl": records(order(1)) + records(order(2)).replace(b"{", b'{"order_id": "o9", ')},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
    ),
    Case(
        "json_keys_of_all_kinds",
        {
            "orders.jsonl": records(
                {**order(1), "": 1, 'a"b': 1, "it's": 1, "line": "?", "source_position": "?", "$.order_id": "?"},
                {**order(2), 'x_a"b': 1, "x_it's/~": "2", "x_a.b": {"c": [3]}},
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={
            "select x_columns ->> '/x_a\"b', x_columns ->> '/x_it''s~1~0', x_columns ->> '/x_a.b'"
            " from dovecote_staging.stg_orders order by order_id": [(None, None, None), ("1", "2", '{"c":[3]}')]
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
    Case("json_lines_end_with_cr", {"orders.jsonl": records(order(1), order(2)).replace(b"\n", b"\r")}, counts={"orders": GOOD_COUNTS}),
    Case("ndjson_by_its_other_name", {"orders.ndjson": records(order(1), order(2))}, counts={"orders": GOOD_COUNTS}),
]

UTC_10 = datetime(2024, 1, 1, 10, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


def typed_orders(rows: int = 2, **columns: Any) -> bytes:
    """Write good orders to Parquet, with some columns instead of the good ones."""
    good = {
        "order_id": [f"o{number}" for number in range(1, rows + 1)],
        "customer_id": [f"c{number}" for number in range(1, rows + 1)],
        "ordered_at": pa.array([UTC_10] * rows, pa.timestamp("us", "UTC")),
        "gross_amount": pa.array([Decimal(number) for number in range(1, rows + 1)], pa.decimal128(18, 4)),
    }
    return parquet(**(good | columns))


PARQUET = [
    Case(
        "parquet_times_with_a_zone",
        {"orders.parquet": lambda: typed_orders(ordered_at=pa.array([datetime(2024, 1, 1, 11, tzinfo=BERLIN)] * 2, pa.timestamp("us", "Europe/Berlin")))},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_TIMES: [("o1", january(1, 10)), ("o2", january(1, 10))]},
    ),
    Case(
        "parquet_times_in_nanoseconds",
        {"orders.parquet": lambda: typed_orders(ordered_at=pa.array([1704103200123456789, None], pa.timestamp("ns")))},
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["missing_value(ordered_at)"]},
        values={ORDER_TIMES: [("o1", january(1, 10, 0, 0, 123456))]},
    ),
    Case(
        "parquet_times_in_milliseconds",
        {"orders.parquet": lambda: typed_orders(ordered_at=pa.array([1704103200123] * 2, pa.timestamp("ms")))},
        counts={"orders": GOOD_COUNTS},
        values={ORDER_TIMES: [(f"o{number}", january(1, 10, 0, 0, 123000)) for number in (1, 2)]},
    ),
    Case(
        "parquet_dates",
        {"orders.parquet": lambda: typed_orders(3, ordered_at=pa.array([date(2024, 1, 1), date(1900, 1, 1), date(2099, 1, 1)]))},
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
        {"orders.parquet": lambda: typed_orders(6, gross_amount=[10.1, float("nan"), float("inf"), 1e308, -0.5, 1e-9])},
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
                gross_amount=pa.array([Decimal("1.23456"), Decimal(10) ** 20], pa.decimal128(38, 10))
            )
        },
        counts={"orders": Counts(2, accepted=1, quarantined=1)},
        reasons={"orders": ["bad_type(gross_amount)"]},
        values={ORDER_AMOUNTS: [("o1", Decimal("1.2346"))]},
    ),
    Case(
        "parquet_parts_with_decimals_of_no_common_type",
        {
            "orders/a.parquet": lambda: typed_orders(1, gross_amount=pa.array([Decimal(10) ** 36], pa.decimal128(38, 0))),
            "orders/b.parquet": lambda: typed_orders(1, order_id=["o9"], gross_amount=pa.array([Decimal("0.1234")], pa.decimal128(18, 18))),
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
        reasons={"products": ["bad_type(is_active)", "bad_type(list_price), bad_type(stock_units)"]},
    ),
    Case(
        "parquet_nested_columns",
        {
            "orders.parquet": lambda: typed_orders(gross_amount=[{"value": 1}, None], x_lines=[[1, 2], None]),
            "products.parquet": lambda: parquet(product_id=["p1"], attributes=[{"size": "S"}], category=[["a", "b"]]),
        },
        counts={"orders": Counts(2, quarantined=2), "products": Counts(1, accepted=1)},
        reasons={"orders": ["bad_type(gross_amount)", "missing_value(gross_amount)"]},
    ),
    Case(
        "parquet_columns_without_values_or_type",
        {"orders.parquet": lambda: typed_orders(status=pa.nulls(2), updated_at=pa.nulls(2), x_none=pa.nulls(2))},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "parquet_names_as_the_readers_own",
        {"orders.parquet": lambda: typed_orders(source_position=["?", "?"], line_count=[100, 200], malformed_reason=["x", "y"])},
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
    Case("parquet_missing_column", {"orders.parquet": lambda: parquet(order_id=["o1"])}, error="orders.parquet has no column"),
    Case("parquet_without_rows", {"orders.parquet": lambda: typed_orders(0)}, counts={}),
    Case("parquet_empty_file", {"orders.parquet": b""}, error="orders.parquet is no whole Parquet file: write it again."),
    Case("parquet_truncated", {"orders.parquet": lambda: typed_orders()[:-20]}, error="orders.parquet is no whole Parquet file"),
    Case(
        "parquet_with_a_broken_footer",
        {"orders.parquet": lambda: typed_orders()[:-60] + b"\xff" * 52 + typed_orders()[-8:]},
        error="orders.parquet",
    ),
    Case("csv_named_parquet", {"orders.parquet": GOOD}, error="orders.parquet is no whole Parquet file"),
    Case("parquet_named_csv", {"orders.csv": lambda: typed_orders()}, error="orders.csv is not UTF-8 text"),
]

FOLDERS = [
    Case("missing_folder", {}, folder="nowhere", error="holds no orders: put orders.csv"),
    Case("folder_without_orders", {"customers.csv": text("customer_id", "c1")}, error="holds no orders"),
    Case("empty_folder_of_orders", {"orders/.keep": b""}, error="holds no orders"),
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
    Case("unknown_extension", {"orders.xlsx": b"PK"}, error="orders.xlsx is none of .csv, .jsonl and .parquet"),
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
            "orders/2024/b.csv": text(f"status,gross_amount,{HEADER.removesuffix(',gross_amount')}", "paid,20,o2,c2,2024-01-02"),
            "orders/c.jsonl": records(order(3, x_note="n", channel="web")),
            "orders/d.parquet": lambda: typed_orders(1, order_id=["o4"]),
        },
        counts={"orders": Counts(4, accepted=4)},
        values={
            "select order_id, status, channel, x_columns from dovecote_staging.stg_orders order by 1": [
                ("o1", None, None, None),
                ("o2", "paid", None, None),
                ("o3", None, "web", '{"x_note":"n"}'),
                ("o4", None, None, None),
            ],
        },
    ),
    Case(
        "parts_that_overlap",
        {"orders/a.csv": orders(O1, O2), "orders/b.csv": orders(O2, O3), "orders/c.jsonl": records(order(3))},
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
        error="orders/b.csv has no column customer_id, ordered_at, gross_amount",
    ),
    Case(
        "part_that_is_empty",
        {"orders/a.csv": GOOD, "orders/b.csv": b""},
        error="orders/b.csv is empty",
    ),
    Case(
        "names_with_spaces_and_quotes",
        {"orders/it's a \"part\"; 1.csv": orders(O1, "short"), "orders/Größe €.jsonl": records(order(2))},
        folder="in puts' folder",
        counts={"orders": Counts(3, accepted=2, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        values={PLACES: [("orders/it's a \"part\"; 1.csv", "line 3", "short")]},
    ),
    Case(
        "name_that_is_a_pattern",
        {"orders/part[1].csv": GOOD},
        error="orders/part[1].csv has one of * ? [ ] { } in its name, which is read as a pattern: rename it.",
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

CASES = [*LINES, *BYTES, *HEADERS, *TYPES, *TIMES, *KEYS, *JSON, *PARQUET, *FOLDERS]
