"""The models once more, in 35 digits and from other formulas than the library's.

Likelihoods are those of the papers' derivations: what a customer's rates say of the history,
averaged over the rates. The dropout of Pareto/NBD is integrated over the days on which it may
have come, expectations are the published hypergeometric functions.
"""

from __future__ import annotations

from collections.abc import Mapping

from mpmath import beta as beta_function
from mpmath import exp, gamma, hyp2f1, inf, mp, mpf, quad

mp.dps = 35
A_LITTLE = mpf(10) ** -17
"""Shift of a or s off 1, where the published forms are 0/0."""
Parameters = Mapping[str, float]


def p_alive(model_name: str, parameters: Parameters, x: int, t_x: float, age: float) -> mpf:
    alive, dead = likelihood_parts(model_name, parameters, x, t_x, age)
    return alive / (alive + dead)


def no_purchase(
    model_name: str, parameters: Parameters, x: int, t_x: float, age: float, horizon: float
) -> mpf:
    """Give L(x, t_x, T+H) / L(x, t_x, T): no purchase is a history that only grows older."""
    later = likelihood_parts(model_name, parameters, x, t_x, mpf(age) + horizon)
    return sum(later) / sum(likelihood_parts(model_name, parameters, x, t_x, age))


def likelihood_parts(
    model_name: str, parameters: Parameters, x: int, t_x: float, age: float
) -> tuple[mpf, mpf]:
    """Give the likelihood of a history that ends alive, and of one that ends dead."""
    if model_name == "pareto_nbd":
        r, alpha, s, beta = (mpf(parameters[name]) for name in ("r", "alpha", "s", "beta"))
        purchases = gamma(r + x) / gamma(r) * alpha**r / (alpha + t_x) ** (r + x)

        def no_purchase_until(time: mpf) -> mpf:
            return ((alpha + t_x) / (alpha + time)) ** (r + x)

        def dies_at(time: mpf) -> mpf:
            return s * beta**s / (beta + time) ** (s + 1) * no_purchase_until(time)

        alive = (beta / (beta + age)) ** s * no_purchase_until(mpf(age))
        return purchases * alive, purchases * quad(dies_at, days_between(t_x, age, alpha, x))
    r, alpha, a, b = (mpf(parameters[name]) for name in ("r", "alpha", "a", "b"))
    coins = x + (model_name == "mbg_nbd")
    purchases = gamma(r + x) / gamma(r) * alpha**r
    survives = beta_function(a, b + coins) / beta_function(a, b)
    dies = beta_function(a + 1, b + coins - 1) / beta_function(a, b) if coins else mpf(0)
    return (
        purchases * survives / (alpha + age) ** (r + x),
        purchases * dies / (alpha + t_x) ** (r + x),
    )


def expected_if_alive(
    model_name: str, parameters: Parameters, x: int, age: float, horizon: float
) -> mpf:
    """Give the factor beside P(alive) in Fader et al. (2005), (10), and its like."""
    if model_name == "pareto_nbd":
        r, alpha, s, beta = (mpf(parameters[name]) for name in ("r", "alpha", "s", "beta"))
        s += A_LITTLE * (s == 1)
        left = ((beta + age) / (beta + age + horizon)) ** (s - 1)
        return (r + x) * (beta + age) / (alpha + age) / (s - 1) * (1 - left)
    r, alpha, a, b = (mpf(parameters[name]) for name in ("r", "alpha", "a", "b"))
    a += A_LITTLE * (a == 1)
    coins = x + (model_name == "mbg_nbd")
    until = alpha + age + horizon
    left = ((alpha + age) / until) ** (r + x) * hyp2f1(
        r + x, b + coins, a + b + coins - 1, horizon / until
    )
    return (a + b + coins - 1) / (a - 1) * (1 - left)


def spend_likelihood(parameters: Parameters, x: int, mean_spend: float) -> mpf:
    """Average the density of a mean of x purchases over the customers' rates of spending."""
    p, q, v = (mpf(parameters[name]) for name in ("p", "q", "v"))

    def density(rate: mpf) -> mpf:
        of_mean = gamma_density(p * x, x * rate, mpf(mean_spend))
        return of_mean * gamma_density(q, v, rate)

    likely = (p * x + q) / (v + x * mean_spend)
    return quad(density, [0, likely / 4, likely, 2 * likely, 8 * likely, inf])


def gamma_density(shape: mpf, rate: mpf, value: mpf) -> mpf:
    return rate**shape * value ** (shape - 1) * exp(-rate * value) / gamma(shape)


def dropout_before_purchase(parameters: Parameters, x: int, t: float) -> mpf:
    """Give h(x, t) by the integral that defines it."""
    r, alpha, s, beta = (mpf(parameters[name]) for name in ("r", "alpha", "s", "beta"))

    def density(time: mpf) -> mpf:
        left = ((beta + t) / (beta + time)) ** s * ((alpha + t) / (alpha + time)) ** (r + x)
        return s / (beta + time) * left

    return quad(density, [*days_between(t, mpf(t) + 100_000, alpha, x), inf])


def days_between(first: float, last: float, alpha: mpf, x: int) -> list[mpf]:
    """Cut days where an integrand that falls like ``(alpha + t)^-x`` needs it."""
    scale = (alpha + first) / (1 + x)
    steps = [mpf(first)]
    while steps[-1] + scale < last:
        steps.append(steps[-1] + scale)
        scale *= 3
    return [*steps, mpf(last)]
