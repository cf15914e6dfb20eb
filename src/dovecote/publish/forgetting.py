"""Take a person out of the warehouse and of every published version."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from dovecote import forget, warehouse
from dovecote.dashboard import write_pages
from dovecote.forget import Identifiers
from dovecote.publish.folder import Published, put, writing
from dovecote.publish.publishing import (
    VERSION_TABLE,
    facts_of_files,
    write_forgotten,
    write_parquet,
)
from dovecote.publish.version import DATABASE, STORAGE_VERSION, Version
from dovecote.sql import literal, quoted


def forget_everywhere(published: Published, customer_id: str) -> dict[Path, forget.Mentions]:
    """Remove a person and keep them out of later builds.

    Every version is written anew, under a name that says so, with the list of whom to keep out:
    the warehouse may be restored from any of them. The warehouse is the last to lose the person, as
    it alone knows all their ids: who is killed on the way does it again.

    Parameters
    ----------
    published
        The folder of versions.
    customer_id
        The customer's id as the shop has it.

    Returns
    -------
    dict of Path to Mentions
        The proof: of each file what still names the person, which is nothing, and the query.

    Raises
    ------
    ValueError
        If nobody knows the customer, the warehouse was not built since it was restored, a version
        is damaged, or another command or process uses the files.
    """
    with warehouse.locked(), published.locked():
        with (
            warehouse.connect(read_only=False) as connection,
            writing(warehouse.path()),
        ):
            # A person could not be taken out of what cannot be read.
            for sentence in published.damaged().values():
                raise ValueError(sentence)
            current = published.current()
            old = sorted(published.versions(), key=_writing)
            identifiers = _identifiers(connection, old, customer_id)
            # One transaction: builds must not keep the person out while versions have them.
            connection.begin()
            forget.remember(connection, identifiers)
            # A killed forget leaves x beside x-r1, which is x without the person.
            latest = {_writing(version)[0]: version for version in old}
            versions: list[Version] = []
            for version in old:
                first_name, number = _writing(version)
                if version is latest[first_name]:
                    name = f"{first_name}-r{number + 1}"
                    before = versions[-1] if versions else None
                    rewritten = _without(published, version, name, identifiers, connection, before)
                    versions.append(rewritten)
                    if current is not None and first_name == _writing(current)[0]:
                        published.point_to(rewritten)
                if current is None or version.name != current.name:
                    published.remove(version)
            forget.erase(connection, identifiers)
            connection.commit()
            incoming = warehouse.beside(".incoming")
            forget.rewritten(connection, incoming, STORAGE_VERSION)
            put(incoming, warehouse.path())
            if current is not None:
                # Last, for readers who have just seen where `current` pointed to.
                published.remove(current)
        return {
            file: _mentions(file, identifiers)
            for file in (warehouse.path(), *(version.database for version in versions))
        }


def _identifiers(
    connection: duckdb.DuckDBPyConnection, versions: list[Version], customer_id: str
) -> Identifiers:
    """Find a person's ids in the warehouse, or else in a version, which knows that id only."""
    if not _has_table(connection, "int_core__customer_merges"):
        raise ValueError(
            f"{warehouse.path()} does not know which ids are one person's, as it was restored and "
            "not built since: run dovecote build, then forget."
        )
    try:
        return forget.identifiers(connection, customer_id)
    except ValueError as error:
        for version in versions:
            with duckdb.connect(version.database, read_only=True) as published:
                try:
                    return forget.identifiers(published, customer_id)
                except ValueError:
                    continue
        raise error


def _has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = "select 1 from duckdb_tables() where table_name = ? limit 1"
    return bool(connection.execute(found, [table]).fetchall())


def _without(
    published: Published,
    version: Version,
    name: str,
    identifiers: Identifiers,
    warehouse_connection: duckdb.DuckDBPyConnection,
    before: Version | None,
) -> Version:
    """Write a version anew without a person."""
    with published.arriving(name) as folder:
        copy = folder / ".copy"
        shutil.copyfile(version.database, copy)
        with duckdb.connect(copy) as connection:
            forget.erase(connection, identifiers)
            (marts,) = [t.schema for t in version.manifest.tables if t.name == VERSION_TABLE]
            connection.execute(f"update {quoted(marts, VERSION_TABLE)} set version = ?", [name])
            forget.rewritten(connection, folder / DATABASE, STORAGE_VERSION)
        copy.unlink()
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(folder / DATABASE)} as version (read_only)")
            keys = {(table.schema, table.name): table.key for table in version.manifest.tables}
            tables = write_parquet(connection, folder, keys)
        (history,) = [table.schema for table in tables if table.name == "builds"]
        write_forgotten(warehouse_connection, quoted(history, "forgotten_people"), folder)
        write_pages(folder / DATABASE, folder, before.database if before else None)
        replace(version.manifest, version=name, tables=tables, files=facts_of_files(folder)).write(
            folder
        )
    return Version.read(published.root / name)


def _writing(version: Version) -> tuple[str, int]:
    """Take a name apart: x-r2 is the second writing anew of x."""
    numbered = re.fullmatch(r"(.+)-r(\d+)", version.name)
    return (numbered[1], int(numbered[2])) if numbered else (version.name, 0)


def _mentions(file: Path, identifiers: Identifiers) -> forget.Mentions:
    with duckdb.connect(file, read_only=True) as connection:
        return forget.mentions(connection, identifiers)
