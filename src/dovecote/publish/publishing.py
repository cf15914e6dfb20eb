"""Publish what a green build made."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dovecote import warehouse
from dovecote.dashboard import write_pages
from dovecote.publish.folder import Published
from dovecote.publish.version import (
    DATABASE,
    STORAGE_VERSION,
    Manifest,
    PublishedTable,
    Version,
    file_facts,
    row_count,
)
from dovecote.sql import literal, quoted
from dovecote.warehouse import Build, Table

VERSION_TABLE = "published_version"
# Whom to keep out, for a restored warehouse only: hashes of plain ids can be guessed.
FORGOTTEN = "forgotten_people.parquet"


def publish(published: Published) -> tuple[Version, list[Version]]:
    """Publish the marts and the history of the warehouse's last build, if it is green.

    Parameters
    ----------
    published
        The folder to publish into.

    Returns
    -------
    tuple of Version and list of Version
        The version, which is the current one now, and those pruned.

    Raises
    ------
    ValueError
        If the last build is not green, the version that is published has a history that this
        warehouse has not, or there is no space.
    """
    with warehouse.locked(), published.locked(), warehouse.attached() as connection:
        builds = warehouse.builds(connection)
        build = _last_build(builds)
        current = published.current_name()
        versions = published.versions()
        written = [version for version in versions if version.manifest.run_id == build.run_id]
        if written:
            version = written[0]
        else:
            _check_same_warehouse(published, versions, builds)
            _check_space(published, versions)
            name = f"{build.started_at:%Y-%m-%dT%H%M%SZ}-{build.run_id[:8]}"
            if name in (damaged := published.damaged()):
                raise ValueError(damaged[name])
            with published.arriving(name) as folder:
                write(connection, build, folder, name, versions[0] if versions else None)
            version = Version.read(published.root / name)
        published.point_to(version)
        kept = int(build.settings["dovecote_published_versions_kept"])
        return version, published.prune(kept, spared=current)


def _last_build(builds: list[Build]) -> Build:
    """Give the build whose tables stand in the warehouse."""
    writing = [build for build in builds if build.status != "stopped"]
    if not writing:
        raise ValueError(f"{warehouse.path()} has no build yet: run dovecote build first.")
    last = writing[0]
    if not last.is_green:
        why = {
            "part": "built only a part, or tested nothing",
            "failed": f"failed ({last.message})",
            "aborted": "died",
            "running": "died or is still running",
        }[last.status]
        raise ValueError(
            f"the last build of {warehouse.path()}, of {last.started_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"{why}: nothing is published, and what was stays; mend it, run dovecote build, and "
            "publish again."
        )
    return last


def _check_same_warehouse(
    published: Published, versions: list[Version], builds: list[Build]
) -> None:
    """Refuse a warehouse that knows none of the builds that are published here."""
    known = {build.run_id for build in builds}
    if versions and not any(version.manifest.run_id in known for version in versions):
        raise ValueError(
            f"{published.root} is published from another warehouse than {warehouse.path()}, which "
            "knows none of its builds: publish elsewhere (DOVECOTE_PUBLISHED), or move the "
            "warehouse away and dovecote restore it, history included, before the next build."
        )


def _check_space(published: Published, versions: list[Version]) -> None:
    needed = versions[0].size * 3 // 2 if versions else warehouse.path().stat().st_size
    free = shutil.disk_usage(published.root).free
    if free < needed:
        raise ValueError(
            f"{published.root} has {free / 1e6:,.0f} MB left where a version takes up to "
            f"{needed / 1e6:,.0f} MB: make space, or keep fewer versions "
            "(dovecote_published_versions_kept)."
        )


def write(
    connection: duckdb.DuckDBPyConnection,
    build: Build,
    folder: Path,
    name: str,
    before: Version | None,
) -> None:
    """Write a version of the warehouse into an empty folder.

    Parameters
    ----------
    connection
        Has the warehouse attached.
    build
        The build whose tables the warehouse holds.
    folder
        Where to.
    name
        Name of the version.
    before
        The version of the build before, with which the dashboard compares.
    """
    published_at = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(f"set temp_directory = {literal(folder / '.spill')}")
    connection.execute(
        f"attach {literal(folder / DATABASE)} as version (storage_version '{STORAGE_VERSION}')"
    )
    ((_, history),) = warehouse.history(connection)
    registry = Table(history, "builds", ("run_id",))
    published_tables = [*build.published_tables, registry]
    for table in published_tables:
        connection.execute(f"create schema if not exists version.{quoted(table.schema)}")
        relation = quoted(table.schema, table.name)
        connection.execute(f"create table version.{relation} as from warehouse.{relation}")
    _copy_comments(connection, published_tables)
    marts = next(table.schema for table in build.published_tables if table.name == "mart_builds")
    connection.execute(
        f"create table version.{quoted(marts, VERSION_TABLE)} as select "
        "? as version, ? as run_id, ?::timestamp as as_of, ?::date as as_of_date, "
        "?::timestamp as built_at, ?::timestamp as published_at",
        [name, build.run_id, build.as_of, build.as_of_date, build.started_at, published_at],
    )
    keys = {(t.schema, t.name): t.key for t in published_tables}
    tables = write_parquet(connection, folder, keys)
    # Said aloud, as closing a file keeps to itself what could not be written.
    connection.execute("checkpoint version")
    connection.execute("detach version")
    write_forgotten(connection, quoted("warehouse", history, "forgotten_people"), folder)
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    write_pages(folder / DATABASE, folder, before.database if before else None)
    Manifest(
        version=name,
        run_id=build.run_id,
        as_of=f"{build.as_of}",
        as_of_date=f"{build.as_of_date}",
        built_at=f"{build.started_at}",
        published_at=f"{published_at}",
        package_version=build.package_version,
        dbt_version=build.dbt_version,
        duckdb_version=duckdb.__version__,
        git_revision=build.git_revision,
        input_fingerprints=build.input_fingerprints,
        settings=build.settings,
        tables=tables,
        files=facts_of_files(folder),
    ).write(folder)


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    keys: dict[tuple[str, str], tuple[str, ...]],
) -> tuple[PublishedTable, ...]:
    """Write every table of the attached database `version` as Parquet, and describe it.

    Parameters
    ----------
    connection
        Has the database attached.
    folder
        The version's folder.
    keys
        Columns of the keys, by schema and name of the table.
    """
    described = []
    for schema, name in connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'version' "
        "order by all"
    ).fetchall():
        relation = quoted("version", schema, name)
        columns = connection.execute(f"describe {relation}").fetchall()
        table = PublishedTable(
            schema=schema,
            name=name,
            key=keys.get((schema, name), ()),
            columns={column: data_type for column, data_type, *_ in columns},
            rows=row_count(connection, relation),
        )
        (folder / table.parquet).parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"copy {relation} to {literal(folder / table.parquet)} (format parquet)")
        described.append(table)
    return tuple(described)


def facts_of_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Measure every file of a folder, by its path in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file_facts(file) for file in files}


def write_forgotten(connection: duckdb.DuckDBPyConnection, relation: str, folder: Path) -> None:
    """Write the list of forgotten people into a version, for its owner only."""
    file = folder / FORGOTTEN
    file.touch(mode=0o600)
    connection.execute(f"copy (from {relation}) to {literal(file)} (format parquet)")
    file.chmod(0o400)


def _copy_comments(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    """Comment on the tables of a version, and on their columns, as the warehouse does."""
    comments = connection.execute(
        "select schema_name, table_name, null as column_name, comment from duckdb_tables() "
        "where database_name = 'warehouse' and comment is not null "
        "union all select schema_name, view_name, null, comment from duckdb_views() "
        "where database_name = 'warehouse' and comment is not null "
        "union all select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = 'warehouse' and comment is not null"
    ).fetchall()
    copied = {(table.schema, table.name) for table in tables}
    connection.execute("begin")
    for schema, name, column, comment in comments:
        if (schema, name) in copied:
            kind = "table" if column is None else "column"
            commented = quoted("version", schema, name, *([] if column is None else [column]))
            connection.execute(f"comment on {kind} {commented} is {literal(comment)}")
    connection.execute("commit")
