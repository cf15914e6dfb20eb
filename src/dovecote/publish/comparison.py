"""What changed between two published versions."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from dovecote.publish.version import PublishedTable, Version
from dovecote.sql import literal, quoted

# Fitted numbers of one input differ by less from build to build.
RELATIVE_TOLERANCE = 1e-8


@dataclass(frozen=True)
class TableChange:
    """How a table differs between two versions.

    Attributes
    ----------
    schema, name
        The table.
    rows_before, rows_after
        Its rows; none where a version does not have the table.
    added, removed, changed
        Rows by key: only in the later version, only in the earlier, in both with another value in
        some column that both have, of one type. Floating-point numbers count as the same within a
        relative 1e-8. Without a key that both have, rows that are equal in every such column are
        the same, and a changed one counts as one removed and one added.
    columns_added, columns_removed, columns_retyped
        Names of columns.
    """

    schema: str
    name: str
    rows_before: int | None
    rows_after: int | None
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_retyped: tuple[str, ...]

    @property
    def is_any(self) -> bool:
        return bool(
            self.added
            or self.removed
            or self.changed
            or self.columns_added
            or self.columns_removed
            or self.columns_retyped
            or self.rows_before is None
            or self.rows_after is None
        )


def changes(before: Version, after: Version) -> list[TableChange]:
    """Compare two versions table by table.

    Parameters
    ----------
    before, after
        The versions.

    Returns
    -------
    list of TableChange
        One per table of either, by name.

    Raises
    ------
    ValueError
        If one of them is damaged.
    """
    for fault in (*before.faults(), *after.faults()):
        raise ValueError(f"{fault}: compare other versions (dovecote versions).")
    with duckdb.connect() as connection:
        for alias, version in (("before", before), ("after", after)):
            connection.execute(f"attach {literal(version.database)} as {quoted(alias)} (read_only)")
        earlier = {(table.schema, table.name): table for table in before.manifest.tables}
        later = {(table.schema, table.name): table for table in after.manifest.tables}
        return [
            _change(connection, earlier.get(place), later.get(place))
            for place in sorted(earlier.keys() | later.keys(), key=lambda place: place[::-1])
        ]


def _change(
    connection: duckdb.DuckDBPyConnection,
    before: PublishedTable | None,
    after: PublishedTable | None,
) -> TableChange:
    one = before or after
    assert one is not None
    if before is None or after is None:
        added, removed, changed = after.rows if after else 0, before.rows if before else 0, 0
    else:
        added, removed, changed = _row_changes(connection, before, after)
    old = before.columns if before else {}
    new = after.columns if after else {}
    return TableChange(
        schema=one.schema,
        name=one.name,
        rows_before=before.rows if before else None,
        rows_after=after.rows if after else None,
        added=added,
        removed=removed,
        changed=changed,
        columns_added=tuple(column for column in new if before and column not in old),
        columns_removed=tuple(column for column in old if after and column not in new),
        columns_retyped=tuple(c for c in old if c in new and old[c] != new[c]),
    )


def _row_changes(
    connection: duckdb.DuckDBPyConnection, before: PublishedTable, after: PublishedTable
) -> tuple[int, int, int]:
    common = [
        column for column, type_ in after.columns.items() if before.columns.get(column) == type_
    ]
    relation = quoted(after.schema, after.name)
    if not after.key or after.key != before.key or not set(after.key) <= set(common):
        columns = ", ".join(map(quoted, common)) or "null"
        counts = [
            f"(select count(*) from (select {columns} from {quoted(these)}.{relation} "
            f"except all select {columns} from {quoted(those)}.{relation}))"
            for these, those in (("after", "before"), ("before", "after"))
        ]
        added, removed = connection.execute(f"select {', '.join(counts)}").fetchall()[0]
        return added, removed, 0
    on = " and ".join(
        f"later.{quoted(key)} is not distinct from earlier.{quoted(key)}" for key in after.key
    )
    differs = " or ".join(
        _differs(column, after.columns[column] in ("DOUBLE", "FLOAT"))
        for column in common
        if column not in after.key
    )
    added, removed, changed = connection.execute(
        "select count(*) filter (where earlier.is_there is null), "
        "count(*) filter (where later.is_there is null), "
        "count(*) filter (where earlier.is_there and later.is_there "
        f"and ({differs or 'false'})) "
        f'from (select *, true as is_there from "after".{relation}) as later '
        f'full join (select *, true as is_there from "before".{relation}) as earlier on {on}'
    ).fetchall()[0]
    return added, removed, changed


def _differs(column: str, is_float: bool) -> str:
    old, new = f"earlier.{quoted(column)}", f"later.{quoted(column)}"
    if not is_float:
        return f"{old} is distinct from {new}"
    return (
        f"({old} is distinct from {new} and not coalesce(abs({old} - {new}) "
        f"< {RELATIVE_TOLERANCE} * greatest(abs({old}), abs({new})), false))"
    )
