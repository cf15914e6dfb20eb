"""A shop larger than memory: Parquet partitioned by arrival, made by several processes.

Chunks of blocks are made side by side, and each spills its rows in order of arrival, cut by
partition. Then every partition is put together from what all chunks spilled for it. Chunks do not
depend on the number of workers, so the bytes do not either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dovecote.simulate.files import WrittenFile, add_up_dirt, entity_tables, to_table
from dovecote.simulate.schema import ARRIVES_AT, ENTITIES, TRUTH
from dovecote.simulate.settings import Settings
from dovecote.simulate.shop import make_block
from dovecote.simulate.streams import SHOP_BLOCK, FloatArray, block_count

BY_DAY = ("orders", "order_items", "events")
"""What grows by the hour: one more day is one more file."""
AS_ONE = ("products", "exchange_rates", "exclusions", "truth/parameters")
"""Lists that hardly grow with the days. All other tables are partitioned by month."""

CHUNK_BLOCKS = 10
BYTES_A_CUSTOMER, BYTES_AN_EVENT = 800, 90
"""Disk while a shop is made, spilled parts included; a bit more than was measured."""

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")
OnProgress = Callable[[str, int, int], None]


class _Part(NamedTuple):
    """Rows of one partition that a chunk spilled: an Arrow stream inside a file."""

    path: Path
    start: int
    size: int


class _File(NamedTuple):
    """A file to write: its table, its path within the shop, and its rows in order of chunks."""

    table: str
    path: str
    parts: list[_Part]


class _Chunk(NamedTuple):
    parts: dict[tuple[str, str], _Part]
    dirt: pd.DataFrame


def write_partitions(
    settings: Settings, out: Path, workers: int = 2, on_progress: OnProgress | None = None
) -> list[WrittenFile]:
    """Simulate a shop into folders of Parquet files, one file a day or month of arrival.

    The files of a table, one after the other by name, hold the rows that `write_shop` writes, in
    the same order. Orders, order items and events have a file a day, as in
    ``events/2025-01/2025-01-31.parquet``; products, exchange rates and exclusions are one file;
    the others have a file a month, as in ``reviews/2025-01.parquet``. A day or month without rows
    has no file. Times of arrival after the window's end, of late rows, have files too.

    Parameters
    ----------
    settings
        The request; its file format must be ``"parquet"``.
    out
        An existing folder, on whose disk the parts are spilled too.
    workers
        Processes that make the shop, at least 1. They take no part in what the bytes are.
    on_progress
        Called with what is done (``"chunks"``, then ``"files"``), how many and of how many.

    Returns
    -------
    list of WrittenFile
        One a table, with its file or folder: the entities, then the truth.

    Raises
    ------
    ValueError
        If the settings ask for CSV, the workers are none, or the disk is too small.
    OSError
        If a file cannot be written.
    """
    if settings.file_format != "parquet":
        raise ValueError("A partitioned shop is written as Parquet: add --format parquet.")
    if workers < 1:
        raise ValueError(f"--workers is {workers}: give at least 1.")
    _check_disk(settings, out)
    chunks = range(-(-block_count(settings.customers) // CHUNK_BLOCKS))
    spilled: dict[tuple[str, str], list[_Part]] = defaultdict(list)
    dirt = []
    with (
        TemporaryDirectory(prefix=".spill-", dir=out) as spill,
        _processes(workers) as run,
    ):
        made = run(partial(_make_chunk, settings, Path(spill)), chunks)
        for chunk in _counted("chunks", made, len(chunks), on_progress):
            dirt.append(chunk.dirt)
            for key, part in chunk.parts.items():
                spilled[key].append(part)
        to_write = [_File(*key, spilled[key]) for key in sorted(spilled)]
        merged = run(partial(_merge, out), to_write)
        files = list(_counted("files", merged, len(to_write), on_progress))
    total = to_table(add_up_dirt(pd.concat(dirt)), TRUTH["dirt"], as_text=False)
    files.append(_write(total, "truth/dirt", out / "truth" / "dirt.parquet"))
    tables = [*ENTITIES, *(f"truth/{name}" for name in TRUTH)]
    return [_total(table, out, files) for table in tables]


def _check_disk(settings: Settings, out: Path) -> None:
    events = settings.customers * settings.events_per_customer
    pace = max(settings.purchase_pace, 1)
    needed = settings.customers * pace * BYTES_A_CUSTOMER + events * BYTES_AN_EVENT
    free = disk_usage(out).free
    if needed > free:
        raise ValueError(
            f"--out {out} has {free / 1e9:,.1f} GB free, and the shop takes about "
            f"{needed / 1e9:,.1f} GB while it is made: name a larger disk, or a smaller shop."
        )


@contextmanager
def _processes(
    workers: int,
) -> Iterator[Callable[[Callable[[_Task], _Done], Iterable[_Task]], Iterator[_Done]]]:
    """Give a `map` over processes; what has not begun when it is left never begins."""
    if workers == 1:
        yield map
        return
    # Not forked: a copy of a process that has threads may wait for locks that nobody holds.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _use_one_core)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _use_one_core() -> None:
    pa.set_cpu_count(1)


def _counted(
    what: str, results: Iterator[_Done], total: int, on_progress: OnProgress | None
) -> Iterator[_Done]:
    for done, result in enumerate(results, start=1):
        yield result
        if on_progress:
            on_progress(what, done, total)


def _make_chunk(settings: Settings, spill: Path, chunk: int) -> _Chunk:
    """Make some blocks and spill their rows; what all customers share comes first."""
    first = chunk * CHUNK_BLOCKS
    last = min(first + CHUNK_BLOCKS, block_count(settings.customers))
    tables: dict[str, list[pa.Table]] = defaultdict(list)
    dirt = []
    for block in range(first if chunk else SHOP_BLOCK, last):
        rows = make_block(settings, block)
        for entity, table, arrives_at in entity_tables(rows, as_text=False):
            tables[entity].append(_with_arrival(table, arrives_at))
        for name, frame in rows.truth.items():
            if name == "dirt":
                dirt.append(frame)
            else:
                table = to_table(frame, TRUTH[name], as_text=False)
                arrives_at = _arrival(frame)
                tables[f"truth/{name}"].append(_with_arrival(table, arrives_at))
    parts = {}
    for name, blocks in tables.items():
        path = spill / f"{name.replace('/', '-')}-{chunk}.arrows"
        for file, part in _spill(name, pa.concat_tables(blocks), path):
            parts[name, file] = part
    return _Chunk(parts, pd.concat(dirt))


def _arrival(truth: pd.DataFrame) -> FloatArray:
    if ARRIVES_AT in truth:
        return truth[ARRIVES_AT].to_numpy(dtype=np.float64)
    return np.zeros(len(truth))


def _with_arrival(table: pa.Table, arrives_at: FloatArray) -> pa.Table:
    return table.append_column(ARRIVES_AT, pa.array(arrives_at))


def _spill(name: str, table: pa.Table, path: Path) -> Iterator[tuple[str, _Part]]:
    """Write rows in order of arrival, a stream a partition, and say where each one is."""
    table = _by_arrival(table)
    period = _period(name, table[ARRIVES_AT].to_numpy())
    starts = np.flatnonzero(np.append(True, period[1:] != period[:-1])[: len(period)])
    ends = np.append(starts[1:], len(table))[: len(starts)]
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with path.open("wb") as file:
        for start, end in zip(starts, ends, strict=True):
            place = file.tell()
            with pa.ipc.new_stream(file, table.schema, options=options) as stream:
                stream.write_table(table.slice(start, end - start))
            yield _path(name, period[start]), _Part(path, place, file.tell() - place)


def _period(table: str, arrives_at: FloatArray) -> NDArray[np.datetime64]:
    """Return the day or month of arrival; the same for all rows of a table of one file."""
    at = np.zeros_like(arrives_at) if table in AS_ONE else arrives_at
    unit = "datetime64[D]" if table in BY_DAY else "datetime64[M]"
    return at.astype("datetime64[s]").astype(unit)


def _path(table: str, period: np.datetime64) -> str:
    if table in AS_ONE:
        return f"{table}.parquet"
    if table in BY_DAY:
        return f"{table}/{period.astype('datetime64[M]')}/{period}.parquet"
    return f"{table}/{period}.parquet"


def _by_arrival(table: pa.Table) -> pa.Table:
    """Sort rows by arrival; those that arrive together stay in the order of their blocks."""
    order = np.argsort(table[ARRIVES_AT].to_numpy(), kind="stable")
    return table.combine_chunks().take(pa.array(order))


def _merge(out: Path, file: _File) -> WrittenFile:
    table = _by_arrival(pa.concat_tables([_read(part) for part in file.parts]))
    return _write(table.drop_columns(ARRIVES_AT), file.table, out / file.path)


def _read(part: _Part) -> pa.Table:
    with part.path.open("rb") as file:
        file.seek(part.start)
        return pa.ipc.open_stream(file.read(part.size)).read_all()


def _write(table: pa.Table, name: str, path: Path) -> WrittenFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
    return WrittenFile(name, path, table.num_rows, path.stat().st_size)


def _total(table: str, out: Path, files: list[WrittenFile]) -> WrittenFile:
    own = [file for file in files if file.table == table]
    path = own[0].path if len(own) == 1 else out / table
    return WrittenFile(table, path, sum(f.rows for f in own), sum(f.size for f in own))
