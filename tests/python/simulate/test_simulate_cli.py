"""The command: what it prints, and one sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dovecote.cli import app

GOOD = {"--customers": "30", "--days": "40", "--seed": "1"}


def run(out: Path, **changed: str | None) -> tuple[int, str]:
    flags = GOOD | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    words = [word for flag in flags.items() for word in flag if word is not None]
    result = CliRunner().invoke(app, ["simulate", *words, "--out", str(out)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_summary_lists_every_table(tmp_path: Path) -> None:
    code, output = run(tmp_path / "shop")
    assert code == 0
    for table in ("orders", "exchange_rates", "truth/customers", "truth/dirt"):
        assert table in output
        assert (tmp_path / "shop" / f"{table}.csv").stat().st_size > 0
    assert "│ truth/customers  │ 30 " in output


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("customers", "-5", "at least 1"),
        ("customers", "0", "at least 1"),
        ("days", "0", "from 1 to 3650"),
        ("seed", "-1", "0 or more"),
        ("dirty_share", "0.21", "from 0 to 0.2"),
        ("dirty_share", "nan", "from 0 to 0.2"),
        ("late_share", "-0.1", "from 0 to 0.5"),
        ("start", "1970-01-01", "a date from 1995-01-01"),
        ("start", "2098-12-30", "no later than 2099-01-01"),
        ("events_per_customer", "-1", "from 0 to 1000"),
        ("purchase_pace", "0", "above 0 and at most 10"),
    ],
)
def test_wrong_value_is_named_with_its_cure(
    name: str, value: str, allowed: str, tmp_path: Path
) -> None:
    code, output = run(tmp_path / "shop", **{name: value})
    assert code == 2
    assert output.startswith(f"Error: --{name.replace('_', '-')} is ")
    assert allowed in output
    assert output.count("\n") == 1
    assert not (tmp_path / "shop").exists()


def test_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("mine")
    code, output = run(tmp_path)
    assert (code, output.count("\n")) == (2, 1)
    assert "exists and is not empty: empty it or name a new folder." in output
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine")
    code, output = run(tmp_path / "shop")
    assert (code, output.count("\n")) == (2, 1)
    assert "is a file: name a new folder." in output
    code, output = run(tmp_path / "shop" / "inside")
    assert (code, output.count("\n")) == (2, 1)
    assert "Not a directory: mend that" in output


def test_partitions_are_asked_for_by_flags(tmp_path: Path) -> None:
    flags = {"format": "parquet", "workers": "1", "purchase_pace": "2"}
    code, output = run(tmp_path / "shop", **flags, partitioned=None)
    assert code == 0
    assert "│ truth/customers " in output
    assert (tmp_path / "shop" / "events" / "2025-01" / "2025-01-31.parquet").is_file()
    code, output = run(tmp_path / "other", partitioned=None)
    assert (code, output) == (2, "Error: --partitioned writes Parquet: add --format parquet.\n")
    assert not (tmp_path / "other").exists()
