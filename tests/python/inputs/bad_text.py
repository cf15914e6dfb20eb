"""Bad CSV files: their lines, their bytes, their headers."""

from __future__ import annotations

from decimal import Decimal

from input_builds import Counts
from input_cases import (
    CUSTOMER_OF_ORDER,
    GOOD,
    GOOD_COUNTS,
    HEADER,
    O1,
    O2,
    O3,
    O4,
    ORDER_KEYS,
    ORDER_VALUES,
    PLACES,
    Case,
    accepted_orders,
    january,
    order,
    orders,
    records,
    text,
)

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
        {
            "orders.csv": orders(
                O1, 'o2,"c2,2024-01-02,20', O3, 'o4,"c4",2024-01-04,40', "o5,c5,2024-01-05,50"
            )
        },
        counts={"orders": Counts(5, accepted=2, quarantined=3)},
        reasons={"orders": ["malformed_line"] * 3},
        values={ORDER_KEYS: [("o1",), ("o5",)]},
    ),
    Case(
        "quotes_that_close_on_the_next_line_hold_one_cell",
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
        {
            "orders.csv": orders(
                'o1,"c ""1""",2024-01-01,10', 'o2,5" c2,2024-01-02,20', 'o3, "c,3",2024-01-03,30'
            )
        },
        counts={"orders": Counts(3, accepted=3)},
        values={CUSTOMER_OF_ORDER: [("o1", 'c "1"'), ("o2", '5" c2'), ("o3", "c,3")]},
    ),
    Case(
        "ids_with_quotes_semicolons_and_sql",
        {
            "orders.csv": orders(
                "o'1,c;1,2024-01-01,10", 'o2;--,"c\'); drop table x; --",2024-01-02,20'
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={CUSTOMER_OF_ORDER: [("o'1", "c;1"), ("o2;--", "c'); drop table x; --")]},
    ),
    Case(
        "embedded_line_breaks",
        {
            "orders.csv": orders(
                'o1,"c\n\n1",2024-01-01,10', 'o2,"c\r\n2",2024-01-02,20', 'o3,"c\r3",2024-01-03,30'
            )
        },
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
        reasons={
            "orders": [
                "missing_key(order_id), missing_value(ordered_at), missing_value(gross_amount)"
            ]
        },
    ),
    Case(
        "no_final_line_end",
        {"orders.csv": GOOD.removesuffix(b"\n")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "lines_end_with_cr_lf",
        {"orders.csv": orders(O1, O2, end="\r\n")},
        counts={"orders": GOOD_COUNTS},
    ),
    Case(
        "lines_end_with_cr",
        {"orders.csv": orders(O1, O2, end="\r")},
        counts={"orders": GOOD_COUNTS},
    ),
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
        {
            "orders.csv": orders(O1)
            + text('o2,"c2,2024-01-02,20', end="\r\n")
            + text('o3,"c3",2024-01-03,30', O4)
        },
        counts={"orders": Counts(4, accepted=2, quarantined=2)},
        reasons={"orders": ["malformed_line"] * 2},
        values={ORDER_KEYS: [("o1",), ("o4",)]},
    ),
    Case(
        "line_ends_of_the_last_column_stay_out",
        {
            "orders.csv": GOOD,
            "exclusions.csv": b"reason,customer_id\nstaff,c1\r\ntest,c2\nfraud,c3\r\n",
        },
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
        {
            "orders.csv": orders(
                "o1,caf\u00e9 \u20ac,2024-01-01,10", "o2,\U0001f600 \u65e5\u672c,2024-01-02,20"
            )
        },
        counts={"orders": GOOD_COUNTS},
        values={CUSTOMER_OF_ORDER: [("o1", "caf\u00e9 \u20ac"), ("o2", "\U0001f600 \u65e5\u672c")]},
    ),
    Case(
        "characters_beyond_latin_and_malformed_line",
        {
            "orders.csv": orders(
                'o1,"caf\u00e9 \u20ac",2024-01-01,10', '"o2"\u20ac,c2,2024-01-02,20'
            )
        },
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
    Case(
        "utf_16",
        {"orders.csv": GOOD.decode().encode("utf-16")},
        error="orders.csv is not UTF-8 text",
    ),
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
        {
            "orders.csv": orders(
                "\x07,c\x1f1,2024-01-01,10", "\x07\x1e\x07", "o2,\x0b,2024-01-02,20"
            )
        },
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
    Case(
        "empty_file",
        {"orders.csv": b""},
        error="orders.csv is empty: its first line must name the columns.",
    ),
    Case(
        "file_of_blank_lines",
        {"orders.csv": b"\n\r\n\n"},
        error="orders.csv starts with a blank line",
    ),
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
        {
            "orders.csv": text(
                f"remark,{HEADER},source_position,line_count", f"hello,{O1},7,500", f",{O2},8,900"
            )
        },
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
            accepted_orders(
                "x_columns ->> '/x_gift', x_columns ->> '/x_it''s a \"b\"',"
                " x_columns ->> '/x_a.b', x_columns ->> '/x_gr\u00f6\u00dfe'"
            ): [
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
        error="its columns look separated by another character than ',': set the var",
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
        {
            "orders.csv": GOOD.replace(b",", b"\t")
            + b'o3\t"c\t3"\t2024-01-03\t30\n"o4"x\tc4\t2024-01-04\t40\n'
        },
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["malformed_line"]},
        variables={"dovecote_csv_delimiter": "\t"},
    ),
    Case(
        "bars_as_told",
        {
            "orders.csv": GOOD.replace(b",", b"|")
            + b'o3|"c|3"|2024-01-03|30\n"o4"x|c4|2024-01-04|40\n'
        },
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


CASES = [*LINES, *BYTES, *HEADERS]
