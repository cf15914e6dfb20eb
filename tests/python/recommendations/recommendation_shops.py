"""Random shops with what recommendations turn on: staples, carts, ratings, prices and stock."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import yaml

from oracle.recommendations import Policy
from oracle.settings import TABLES, Row, records
from oracle.shops import ACQUISITIONS, COUNTRIES, make_shop
from warehouse.compiled_project import PROJECT, CompiledProject, Warehouse
from warehouse.full_shops import Rows

CONTRACTS = PROJECT / "models/marts/recommendations/_recommendations.yml"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# As the fixture recommendation_project is compiled.
STRICT_TIMEZONE = "America/Los_Angeles"
STRICT = Policy(
    per_list=5,
    signal_weights={"purchase": 1, "view": 0.3, "cart_add": 0.5, "favourite": 0.4, "rating": 1},
    max_per_category=2,
    price_band=(0.5, 2),
    min_repeat_share=0.3,
    repeat_days=30,
    cart_days=3,
    segment="country",
    evaluation_cutoffs=2,
    evaluation_days=7,
    sample_customers=3,
)

CATEGORIES = ("tea", "Cups", "pots", None)
INTERESTS = (None, "tea", "pots, Cups", '["spoons", "Tea"]', "spoons;pots", "spoons")
EVENT_TYPES = ("view", "view", "view", "cart_add", "cart_add", "cart_remove", "add_to_wishlist")
DELAYS = (timedelta(0), timedelta(hours=5), DAY, 6 * DAY, 30 * DAY)


def recommendation_shop(
    seed: int, customers: int = 14, orders: int = 110, events: int = 120, products: int = 14
) -> tuple[Rows, datetime]:
    """Make the raw rows of a seed's shop, and the instant as of which to look at it."""
    shop, at = make_shop(seed, customers, orders, events)
    as_of = at.to_pydatetime()
    rows = {name: records(getattr(shop, name), name) for name in TABLES}
    random = Random(seed)
    sold = [f"p{number:02d}" for number in range(1, products + 1)]
    prices = {product_id: random.randrange(200, 3000) / 100 for product_id in sold}
    for order in rows["orders"]:
        order["status_changed_at"] = (
            order["ordered_at"] + random.choice(DELAYS) if random.random() < 0.8 else None
        )
        if random.random() < 0.15:
            order["status"] = "cancelled"
    rows["orders"] += [_single_order(days, as_of) for days in (29, 30, 89, 90)]
    rows["order_items"] = list(_items(rows["orders"], sold, prices, random))
    rows["products"] = [_product(product_id, as_of, random) for product_id in sold[:-1]]
    rows["products"] += [
        {**_product(product_id, as_of, random), "launched_at": launched_at}
        for product_id, launched_at in _never_sold(as_of).items()
    ]
    for event in rows["events"]:
        event["event_type"] = random.choice(EVENT_TYPES)
        event["product_id"] = random.choice([*sold, "p90", "p99", None])
        if random.random() < 0.25:
            event["occurred_at"] = as_of - timedelta(hours=random.randrange(1, 240))
    rows["events"] += _carts(rows, sold, as_of, random)
    rows["reviews"] = [
        {
            "review_id": f"r{number:03d}",
            "customer_id": order["customer_id"],
            "product_id": random.choice(sold),
            "rating": random.randrange(1, 6),
            "created_at": order["ordered_at"] + random.choice(DELAYS),
        }
        for number, order in enumerate(random.sample(rows["orders"], orders // 5))
    ]
    rows["customers"] += [_cold_customer(f"z{number}", as_of, random) for number in range(5)]
    for customer in rows["customers"]:
        customer["interests"] = random.choice(INTERESTS)
        if random.random() < 0.15:
            customer["closed_at"] = as_of - random.randrange(-5, 40) * DAY
    return rows, as_of


def late_shop(seed: int, orders: int, products: int) -> tuple[Rows, datetime]:
    """Make a shop that is looked at late enough for a past cut-off of the default vars."""
    rows, _ = recommendation_shop(seed, orders=orders, products=products)
    days = sorted(row["ordered_at"] for row in rows["orders"])
    return rows, days[len(days) // 20] + 100 * DAY


def _items(
    orders: list[Row], sold: list[str], prices: dict[str, float], random: Random
) -> list[Row]:
    staples: dict[str | None, list[str]] = {}
    rows: list[Row] = []
    popularity = [1 / rank for rank in range(1, len(sold) + 1)]
    random.shuffle(popularity)
    for order in orders:
        staple = staples.setdefault(order["customer_id"], random.sample(sold, 2))
        for _ in range(random.randrange(5)):
            is_staple = random.random() < 0.3
            (product_id,) = staple[:1] if is_staple else random.choices(sold, popularity)
            price = prices[product_id] * random.choice((1, 1, 0.9, 1.5))
            rows.append(
                {
                    "order_item_id": f"i{len(rows):04d}",
                    "order_id": order["order_id"],
                    "product_id": product_id,
                    "quantity": random.choice((None, 1, 1, 2, 0)),
                    "unit_price": None if random.random() < 0.1 else round(price, 2),
                }
            )
    return rows


def _single_order(days: int, as_of: datetime) -> Row:
    """Let a customer order once, with just enough time to do so again, or not quite."""
    return {
        **dict.fromkeys(("status", "status_changed_at")),
        **{"order_id": f"y{days}", "customer_id": f"y{days}", "gross_amount": 9},
        "ordered_at": as_of - days * DAY,
    }


def _never_sold(as_of: datetime) -> dict[str, datetime | None]:
    """Name products without a sale, with launches around as_of and past cut-offs."""
    days = {f"p9{n}": day for n, day in enumerate((-3, 0, 1, 7, 8, 30, 31, None))}
    return {what: None if day is None else as_of - day * DAY for what, day in days.items()}


def _carts(rows: Rows, sold: list[str], as_of: datetime, random: Random) -> list[Row]:
    """Fill carts on the edges: just recent enough, emptied at once, bought on the same day."""
    orders = {order["order_id"]: order for order in rows["orders"]}
    late = [row for row in rows["order_items"] if _days_ago(row, orders, as_of) in range(7)]
    filled = [
        (random.choice(rows["orders"])["customer_id"], random.choice(sold), as_of - days * DAY)
        for days in (1, 2, 3, 4, 6, 7, 8) * 2
    ]
    filled += [
        (orders[row["order_id"]]["customer_id"], row["product_id"], at)
        for row in random.sample(late, min(8, len(late)))
        for at in [orders[row["order_id"]]["ordered_at"] + random.choice((-1, 0, 1)) * HOUR]
    ]
    return [
        {
            "event_id": f"{event_type}{number:03d}",
            "customer_id": customer_id,
            "occurred_at": at,
            "event_type": event_type,
            "product_id": product_id,
        }
        for number, (customer_id, product_id, at) in enumerate(filled)
        for event_type in ("cart_add", *random.choice(((), (), ("cart_remove",))))
    ]


def _days_ago(item: Row, orders: dict[str, Row], as_of: datetime) -> int:
    return (as_of - orders[item["order_id"]]["ordered_at"]).days


def _cold_customer(customer_id: str, as_of: datetime, random: Random) -> Row:
    return {
        "customer_id": customer_id,
        "created_at": as_of - random.randrange(1, 50) * DAY,
        "acquisition_channel": random.choice(ACQUISITIONS),
        "country": random.choice(COUNTRIES),
    }


def _product(product_id: str, as_of: datetime, random: Random) -> Row:
    return {
        "product_id": product_id,
        "product_name": None if random.random() < 0.2 else f"Tea of {product_id}",
        "category": random.choice(CATEGORIES),
        "list_price": random.choice((None, 5, 20)),
        "launched_at": random.choice((None, None, as_of - 30 * DAY, as_of + 3 * DAY)),
        "is_active": random.choice((None, True, True, True, False)),
        "stock_units": random.choice((None, 9, 9, 9, 0)),
    }


def chosen(
    project: CompiledProject, now: dict[str, float], past: dict[str, float]
) -> dict[str, str]:
    """Replace the choice of settings, by `now` for as_of and by `past` for days before."""
    values = ", ".join(
        f"({is_as_of}, '{name}', {value})"
        for is_as_of, settings in ((True, now), (False, past))
        for name, value in settings.items()
    )
    cutoffs = project.nodes["int_recommendations__cutoffs"].relation
    return {
        "ml_recommendations__setting_choices": f"""
            select distinct
                cutoffs.settings_date as cutoff_date,
                chosen.setting_name,
                cast(chosen.setting_value as double) as setting_value,
                true as is_chosen
            from {cutoffs} as cutoffs
            inner join (values {values}) as chosen (is_as_of, setting_name, setting_value)
                on cutoffs.is_as_of = chosen.is_as_of
        """
    }


def some_settings(random: Random) -> dict[str, float]:
    """Draw settings, wherever they may lie."""
    return {
        "ease_lambda": random.choice((1, 5, 50)),
        "half_life_days": random.uniform(10, 100),
        "trend_half_life_days": random.uniform(3, 30),
        "trend_prior": random.uniform(1, 20),
        "popularity_days": random.randrange(7, 40),
        "repeat_power": random.choice((0, 0.5, 1)),
        "similar_weight": random.uniform(0.3, 2),
        "blend_trend_power": random.choice((0, 0.5, 1)),
        "discover_trend_power": random.choice((0, 0.5, 1)),
    }


def drawn_similarities(project: CompiledProject, sold: int, random: Random) -> dict[str, str]:
    """Replace the fit by scores from anywhere, few for each target, so that the rest matters."""
    drawn: list[tuple[str, int, int, int, float, float]] = []
    for one in range(1, sold + 1):
        others = [other for other in range(1, sold + 1) if other != one and random.random() < 0.2]
        for position, other in enumerate(others, 1):
            score, lift = round(random.uniform(-0.3, 0.6), 6), random.choice((0.5, 1, 1.5, 2))
            drawn.append(("scoring", other, one, position, score, lift))
            drawn.append(("display", one, other, position, 1 / position, lift))
        drawn.append(("rest", one, one, 1, round(random.uniform(-0.05, 0.1), 6), 1))
    cutoffs = project.nodes["int_recommendations__cutoffs"].relation
    return {
        "ml_recommendations__similarities": f"""
            select
                cutoffs.cutoff_date,
                drawn.use_name,
                drawn.product_number,
                drawn.similar_product_number,
                drawn.position,
                cast(drawn.score as double) as score,
                cast(drawn.lift as double) as lift,
                'ease' as method_name,
                0.5 as cosine,
                1 as co_buyers
            from {cutoffs} as cutoffs
            cross join (values {", ".join(map(str, drawn))})
                as drawn (use_name, product_number, similar_product_number, position, score, lift)
        """
    }


# Who is graded beside the published lists and popularity costs time.
NO_CHALLENGERS = {
    "ml_recommendations__challenger_lists": """
        select
            '' as task,
            '' as method_name,
            date '2000-01-01' as cutoff_date,
            0 as customer_number,
            0 as position,
            0 as product_number
        where false
    """
}


def broken_rules(warehouse: Warehouse, policy: Policy) -> list[str]:
    """Name the rules of the marts' data tests that a run breaks: each would fail a build."""
    length = "{{ var('dovecote_recommendations_per_list') }}"
    contracts = CONTRACTS.read_text().replace(length, str(policy.per_list))
    models = yaml.safe_load(contracts)["models"]
    broken = []
    for model in models:
        relation = warehouse.nodes[model["name"]].relation
        for test in model["data_tests"]:
            arguments = next(iter(test.values()))["arguments"]
            for name, rule in arguments.get("rules", {}).items():
                query = f"select count(*) from {relation} where not coalesce(({rule}), false)"
                if warehouse.connection.execute(query).fetchone() != (0,):
                    broken.append(f"{model['name']}: {name}")
            if "columns" in arguments:
                key = ", ".join(arguments["columns"])
                query = f"select 1 from {relation} group by {key} having count(*) > 1"
                if warehouse.connection.execute(query).fetchone():
                    broken.append(f"{model['name']}: key {key}")
    return broken
