"""Fits by maximum likelihood, with their diagnostics and an honest status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dovecote.btyd import beta_geometric, gamma_gamma, pareto, peer
from dovecote.btyd.arrays import FloatArray, distinct, totals
from dovecote.btyd.histories import Histories, check_counts, column
from dovecote.btyd.maximise import EDGE, Evaluation, Maximum, Objective, maximise
from dovecote.btyd.scoring import MODELS, PARAMETERS

Engine = Literal["native", "lifetimes"]
Status = Literal["converged", "boundary", "not_identified", "failed"]
ENGINES: tuple[Engine, ...] = ("native", "lifetimes")

FLAT = 1e-12
"""Curvature of the mean log-likelihood below which the data do not tell parameters apart."""
PEER_GRADIENT_TOLERANCE = 1e-3
"""Gradient above which what the other package calls an optimum is none."""
SAMPLE = 500
"""Distinct histories among which the search for the highest summit starts."""
LARGER_SAMPLE = 20_000
"""Distinct histories on which the climb goes on before it takes all."""
STARTS = np.array([[0, 0, 0, 0], [2, 2, 0, 0], [-2, -2, 0, 0]], dtype=np.float64)
"""Log-parameters to start from, about the guess: small samples may have several summits, which
differ in how much customers' rates do."""


@dataclass(frozen=True)
class Fit:
    """A model fitted to weighted histories.

    Attributes
    ----------
    model_name, engine
        What was fitted, and what fitted it.
    parameters
        Maximum likelihood estimates, in the unit of the data; NaN where there are none.
    standard_errors
        Of the parameters, by the delta method from their logarithms; NaN at a boundary.
    covariance
        Of the parameters in their order, shape (k, k): the inverse Hessian of the parameters
        inside the box; NaN in the rows and columns of the others.
    log_likelihood
        Sum over customers, with all constants.
    gradient_norm
        Largest absolute slope of the mean log-likelihood in the logarithms of the parameters.
    smallest_eigenvalue
        Smallest curvature of the mean negative log-likelihood in these logarithms.
    customers, repeat_customers, tuples
        Customers, those with a repeat, and distinct histories.
    iterations
        Newton steps; 0 for another engine.
    boundary
        Parameters that ran to an edge, ten thousand times the data's scale or its inverse.
    status
        ``converged``; ``boundary`` (the optimum is at an edge, parameters score all the same);
        ``not_identified`` (the data cannot tell); ``failed``.
    """

    model_name: str
    engine: Engine
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    covariance: FloatArray
    log_likelihood: float
    gradient_norm: float
    smallest_eigenvalue: float
    customers: int
    repeat_customers: int
    tuples: int
    iterations: int
    boundary: tuple[str, ...]
    status: Status

    @property
    def is_usable(self) -> bool:
        """Whether the parameters may score customers."""
        return self.status in ("converged", "boundary")


class _Problem(NamedTuple):
    """A likelihood in the data's own scale, and the way back to the data's unit.

    ``of_samples`` are the likelihoods of ever more of the tuples, ``starts`` hold log-parameters,
    ``in_unit`` the logarithm of the unit for parameters that carry it, shape (k,), and
    ``log_density_of_unit`` what the unit adds to the log-likelihood.
    """

    objective: Objective
    of_samples: tuple[Objective, ...]
    starts: FloatArray
    in_unit: FloatArray
    log_density_of_unit: float


class _Counts(NamedTuple):
    customers: float
    repeat_customers: float
    tuples: int


def fit(
    model_name: str,
    repeat_days: ArrayLike,
    first_to_last_days: ArrayLike,
    age_days: ArrayLike,
    customers: ArrayLike | None = None,
    *,
    engine: Engine = "native",
) -> Fit:
    """Fit a buy-till-you-die model to weighted histories.

    Equal histories are added up first, so rows, their order and the unit of time do not matter.

    Parameters
    ----------
    model_name
        One of ``MODELS``.
    repeat_days, first_to_last_days, age_days
        Distinct days of activity after the first, time from the first to the last of them, and
        time from the first to the cut-off, each of shape (n,), times in one unit.
    customers
        Customers of each history, shape (n,); one each if None.
    engine
        ``native``, or ``lifetimes`` for the package of that name.

    Returns
    -------
    Fit
        It says in ``status`` whether it may be used; odd data never raise.

    Raises
    ------
    ValueError
        If the model or engine is unknown, or a history is impossible.
    """
    if model_name not in MODELS:
        raise ValueError(f"model_name is {model_name!r}: give one of {', '.join(MODELS)}.")
    _check_engine(engine)
    histories = Histories.of(repeat_days, first_to_last_days, age_days, customers)
    counts = _Counts(histories.total, histories.repeaters, len(histories.customers))
    if histories.repeaters == 0 or counts.tuples < len(PARAMETERS[model_name]):
        return _without_estimate(model_name, engine, counts, "not_identified")
    unit = float(np.average(histories.age_days, weights=histories.customers))
    scaled = histories.in_unit(unit)
    prepare: Callable[[Histories], Objective]
    if model_name == "pareto_nbd":
        prepare, start, has_unit = pareto.mean_log_likelihood, pareto.start(scaled), [0, 1, 0, 1]
    else:
        prepare = partial(beta_geometric.mean_log_likelihood, model_name)
        start, has_unit = beta_geometric.start(scaled), [0, 1, 0, 0]
    problem = _Problem(
        prepare(scaled),
        tuple(prepare(scaled.sample(size)) for size in (SAMPLE, LARGER_SAMPLE)),
        start + STARTS,
        np.log(unit) * np.array(has_unit),
        -float(histories.customers @ histories.repeat_days * np.log(unit)),
    )
    return _fitted(model_name, engine, counts, problem, lambda: peer.fit(model_name, histories))


def fit_gamma_gamma(
    repeat_days: ArrayLike,
    mean_repeat_spend: ArrayLike,
    customers: ArrayLike | None = None,
    *,
    engine: Engine = "native",
) -> Fit:
    """Fit Gamma-Gamma to the mean spend of repeat days.

    Rows without a repeat or without positive spend are left out; the counts are of the others.

    Parameters
    ----------
    repeat_days, mean_repeat_spend
        Repeat days and their mean spend, each of shape (n,).
    customers
        Customers of each row, shape (n,); one each if None.
    engine
        ``native``, or ``lifetimes`` for the package of that name.

    Returns
    -------
    Fit
        It says in ``status`` whether it may be used; odd data never raise.

    Raises
    ------
    ValueError
        If the engine is unknown, lengths differ, or repeat_days or customers are no counts.
    """
    _check_engine(engine)
    x = column("repeat_days", repeat_days)
    spend = np.asarray(mean_repeat_spend, dtype=np.float64)
    weight = np.ones(len(x)) if customers is None else column("customers", customers)
    if not x.shape == spend.shape == weight.shape:
        raise ValueError(
            "repeat_days, mean_repeat_spend and customers differ in length: give one value of "
            "each per row."
        )
    check_counts("repeat_days", x)
    check_counts("customers", weight)
    has_spend = (x > 0) & (weight > 0) & (spend > 0) & np.isfinite(spend)
    (x, spend), position = distinct(x[has_spend], spend[has_spend])
    weight = totals(position, weight[has_spend])
    total = float(weight.sum())
    counts = _Counts(total, total, len(x))
    if counts.tuples < len(gamma_gamma.PARAMETERS):
        return _without_estimate("gamma_gamma", engine, counts, "not_identified")
    unit = float(np.average(spend, weights=weight))
    objective = gamma_gamma.mean_log_likelihood(x, spend / unit, weight)
    problem = _Problem(
        objective,
        (objective,),
        gamma_gamma.START[None, :],
        np.log(unit) * np.array([0, 0, 1]),
        -total * float(np.log(unit)),
    )
    return _fitted(
        "gamma_gamma", engine, counts, problem, lambda: peer.fit_gamma_gamma(x, spend, weight)
    )


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}: give one of {', '.join(ENGINES)}.")


def _fitted(
    model_name: str,
    engine: Engine,
    counts: _Counts,
    problem: _Problem,
    fit_by_peer: Callable[[], FloatArray | None],
) -> Fit:
    with np.errstate(all="ignore"):
        if engine == "native":
            found = _climbed(problem)
            status = _status(found)
        else:
            parameters = fit_by_peer()
            if parameters is None:
                return _without_estimate(model_name, engine, counts, "failed")
            found = _maximum_at(problem.objective, np.log(parameters) - problem.in_unit)
            status = _status(found)
        if status == "failed":
            return _without_estimate(model_name, engine, counts, status)
        return _described(model_name, engine, counts, problem, found, status)


def _climbed(problem: _Problem) -> Maximum:
    smallest, *larger = problem.of_samples
    climbs = [maximise(smallest, start) for start in problem.starts]
    found = max(climbs, key=lambda climb: (climb.is_stationary, climb.at.value))
    for objective in (*larger, problem.objective):
        found = maximise(objective, found.point)
        climbs.append(found)
    return replace(found, iterations=sum(climb.iterations for climb in climbs))


def _maximum_at(objective: Objective, point: FloatArray) -> Maximum:
    at = objective(point)
    is_stationary = bool(np.max(np.abs(at.gradient)) <= PEER_GRADIENT_TOLERANCE)
    return Maximum(point, at, np.abs(point) >= EDGE, is_stationary, 0)


def _status(found: Maximum) -> Status:
    if not found.is_stationary:
        return "failed"
    if found.at_edge.any():
        return "boundary"
    return "converged" if _smallest_eigenvalue(found.at) > FLAT else "not_identified"


def _smallest_eigenvalue(at: Evaluation) -> float:
    return float(np.linalg.eigvalsh(-at.hessian)[0])


def _described(
    model_name: str,
    engine: Engine,
    counts: _Counts,
    problem: _Problem,
    found: Maximum,
    status: Status,
) -> Fit:
    names = PARAMETERS[model_name]
    parameters = np.exp(found.point + problem.in_unit)
    inside = np.ix_(~found.at_edge, ~found.at_edge)
    covariance = np.full((len(names), len(names)), np.nan)
    information = -counts.customers * found.at.hessian[inside]
    if len(information) and np.linalg.eigvalsh(information)[0] > FLAT:
        covariance[inside] = np.linalg.inv(information)
    covariance *= np.outer(parameters, parameters)
    errors = np.sqrt(np.diag(covariance))
    return Fit(
        model_name=model_name,
        engine=engine,
        parameters=dict(zip(names, parameters.tolist(), strict=True)),
        standard_errors=dict(zip(names, errors.tolist(), strict=True)),
        covariance=covariance,
        log_likelihood=counts.customers * found.at.value + problem.log_density_of_unit,
        gradient_norm=float(np.max(np.abs(found.at.gradient))),
        smallest_eigenvalue=_smallest_eigenvalue(found.at),
        customers=round(counts.customers),
        repeat_customers=round(counts.repeat_customers),
        tuples=counts.tuples,
        iterations=found.iterations,
        boundary=tuple(name for name, at_edge in zip(names, found.at_edge, strict=True) if at_edge),
        status=status,
    )


def _without_estimate(model_name: str, engine: Engine, counts: _Counts, status: Status) -> Fit:
    names = PARAMETERS[model_name]
    return Fit(
        model_name=model_name,
        engine=engine,
        parameters=dict.fromkeys(names, np.nan),
        standard_errors=dict.fromkeys(names, np.nan),
        covariance=np.full((len(names), len(names)), np.nan),
        log_likelihood=np.nan,
        gradient_norm=np.nan,
        smallest_eigenvalue=np.nan,
        customers=round(counts.customers),
        repeat_customers=round(counts.repeat_customers),
        tuples=counts.tuples,
        iterations=0,
        boundary=(),
        status=status,
    )
