"""Products, tastes and exchange rates: what all customers of a shop share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from dovecote.simulate.schema import ARRIVES_AT
from dovecote.simulate.settings import DAY, Settings
from dovecote.simulate.streams import (
    SHOP_BLOCK,
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    Topic,
    numbered,
    stream,
)

TASTE_GROUPS = 6
PRODUCTS_PER_CATEGORY = 15
"""For 2,000 customers; the range grows with the root of the number of customers."""
MOST_PER_CATEGORY = 144
"""As many names as the words of the smallest category make."""
EUR_PRICE = 0.92
"""Prices in EUR are this share of the prices in USD."""


class Category(NamedTuple):
    """A product category: its words, its typical price and how long a product lasts."""

    refill_days: float
    price: float
    brands: tuple[str, ...]
    styles: tuple[str, ...]
    nouns: tuple[str, ...]
    sizes: tuple[str, ...]


NEVER = float("nan")
CATEGORIES: dict[str, Category] = {
    "coffee": Category(
        28,
        15,
        ("Morrow", "Kiln & Co", "Alta Vista", "Peddler"),
        ("Dark", "Breakfast", "Decaf", "Single Origin", "House"),
        ("Beans", "Espresso", "Filter Roast", "Capsules"),
        ("250 g", "500 g", "1 kg"),
    ),
    "tea": Category(
        42,
        11,
        ("Larkspur", "Steep Hill", "Ninth Leaf"),
        ("Green", "Smoky", "Ginger", "Jasmine", "Rooibos"),
        ("Tea", "Loose Leaf", "Infusion", "Tea Bags"),
        ("50 g", "100 g", "40 bags"),
    ),
    "pet food": Category(
        30,
        32,
        ("Barkwell", "Tom & Tabby", "Meadow Paw"),
        ("Salmon", "Chicken", "Grain-Free", "Senior", "Puppy"),
        ("Kibble", "Pouches", "Cat Pâté", "Dog Dinner"),
        ("1.5 kg", "4 kg", "12 pack"),
    ),
    "cosmetics": Category(
        52,
        24,
        ("Verra", "Oat & Ivy", "Saltbloom"),
        ("Daily", "Overnight", "Calming", "Vitamin C", "Unscented"),
        ("Face Cream", "Serum", "Cleanser", "Hand Balm"),
        ("30 ml", "50 ml", "150 ml"),
    ),
    "vitamins": Category(
        34,
        19,
        ("Plainly", "Northbound", "Verra"),
        ("Vegan", "Daily", "High-Strength", "Kids'"),
        ("Vitamin D", "Omega 3", "Magnesium", "Multivitamin"),
        ("60 tablets", "90 tablets", "120 capsules"),
    ),
    "cleaning": Category(
        45,
        13,
        ("Brightside", "Tidewater", "Plainly"),
        ("Lemon", "Fragrance-Free", "Concentrated", "Refill"),
        ("Dish Soap", "Laundry Liquid", "Surface Spray", "Floor Cleaner"),
        ("500 ml", "1 l", "3 l"),
    ),
    "kitchen": Category(
        NEVER,
        38,
        ("Hearthside", "Kiln & Co", "Fjell"),
        ("Cast Iron", "Oak", "Enamel", "Everyday", "Compact"),
        ("Skillet", "Chopping Board", "Kettle", "Coffee Grinder", "Mug Set"),
        ("small", "medium", "large"),
    ),
    "home": Category(
        NEVER,
        42,
        ("Fjell", "Lune", "Hearthside"),
        ("Linen", "Wool", "Ribbed", "Rattan", "Handmade"),
        ("Cushion", "Throw", "Lamp", "Storage Basket", "Vase"),
        ("natural", "grey", "rust"),
    ),
    "stationery": Category(
        NEVER,
        12,
        ("Papermill", "Inkwell & Sons", "Lune"),
        ("Dotted", "Ruled", "Refillable", "Pocket", "Weekly"),
        ("Notebook", "Planner", "Fountain Pen", "Card Set"),
        ("A5", "A6", "B5"),
    ),
    "outdoor": Category(
        NEVER,
        46,
        ("Cairn", "Northbound", "Tidewater"),
        ("Folding", "Insulated", "Lightweight", "Waterproof"),
        ("Bottle", "Day Pack", "Blanket", "Headlamp", "Picnic Set"),
        ("blue", "moss", "black"),
    ),
}
_PITCHES = (
    'A {noun} our customers call "{word}".',
    "{style}, well made and built to last.",
    "Made in small batches, checked by hand, packed without plastic.",
    "The {noun} we use ourselves.",
    "Simple, honest and good value.",
)
_WORDS = ("the good one", "worth it", "a quiet classic", "hard to beat")


@dataclass(frozen=True)
class Catalogue:
    """The range and what each taste group thinks of it; arrays are indexed by product.

    Attributes
    ----------
    product_id, category, noun, price, cost
        Text, category position, a searchable word, and USD cents.
    launched_at, retired_at
        A product sells in between; seconds since 1970, infinite where it never retires.
    refill_gap
        Seconds that one unit lasts, NaN where the product is not used up.
    companion
        Position of the product that is often put into the same basket.
    quality
        Mean rating on a scale of 1 to 5.
    taste, evergreen_taste, staple_taste
        Cumulative choice probabilities, shape (groups, products): of all products, of those sold
        over the whole window, and of those among them that are used up.
    """

    product_id: TextArray
    category: IntArray
    noun: TextArray
    price: FloatArray
    cost: FloatArray
    launched_at: FloatArray
    retired_at: FloatArray
    refill_gap: FloatArray
    companion: IntArray
    quality: FloatArray
    taste: FloatArray
    evergreen_taste: FloatArray
    staple_taste: FloatArray

    def choose(self, rng: np.random.Generator, group: IntArray, at: FloatArray) -> IntArray:
        """Draw a product on sale for each (taste group, time)."""
        product = draw_by_row(rng, self.taste, group)
        return np.where(
            self.is_on_sale(product, at), product, draw_by_row(rng, self.evergreen_taste, group)
        )

    def is_on_sale(self, product: IntArray, at: FloatArray) -> BoolArray:
        """Return whether each product sells at each time."""
        return (self.launched_at[product] <= at) & (at < self.retired_at[product])


def draw_by_row(rng: np.random.Generator, cumulative: FloatArray, row: IntArray) -> IntArray:
    """Draw a column for each row number, by the row's cumulative probabilities."""
    u = rng.random(len(row))
    drawn = np.empty(len(row), dtype=np.int64)
    for number in range(len(cumulative)):
        is_row = row == number
        drawn[is_row] = np.searchsorted(cumulative[number], u[is_row], side="right")
    return drawn


def make_catalogue(settings: Settings) -> tuple[Catalogue, pd.DataFrame]:
    """Make the range and the taste of the customer groups.

    Parameters
    ----------
    settings
        The size of the shop sets the size of the range, about 150 products for 2,000 customers.

    Returns
    -------
    tuple of Catalogue and pandas.DataFrame
        What the other modules need, and the ``products`` entity.
    """
    rng = stream(settings.seed, SHOP_BLOCK, Topic.CATALOGUE)
    per_category = int(
        np.clip(PRODUCTS_PER_CATEGORY * (settings.customers / 2_000) ** 0.5, 8, MOST_PER_CATEGORY)
    )
    words = _make_words(rng, per_category)
    count = len(words)
    category = np.repeat(np.arange(len(CATEGORIES)), per_category)
    typical = np.array([c.price for c in CATEGORIES.values()])[category]
    price = np.round(typical * np.exp(rng.normal(0, 0.35, count))) * 100 - rng.choice(
        [1, 5, 10, 50], count
    )
    price = np.maximum(price, 290)
    cost = np.round(price * rng.uniform(0.38, 0.62, count))
    is_new = rng.random(count) < 0.15
    is_retired = ~is_new & (rng.random(count) < 0.08)
    # The first product of each category is always sold, so that every group finds something.
    is_new[::per_category] = is_retired[::per_category] = False
    age = rng.uniform(30, 900, count) * DAY
    inside = settings.start_at + rng.uniform(0.1, 0.9, count) * settings.days * DAY
    launched_at = np.floor(np.where(is_new, inside, settings.start_at - age))
    retired_at = np.where(is_retired, np.floor(inside), np.inf)
    refill_days = np.array([c.refill_days for c in CATEGORIES.values()])[category]
    refill_gap = refill_days * DAY * rng.uniform(0.85, 1.15, count)

    groups = np.empty((TASTE_GROUPS, count))
    for group in range(TASTE_GROUPS):
        likes_category = rng.dirichlet(np.full(len(CATEGORIES), 0.5)) + 0.01
        likes_product = 1 / (1 + np.argsort(rng.permutation(count)) % per_category) ** 0.9
        groups[group] = likes_category[category] * likes_product
    is_evergreen = ~is_new & ~is_retired
    catalogue = Catalogue(
        product_id=numbered("p", np.arange(1, count + 1)),
        category=category,
        noun=np.array([w.noun.lower() for w in words], dtype=object),
        price=price,
        cost=cost,
        launched_at=launched_at,
        retired_at=retired_at,
        refill_gap=refill_gap,
        companion=rng.permutation(count),
        quality=np.clip(rng.normal(4.1, 0.45, count), 2.2, 4.9),
        taste=_cumulative(groups),
        evergreen_taste=_cumulative(groups * is_evergreen),
        staple_taste=_cumulative(groups * is_evergreen * ~np.isnan(refill_gap)),
    )
    updated_at = np.where(is_retired, retired_at, np.maximum(launched_at, settings.start_at))
    products = pd.DataFrame(
        {
            "product_id": catalogue.product_id,
            "product_name": [w.name for w in words],
            "description": [w.description for w in words],
            "attributes": [w.attributes for w in words],
            "category": np.array(list(CATEGORIES), dtype=object)[category],
            "brand": [w.brand for w in words],
            "list_price": price,
            "unit_cost": cost,
            "launched_at": launched_at,
            "is_active": 1.0 - is_retired,
            "stock_units": np.where(is_retired, 0, rng.negative_binomial(2, 0.02, count)),
            "updated_at": updated_at,
            ARRIVES_AT: launched_at,
        }
    )
    return catalogue, products


def make_exchange_rates(settings: Settings) -> pd.DataFrame:
    """Make one EUR rate a day of the window: USD for one EUR, a slow random walk."""
    rng = stream(settings.seed, SHOP_BLOCK, Topic.ORDERS)
    at = settings.start_at + DAY * np.arange(settings.days, dtype=np.float64)
    rate = 1.08 * np.exp(np.cumsum(rng.normal(0, 0.003, settings.days)))
    return pd.DataFrame(
        {
            "currency": np.full(settings.days, "EUR", dtype=object),
            "rate_date": at,
            "rate_to_reporting": np.round(rate * 1e4) * 100,
            ARRIVES_AT: at,
        }
    )


class _Words(NamedTuple):
    name: str
    noun: str
    brand: str
    description: str
    attributes: str


def _make_words(rng: np.random.Generator, per_category: int) -> list[_Words]:
    words = []
    for category in CATEGORIES.values():
        parts = (category.brands, category.styles, category.nouns, category.sizes)
        shape = [len(part) for part in parts]
        for number in rng.choice(np.prod(shape), per_category, replace=False):
            places = np.unravel_index(number, shape)
            brand, style, noun, size = (
                part[int(place)] for part, place in zip(parts, places, strict=True)
            )
            pitch = _PITCHES[rng.integers(len(_PITCHES))].format(
                noun=noun.lower(), style=style, word=_WORDS[rng.integers(len(_WORDS))]
            )
            attributes = json.dumps({"style": style, "variant": size}, ensure_ascii=False)
            title = f"{brand} {style} {noun}, {size}"
            words.append(_Words(title, noun, brand, pitch, attributes))
    return words


def _cumulative(weights: FloatArray) -> FloatArray:
    total = np.cumsum(weights, axis=1)
    return np.asarray(total / total[:, -1:], dtype=np.float64)
