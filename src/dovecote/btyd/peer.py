"""The package lifetimes, fed with the same histories: two engines check each other."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dovecote.btyd.arrays import FloatArray
from dovecote.btyd.histories import Histories

FITTERS = {
    "bg_nbd": "BetaGeoFitter",
    "mbg_nbd": "ModifiedBetaGeoFitter",
    "pareto_nbd": "ParetoNBDFitter",
    "gamma_gamma": "GammaGammaFitter",
}


def fit(model_name: str, histories: Histories) -> FloatArray | None:
    """Fit by lifetimes.

    Returns
    -------
    numpy.ndarray or None
        Parameters in the model's order, shape (4,), or None where lifetimes gave none.
    """
    return _quietly(
        model_name,
        lambda fitter: fitter.fit(
            histories.repeat_days,
            histories.first_to_last_days,
            histories.age_days,
            weights=histories.customers,
            # Its own start is drawn at random, so that the same data would give other fits.
            initial_params=np.ones(4) if model_name == "pareto_nbd" else None,
        ),
    )


def fit_gamma_gamma(x: FloatArray, spend: FloatArray, customers: FloatArray) -> FloatArray | None:
    """Fit Gamma-Gamma by lifetimes; the result is as for ``fit``, of shape (3,)."""
    return _quietly("gamma_gamma", lambda fitter: fitter.fit(x, spend, weights=customers))


def _quietly(model_name: str, fit_it: Callable[[Any], Any]) -> FloatArray | None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import lifetimes
        from lifetimes.utils import ConvergenceError

        try:
            fitter = fit_it(getattr(lifetimes, FITTERS[model_name])())
        except (ConvergenceError, ValueError, ArithmeticError, np.linalg.LinAlgError):
            return None
    parameters = np.asarray(fitter.params_, dtype=np.float64)
    return parameters if np.all(np.isfinite(parameters) & (parameters > 0)) else None
