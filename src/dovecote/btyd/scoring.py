"""What a fitted model says of a customer, from the history (x, t_x, T)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from dovecote.btyd import beta_geometric, gamma_gamma, pareto
from dovecote.btyd.arrays import FloatArray

PARAMETERS: dict[str, tuple[str, ...]] = {
    "bg_nbd": beta_geometric.PARAMETERS,
    "mbg_nbd": beta_geometric.PARAMETERS,
    "pareto_nbd": pareto.PARAMETERS,
    "gamma_gamma": gamma_gamma.PARAMETERS,
}
MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")


def p_alive(
    model_name: str,
    parameters: Mapping[str, float],
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
) -> FloatArray:
    """Give the probability that a customer is alive at the cut-off.

    It is a diagnostic, not a churn probability: under BG/NBD a one-time buyer is always alive.

    Parameters
    ----------
    model_name
        One of ``MODELS``.
    parameters
        The model's parameters.
    x, t_x, T
        Repeat days, time from the first to the last of them, time from the first to the cut-off,
        in the parameters' unit; arrays of one shape, or that broadcast to one.

    Returns
    -------
    numpy.ndarray
        Probabilities, of that shape.
    """
    values = _checked(model_name, parameters)
    shape, (x, t_x, age) = _flat(x, t_x, T)
    if model_name == "pareto_nbd":
        return pareto.p_alive(values, x, t_x, age).reshape(shape)
    return beta_geometric.p_alive(model_name, values, x, t_x, age).reshape(shape)


def probability_of_no_purchase(
    model_name: str,
    parameters: Mapping[str, float],
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    horizon: ArrayLike,
) -> FloatArray:
    """Give the probability of no purchase in (T, T + horizon]: churn, as it can be observed.

    Parameters
    ----------
    model_name, parameters, x, t_x, T
        As for ``p_alive``.
    horizon
        Time ahead, 0 or more.

    Returns
    -------
    numpy.ndarray
        Probabilities, of the arrays' common shape.
    """
    values = _checked(model_name, parameters)
    shape, (x, t_x, age, horizon) = _flat(x, t_x, T, horizon)
    if model_name == "pareto_nbd":
        return pareto.no_purchase(values, x, t_x, age, horizon).reshape(shape)
    alive = beta_geometric.p_alive(model_name, values, x, t_x, age)
    still = beta_geometric.no_purchase_if_alive(values, x, age, horizon)
    return np.asarray(1 - alive * (1 - still)).reshape(shape)


def expected_purchases_if_alive(
    model_name: str,
    parameters: Mapping[str, float],
    x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    horizon: ArrayLike,
) -> FloatArray:
    """Give the expected purchases in (T, T + horizon] of a customer known to be alive at T.

    Parameters and the result are as for ``probability_of_no_purchase``.
    """
    values = _checked(model_name, parameters)
    shape, (x, age, horizon) = _flat(x, T, horizon)
    if model_name == "pareto_nbd":
        return pareto.expected_if_alive(values, x, age, horizon).reshape(shape)
    return beta_geometric.expected_if_alive(model_name, values, x, age, horizon).reshape(shape)


def expected_purchases(
    model_name: str,
    parameters: Mapping[str, float],
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,  # noqa: N803
    horizon: ArrayLike,
) -> FloatArray:
    """Give the expected purchases in (T, T + horizon] of a customer with a history.

    Parameters and the result are as for ``probability_of_no_purchase``.
    """
    if_alive = expected_purchases_if_alive(model_name, parameters, x, T, horizon)
    return p_alive(model_name, parameters, x, t_x, T) * if_alive


def expected_purchases_of_new_customer(
    model_name: str, parameters: Mapping[str, float], t: ArrayLike
) -> FloatArray:
    """Give E[X(t)], the expected purchases in (0, t] after a customer's first one.

    Parameters
    ----------
    model_name, parameters
        As for ``p_alive``.
    t
        Time since the first purchase.

    Returns
    -------
    numpy.ndarray
        Expectations, of the shape of ``t``.
    """
    return expected_purchases(model_name, parameters, 0.0, 0.0, 0.0, t)


def expected_spend(
    parameters: Mapping[str, float], x: ArrayLike, mean_spend: ArrayLike
) -> FloatArray:
    """Give the expected mean spend of a customer's purchases (Fader and Hardie 2013).

    Parameters
    ----------
    parameters
        ``p``, ``q`` and ``v`` of Gamma-Gamma.
    x
        Purchases that ``mean_spend`` averages; 0 gives the population's mean.
    mean_spend
        Their mean spend; not read where ``x`` is 0.

    Returns
    -------
    numpy.ndarray
        Spend, of the arrays' common shape; NaN where the mean does not exist, ``p x + q <= 1``.
    """
    values = _checked("gamma_gamma", parameters)
    shape, (x, spend) = _flat(x, mean_spend)
    return gamma_gamma.expected_spend(values, x, spend).reshape(shape)


def _checked(model_name: str, parameters: Mapping[str, float]) -> dict[str, float]:
    if model_name not in PARAMETERS:
        raise ValueError(f"model_name is {model_name!r}: give one of {', '.join(MODELS)}.")
    values = {name: float(parameters.get(name, np.nan)) for name in PARAMETERS[model_name]}
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} of {model_name} is {value}: give a positive number.")
    return values


def _flat(*columns: ArrayLike) -> tuple[tuple[int, ...], list[FloatArray]]:
    arrays = np.broadcast_arrays(*(np.asarray(column, dtype=np.float64) for column in columns))
    return arrays[0].shape, [array.ravel() for array in arrays]
