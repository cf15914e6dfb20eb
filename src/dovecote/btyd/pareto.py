"""Pareto/NBD: log-likelihood with its derivatives, and what follows from a history.

A customer buys at a rate ``lambda ~ Gamma(r, alpha)`` and leaves at a rate
``mu ~ Gamma(s, beta)``. With ``D(t) = (alpha+t)^-(r+x) (beta+t)^-s`` the likelihood is
``G(r+x)/G(r) alpha^r beta^s [D(T) k(x, T) + D(t_x) h(x, t_x)]``: ``h(x, t)`` is the probability
that the dropout comes before the next purchase where both come after ``t``, ``k`` that of the
contrary. Both are positive integrals over one variable, and so are their derivatives.

References
----------
Schmittlein, D. C., Morrison, D. G., Colombo, R. (1987), Counting your customers: who are they and
what will they do next? Management Science 33(1), 1-24.
Fader, P. S., Hardie, B. G. S. (2005), A note on deriving the Pareto/NBD model and related
expressions, brucehardie.com/notes/009.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, exprel

from dovecote.btyd.arrays import FloatArray, distinct, share, totals
from dovecote.btyd.histories import Histories, with_more_than
from dovecote.btyd.maximise import Evaluation, Objective
from dovecote.btyd.quadrature import blocks, tail

PARAMETERS = ("r", "alpha", "s", "beta")


class _Terms(NamedTuple):
    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


def mean_log_likelihood(histories: Histories) -> Objective:
    """Prepare the mean log-likelihood of a customer as a function of the log-parameters."""
    x, weight = histories.repeat_days, histories.customers / histories.total
    with_more_repeats = with_more_than(x, weight)
    repeat = np.arange(float(len(with_more_repeats)))
    (alive_x, alive_t), alive_of = distinct(x, histories.age_days)
    (dead_x, dead_t), dead_of = distinct(x, histories.first_to_last_days)

    def evaluate(log_parameters: FloatArray) -> Evaluation:
        r, alpha, s, beta = np.exp(log_parameters)
        alive = _terms(r, alpha, s, beta, alive_x, alive_t, purchase_comes_first=True)
        dead = _terms(r, alpha, s, beta, dead_x, dead_t, purchase_comes_first=False)
        log_odds = dead.value[dead_of] - alive.value[alive_of]
        dead_weight = weight * expit(log_odds)
        alive_weight = weight * expit(-log_odds)
        of_alive = totals(alive_of, alive_weight)
        of_dead = totals(dead_of, dead_weight)
        slopes = dead.gradient[:, dead_of] - alive.gradient[:, alive_of]
        r_share = share(r, repeat)
        value = float(
            with_more_repeats @ np.log(r + repeat)
            + weight @ (alive.value[alive_of] + np.logaddexp(0.0, log_odds))
        )
        gradient = alive.gradient @ of_alive + dead.gradient @ of_dead
        hessian = alive.hessian @ of_alive + dead.hessian @ of_dead
        hessian += (slopes * (dead_weight * expit(-log_odds))) @ slopes.T
        gradient[0] += with_more_repeats @ r_share
        hessian[0, 0] += with_more_repeats @ (r_share * (1 - r_share))
        return Evaluation(value, gradient, hessian)

    return evaluate


def start(histories: Histories) -> FloatArray:
    """Give log-parameters to start from: the repeaters' own rate, half gone after a mean age."""
    repeats = float(histories.customers @ histories.repeat_days)
    active_time = float(histories.customers @ histories.first_to_last_days)
    return np.log([0.5, 0.5 * active_time / repeats, 0.5, 0.5])


def log_h(parameters: dict[str, float], x: FloatArray, t: FloatArray) -> FloatArray:
    """Give ln h(x, t)."""
    r, alpha, s, beta = (parameters[name] for name in PARAMETERS)
    return _log_tail(np.full_like(x, s), beta, r + x, alpha, t)


def log_k(parameters: dict[str, float], x: FloatArray, t: FloatArray) -> FloatArray:
    """Give ln k(x, t), which is ln(1 - h(x, t)) without cancellation."""
    r, alpha, s, beta = (parameters[name] for name in PARAMETERS)
    return _log_tail(r + x, alpha, np.full_like(x, s), beta, t)


def log_d_ratio(
    parameters: dict[str, float], x: FloatArray, earlier: FloatArray, later: FloatArray
) -> FloatArray:
    """Give ln D(later) / D(earlier), which is at most 0."""
    r, alpha, s, beta = (parameters[name] for name in PARAMETERS)
    return np.asarray(
        -(r + x) * np.log1p((later - earlier) / (alpha + earlier))
        - s * np.log1p((later - earlier) / (beta + earlier))
    )


def p_alive(
    parameters: dict[str, float], x: FloatArray, t_x: FloatArray, age: FloatArray
) -> FloatArray:
    """Give the probability that a customer is alive at the cut-off."""
    died = log_h(parameters, x, t_x) - log_d_ratio(parameters, x, t_x, age)
    now = np.logaddexp(log_k(parameters, x, age), died)
    return np.asarray(np.exp(np.minimum(-now, 0.0)))


def no_purchase(
    parameters: dict[str, float],
    x: FloatArray,
    t_x: FloatArray,
    age: FloatArray,
    horizon: FloatArray,
) -> FloatArray:
    """Give the probability of no purchase in (T, T+H]: the likelihood at T+H over that at T."""
    died = log_h(parameters, x, t_x) - log_d_ratio(parameters, x, t_x, age)
    later = age + horizon
    alive_later = log_k(parameters, x, later) + log_d_ratio(parameters, x, age, later)
    now = np.logaddexp(log_k(parameters, x, age), died)
    return np.asarray(np.exp(np.minimum(np.logaddexp(alive_later, died) - now, 0.0)))


def expected_if_alive(
    parameters: dict[str, float], x: FloatArray, age: FloatArray, horizon: FloatArray
) -> FloatArray:
    """Give the expected purchases in (T, T+H] of a customer alive at T."""
    r, alpha, s, beta = (parameters[name] for name in PARAMETERS)
    log_growth = np.log1p(horizon / (beta + age))
    return np.asarray(
        (r + x) / (alpha + age) * (beta + age) * log_growth * exprel((1 - s) * log_growth)
    )


def _log_tail(p: FloatArray, sigma: float, q: FloatArray, rho: float, t: FloatArray) -> FloatArray:
    values = np.empty(len(t))
    for of in blocks(len(t)):
        values[of] = tail(p[of], sigma, q[of], rho, t[of]).log_value
    return values


def _terms(
    r: float,
    alpha: float,
    s: float,
    beta: float,
    x: FloatArray,
    t: FloatArray,
    *,
    purchase_comes_first: bool,
) -> _Terms:
    """Give ln alpha^r beta^s D(t) k(x, t), or h for k, with derivatives, level by level."""
    log_alpha, log_beta = np.log1p(t / alpha), np.log1p(t / beta)
    alpha_share, beta_share = share(t, alpha), share(t, beta)
    value = -r * log_alpha - s * log_beta - x * (np.log(alpha) + log_alpha)
    gradient = np.stack(
        (
            -r * log_alpha,
            r * alpha_share - x * (1 - alpha_share),
            -s * log_beta,
            s * beta_share,
        )
    )
    hessian = np.zeros((4, 4, len(x)))
    hessian[0, 0] = -r * log_alpha
    hessian[0, 1] = hessian[1, 0] = r * alpha_share
    hessian[1, 1] = -(r + x) * alpha_share * (1 - alpha_share)
    hessian[2, 2] = -s * log_beta
    hessian[2, 3] = hessian[3, 2] = s * beta_share
    hessian[3, 3] = -s * beta_share * (1 - beta_share)

    purchases, dropouts = (r + x, alpha, r), (np.full_like(x, s), beta, s)
    first, second = (purchases, dropouts) if purchase_comes_first else (dropouts, purchases)
    order = [0, 1, 2, 3] if purchase_comes_first else [2, 3, 0, 1]
    for of in blocks(len(x)):
        tails = _tail_terms(first, second, t[of], of)
        value[of] += tails.value
        gradient[:, of] += tails.gradient[order]
        hessian[:, :, of] += tails.hessian[np.ix_(order, order)]
    return _Terms(value, gradient, hessian)


def _tail_terms(
    first: tuple[FloatArray, float, float],
    second: tuple[FloatArray, float, float],
    t: FloatArray,
    of: slice,
) -> _Terms:
    """Differentiate under the integral: mean and covariance of the log-integrand's slopes."""
    p, sigma, p_unit = first[0][of], first[1], first[2]
    q, rho, q_unit = second[0][of], second[1], second[2]
    integral = tail(p, sigma, q, rho, t)
    features = np.stack(
        (integral.own, np.exp(integral.own), integral.other, np.exp(integral.other))
    )
    mean = np.einsum("ln,kln->kl", integral.weight, features)
    features -= mean[:, :, None]
    covariance = np.einsum("jln,kln->jkl", integral.weight * features, features)
    sigma_share, rho_share = share(sigma, t), share(rho, t)
    scale = np.stack(
        (np.full_like(t, p_unit), -sigma_share * (p + 1), np.full_like(t, q_unit), -rho_share * q)
    )
    own_loss = sigma_share * ((p + 1) * (1 - mean[1]) - 1)
    other_loss = rho_share * q * (1 - mean[3])
    gradient = np.stack((p_unit * (1 / p + mean[0]), own_loss, q_unit * mean[2], other_loss))
    hessian = covariance * scale[:, None] * scale[None, :]
    hessian[0, 0] += gradient[0] - (p_unit / p) ** 2
    own_cross = p_unit * sigma_share * (1 - mean[1])
    hessian[0, 1] += own_cross
    hessian[1, 0] += own_cross
    own_spread = mean[1] * (1 - mean[1]) - covariance[1, 1]
    hessian[1, 1] += own_loss * (1 - sigma_share) - sigma_share**2 * (p + 1) * own_spread
    hessian[2, 2] += gradient[2]
    other_cross = q_unit * rho_share * (1 - mean[3])
    hessian[2, 3] += other_cross
    hessian[3, 2] += other_cross
    other_spread = mean[3] * (1 - mean[3]) - covariance[3, 3]
    hessian[3, 3] += other_loss * (1 - rho_share) - rho_share**2 * q * other_spread
    return _Terms(integral.log_value, gradient, hessian)
