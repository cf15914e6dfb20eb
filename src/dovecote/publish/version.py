"""A published version: one folder with a DuckDB file, Parquet and a manifest, never changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from dovecote.sql import quoted

DATABASE = "dovecote.duckdb"
MANIFEST = "manifest.json"
# Files of this storage version open in every DuckDB from 1.4 on.
STORAGE_VERSION = "v1.4.0"


@dataclass(frozen=True)
class PublishedTable:
    """A table of a version.

    Attributes
    ----------
    schema, name
        Where it is in the DuckDB file; its Parquet is parquet/<schema>/<name>.parquet.
    key
        Columns that identify a row; empty where none do.
    columns
        Names and DuckDB types, in order.
    rows
        Number of rows.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    columns: dict[str, str]
    rows: int

    @property
    def parquet(self) -> str:
        return f"parquet/{self.schema}/{self.name}.parquet"


@dataclass(frozen=True)
class Manifest:
    """What a version says of itself.

    Attributes
    ----------
    version
        Its name, which is its folder's: when its build began (UTC), and the begin of its run_id.
    run_id, as_of, as_of_date, built_at, package_version, dbt_version, git_revision,
    input_fingerprints, settings
        Of the build; see mart_builds.
    published_at
        When it was published, UTC.
    duckdb_version
        Version of DuckDB that wrote it.
    tables
        Its tables.
    files
        Bytes and SHA-256 of every file but the manifest, by its path in the folder.
    """

    version: str
    run_id: str
    as_of: str
    as_of_date: str
    built_at: str
    published_at: str
    package_version: str
    dbt_version: str
    duckdb_version: str
    git_revision: str | None
    input_fingerprints: dict[str, Any]
    settings: dict[str, Any]
    tables: tuple[PublishedTable, ...]
    files: dict[str, dict[str, Any]]

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of a version."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a version; what a later release adds to it is passed over.

        Raises
        ------
        ValueError
            If there is none, or it is damaged.
        """
        try:
            content = json.loads((folder / MANIFEST).read_text())
            content["tables"] = tuple(
                PublishedTable(**{**_known(PublishedTable, table), "key": tuple(table["key"])})
                for table in content["tables"]
            )
            return cls(**_known(cls, content))
        except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{folder} is no whole version, its {MANIFEST} cannot be read: "
                "take the folder away."
            ) from error


@dataclass(frozen=True)
class Version:
    """A folder with a version, and its manifest."""

    folder: Path
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> Version:
        """Read the version in a folder; errors are those of `Manifest.read`."""
        return cls(folder, Manifest.read(folder))

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file["bytes"] for file in self.manifest.files.values())

    def faults(self) -> list[str]:
        """Say in one sentence each which files are not as the manifest has them."""
        found = [
            f"{self.folder / name} is not as it was published"
            for name, facts in self.manifest.files.items()
            if not _is_as_published(self.folder / name, facts)
        ]
        if found:
            return found
        with duckdb.connect(self.database, read_only=True) as connection:
            for table in self.manifest.tables:
                rows = row_count(connection, quoted(table.schema, table.name))
                if rows != table.rows:
                    found.append(
                        f"{self.database} has {rows} rows in {table.name} instead of {table.rows}"
                    )
        return found


def _is_as_published(file: Path, facts: dict[str, Any]) -> bool:
    if not file.is_file():
        return False
    try:
        return file_facts(file) == facts
    except PermissionError:
        # The list of forgotten people is for its owner only.
        return bool(file.stat().st_size == facts["bytes"])


def _known(kind: type[Manifest | PublishedTable], content: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def file_facts(file: Path) -> dict[str, Any]:
    """Measure a file: its bytes and their SHA-256."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"bytes": file.stat().st_size, "sha256": digest}


def row_count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Count the rows of a relation."""
    (rows,) = connection.execute(f"select count(*) from {relation}").fetchall()[0]
    return int(rows)
