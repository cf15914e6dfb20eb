"""Recommendations' SQL against the oracle, on random small shops; fits are taken as they are."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from hashlib import md5
from itertools import combinations
from random import Random
from typing import Any, Literal, NamedTuple

import pytest
from recommendation_shops import (
    NO_CHALLENGERS,
    STRICT,
    STRICT_TIMEZONE,
    broken_rules,
    chosen,
    drawn_similarities,
    recommendation_shop,
    some_settings,
)

from oracle import recommendations
from oracle.recommendations import Fit, Policy, View
from oracle.settings import Row, Settings
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import as_raw
from warehouse.marts import RECOMMENDATIONS

pytestmark = pytest.mark.slow


class Draw(NamedTuple):
    """What a compared shop is made of: vars, a seed, products sold, and what scores them."""

    policy: Literal["default", "strict"]
    seed: int
    products: int = 14
    orders: int = 110
    is_fitted: bool = False

    def __str__(self) -> str:
        return f"{self.policy}-{self.seed}"


DRAWS = [
    Draw("default", 0, is_fitted=True),
    Draw("default", 11, orders=300),
    Draw("default", 2, products=45),
    Draw("strict", 3, is_fitted=True),
    Draw("strict", 4, orders=300),
    Draw("strict", 5, products=45),
    Draw("strict", 6, products=45),
]
GRADES = ("ndcg", "recall", "precision", "mrr", "map", "hit_rate")


class ComparedShop:
    """A shop, as SQL and as the oracle sees it."""

    def __init__(self, project: CompiledProject, draw: Draw) -> None:
        self.draw = draw
        rows, as_of = recommendation_shop(draw.seed, orders=draw.orders, products=draw.products)
        self.excluded = rows["exclusions"]
        random = Random(draw.seed)
        drawn = {} if draw.is_fitted else drawn_similarities(project, draw.products, random)
        self.warehouse = project.run(
            as_raw(rows),
            as_of,
            set(RECOMMENDATIONS),
            replaced={
                **chosen(project, some_settings(random), some_settings(random)),
                **drawn,
                **NO_CHALLENGERS,
            },
        )
        is_strict = draw.policy == "strict"
        self.known = recommendations.known(
            rows,
            Settings(as_of, STRICT_TIMEZONE if is_strict else "UTC"),
            STRICT if is_strict else Policy(),
        )
        named = [{**row, "customer_id": row["customer_id"] or "guest"} for row in rows["orders"]]
        with_guests = recommendations.known(
            {**rows, "orders": named}, self.known.settings, Policy()
        )
        self.bought_by_guests = [
            one
            for one in with_guests.purchases
            if one.customer_id == "guest" and one.cancelled_day is None
        ]
        self.customer_ids = self._ids("customer")
        self.product_ids = self._ids("product")
        self.views = {
            cutoff: View(self.known, cutoff, self._fit(cutoff))
            for cutoff in [self.known.as_of_date, *self.known.past_cutoffs()]
        }

    @property
    def now(self) -> View:
        return self.views[self.known.as_of_date]

    def past(self) -> list[View]:
        return [view for view in self.views.values() if not view.is_now]

    def rows(self, model: str) -> list[Row]:
        """List the rows of a model, with ids for numbers."""
        return [self._with_ids(row) for row in self.warehouse.rows(model)]

    def _with_ids(self, row: Row) -> Row:
        found = {}
        for column, value in row.items():
            if column.endswith("product_number"):
                found[column.replace("number", "id")] = self.product_ids[value]
            elif column == "customer_number":
                found["customer_id"] = self.customer_ids[value]
            else:
                found[column] = value
        return found

    def _ids(self, entity: str) -> dict[int, str]:
        rows = self.warehouse.rows(f"int_recommendations__{entity}s")
        return {row[f"{entity}_number"]: row[f"{entity}_id"] for row in rows}

    def _fit(self, cutoff: date) -> Fit:
        scores: dict[str, dict[str, float]] = defaultdict(dict)
        lifts: dict[str, dict[str, float]] = defaultdict(dict)
        rests = {}
        for row in self.rows("ml_recommendations__similarities"):
            if row["cutoff_date"] == cutoff and row["use_name"] == "scoring":
                scores[row["similar_product_id"]][row["product_id"]] = row["score"]
                lifts[row["similar_product_id"]][row["product_id"]] = row["lift"]
            if row["cutoff_date"] == cutoff and row["use_name"] == "rest":
                rests[row["similar_product_id"]] = row["score"]
        settings = {
            row["setting_name"]: row["setting_value"]
            for row in self.warehouse.rows("ml_recommendations__setting_choices")
            if row["cutoff_date"] == self.known.settings_day(cutoff)
        }
        return Fit(settings, scores, rests, lifts)


@pytest.fixture(scope="module")
def all_shops(
    utc_project: CompiledProject, recommendation_project: CompiledProject
) -> dict[Draw, ComparedShop]:
    projects = {"default": utc_project, "strict": recommendation_project}
    return {draw: ComparedShop(projects[draw.policy], draw) for draw in DRAWS}


@pytest.fixture(scope="module", params=DRAWS, ids=str)
def shop(request: pytest.FixtureRequest, all_shops: dict[Draw, ComparedShop]) -> ComparedShop:
    return all_shops[request.param]


def test_lists_are_made_for_these_customers_on_these_days(shop: ComparedShop) -> None:
    found = {
        (row["cutoff_date"], row["customer_id"])
        for row in shop.rows("int_recommendations__recipients")
    }
    assert found == {
        (cutoff, customer_id)
        for cutoff, view in shop.views.items()
        for customer_id in view.recipients
    }


def test_product_facts_are_those_of_their_day(shop: ComparedShop) -> None:
    expected = {
        (cutoff, product_id): {
            "category": facts.category,
            "buyers": facts.buyers,
            "baskets": facts.baskets,
            "window_baskets": facts.window_baskets,
            "usual_price": facts.price,
            "replenished_share": facts.replenished_share,
            "repeat_factor": facts.repeat_factor,
            "blend_trend": facts.trend ** view.fit.settings["blend_trend_power"],
            "discover_trend": facts.trend ** view.fit.settings["discover_trend_power"],
            "is_replenishable": facts.is_replenishable,
            "is_candidate": facts.is_candidate,
        }
        for cutoff, view in shop.views.items()
        for product_id, facts in view.facts.items()
    }
    key = ("cutoff_date", "product_id")
    compare(shop.rows("int_recommendations__product_facts"), key, expected)


def test_what_is_owned_is_bought_and_looked_at_by_then(shop: ComparedShop) -> None:
    expected = {
        (cutoff, customer_id, product_id): {
            "basket_count": owned.baskets,
            "last_bought_date": owned.last_bought,
            "owned_weight": owned.weight,
            "is_in_cart": owned.is_in_cart,
        }
        for cutoff, view in shop.views.items()
        for customer_id, of_customer in view.owned.items()
        for product_id, owned in of_customer.items()
    }
    key = ("cutoff_date", "customer_id", "product_id")
    compare(shop.rows("int_recommendations__owned"), key, expected)


def test_tastes_are_the_category_and_price_that_a_customer_likes(shop: ComparedShop) -> None:
    expected = {
        (cutoff, customer_id): {
            "segment": view.segment(customer_id),
            "category": view.category(customer_id),
            **dict(zip(("lowest_price", "highest_price"), view.prices(customer_id), strict=True)),
        }
        for cutoff, view in shop.views.items()
        for customer_id in view.recipients
    }
    key = ("cutoff_date", "customer_id")
    compare(shop.rows("int_recommendations__tastes"), key, expected)


def test_popular_products_are_those_of_the_group_lately(shop: ComparedShop) -> None:
    ranked: dict[tuple[int, str], list[tuple[str, float]]] = defaultdict(list)
    rows = shop.rows("int_recommendations__popular_products")
    for row in sorted(rows, key=lambda row: row["position"]):
        if row["cutoff_date"] == shop.now.cutoff:
            group = (row["fallback_level"], row["group_name"])
            ranked[group].append((row["product_id"], row["score"]))
    for who in shop.now.recipients:
        groups = [(1, shop.now.segment(who)), (2, shop.now.category(who)), (3, "shop")]
        for level, name in groups:
            assert ranked[level, name] == shop.now.popular(level, who)


def test_lists_are_scored_and_filled_as_defined(shop: ComparedShop) -> None:
    expected = {
        (cutoff, customer_id, task, position): {
            "product_id": listed.product_id,
            "fallback_level": listed.level,
            "score": listed.score,
        }
        for cutoff, view in shop.views.items()
        for customer_id in view.recipients
        for task in ("all", "new")
        for position, listed in enumerate(view.list_of(customer_id, task), 1)
    }
    key = ("cutoff_date", "customer_id", "task", "position")
    compare(shop.rows("int_recommendations__lists"), key, expected)


def test_parts_of_the_score_are_graded_with_the_same_rules(shop: ComparedShop) -> None:
    expected = {
        (view.cutoff, method, task, customer_id, position): {
            "product_id": listed.product_id,
            "score": listed.score,
        }
        for view in shop.past()
        for method, task in (("ease", "all"), ("ease", "new"), ("personal_frequency", "all"))
        for customer_id in view.recipients
        for position, listed in enumerate(view.scored_list(method, customer_id, task), 1)
    }
    found = [
        row
        for row in shop.rows("ml_recommendations__scored_lists")
        if row["method_name"] != "published"
    ]
    key = ("cutoff_date", "method_name", "task", "customer_id", "position")
    compare(found, key, expected)


def test_the_mart_holds_the_lists_of_now_with_their_reasons(shop: ComparedShop) -> None:
    view = shop.now
    expected = {
        (customer_id, list_name, position): {
            "product_id": listed.product_id,
            "fallback_level": listed.level,
            "score": listed.score,
            **told(view, customer_id, list_name, listed),
            **dict.fromkeys(("expected_date", "expected_from_date", "expected_to_date")),
        }
        for customer_id in view.recipients
        for list_name, task in recommendations.TASK_OF_LIST.items()
        for position, listed in enumerate(view.list_of(customer_id, task), 1)
    }
    for customer_id in view.recipients:
        for position, (product_id, due) in enumerate(view.buy_again(customer_id).items(), 1):
            listed = recommendations.Listed(product_id, 0, due.score)
            expected[customer_id, "buy_again", position] = {
                "product_id": product_id,
                "fallback_level": 0,
                "score": due.score,
                **told(view, customer_id, "buy_again", listed),
                "expected_date": due.expected,
                "expected_from_date": due.low,
                "expected_to_date": due.high,
            }
    key = ("customer_id", "list_name", "position")
    compare(shop.rows("mart_customer_recommendations"), key, expected)


def told(
    view: View, customer_id: str, list_name: str, listed: recommendations.Listed
) -> dict[str, Any]:
    other = None
    if listed.level:
        texts = [view.popular_in_words(customer_id, listed.level, listed.score)]
        terms: list[float] = []
    else:
        reasons = view.reasons(customer_id, listed.product_id, list_name)
        texts = [text for text, _ in reasons] or ["goes a little with many other products"]
        terms = [term for _, term in reasons]
        is_own = list_name == "buy_again"
        all_terms = view.terms(
            customer_id, listed.product_id, "new" if list_name == "discover" else "all"
        )
        other = 0.0 if is_own else sum(all_terms.values()) - sum(terms)
    return {
        **{f"reason_{n}": text for n, text in enumerate([*texts, None, None][:3], 1)},
        **{f"contribution_{n}": term for n, term in enumerate([*terms, None, None, None][:3], 1)},
        "other_contribution": other,
    }


def test_no_rule_is_violated_and_no_list_is_short(shop: ComparedShop) -> None:
    view, policy = shop.now, shop.known.policy
    lists: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in shop.rows("mart_customer_recommendations"):
        lists[row["customer_id"], row["list_name"]].append(row["product_id"])
    assert {customer_id for customer_id, _ in lists} <= {*view.recipients}
    for (customer_id, list_name), products in lists.items():
        bought = {what for who, what in view.baskets if who == customer_id}
        of_category = Counter(shop.known.products[what].category for what in products)
        del of_category[None]
        assert max(of_category.values(), default=0) <= (policy.max_per_category or math.inf)
        for product_id in products:
            product, owned = (
                shop.known.products[product_id],
                view.owned[customer_id].get(product_id),
            )
            assert product.is_sold_now
            assert not (owned and owned.is_in_cart)
            assert product_id in bought if list_name == "buy_again" else True
            if product_id in bought:
                assert list_name != "discover"
                assert view.facts[product_id].replenished_share >= policy.min_repeat_share
            assert product.launched is None or product.launched <= view.cutoff
            assert view.is_in_price_band(customer_id, product_id)
    for customer_id in view.recipients:
        for list_name, task in recommendations.TASK_OF_LIST.items():
            left = Counter(
                facts.category
                for what, facts in view.facts.items()
                if view.may_be_listed(customer_id, what, task)
            )
            cap = policy.max_per_category or math.inf
            candidates = sum(min(n, cap) if category else n for category, n in left.items())
            assert len(lists[customer_id, list_name]) == min(policy.per_list, candidates)


def test_the_data_tests_of_the_marts_hold(shop: ComparedShop) -> None:
    assert broken_rules(shop.warehouse, shop.known.policy) == []


def test_coverage_counts_every_customer_and_says_why(shop: ComparedShop) -> None:
    view = shop.now
    lengths = Counter(
        (row["customer_id"], row["list_name"]) for row in shop.rows("mart_customer_recommendations")
    )
    buyers = {who for who, _ in view.baskets}
    expected: Counter[tuple[str, str]] = Counter()
    recommended: Counter[tuple[str, str]] = Counter()
    for customer_id in shop.known.customers:
        for list_name in ("buy_again", "discover", "blend"):
            length = lengths[customer_id, list_name]
            if length:
                why = "full" if length == shop.known.policy.per_list else "all_candidates_listed"
            elif shop.known.customers[customer_id].is_closed:
                why = "account_closed"
            elif list_name == "buy_again":
                why = "nothing_due" if customer_id in buyers else "never_bought"
            else:
                why = "rules_leave_nothing"
            expected[list_name, why] += 1
            recommended[list_name, why] += length
    found = {
        (row["list_name"], row["coverage"]): (row["customers"], row["recommendations"])
        for row in shop.rows("mart_recommendation_coverage")
    }
    assert found == {key: (expected[key], recommended[key]) for key in expected}


def test_neighbours_are_counted_from_who_bought_both(all_shops: dict[Draw, ComparedShop]) -> None:
    for shop in all_shops.values():
        if shop.draw.is_fitted:
            check_pages(shop)


def check_pages(shop: ComparedShop) -> None:
    view = shop.now
    buyers: dict[str, set[str]] = defaultdict(set)
    for who, what in view.baskets:
        buyers[what].add(who)
    everybody = {who for who, _ in view.baskets}
    pages: dict[str, list[Row]] = defaultdict(list)
    for row in shop.rows("mart_item_similarities"):
        pages[row["product_id"]].append(row)
    for product_id, page in pages.items():
        page.sort(key=lambda row: row["position"])
        assert [row["position"] for row in page] == [*range(1, len(page) + 1)]
        methods = [row["method_name"] for row in page]
        assert methods == sorted(methods, key=lambda name: name == "content")
        neighbours = [row["similar_product_id"] for row in page]
        assert len({product_id, *neighbours}) == len(page) + 1
        for row in page:
            both = buyers[product_id] & buyers[row["similar_product_id"]]
            product = len(buyers[product_id]) * len(buyers[row["similar_product_id"]])
            assert row["is_available"] == view.facts[row["similar_product_id"]].is_candidate
            if row["method_name"] == "content":
                assert (row["cosine"], row["lift"], row["co_buyers"]) == (None, None, None)
            else:
                assert row["co_buyers"] == len(both) > 0
                assert row["lift"] > 1
                assert same(row["cosine"], len(both) / math.sqrt(product))
                assert same(row["lift"], len(both) * len(everybody) / product)
    by_method = Counter(row["method_name"] for page in pages.values() for row in page)
    assert by_method.keys() == {"ease", "content"}


def test_rules_are_counted_from_baskets(shop: ComparedShop) -> None:
    days = {"default": None, "strict": 10}[shop.draw.policy]
    fewest = {"default": 5, "strict": 1}[shop.draw.policy]
    held: dict[Any, set[str]] = defaultdict(set)
    for one in [*shop.now.bought, *(() if days else shop.bought_by_guests)]:
        window = (one.customer_id, (one.day - date(1990, 1, 1)).days // days) if days else None
        held[window or one.order_id].add(one.product_id)
    counts = Counter(
        frozenset(members)
        for basket in held.values()
        for size in (1, 2, 3)
        for members in combinations(basket, size)
    )
    total = len(held)
    expected = {}
    for members, together in counts.items():
        if len(members) == 1 or together < max(fewest, math.ceil(0.0005 * total)):
            continue
        for consequent in members:
            left, right = counts[members - {consequent}], counts[frozenset({consequent})]
            expected[" + ".join(sorted(members - {consequent})), consequent] = {
                "baskets": together,
                "antecedent_baskets": left,
                "consequent_baskets": right,
                "support": together / total,
                "confidence": together / left,
                "lift": together * total / (left * right),
            }
    compare(shop.rows("mart_association_rules"), ("antecedent", "consequent"), expected)


def test_published_lists_are_graded(shop: ComparedShop) -> None:
    expected = {}
    for view in shop.past():
        for who in view.recipients:
            for task, list_of in (("all", "all"), ("new", "new"), ("cold", "all")):
                if task == "cold" and not is_cold(view, who):
                    continue
                for position, listed in enumerate(view.list_of(who, list_of), 1):
                    key = (task, view.cutoff, who, position)
                    expected[key] = {"product_id": listed.product_id}
    rows = [
        row
        for row in shop.rows("int_recommendations__graded_lists")
        if row["method_name"] == "published" and row["task"] != "item_page"
    ]
    compare(rows, ("task", "cutoff_date", "customer_id", "position"), expected)


def test_lists_of_who_had_bought_nothing_are_graded_apart(shop: ComparedShop) -> None:
    cold = {
        (view.cutoff, who) for view in shop.past() for who in view.recipients if is_cold(view, who)
    }
    lists: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in shop.rows("int_recommendations__graded_lists"):
        if (row["cutoff_date"], row["customer_id"]) in cold:
            lists[row.pop("task")].add(tuple(row.values()))
    assert lists["cold"] == lists["all"]


def test_popular_products_are_graded_beside_the_lists(shop: ComparedShop) -> None:
    seeds = page_seeds(shop)
    expected = {}
    for view in shop.past():
        sold = [what for what, facts in view.facts.items() if facts.baskets]
        for method, lately in (("popularity", 0), ("windowed_popularity", 1)):
            ranked = sorted(
                sold,
                key=lambda what, lately=lately, view=view: (
                    -view.facts[what].window_baskets * lately,
                    -view.facts[what].baskets,
                    what,
                ),
            )
            for who in view.recipients:
                left_out: dict[str, set[str]] = {
                    "all": set(),
                    "new": {what for buyer, what in view.baskets if buyer == who},
                }
                if (view.cutoff, who) in seeds:
                    left_out["item_page"] = {seeds[view.cutoff, who]}
                for task, without in left_out.items():
                    shown = [what for what in ranked if what not in without]
                    for position, what in enumerate(shown[:20], 1):
                        expected[task, method, view.cutoff, who, position] = {"product_id": what}
                        if task == "all" and is_cold(view, who):
                            key = ("cold", method, view.cutoff, who, position)
                            expected[key] = {"product_id": what}
    key = ("task", "method_name", "cutoff_date", "customer_id", "position")
    rows = shop.rows("int_recommendations__graded_lists")
    compare((row for row in rows if "popularity" in row["method_name"]), key, expected)


def is_cold(view: View, customer_id: str) -> bool:
    return all(who != customer_id for who, _ in view.baskets)


def test_product_pages_are_graded_by_the_next_basket(shop: ComparedShop) -> None:
    seeds = page_seeds(shop)
    baskets = window_baskets(shop)
    assert seeds.keys() == {key for key, of_key in baskets.items() if len(of_key) > 1}
    for (cutoff, who), product_id in seeds.items():

        def drawn(what: str, who: str = who) -> str:
            return md5(f"{who} {what}".encode()).hexdigest()

        assert product_id == min(baskets[cutoff, who][0], key=drawn)
    pages: dict[tuple[date, str], list[str]] = defaultdict(list)
    similarities = shop.rows("ml_recommendations__similarities")
    for row in sorted(similarities, key=lambda row: row["position"]):
        # As mart_item_similarities shows them.
        if row["use_name"] == "display" and row["lift"] > 1:
            pages[row["cutoff_date"], row["product_id"]].append(row["similar_product_id"])
    expected = {
        (cutoff, who, position): {"product_id": what}
        for (cutoff, who), seed in seeds.items()
        for position, what in enumerate(pages[cutoff, seed][:20], 1)
    }
    rows = [
        row
        for row in shop.rows("int_recommendations__graded_lists")
        if (row["task"], row["method_name"]) == ("item_page", "published")
    ]
    compare(rows, ("cutoff_date", "customer_id", "position"), expected)


def test_grades_are_those_of_what_was_bought_after_the_cutoff(shop: ComparedShop) -> None:
    lists: dict[tuple[Any, ...], dict[int, str]] = defaultdict(dict)
    for row in shop.rows("int_recommendations__graded_lists"):
        key = (row["method_name"], row["task"], row["cutoff_date"])
        lists[(*key, row["customer_id"])][row["position"]] = row["product_id"]
    expected = {}
    for view in shop.past():
        for task, relevant in relevant_products(shop, view).items():
            methods = {m for m, of_task, day, _ in lists if (of_task, day) == (task, view.cutoff)}
            for method in methods | {"published"}:
                for k in {10, 20, min(20, shop.known.policy.per_list)}:
                    graded = {
                        who: grade([*lists[method, task, view.cutoff, who].values()][:k], of_who, k)
                        for who, of_who in relevant.items()
                    }
                    if graded:
                        expected[method, task, view.cutoff, k] = {
                            "customers": len(graded),
                            **{
                                name: sum(one[name] for one in graded.values()) / len(graded)
                                for name in (*GRADES, "served_share")
                            },
                        }
    rows = shop.rows("mart_recommendation_evaluation")
    compare(rows, ("method_name", "task", "cutoff_date", "k"), expected)
    for row in rows:
        assert row["is_published"] == (row["method_name"] == "published")


def grade(shown: list[str], relevant: set[str], k: int) -> dict[str, float]:
    hits = [what in relevant for what in shown]
    places = [place for place, is_hit in enumerate(hits, 1) if is_hit]
    most = min(k, len(relevant))
    ideal = sum(1 / math.log2(place + 1) for place in range(1, most + 1))
    return {
        "ndcg": sum(1 / math.log2(place + 1) for place in places) / ideal,
        "recall": len(places) / len(relevant),
        "precision": len(places) / k,
        "mrr": 1 / places[0] if places else 0,
        "map": sum(n / place for n, place in enumerate(places, 1)) / most,
        "hit_rate": float(bool(places)),
        "served_share": float(bool(shown)),
    }


def relevant_products(shop: ComparedShop, view: View) -> dict[str, dict[str, set[str]]]:
    seeds, baskets = page_seeds(shop), window_baskets(shop)
    found: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for who in view.recipients:
        bought = set().union(*baskets[view.cutoff, who])
        if is_cold(view, who):
            found["cold"][who] = bought
        else:
            found["all"][who] = bought
            found["new"][who] = {what for what in bought if not view.baskets[who, what]}
        if (view.cutoff, who) in seeds:
            found["item_page"][who] = baskets[view.cutoff, who][1] - {seeds[view.cutoff, who]}
    sold = {what for _, what in view.baskets}
    return {
        task: {who: of_who & sold for who, of_who in of_task.items() if of_who & sold}
        for task, of_task in found.items()
    }


def page_seeds(shop: ComparedShop) -> dict[tuple[date, str], str]:
    return {
        (row["cutoff_date"], row["customer_id"]): row["product_id"]
        for row in shop.rows("int_recommendations__page_seeds")
    }


def window_baskets(shop: ComparedShop) -> dict[tuple[date, str], list[set[str]]]:
    """List the baskets after each cut-off of who gets lists there, the first one first."""
    found = {}
    for view in shop.past():
        after = shop.known.bought_after(view.cutoff)
        for who in view.recipients:
            baskets: dict[tuple[date, str], set[str]] = defaultdict(set)
            for one in after:
                if one.customer_id == who:
                    baskets[one.day, one.order_id].add(one.product_id)
            found[view.cutoff, who] = [baskets[key] for key in sorted(baskets)]
    return found


def test_the_shops_hold_what_they_should(all_shops: dict[Draw, ComparedShop]) -> None:
    found: Counter[str] = Counter()
    for shop in all_shops.values():
        policy = shop.draw.policy
        found[f"{policy} past cut-offs"] += len(shop.past())
        found[f"{policy} rules"] += len(shop.rows("mart_association_rules"))
        for row in shop.rows("mart_customer_recommendations"):
            found[f"{policy} {row['list_name']} at level {row['fallback_level']}"] += 1
            for text in ("showed interest", "goes a little", "nothing more popular", "goes with"):
                found[text] += row["reason_1"].startswith(text)
        for row in shop.rows("mart_recommendation_coverage"):
            found[f"{policy} {row['coverage']}"] += row["customers"]
        for row in shop.rows("mart_recommendation_evaluation"):
            found[f"graded {row['task']}"] += row["customers"]
        found["cut short by the sample"] += any(
            len({one.customer_id for one in shop.known.bought_after(view.cutoff)})
            > shop.known.policy.sample_customers
            for view in shop.past()
        )
        for view in shop.views.values():
            for who in view.recipients:
                for what, owned in view.owned[who].items():
                    found["in cart"] += owned.is_in_cart
                    found["owned, but of no weight"] += not owned.weight
                    found["not replenished"] += bool(
                        owned.baskets and not view.facts[what].is_replenishable
                    )
            days = {one.cancelled_day for one in view.bought} - {None}
            found["cancelled after"] += len(days)
            found["merged after"] += any(
                not shop.known.was_itself(who, view.cutoff) for who in shop.known.customers
            )
            found["out of the price band"] += any(
                not view.is_in_price_band(who, what)
                for who in view.recipients
                for what in view.facts
            )
        found["excluded"] += len(shop.excluded)
    expected = {
        f"{policy} {name} at level {level}"
        for policy in ("default", "strict")
        for name in ("blend", "discover")
        for level in range(4)
    }
    assert expected <= found.keys(), expected - found.keys()
    assert min(found.values()) > 0, found


def compare(
    rows: Iterable[Row], key: tuple[str, ...], expected: dict[tuple[Any, ...], dict[str, Any]]
) -> None:
    """Hold rows against the oracle's: the same keys, and every column that the oracle gives."""
    found = {tuple(row[column] for column in key): row for row in rows}
    for at, values in expected.items():
        for column, value in values.items():
            assert at in found, (at, values)
            assert same(found[at][column], value), (at, column, found[at], values)
    assert found.keys() == expected.keys()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)):
        # Published scores are rounded to nine decimals.
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1.5e-9)
    return bool(one == other)
