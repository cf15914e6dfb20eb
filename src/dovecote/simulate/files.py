"""Files of a simulated shop: CSV (RFC 4180, LF) or typed Parquet, byte for byte repeatable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dovecote.simulate.schema import ARRIVES_AT, ENTITIES, TRUTH, Kind
from dovecote.simulate.settings import FileFormat, Settings
from dovecote.simulate.shop import Block, make_blocks
from dovecote.simulate.streams import FloatArray

CSV_ROWS_AT_ONCE = 100_000
PARQUET_TYPES = {
    Kind.TIME: pa.timestamp("us"),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.RATE: pa.decimal128(18, 6),
}
"""Types of the columns that are kept otherwise until then."""


class WrittenFile(NamedTuple):
    """A file that was written: its table, path, rows and size in bytes."""

    table: str
    path: Path
    rows: int
    size: int


def prepare_folder(out: Path) -> None:
    """Make the output folder.

    Parameters
    ----------
    out
        A folder that does not exist yet or is empty.

    Raises
    ------
    ValueError
        If it holds files already, or is itself a file.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file: name a new folder.")
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(f"--out {out} exists and is not empty: empty it or name a new folder.")
    out.mkdir(parents=True, exist_ok=True)


def write_shop(settings: Settings, out: Path) -> list[WrittenFile]:
    """Simulate a shop and write its entities to ``out`` and the truth to ``out/truth``.

    Parameters
    ----------
    settings
        The request.
    out
        An existing folder.

    Returns
    -------
    list of WrittenFile
        The ten entities, then the truth.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    as_text = settings.file_format == "csv"
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    arrivals: dict[str, list[FloatArray]] = defaultdict(list)
    truths: dict[str, list[pd.DataFrame]] = defaultdict(list)
    for block in make_blocks(settings):
        for entity, table, arrives_at in entity_tables(block, as_text):
            parts[entity].append(table)
            arrivals[entity].append(arrives_at)
        for name, rows in block.truth.items():
            truths[name].append(rows)

    written = []
    for entity in ENTITIES:
        table = pa.concat_tables(parts[entity])
        by_arrival = np.argsort(np.concatenate(arrivals[entity]), kind="stable")
        written.append(_write(table.take(by_arrival), entity, out, settings.file_format))
    (out / "truth").mkdir()
    for name, kinds in TRUTH.items():
        frame = pd.concat(truths[name], ignore_index=True)
        if name == "dirt":
            frame = add_up_dirt(frame)
        table = to_table(frame, kinds, as_text)
        written.append(_write(table, f"truth/{name}", out, settings.file_format))
    return written


def entity_tables(block: Block, as_text: bool) -> Iterator[tuple[str, pa.Table, FloatArray]]:
    """Give a block's rows by entity, clean ones first, with the times at which they arrive."""
    for entity, rows in block.clean.items():
        table = to_table(rows, ENTITIES[entity], as_text)
        yield entity, table, rows[ARRIVES_AT].to_numpy(dtype=np.float64)
    for entity, added in block.dirt.items():
        table = to_table(added.rows, ENTITIES[entity], as_text)
        arrives_at = added.rows[ARRIVES_AT].to_numpy(dtype=np.float64)
        yield entity, _with_texts(table, added.texts), arrives_at


def add_up_dirt(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the dirty rows of all blocks by entity, kind and outcome."""
    return counts.groupby(["entity", "kind", "outcome"]).sum().reset_index()


def _write(table: pa.Table, name: str, out: Path, file_format: FileFormat) -> WrittenFile:
    path = out / f"{name}.{file_format}"
    if file_format == "csv":
        with path.open("wb") as file:
            file.write((",".join(table.column_names) + "\n").encode())
            for batch in table.to_batches(max_chunksize=CSV_ROWS_AT_ONCE):
                file.write(_csv_lines(batch))
    else:
        pq.write_table(table, path, compression="zstd")
    return WrittenFile(name, path, table.num_rows, path.stat().st_size)


def _csv_lines(batch: pa.RecordBatch) -> bytes:
    """Return the lines of a batch of text: quotes only where needed, nothing for null."""
    cells = []
    for column in batch.columns:
        quoted = pc.binary_join_element_wise("", pc.replace_substring(column, '"', '""'), "", '"')
        cells.append(pc.if_else(pc.match_substring_regex(column, '[",\r\n]'), quoted, column))
    options = {"null_handling": "replace", "null_replacement": ""}
    lines = pc.binary_join_element_wise(*cells, ",", **options)
    ended = pc.binary_join_element_wise(lines, "", "\n")
    _, offsets, characters = ended.buffers()
    return bytes(characters[: np.frombuffer(offsets, dtype=np.int32)[len(ended)]])


def to_table(frame: pd.DataFrame, kinds: dict[str, Kind], as_text: bool) -> pa.Table:
    """Return the frame with the columns of its schema, as text or typed."""
    columns = {}
    for name, kind in kinds.items():
        column = _to_column(frame[name], kind)
        columns[name] = column.cast(
            pa.string() if as_text else PARQUET_TYPES.get(kind, column.type)
        )
    return pa.table(columns)


def _to_column(values: pd.Series, kind: Kind) -> pa.Array:
    if kind is Kind.TEXT:
        return pa.array(values, type=pa.string(), from_pandas=True)
    number = values.to_numpy(dtype=np.float64)
    is_null = np.isnan(number)
    if kind is Kind.NUMBER:
        return pa.array(number, mask=is_null)
    whole = pa.array(np.round(np.where(is_null, 0, number)).astype(np.int64), mask=is_null)
    match kind:
        case Kind.COUNT:
            return whole
        case Kind.FLAG:
            return whole.cast(pa.bool_())
        case Kind.TIME:
            return whole.cast(pa.timestamp("s"))
        case Kind.DATE:
            return whole.cast(pa.timestamp("s")).cast(pa.date32())
        case Kind.MONEY:
            return _scaled(whole, "0.01")
        case Kind.RATE:
            return _scaled(whole, "0.000001")


def _scaled(whole: pa.Array, unit: str) -> pa.Array:
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), pa.scalar(Decimal(unit)))


def _with_texts(table: pa.Table, texts: list[tuple[int, str, str]]) -> pa.Table:
    """Return a table of text with some cells replaced."""
    columns = {name: table[name].to_pylist() for name in {column for _, column, _ in texts}}
    for row, column, text in texts:
        columns[column][row] = text
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.array(values, type=pa.string()))
    return table
