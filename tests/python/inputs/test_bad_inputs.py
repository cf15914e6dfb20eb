"""Every bad input ends in a named error before anything is written, or in balanced counts."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bad_inputs import CASES, Case
from builds import Builder, Counts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(case: Case, builder: Builder, tmp_path: Path) -> None:
    files = case.contents()
    data = write(tmp_path / case.folder, files)
    build = builder.build(data, tmp_path, case.as_of, case.variables)

    if case.error:
        assert build.error is not None
        assert case.error in build.error
        assert "Traceback" not in build.error
        assert not build.tables, "written before the error"
        return
    assert build.error is None
    counts = build.counts()
    for entity, found in counts.items():
        assert found.rows_in == found.accepted + found.duplicates + found.quarantined + found.after_as_of, entity
        in_files = rows_in_files(files, entity, case.variables.get("dovecote_csv_delimiter", ","))
        assert in_files in (None, found.rows_in), entity
    assert counts == dict(case.counts)
    for entity in counts:
        assert build.reasons(entity) == case.reasons.get(entity, []), entity
    for query, rows in case.values.items():
        assert build.rows(query) == rows, query


def test_corpus_is_large_enough() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 70


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def rows_in_files(files: dict[str, bytes], entity: str, delimiter: str) -> int | None:
    """Count the rows of an entity from the bytes alone; none where damage and line breaks in quotes meet."""
    counts = [
        rows_in_file(name, content, delimiter)
        for name, content in files.items()
        if re.match(rf"{entity}[./]", name) and not re.search(r"(^|/)[._]", name)
    ]
    return None if None in counts else sum(counts)


def rows_in_file(name: str, content: bytes, delimiter: str) -> int | None:
    if name.endswith(".parquet"):
        return pq.ParquetFile(io.BytesIO(content)).metadata.num_rows
    filled = [line for line in re.split(rb"\r\n|\r|\n", content) if line]
    if name.endswith(("jsonl", "ndjson")):
        return len(filled)
    records = well_formed_records(content, delimiter)
    if records is not None:
        return len(records) - 1
    return None if re.search(rb'"[^"]*[\r\n]', content) else len(filled) - 1


def well_formed_records(content: bytes, delimiter: str) -> list[list[str]] | None:
    csv.field_size_limit(2**30)
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        records = [record for record in csv.reader(lines, delimiter=delimiter, strict=True) if record]
    except (UnicodeDecodeError, csv.Error):
        return None
    return records if len({len(record) for record in records}) == 1 else None
