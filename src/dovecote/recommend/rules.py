"""Association rules of baskets: pairs and triples, counted without a one-hot table.

Pairs are counted by a sparse product of the baskets of frequent products with all baskets, triples
by one of the baskets of frequent pairs, both in blocks. A set below the smallest count is dropped
before the next step, as no larger set can be more frequent than its parts (Agrawal and Srikant).

References
----------
Agrawal, R., Srikant, R. (1994), Fast algorithms for mining association rules, VLDB, 487-499.
Brin, S., Motwani, R., Ullman, J. D., Tsur, S. (1997), Dynamic itemset counting and implication
rules for market basket data, SIGMOD, 255-264 (lift, conviction).
Piatetsky-Shapiro, G. (1991), Discovery, analysis, and presentation of strong rules, Knowledge
Discovery in Databases, 229-248 (leverage).
Yan, X., Zhang, C., Zhang, S. (2009), Confidence metrics for association rule mining, Applied
Artificial Intelligence 23(8), 713-737 (Zhang's metric).
Benjamini, Y., Hochberg, Y. (1995), Controlling the false discovery rate, Journal of the Royal
Statistical Society B 57(1), 289-300.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln
from scipy.stats import false_discovery_control

from dovecote.recommend.baskets import require_columns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STORED_AT_ONCE = 10_000_000
MAX_SETS = 300_000
NEGLIGIBLE = 1e-17
NONE = -1
NORMAL_95 = 1.959963984540054
COLUMNS = {
    "baskets": "int64",
    "antecedent_baskets": "int64",
    "consequent_baskets": "int64",
    **dict.fromkeys(
        (
            *("support", "confidence", "lift", "lift_low", "lift_high"),
            *("leverage", "conviction", "zhang", "p_value", "q_value"),
        ),
        "float64",
    ),
}


def association_rules(
    baskets: pd.DataFrame,
    *,
    min_baskets: int = 10,
    min_support: float = 0.0,
    min_confidence: float = 0.0,
    max_antecedents: int = 2,
    max_sets: int = MAX_SETS,
) -> pd.DataFrame:
    """Find rules "baskets with these one or two products hold that one too".

    Parameters
    ----------
    baskets
        One row per basket_id and product_id; repeated rows count once.
    min_baskets
        Fewest baskets that hold all products of a rule.
    min_support
        Least share of all baskets that hold them.
    min_confidence
        Least confidence of a rule that is returned; q-values are over all rules found.
    max_antecedents
        1 for pairs alone, 2 for pairs and triples.
    max_sets
        Most pairs, and most triples, that rules are made of; where more are frequent, the least
        frequent are left out. An order that comes again and again with hundreds of lines would
        otherwise give millions.

    Returns
    -------
    pandas.DataFrame
        One row per antecedent_1, antecedent_2 (null in pairs; above antecedent_1) and consequent,
        in that order, pairs first:

        - baskets, antecedent_baskets, consequent_baskets: baskets with all products of the rule,
          with its antecedents, with its consequent;
        - support, confidence, lift; lift_low and lift_high, a 95% interval by the delta method on
          the logarithm;
        - leverage, conviction (infinite at confidence 1) and Zhang's metric (0 where a margin is
          empty or full);
        - p_value of Fisher's exact test that antecedents and consequent occur together no more
          often than by chance, q_value after Benjamini and Hochberg.

    Raises
    ------
    ValueError
        If a column is missing or has nulls, or a setting is out of range.
    """
    require_columns("baskets", baskets, ["basket_id", "product_id"])
    if min_baskets < 1:
        raise ValueError(f"min_baskets must be at least 1: it is {min_baskets}.")
    if max_antecedents not in (1, 2):
        raise ValueError(f"max_antecedents must be 1 or 2: it is {max_antecedents}.")
    least = least_baskets(baskets["basket_id"].nunique(), min_baskets, min_support)
    holds, products, total = _read(baskets, least)
    singles = np.diff(holds.tocsc().indptr).astype(np.int64)
    pairs, least = _grown(holds, np.arange(singles.size)[None], least, max_sets)
    triples = np.empty((4, 0), dtype=np.int64)
    if max_antecedents == 2:
        triples, _ = _grown(holds, pairs[:-1], least, max_sets)
    found = rules_of_counts(products, singles, pairs, triples, total)
    return found[found["confidence"] >= min_confidence].reset_index(drop=True)


def least_baskets(total: int, min_baskets: int, min_support: float) -> int:
    """Give the fewest baskets that hold all products of a rule."""
    return max(min_baskets, math.ceil(min_support * total))


def rules_of_counts(
    products: NDArray[Any], singles: IntArray, pairs: IntArray, triples: IntArray, total: int
) -> pd.DataFrame:
    """Make the rules of `association_rules` of how often products come together.

    Parameters
    ----------
    products
        Ids, ascending, of those that are frequent.
    singles
        Baskets of each, shape (products,).
    pairs, triples
        Positions of products, ascending within a set, and in the last row the baskets with all of
        them, shape (3, pairs) and (4, triples), sorted by position.
    total
        Baskets in all.
    """
    rules = [_rules_of_pairs(pairs, singles), _rules_of_triples(triples, pairs)]
    first, second, consequent, together, antecedent_baskets = np.concatenate(rules, axis=1)
    return pd.DataFrame(
        {
            "antecedent_1": products[first],
            "antecedent_2": np.where(second == NONE, None, products[second]),
            "consequent": products[consequent],
            **_measures(together, antecedent_baskets, singles[consequent], total),
        }
    ).astype(COLUMNS)


def _read(baskets: pd.DataFrame, min_baskets: int) -> tuple[sparse.csr_array, NDArray[Any], int]:
    """Give which basket holds which frequent product, the products, and how many baskets."""
    basket, ids = pd.factorize(baskets["basket_id"])
    products, product = np.unique(baskets["product_id"].to_numpy(), return_inverse=True)
    shape = (len(ids), products.size)
    holds = sparse.coo_array((np.ones(basket.size), (basket, product)), shape=shape).tocsr()
    holds.data[:] = 1
    is_frequent = holds.sum(axis=0) >= min_baskets
    return holds[:, np.flatnonzero(is_frequent)], products[is_frequent], len(ids)


def _grown(
    holds: sparse.csr_array, sets: IntArray, min_baskets: int, max_sets: int
) -> tuple[IntArray, int]:
    """Add a later product to each set, and keep what is frequent.

    Parameters
    ----------
    holds
        Which basket holds which product, shape (baskets, products).
    sets
        Positions of products, ascending, shape (products a set, sets).
    min_baskets
        Fewest baskets of a set.
    max_sets
        Most larger sets; beyond, the fewest baskets are raised until no more are left.

    Returns
    -------
    tuple of numpy.ndarray and int
        Positions of the products of each larger set, and in the last row its baskets, shape
        (products a set + 2, larger sets), sorted by position; and the fewest baskets of a set.
    """
    of_products = holds.T.tocsr()
    size_of_basket = np.diff(holds.indptr).astype(np.float64)
    candidates = of_products @ size_of_basket
    grown = [np.empty((len(sets) + 2, 0), dtype=np.int64)]
    buyers = np.diff(of_products.indptr)
    # A block holds the baskets of every product of its sets on the way to those of the sets.
    for block in _blocks(np.maximum(candidates[sets[-1]], buyers[sets].sum(axis=0))):
        in_baskets = of_products[sets[0, block]]
        for members in sets[1:, block]:
            in_baskets = in_baskets.multiply(of_products[members]).tocsr()
        together = (in_baskets @ holds).tocoo()
        last = sets[-1, block][together.row]
        is_kept = (together.col > last) & (together.data >= min_baskets)
        grown.append(
            np.vstack(
                [
                    sets[:, block][:, together.row[is_kept]],
                    together.col[is_kept],
                    np.rint(together.data[is_kept]).astype(np.int64),
                ]
            )
        )
        if sum(part.shape[1] for part in grown) > max_sets:
            joined = np.concatenate(grown, axis=1)
            min_baskets = 1 + int(-np.partition(-joined[-1], max_sets)[max_sets])
            grown = [joined[:, joined[-1] >= min_baskets]]
    joined = np.concatenate(grown, axis=1)
    return joined[:, np.lexsort(joined[-2::-1])], min_baskets


def _blocks(candidates: FloatArray) -> Iterator[slice]:
    """Split sets so that a block counts a bounded number of larger ones."""
    block = np.floor((np.cumsum(candidates) - candidates) / STORED_AT_ONCE)
    starts = [*np.flatnonzero(np.diff(block, prepend=-1)), candidates.size]
    for start, stop in pairwise(starts):
        yield slice(int(start), int(stop))


def _rules_of_pairs(pairs: IntArray, singles: IntArray) -> IntArray:
    """Give first and second antecedent, consequent, baskets and antecedent baskets of rules."""
    one, other, together = pairs
    none = np.full_like(one, NONE)
    rules = np.concatenate(
        [[one, none, other, together, singles[one]], [other, none, one, together, singles[other]]],
        axis=1,
    )
    return rules[:, np.lexsort(rules[2::-1])]


def _rules_of_triples(triples: IntArray, pairs: IntArray) -> IntArray:
    one, two, three, together = triples
    products = 1 + pairs[:2].max(initial=0)
    keys = pairs[0] * products + pairs[1]

    def rules(first: IntArray, second: IntArray, consequent: IntArray) -> IntArray:
        # Every pair within a frequent triple is frequent.
        antecedent_baskets = pairs[2][np.searchsorted(keys, first * products + second)]
        return np.array([first, second, consequent, together, antecedent_baskets])

    joined = np.concatenate(
        [rules(one, two, three), rules(one, three, two), rules(two, three, one)], axis=1
    )
    return joined[:, np.lexsort(joined[2::-1])]


def _measures(
    together: IntArray, antecedent: IntArray, consequent: IntArray, total: int
) -> dict[str, FloatArray | IntArray]:
    both, left, right = together / total, antecedent / total, consequent / total
    confidence, lift, leverage = both / left, both / (left * right), both - left * right
    variance = (1 / both - 1 / left - 1 / right + 2 * both / (left * right) - 1) / total
    spread = np.exp(NORMAL_95 * np.sqrt(np.maximum(variance, 0)))
    largest_leverage = np.maximum(both * (1 - left), left * (right - both))
    conviction = np.full(both.shape, np.inf)
    np.divide(1 - right, 1 - confidence, out=conviction, where=together < antecedent)
    zhang = np.zeros(both.shape)
    np.divide(leverage, largest_leverage, out=zhang, where=largest_leverage > 0)
    p_value = _fisher(together, antecedent, consequent, total)
    return {
        "baskets": together,
        "antecedent_baskets": antecedent,
        "consequent_baskets": consequent,
        "support": both,
        "confidence": confidence,
        "lift": lift,
        "lift_low": lift / spread,
        "lift_high": lift * spread,
        "leverage": leverage,
        "conviction": conviction,
        "zhang": zhang,
        "p_value": p_value,
        "q_value": false_discovery_control(p_value) if p_value.size else p_value,
    }


def _fisher(
    together: IntArray, antecedent: IntArray, consequent: IntArray, total: int
) -> FloatArray:
    """Sum the hypergeometric probabilities of as many common baskets or more.

    SciPy sums them rule by rule; here the terms of all rules are added at once.
    """
    k = together.astype(np.float64)
    left, right = antecedent.astype(np.float64), consequent.astype(np.float64)

    def log_choose(n: FloatArray | float, chosen: FloatArray) -> FloatArray:
        return np.asarray(gammaln(n + 1.0) - gammaln(chosen + 1) - gammaln(n - chosen + 1))

    log_first = log_choose(left, k) + log_choose(total - left, right - k) - log_choose(total, right)
    term, tail = np.ones_like(k), np.ones_like(k)
    grows = np.arange(k.size)
    while grows.size:
        ratio = (left[grows] - k[grows]) * (right[grows] - k[grows])
        ratio /= (k[grows] + 1) * (total - left[grows] - right[grows] + k[grows] + 1)
        # The tail is beyond all numbers only where its first term is far below the mode, so p is 1.
        with np.errstate(over="ignore"):
            term[grows] *= ratio
            tail[grows] += term[grows]
        k[grows] += 1
        grows = grows[term[grows] > NEGLIGIBLE * tail[grows]]
    return np.asarray(np.minimum(np.exp(log_first + np.log(tail)), 1.0))
