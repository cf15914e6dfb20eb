"""The corpus as a whole, folders damaged at random, and the plain command on bad inputs."""

from __future__ import annotations

from pathlib import Path
from random import Random

import bad_formats
import bad_text
import bad_values
import pytest
from input_builds import Builder, tables_in
from input_cases import HEADER, order, records, text
from input_checks import WRITTEN_BY_HOOKS, filled_lines, rows_in_file, write

from dbt_runs import run_dbt, warehouse_of

pytestmark = pytest.mark.slow

PARQUET = bad_formats.typed_orders()
GOOD_JSON = records(order(1), order(2), order(3))


def test_corpus_is_large_and_its_names_are_unique() -> None:
    cases = [*bad_text.CASES, *bad_values.CASES, *bad_formats.CASES]
    assert len(cases) == len({case.name for case in cases}) >= 70


@pytest.mark.parametrize("seed", range(3))
def test_folder_of_damaged_parts_balances(seed: int, builder: Builder, tmp_path: Path) -> None:
    """Parts with bytes put in, taken out and overwritten at random: each line is somewhere."""
    random = Random(seed)
    parts = {f"orders/{number:02d}.csv": damaged_orders(random) for number in range(30)}
    parts |= {f"orders/{number}.jsonl": damaged(random, GOOD_JSON) for number in range(5)}

    build = builder.build(write(tmp_path / "inputs", parts), tmp_path)

    assert build.error is None
    counts = build.counts()["orders"]
    assert counts.are_balanced()
    in_files = {name: rows_in_file(name, content, ",") for name, content in parts.items()}
    found = build.rows("select source_name, physical_rows from dovecote_staging.raw_input_files")
    for name, physical_rows in found:
        if name.endswith("jsonl"):
            assert physical_rows == in_files[name], name
        else:
            assert physical_rows == len(filled_lines(parts[name])) - 1, name
    read = build.rows(
        "select source_name, sum(line_count) from dovecote_staging.raw_orders group by 1"
    )
    assert dict(read) == {name: rows for name, rows in found if rows}


def damaged_orders(random: Random) -> bytes:
    line_end = random.choice(["\n", "\r\n", "\r"])
    cells = [
        "c",
        '"c"',
        '"c, 1"',
        f'"c{line_end}1"',
        '"c\n\n1"',
        "",
        '"c ""1"""',
        '5" c',
        "caf\u00e9 \u20ac",
    ]
    lines = [
        f"o{random.randrange(99)},{random.choice(cells)},2024-01-{random.randint(1, 28):02d},1"
        for _ in range(random.randint(1, 8))
    ]
    return text(HEADER, end=line_end) + damaged(random, text(*lines, end=line_end))


def damaged(random: Random, content: bytes) -> bytes:
    for _ in range(random.randint(0, 3)):
        start = random.randint(0, len(content))
        end = start + random.choice([0, 0, 1, 5])
        pieces = [
            b"",
            b'"',
            b",",
            b"\n",
            b"\r\n",
            b"\r",
            b"\xff",
            b"\xc3",
            b"\x00",
            b'"\n',
            b"\\",
            b"}",
        ]
        content = content[:start] + random.choice(pieces) + content[end:]
    return content


# What a person at a terminal meets: exit code, console and warehouse of the plain command.
COMMANDS = {
    "missing_column": ({"orders.csv": text("order_id", "o1")}, "orders.csv has no column"),
    "broken_parquet_footer": (
        {"orders.parquet": PARQUET[:-60] + b"\xff" * 52 + PARQUET[-8:]},
        "orders.parquet",
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_stops_before_anything_is_written(name: str, tmp_path: Path) -> None:
    files, sentence = COMMANDS[name]

    done = run_dbt("build", tmp_path, data=write(tmp_path / "inputs", files))

    assert done.returncode == 2
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    warehouse = warehouse_of(tmp_path)
    assert not warehouse.exists() or tables_in(warehouse) <= WRITTEN_BY_HOOKS


def test_command_with_too_many_bad_rows_fails_and_says_why(tmp_path: Path) -> None:
    files = {"orders.csv": text(HEADER, "o1,c1,2024-01-01,10", "o2,c2", "o3,c3,2099-01-01,30")}

    done = run_dbt("build", tmp_path, data=write(tmp_path / "inputs", files))

    assert done.returncode == 1
    assert "2 of 3 rows of orders are quarantined" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
