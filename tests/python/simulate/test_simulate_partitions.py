"""Shops in partitions: the rows of the shop in one piece, each in the file of its arrival."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated_shops import write

from dovecote.simulate import Settings, make_blocks, prepare_folder, write_partitions
from dovecote.simulate.catalogue import make_catalogue
from dovecote.simulate.partitions import CHUNK_BLOCKS
from dovecote.simulate.streams import BLOCK_SIZE

# Two chunks, the second one with half a block.
BLEMISHED = Settings(
    customers=CHUNK_BLOCKS * BLOCK_SIZE + 500,
    days=45,
    seed=3,
    file_format="parquet",
    dirty_share=0.02,
    late_share=0.05,
    events_per_customer=3,
)
ENTITIES = [
    "orders",
    "order_items",
    "customers",
    "products",
    "events",
    "reviews",
    "nps_responses",
    "customer_merges",
    "exclusions",
    "exchange_rates",
]


def write_parts(settings: Settings, folder: Path, workers: int = 1) -> Path:
    prepare_folder(folder)
    write_partitions(settings, folder, workers)
    return folder


def parts(folder: Path, table: str) -> list[Path]:
    """Return the files of a table by name."""
    one = folder / f"{table}.parquet"
    return [one] if one.exists() else sorted((folder / table).rglob("*.parquet"))


def rows(folder: Path, table: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in parts(folder, table)])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parts(BLEMISHED, tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="module")
def in_one_piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(BLEMISHED, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("table", [*ENTITIES, "truth/parameters", "truth/dirt"])
def test_files_one_after_the_other_are_the_shop_in_one_piece(
    table: str, shop: Path, in_one_piece: Path
) -> None:
    whole = pq.read_table(in_one_piece / f"{table}.parquet")
    assert len(whole) > 0
    assert rows(shop, table).equals(whole)


def test_the_truth_of_customers_is_the_same_in_another_order(
    shop: Path, in_one_piece: Path
) -> None:
    whole = pq.read_table(in_one_piece / "truth" / "customers.parquet")
    parted = rows(shop, "truth/customers")
    assert parted.sort_by("customer_id").equals(whole.sort_by("customer_id"))


def test_a_shop_has_the_files_it_says(shop: Path) -> None:
    assert not list(shop.glob(".*"))
    days = [f"{BLEMISHED.start + timedelta(n):%Y-%m/%Y-%m-%d}.parquet" for n in range(45)]
    for table in ("orders", "events"):
        names = [str(path.relative_to(shop / table)) for path in parts(shop, table)]
        assert names[:45] == days
        # Late rows arrive up to four days after the end.
        assert 1 <= len(names[45:]) <= 4
    names = [str(path.relative_to(shop)) for path in parts(shop, "order_items")]
    assert names == [f"order_items/{day}" for day in days]
    for table in ("customers", "reviews", "nps_responses", "truth/customers"):
        names = [path.name for path in parts(shop, table)]
        assert names == ["2025-01.parquet", "2025-02.parquet"]
    for table in ("products", "exchange_rates", "exclusions", "truth/parameters", "truth/dirt"):
        assert (shop / f"{table}.parquet").is_file()


class Arrived(NamedTuple):
    rows: pd.DataFrame
    days_late: pd.Series


def arrived(shop: Path, table: str, happened_at: str) -> Arrived:
    """Return the rows that are not dirt, and how many days after its day a row's file is."""
    frames = [
        pq.read_table(path).to_pandas().assign(day=pd.Timestamp(path.stem))
        for path in parts(shop, table)
    ]
    frame = pd.concat(frames, ignore_index=True)
    key = frame.iloc[:, 0]
    frame = frame[key.notna() & ~key.str.endswith("-d", na=False)]
    return Arrived(frame, (frame["day"] - frame[happened_at].dt.floor("D")).dt.days)


@pytest.mark.parametrize(("table", "at"), [("events", "occurred_at"), ("orders", "ordered_at")])
def test_a_row_is_in_the_file_of_its_day_or_up_to_four_days_later(
    table: str, at: str, shop: Path
) -> None:
    late = arrived(shop, table, at).days_late
    assert late.between(0, 4).all()
    expected = BLEMISHED.late_share
    error = np.sqrt(expected * (1 - expected) / len(late))
    assert abs((late > 0).mean() - expected) < 4 * error


def test_lines_are_in_the_file_of_the_day_of_their_order(shop: Path) -> None:
    ordered = arrived(shop, "orders", "ordered_at").rows.drop_duplicates("order_id")
    ordered_on = ordered.set_index("order_id")["ordered_at"].dt.floor("D")
    lines = pd.concat(
        pq.read_table(path).to_pandas().assign(day=pd.Timestamp(path.stem))
        for path in parts(shop, "order_items")
    )
    known = lines[lines["order_id"].isin(ordered_on.index)]
    assert len(known) > 0.95 * len(lines)
    assert (known["order_id"].map(ordered_on) == known["day"]).all()


@pytest.mark.parametrize(
    ("table", "at"), [("reviews", "created_at"), ("nps_responses", "invited_at")]
)
def test_other_rows_are_in_the_file_of_their_month(table: str, at: str, shop: Path) -> None:
    for path in parts(shop, table):
        frame = pq.read_table(path).to_pandas()
        frame = frame[frame.iloc[:, 0].notna() & ~frame.iloc[:, 0].str.endswith("-d", na=False)]
        assert (frame[at].dt.strftime("%Y-%m") == path.stem).all()


@pytest.mark.slow
def test_workers_do_not_change_a_byte(shop: Path, tmp_path: Path) -> None:
    side_by_side = write_parts(BLEMISHED, tmp_path / "shop", workers=2)
    files = {path.relative_to(shop) for path in shop.rglob("*.*") if path.is_file()}
    assert files == {p.relative_to(side_by_side) for p in side_by_side.rglob("*.*") if p.is_file()}
    assert len(files) > 150
    for file in files:
        assert (shop / file).read_bytes() == (side_by_side / file).read_bytes(), file


def test_written_files_are_summed_by_table(tmp_path: Path) -> None:
    small = replace(BLEMISHED, customers=200)
    done: list[tuple[str, int, int]] = []
    written = write_partitions(small, tmp_path, 1, lambda *step: done.append(step))
    assert [file.table for file in written][:3] == ["orders", "order_items", "customers"]
    events = written[4]
    assert (events.table, events.path) == ("events", tmp_path / "events")
    assert events.rows == len(rows(tmp_path, "events"))
    assert events.size == sum(path.stat().st_size for path in parts(tmp_path, "events"))
    assert done[0] == ("chunks", 1, 1)
    assert done[-1][0] == "files"
    assert done[-1][1] == done[-1][2]


def test_what_cannot_be_written_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="written as Parquet: add --format parquet"):
        write_partitions(replace(BLEMISHED, file_format="csv"), tmp_path)
    with pytest.raises(ValueError, match="--workers is 0: give at least 1"):
        write_partitions(BLEMISHED, tmp_path, workers=0)
    full = shutil.disk_usage(tmp_path)._replace(free=2_000_000)
    monkeypatch.setattr("dovecote.simulate.partitions.disk_usage", lambda _: full)
    with pytest.raises(ValueError, match=r"has 0\.0 GB free, and the shop takes about"):
        write_partitions(BLEMISHED, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_largest_shops_have_a_range_too() -> None:
    _, products = make_catalogue(replace(BLEMISHED, customers=2_000_000))
    assert len(products) == 1_440
    assert products["product_name"].is_unique


def test_pace_multiplies_repeat_purchases() -> None:
    stationary = Settings(customers=4_000, days=300, seed=5, stationary=True, events_per_customer=0)
    usual, quick = (
        pd.concat([b.truth["customers"] for b in make_blocks(settings) if "customers" in b.truth])
        for settings in (stationary, replace(stationary, purchase_pace=2))
    )
    buyers, repeats = zip(
        *(
            ((truth["true_purchases"] > 0).mean(), (truth["true_purchases"] - 1).clip(0).mean())
            for truth in (usual, quick)
        ),
        strict=True,
    )
    assert abs(buyers[1] - buyers[0]) < 0.03
    assert 1.8 < repeats[1] / repeats[0] < 2.2
