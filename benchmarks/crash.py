"""Kill builds and publishes at random moments, and see what is left and what comes next.

Run it with `make bench-crash`. A shop of 200 customers is built and published once without a
break; then `dovecote build --publish` and `dovecote publish` get `kill -9` in turn, each at a
moment drawn from its usual duration. After every kill readers must find one whole version, and the
command that follows must succeed, give the same marts and leave nothing behind. Some builds start
with nothing at all, and of some only the parent dies, while its dbt goes on. It stops at the first
difference, and leaves the folder for a look.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from crashes import (
    Shop,
    build_command,
    copy_shop,
    faults_of_current,
    held_sentence,
    kill_after,
    leftovers,
    nodes_ended,
    write_data,
)

# One build in so many starts with nothing, and one loses only its parent.
FIRST_BUILD_EVERY = 20
ONLY_PARENT_EVERY = 12
CURRENT = "current"


class DifferenceError(Exception):
    """Something is not as it must be after a kill."""


@dataclass
class Kills:
    """What became of all kills."""

    phases: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: int = 0
    missed: int = 0
    publish_shares: list[float] = field(default_factory=list)


def main() -> None:
    """Kill, compare and print how many kills hit what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="half of builds, half of publishes")
    parser.add_argument("--seed", type=int, default=1, help="draws the moments")
    parser.add_argument("--workers", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    # What dbt keeps for a moment of a Python model stays there when it is killed.
    os.environ["TMPDIR"] = str(folder)
    print(f"{options.kills} kills, seed {options.seed}, in {folder}", flush=True)
    reference, marts = uninterrupted(folder)
    kills, stop, started = Kills(), threading.Event(), time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        futures = [
            pool.submit(
                Worker(folder / f"worker-{worker}", reference, marts, kills).work,
                range(worker, options.kills, options.workers),
                options.seed,
                stop,
            )
            for worker in range(options.workers)
        ]
        for future in as_completed(futures):
            if future.exception():
                stop.set()
    for future in futures:
        future.result()
    for (command, phase), count in sorted(kills.phases.items()):
        print(f"{command:>8}  {phase:<32} {count:>4}")
    print(
        f"{kills.phases.total()} kills in {(time.monotonic() - started) / 60:.0f} minutes, no "
        f"differences; {kills.refused} builds refused while a dbt without a parent went on; "
        f"{kills.missed} commands had ended before their moment came"
    )
    print(f"publishing takes {statistics.median(kills.publish_shares):.1%} of a build's time")
    shutil.rmtree(folder)


def uninterrupted(folder: Path) -> tuple[Shop, dict[str, tuple[int, int]]]:
    """Build three versions without a break; give the shop and its marts.

    The third stands in the warehouse and is not published yet: that prunes the first.
    """
    shop = Shop(folder / "reference", write_data(folder / "data"))
    shop.folder.mkdir()
    for version in (1, 2, 3):
        publishing = build_command()
        done = shop.run(*(publishing if version < 3 else ["build", *publishing[2:]]))
        must(done.returncode == 0, f"build {version} is not green", done)
    must(not faults_of_current(shop), "the version is not whole", faults_of_current(shop))
    return shop, shop.published_marts()


class Worker:
    """Kills one command after another in folders of its own."""

    def __init__(
        self, folder: Path, reference: Shop, marts: dict[str, tuple[int, int]], kills: Kills
    ) -> None:
        self.marts = marts
        self.kills = kills
        self.building = copy_shop(reference, folder / "build")
        self.ready = reference.published.root
        self.publishing = copy_shop(reference, folder / "publish")
        self.usual = {"build": 30.0, "publish": 3.0}

    def work(self, numbers: range, seed: int, stop: threading.Event) -> None:
        """Do the kills of these numbers, a build and a publish in turn."""
        for turn, number in enumerate(numbers):
            draw = random.Random(f"{seed}-{number}")
            command, kill = (("build", self.kill_build), ("publish", self.kill_publish))[turn % 2]
            phase = None
            while phase is None and not stop.is_set():
                moment = draw.uniform(0, self.usual[command])
                what = f"kill {number} of seed {seed}, {command} at {moment:.2f} s"
                try:
                    phase = kill(turn // 2, moment)
                except Exception as error:
                    error.add_note(f"{what}, in {self.building.folder.parent}")
                    raise
                if phase is None:
                    self.kills.missed += 1
                else:
                    self.kills.phases[command, phase] += 1
                    print(f"{what}: {phase}", flush=True)

    def kill_build(self, turn: int, moment: float) -> str | None:
        """Kill a build that publishes, and build again; name the phase that the kill hit."""
        shop = self.building
        if turn % FIRST_BUILD_EVERY == FIRST_BUILD_EVERY // 2:
            shutil.rmtree(shop.folder)
            shop.folder.mkdir()
        only_parent = turn % ONLY_PARENT_EVERY == 1
        runs, known, there = shop.runs(), shop.registry(), names(shop)
        process = shop.start(*build_command())
        if not kill_after(process, moment, only_it=only_parent):
            return None
        self._check_current(shop, there_was_one=CURRENT in there)
        if only_parent:
            second = shop.run(*build_command())
            if second.returncode:
                must(bool(held_sentence(second)), "no word of who builds", second)
                self.kills.refused += 1
            self._check_current(shop, there_was_one=CURRENT in there)
        shop.wait_until_free()
        left = shop.registry()
        new = [left[run] for run in left.keys() - known.keys()]
        if only_parent:
            hit = f"parent alone, dbt ended {new[0]}" if new else "parent alone, before nodes"
        else:
            hit = build_phase(shop, runs, new) or publish_phase(shop, there)
        if any(nodes_ended(shop, run) for run in shop.runs() - runs):
            must(bool(new), "a build that ran nodes is not registered", left)
        done = self._timed("build", shop, *build_command())
        must("Green: " in done.stdout, "the next build is not green", done)
        now = shop.registry()
        (next_run,) = now.keys() - left.keys()
        expected = {run: "aborted" if was == "running" else was for run, was in left.items()}
        must(now == {**expected, next_run: "green"}, "the registry is wrong", known, left, now)
        self._check_published(shop, next_run)
        seconds, share = re.search(r"nodes in (\d+) s", done.stdout), published_in(done.stdout)
        self.kills.publish_shares.append(share / (share + int(seconds[1] if seconds else 0)))
        return hit

    def kill_publish(self, turn: int, moment: float) -> str | None:
        """Kill a publish, and publish again; name the phase that the kill hit."""
        shop = self.publishing
        shutil.rmtree(shop.published.root)
        shutil.copytree(self.ready, shop.published.root, symlinks=True)
        there = names(shop)
        if not kill_after(shop.start("publish"), moment):
            return None
        self._check_current(shop, there_was_one=True)
        hit = publish_phase(shop, there)
        shop.wait_until_free()
        done = self._timed("publish", shop, "publish")
        published_in(done.stdout)
        self._check_published(shop, list(shop.registry())[-1])
        return hit

    def _timed(self, command: str, shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
        started = time.monotonic()
        done = shop.run(*arguments)
        must(done.returncode == 0, f"the next {command} fails", done)
        self.usual[command] = time.monotonic() - started
        return done

    def _check_current(self, shop: Shop, *, there_was_one: bool) -> None:
        if there_was_one or os.path.lexists(shop.published.link):
            must(not (faults := faults_of_current(shop)), "readers see no whole version", faults)

    def _check_published(self, shop: Shop, run_id: str) -> None:
        self._check_current(shop, there_was_one=True)
        current = shop.published.find("current")
        must(current.manifest.run_id == run_id, "readers see another build", current.name, run_id)
        must(not leftovers(shop), "something is left over", leftovers(shop))
        marts = shop.published_marts()
        differing = {
            mart: (marts.get(mart), self.marts.get(mart))
            for mart in marts.keys() | self.marts.keys()
            if marts.get(mart) != self.marts.get(mart)
        }
        must(not differing, "marts differ from those of the uninterrupted build", differing)


def names(shop: Shop) -> dict[str, str]:
    """Name what is in the folder of versions, and where each link there leads."""
    root = shop.published.root
    files = root.iterdir() if root.is_dir() else ()
    return {file.name: str(file.resolve()) for file in files}


def build_phase(shop: Shop, runs: set[str], new: list[str]) -> str:
    """Name what a build was at when it was killed; nothing if it had come to publish."""
    if not shop.runs() - runs:
        return "before dbt"
    return {(): "dbt starts", ("running",): "nodes"}.get(tuple(new), "")


def publish_phase(shop: Shop, before: dict[str, str]) -> str:
    """Name what a publish was at when it was killed."""
    now = names(shop)
    if any(name.startswith(".incoming-") for name in now):
        return "publish: writes a version"
    if any(name.startswith(".outgoing-") for name in now):
        return "publish: prunes"
    if now.keys() <= before.keys() | {".lock"}:
        return "publish: before it writes"
    if now.get(CURRENT) == before.get(CURRENT):
        return "publish: before the swap"
    return "publish: before it prunes" if before.keys() <= now.keys() else "publish: about to end"


def published_in(output: str) -> float:
    """Read how many seconds a publish took."""
    found = re.search(r"^Published \S+ in ([\d.]+) s", output, re.MULTILINE)
    must(found is not None, "nothing was published", output)
    assert found is not None
    return float(found[1])


def must(holds: bool, what: str, *facts: object) -> None:
    """Stop with all facts unless something holds."""
    if not holds:
        raise DifferenceError("\n".join([what, *map(str, facts)]))


if __name__ == "__main__":
    main()
