"""Shops of 1, 10 or 100 million events for `make bench`: 540 days, one day more, and late rows.

`python benchmarks/scale_data.py 10M FOLDER` writes

- `FOLDER/base`: what arrived in the first 540 days, less some late orders and events of the last
  60 of them, a twentieth of a day's rows;
- `FOLDER/day`: what arrived on day 541 until 15:30, which is a 540th of all events: the shop
  grows, so that the whole of its last day is a 254th;
- `FOLDER/late`: the same, and the late rows.

Build `base`, then `add` one of the others to it and build again. Few files are rewritten: a day is
a file, or the last month's file less its last day. Orders know their delivery and refund from the
start, so set DOVECOTE_AS_OF to the end of what has arrived: 2026-06-25 00:00:00 for `base`,
2026-06-25 15:30:00 for the others.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dovecote.simulate import Settings, prepare_folder, write_partitions
from dovecote.simulate.partitions import BY_DAY

CUSTOMERS = {"1M": 20_000, "10M": 200_000, "100M": 2_000_000}
DAYS = 541
LAST_DAY_ENDS_AFTER = timedelta(hours=15, minutes=30)
# A shop loses a few events of customers who leave meanwhile: this many give 50 a customer.
EVENTS_PER_CUSTOMER = 51.5
# Five orders a customer in 541 days.
PURCHASE_PACE = 2.3
SEED = 7
LATE_SHARE, LATE_WITHIN_DAYS = 0.05, 60
LATE_TABLES = ("orders", "events")
ARRIVED_AT = {
    "customers": "created_at",
    "reviews": "created_at",
    "nps_responses": "invited_at",
    "customer_merges": "merged_at",
}
"""When a row of a table that has a file a month came in."""
HAPPENED_AT = {"orders": "ordered_at", "events": "occurred_at"}
"""When a row of a table that has a file a day did, but for lines, which come with their order."""


def make(size: str, folder: Path, workers: int = 2) -> None:
    """Write the shop of a size and part it into base, day and late.

    Parameters
    ----------
    size
        ``"1M"``, ``"10M"`` or ``"100M"`` events.
    folder
        A folder that does not exist yet or is empty.
    workers
        Processes that make the shop.
    """
    settings = Settings(
        customers=CUSTOMERS[size],
        days=DAYS,
        seed=SEED,
        file_format="parquet",
        events_per_customer=EVENTS_PER_CUSTOMER,
        purchase_pace=PURCHASE_PACE,
    )
    prepare_folder(folder)
    base, day, late = (folder / name for name in ("base", "day", "late"))
    prepare_folder(base)
    with _measured("simulated"):
        write_partitions(settings, base, workers)
    with _measured("parted"):
        last = datetime.combine(settings.start, datetime.min.time()) + timedelta(DAYS - 1)
        _take_day(base, day, last)
        for file in files(day):
            _link(day / file, late / file)
        for table in LATE_TABLES:
            _hold_back(table, base, late, last)
    for step in (base, day, late):
        rows = {
            table: sum(
                pq.read_metadata(path).num_rows for path in (step / table).rglob("*.parquet")
            )
            for table in BY_DAY
        }
        size_in_bytes = sum((step / file).stat().st_size for file in files(step))
        counted = ", ".join(f"{number:,} {table}" for table, number in rows.items())
        print(f"{step}: {counted}, {size_in_bytes:,} bytes in {len(files(step))} files")


def add(folder: Path, step: str) -> None:
    """Put the files of ``"day"`` or ``"late"`` beside those of the base."""
    for file in files(folder / step):
        _link(folder / step / file, folder / "base" / file)


def take_away(folder: Path, step: str) -> None:
    """Undo `add`."""
    for file in files(folder / step):
        (folder / "base" / file).unlink()


def files(folder: Path) -> list[Path]:
    """Give all files of a folder, relative to it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))


def _take_day(base: Path, day: Path, last: datetime) -> None:
    """Move what arrived on the last day out of the base."""
    for table in BY_DAY:
        file = _file_of_day(table, last)
        (day / file).parent.mkdir(parents=True)
        (base / file).rename(day / file)
    _cut_day(day, last)
    for table, arrived_at in ARRIVED_AT.items():
        month = base / table / f"{last:%Y-%m}.parquet"
        rows = pq.read_table(month)
        arrived = rows[arrived_at]
        is_last = pc.greater_equal(arrived, pa.scalar(last, arrived.type))
        is_in_time = pc.less(arrived, pa.scalar(last + LAST_DAY_ENDS_AFTER, arrived.type))
        _write(rows.filter(pc.invert(is_last)), month)
        _write(rows.filter(pc.and_(is_last, is_in_time)), day / table / f"{last:%Y-%m-%d}.parquet")


def _cut_day(day: Path, last: datetime) -> None:
    """Take away what came after the hour at which the last day ends, orders with their lines."""
    paths = {table: day / _file_of_day(table, last) for table in BY_DAY}
    for table, happened_at in HAPPENED_AT.items():
        rows = pq.read_table(paths[table])
        ends_at = pa.scalar(last + LAST_DAY_ENDS_AFTER, rows[happened_at].type)
        is_in_time = pc.fill_null(pc.less(rows[happened_at], ends_at), True)
        _write(rows.filter(is_in_time), paths[table])
        if table == "orders":
            too_late = rows.filter(pc.invert(is_in_time))["order_id"].combine_chunks()
    lines = pq.read_table(paths["order_items"])
    is_too_late = pc.is_in(lines["order_id"], value_set=too_late)
    _write(lines.filter(pc.invert(is_too_late)), paths["order_items"])


def _hold_back(table: str, base: Path, late: Path, last: datetime) -> None:
    """Move some rows of the base's last days to the late ones, the same ones every time."""
    dates = [last - timedelta(back) for back in range(LATE_WITHIN_DAYS, 0, -1)]
    days = [base / _file_of_day(table, date) for date in dates]
    ends = np.cumsum([pq.read_metadata(path).num_rows for path in days])
    last_file = _file_of_day(table, last)
    count = round(LATE_SHARE * pq.read_metadata(late / last_file).num_rows)
    is_late = np.zeros(ends[-1], dtype=bool)
    is_late[np.random.default_rng(SEED).choice(ends[-1], count, replace=False)] = True
    held_back = []
    for path, is_late_that_day in zip(days, np.split(is_late, ends[:-1]), strict=True):
        rows = pq.read_table(path)
        held_back.append(rows.filter(pa.array(is_late_that_day)))
        _write(rows.filter(pa.array(~is_late_that_day)), path)
    _write(pa.concat_tables(held_back), (late / last_file).with_stem(f"{last:%Y-%m-%d}-late"))


def _file_of_day(table: str, day: datetime) -> Path:
    return Path(table) / f"{day:%Y-%m}" / f"{day:%Y-%m-%d}.parquet"


def _write(rows: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd")


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, target)


@contextmanager
def _measured(what: str) -> Iterator[None]:
    """Print what the block took: time, CPU and the peak memory of this process and its workers."""
    ended, peak = threading.Event(), [0]

    def watch() -> None:
        process = psutil.Process()
        while not ended.wait(0.2):
            used = 0
            for each in (process, *process.children(recursive=True)):
                try:
                    used += each.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], used)

    watcher = threading.Thread(target=watch, daemon=True)
    cpu, started = _cpu(), time.monotonic()
    watcher.start()
    yield
    ended.set()
    wall = time.monotonic() - started
    print(
        f"{what} in {wall:.1f} s, {_cpu() - cpu:.1f} s of CPU, at most {peak[0] / 1e9:.2f} GB",
        flush=True,
    )


def _cpu() -> float:
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in both)


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
