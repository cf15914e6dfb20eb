"""Make a lost warehouse anew from a published version."""

from __future__ import annotations

import duckdb

from dovecote import warehouse
from dovecote.publish.folder import Published, put, writing
from dovecote.publish.publishing import FORGOTTEN, VERSION_TABLE
from dovecote.publish.version import Version
from dovecote.sql import literal, quoted


def check_not_lost(published: Published) -> None:
    """Refuse to begin anew what a published version can bring back.

    Raises
    ------
    ValueError
        If there is no warehouse where there are versions.
    """
    if not warehouse.path().exists() and (published.versions() or published.damaged()):
        raise ValueError(
            f"{warehouse.path()} is not there, but {published.root} has versions of it: dovecote "
            "restore it, history and the list of forgotten people included, or let "
            "DOVECOTE_PUBLISHED name another folder."
        )


def restore(version: Version) -> None:
    """Write the marts and the history of a version into a new warehouse.

    Parameters
    ----------
    version
        What to restore; the next build makes everything else.

    Raises
    ------
    ValueError
        If there is a warehouse already, the version is damaged, or there is no space.
    """
    with warehouse.locked():
        # What a lost file had yet to take in would be taken in by the new one.
        for file in (path := warehouse.path(), path.with_name(f"{path.name}.wal")):
            if file.exists():
                raise ValueError(
                    f"{file} exists: move it away if the published version is to take its place."
                )
        faults = version.faults()
        if faults:
            raise ValueError(f"{faults[0]}: restore another version (dovecote versions).")
        incoming = warehouse.beside(".incoming")
        with writing(warehouse.path()):
            with duckdb.connect(incoming) as connection:
                connection.execute(f"attach {literal(version.database)} as version (read_only)")
                for table in version.manifest.tables:
                    if table.name != VERSION_TABLE:
                        relation = quoted(table.schema, table.name)
                        connection.execute(f"create schema if not exists {quoted(table.schema)}")
                        connection.execute(f"create table {relation} as from version.{relation}")
                _restore_forgotten(connection, version)
                # Said aloud, as closing a file keeps to itself what could not be written.
                connection.execute("checkpoint")
            put(incoming, warehouse.path())


def _restore_forgotten(connection: duckdb.DuckDBPyConnection, version: Version) -> None:
    (history,) = [table.schema for table in version.manifest.tables if table.name == "builds"]
    connection.execute(
        f"create table {quoted(history, 'forgotten_people')} as "
        f"from read_parquet({literal(version.folder / FORGOTTEN)})"
    )
