"""Dirty rows, added beside the clean ones, with a record of every kind.

No clean row is ever damaged: dirt is extra. A warehouse that drops duplicates and quarantines
what it should is therefore left with exactly the clean shop, plus the few rows that are to be
kept and flagged (lines of unknown orders, reviews of unknown products, refunds above the order).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from dovecote.simulate.schema import ENTITIES, Kind
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import FloatArray, Topic, stream

DUPLICATE, QUARANTINED, FLAGGED = "duplicate", "quarantined", "flagged"
NEW_KEY_SUFFIX = "-d"
FUTURE = float((np.datetime64("2099-06-01") - np.datetime64("1970-01-01")).astype(int) * DAY)
ANCIENT = 0.0


class Blemish(NamedTuple):
    """One way in which a row is wrong: the column and what it holds instead."""

    kind: str
    outcome: str
    column: str = ""
    value: float | str | None = None

    @property
    def rows(self) -> int:
        """Rows that one case of it takes."""
        return 2 if self.kind == "conflicting_key" else 1


class Added(NamedTuple):
    """Dirty rows and the cells whose text does not fit the column: (row, column, text)."""

    rows: pd.DataFrame
    texts: list[tuple[int, str, str]]


def _times(column: str) -> list[Blemish]:
    return [
        Blemish("bad_timestamp", QUARANTINED, column, "31/31/2025 noon"),
        Blemish("future_time", QUARANTINED, column, FUTURE),
        Blemish("ancient_time", QUARANTINED, column, ANCIENT),
    ]


_DUPLICATE = Blemish("exact_duplicate", DUPLICATE)

BLEMISHES: dict[str, list[Blemish]] = {
    "orders": [
        _DUPLICATE,
        Blemish("superseded", DUPLICATE, "status", "placed"),
        Blemish("conflicting_key", QUARANTINED, "gross_amount", 100),
        Blemish("text_in_number", QUARANTINED, "gross_amount", "about 40"),
        *_times("ordered_at"),
        Blemish("negative_amount", QUARANTINED, "gross_amount", -1_999),
        Blemish("unknown_status", QUARANTINED, "status", "misplaced"),
        Blemish("unknown_currency", QUARANTINED, "currency", "XXX"),
        Blemish("empty_key", QUARANTINED, "order_id"),
        Blemish("refund_above_order", FLAGGED, "refund_amount"),
    ],
    "order_items": [
        _DUPLICATE,
        Blemish("conflicting_key", QUARANTINED, "quantity", 1),
        Blemish("text_in_number", QUARANTINED, "quantity", "two"),
        Blemish("negative_quantity", QUARANTINED, "quantity", -1),
        Blemish("negative_amount", QUARANTINED, "unit_price", -500),
        Blemish("unknown_order", FLAGGED, "order_id", "o-unknown"),
    ],
    "customers": [
        _DUPLICATE,
        Blemish("superseded", DUPLICATE, "city", "Springfield"),
        Blemish("conflicting_key", QUARANTINED, "created_at", -60),
        Blemish("text_in_number", QUARANTINED, "birth_year", "nineteen eighty"),
        *_times("created_at"),
        Blemish("empty_key", QUARANTINED, "customer_id"),
    ],
    "products": [
        _DUPLICATE,
        Blemish("superseded", DUPLICATE, "brand", "Old Brand"),
        Blemish("conflicting_key", QUARANTINED, "list_price", 100),
        Blemish("text_in_number", QUARANTINED, "list_price", "on request"),
        Blemish("negative_amount", QUARANTINED, "list_price", -1_000),
        Blemish("empty_key", QUARANTINED, "product_id"),
    ],
    "events": [
        _DUPLICATE,
        Blemish("conflicting_key", QUARANTINED, "occurred_at", -60),
        Blemish("text_in_number", QUARANTINED, "duration_seconds", "long"),
        *_times("occurred_at"),
        Blemish("empty_key", QUARANTINED, "event_id"),
    ],
    "reviews": [
        _DUPLICATE,
        Blemish("conflicting_key", QUARANTINED, "created_at", -60),
        Blemish("text_in_number", QUARANTINED, "rating", "five"),
        Blemish("rating_out_of_range", QUARANTINED, "rating", 7),
        *_times("created_at"),
        Blemish("empty_key", QUARANTINED, "review_id"),
        Blemish("unknown_product", FLAGGED, "product_id", "p-unknown"),
    ],
    "nps_responses": [
        _DUPLICATE,
        Blemish("conflicting_key", QUARANTINED, "invited_at", -60),
        Blemish("text_in_number", QUARANTINED, "score", "ten"),
        Blemish("score_out_of_range", QUARANTINED, "score", 12),
        *_times("invited_at"),
        Blemish("empty_key", QUARANTINED, "response_id"),
    ],
    "customer_merges": [_DUPLICATE, Blemish("empty_key", QUARANTINED, "from_customer_id")],
    "exclusions": [_DUPLICATE, Blemish("empty_key", QUARANTINED, "customer_id")],
    "exchange_rates": [
        _DUPLICATE,
        Blemish("text_in_number", QUARANTINED, "rate_to_reporting", "n/a"),
        Blemish("negative_amount", QUARANTINED, "rate_to_reporting", -1_000_000),
        Blemish("bad_timestamp", QUARANTINED, "rate_date", "yesterday"),
        Blemish("empty_key", QUARANTINED, "currency"),
    ],
}


def make_dirt(
    settings: Settings, frames: dict[str, pd.DataFrame], block: int
) -> tuple[dict[str, Added], list[dict[str, object]]]:
    """Make the dirty rows of a block, at most ``dirty_share`` of each entity's clean rows.

    Parameters
    ----------
    settings
        Sets the share, the seed, and through the file format which kinds can exist.
    frames
        Clean rows by entity; left as they are.
    block
        Block number.

    Returns
    -------
    tuple of dict and list
        Added rows by entity, and the truth: entity, kind, outcome (``duplicate``,
        ``quarantined``, ``flagged``) and number of rows.
    """
    rng = stream(settings.seed, block, Topic.DIRT)
    added: dict[str, Added] = {}
    truth: list[dict[str, object]] = []
    for entity, clean in frames.items():
        budget = int(settings.dirty_share * len(clean))
        possible = [
            blemish
            for blemish in BLEMISHES[entity]
            if settings.file_format == "csv" or not _needs_text(entity, blemish)
        ]
        plan = _plan(rng, possible, budget)
        source = rng.choice(len(clean), len(plan), replace=False)
        rows: list[pd.DataFrame] = []
        texts: list[tuple[int, str, str]] = []
        for number in sorted(set(plan)):
            blemish = possible[number]
            chosen = clean.iloc[np.sort(source[np.array(plan) == number])].copy()
            before = sum(len(part) for part in rows)
            rows.append(_spoil(entity, blemish, chosen))
            if _needs_text(entity, blemish):
                texts += [
                    (before + n, blemish.column, str(blemish.value)) for n in range(len(chosen))
                ]
            truth.append(
                {
                    "entity": entity,
                    "kind": blemish.kind,
                    "outcome": blemish.outcome,
                    "rows": len(rows[-1]),
                }
            )
        if rows:
            added[entity] = Added(pd.concat(rows, ignore_index=True), texts)
    return added, truth


def _needs_text(entity: str, blemish: Blemish) -> bool:
    is_text_column = ENTITIES[entity].get(blemish.column, Kind.TEXT) is Kind.TEXT
    return isinstance(blemish.value, str) and not is_text_column


def _plan(rng: np.random.Generator, possible: list[Blemish], budget: int) -> list[int]:
    """Return the blemish of each case: kinds in turn, in random order, within the budget."""
    plan: list[int] = []
    turn = rng.permutation(len(possible)).tolist()
    while budget > 0:
        for number in turn:
            if possible[number].rows <= budget:
                plan.append(number)
                budget -= possible[number].rows
    return plan


def _spoil(entity: str, blemish: Blemish, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the blemish, under a new key unless the key is the point."""
    key, column = next(iter(ENTITIES[entity])), blemish.column
    if blemish.kind == "exact_duplicate":
        return rows
    if blemish.kind == "superseded":
        rows[column] = blemish.value
        rows["updated_at"] -= DAY
        return rows
    if blemish.kind != "empty_key":
        rows[key] = rows[key] + NEW_KEY_SUFFIX
    if blemish.kind == "conflicting_key":
        other = rows.copy()
        other[column] += float(blemish.value or 0)
        both = pd.concat([rows, other], ignore_index=True)
        if "updated_at" in both:
            both["updated_at"] = np.nan
        return both
    if blemish.kind == "refund_above_order":
        # A guest's order, so that no customer gains a purchase.
        gross: FloatArray = rows["gross_amount"].to_numpy(dtype=np.float64)
        return rows.assign(
            customer_id=None,
            status="refunded",
            payment_status="refunded",
            refund_amount=gross + 1_000,
            refunded_at=rows["updated_at"],
        )
    if _needs_text(entity, blemish):
        return rows
    rows[column] = blemish.value
    return rows
