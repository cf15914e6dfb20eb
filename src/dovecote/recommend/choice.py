"""The numbers that lists are made with, chosen shop by shop on the days before a cut-off.

What was bought before these days stands for the history, what was bought on them for the future:
the lists are made with one setting after the other, and what gives the best NDCG stays. SQL
computes the weights of what customers own and the factors of products from the same settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from dovecote.recommend.baskets import BasketCounts, read_counts, require_columns, with_values
from dovecote.recommend.lists import Stored, new_only, similar_scores, store
from dovecote.recommend.ranking import largest
from dovecote.recommend.similarities import item_similarities

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

REPEAT_PRIOR_BUYERS = 10
CHOICE_K = 10
CHOICE_CUSTOMERS = 1_000
CHOICE_CELLS = 20_000_000
CHOICE_HISTORIES = 100_000
PRODUCTS_OF_SLOW_FITS = 10_000
PURCHASE_COLUMNS = ["customer_id", "product_id", "basket_id", "purchased_at"]
GRADE_COLUMNS = {
    "setting_name": "str",
    "setting_value": "float64",
    "validation_customers": "int64",
    "blend_ndcg": "float64",
    "discover_ndcg": "float64",
}
CHOICE_COLUMNS = {"cutoff_date": "datetime64[us]", **GRADE_COLUMNS, "is_chosen": "bool"}


@dataclass(frozen=True)
class Settings:
    """Numbers that the lists are made with; the module's docstring says what they do.

    ``trend_prior`` is the number of baskets, as expected, that is added to both sides of a trend.
    """

    ease_lambda: float = 200.0
    half_life_days: float = 120.0
    trend_half_life_days: float = 14.0
    trend_prior: float = 20.0
    popularity_days: float = 14.0
    repeat_power: float = 0.5
    similar_weight: float = 0.5
    blend_trend_power: float = 0.5
    discover_trend_power: float = 1.0


GRID: Mapping[str, Sequence[float]] = {
    "ease_lambda": (100.0, 200.0, 400.0),
    "popularity_days": (7.0, 14.0, 30.0),
    "half_life_days": (60.0, 120.0, 240.0),
    "trend_half_life_days": (7.0, 14.0, 28.0),
    "trend_prior": (5.0, 20.0),
    "discover_trend_power": (0.0, 0.5, 1.0),
    "blend_trend_power": (0.0, 0.25, 0.5, 1.0),
    "repeat_power": (0.0, 0.25, 0.5),
    "similar_weight": (0.25, 0.5, 1.0, 2.0),
}


@dataclass(frozen=True)
class History:
    """Purchases before a cut-off, one row per customer, product and basket.

    Attributes
    ----------
    baskets
        Counts of customers and products.
    customer, product
        Positions in ``baskets.customers`` and ``baskets.products``, shape (n,).
    age_days
        Days from the purchase to the cut-off, shape (n,).
    """

    baskets: BasketCounts
    customer: IntArray
    product: IntArray
    age_days: FloatArray

    def owned(self, half_life_days: float) -> sparse.csr_array:
        """Give ln(1 + decayed baskets), shape (customers, products)."""
        decayed = 0.5 ** (self.age_days / half_life_days)
        matrix = sparse.coo_array(
            (decayed, (self.customer, self.product)), shape=self.baskets.counts.shape
        ).tocsr()
        return with_values(matrix, np.log1p(matrix.data))

    def popularity(self, days: float) -> FloatArray:
        """Count each product's baskets of the last days, shape (products,)."""
        recent = self.product[self.age_days <= days]
        return np.bincount(recent, minlength=self.baskets.products.size).astype(np.float64)

    def trend(self, half_life_days: float, prior: float) -> FloatArray:
        """Give each product's recent baskets over those to be expected, shape (products,)."""
        products = self.baskets.products.size
        recent = np.bincount(self.product, 0.5 ** (self.age_days / half_life_days), products)
        expected = np.bincount(self.product, minlength=products) * (
            recent.sum() / self.product.size
        )
        return np.asarray((recent + prior) / (expected + prior))

    def repeat(self) -> FloatArray:
        """Give each product's share of repeat buyers over that of all products."""
        counts = self.baskets.counts
        buyers = np.bincount(counts.indices, minlength=counts.shape[1])
        again = np.bincount(counts.indices, counts.data > 1, counts.shape[1])
        share = again.sum() / buyers.sum()
        if not share:
            return np.ones(counts.shape[1])
        return np.asarray((again / share + REPEAT_PRIOR_BUYERS) / (buyers + REPEAT_PRIOR_BUYERS))


class Scores(NamedTuple):
    """Scores of some customers, each of shape (customers, products); of no use where not above 0.

    ``discover`` scores bought products too, which its lists leave out.
    """

    blend: FloatArray
    discover: FloatArray


class Choice(NamedTuple):
    """Settings and the grades that they were chosen by.

    Attributes
    ----------
    settings
        The choice.
    grades
        One row per tried setting_name and setting_value, the others as chosen until then:
        validation_customers, blend_ndcg (of all products) and discover_ndcg (of new ones).
    """

    settings: Settings
    grades: pd.DataFrame


def read_history(purchases: pd.DataFrame, cutoff: pd.Timestamp) -> History:
    """Read the purchases before a cut-off; a product counts once a basket.

    Parameters
    ----------
    purchases
        One row per basket_id and product_id, at least: customer_id, purchased_at.
    cutoff
        Exclusive end.

    Raises
    ------
    ValueError
        If a column is missing or has nulls.
    """
    require_columns("purchases", purchases, PURCHASE_COLUMNS)
    before = purchases[purchases["purchased_at"] < cutoff].drop_duplicates(
        ["customer_id", "product_id", "basket_id"]
    )
    counts = before.groupby(["customer_id", "product_id"]).size().rename("basket_count")
    baskets = read_counts(counts.reset_index())
    age = (cutoff - before["purchased_at"]).dt.total_seconds().to_numpy(dtype=np.float64)
    return History(
        baskets=baskets,
        customer=np.searchsorted(baskets.customers, before["customer_id"].to_numpy()),
        product=np.searchsorted(baskets.products, before["product_id"].to_numpy()),
        age_days=age / 86_400,
    )


def list_scores(
    history: History, settings: Settings, similar: FloatArray, customers: IntArray
) -> Scores:
    """Score all products for customers at some positions.

    Parameters
    ----------
    history
        What was bought before the cut-off.
    settings
        Numbers of the lists.
    similar
        As given by `similar_scores` for these customers.
    customers
        Positions in ``history.baskets.customers``.
    """
    trend = history.trend(settings.trend_half_life_days, settings.trend_prior)
    trend = trend.astype(similar.dtype)
    repeat = history.repeat() ** settings.repeat_power
    own = history.owned(settings.half_life_days)[customers].astype(similar.dtype).toarray()
    own *= repeat.astype(similar.dtype)
    own_and_similar = own + settings.similar_weight * similar
    blend_trend = trend**settings.blend_trend_power
    return Scores(
        blend=blend_trend * own_and_similar,
        discover=trend**settings.discover_trend_power * own_and_similar,
    )


def with_fallback(scores: FloatArray, popularity: FloatArray) -> FloatArray:
    """Put products without a positive score behind the others, the popular ones first."""
    behind = popularity / (popularity.max(initial=0) + 1) - 1
    return np.where(scores > 0, scores, behind.astype(scores.dtype))


def choose_settings(
    purchases: pd.DataFrame,
    cutoff: pd.Timestamp,
    *,
    validation_days: float = 30,
    grid: Mapping[str, Sequence[float]] = GRID,
    memory_gb: float = 1.0,
) -> Choice:
    """Choose the settings of the lists by what was bought in the last days before a cut-off.

    Settings are tried one after the other in the order of ``grid``, the others as they are by then,
    and the value with the best product of the NDCG@10 of both lists is kept; of equal ones the
    value that was there, then the first. ``popularity_days`` are chosen by the NDCG of popularity
    alone. Of more than ``CHOICE_HISTORIES`` customers the purchases of every n-th are taken, by
    customer_id, and of these customers again every n-th is graded. ``ease_lambda`` stays as it is
    where there are more than ``PRODUCTS_OF_SLOW_FITS`` products, as each value costs a fit.

    Parameters
    ----------
    purchases
        One row per basket_id and product_id, at least: customer_id, purchased_at. Rows at or after
        the cut-off are not looked at.
    cutoff
        Exclusive end of the validation window.
    validation_days
        Length of the window.
    grid
        Values to try of each setting.
    memory_gb
        As for `item_similarities`.

    Returns
    -------
    Choice
        Without a customer to look at, the default settings and no grades.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, or grid names an unknown setting.
    """
    for name in grid:
        if name not in asdict(Settings()):
            raise ValueError(f"grid has {name}, which is no setting: take the names of Settings.")
    require_columns("purchases", purchases, PURCHASE_COLUMNS)
    sample = _of_every_nth_customer(purchases[purchases["purchased_at"] < cutoff])
    start = cutoff - pd.Timedelta(days=validation_days)
    history = read_history(sample, start)
    bought = sample[sample["purchased_at"] >= start]
    trial = _Trial(history, bought, memory_gb)
    settings, rows = Settings(), []
    is_slow = history.baskets.products.size > PRODUCTS_OF_SLOW_FITS
    for name, values in grid.items() if trial.customers.size else ():
        if name == "ease_lambda" and is_slow:
            continue
        by_popularity = name == "popularity_days"
        best = trial.grade(settings, by_popularity=by_popularity)
        for value in values:
            tried = replace(settings, **{name: value})
            grade = trial.grade(tried, by_popularity=by_popularity)
            rows.append((name, value, trial.customers.size, *grade))
            if np.prod(grade) > np.prod(best):
                best, settings = grade, tried
    return Choice(settings, pd.DataFrame(rows, columns=[*GRADE_COLUMNS]).astype(GRADE_COLUMNS))


def setting_choices(
    purchases: pd.DataFrame,
    cutoff_dates: Iterable[Any],
    *,
    validation_days: float = 30,
    grid: Mapping[str, Sequence[float]] = GRID,
    memory_gb: float = 1.0,
) -> pd.DataFrame:
    """Choose the settings of the lists at several cut-off dates, for a warehouse of dates.

    Parameters
    ----------
    purchases
        One row per customer_id, product_id, basket_id and order_date, a date at midnight.
    cutoff_dates
        Last days whose purchases are known; the validation window ends with them.
    validation_days, grid, memory_gb
        As for `choose_settings`.

    Returns
    -------
    pandas.DataFrame
        One row per cutoff_date, setting_name and setting_value that was tried or chosen, sorted,
        with validation_customers, blend_ndcg, discover_ndcg and is_chosen, which is true in one
        row of each setting. Values that were not tried have 0 customers and null grades.

    Raises
    ------
    ValueError
        As for `choose_settings`.
    """
    require_columns("purchases", purchases, [*PURCHASE_COLUMNS[:-1], "order_date"])
    dated = purchases.assign(purchased_at=pd.to_datetime(purchases["order_date"]))
    tables = [pd.DataFrame(columns=[*CHOICE_COLUMNS]).astype(CHOICE_COLUMNS)]
    for cutoff_date in sorted({pd.Timestamp(date) for date in cutoff_dates}):
        settings, grades = choose_settings(
            dated[PURCHASE_COLUMNS],
            cutoff_date + pd.Timedelta(days=1),
            validation_days=validation_days,
            grid=grid,
            memory_gb=memory_gb,
        )
        keys = [*GRADE_COLUMNS][:2]
        chosen = pd.DataFrame(asdict(settings).items(), columns=keys)
        table = grades.merge(chosen.assign(is_chosen=True), how="outer", on=keys)
        table = table.fillna({"validation_customers": 0, "is_chosen": False})
        tables.append(table.assign(cutoff_date=cutoff_date)[[*CHOICE_COLUMNS]])
    return pd.concat(tables, ignore_index=True).astype(CHOICE_COLUMNS)


def _of_every_nth_customer(purchases: pd.DataFrame) -> pd.DataFrame:
    customers = purchases["customer_id"].drop_duplicates().sort_values()
    step = -(-len(customers) // CHOICE_HISTORIES)
    if step <= 1:
        return purchases
    return purchases[purchases["customer_id"].isin(customers.iloc[::step])]


class _Trial:
    """A history, and what some of its customers bought afterwards."""

    def __init__(self, history: History, bought: pd.DataFrame, memory_gb: float) -> None:
        self._history = history
        self._memory_gb = memory_gb
        self._grades: dict[tuple[Settings, bool], tuple[float, float]] = {}
        self._stored: dict[float, Stored] = {}
        self._similar: dict[tuple[float, float], FloatArray] = {}
        baskets = history.baskets
        known = bought[
            bought["customer_id"].isin(baskets.customers)
            & bought["product_id"].isin(baskets.products)
        ]
        customer = np.searchsorted(baskets.customers, known["customer_id"].to_numpy())
        product = np.searchsorted(baskets.products, known["product_id"].to_numpy())
        most = min(CHOICE_CUSTOMERS, max(1, CHOICE_CELLS // max(baskets.products.size, 1)))
        buyers = np.unique(customer)
        self.customers = buyers[:: -(-buyers.size // most) or 1]
        relevant = sparse.coo_array(
            (np.ones(len(known)), (customer, product)), shape=baskets.counts.shape
        )
        self._relevant = relevant.tocsr()[self.customers].toarray() > 0
        self._counts = baskets.counts[self.customers]
        self._is_new = self._relevant & (self._counts.toarray() == 0)

    def grade(self, settings: Settings, *, by_popularity: bool) -> tuple[float, float]:
        """Give the NDCG of ``blend`` and ``discover``, or of popularity for either."""
        key = settings, by_popularity
        if key not in self._grades:
            self._grades[key] = self._graded(settings, by_popularity)
        return self._grades[key]

    def _graded(self, settings: Settings, by_popularity: bool) -> tuple[float, float]:
        popularity = self._history.popularity(settings.popularity_days)
        blend = discover = np.broadcast_to(popularity, self._relevant.shape)
        if not by_popularity:
            similar = self._similar_of(settings)
            scores = list_scores(self._history, settings, similar, self.customers)
            blend = with_fallback(scores.blend, popularity)
            discover = with_fallback(scores.discover, popularity)
        return (
            mean_ndcg(blend, self._relevant),
            mean_ndcg(new_only(discover, self._counts), self._is_new),
        )

    def _similar_of(self, settings: Settings) -> FloatArray:
        ease_lambda, half_life = settings.ease_lambda, settings.half_life_days
        if ease_lambda not in self._stored:
            self._stored[ease_lambda] = self._fitted(ease_lambda)
        if (ease_lambda, half_life) not in self._similar:
            owned = self._history.owned(half_life)[self.customers]
            self._similar = {
                (ease_lambda, half_life): similar_scores(owned, self._stored[ease_lambda]).astype(
                    np.float32
                )
            }
        return self._similar[ease_lambda, half_life]

    def _fitted(self, ease_lambda: float) -> Stored:
        baskets = self._history.baskets
        counts = baskets.counts.tocoo()
        weights = pd.DataFrame(
            {
                "customer_id": baskets.customers[counts.row],
                "product_id": baskets.products[counts.col],
                "basket_count": counts.data,
            }
        )
        similarities = item_similarities(
            weights, regularisation=ease_lambda, memory_gb=self._memory_gb
        )
        return store(similarities, baskets.products)


def mean_ndcg(scores: FloatArray, is_relevant: NDArray[np.bool_], k: int = CHOICE_K) -> float:
    """Give the mean NDCG of the first k over rows with something relevant; 0 without any."""
    graded = np.flatnonzero(is_relevant.any(axis=1))
    if not graded.size:
        return 0.0
    is_relevant = is_relevant[graded]
    position = largest(scores[graded], k)
    discount = 1 / np.log2(np.arange(2, position.shape[1] + 2))
    gain = np.take_along_axis(is_relevant, position, axis=1) @ discount
    ideal = np.cumsum(discount)[np.minimum(is_relevant.sum(axis=1), discount.size) - 1]
    return float((gain / ideal).mean())
