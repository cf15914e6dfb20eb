"""Readers of `current` while versions come and go."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

from dovecote.publish import Published, publish
from publish.shops import CUSTOMERS, HISTORY, MARTS, Shop

PUBLISHES = 30
PAUSE_SECONDS = 0.02
# What one version says: its build, and what is in its tables because of it.
QUERY = f"""
    select
        (select run_id from {MARTS}.published_version),
        (select count(*) from {MARTS}.mart_customer_value),
        (select count(distinct run_id) from {HISTORY}.hist_churn_scores),
        (select max(run_id) from {MARTS}.mart_builds)
"""
Answer = tuple[str, int, int, str]


def answer_of(number: int) -> Answer:
    run_id = f"{number:08x}-0000-4000-8000-000000000000"
    return run_id, CUSTOMERS + number, number, run_id


def read(database: Path, orders: Connection, seen: Connection) -> None:
    """Open and ask again and again until told to stop."""
    answers: list[Answer] = []
    errors: list[str] = []
    while not orders.poll(PAUSE_SECONDS):
        try:
            with duckdb.connect(database, read_only=True) as connection:
                answers += connection.execute(QUERY).fetchall()
        except duckdb.Error as error:
            errors.append(str(error))
        if len(answers) == 1:
            seen.send("began")
    seen.send((answers, errors))


@pytest.mark.slow
def test_readers_see_one_whole_version_or_another_and_never_an_error(
    shop: Shop, published: Published
) -> None:
    shop.build(kept=2)
    publish(published)
    orders, its_orders = multiprocessing.Pipe()
    seen, its_seen = multiprocessing.Pipe()
    reader = multiprocessing.get_context("fork").Process(
        target=read, args=(published.link / "dovecote.duckdb", its_orders, its_seen)
    )
    reader.start()
    assert seen.recv() == "began"
    for number in range(PUBLISHES):
        shop.build(kept=2)
        publish(published)
        if number % 2:
            # The next publish prunes what readers see now.
            with published.locked():
                published.point_to(published.versions()[-1])
    orders.send("stop")
    answers, errors = seen.recv()
    reader.join()
    assert errors == []
    assert set(answers) <= {answer_of(number) for number in range(1, PUBLISHES + 2)}
    assert len(set(answers)) > PUBLISHES / 4


def test_who_has_a_version_open_keeps_it_after_the_swap_and_the_pruning(
    shop: Shop, published: Published
) -> None:
    shop.build(kept=2)
    version, _ = publish(published)
    with duckdb.connect(published.link / "dovecote.duckdb", read_only=True) as connection:
        for pruned in ([], [version]):
            shop.build(kept=2)
            assert publish(published)[1] == pruned
        assert not version.folder.exists()
        assert connection.execute(QUERY).fetchall() == [answer_of(1)]
        rows = f"select count(*), sum(churn_probability) from {HISTORY}.hist_churn_scores"
        assert connection.execute(rows).fetchall() == [
            (2 * CUSTOMERS, 2 * sum(1 / (i + 1) for i in range(CUSTOMERS)))
        ]
