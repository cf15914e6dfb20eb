"""Browsing: sessions that lead to orders, sessions that do not, and visitors without a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dovecote.simulate.catalogue import TASTE_GROUPS, Catalogue
from dovecote.simulate.orders import Basket
from dovecote.simulate.people import Accounts, People
from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.season import Season
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import (
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    as_text,
    blank,
    block_ids,
    numbered,
    pick,
)

TRACKED_SHARE = 0.42
"""Web and app orders whose session was recorded; the other buyers refused the tracker."""
VISITOR_SHARE = 0.1
"""Browsing sessions of people who never say who they are."""
HOUSEMATE_SHARE = 0.01
"""Customers who share the browser of the customer before them."""
EVENTS_A_BROWSING_SESSION = 3.55
MEAN_GAP_SECONDS, LONGEST_GAP_SECONDS = 30, 900
OWN_SESSION_ID_SHARE = 0.1
ZERO_RESULT_SHARE = 0.09

KNOWN, LOGS_IN, NAMELESS = 0, 1, 2
"""How a session is identified: from its start, by a login on the way, or not at all."""

# Places of the steps in a session; each line of an order takes two from LINES on.
LANDING, EARLY_LOGIN, SEARCH, BROWSE, LINES, SECOND_THOUGHT, LATE_LOGIN, CHECKOUT, PURCHASE = (
    0.0, 0.5, 1.0, 2.0, 10.0, 30.0, 40.0, 50.0, 60.0
)  # fmt: skip
NO_PRODUCT = -1
_PATHS = {
    "view": "/",
    "search": "/search",
    "cart_add": "/cart",
    "cart_remove": "/cart",
    "login": "/login",
    "checkout": "/checkout",
    "purchase": "/thanks",
}
"""Page by type of event, where it is not that of a product."""
_TYPES = {name: number for number, name in enumerate(_PATHS)}
_UNFOUND = ("gift card", "sofa", "oat milk", "cofee beans", "headphones")


@dataclass(frozen=True)
class _Sessions:
    """Sessions of a block; ``order`` is -1 for browsing, ``person`` -1 for visitors."""

    person: IntArray
    order: IntArray
    anchor_at: FloatArray
    mode: IntArray
    login_place: FloatArray
    group: IntArray
    is_app: BoolArray


@dataclass
class _Steps:
    """Events under construction, as lists of arrays of equal length; types are their numbers."""

    session: list[IntArray]
    place: list[FloatArray]
    type: list[IntArray]
    product: list[IntArray]

    def add(
        self,
        name: str,
        session: IntArray,
        place: FloatArray | float,
        product: IntArray | None = None,
    ) -> None:
        self.session.append(session)
        self.place.append(np.broadcast_to(np.asarray(place, dtype=np.float64), session.shape))
        self.type.append(np.full(len(session), _TYPES[name]))
        self.product.append(np.full(len(session), NO_PRODUCT) if product is None else product)


def make_events(
    settings: Settings,
    season: Season,
    catalogue: Catalogue,
    people: People,
    accounts: Accounts,
    basket: Basket,
    block: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the ``events`` entity of a block.

    The session of an order ends with its purchase event, at the order's time; its steps before
    are view, search, cart_add, now and then cart_remove, checkout. Browsing sessions stop at any
    of these steps. Customers browse between their first anonymous visit and the moment they
    leave; before the account exists and before a login the row has only an ``anonymous_id``.

    Parameters
    ----------
    settings, season, catalogue
        The shop. ``events_per_customer`` sets how many browsing sessions there are.
    people, accounts, basket
        The customers of the block and their orders.
    block
        Block number from 0.
    rng
        Random generator.

    Returns
    -------
    pandas.DataFrame
        Events by time.
    """
    steps = _Steps([], [], [], [])
    ordering = _order_sessions(people, basket, rng)
    _add_order_steps(steps, ordering, catalogue, basket, rng)
    so_far = sum(len(session) for session in steps.session)
    missing = settings.events_per_customer * len(people.number) - so_far
    browsing = _browsing_sessions(
        season, people, accounts, max(0, round(missing / EVENTS_A_BROWSING_SESSION)), rng
    )
    _add_browsing_steps(steps, browsing, len(ordering.person), catalogue, rng)
    sessions = _Sessions(
        **{
            name: np.concatenate([getattr(ordering, name), getattr(browsing, name)])
            for name in _Sessions.__dataclass_fields__
        }
    )
    return _as_frame(settings, catalogue, people, accounts, sessions, steps, block, rng)


def _order_sessions(people: People, basket: Basket, rng: np.random.Generator) -> _Sessions:
    is_tracked = rng.random(len(basket.at)) < TRACKED_SHARE
    order = np.flatnonzero(is_tracked & basket.is_process & (basket.channel != "store"))
    person = basket.person[order]
    is_app = (basket.channel[order] == "app").astype(bool)
    mode = np.where(is_app | (rng.random(len(order)) < 0.55), KNOWN, LOGS_IN)
    return _Sessions(
        person=person,
        order=order,
        anchor_at=basket.at[order],
        mode=np.where(person < 0, NAMELESS, mode),
        login_place=np.where(rng.random(len(order)) < 0.4, EARLY_LOGIN, LATE_LOGIN),
        group=basket.group[order],
        is_app=is_app,
    )


def _browsing_sessions(
    season: Season, people: People, accounts: Accounts, count: int, rng: np.random.Generator
) -> _Sessions:
    """Share out browsing sessions: more to those who buy more and who stay longer."""
    stay = (accounts.leaves_at - people.created_at) / DAY
    eagerness = (0.5 + accounts.purchases + stay / 120) * rng.gamma(2, 0.5, len(stay))
    person = rng.choice(len(stay), count, p=eagerness / eagerness.sum())
    is_visitor = rng.random(count) < VISITOR_SHARE
    before = np.floor(rng.exponential(3 * DAY, count)) * (rng.random(count) < 0.3)
    earliest = np.maximum(season.start_at, people.created_at[person] - before)
    at = season.between(rng, earliest, accounts.leaves_at[person])
    is_app = rng.random(count) < 0.3
    mode = rng.choice([KNOWN, LOGS_IN, NAMELESS], count, p=[0.6, 0.25, 0.15])
    mode = np.where(is_app, KNOWN, mode)
    return _Sessions(
        person=np.where(is_visitor, -1, person),
        order=np.full(count, -1),
        anchor_at=np.where(is_visitor, season.arrivals(rng, count), at),
        mode=np.where(is_visitor, NAMELESS, mode),
        login_place=np.where(rng.random(count) < 0.6, EARLY_LOGIN, LATE_LOGIN),
        group=np.where(is_visitor, rng.integers(TASTE_GROUPS, size=count), people.group[person]),
        is_app=is_app & ~is_visitor,
    )


def _add_order_steps(
    steps: _Steps,
    sessions: _Sessions,
    catalogue: Catalogue,
    basket: Basket,
    rng: np.random.Generator,
) -> None:
    count = len(sessions.order)
    every = np.arange(count)
    session_of_order = np.full(len(basket.at), -1)
    session_of_order[sessions.order] = every
    line_session = session_of_order[basket.order]
    is_line = line_session >= 0
    session, product = line_session[is_line], basket.product[is_line]
    nth = np.arange(len(session)) - np.searchsorted(session, session)
    place = (LINES + 2.0 * nth).astype(np.float64)
    seen = rng.random(len(session)) < 0.85
    steps.add("view", session[seen], place[seen], product[seen])
    steps.add("cart_add", session, place + 1, product)

    looks = np.repeat(every, rng.poisson(0.6, count))
    looked_at = catalogue.choose(rng, sessions.group[looks], sessions.anchor_at[looks])
    steps.add("view", looks, BROWSE + rng.random(len(looks)), looked_at)
    searches = every[rng.random(count) < 0.35]
    first_line = np.searchsorted(session, searches)
    steps.add("search", searches, SEARCH, product[first_line])
    regrets = every[rng.random(count) < 0.06]
    regretted = catalogue.choose(rng, sessions.group[regrets], sessions.anchor_at[regrets])
    steps.add("cart_add", regrets, SECOND_THOUGHT, regretted)
    steps.add("cart_remove", regrets, SECOND_THOUGHT + 1, regretted)
    steps.add("view", every[rng.random(count) < 0.4], LANDING)
    logins = every[sessions.mode == LOGS_IN]
    steps.add("login", logins, sessions.login_place[logins])
    steps.add("checkout", every, CHECKOUT)
    steps.add("purchase", every, PURCHASE)


def _add_browsing_steps(
    steps: _Steps,
    sessions: _Sessions,
    offset: int,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> None:
    """Add steps that end before the purchase; see ``EVENTS_A_BROWSING_SESSION`` for their mean."""
    count = len(sessions.order)
    every = np.arange(count)

    def choose(session: IntArray) -> IntArray:
        return catalogue.choose(rng, sessions.group[session], sessions.anchor_at[session])

    views = rng.geometric(0.46, count)
    looks = np.repeat(every, views)
    product = choose(looks)
    nth = np.arange(len(looks)) - (np.cumsum(views) - views)[looks]
    steps.add("view", looks + offset, BROWSE + nth / (nth + 1.0), product)
    last_viewed = product[np.cumsum(views) - 1]
    searches = every[rng.random(count) < 0.35]
    steps.add("search", searches + offset, SEARCH, product[(np.cumsum(views) - views)[searches]])
    fills = rng.random(count) < 0.22
    steps.add("cart_add", every[fills] + offset, LINES, last_viewed[fills])
    empties = fills & (rng.random(count) < 0.25)
    steps.add("cart_remove", every[empties] + offset, SECOND_THOUGHT, last_viewed[empties])
    gives_up = fills & ~empties & (rng.random(count) < 0.35)
    steps.add("checkout", every[gives_up] + offset, CHECKOUT)
    steps.add("view", every[rng.random(count) < 0.45] + offset, LANDING)
    logins = every[sessions.mode == LOGS_IN]
    steps.add("login", logins + offset, sessions.login_place[logins])


def _as_frame(
    settings: Settings,
    catalogue: Catalogue,
    people: People,
    accounts: Accounts,
    sessions: _Sessions,
    steps: _Steps,
    block: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    session = np.concatenate(steps.session)
    place = np.concatenate(steps.place)
    by_session = np.lexsort((place, session))
    session, place = session[by_session], place[by_session]
    kind = np.concatenate(steps.type)[by_session]
    product = np.concatenate(steps.product)[by_session]
    at, duration = _times(rng, session, sessions)

    person = sessions.person[session]
    is_known = person >= 0
    has_account = is_known & (at >= people.created_at[person])
    mode = sessions.mode[session]
    is_named = has_account & (
        (mode == KNOWN) | ((mode == LOGS_IN) & (place >= sessions.login_place[session]))
    )
    stays = ~is_known | (at <= accounts.leaves_at[person])
    is_kept = (at >= settings.start_at) & (at < settings.end_at) & stays
    is_kept &= has_account | (kind != _TYPES["login"])
    kept = np.flatnonzero(is_kept)[np.argsort(at[is_kept], kind="stable")]

    attributes = _session_attributes(people, sessions, block, rng)
    starts = np.append(True, session[1:] != session[:-1])[: len(session)]
    has_product = product != NO_PRODUCT
    is_view, is_search = kind == _TYPES["view"], kind == _TYPES["search"]
    is_found = rng.random(len(at)) >= ZERO_RESULT_SHARE
    unfound = rng.integers(len(_UNFOUND), size=len(at))
    results = np.where(is_found, 1 + rng.poisson(8, len(at)), 0)
    after_search = np.append(False, is_search[:-1])[: len(at)] & ~starts & is_view & has_product
    is_recommended = is_view & has_product & ~after_search & (rng.random(len(at)) < 0.06)
    position = np.where(after_search, 1 + rng.geometric(0.4, len(at)), np.nan)
    recommendation = rng.integers(1, 5, len(at))

    # Texts take most of the time, so they are made for the rows that stay, where they are given.
    session, person, product, at = session[kept], person[kept], product[kept], at[kept]
    starts, is_named, is_search = starts[kept], is_named[kept], is_search[kept]
    shows_product = has_product[kept] & ~is_search
    is_browser = ~(is_named & sessions.is_app[session])
    query = _texts(catalogue.noun, product, is_search & is_found[kept])
    misses = np.flatnonzero(is_search & ~is_found[kept])
    query[misses] = as_text(_UNFOUND)[unfound[kept][misses]]
    path = as_text(list(_PATHS.values()))[kind[kept]]
    seen = np.flatnonzero(shows_product & is_view[kept])
    path[seen] = ("/" + catalogue.product_id)[product[seen]]
    customer_id = np.full(len(kept), None, dtype=object)
    customer_id[is_named] = accounts.customer_id(people, person[is_named], at[is_named])
    columns = {
        "event_id": block_ids("e", block, len(kept)),
        "customer_id": customer_id,
        "anonymous_id": _texts(attributes["anonymous_id"], session, is_browser),
        "session_id": attributes["session_id"][session],
        "occurred_at": at,
        "event_type": as_text(list(_TYPES))[kind[kept]],
        "product_id": _texts(catalogue.product_id, product, shows_product),
        "page_path": path,
        "referrer": _texts(attributes["referrer"], session, starts),
        "search_query": query,
        "result_count": np.where(is_search, results[kept], np.nan),
        "duration_seconds": np.where(is_view[kept], duration[kept], np.nan),
        "position": position[kept],
        "recommendation_id": _texts(
            numbered("rec", np.arange(5)), recommendation[kept], is_recommended[kept]
        ),
        "campaign_id": _texts(attributes["campaign_id"], session, starts),
        "device": attributes["device"][session],
        "channel": attributes["channel"][session],
        "app_version": attributes["app_version"][session],
        ARRIVES_AT: at,
    }
    return pd.DataFrame(columns, copy=False)


def _texts(values: TextArray, number: IntArray, is_given: BoolArray) -> TextArray:
    """Return the value of each number where it is given, else null."""
    texts = np.full(len(number), None, dtype=object)
    texts[is_given] = values[number[is_given]]
    return texts


def _times(
    rng: np.random.Generator, session: IntArray, sessions: _Sessions
) -> tuple[FloatArray, FloatArray]:
    """Return when each event happens and the seconds to the next one of its session (or NaN).

    Sessions of orders end at their anchor, the others start there. Gaps are at least a second.
    """
    gap = 1 + np.minimum(
        np.floor(rng.exponential(MEAN_GAP_SECONDS, len(session))), LONGEST_GAP_SECONDS
    )
    elapsed = np.cumsum(gap)
    number = np.arange(len(sessions.person))
    first = np.searchsorted(session, number)
    last = np.searchsorted(session, number, side="right") - 1
    anchor = np.where(sessions.order >= 0, last, first)
    at = sessions.anchor_at[session] + elapsed - elapsed[anchor][session]
    duration = np.append(at[1:], np.nan)[: len(at)] - at
    duration[last] = np.nan
    return at, duration


def _session_attributes(
    people: People, sessions: _Sessions, block: int, rng: np.random.Generator
) -> dict[str, TextArray]:
    """Return what all events of a session have in common, one value a session."""
    size = len(sessions.person)
    is_visitor = sessions.person < 0
    is_app = sessions.is_app
    device = pick(rng, ["desktop", "mobile", "tablet"], size, [48, 44, 8])
    device = np.where(is_app, "mobile", device)
    browser = people.number.copy()
    shares = rng.random(len(browser)) < HOUSEMATE_SHARE
    shares[0] = False
    browser[shares] -= 1
    anonymous_id = numbered("a", browser[sessions.person])
    anonymous_id = np.where(device == "desktop", anonymous_id, anonymous_id + "m")
    anonymous_id = np.where(is_visitor, block_ids("v", block, size), anonymous_id)
    referrer = pick(
        rng, [None, "google", "instagram", "newsletter", "friend"], size, [45, 27, 12, 11, 5]
    )
    is_newsletter = referrer == "newsletter"
    week = ((sessions.anchor_at // (7 * DAY)) % 52 + 1).astype(np.int64)
    version = pick(rng, ["3.1", "3.2", "3.3"], size, [2, 3, 5])
    return {
        "anonymous_id": anonymous_id,
        "session_id": blank(block_ids("s", block, size), rng.random(size) >= OWN_SESSION_ID_SHARE),
        "referrer": blank(referrer, is_app),
        "campaign_id": blank(numbered("w", week), ~is_newsletter.astype(bool) | is_app),
        "device": device,
        "channel": np.where(is_app, "app", "web").astype(object),
        "app_version": blank(version, ~is_app),
    }
