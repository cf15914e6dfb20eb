"""Bad values in good files: their types, their times, their keys."""

from __future__ import annotations

from datetime import datetime
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
    ORDER_AMOUNTS,
    ORDER_KEYS,
    ORDER_TIMES,
    Case,
    january,
    orders,
    text,
)

TYPES = [
    Case(
        "amounts_that_are_none",
        {
            "orders.csv": orders(
                *(
                    f'o{number},c,2024-01-01,"{amount}"'
                    for number, amount in enumerate(
                        [
                            "1e308",
                            "NaN",
                            "inf",
                            "1,234.50",
                            "$10",
                            "10 EUR",
                            "ten",
                            "1.2.3",
                            "99999999999999999999",
                            "0x10",
                        ]
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
                    for number, amount in enumerate(
                        [" 10 ", "1e3", "+5", ".5", "7.", "0", "1.23456", "-0"]
                    )
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
                "order_item_id,order_id,product_id,quantity",
                "i1,o1,p1,1",
                "i2,o1,p1,-1",
                "i3,o2,p2,few",
                "i4,o2,,2",
            ),
        },
        counts={"orders": GOOD_COUNTS, "order_items": Counts(4, accepted=1, quarantined=3)},
        reasons={
            "order_items": [
                "bad_type(quantity)",
                "missing_value(product_id)",
                "negative(quantity)",
            ],
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
                "product_id,stock_units",
                "p1,7",
                "p2,7.0",
                "p3,7.5",
                "p4,3000000000",
                "p5,many",
                "p6,-3",
                "p7,",
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
                    for number, spelling in enumerate(
                        ["true", "FALSE", "yes", "No", "1", "0", "t", " y ", "", "ja", "2"]
                    )
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
                    for number, score in enumerate(
                        ["0", "10", "9.0", "", "12", "-1", "9.5", "promoter"]
                    )
                ),
            ),
        },
        counts={"orders": GOOD_COUNTS, "nps_responses": Counts(8, accepted=4, quarantined=4)},
        reasons={
            "nps_responses": [
                "bad_type(score)",
                "bad_type(score)",
                "out_of_range(score)",
                "out_of_range(score)",
            ]
        },
    ),
    Case(
        "unknown_status",
        {
            "orders.csv": text(
                f"{HEADER},status", f"{O1},Paid", f"{O2},teleported", f"{O3},", f"{O4}, CANCELLED "
            )
        },
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
                "o5,c,  2024/1/1 10:00  ,1",
            )
        },
        counts={"orders": Counts(5, accepted=5)},
        values={ORDER_TIMES: [(f"o{number}", january(1, 10)) for number in range(1, 6)]},
    ),
    Case(
        # DuckDB takes the name of a zone in one row for that of the rows after it.
        "names_of_zones_do_not_move_other_rows",
        {
            "orders.csv": orders(
                "o1,c,2024-01-01 10:00:00,1",
                "o2,c,2024-01-01 10:00:00 America/New_York,1",
                "o3,c,2024-01-01 10:00:00,1",
                "o4,c,2024-01-01,1",
            )
        },
        counts={"orders": Counts(4, accepted=3, quarantined=1)},
        reasons={"orders": ["bad_type(ordered_at)"]},
        values={ORDER_TIMES: [("o1", january(1, 10)), ("o3", january(1, 10)), ("o4", january(1))]},
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
                            "yesterday",
                            "01/02/2024",
                            "2024-13-01",
                            "2024-02-30",
                            "20240101",
                            "1704067200",
                            "infinity",
                            "-infinity",
                            "290000-01-01",
                            "0044-03-15 (BC)",
                            "2024-01-01T25:00:00",
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
            "orders.csv": orders(
                O1,
                "o2,c2,0001-01-01,20",
                "o3,c3,1970-01-01T00:00:00Z,30",
                "o4,c4,1989-12-31 23:59:59,40",
                "o5,c5,1990-01-01,50",
            )
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
            "order_items.csv": text(
                "order_item_id,order_id,product_id", "i1,o1,p1", "i3,o3,p1", "i4,o4,p1", "i9,o9,p1"
            ),
            "events.csv": text(
                "event_id,occurred_at", "e1,2024-01-02T23:59:59.999999Z", "e2,2024-01-03"
            ),
            "customers.csv": text(
                "customer_id,created_at", "c1,2024-01-01", "c3,2024-01-03", "c5,"
            ),
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
        # Only what cannot have happened yet, or says no time at all, is a fault there.
        "what_is_after_as_of_is_not_judged",
        {
            "orders.csv": orders(
                O1,
                "o3,c3,2024-01-03,lots",
                "o3,c3,2024-01-03,30",
                "o3,c3,2024-01-03,30",
                "o4,c4,2099-01-01,40",
                "o5,c5,later,50",
            )
        },
        as_of="2024-01-02T00:00:00Z",
        counts={"orders": Counts(6, accepted=1, quarantined=2, after_as_of=3)},
        reasons={"orders": ["after_run_start(ordered_at)", "bad_type(ordered_at)"]},
    ),
    Case(
        "as_of_that_is_no_time",
        {"orders.csv": GOOD},
        as_of="soon",
        error="DOVECOTE_AS_OF is 'soon'",
    ),
    Case(
        "as_of_at_infinity",
        {"orders.csv": GOOD},
        as_of="-infinity",
        error="DOVECOTE_AS_OF is '-infinity'",
    ),
    Case(
        "as_of_in_the_future",
        {"orders.csv": GOOD},
        as_of="2099-01-01",
        error="which has not come yet",
    ),
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
        # One row of each value of o1 is in conflict, the third is equal to the first.
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
        {
            "orders.csv": orders(
                O1, ",c2,2024-01-02,20", '"",c3,2024-01-03,30', '"  ",c4,2024-01-04,40'
            )
        },
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
            "reviews.csv": text(
                "review_id,customer_id,product_id,order_id,rating,created_at",
                "r1,c9,p9,o9,5,2024-01-01",
            ),
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
            "order_items.csv": text(
                "order_item_id,order_id,product_id", ",o1,p1", ",o1,p1", "i1,o1,p1", "i1,o1,p1"
            ),
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
            "select from_customer_id, customer_id"
            " from dovecote_intermediate.int_core__customer_merges order by 1": [
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
            "orders.csv": text(
                f"{HEADER},currency", f"{O1},EUR", f"{O2},USD", f"{O3},USD", f"{O4},XXX"
            ),
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


CASES = [*TYPES, *TIMES, *KEYS]
