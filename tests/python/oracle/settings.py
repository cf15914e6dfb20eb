"""What the oracle reads: a shop's tables, and the settings of a run.

Everything is turned into plain Python values as soon as it is read (`records`), and every answer
is a frame of plain Python values (`frame`): int, float, Decimal, str, bool, date, datetime, None.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd

from oracle.periods import local_time

Row = dict[str, Any]

TABLES: dict[str, tuple[str, ...]] = {
    "orders": (
        "order_id",
        "customer_id",
        "ordered_at",
        "gross_amount",
        "discount_amount",
        "refund_amount",
        "cost_amount",
        "status",
        "channel",
    ),
    "order_items": ("order_id", "product_id"),
    "products": ("product_id", "category"),
    "events": (
        "event_id",
        "customer_id",
        "anonymous_id",
        "session_id",
        "occurred_at",
        "event_type",
    ),
    "customers": ("customer_id", "created_at", "acquisition_channel", "country"),
    "customer_merges": ("from_customer_id", "to_customer_id", "merged_at"),
    "exclusions": ("customer_id", "reason"),
    "nps_responses": ("response_id", "customer_id", "score", "invited_at", "responded_at"),
}

NON_PURCHASE_STATUSES = frozenset(
    {"cancelled", "canceled", "voided", "failed", "expired", "test", "draft", "declined"}
)


def table(name: str, rows: Iterable[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Give an input table with all its columns; what a row leaves out is missing."""
    full = [{column: row.get(column) for column in TABLES[name]} for row in rows]
    result = pd.DataFrame(full, columns=list(TABLES[name]), dtype=object)
    for column in TABLES[name]:
        if column.endswith("_at"):
            result[column] = pd.to_datetime(result[column]).astype("datetime64[us]")
    return result


@dataclass(frozen=True, eq=False, repr=False)
class Shop:
    """A shop's input tables. Do not change one in place: what was read of it is kept.

    `origin` says how to make the shop again; a failing test prints it in place of the tables.
    """

    orders: pd.DataFrame = field(default_factory=partial(table, "orders"))
    order_items: pd.DataFrame = field(default_factory=partial(table, "order_items"))
    products: pd.DataFrame = field(default_factory=partial(table, "products"))
    events: pd.DataFrame = field(default_factory=partial(table, "events"))
    customers: pd.DataFrame = field(default_factory=partial(table, "customers"))
    customer_merges: pd.DataFrame = field(default_factory=partial(table, "customer_merges"))
    exclusions: pd.DataFrame = field(default_factory=partial(table, "exclusions"))
    nps_responses: pd.DataFrame = field(default_factory=partial(table, "nps_responses"))
    origin: str = ""

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, name))} {name}" for name in TABLES)
        return f"Shop({self.origin or sizes})"

    @classmethod
    def of(cls, **rows: Iterable[Mapping[str, Any]]) -> "Shop":
        """Make a shop of lists of rows, each with the columns that matter."""
        return cls(**{name: table(name, given) for name, given in rows.items()})


@dataclass(frozen=True, eq=False)
class Settings:
    """How a run is set. `as_of` is an exclusive instant in UTC."""

    as_of: datetime
    timezone: str = "UTC"
    week_start: str = "monday"
    session_gap_minutes: float = 30
    max_periods: Mapping[str, int] = field(
        default_factory=lambda: {"day": 30, "week": 12, "month": 12}
    )
    non_purchase_statuses: frozenset[str] = NON_PURCHASE_STATUSES
    active_multiple: float = 1.5
    at_risk_multiple: float = 3
    lapsed_multiple: float = 6

    @property
    def as_of_utc(self) -> datetime:
        return pd.Timestamp(self.as_of).to_pydatetime()

    @property
    def as_of_local(self) -> datetime:
        return local_time(self.as_of_utc, self.timezone)

    @property
    def as_of_date(self) -> date:
        return self.local_date(self.as_of_utc - timedelta(microseconds=1))

    def local_date(self, at: datetime) -> date:
        return local_time(at, self.timezone).date()


def plain(value: Any) -> Any:
    """Give a value of a frame as a plain Python value, with None for every kind of missing."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value


def records(given: pd.DataFrame, name: str) -> list[Row]:
    """List the rows of an input table as dicts of plain values."""
    columns = [column for column in TABLES[name] if column in given.columns]
    rows = []
    for raw in given[columns].to_dict("records"):
        row = dict.fromkeys(TABLES[name])
        for column in columns:
            row[column] = plain(raw[column])
        rows.append(row)
    return rows


def money(value: Any) -> Decimal | None:
    """Give an amount exactly as it was written; a missing one stays missing."""
    if value is None or isinstance(value, Decimal):
        return value
    return Decimal(str(value))


def frame(rows: Iterable[Row], columns: Iterable[str], order_by: Iterable[str]) -> pd.DataFrame:
    """Make the answer of a function: these columns, object values, in the order of its key."""
    key = list(order_by)
    ordered = sorted(rows, key=lambda row: tuple(row[column] for column in key))
    return pd.DataFrame(ordered, columns=list(columns), dtype=object)
