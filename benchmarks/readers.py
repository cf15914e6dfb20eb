"""Query what is published while builds, publishes and rollbacks go on.

Run it with `make bench-crash`. Four processes open `published/current` in turn as BI tools do: anew
for every query, for a few, or for many while versions come and go, and the Parquet of the folder
that `current` leads to. Each answer holds facts of several tables, which must all be those of the
manifest of the version that the answer names.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader import Seen

from crashes import Shop, build_command, write_data
from dovecote.publish.version import Manifest

FIRST_AS_OF = "2025-09-10"
LATER_AS_OF = ("2025-09-20", "2025-09-30", "2025-10-10", "2025-10-20")
VERSIONS_KEPT = 3
SWAPS_AFTER_A_BUILD = 8
READER = Path(__file__).with_name("reader.py")
STOP = "stop"


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
        with reading(shop, options.readers, quota, options.seed) as (processes, seen):
            for as_of in LATER_AS_OF:
                writing.build(as_of)
                for _ in range(SWAPS_AFTER_A_BUILD // 2):
                    writing.swap_back_and_forth()
            (shop.folder / STOP).touch()
            while any(process.poll() is None for process in processes):
                writing.swap_back_and_forth()
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

    def swap_back_and_forth(self) -> None:
        self._swap("rollback")
        self._swap("publish")

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
def reading(
    shop: Shop, readers: int, quota: int, seed: int
) -> Iterator[tuple[list[subprocess.Popen[bytes]], list[Seen]]]:
    """Let processes query what is published until they are told to stop and have their quota.

    What they saw is in the list at the end.
    """
    current, stop = shop.published.link, shop.folder / STOP
    processes = [
        subprocess.Popen(
            [sys.executable, READER, str(current), str(stop), str(quota), f"{seed}-{number}"],
            stdout=subprocess.PIPE,
        )
        for number in range(readers)
    ]
    seen: list[Seen] = []
    try:
        yield processes, seen
        seen += [Seen(**json.loads(process.communicate()[0])) for process in processes]
    finally:
        for process in processes:
            process.kill()


if __name__ == "__main__":
    main()
