"""A case of the corpus of bad inputs, and what its files are made of."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from input_builds import Counts

HEADER = "order_id,customer_id,ordered_at,gross_amount"


@dataclass(frozen=True)
class Case:
    """One folder and what must come of it.

    error     a part of the sentence that stops the run, `counts` and the rest stay empty then
    counts    per entity with rows: where they went; all others must have none
    reasons   per entity: why each quarantined row was rejected, sorted
    values    a query of the warehouse, and its rows
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


def accepted_orders(columns: str) -> str:
    return f"select {columns} from dovecote_staging.stg_orders order by order_id"


ORDER_KEYS = accepted_orders("order_id")
ORDER_VALUES = accepted_orders("order_id, customer_id, ordered_at, gross_amount")
ORDER_TIMES = accepted_orders("order_id, ordered_at")
ORDER_AMOUNTS = accepted_orders("order_id, gross_amount")
CUSTOMER_OF_ORDER = accepted_orders("order_id, customer_id")
PLACES = (
    "select source_name, source_position, raw_row from dovecote_marts.mart_quarantine"
    " where entity = 'orders' order by quarantine_number"
)


def january(day: int, hour: int = 0, *rest: int) -> datetime:
    return datetime(2024, 1, day, hour, *rest)
