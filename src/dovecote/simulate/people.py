"""Customers: who they are, when they come and when they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dovecote.simulate.catalogue import CATEGORIES, TASTE_GROUPS, Catalogue, draw_by_row
from dovecote.simulate.purchases import CHANNELS, Purchases, draw_heterogeneity
from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.season import Season
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import (
    BLOCK_SIZE,
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    Topic,
    as_text,
    blank,
    numbered,
    pick,
    stream,
)

PROSPECT_SHARE = 0.13
SIGN_UP_AT_CHECKOUT_SHARE = 0.6
MEAN_DAYS_TO_FIRST_ORDER = 9.0
STAPLE_SHARE = 0.65
SECOND_ACCOUNT_SHARE = 0.004
"""Of repeat purchases: from here on a second account is in use, which is merged later."""
EXCLUDED_SHARE = 0.008

_COUNTRIES: dict[str, tuple[float, str, float, tuple[str, ...]]] = {
    "US": (0.66, "USD", 0.07, ("Portland", "Austin", "Chicago", "Denver", "Boston")),
    "CA": (0.10, "USD", 0.05, ("Toronto", "Calgary", "Halifax")),
    "GB": (0.09, "USD", 0.20, ("Leeds", "Bristol", "Glasgow")),
    "AU": (0.06, "USD", 0.10, ("Perth", "Hobart", "Brisbane")),
    "DE": (0.05, "EUR", 0.19, ("Hamburg", "Leipzig", "Köln")),
    "FR": (0.04, "EUR", 0.20, ("Lyon", "Nantes", "Lille")),
}
COUNTRY_SHARE = np.array([c[0] for c in _COUNTRIES.values()])
IS_EUR = np.array([c[1] == "EUR" for c in _COUNTRIES.values()])
TAX_RATE = np.array([c[2] for c in _COUNTRIES.values()])


@dataclass(frozen=True)
class People:
    """The customers of a block, sorted by arrival; arrays are indexed by position.

    Attributes
    ----------
    number
        Number of the customer in the shop, from 1: it makes the ids.
    customer_id
        The id that counts in the end.
    channel, country, group
        Positions in ``CHANNELS``, in the countries, and among the taste groups.
    rate, dropout
        ``lambda`` (purchases a day) and ``p`` of MBG/NBD.
    created_at, first_at
        Account opened, and first purchase (NaN: none in the window); seconds since 1970.
    staple, refill_gap
        Product that is bought again and again, and the seconds it lasts (NaN: no staple).
    """

    number: IntArray
    customer_id: TextArray
    channel: IntArray
    country: IntArray
    group: IntArray
    rate: FloatArray
    dropout: FloatArray
    created_at: FloatArray
    first_at: FloatArray
    staple: IntArray
    refill_gap: FloatArray


@dataclass(frozen=True)
class Accounts:
    """What the purchases tell about the accounts; arrays are indexed by person.

    Attributes
    ----------
    leaves_at
        Last moment at which the customer may be seen, seconds since 1970.
    second_from, merged_at
        From when on a second account is in use, and when it was merged; infinite without one.
    purchases
        Number of true purchases.
    """

    leaves_at: FloatArray
    second_from: FloatArray
    merged_at: FloatArray
    purchases: IntArray

    def customer_id(self, people: People, person: IntArray, at: FloatArray) -> TextArray:
        """Return the account in use by each person at each time; null for person -1."""
        ids = people.customer_id[person]
        is_second = at >= self.second_from[person]
        ids[is_second] = second_account_id(people.number[person[is_second]])
        return blank(ids, person < 0)


def second_account_id(number: IntArray) -> TextArray:
    """Return the id of a customer's second account."""
    return numbered("c", number, "b")


def make_people(settings: Settings, season: Season, catalogue: Catalogue, block: int) -> People:
    """Draw the customers of a block.

    The first purchase comes minutes after the account is opened (at checkout) or days later. The
    delay is independent of ``lambda`` and ``p``, so MBG/NBD holds given the first purchase.

    Parameters
    ----------
    settings, season, catalogue
        The shop.
    block
        Block number from 0; the last block may be smaller than the others.

    Returns
    -------
    People
        Customers in order of arrival.
    """
    rng = stream(settings.seed, block, Topic.PEOPLE)
    size = min(BLOCK_SIZE, settings.customers - block * BLOCK_SIZE)
    number = block * BLOCK_SIZE + np.arange(1, size + 1)
    channel = rng.choice(len(CHANNELS), size, p=[c.share for c in CHANNELS.values()])
    rate, dropout = draw_heterogeneity(rng, channel, settings.purchase_pace)
    arrives_at = season.arrivals(rng, size)
    at_checkout = rng.random(size) < SIGN_UP_AT_CHECKOUT_SHARE
    delay = np.where(
        at_checkout,
        rng.integers(20, 240, size),
        np.ceil(rng.exponential(MEAN_DAYS_TO_FIRST_ORDER * DAY, size)) + 60,
    )
    first_at = arrives_at + delay
    first_at[(rng.random(size) < PROSPECT_SHARE) | (first_at >= settings.end_at)] = np.nan
    group = rng.integers(TASTE_GROUPS, size=size)
    staple = draw_by_row(rng, catalogue.staple_taste, group)
    has_staple = rng.random(size) < STAPLE_SHARE
    return People(
        number=number,
        customer_id=numbered("c", number),
        channel=channel,
        country=rng.choice(len(COUNTRY_SHARE), size, p=COUNTRY_SHARE),
        group=group,
        rate=rate,
        dropout=dropout,
        created_at=arrives_at,
        first_at=first_at,
        staple=staple,
        refill_gap=np.where(has_staple, catalogue.refill_gap[staple], np.nan),
    )


def open_accounts(
    settings: Settings, people: People, purchases: Purchases, rng: np.random.Generator
) -> Accounts:
    """Decide when customers are last seen and who uses a second account.

    A prospect is seen for a few weeks, a buyer until the dropout, the others until the end.
    """
    size = len(people.number)
    last_moment = settings.end_at - 1
    prospect_until = people.created_at + np.floor(rng.exponential(25 * DAY, size))
    leaves_at = np.where(np.isnan(people.first_at), prospect_until, purchases.died_at)
    leaves_at = np.minimum(np.where(np.isnan(leaves_at), last_moment, leaves_at), last_moment)

    second_from = np.full(size, np.inf)
    is_switch = ~purchases.is_first & (rng.random(len(purchases.at)) < SECOND_ACCOUNT_SHARE)
    np.minimum.at(second_from, purchases.person[is_switch], purchases.at[is_switch] - 5)
    merged_at = np.floor(second_from + rng.uniform(1, 40, size) * DAY)
    return Accounts(
        leaves_at=leaves_at,
        second_from=second_from,
        merged_at=np.where(np.isinf(second_from), np.inf, np.minimum(merged_at, last_moment)),
        purchases=np.bincount(purchases.person, minlength=size),
    )


def customers_frame(
    settings: Settings,
    people: People,
    accounts: Accounts,
    died_at: FloatArray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the ``customers`` entity of a block, second accounts included."""
    size = len(people.number)
    cities = [c[3] for c in _COUNTRIES.values()]
    city_number = rng.integers(60, size=size)
    city = as_text(
        [cities[c][n % len(cities[c])] for c, n in zip(people.country, city_number, strict=True)]
    )
    liked = as_text(list(CATEGORIES))[(people.group * 3) % len(CATEGORIES)]
    also_liked = as_text(list(CATEGORIES))[rng.integers(len(CATEGORIES), size=size)]
    interests = np.where(rng.random(size) < 0.5, liked, liked + "|" + also_liked)
    tiers = as_text(["none", "bronze", "silver", "gold"])
    birth_year = np.clip(np.round(rng.normal(1984, 13, size)), 1935, 2007)
    closed_at = np.floor(died_at + rng.uniform(1, 60, size) * DAY)
    is_closed = (rng.random(size) < 0.03) & (closed_at < settings.end_at)
    closed_at = np.where(is_closed, closed_at, np.nan)
    seen_for = settings.end_at - 1 - people.created_at
    updated_at = np.floor(people.created_at + rng.random(size) * seen_for)
    frame = pd.DataFrame(
        {
            "customer_id": people.customer_id,
            "created_at": people.created_at,
            "acquisition_channel": as_text(list(CHANNELS))[people.channel],
            "country": as_text(list(_COUNTRIES))[people.country],
            "city": blank(city, rng.random(size) < 0.04),
            "birth_year": np.where(rng.random(size) < 0.2, np.nan, birth_year),
            "gender": pick(rng, ["female", "male", "other", None], size, [46, 36, 2, 16]),
            "interests": blank(interests, rng.random(size) < 0.55),
            "loyalty_tier": tiers[np.searchsorted([3, 6, 12], accounts.purchases, side="right")],
            "email_consent": _consent(rng, size, 0.68),
            "sms_consent": _consent(rng, size, 0.24),
            "push_consent": _consent(rng, size, 0.35),
            "closed_at": closed_at,
            "closed_reason": blank(
                pick(rng, ["no longer needed", "privacy", "bad service"], size, [5, 3, 2]),
                ~is_closed,
            ),
            "updated_at": np.fmax(updated_at, closed_at),
            "x_newsletter_topic": pick(
                rng, ["offers", "recipes", "new arrivals", None], size, [20, 12, 10, 58]
            ),
            ARRIVES_AT: people.created_at,
        }
    )
    has_second = np.isfinite(accounts.second_from)
    second = frame[has_second].copy()
    second["customer_id"] = second_account_id(people.number[has_second])
    for column in ("created_at", ARRIVES_AT):
        second[column] = accounts.second_from[has_second]
    second["updated_at"] = accounts.merged_at[has_second]
    second["closed_at"] = np.nan
    second["closed_reason"] = None
    return pd.concat([frame, second], ignore_index=True)


def merges_frame(people: People, accounts: Accounts) -> pd.DataFrame:
    """Return the ``customer_merges`` entity: second accounts folded into first ones."""
    merged = np.isfinite(accounts.second_from)
    return pd.DataFrame(
        {
            "from_customer_id": second_account_id(people.number[merged]),
            "to_customer_id": people.customer_id[merged],
            "merged_at": accounts.merged_at[merged],
            ARRIVES_AT: accounts.merged_at[merged],
        }
    )


def exclusions_frame(people: People, rng: np.random.Generator) -> pd.DataFrame:
    """Return the ``exclusions`` entity: a few accounts that are no ordinary customers."""
    excluded: BoolArray = rng.random(len(people.number)) < EXCLUDED_SHARE
    count = int(excluded.sum())
    return pd.DataFrame(
        {
            "customer_id": people.customer_id[excluded],
            "reason": pick(rng, ["staff", "test", "reseller", "fraud"], count, [5, 2, 2, 2]),
            ARRIVES_AT: people.created_at[excluded],
        }
    )


def truth_frame(people: People, purchases: Purchases, accounts: Accounts) -> pd.DataFrame:
    """Return what no shop knows: each customer's rate, dropout probability and dropout."""
    return pd.DataFrame(
        {
            "customer_id": people.customer_id,
            "acquisition_channel": as_text(list(CHANNELS))[people.channel],
            "lambda": people.rate,
            "p": people.dropout,
            "first_purchase_at": people.first_at,
            "died_at": purchases.died_at,
            "true_purchases": accounts.purchases,
            ARRIVES_AT: people.created_at,
        }
    )


def _consent(rng: np.random.Generator, size: int, share: float) -> FloatArray:
    given = (rng.random(size) < share).astype(np.float64)
    return np.where(rng.random(size) < 0.03, np.nan, given)
