"""Take a person out of the warehouse and of every published version."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from dovecote import forget, warehouse
from dovecote.publish.folder import Published
from dovecote.publish.publishing import VERSION_TABLE, facts_of_files, write_parquet
from dovecote.publish.version import DATABASE, STORAGE_VERSION, Version


def forget_everywhere(published: Published, customer_id: str) -> dict[Path, forget.Mentions]:
    """Remove a person and keep them out of later builds.

    Every version is written anew, under a name that says so, with the list of whom to keep out:
    the warehouse may be restored from any of them. Who is killed on the way does it again.

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
        If nobody knows the customer, or another command or process uses the files.
    """
    with warehouse.locked(), published.locked():
        with warehouse.connect(read_only=False) as connection:
            identifiers = forget.identifiers(connection, customer_id)
            forget.remember(connection, identifiers)
            forget.erase(connection, identifiers)
        incoming = warehouse.beside(".incoming")
        forget.rewritten(warehouse.path(), incoming, STORAGE_VERSION)
        incoming.replace(warehouse.path())
        current = published.current()
        versions = []
        for version in published.versions():
            rewritten = _without(published, version, identifiers)
            if current is not None and version.name == current.name:
                published.point_to(rewritten)
            published.remove(version)
            versions.append(rewritten)
        return {
            file: _mentions(file, identifiers)
            for file in (warehouse.path(), *(version.database for version in versions))
        }


def _without(published: Published, version: Version, identifiers: forget.Identifiers) -> Version:
    """Write a version anew without a person."""
    name = _next_name(version.name)
    with published.arriving(name) as folder:
        copy = folder / ".copy"
        shutil.copyfile(version.database, copy)
        with duckdb.connect(copy) as connection:
            forget.remember(connection, identifiers)
            forget.erase(connection, identifiers)
            (marts,) = [t.schema for t in version.manifest.tables if t.name == VERSION_TABLE]
            connection.execute(f'update "{marts}".{VERSION_TABLE} set version = ?', [name])
        forget.rewritten(copy, folder / DATABASE, STORAGE_VERSION)
        copy.unlink()
        with duckdb.connect() as connection:
            database = str(folder / DATABASE).replace("'", "''")
            connection.execute(f"attach '{database}' as version (read_only)")
            keys = {(table.schema, table.name): table.key for table in version.manifest.tables}
            tables = write_parquet(connection, folder, keys)
        replace(version.manifest, version=name, tables=tables, files=facts_of_files(folder)).write(
            folder
        )
    return Version.read(published.root / name)


def _next_name(name: str) -> str:
    """Name the next writing of a version: x, x-r1, x-r2."""
    numbered = re.fullmatch(r"(.+)-r(\d+)", name)
    return f"{numbered[1]}-r{int(numbered[2]) + 1}" if numbered else f"{name}-r1"


def _mentions(file: Path, identifiers: forget.Identifiers) -> forget.Mentions:
    with duckdb.connect(file, read_only=True) as connection:
        return forget.mentions(connection, identifiers)
