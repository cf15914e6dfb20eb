"""Gamma-Gamma: the mean spend of a purchase, shrunk to the population.

A customer's purchases are ``Gamma(p, nu)`` with ``nu ~ Gamma(q, v)``, independent of how often the
customer buys.

References
----------
Fader, P. S., Hardie, B. G. S. (2013), The Gamma-Gamma model of monetary value,
brucehardie.com/notes/025.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, digamma, polygamma

from dovecote.btyd.arrays import FloatArray, totals
from dovecote.btyd.maximise import Evaluation, Objective

PARAMETERS = ("p", "q", "v")


def mean_log_likelihood(x: FloatArray, spend: FloatArray, customers: FloatArray) -> Objective:
    """Prepare the mean log-likelihood of a customer as a function of the log-parameters.

    Parameters
    ----------
    x, spend, customers
        Purchases averaged, their mean spend, and customers who share both, each of shape (n,).
    """
    weight = customers / customers.sum()
    total_spend = x * spend
    purchases, purchases_of = np.unique(x, return_inverse=True)
    customers_of = totals(purchases_of, weight)
    mean_log_spend = weight @ np.log(spend)

    def evaluate(log_parameters: FloatArray) -> Evaluation:
        p, q, v = np.exp(log_parameters)
        log_share, log_rest = -np.log1p(v / total_spend), -np.log1p(total_spend / v)
        spent, rest = np.exp(log_share), np.exp(log_rest)
        shape = p * purchases
        slope_both = digamma(shape + q)
        curve_both = polygamma(1, shape + q)
        value = float(
            weight @ (p * x * log_share + q * log_rest)
            - customers_of @ betaln(shape, q)
            - mean_log_spend
        )
        gradient, hessian = np.empty(3), np.empty((3, 3))
        gradient[0] = customers_of @ (shape * (slope_both - digamma(shape))) + p * (
            weight @ (x * log_share)
        )
        gradient[1] = q * (customers_of @ slope_both - digamma(q) + weight @ log_rest)
        gradient[2] = weight @ (q * spent - p * x * rest)
        hessian[0, 0] = gradient[0] + customers_of @ (shape**2 * (curve_both - polygamma(1, shape)))
        hessian[1, 1] = gradient[1] + q**2 * (customers_of @ (curve_both - polygamma(1, q)))
        hessian[2, 2] = -(weight @ ((p * x + q) * spent * rest))
        hessian[0, 1] = hessian[1, 0] = q * (customers_of @ (shape * curve_both))
        hessian[0, 2] = hessian[2, 0] = -p * (weight @ (x * rest))
        hessian[1, 2] = hessian[2, 1] = q * (weight @ spent)
        return Evaluation(value, gradient, hessian)

    return evaluate


START = np.log([2.0, 3.0, 1.0])


def expected_spend(parameters: dict[str, float], x: FloatArray, spend: FloatArray) -> FloatArray:
    """Give the expected mean spend of a purchase; NaN where the distribution has no mean."""
    p, q, v = (parameters[name] for name in PARAMETERS)
    shape = p * x + q - 1
    total_spend = np.where(x > 0, x * spend, 0.0)
    return np.where(shape > 0, p * (v + total_spend) / np.where(shape > 0, shape, 1.0), np.nan)
