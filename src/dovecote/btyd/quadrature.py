"""Integrals over heterogeneity by double-exponential quadrature, to rounding error.

A change of variable makes the integrand decay doubly exponentially at both ends, where the
trapezoidal rule converges exponentially (Takahasi, H., Mori, M. (1974), Double exponential formulas
for numerical integration, Publications of RIMS 9(3), 721-741). Integrands here are positive, so
nothing cancels, whatever the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import log_expit

from dovecote.btyd.arrays import FloatArray

STEP = 0.08
TAIL_STEP = 0.22
NEGLIGIBLE = 40.0
"""Distance in logarithms below which an integrand is left out."""
NEAREST = -3.7
"""Where ``exp(x - exp(-x))`` falls below rounding error."""
LEVELS_AT_ONCE = 1_000


def blocks(size: int) -> Iterator[slice]:
    """Cut rows into blocks whose nodes fit into the processor's cache."""
    for first in range(0, size, LEVELS_AT_ONCE):
        yield slice(first, min(first + LEVELS_AT_ONCE, size))


def mean_over_beta(
    function: Callable[[FloatArray, slice], FloatArray], a: FloatArray, b: FloatArray
) -> FloatArray:
    """Average a positive function of a probability over Beta(a, b), row by row.

    Parameters
    ----------
    function
        Takes probabilities, shape (rows, nodes), and the rows' slice.
    a, b
        Shapes of the distribution, each of shape (n,).

    Returns
    -------
    numpy.ndarray
        Means, shape (n,).
    """
    means = np.empty(len(a))
    for of in blocks(len(a)):
        means[of] = _mean_over_beta(function, of, a[of, None], b[of, None])
    return means


def _mean_over_beta(
    function: Callable[[FloatArray, slice], FloatArray],
    of: slice,
    a: FloatArray,
    b: FloatArray,
) -> FloatArray:
    width = np.minimum(1.0, np.sqrt(1 / a + 1 / b))
    reach = float(np.max(np.maximum(10.0, NEGLIGIBLE / (width * np.minimum(a, b)))))
    nodes = np.arange(-np.arcsinh(reach), np.arcsinh(reach) + STEP, STEP)
    log_odds = np.log(np.maximum(a, 1.0) / np.maximum(b, 1.0)) + width * np.sinh(nodes)
    log_weight = a * log_expit(log_odds) + b * log_expit(-log_odds)
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight) * np.cosh(nodes)
    p = np.maximum(np.exp(log_expit(log_odds)), 1e-300)
    values = function(p, of)
    return np.asarray((weight * values).sum(axis=1) / weight.sum(axis=1))


class Tail(NamedTuple):
    """Levels of the tail of a Pareto mixture, ready for the trapezoidal rule.

    Attributes
    ----------
    log_value
        Logarithm of the integral, shape (n,).
    weight
        Share of each node in the integral, shape (n, nodes).
    own, other
        Logarithms of ``(sigma+t)/(sigma+u)`` and ``(rho+t)/(rho+u)`` at the nodes.
    """

    log_value: FloatArray
    weight: FloatArray
    own: FloatArray
    other: FloatArray


def tail(p: FloatArray, sigma: float, q: FloatArray, rho: float, t: FloatArray) -> Tail:
    """Integrate a Pareto density from t on, against the survival of a second Pareto variable.

    This is ``integral_t^inf p/(sigma+u) ((sigma+t)/(sigma+u))^p ((rho+t)/(rho+u))^q du``, a number
    in (0, 1): the probability that, of two independent Pareto variables that exceed t, the one of
    shape p and scale sigma is the smaller. In closed form it is
    ``p/(p+q) 2F1(1, q; p+q+1; (rho-sigma)/(rho+t))`` for rho >= sigma.

    Parameters
    ----------
    p, q
        Shapes, each of shape (n,).
    sigma, rho
        Scales.
    t
        Lower limits, shape (n,).
    """
    p, q, t = p[:, None], q[:, None], t[:, None]
    shapes = p + q
    excess = abs(sigma - rho) / (min(sigma, rho) + t)
    power = q if sigma >= rho else p + 1
    centre = 1 / (1 + np.maximum(power, 1) * excess / shapes)
    furthest = np.log(NEGLIGIBLE / float(centre.min()))
    nodes = np.arange(NEAREST, furthest + TAIL_STEP, TAIL_STEP)
    # u is placed where the larger scale's ratio is exp(-y / (p+q)), which leaves exp(-y) times
    # a power of the other ratio, which decreases.
    y = centre * np.exp(nodes - np.exp(-nodes))
    slower = -y / shapes
    further = np.log1p(-excess * np.expm1(slower))
    faster = slower - further
    weight = np.exp(-y - power * further) * y * (1 + np.exp(-nodes))
    total = weight.sum(axis=1, keepdims=True)
    log_value = np.log(p / shapes * total * TAIL_STEP)
    if sigma < rho:
        log_value += np.log1p(excess)
    own, other = (slower, faster) if sigma >= rho else (faster, slower)
    return Tail(log_value[:, 0], weight / total, own, other)
