"""Query what is published while builds, publishes and rollbacks go on.

Run it with `make bench-crash`. Four processes open `published/current` in turn as BI tools do: anew
for every query, for a few, or for many while versions come and go, and the Parquet of the folder
that `current` leads to. Each answer holds facts of several tables, which must all be those of the
manifest of the version that the answer names.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from crashes import Shop, build_command, write_data
from dovecote.publish import DATABASE
from dovecote.publish.version import Manifest

FIRST_AS_OF = "2025-09-10"
LATER_AS_OF = ("2025-09-20", "2025-09-30", "2025-10-10", "2025-10-20")
VERSIONS_KEPT = 3
SWAPS_AFTER_A_BUILD = 8
TABLES = (
    *("dim_customers", "fct_orders", "fct_order_items", "mart_customer_rfm", "mart_churn_scores"),
    *("mart_daily_business", "mart_retention", "hist_customer_rfm", "hist_churn_scores"),
)
TABLES_A_QUERY = 3


@dataclass
class Seen:
    """What one reader saw.

    Attributes
    ----------
    asked, opened
        Queries, and how often something was opened for them.
    outlived
        Queries to a version that was not the current one any more.
    facts
        By run_id of the version that an answer named: its as_of_date, and each table's rows and
        latest as_of_date that any answer gave.
    errors
        Every error.
    """

    asked: int = 0
    opened: int = 0
    outlived: int = 0
    facts: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Let readers ask while versions come and go, and compare what they saw with the manifests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=10_000, help="of all readers, at least")
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1, help="draws how and what is asked")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readers-") as name:
        shop = Shop(Path(name) / "shop", write_data(Path(name) / "data"))
        shop.folder.mkdir()
        writing = Writer(shop)
        writing.build(FIRST_AS_OF)
        started = time.monotonic()
        quota = -(-options.queries // options.readers)
        with reading(shop, options.readers, quota, options.seed) as seen:
            for as_of in LATER_AS_OF:
                writing.build(as_of)
                for _ in range(SWAPS_AFTER_A_BUILD // 2):
                    writing.roll_back()
                    writing.publish()
            minutes = (time.monotonic() - started) / 60
    asked, errors = sum(one.asked for one in seen), [e for one in seen for e in one.errors]
    wrong = [fact for one in seen for fact in differing(one, writing.manifests)]
    versions = {run for one in seen for run in one.facts}
    print(
        f"{asked:,} queries of {options.readers} readers in {minutes:.0f} minutes, of which "
        f"{sum(one.outlived for one in seen):,} to versions no longer current; "
        f"{sum(one.opened for one in seen):,} times opened; {len(errors)} errors {errors[:3]}"
    )
    print(
        f"{len(writing.manifests)} versions built, {len(versions)} seen, {writing.swaps} swaps of "
        f"current; facts of no one version: {wrong or 'none'}"
    )
    if errors or wrong or asked < options.queries or versions != set(writing.manifests):
        raise SystemExit(1)


class Writer:
    """Makes versions of a shop and swaps them, and knows what each holds."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.manifests: dict[str, Manifest] = {}
        self.swaps = 0

    def build(self, as_of: str) -> None:
        self._swap(*build_command(dovecote_published_versions_kept=VERSIONS_KEPT), as_of=as_of)

    def publish(self) -> None:
        self._swap("publish")

    def roll_back(self) -> None:
        self._swap("rollback")

    def _swap(self, *arguments: str, as_of: str | None = None) -> None:
        done = self.shop.run(*arguments, as_of=as_of)
        if done.returncode:
            raise SystemExit(f"dovecote {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        manifest = self.shop.published.find("current").manifest
        self.manifests[manifest.run_id] = manifest
        self.swaps += 1


def differing(seen: Seen, manifests: dict[str, Manifest]) -> list[str]:
    """Give the facts that a reader saw and that the version named beside them does not hold."""
    found = []
    for run_id, facts in seen.facts.items():
        manifest = manifests[run_id]
        rows = {table.name: table.rows for table in manifest.tables}
        for fact in facts:
            table, seen_rows, latest = json.loads(fact)
            expected = manifest.as_of_date if table.startswith("hist_") else None
            if seen_rows != rows[table] or latest != expected:
                found.append(f"{manifest.version}: {fact}, not {rows[table]} rows, {expected}")
    return found


@contextmanager
def reading(shop: Shop, readers: int, quota: int, seed: int) -> Iterator[list[Seen]]:
    """Let processes query what is published; the list is filled at the end."""
    stop = shop.folder / "stop"
    current = shop.published.link
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(current), str(stop), str(quota), f"{seed}-{number}"],
            stdout=subprocess.PIPE,
        )
        for number in range(readers)
    ]
    seen: list[Seen] = []
    try:
        yield seen
    finally:
        stop.touch()
        for process in processes:
            printed, _ = process.communicate()
            seen.append(Seen(**json.loads(printed)))


def ask(current: Path, stop: Path, quota: int, seed: str) -> Seen:
    """Ask until the file appears, at leisure once the quota is asked."""
    draw = random.Random(seed)
    seen = Seen()
    while not stop.exists():
        try:
            queries = draw.choice((1, 1, 1, 5, 200))
            if draw.random() < 0.25:
                _ask_parquet(current, draw, seen)
            else:
                _ask_database(current, queries, stop, draw, seen)
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
        if seen.asked > quota:
            time.sleep(0.3)
    return seen


def _ask_database(current: Path, queries: int, stop: Path, draw: random.Random, seen: Seen) -> None:
    """Open the database of the current version once for some queries."""
    with duckdb.connect(current / DATABASE, read_only=True) as connection:
        opened = current.resolve()
        seen.opened += 1
        for _ in range(queries):
            if stop.exists():
                return
            _ask_facts(connection, lambda table: f"{_schema(table)}.{table}", draw, seen)
            seen.outlived += current.resolve() != opened
            if queries > 5:
                time.sleep(0.05)


def _ask_parquet(current: Path, draw: random.Random, seen: Seen) -> None:
    """Read the Parquet of the folder that `current` leads to now."""
    folder = current.resolve() / "parquet"
    with duckdb.connect() as connection:
        seen.opened += 1
        _ask_facts(
            connection, lambda table: f"'{folder / _schema(table) / table}.parquet'", draw, seen
        )


def _ask_facts(
    connection: duckdb.DuckDBPyConnection,
    source: Callable[[str], str],
    draw: random.Random,
    seen: Seen,
) -> None:
    """Ask which version this is and what some tables hold, in one query."""
    tables = draw.sample(TABLES, TABLES_A_QUERY)
    facts = ", ".join(
        f"(select {{'rows': count(*), 'latest': "
        f"{'max(as_of_date)::varchar' if table.startswith('hist_') else 'null::varchar'}}} "
        f"from {source(table)})"
        for table in tables
    )
    run_id, *answers = connection.execute(
        f"select run_id, {facts} from {source('published_version')}"
    ).fetchall()[0]
    of_version = seen.facts.setdefault(run_id, [])
    for table, answer in zip(tables, answers, strict=True):
        fact = json.dumps([table, answer["rows"], answer["latest"]])
        if fact not in of_version:
            of_version.append(fact)
    seen.asked += 1


def _schema(table: str) -> str:
    return "dovecote_history" if table.startswith("hist_") else "dovecote_marts"


if __name__ == "__main__":
    if len(sys.argv) == 5 and not sys.argv[1].startswith("-"):
        print(
            json.dumps(
                asdict(ask(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
            )
        )
    else:
        main()
