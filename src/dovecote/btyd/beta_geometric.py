"""BG/NBD and MBG/NBD: log-likelihood with its derivatives, and what follows from a history.

While alive a customer buys at a rate ``lambda ~ Gamma(r, alpha)``; a coin that is tossed at each
repeat purchase (BG/NBD), or at each purchase, the first one included (MBG/NBD), ends it with
probability ``p ~ Beta(a, b)``. Both models differ only in the number of coins tossed, ``x`` or
``x + 1``, so one set of formulas serves both.

References
----------
Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005), "Counting your customers" the easy way: an
alternative to the Pareto/NBD model, Marketing Science 24(2), 275-284.
Batislam, E. P., Denizel, M., Filiztekin, A. (2007), Empirical validation and comparison of models
for customer base analysis, International Journal of Research in Marketing 24(3), 201-209.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from dovecote.btyd.arrays import FloatArray, share, totals
from dovecote.btyd.histories import Histories, with_more_than
from dovecote.btyd.maximise import Evaluation, Objective
from dovecote.btyd.quadrature import mean_over_beta

PARAMETERS = ("r", "alpha", "a", "b")
COINS_AT_START = {"bg_nbd": 0, "mbg_nbd": 1}


def mean_log_likelihood(model_name: str, histories: Histories) -> Objective:
    """Prepare the mean log-likelihood of a customer as a function of the log-parameters.

    Gamma functions at whole steps are sums of logarithms, ``ln G(r+x) - ln G(r) = sum ln(r+i)``,
    over counts of customers with more than ``i`` repeats: exact for any size of ``r``.
    """
    x, weight = histories.repeat_days, histories.customers / histories.total
    coins_at_start = COINS_AT_START[model_name]
    with_more_repeats = with_more_than(x, weight)
    with_more_coins = with_more_than(x + coins_at_start, weight)
    repeat, coin = np.arange(float(len(with_more_repeats))), np.arange(float(len(with_more_coins)))
    age_of, age = pd.factorize(histories.age_days)
    customers_of_age = totals(age_of, weight)
    repeats_of_age = totals(age_of, weight * x)

    may_be_dead = x + coins_at_start > 0
    x, weight, age_of = x[may_be_dead], weight[may_be_dead], age_of[may_be_dead]
    last_of, last = pd.factorize(histories.first_to_last_days[may_be_dead])
    earlier_coins = x + coins_at_start - 1

    def evaluate(log_parameters: FloatArray) -> Evaluation:
        r, alpha, a, b = np.exp(log_parameters)
        gradient, hessian = np.zeros(4), np.zeros((4, 4))

        log_age, age_share = np.log1p(age / alpha), share(age, alpha)
        value = float(
            with_more_repeats @ np.log(r + repeat)
            - with_more_coins @ np.log1p(a / (b + coin))
            - r * (customers_of_age @ log_age)
            - repeats_of_age @ (np.log(alpha) + log_age)
        )
        r_share = share(r, repeat)
        gradient[0] = with_more_repeats @ r_share - r * (customers_of_age @ log_age)
        hessian[0, 0] = gradient[0] - with_more_repeats @ r_share**2
        gradient[1] = r * (customers_of_age @ age_share) - repeats_of_age @ (1 - age_share)
        hessian[0, 1] = r * (customers_of_age @ age_share)
        hessian[1, 1] = -(r * customers_of_age + repeats_of_age) @ (age_share * (1 - age_share))
        a_share, b_share, b_of_both = share(a, b + coin), share(b, coin), share(b, a + coin)
        gradient[2] = -with_more_coins @ a_share
        hessian[2, 2] = -with_more_coins @ (a_share * (1 - a_share))
        gradient[3] = with_more_coins @ (b_share * a_share)
        hessian[2, 3] = with_more_coins @ (a_share * b_of_both)
        hessian[3, 3] = with_more_coins @ (b_share * (1 - b_share) - b_of_both * (1 - b_of_both))

        log_last, last_share = np.log1p(last / alpha), share(last, alpha)
        since_last = log_age[age_of] - log_last[last_of]
        shares_of_age, shares_of_last = age_share[age_of], last_share[last_of]
        gained_share = shares_of_age - shares_of_last
        log_odds = np.log(a / (b + earlier_coins)) + (r + x) * since_last
        death_b_share = share(b, earlier_coins)
        slopes = np.stack(
            (r * since_last, -(r + x) * gained_share, np.ones_like(x), -death_b_share)
        )
        dead = weight * expit(log_odds)
        value += float(weight @ np.logaddexp(0.0, log_odds))
        gradient += slopes @ dead
        hessian[0, 0] += dead @ slopes[0]
        hessian[0, 1] -= r * (dead @ gained_share)
        hessian[1, 1] += dead @ ((r + x) * gained_share * (1 - shares_of_age - shares_of_last))
        hessian[3, 3] -= dead @ (death_b_share * (1 - death_b_share))
        hessian += (slopes * (dead * expit(-log_odds))) @ slopes.T
        lower = np.tril_indices(4, -1)
        hessian[lower] = hessian.T[lower]
        return Evaluation(value, gradient, hessian)

    return evaluate


def start(histories: Histories) -> FloatArray:
    """Give log-parameters to start from: the repeaters' own rate, half of the coins fatal."""
    repeats = float(histories.customers @ histories.repeat_days)
    active_time = float(histories.customers @ histories.first_to_last_days)
    return np.log([0.5, 0.5 * active_time / repeats, 0.5, 1.0])


def p_alive(
    model_name: str,
    parameters: dict[str, float],
    x: FloatArray,
    t_x: FloatArray,
    age: FloatArray,
) -> FloatArray:
    """Give the probability that a customer is alive at the cut-off."""
    r, alpha, a, b = (parameters[name] for name in PARAMETERS)
    coins = x + COINS_AT_START[model_name]
    with np.errstate(divide="ignore"):
        log_weight = np.where(coins > 0, np.log(a) - np.log(b + np.maximum(coins, 1) - 1), -np.inf)
    return np.asarray(expit(-log_weight - (r + x) * np.log1p((age - t_x) / (alpha + t_x))))


def no_purchase_if_alive(
    parameters: dict[str, float], x: FloatArray, age: FloatArray, horizon: FloatArray
) -> FloatArray:
    """Give the probability of no purchase in (T, T+H] of a customer alive at T."""
    return np.exp(-(parameters["r"] + x) * np.log1p(horizon / (parameters["alpha"] + age)))


def expected_if_alive(
    model_name: str,
    parameters: dict[str, float],
    x: FloatArray,
    age: FloatArray,
    horizon: FloatArray,
) -> FloatArray:
    """Give the expected purchases in (T, T+H] of a customer alive at T.

    A customer alive after ``n`` coins has ``p ~ Beta(a, b+n)``, and expects
    ``(1 - exp(-lambda p H)) / p`` purchases. This mean over both is integrated as it stands; in
    closed form it is ``C/(a-1) [1 - (1-z)^(a-1) 2F1(C-b-r-n, a-1; C; z)]`` with ``C = a+b+n-1``
    and ``z = H/(alpha+T+H)``, which is 0/0 at a = 1.
    """
    r, alpha, a, b = (parameters[name] for name in PARAMETERS)
    shape, reach = r + x, horizon / (alpha + age)

    def expected(p: FloatArray, of: slice) -> FloatArray:
        return -np.expm1(-shape[of, None] * np.log1p(p * reach[of, None])) / p

    return mean_over_beta(expected, np.full_like(x, a), b + x + COINS_AT_START[model_name])
