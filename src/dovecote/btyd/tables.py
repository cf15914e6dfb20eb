"""Tables of fits, and of the factors that SQL joins because it cannot compute them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pandas as pd

from dovecote.btyd import pareto
from dovecote.btyd.arrays import FloatArray
from dovecote.btyd.fitting import ENGINES, Engine, Fit, fit, fit_gamma_gamma
from dovecote.btyd.scoring import MODELS, PARAMETERS, expected_purchases_if_alive

PARAMETER_COLUMNS = ("r", "alpha", "a", "b", "s", "beta", "p", "q", "v")
FIT_COLUMNS = {
    "activity": "str",
    "cutoff_date": "datetime64[us]",
    "model_name": "str",
    "engine": "str",
    "is_used": "bool",
    "status": "str",
    "boundary": "str",
    "log_likelihood": "float64",
    "gradient_norm": "float64",
    "smallest_eigenvalue": "float64",
    "customers": "int64",
    "repeat_customers": "int64",
    "tuples": "int64",
    **dict.fromkeys(PARAMETER_COLUMNS, "float64"),
    **dict.fromkeys([f"se_{name}" for name in PARAMETER_COLUMNS], "float64"),
}
FIT_KEY = ["activity", "cutoff_date", "model_name"]
LEVEL = ["repeat_days", "days", "horizon_days"]


def fits_table(
    tuples: pd.DataFrame, spend_tuples: pd.DataFrame, *, engine: Engine, peer_cutoff: object
) -> pd.DataFrame:
    """Fit every model at every cut-off.

    Parameters
    ----------
    tuples
        Columns activity, cutoff_date, repeat_days, first_to_last_days, age_days, customers.
    spend_tuples
        Columns activity, cutoff_date, repeat_days, mean_repeat_spend, customers.
    engine
        ``native`` or ``lifetimes``; its rows have ``is_used``.
    peer_cutoff
        Date at which BG/NBD is also fitted by the other engine.

    Returns
    -------
    pandas.DataFrame
        One row per activity, cutoff_date, model_name and engine with the columns of
        ``FIT_COLUMNS``; parameters that a model does not have are NaN.

    Raises
    ------
    ValueError
        If the engine is unknown, or a history is impossible.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}: give one of {', '.join(ENGINES)}.")
    rows = list(_history_rows(tuples, engine, _day(peer_cutoff)))
    rows += _spend_rows(spend_tuples, engine)
    table = pd.DataFrame(rows, columns=list(FIT_COLUMNS)).astype(FIT_COLUMNS)
    return table.sort_values([*FIT_KEY, "engine"], ignore_index=True)


def factors(levels: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Compute the factors of scores that have no elementary form.

    ``expected_orders_if_alive`` is the expected purchases in (T, T+H] of a customer alive at T;
    ``pareto_tail`` is h(x, t) of Pareto/NBD (see ``dovecote.btyd.pareto``).

    Parameters
    ----------
    levels
        Columns activity, cutoff_date, model_name, factor_name, repeat_days, days (T or t) and
        horizon_days (0 for ``pareto_tail``).
    fits
        Rows of ``fits_table``; those that are used and usable count.

    Returns
    -------
    pandas.DataFrame
        The levels that have a usable fit, in their order, with the column ``factor``.

    Raises
    ------
    ValueError
        If a factor_name is unknown.
    """
    unknown = set(levels["factor_name"]) - {"expected_orders_if_alive", "pareto_tail"}
    if unknown:
        raise ValueError(
            f"factor_name is {min(unknown)!r}: give expected_orders_if_alive or pareto_tail."
        )
    usable = fits[fits["is_used"].astype(bool) & fits["status"].isin(["converged", "boundary"])]
    parameters_of = {
        (row["activity"], _day(row["cutoff_date"]), row["model_name"]): row
        for row in usable.to_dict("records")
    }
    factor = pd.Series(np.nan, index=range(len(levels)))
    groups = levels.reset_index(drop=True).groupby([*FIT_KEY, "factor_name"], sort=False)
    for key, group in groups:
        activity, cutoff_date, model_name, factor_name = cast(tuple[str, object, str, str], key)
        row = parameters_of.get((activity, _day(cutoff_date), model_name))
        if row is not None:
            parameters = {name: float(row[name]) for name in PARAMETERS[model_name]}
            factor.loc[group.index] = _factor(factor_name, model_name, parameters, group)
    found = levels.assign(factor=factor.to_numpy())
    return found[found["factor"].notna()].reset_index(drop=True)


def _factor(
    factor_name: str, model_name: str, parameters: dict[str, float], levels: pd.DataFrame
) -> FloatArray:
    distinct = levels[LEVEL].drop_duplicates()
    x, days, horizon = distinct.to_numpy(dtype=np.float64).T
    if factor_name == "pareto_tail":
        values = np.exp(pareto.log_h(parameters, x, days))
    else:
        values = expected_purchases_if_alive(model_name, parameters, x, days, horizon)
    return (
        levels[LEVEL].merge(distinct.assign(factor=values), on=LEVEL, how="left")["factor"]
    ).to_numpy()


def _history_rows(
    tuples: pd.DataFrame, engine: Engine, peer_cutoff: pd.Timestamp
) -> Iterator[dict[str, Any]]:
    (other,) = set(ENGINES) - {engine}
    for key, group in tuples.groupby(["activity", "cutoff_date"]):
        activity, cutoff_date = cast(tuple[str, object], key)
        fitted = [(model_name, engine) for model_name in MODELS]
        if _day(cutoff_date) == peer_cutoff:
            fitted.append(("bg_nbd", other))
        for model_name, fitted_by in fitted:
            found = fit(
                model_name,
                group["repeat_days"],
                group["first_to_last_days"],
                group["age_days"],
                group["customers"],
                engine=fitted_by,
            )
            yield _row(activity, cutoff_date, found, is_used=fitted_by == engine)


def _spend_rows(spend_tuples: pd.DataFrame, engine: Engine) -> Iterator[dict[str, Any]]:
    for key, group in spend_tuples.groupby(["activity", "cutoff_date"]):
        activity, cutoff_date = cast(tuple[str, object], key)
        found = fit_gamma_gamma(
            group["repeat_days"], group["mean_repeat_spend"], group["customers"], engine=engine
        )
        yield _row(activity, cutoff_date, found, is_used=True)


def _row(activity: str, cutoff_date: object, found: Fit, *, is_used: bool) -> dict[str, Any]:
    return {
        "activity": activity,
        "cutoff_date": _day(cutoff_date),
        "model_name": found.model_name,
        "engine": found.engine,
        "is_used": is_used,
        "status": found.status,
        "boundary": ", ".join(found.boundary),
        "log_likelihood": found.log_likelihood,
        "gradient_norm": found.gradient_norm,
        "smallest_eigenvalue": found.smallest_eigenvalue,
        "customers": found.customers,
        "repeat_customers": found.repeat_customers,
        "tuples": found.tuples,
        **found.parameters,
        **{f"se_{name}": error for name, error in found.standard_errors.items()},
    }


def _day(value: Any) -> pd.Timestamp:
    return pd.Timestamp(value)
