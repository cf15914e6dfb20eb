"""The whole shop, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from dovecote.simulate.catalogue import Catalogue, make_catalogue, make_exchange_rates
from dovecote.simulate.dirt import Added, make_dirt
from dovecote.simulate.events import make_events
from dovecote.simulate.feedback import make_nps_responses, make_reviews
from dovecote.simulate.orders import make_orders
from dovecote.simulate.people import (
    customers_frame,
    exclusions_frame,
    make_people,
    merges_frame,
    open_accounts,
    truth_frame,
)
from dovecote.simulate.purchases import channels, draw_purchases
from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.season import Season
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import SHOP_BLOCK, Topic, block_count, stream

LATE_ENTITIES = ("orders", "events")
LATE_DAYS = (1.0, 4.0)
"""A late row arrives so many days after its time."""


@dataclass(frozen=True)
class Block:
    """Rows of one block, in the units of `schema`.

    Attributes
    ----------
    clean
        Clean rows by entity.
    dirt
        Dirty rows by entity.
    truth
        Rows by truth table.
    """

    clean: dict[str, pd.DataFrame]
    dirt: dict[str, Added]
    truth: dict[str, pd.DataFrame]


def make_blocks(settings: Settings) -> Iterator[Block]:
    """Make a shop one block at a time, each from its own random streams.

    Parameters
    ----------
    settings
        The request.

    Yields
    ------
    Block
        First products, exchange rates and parameters, then the customers, 1,000 a block, with
        everything they do.
    """
    for block in range(SHOP_BLOCK, block_count(settings.customers)):
        yield make_block(settings, block)


def make_block(settings: Settings, block: int) -> Block:
    """Make one block, which depends on no other.

    Parameters
    ----------
    settings
        The request.
    block
        Block number from 0, or ``SHOP_BLOCK`` for what all customers share.

    Returns
    -------
    Block
        The rows.
    """
    season, catalogue, products = _shared(settings)
    if block != SHOP_BLOCK:
        return _make_customer_block(settings, season, catalogue, block)
    shop = {"products": products.copy(), "exchange_rates": make_exchange_rates(settings)}
    return _finish(settings, shop, {"parameters": _parameters(settings.purchase_pace)}, block)


@lru_cache(maxsize=1)
def _shared(settings: Settings) -> tuple[Season, Catalogue, pd.DataFrame]:
    return Season(settings), *make_catalogue(settings)


def _make_customer_block(
    settings: Settings, season: Season, catalogue: Catalogue, block: int
) -> Block:
    def rng(topic: Topic) -> np.random.Generator:
        return stream(settings.seed, block, topic)

    people = make_people(settings, season, catalogue, block)
    purchases = draw_purchases(
        rng(Topic.PURCHASES),
        season,
        people.first_at,
        people.rate,
        people.dropout,
        people.refill_gap,
    )
    order_rng, feedback_rng = rng(Topic.ORDERS), rng(Topic.FEEDBACK)
    accounts = open_accounts(settings, people, purchases, order_rng)
    basket, orders, items = make_orders(
        settings, season, catalogue, people, purchases, accounts, block, order_rng
    )
    clean = {
        "orders": orders,
        "order_items": items,
        "customers": customers_frame(settings, people, accounts, purchases.died_at, feedback_rng),
        "events": make_events(
            settings, season, catalogue, people, accounts, basket, block, rng(Topic.EVENTS)
        ),
        "reviews": make_reviews(settings, catalogue, people, accounts, basket, block, feedback_rng),
        "nps_responses": make_nps_responses(
            settings, people, accounts, basket, block, feedback_rng
        ),
        "customer_merges": merges_frame(people, accounts),
        "exclusions": exclusions_frame(people, feedback_rng),
    }
    truth = {"customers": truth_frame(people, purchases, accounts)}
    return _finish(settings, clean, truth, block)


def _finish(
    settings: Settings, clean: dict[str, pd.DataFrame], truth: dict[str, pd.DataFrame], block: int
) -> Block:
    """Delay late rows and add the dirt."""
    rng = stream(settings.seed, block, Topic.LATENESS)
    for entity in LATE_ENTITIES:
        if entity in clean:
            rows = clean[entity]
            is_late = rng.random(len(rows)) < settings.late_share
            delay = rng.uniform(*LATE_DAYS, size=len(rows)) * DAY
            rows[ARRIVES_AT] += np.where(is_late, delay, 0.0)
    dirt, counts = make_dirt(settings, clean, block)
    columns = ["entity", "kind", "outcome", "rows"]
    return Block(clean, dirt, truth | {"dirt": pd.DataFrame(counts, columns=columns)})


def _parameters(pace: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"acquisition_channel": name, "r": c.r, "alpha": c.alpha, "a": c.a, "b": c.b}
            for name, c in channels(pace).items()
        ]
    )
