"""Reviews of products and answers to the recommendation question."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dovecote.simulate.catalogue import Catalogue
from dovecote.simulate.orders import Basket
from dovecote.simulate.people import Accounts, People
from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import as_text, blank, block_ids

REVIEW_SHARE, SILENT_REVIEW_SHARE = 0.07, 0.35
INVITED_SHARE, RESPONSE_SHARE, COMMENT_SHARE = 0.13, 0.38, 0.3
_REVIEWS = {
    1: ("Broke after a week, asked for my money back.", "Not as described."),
    2: ('The label says "fresh", it was not.', "Too expensive for what it is."),
    3: ("Okay, nothing special.", "Does the job, but the parcel came late."),
    4: ("Good quality, quick delivery.", "Nearly perfect, would buy again."),
    5: (
        'My sister said "where did you find this?"',
        "Love it!",
        "Third time I buy it, still great.",
    ),
}
_COMMENTS = {
    "low": ("Delivery took too long.", "Nobody answered my question, twice."),
    "middle": ("Fine so far.", "Good range, a bit pricey."),
    "high": ("Always reliable.", 'Friends call me "the coffee person" now, thank you.'),
}


def make_reviews(
    settings: Settings,
    catalogue: Catalogue,
    people: People,
    accounts: Accounts,
    basket: Basket,
    block: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the ``reviews`` entity of a block: some lines of customers, rated days later."""
    is_asked = basket.is_process & (basket.person >= 0)
    written = rng.random(len(basket.order)) < REVIEW_SHARE
    order, product = basket.order[written], basket.product[written]
    at = basket.at[order] + np.floor(rng.uniform(5, 35, len(order)) * DAY)
    known = is_asked[order] & (at < settings.end_at)
    order, product, at = order[known], product[known], at[known]
    by_time = np.argsort(at, kind="stable")
    order, product, at = order[by_time], product[by_time], at[by_time]
    person = basket.person[order]
    liking = catalogue.quality[product] - 1.6 * (people.dropout[person] - 0.25)
    rating = np.clip(np.round(rng.normal(liking, 0.9)), 1, 5)
    texts = [
        _REVIEWS[int(r)][n % len(_REVIEWS[int(r)])]
        for r, n in zip(rating, rng.integers(60, size=len(rating)), strict=True)
    ]
    return pd.DataFrame(
        {
            "review_id": block_ids("r", block, len(order)),
            "customer_id": accounts.customer_id(people, person, basket.at[order]),
            "product_id": catalogue.product_id[product],
            "order_id": basket.order_id[order],
            "rating": rating,
            "review_text": blank(as_text(texts), rng.random(len(at)) < SILENT_REVIEW_SHARE),
            "created_at": at,
            ARRIVES_AT: at,
        }
    )


def make_nps_responses(
    settings: Settings,
    people: People,
    accounts: Accounts,
    basket: Basket,
    block: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the ``nps_responses`` entity of a block: invitations, most without an answer."""
    is_customer = basket.is_process & (basket.person >= 0)
    order = np.flatnonzero(is_customer & (rng.random(len(basket.at)) < INVITED_SHARE))
    invited_at = basket.at[order] + 7 * DAY
    order, invited_at = (
        order[invited_at < settings.end_at],
        invited_at[invited_at < settings.end_at],
    )
    size, person = len(order), basket.person[order]
    responded_at = invited_at + np.floor(rng.exponential(1.5 * DAY, size)) + 60
    is_answered = (rng.random(size) < RESPONSE_SHARE) & (responded_at < settings.end_at)
    score = np.clip(np.round(rng.normal(9.2 - 5 * people.dropout[person], 1.8)), 0, 10)
    mood = np.where(score <= 6, "low", np.where(score <= 8, "middle", "high"))
    comments = as_text(
        [_COMMENTS[m][n] for m, n in zip(mood, rng.integers(2, size=size), strict=True)]
    )
    is_silent = ~is_answered | (rng.random(size) >= COMMENT_SHARE)
    return pd.DataFrame(
        {
            "response_id": block_ids("n", block, size),
            "customer_id": accounts.customer_id(people, person, basket.at[order]),
            "score": np.where(is_answered, score, np.nan),
            "comment": blank(comments, is_silent),
            "invited_at": invited_at,
            "responded_at": np.where(is_answered, responded_at, np.nan),
            ARRIVES_AT: invited_at,
        }
    )
