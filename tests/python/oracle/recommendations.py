"""Lists of recommendations from a shop's rows, given what was fitted: similarities and settings.

A past day is asked as churn's are: an order counts until the day it is cancelled, accounts that are
merged later have no past, and undated facts (stock, status, prices of lists, attributes of
customers) are of now only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import md5
from statistics import NormalDist, mean, median, pvariance

from oracle.facts import is_purchase_status
from oracle.identity import Identity
from oracle.periods import midnight
from oracle.settings import Row, Settings

GRADED = 20
REPEAT_PRIOR = 10
REPLENISHED_PRIOR = 1
FEWEST_OF_SEGMENT = 5
PRODUCT_GAP_PRIOR = 10
CUSTOMER_GAP_PRIOR = 3
REACH = NormalDist().inv_cdf(0.9)
TASK_OF_LIST = {"blend": "all", "discover": "new"}
CANONICAL_TYPES = {"add_to_wishlist": "favourite"}

Rows = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Policy:
    """The vars of recommendations; without any, the defaults."""

    per_list: int = 20
    signal_weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "purchase": 1,
            "view": 0.02,
            "cart_add": 0.1,
            "favourite": 0.2,
            "rating": 0.5,
        }
    )
    max_per_category: int | None = None
    price_band: tuple[float, float] | None = None
    min_repeat_share: float = 0.05
    repeat_days: int = 90
    cart_days: int = 7
    segment: str = "acquisition_channel"
    evaluation_cutoffs: int = 3
    evaluation_days: int = 30
    sample_customers: int = 2000


@dataclass(frozen=True)
class Purchase:
    """A product in an order that was a purchase for some time."""

    customer_id: str
    product_id: str
    order_id: str
    at: datetime
    day: date
    cancelled_day: date | None
    price: float | None


@dataclass(frozen=True)
class Signal:
    """An event or a rating of a customer and a product."""

    customer_id: str
    product_id: str
    name: str
    day: date
    at: datetime
    weight: float


@dataclass(frozen=True)
class Customer:
    """What is known of a customer now."""

    segment: str | None
    interests: frozenset[str]
    first_seen: date | None
    is_closed: bool


@dataclass(frozen=True)
class Product:
    """What is known of a product now."""

    name: str
    category: str | None = None
    list_price: float | None = None
    launched: date | None = None
    is_listed: bool = False
    is_sold_now: bool = True


@dataclass(frozen=True, eq=False)
class Known:
    """A shop's rows as of a run, by canonical customer; excluded customers are left out."""

    settings: Settings
    policy: Policy
    purchases: list[Purchase]
    signals: list[Signal]
    customers: dict[str, Customer]
    products: dict[str, Product]
    merged_day: dict[str, date]

    @property
    def as_of_date(self) -> date:
        return self.settings.as_of_date

    @property
    def last_whole_date(self) -> date:
        ends_at_midnight = self.settings.as_of_local == midnight(self.as_of_date) + timedelta(1)
        return self.as_of_date - timedelta(days=0 if ends_at_midnight else 1)

    def past_cutoffs(self) -> list[date]:
        """List the days whose lists are graded, the latest first."""
        days = sorted(purchase.day for purchase in self.purchases)
        if not days:
            return []
        first = days[math.ceil(len(days) / 100) - 1]
        length = self.policy.evaluation_days
        found = [
            self.last_whole_date - timedelta(days=number * length)
            for number in range(1, self.policy.evaluation_cutoffs + 1)
        ]
        return [day for day in found if (day - first).days >= 2 * length]

    def settings_day(self, cutoff: date) -> date:
        """Name the day before which the settings of a cut-off are chosen."""
        return cutoff if cutoff == self.as_of_date else min(self.past_cutoffs())

    def was_itself(self, customer_id: str, cutoff: date) -> bool:
        """Say whether nobody was merged into a customer after a past day."""
        return cutoff == self.as_of_date or self.merged_day.get(customer_id, cutoff) <= cutoff

    def bought_after(self, cutoff: date) -> list[Purchase]:
        end = cutoff + timedelta(days=self.policy.evaluation_days)
        return [
            purchase
            for purchase in self.purchases
            if cutoff < purchase.day <= end and purchase.cancelled_day is None
        ]

    def recipients(self, cutoff: date) -> list[str]:
        """List who gets lists: who is there now; of the past, a sample of who went on to buy."""
        if cutoff == self.as_of_date:
            return sorted(who for who, one in self.customers.items() if not one.is_closed)
        buyers = {
            purchase.customer_id
            for purchase in self.bought_after(cutoff)
            if self.customers[purchase.customer_id].first_seen <= cutoff
            and self.was_itself(purchase.customer_id, cutoff)
        }
        drawn = sorted(buyers, key=lambda who: (md5(who.encode()).hexdigest(), who))
        return sorted(drawn[: self.policy.sample_customers])


def known(rows: Rows, settings: Settings, policy: Policy) -> Known:
    """Read a shop's raw rows as they were just before as_of."""
    as_of = settings.as_of_utc

    def happened(at: datetime | None) -> bool:
        return at is None or at < as_of

    def given(entity: str, at: str) -> list[Row]:
        return [row for row in rows.get(entity, []) if happened(row.get(at))]

    merges = given("customer_merges", "merged_at")
    identity = Identity(merges, rows.get("exclusions", []))
    merged_day: dict[str, date] = {}
    for merge in merges:
        into = identity.canonical(merge["from_customer_id"])
        at = merge.get("merged_at")
        day = date.max if at is None else settings.local_date(at)
        merged_day[into] = max(day, merged_day.get(into, date.min))

    orders = given("orders", "ordered_at")
    events = given("events", "occurred_at")
    reviews = given("reviews", "created_at")
    accounts = given("customers", "created_at")
    customers = _customers(accounts, orders, events, identity, settings, policy)
    order_ids = {
        row["order_id"] for row in rows.get("orders", []) if not happened(row["ordered_at"])
    }
    items = [row for row in rows.get("order_items", []) if row["order_id"] not in order_ids]
    return Known(
        settings,
        policy,
        list(_purchases(orders, items, customers, identity, settings)),
        list(_signals(events, reviews, customers, identity, settings, policy)),
        customers,
        _products(rows.get("products", []), [*items, *events, *reviews], settings),
        merged_day,
    )


def _customers(
    accounts: list[Row],
    orders: list[Row],
    events: list[Row],
    identity: Identity,
    settings: Settings,
    policy: Policy,
) -> dict[str, Customer]:
    seen: dict[str, list[datetime]] = {}
    for given, at in ((accounts, "created_at"), (orders, "ordered_at"), (events, "occurred_at")):
        for row in given:
            customer_id = identity.canonical(row["customer_id"])
            if customer_id is not None and customer_id not in identity.excluded:
                seen.setdefault(customer_id, []).extend([row[at]] if row.get(at) else [])
    found = {}
    for customer_id, times in seen.items():
        of_customer = [a for a in accounts if identity.canonical(a["customer_id"]) == customer_id]
        of_customer.sort(
            key=lambda account: (
                account["customer_id"] != customer_id,
                account.get("created_at") or datetime.max,
                account["customer_id"],
            )
        )
        said = of_customer[0] if of_customer else {}
        interests = re.split('[,;|"\\[\\]]', (said.get("interests") or "").lower())
        found[customer_id] = Customer(
            said.get(policy.segment),
            frozenset(interest.strip() for interest in interests),
            settings.local_date(min(times)) if times else None,
            (said.get("closed_at") or datetime.max) < settings.as_of_utc,
        )
    return found


def _products(listed: list[Row], naming: Iterable[Row], settings: Settings) -> dict[str, Product]:
    found = {row["product_id"]: Product(row["product_id"]) for row in naming if row["product_id"]}
    for row in listed:
        launched_at, price = row.get("launched_at"), row.get("list_price")
        stock = row.get("stock_units")
        found[row["product_id"]] = Product(
            name=row.get("product_name") or row["product_id"],
            category=row.get("category"),
            list_price=None if price is None else float(price),
            launched=None if launched_at is None else settings.local_date(launched_at),
            is_listed=True,
            is_sold_now=row.get("is_active") is not False and (stock is None or stock > 0),
        )
    if listed:
        for product_id, product in found.items():
            if not product.is_listed:
                found[product_id] = replace(product, is_sold_now=False)
    return found


def _purchases(
    orders: list[Row],
    items: list[Row],
    customers: Mapping[str, Customer],
    identity: Identity,
    settings: Settings,
) -> Iterable[Purchase]:
    for order in orders:
        customer_id = identity.canonical(order["customer_id"])
        day = settings.local_date(order["ordered_at"])
        changed_at = order.get("status_changed_at")
        cancelled_day = None
        if not is_purchase_status(order.get("status"), settings):
            if changed_at is None:
                continue
            if changed_at < settings.as_of_utc:
                cancelled_day = settings.local_date(changed_at)
        if customer_id not in customers or (cancelled_day is not None and cancelled_day <= day):
            continue
        lines = [
            item
            for item in items
            if item["order_id"] == order["order_id"]
            and (item.get("quantity") is None or item["quantity"] > 0)
        ]
        for product_id in {item["product_id"] for item in lines}:
            prices = [
                float(item["unit_price"])
                for item in lines
                if item["product_id"] == product_id and item.get("unit_price") is not None
            ]
            yield Purchase(
                customer_id,
                product_id,
                order["order_id"],
                order["ordered_at"],
                day,
                cancelled_day,
                max(prices, default=None),
            )


def _signals(
    events: list[Row],
    reviews: list[Row],
    customers: Mapping[str, Customer],
    identity: Identity,
    settings: Settings,
    policy: Policy,
) -> Iterable[Signal]:
    weights = {**policy.signal_weights, "cart_remove": 0}
    seen = [
        (row, CANONICAL_TYPES.get(row["event_type"], row["event_type"]), row["occurred_at"])
        for row in events
    ]
    rated = [(row, "rating", row["created_at"]) for row in reviews if row["rating"] is not None]
    for row, name, at in seen + rated:
        customer_id = identity.canonical(row["customer_id"])
        if customer_id not in customers or row.get("product_id") is None:
            continue
        if name in ("view", "cart_add", "cart_remove", "favourite", "rating"):
            liking = (row["rating"] - 3) / 2 if name == "rating" else 1
            yield Signal(
                customer_id,
                row["product_id"],
                name,
                settings.local_date(at),
                at,
                weights[name] * liking,
            )


@dataclass(frozen=True)
class Fit:
    """What was fitted at a cut-off.

    Attributes
    ----------
    settings
        Chosen settings by name.
    scores
        Stored scores of sources, by target.
    rests
        The score of all other sources, by target.
    lifts
        Lifts of the stored sources, by target.
    """

    settings: Mapping[str, float]
    scores: Mapping[str, Mapping[str, float]]
    rests: Mapping[str, float]
    lifts: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Facts:
    """What a cut-off knows of a product."""

    category: str | None
    buyers: int
    baskets: int
    window_baskets: int
    price: float | None
    replenished_share: float
    repeat_factor: float
    trend: float
    is_replenishable: bool
    is_candidate: bool


@dataclass(frozen=True)
class Owned:
    """What a recipient has of a product."""

    baskets: int
    last_bought: date | None
    weight: float
    is_in_cart: bool


@dataclass(frozen=True)
class Listed:
    """A product in a list."""

    product_id: str
    level: int
    score: float


@dataclass(frozen=True)
class Due:
    """When a customer is to be expected to buy a product again, and the score of that."""

    score: float
    expected: date
    low: date
    high: date


class View:
    """What is known at the end of a cut-off day, and the lists made of it."""

    def __init__(self, shop: Known, cutoff: date, fit: Fit) -> None:
        self.shop = shop
        self.policy = shop.policy
        self.cutoff = cutoff
        self.fit = fit
        self.is_now = cutoff == shop.as_of_date
        self.bought = [
            purchase
            for purchase in shop.purchases
            if purchase.day <= cutoff
            and (purchase.cancelled_day is None or purchase.cancelled_day > cutoff)
            and shop.was_itself(purchase.customer_id, cutoff)
        ]
        self.baskets = Counter((one.customer_id, one.product_id) for one in self.bought)
        self.recipients = shop.recipients(cutoff)

    def age(self, day: date) -> int:
        return (self.cutoff - day).days + 1

    def decay(self, day: date, half_life: str) -> float:
        return 0.5 ** (self.age(day) / self.fit.settings[half_life])

    @cached_property
    def facts(self) -> dict[str, Facts]:
        settings = self.fit.settings
        recent = dict.fromkeys(self.shop.products, 0.0)
        for one in self.bought:
            recent[one.product_id] += self.decay(one.day, "trend_half_life_days")
        share_lately = sum(recent.values()) / max(len(self.bought), 1)
        pairs = len(self.baskets)
        shop_repeats = sum(count > 1 for count in self.baskets.values()) / max(pairs, 1)
        found = {}
        for product_id, product in self.shop.products.items():
            sold = [one for one in self.bought if one.product_id == product_id]
            days: dict[str, list[date]] = {}
            for one in sold:
                days.setdefault(one.customer_id, []).append(one.day)
            repeats = sum(len(of_buyer) > 1 for of_buyer in days.values())
            repeat_share = (repeats + REPEAT_PRIOR * shop_repeats) / (len(days) + REPEAT_PRIOR)
            had_time = repeats + sum(
                len(of_buyer) == 1 and self.age(of_buyer[0]) > self.policy.repeat_days
                for of_buyer in days.values()
            )
            replenished_share = (repeats + shop_repeats) / (had_time + REPLENISHED_PRIOR)
            prior = settings["trend_prior"]
            prices = [one.price for one in sold if one.price is not None]
            price = median(prices) if prices else (product.list_price if self.is_now else None)
            if product.launched is None:
                is_launched = bool(sold) or (self.is_now and product.is_listed)
            else:
                is_launched = product.launched <= self.cutoff
            found[product_id] = Facts(
                category=product.category,
                buyers=len(days),
                baskets=len(sold),
                window_baskets=sum(self.is_lately(one) for one in sold),
                price=price,
                replenished_share=replenished_share,
                repeat_factor=(repeat_share / shop_repeats) ** settings["repeat_power"]
                if shop_repeats
                else 1,
                trend=(recent[product_id] + prior) / (len(sold) * share_lately + prior),
                is_replenishable=replenished_share >= self.policy.min_repeat_share,
                is_candidate=is_launched and (product.is_sold_now or not self.is_now),
            )
        return found

    def is_lately(self, purchase: Purchase) -> bool:
        return self.age(purchase.day) <= self.fit.settings["popularity_days"]

    @cached_property
    def owned(self) -> dict[str, dict[str, Owned]]:
        return {customer_id: self._owned(customer_id) for customer_id in self.recipients}

    def _owned(self, customer_id: str) -> dict[str, Owned]:
        bought = [one for one in self.bought if one.customer_id == customer_id]
        signals = [
            one
            for one in self.shop.signals
            if one.customer_id == customer_id
            and one.day <= self.cutoff
            and self.shop.was_itself(customer_id, self.cutoff)
        ]
        found = {}
        for product_id in {one.product_id for one in [*bought, *signals]}:
            orders = [one for one in bought if one.product_id == product_id]
            days = [one.day for one in orders]
            signalled = [one for one in signals if one.product_id == product_id]
            weight = self.policy.signal_weights["purchase"] * sum(
                self.decay(day, "half_life_days") for day in days
            )
            weight += sum(one.weight * self.decay(one.day, "half_life_days") for one in signalled)
            found[product_id] = Owned(
                baskets=len(days),
                last_bought=max(days, default=None),
                weight=math.log1p(max(weight, 0)),
                is_in_cart=self._is_in_cart(signalled, orders),
            )
        return found

    def _is_in_cart(self, signals: list[Signal], orders: list[Purchase]) -> bool:
        added = [one for one in signals if one.name == "cart_add"]
        if not added:
            return False
        last = max(added, key=lambda one: one.at)
        is_removed = any(one.name == "cart_remove" and one.at >= last.at for one in signals)
        is_bought = any(one.at >= last.at for one in orders)
        is_recent = (self.cutoff - last.day).days < self.policy.cart_days
        return is_recent and not is_removed and not is_bought

    def usual_price(self, customer_id: str) -> float | None:
        prices = [
            one.price
            for one in self.bought
            if one.customer_id == customer_id and one.price is not None
        ]
        return median(prices) if prices else None

    def category(self, customer_id: str) -> str | None:
        """Name the category that a customer owns most of, else the one it says it likes."""
        weights: Counter[str] = Counter()
        for product_id, owned in self.owned[customer_id].items():
            category = self.shop.products[product_id].category
            if category is not None and owned.weight > 0:
                weights[category] += owned.weight
        if weights:
            return min(weights, key=lambda category: (-round(weights[category], 9), category))
        liked = self.shop.customers[customer_id].interests if self.is_now else frozenset()
        named = {product.category for product in self.shop.products.values()} - {None}
        return min((one for one in named if one.lower() in liked), default=None)

    def segment(self, customer_id: str) -> str | None:
        return self.shop.customers[customer_id].segment if self.is_now else None

    def terms(self, customer_id: str, product_id: str, task: str) -> dict[str | None, float]:
        """Give what each owned product adds to a score; None stands for all unstored sources."""
        settings, facts = self.fit.settings, self.facts[product_id]
        power = settings["blend_trend_power" if task == "all" else "discover_trend_power"]
        trend = facts.trend**power
        found: dict[str | None, float] = {
            source: trend * settings["similar_weight"] * term
            for source, term in self.similar_terms(customer_id, product_id).items()
        }
        own = self.own_weight(customer_id, product_id)
        return {**found, product_id: trend * facts.repeat_factor * own} if own else found

    def own_weight(self, customer_id: str, product_id: str) -> float:
        owned = self.owned[customer_id].get(product_id)
        return owned.weight if owned else 0

    def similar_terms(self, customer_id: str, product_id: str) -> dict[str | None, float]:
        """Give what other products say for one; nothing where no stored source is owned."""
        owned = {what: one.weight for what, one in self.owned[customer_id].items() if one.weight}
        stored = self.fit.scores.get(product_id, {})
        sources = stored.keys() & owned.keys()
        if not sources:
            return {}
        unstored = owned.keys() - stored.keys() - {product_id}
        rest = self.fit.rests[product_id] * sum(owned[source] for source in unstored)
        return {**{source: stored[source] * owned[source] for source in sources}, None: rest}

    def may_be_listed(self, customer_id: str, product_id: str, task: str) -> bool:
        facts = self.facts[product_id]
        owned = self.owned[customer_id].get(product_id)
        if not facts.is_candidate or not self.is_in_price_band(customer_id, product_id):
            return False
        if owned is None:
            return True
        is_wanted = owned.baskets == 0 or (task == "all" and facts.is_replenishable)
        return is_wanted and not owned.is_in_cart

    def prices(self, customer_id: str) -> tuple[float | None, float | None]:
        """Give the lowest and highest price a customer is to be shown now; None for any."""
        band, usual = self.policy.price_band, self.usual_price(customer_id)
        # The past is graded beside methods that know no rule of the shop.
        if band is None or usual is None or not self.is_now:
            return None, None
        return band[0] * usual, band[1] * usual

    def is_in_price_band(self, customer_id: str, product_id: str) -> bool:
        (lowest, highest), price = self.prices(customer_id), self.facts[product_id].price
        if lowest is None or highest is None or price is None:
            return True
        return lowest <= price <= highest

    def popular(self, level: int, customer_id: str) -> list[tuple[str, float]]:
        """Rank the products of a fallback's group with the share of the most popular one."""
        facts = self.facts
        if level == 1:
            segment = self.segment(customer_id)
            lately = Counter(
                one.product_id
                for one in self.bought
                if segment is not None
                and self.shop.customers[one.customer_id].segment == segment
                and one.customer_id in self.recipients
                and self.is_lately(one)
            )
            lately = Counter({what: n for what, n in lately.items() if n >= FEWEST_OF_SEGMENT})
        elif level == 2:
            category = self.category(customer_id)
            lately = Counter(
                {
                    what: one.window_baskets
                    for what, one in facts.items()
                    if category is not None and one.category == category and one.window_baskets
                }
            )
        else:
            lately = Counter({what: one.window_baskets for what, one in facts.items()})
        ranked = sorted(
            (what for what in lately if facts[what].is_candidate),
            key=lambda what: (-lately[what], -facts[what].baskets, what),
        )
        most = max((lately[what] for what in ranked), default=0) or 1
        return [(what, lately[what] / most) for what in ranked]

    def score(self, method: str, customer_id: str, product_id: str, task: str) -> float:
        if method == "personal_frequency":
            return self.own_weight(customer_id, product_id)
        if method == "ease":
            return sum(self.similar_terms(customer_id, product_id).values())
        return sum(self.terms(customer_id, product_id, task).values())

    def scored(self, method: str, customer_id: str, task: str) -> list[Listed]:
        """Rank the products with a positive score, without those that rules leave out."""
        scores = {
            what: self.score(method, customer_id, what, task)
            for what in self.facts
            if self.may_be_listed(customer_id, what, task)
        }
        positive = [
            Listed(what, 0, round(score, 9))
            for what, score in scores.items()
            if round(score, 9) > 0
        ]
        return sorted(positive, key=lambda one: (-one.score, one.product_id))

    def scored_list(self, method: str, customer_id: str, task: str) -> list[Listed]:
        return self._cut(self.scored(method, customer_id, task))

    def list_of(self, customer_id: str, task: str) -> list[Listed]:
        """Make a published list: what is scored, then what is popular, group by group."""
        ranked = self.scored("published", customer_id, task)
        for level in (1, 2, 3):
            for product_id, score in self.popular(level, customer_id):
                if self.may_be_listed(customer_id, product_id, task):
                    ranked.append(Listed(product_id, level, score))
        return self._cut(ranked)

    def _cut(self, ranked: list[Listed]) -> list[Listed]:
        length = self.policy.per_list if self.is_now else GRADED
        cap = self.policy.max_per_category if self.is_now else None
        found: list[Listed] = []
        of_category: Counter[str] = Counter()
        for one in ranked:
            category = self.facts[one.product_id].category
            is_full = cap is not None and category is not None and of_category[category] >= cap
            if not is_full and all(one.product_id != other.product_id for other in found):
                found.append(one)
                if category is not None:
                    of_category[category] += 1
        return found[:length]

    @cached_property
    def gaps(self) -> dict[tuple[str, str], list[float]]:
        """Give the logarithms of days between purchases, by customer and product."""
        days: dict[tuple[str, str], set[date]] = {}
        for one in self.bought:
            days.setdefault((one.customer_id, one.product_id), set()).add(one.day)
        return {
            key: [
                math.log((after - before).days)
                for before, after in zip(sorted(of_pair), sorted(of_pair)[1:], strict=False)
            ]
            for key, of_pair in days.items()
        }

    def due(self, customer_id: str, product_id: str) -> Due | None:
        """Say when a customer is to be expected to buy a product again; None if never."""
        owned, facts = self.owned[customer_id][product_id], self.facts[product_id]
        of_shop = [gap for gaps in self.gaps.values() for gap in gaps]
        if not (
            owned.baskets
            and owned.weight
            and of_shop
            and facts.is_replenishable
            and self.may_be_listed(customer_id, product_id, "all")
        ):
            return None
        of_product = [
            gap for (_, what), gaps in self.gaps.items() if what == product_id for gap in gaps
        ]
        held = len(of_product) + PRODUCT_GAP_PRIOR
        expected = (sum(of_product) + PRODUCT_GAP_PRIOR * mean(of_shop)) / held
        spread = PRODUCT_GAP_PRIOR * pvariance(of_shop)
        spread += len(of_product) * pvariance(of_product) if of_product else 0
        own = self.gaps[customer_id, product_id]
        n = len(own) + CUSTOMER_GAP_PRIOR
        centre = (sum(own) + CUSTOMER_GAP_PRIOR * expected) / n
        deviation = math.sqrt(spread / held * (1 + 1 / n))

        def day(log_gap: float) -> date:
            return owned.last_bought + timedelta(days=math.floor(math.exp(log_gap) + 0.5))

        score = round(self.terms(customer_id, product_id, "all")[product_id], 9)
        if not score:
            return None
        return Due(
            score,
            day(centre),
            day(centre - REACH * deviation),
            day(centre + REACH * deviation),
        )

    def buy_again(self, customer_id: str) -> dict[str, Due]:
        """Give what is due, the highest score first."""
        dues = {what: self.due(customer_id, what) for what in self.owned[customer_id]}
        due = {
            what: one for what, one in dues.items() if one and one.low <= self.cutoff <= one.high
        }
        ranked = sorted(due, key=lambda what: (-due[what].score, what))
        return {
            one.product_id: due[one.product_id]
            for one in self._cut([Listed(what, 0, due[what].score) for what in ranked])
        }

    def reasons(self, customer_id: str, product_id: str, list_name: str) -> list[tuple[str, float]]:
        """Say the three largest terms of a score in words, with what each adds."""
        task = TASK_OF_LIST.get(list_name, "all")
        terms = self.terms(customer_id, product_id, task)
        told = {
            source: term
            for source, term in terms.items()
            if source is not None
            and term > 0
            and (source == product_id or self.fit.lifts[product_id][source] > 1)
            and (list_name != "buy_again" or source == product_id)
        }
        ranked = sorted(told, key=lambda source: (-round(told[source], 9), source))[:3]
        return [
            (self._in_words(customer_id, product_id, source), told[source]) for source in ranked
        ]

    def _in_words(self, customer_id: str, product_id: str, source: str) -> str:
        owned = self.owned[customer_id][source]
        times = "once, on" if owned.baskets == 1 else f"{owned.baskets} times, last on"
        bought = f"bought {times} {owned.last_bought}" if owned.baskets else None
        if source == product_id:
            return bought or "showed interest in it"
        return f"goes with {self.shop.products[source].name}, {bought or 'which interested'}"

    def popular_in_words(self, customer_id: str, level: int, score: float) -> str:
        if not score:
            return "nothing more popular is left"
        days = round(self.fit.settings["popularity_days"])
        where = {
            1: f"where {self.policy.segment} is {self.segment(customer_id)}",
            2: f"in {self.category(customer_id)}",
            3: "in the shop",
        }
        return f"popular in the last {days} days {where[level]}"
