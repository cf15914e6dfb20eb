"""What must hold of every bad input, and the count of its rows from the bytes alone."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pyarrow.parquet as pq
from input_builds import Builder
from input_cases import Case

# The registry, which tells of builds that were stopped as well, and the list of whom to keep out.
WRITTEN_BY_HOOKS = {"builds", "forgotten_people"}


def check(case: Case, builder: Builder, folder: Path) -> None:
    """Expect a named error before anything is written, or balanced counts as worked by hand."""
    files = case.contents()
    data = write(folder / case.folder, files)

    build = builder.build(data, folder, case.as_of, case.variables, case.values)

    if case.error:
        assert build.error is not None, build.counts()
        assert case.error in build.error
        assert "Traceback" not in build.error
        assert build.tables <= WRITTEN_BY_HOOKS, "written before the error"
        return
    assert build.error is None
    counts = build.counts()
    assert [entity for entity in counts if not counts[entity].are_balanced()] == []
    assert counts == dict(case.counts)
    assert build.reasons() == dict(case.reasons)
    for entity, found in counts.items():
        in_files = rows_in_files(files, entity, case.variables.get("dovecote_csv_delimiter", ","))
        assert in_files in (None, found.rows_in), entity
    for query, rows in case.values.items():
        assert build.rows(query) == rows, query


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def rows_in_files(files: dict[str, bytes], entity: str, delimiter: str) -> int | None:
    """Count the rows of an entity; none where damage and line breaks in quotes meet."""
    counts = [
        rows_in_file(name, content, delimiter)
        for name, content in files.items()
        if re.match(rf"{entity}[./]", name) and not re.search(r"(^|/)[._]", name)
    ]
    return None if None in counts else sum(counts)


def rows_in_file(name: str, content: bytes, delimiter: str) -> int | None:
    if name.endswith(".parquet"):
        return pq.ParquetFile(io.BytesIO(content)).metadata.num_rows
    filled = filled_lines(content)
    if name.endswith(("jsonl", "ndjson")):
        return len(filled)
    records = well_formed_records(content, delimiter)
    if records is not None:
        return len(records) - 1
    return None if re.search(rb'"[^"]*[\r\n]', content) else len(filled) - 1


def filled_lines(content: bytes) -> list[bytes]:
    return [line for line in re.split(rb"\r\n|\r|\n", content) if line]


def well_formed_records(content: bytes, delimiter: str) -> list[list[str]] | None:
    csv.field_size_limit(2**30)
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        records = [
            record for record in csv.reader(lines, delimiter=delimiter, strict=True) if record
        ]
    except (UnicodeDecodeError, csv.Error):
        return None
    return records if len({len(record) for record in records}) == 1 else None
