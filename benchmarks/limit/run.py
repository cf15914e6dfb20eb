"""The limit: the marts that rest on SQL alone, by hand-written DuckDB SQL from the same files.

No dbt, no Jinja, no quarantine: the fastest sensible SQL for a clean shop in typed Parquet with the
project's default settings. `python benchmarks/limit/run.py FOLDER WAREHOUSE` runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

import duckdb

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "seeds" / "reference"
ENTITIES = (
    "orders",
    "order_items",
    "customers",
    "products",
    "events",
    "reviews",
    "nps_responses",
    "customer_merges",
    "exclusions",
    "exchange_rates",
)
SEEDS = ("order_status_policy", "event_vocabulary", "rfm_segments")
THREADS = 2
MEMORY_LIMIT = os.environ.get("DOVECOTE_MEMORY_LIMIT", "10GB")
AS_OF = "DOVECOTE_AS_OF"


class Statement(NamedTuple):
    """What one statement took."""

    file: str
    name: str
    wall_seconds: float
    cpu_seconds: float


def statements() -> list[tuple[str, str, str]]:
    """Give every statement with its file and what it makes, in the order of running."""
    found = []
    for file in sorted(HERE.glob("*.sql")):
        for sql in re.split(r";\s*\n", file.read_text()):
            created = re.search(r"(?:create (?:table|view|macro)|set variable) (\w+)", sql)
            if created:
                found.append((file.stem, created[1], sql))
    return found


def run(folder: Path, warehouse: Path) -> list[Statement]:
    """Compute the marts.

    Parameters
    ----------
    folder
        The shop: of every entity a Parquet file or a folder of them.
    warehouse
        DuckDB file to write, which must not exist.

    Returns
    -------
    list of Statement
        Wall and CPU seconds of each statement.
    """
    measured = []
    spill = warehouse.with_suffix(".spill")
    with duckdb.connect(
        warehouse, config={"storage_compatibility_version": "v1.5.0"}
    ) as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = '{spill}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        for entity in ENTITIES:
            parts = folder / entity
            files = f"{parts}/**/*.parquet" if parts.is_dir() else f"{parts}.parquet"
            connection.execute(f"create view raw_{entity} as from read_parquet('{files}')")
        connection.execute(
            "set variable fixed_as_of = nullif(?, '')::timestamp", [os.environ.get(AS_OF, "")]
        )
        for seed in SEEDS:
            connection.execute(f"create table {seed} as from read_csv('{REFERENCE / seed}.csv')")
        for file, name, sql in statements():
            started = time.monotonic(), time.process_time()
            connection.execute(sql)
            measured.append(
                Statement(
                    file, name, time.monotonic() - started[0], time.process_time() - started[1]
                )
            )
    return measured


def main() -> None:
    """Run it and print what each statement took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the shop, as DOVECOTE_DATA names it")
    parser.add_argument("warehouse", type=Path, help="DuckDB file to write")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    arguments = parser.parse_args()
    measured = run(arguments.folder, arguments.warehouse)
    if arguments.json:
        print(json.dumps([statement._asdict() for statement in measured]))
        return
    for file, name, wall, cpu in measured:
        print(f"{file:<12} {name:<28} {wall:8.2f} s {cpu:8.2f} s of CPU")
    wall, cpu = (sum(statement[part] for statement in measured) for part in (2, 3))
    print(f"{'':<12} {'all':<28} {wall:8.2f} s {cpu:8.2f} s of CPU")


if __name__ == "__main__":
    main()
