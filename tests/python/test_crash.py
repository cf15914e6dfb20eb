"""Builds and publishes that are killed, that fail or that meet others harm nobody.

`make bench-crash` kills two hundred.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from crashes import (
    Shop,
    build_command,
    copy_shop,
    ended,
    faults_of_current,
    held_sentence,
    kill_after,
    leftovers,
    write_data,
)

pytestmark = pytest.mark.slow

SEED = 30


@dataclass(frozen=True)
class Built:
    """A shop that was built and published once, and a second build that began meanwhile."""

    shop: Shop
    seconds: float
    processes: set[int]
    second: subprocess.CompletedProcess[str]
    ended_after_the_second: bool


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("crash")
    shop = Shop(folder / "shop", write_data(folder / "data"))
    shop.folder.mkdir()
    started = time.monotonic()
    with ended(shop.start(*build_command())) as first:
        while not shop.runs() and first.poll() is None:
            time.sleep(0.1)
        second = shop.run(*build_command())
        ended_after_the_second = first.poll() is None
        family = {first.pid, *(one.pid for one in psutil.Process(first.pid).children())}
        assert first.wait() == 0
    return Built(shop, time.monotonic() - started, family, second, ended_after_the_second)


def test_a_second_build_ends_at_once_and_harms_nothing(built: Built) -> None:
    refused = held_sentence(built.second)
    assert refused, built.second
    assert int(refused[1]) in built.processes
    assert built.ended_after_the_second
    assert faults_of_current(built.shop) == []
    assert leftovers(built.shop) == []
    assert list(built.shop.registry().values()) == ["green"]


def test_what_kills_leave_is_whole_and_what_follows_is_well(built: Built, tmp_path: Path) -> None:
    shop = copy_shop(built.shop, tmp_path / "shop")
    marts, version = shop.published_marts(), shop.published.find("current").name
    draw = random.Random(SEED)
    for _ in range(3):
        kill(shop, draw.uniform(0, built.seconds), *build_command())
    left = shop.registry()
    assert "running" in left.values()

    next_build = shop.run("build", *build_command()[2:])
    assert next_build.returncode == 0, next_build
    expected = ["aborted" if status == "running" else status for status in left.values()]
    assert list(shop.registry().values()) == [*expected, "green"]

    started = time.monotonic()
    measured = copy_shop(shop, tmp_path / "measured").run("publish")
    assert measured.returncode == 0, measured
    seconds = time.monotonic() - started
    for _ in range(2):
        kill(shop, draw.uniform(0, seconds), "publish")
    next_publish = shop.run("publish")
    assert next_publish.returncode == 0, next_publish
    assert faults_of_current(shop) == []
    assert leftovers(shop) == []
    assert shop.published.find("current").name != version
    assert shop.published_marts() == marts


def test_a_failed_test_stops_the_publish(built: Built, tmp_path: Path) -> None:
    shop = copy_shop(built.shop, tmp_path / "shop")
    shutil.copytree(shop.data, tmp_path / "data")
    broken = Shop(shop.folder, tmp_path / "data")
    with (broken.data / "customer_merges.csv").open("a") as merges:
        merges.write(",,\n")
    version = broken.published.find("current").name

    failed = broken.run(*build_command())
    assert failed.returncode == 1, failed
    assert "Failed: customer_merges_within_dovecote_max_quarantine_share" in failed.stderr
    assert f"Not published: {broken.published.link} stays as it is." in failed.stderr

    refused = broken.run("publish")
    assert refused.returncode == 2, refused
    assert "failed (customer_merges_within_dovecote_max_quarantine_share" in refused.stderr
    assert broken.published.find("current").name == version
    assert faults_of_current(broken) == []


def kill(shop: Shop, seconds: float, *arguments: str) -> None:
    """Kill a command after some seconds, or sooner if it is quicker; readers must not notice."""
    while not kill_after(shop.start(*arguments), seconds):
        seconds /= 2
    assert faults_of_current(shop) == []
    shop.wait_until_free()
