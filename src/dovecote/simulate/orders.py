"""Orders and their lines: amounts that agree to the cent, and what happened afterwards.

Every purchase of the MBG/NBD process becomes one order whose status counts as a purchase. The
orders with status ``cancelled`` or ``test`` and the orders of guests are extra: they do not come
from the process, so the purchases that are left after the retention policy are the process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dovecote.simulate.catalogue import EUR_PRICE, Catalogue
from dovecote.simulate.people import COUNTRY_SHARE, IS_EUR, TAX_RATE, Accounts, People
from dovecote.simulate.purchases import Purchases
from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.season import HOUR, Season
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import (
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    blank,
    block_ids,
    pick,
)

LINE_SHARES = [0.46, 0.29, 0.14, 0.07, 0.04]
"""Shares of orders with 1 to 5 lines, before equal products of an order are put together."""
COMPANION_SHARE = 0.3
CANCELLED_SHARE, TEST_SHARE, GUEST_SHARE = 0.035, 0.004, 0.06
"""Extra orders, relative to the purchases of the process."""
FULL_REFUND_SHARE, PARTIAL_REFUND_SHARE = 0.035, 0.03
FREE_SHIPPING_FROM = 5_000
SHIPPING = 490


@dataclass(frozen=True)
class Basket:
    """Orders of a block, sorted by time, and their lines, sorted by order.

    Attributes
    ----------
    order_id, person, at, channel, is_process
        One an order; person is -1 for guests, ``is_process`` false for cancelled and test orders.
    group
        Taste group of the buyer.
    order, product
        One a line: positions of its order and of its product.
    """

    order_id: TextArray
    person: IntArray
    at: FloatArray
    channel: TextArray
    is_process: BoolArray
    group: IntArray
    order: IntArray
    product: IntArray


def make_orders(
    settings: Settings,
    season: Season,
    catalogue: Catalogue,
    people: People,
    purchases: Purchases,
    accounts: Accounts,
    block: int,
    rng: np.random.Generator,
) -> tuple[Basket, pd.DataFrame, pd.DataFrame]:
    """Turn the purchases of a block into orders and lines, and add the extra orders.

    Parameters
    ----------
    settings, season, catalogue
        The shop.
    people, purchases, accounts
        The customers of the block and what they bought.
    block
        Block number from 0.
    rng
        Random generator.

    Returns
    -------
    tuple of Basket, pandas.DataFrame, pandas.DataFrame
        What events and reviews need, the ``orders`` and the ``order_items`` entity. In every
        order gross is the sum of quantity x unit price, discount the sum of the lines' discounts,
        cost the sum of quantity x unit cost.
    """
    bought = len(purchases.at)
    cancelled, test, guest = rng.poisson(
        bought * np.array([CANCELLED_SHARE, TEST_SHARE, GUEST_SHARE])
    )
    extra = cancelled + test
    extra_person = rng.integers(len(people.number), size=extra)
    extra_at = season.between(
        rng, people.created_at[extra_person], accounts.leaves_at[extra_person]
    )
    person = np.concatenate([purchases.person, extra_person, np.full(guest, -1)])
    at = np.concatenate([purchases.at, extra_at, season.arrivals(rng, guest)])
    status = np.repeat(["bought", "cancelled", "test", "bought"], [bought, cancelled, test, guest])
    has_staple = np.concatenate([purchases.has_staple, np.zeros(extra + guest, dtype=bool)])
    is_first = np.concatenate([purchases.is_first, np.zeros(extra + guest, dtype=bool)])
    by_time = np.argsort(at, kind="stable")
    person, at, status = person[by_time], at[by_time], status[by_time]
    has_staple, is_first = has_staple[by_time], is_first[by_time]

    size = len(at)
    order_id = block_ids("o", block, size)
    is_guest = person < 0
    guest_group = rng.integers(len(catalogue.taste), size=size)
    group = np.where(is_guest, guest_group, people.group[person])
    guest_country = rng.choice(len(COUNTRY_SHARE), size, p=COUNTRY_SHARE)
    country = np.where(is_guest, guest_country, people.country[person])
    channel = pick(rng, ["web", "app", "store"], size, [56, 24, 20])
    order, product = _fill_baskets(rng, catalogue, people, person, at, group, has_staple)

    is_eur = IS_EUR[country] & (channel != "store")
    factor = np.where(is_eur, EUR_PRICE, 1.0)[order]
    quantity = rng.choice([1, 2, 3, 4], len(order), p=[0.84, 0.11, 0.035, 0.015])
    unit_price = np.round(catalogue.price[product] * factor)
    unit_cost = np.round(catalogue.cost[product] * factor)
    coupon, percent = _coupons(rng, at, is_first)
    line_discount = np.round(quantity * unit_price * percent[order] / 100)

    def total(amount: FloatArray) -> FloatArray:
        return np.bincount(order, weights=amount, minlength=size).astype(np.float64)

    gross, discount = total(quantity * unit_price), total(line_discount)
    paid = gross - discount
    is_store = channel == "store"
    shipping = np.where(is_store | (paid >= FREE_SHIPPING_FROM), 0, SHIPPING)
    frame = pd.DataFrame(
        {
            "order_id": order_id,
            "customer_id": accounts.customer_id(people, person, at),
            "ordered_at": at,
            "gross_amount": gross,
            "discount_amount": discount,
            "shipping_amount": shipping,
            "tax_amount": np.round(paid * TAX_RATE[country]),
            "cost_amount": total(quantity * unit_cost),
            "channel": channel,
            "coupon_code": coupon,
            "currency": np.where(is_eur, "EUR", "USD").astype(object),
            ARRIVES_AT: at,
        }
    )
    first_line = np.searchsorted(order, np.arange(size))
    first_line_paid = (quantity * unit_price - line_discount)[first_line]
    frame = frame.assign(**_fate(settings, rng, at, status, is_store, paid, first_line_paid))
    items = pd.DataFrame(
        {
            "order_item_id": block_ids("i", block, len(order)),
            "order_id": order_id[order],
            "product_id": catalogue.product_id[product],
            "quantity": quantity.astype(np.float64),
            "unit_price": unit_price,
            "discount_amount": line_discount,
            "unit_cost": unit_cost,
            ARRIVES_AT: at[order],
        }
    )
    is_process = status == "bought"
    return Basket(order_id, person, at, channel, is_process, group, order, product), frame, items


def _fill_baskets(
    rng: np.random.Generator,
    catalogue: Catalogue,
    people: People,
    person: IntArray,
    at: FloatArray,
    group: IntArray,
    has_staple: BoolArray,
) -> tuple[IntArray, IntArray]:
    """Choose the products of each order: staple, taste, and companions of the first line."""
    lines = rng.choice(np.arange(1, len(LINE_SHARES) + 1), len(at), p=LINE_SHARES)
    order = np.repeat(np.arange(len(at)), lines)
    start = np.cumsum(lines) - lines
    place = np.arange(len(order)) - start[order]
    product = catalogue.choose(rng, group[order], at[order])
    product[start[has_staple]] = people.staple[person[has_staple]]
    companion = catalogue.companion[product[start]][order]
    goes_along = (
        (place > 0)
        & (rng.random(len(order)) < COMPANION_SHARE)
        & catalogue.is_on_sale(companion, at[order])
    )
    product = np.where(goes_along, companion, product)
    _, kept = np.unique(order * len(catalogue.price) + product, return_index=True)
    kept = np.sort(kept)
    return order[kept], product[kept]


def _coupons(
    rng: np.random.Generator, at: FloatArray, is_first: BoolArray
) -> tuple[TextArray, FloatArray]:
    """Return the coupon code and the percentage off, null and 0 for most orders."""
    month = (at // DAY).astype(np.int64).astype("datetime64[D]").astype("datetime64[M]")
    month_number = month.astype(np.int64) % 12 + 1
    code = np.select(
        [is_first, month_number >= 11, (month_number >= 3) & (month_number <= 5)],
        ["WELCOME10", "HOLIDAY20", "SPRING15"],
        "THANKS5",
    ).astype(object)
    percent = np.select(
        [code == "WELCOME10", code == "HOLIDAY20", code == "SPRING15"], [10.0, 20.0, 15.0], 5.0
    )
    is_used = rng.random(len(at)) < np.where(is_first, 0.25, 0.13)
    return blank(code, ~is_used), np.where(is_used, percent, 0.0)


def _fate(
    settings: Settings,
    rng: np.random.Generator,
    at: FloatArray,
    status: TextArray,
    is_store: BoolArray,
    paid: FloatArray,
    first_line_paid: FloatArray,
) -> dict[str, FloatArray | TextArray]:
    """Return delivery, refund and status as they stand at the window's end."""
    size, end_at = len(at), settings.end_at
    is_bought = status == "bought"
    is_sent = is_bought & ~is_store
    promised_at = np.floor(at / DAY) * DAY + rng.integers(3, 6, size) * DAY + 18 * HOUR
    shipped_at = at + np.floor(rng.uniform(3, 36, size) * HOUR)
    delivered_at = shipped_at + np.floor(rng.lognormal(np.log(2.2), 0.5, size) * DAY)
    delivered_at = np.where(is_sent & (delivered_at < end_at), delivered_at, np.nan)

    received_at = np.where(is_store, at, delivered_at)
    refunded_at = received_at + np.floor(rng.uniform(2, 25, size) * DAY)
    fate = rng.random(size)
    is_full = fate < FULL_REFUND_SHARE
    is_refunded = (
        is_bought & (fate < FULL_REFUND_SHARE + PARTIAL_REFUND_SHARE) & (refunded_at < end_at)
    )
    # Part of an order is its first line; an order of one line is refunded in full.
    is_partial = is_refunded & ~is_full & (first_line_paid < paid)
    refund = np.where(is_partial, first_line_paid, paid)
    cancelled_at = np.minimum(at + np.floor(rng.uniform(0.1, 30, size) * HOUR), end_at - 1)

    steps = [
        (status == "test", "test", "pending", at),
        (status == "cancelled", "cancelled", "voided", cancelled_at),
        (is_partial, "partially_refunded", "partially_refunded", refunded_at),
        (is_refunded, "refunded", "refunded", refunded_at),
        (is_store, "completed", "paid", at),
        (~np.isnan(delivered_at), "delivered", "paid", delivered_at),
        (shipped_at < end_at, "shipped", "paid", shipped_at),
    ]
    conditions = [step[0] for step in steps]
    changed_at = np.select(conditions, [step[3] for step in steps], at)
    return {
        "refund_amount": np.where(is_refunded, refund, 0.0),
        "refunded_at": np.where(is_refunded, refunded_at, np.nan),
        "status": np.select(conditions, [step[1] for step in steps], "placed").astype(object),
        "status_changed_at": changed_at,
        "payment_status": np.select(conditions, [step[2] for step in steps], "paid").astype(object),
        "promised_at": np.where(is_sent, promised_at, np.nan),
        "delivered_at": delivered_at,
        "updated_at": changed_at,
    }
