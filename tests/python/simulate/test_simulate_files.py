"""Bytes, columns, formats and the look of the written files."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated_shops import PLAIN, read, write

from dovecote.simulate import Settings
from dovecote.simulate.streams import block_ids

COLUMNS = {
    "orders": "order_id, customer_id, ordered_at, gross_amount, discount_amount, shipping_amount,"
    " tax_amount, refund_amount, refunded_at, cost_amount, status, status_changed_at,"
    " payment_status, promised_at, delivered_at, channel, coupon_code, currency, updated_at",
    "order_items": "order_item_id, order_id, product_id, quantity, unit_price, discount_amount,"
    " unit_cost",
    "customers": "customer_id, created_at, acquisition_channel, country, city, birth_year, gender,"
    " interests, loyalty_tier, email_consent, sms_consent, push_consent, closed_at, closed_reason,"
    " updated_at, x_newsletter_topic",
    "products": "product_id, product_name, description, attributes, category, brand, list_price,"
    " unit_cost, launched_at, is_active, stock_units, updated_at",
    "events": "event_id, customer_id, anonymous_id, session_id, occurred_at, event_type,"
    " product_id, page_path, referrer, search_query, result_count, duration_seconds, position,"
    " recommendation_id, campaign_id, device, channel, app_version",
    "reviews": "review_id, customer_id, product_id, order_id, rating, review_text, created_at",
    "nps_responses": "response_id, customer_id, score, comment, invited_at, responded_at",
    "customer_merges": "from_customer_id, to_customer_id, merged_at",
    "exclusions": "customer_id, reason",
    "exchange_rates": "currency, rate_date, rate_to_reporting",
}
SMALL = Settings(customers=120, days=90, seed=5, dirty_share=0.05, late_share=0.05)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.*"))
    }


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_flags_give_same_bytes_in_another_process(file_format: str, tmp_path: Path) -> None:
    command = "from dovecote.cli import app; app()"
    flags = (
        "simulate --customers 120 --days 90 --seed 5 --dirty-share 0.05 --late-share 0.05"
        f" --format {file_format} --out"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99", "TZ": "Asia/Tokyo"}
    subprocess.run(
        [sys.executable, "-c", command, *flags.split(), str(tmp_path / "other")],
        check=True,
        capture_output=True,
        env=environment,
    )
    here = write(replace(SMALL, file_format=file_format), tmp_path / "here")
    assert len(digests(here)) == 13
    assert digests(here) == digests(tmp_path / "other")


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    one = digests(write(SMALL, tmp_path / "one"))
    other = digests(write(replace(SMALL, seed=6), tmp_path / "other"))
    # Merges and exclusions may be empty in so small a shop; the parameters are always the same.
    same = {name for name in one if one[name] == other[name]}
    assert same <= {"truth/parameters.csv", "customer_merges.csv", "exclusions.csv"}


def test_files_have_the_agreed_columns_and_are_rfc_4180(plain_shop: Path) -> None:
    quoted = 0
    for entity, columns in COLUMNS.items():
        content = (plain_shop / f"{entity}.csv").read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
        assert rows[0] == columns.split(", ")
        assert {len(row) for row in rows} == {len(rows[0])}
        quoted += content.count(b'""')
    assert quoted > 100


def test_keys_are_unique_across_blocks(plain_shop: Path) -> None:
    for entity in list(COLUMNS)[:7]:
        assert read(plain_shop, entity).iloc[:, 0].is_unique
    customers = read(plain_shop, "customers")["customer_id"]
    assert {"c1", "c1000", "c1001", "c1500"} <= set(customers)


def test_block_ids_are_base_36_numbers_without_leading_zeros() -> None:
    ids = block_ids("e", 0, 1_300)
    assert [int(text[1:], 36) for text in ids] == list(range(1_300))
    assert list(ids[[0, 35, 36, 1_296]]) == ["e0", "ez", "e10", "e100"]
    assert [int(text[1:], 36) for text in block_ids("e", 40, 3)] == [
        40 * 36**4 + n for n in range(3)
    ]
    assert len(block_ids("e", 7, 0)) == 0


def test_parquet_holds_the_same_values_in_proper_types(plain_shop: Path, tmp_path: Path) -> None:
    folder = write(replace(PLAIN, file_format="parquet"), tmp_path / "shop")
    for entity in COLUMNS:
        table = pq.read_table(folder / f"{entity}.parquet")
        places = 6 if entity == "exchange_rates" else 2
        as_text = pd.DataFrame(
            {
                name: [cell_text(value, places) for value in table[name].to_pylist()]
                for name in table.column_names
            }
        )
        pd.testing.assert_frame_equal(as_text, read(plain_shop, entity), check_dtype=False)
    orders = pq.read_schema(folder / "orders.parquet")
    assert orders.field("ordered_at").type == pa.timestamp("us")
    assert orders.field("gross_amount").type == pa.decimal128(18, 4)
    customers = pq.read_schema(folder / "customers.parquet")
    assert customers.field("email_consent").type == pa.bool_()
    assert customers.field("birth_year").type == pa.int64()


def cell_text(value: object, places: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:.{places}f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
    return str(value)


def test_demo_flags_give_a_believable_shop_of_the_right_size(tmp_path: Path) -> None:
    folder = write(
        Settings(customers=2_000, days=546, seed=7, dirty_share=0.01, late_share=0.01),
        tmp_path / "demo",
    )
    assert sum(path.stat().st_size for path in folder.glob("*.csv")) < 4_600_000
    assert 25_000 < len(read(folder, "events")) < 30_000
    assert 140 < len(read(folder, "products")) < 160
    orders = read(folder, "orders")
    assert 5_000 < len(orders) < 8_000
    bought = orders[orders["status"].isin(["delivered", "completed", "shipped", "placed"])]
    assert 50 < pd.to_numeric(bought["gross_amount"], errors="coerce").mean() < 70
    monthly = orders["ordered_at"].str[:7].value_counts()
    assert monthly["2025-12"] > 1.4 * monthly["2025-10"]
    assert monthly["2026-06"] > 1.4 * monthly["2025-06"]
    truth = read(folder, "truth/customers").astype({"true_purchases": int})
    buyers = truth[truth["true_purchases"] > 0]
    is_once = buyers["true_purchases"] == 1
    assert 0.4 < is_once.mean() < 0.6
    once_by_channel = is_once.groupby(buyers["acquisition_channel"]).mean()
    assert once_by_channel["marketplace"] > once_by_channel["email"] + 0.2
