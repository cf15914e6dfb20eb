"""What `changes` counts, against a comparison row by row in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from dovecote.publish import DATABASE, TableChange, Version, changes
from dovecote.publish.comparison import _differs
from dovecote.publish.publishing import facts_of_files
from dovecote.publish.version import Manifest, PublishedTable

SCHEMA = "dovecote_marts"
TYPES = {
    "customer_id": "VARCHAR",
    "horizon_days": "INTEGER",
    "net_revenue": "DECIMAL(18,4)",
    "churn_probability": "DOUBLE",
    "expected_date": "DATE",
}
KEYS: list[tuple[str, ...]] = [("customer_id",), ("customer_id", "horizon_days"), ()]
Row = dict[str, Any]


@dataclass
class Content:
    """A table to publish."""

    key: tuple[str, ...]
    types: dict[str, str]
    rows: list[Row] = field(default_factory=list)


def version_of(folder: Path, tables: dict[str, Content]) -> Version:
    """Write a version by hand, without Parquet."""
    folder.mkdir()
    described = []
    with duckdb.connect(folder / DATABASE) as connection:
        connection.execute(f"create schema {SCHEMA}")
        for name, content in tables.items():
            relation = f'{SCHEMA}."{name}"'
            columns = ", ".join(f'"{column}" {type_}' for column, type_ in content.types.items())
            connection.execute(f"create table {relation} ({columns})")
            if content.rows:
                values = f"({', '.join('?' * len(content.types))})"
                connection.execute(
                    f"insert into {relation} values {', '.join([values] * len(content.rows))}",
                    [row[column] for row in content.rows for column in content.types],
                )
            described.append(
                PublishedTable(SCHEMA, name, content.key, content.types, len(content.rows))
            )
    manifest = Manifest(
        **(
            {each.name: None for each in fields(Manifest)}
            | {"tables": tuple(described), "files": facts_of_files(folder)}
        )
    )
    return Version(folder, manifest)


def compared(
    tmp_path: Path, before: dict[str, Content], after: dict[str, Content]
) -> list[TableChange]:
    return changes(version_of(tmp_path / "before", before), version_of(tmp_path / "after", after))


def draw_pair(rng: np.random.Generator, key: tuple[str, ...]) -> tuple[Content, Content]:
    """Draw a table, and what became of it."""

    def cell(column: str) -> Any:
        if rng.random() < 0.1:
            return None
        return {
            "customer_id": f"c{rng.integers(40)}",
            "horizon_days": int(rng.integers(3)),
            "net_revenue": Decimal(int(rng.integers(10**6))) / 10**4,
            "churn_probability": float(rng.normal()),
            "expected_date": date(2025, 1, 1) + timedelta(days=int(rng.integers(9))),
        }[column]

    def draw_rows(rows: int) -> list[Row]:
        return [{column: cell(column) for column in TYPES} for _ in range(rows)]

    def unique(rows: list[Row]) -> list[Row]:
        return list({tuple(row[c] for c in key): row for row in rows}.values()) if key else rows

    before = unique(draw_rows(20))
    after = [dict(row) for row in before[1:] if rng.random() < 0.8]
    for row in after:
        if rng.random() < 0.3:
            column = str(rng.choice([name for name in TYPES if name not in key]))
            row[column] = cell(column)
        if key and row["churn_probability"] and rng.random() < 0.5:
            # Within what counts as the same, and beyond it.
            row["churn_probability"] *= 1 + float(rng.choice([-5e-9, 5e-9, -2e-8, 2e-8]))
    after = unique(after + draw_rows(4))
    types = dict(TYPES)
    others = [name for name in TYPES if name not in key]
    if rng.random() < 0.5:
        types.pop(str(rng.choice(others)))
    if rng.random() < 0.5:
        types["risk_band"] = "VARCHAR"
        for row in after:
            row["risk_band"] = "high"
    if rng.random() < 0.5 and types.get("expected_date"):
        types["expected_date"] = "TIMESTAMP"
    rng.shuffle(after)  # type: ignore[arg-type]
    return Content(key, TYPES, before), Content(key, types, after)


def expected_change(name: str, before: Content | None, after: Content | None) -> TableChange:
    """Compare two tables row by row."""
    old, new = (content.types if content else {} for content in (before, after))
    added = removed = changed = 0
    if before is None or after is None:
        added, removed = (len(content.rows) if content else 0 for content in (after, before))
    else:
        shared = [column for column in old if old[column] == new.get(column)]
        if before.key:
            earlier, later = (
                {tuple(row[column] for column in before.key): row for row in content.rows}
                for content in (before, after)
            )
            added, removed = len(later.keys() - earlier.keys()), len(earlier.keys() - later.keys())
            changed = sum(
                any(not is_same(earlier[k][column], later[k][column]) for column in shared)
                for k in earlier.keys() & later.keys()
            )
        else:
            bag, other_bag = (
                Counter(tuple(row[column] for column in shared) for row in content.rows)
                for content in (before, after)
            )
            added, removed = (other_bag - bag).total(), (bag - other_bag).total()
    return TableChange(
        schema=SCHEMA,
        name=name,
        rows_before=len(before.rows) if before else None,
        rows_after=len(after.rows) if after else None,
        added=added,
        removed=removed,
        changed=changed,
        columns_added=tuple(c for c in new if c not in old) if before else (),
        columns_removed=tuple(c for c in old if c not in new) if after else (),
        columns_retyped=tuple(c for c in old if c in new and new[c] != old[c]),
    )


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=1e-8)
    return bool(one == other)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("key", KEYS)
def test_random_pairs(tmp_path: Path, seed: int, key: tuple[str, ...]) -> None:
    pair = draw_pair(np.random.default_rng([seed, len(key)]), key)
    (found,) = compared(tmp_path, {"mart_scores": pair[0]}, {"mart_scores": pair[1]})
    assert found == expected_change("mart_scores", *pair)
    assert found.added
    assert found.removed
    assert found.is_any


def test_a_version_does_not_differ_from_itself(tmp_path: Path) -> None:
    content, _ = draw_pair(np.random.default_rng(0), ("customer_id",))
    version = version_of(tmp_path / "one", {"mart_scores": content})
    (found,) = changes(version, version)
    assert not found.is_any
    assert found.rows_before == found.rows_after == len(content.rows)


def test_tables_come_and_go(tmp_path: Path) -> None:
    one, other = draw_pair(np.random.default_rng(1), ("customer_id",))
    empty = Content((), {"a": "INTEGER"})
    before = {"mart_gone": one, "mart_kept": one}
    after = {"mart_kept": other, "a_new_mart": other, "mart_empty": empty}
    found = compared(tmp_path, before, after)
    assert found == [
        expected_change(name, before.get(name), after.get(name))
        for name in ("a_new_mart", "mart_empty", "mart_gone", "mart_kept")
    ]
    assert all(change.is_any for change in found)


@pytest.mark.parametrize("old", [0.0, 1.0, -1.0, 1e-300, math.inf, -math.inf, math.nan, None])
@pytest.mark.parametrize("new", [0.0, 1 + 1e-9, 1 + 1e-7, math.inf, -math.inf, math.nan, None])
def test_numbers_that_are_hard_to_compare(
    numbers: duckdb.DuckDBPyConnection, old: float | None, new: float | None
) -> None:
    (differs,) = numbers.execute(
        f"select {_differs('x', True)} "
        "from (select ?::double as x) as earlier, (select ?::double as x) as later",
        [old, new],
    ).fetchall()[0]
    assert differs == (not is_same(old, new))


@pytest.fixture(scope="module")
def numbers() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        # The key has become longer, shorter, another one, another type, or is no more.
        (("a",), ("a", "b"), (1, 1, 0)),
        (("a", "b"), ("a",), (1, 1, 0)),
        (("b",), ("a",), (1, 1, 0)),
        (("a",), (), (1, 1, 0)),
        (("a",), ("a",), (0, 0, 1)),
    ],
)
def test_rows_are_matched_by_a_key_of_both_or_by_all_they_are(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], counted: tuple[int, int, int]
) -> None:
    types = {"a": "INTEGER", "b": "INTEGER"}
    (found,) = compared(
        tmp_path,
        {"t": Content(before, types, [{"a": 1, "b": 1}, {"a": 2, "b": 2}])},
        {"t": Content(after, types, [{"a": 1, "b": 1}, {"a": 2, "b": 3}])},
    )
    assert (found.added, found.removed, found.changed) == counted


@pytest.mark.parametrize(("type_", "value"), [("DATE", date(2025, 1, 1)), ("VARCHAR", "one")])
def test_a_key_of_another_type_matches_nothing(tmp_path: Path, type_: str, value: Any) -> None:
    (found,) = compared(
        tmp_path,
        {"t": Content(("a",), {"a": "INTEGER"}, [{"a": 1}])},
        {"t": Content(("a",), {"a": type_}, [{"a": value}, {"a": value}])},
    )
    assert found.columns_retyped == ("a",)
    assert (found.added, found.removed, found.changed) == (1, 0, 0)


@pytest.mark.parametrize("damaged", ["before", "after"])
def test_a_damaged_version_is_not_compared(tmp_path: Path, damaged: str) -> None:
    content = Content((), {"a": "INTEGER"}, [{"a": 1}])
    before, after = (version_of(tmp_path / name, {"t": content}) for name in ("before", "after"))
    (tmp_path / damaged / DATABASE).unlink()
    with pytest.raises(ValueError, match=rf"{damaged}/dovecote.duckdb is not as it was published"):
        changes(before, after)
