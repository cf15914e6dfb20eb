"""Newton's method in a box, for log-likelihoods of few parameters.

Steps follow the Hessian with its eigenvalues made positive, so that they ascend where the
function is not concave; they stop at the first edge they meet, and are halved until the function
rises (Nocedal, J., Wright, S. J. (2006), Numerical optimization, 2nd ed., sections 3.4, 16.7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dovecote.btyd.arrays import BoolArray, FloatArray

EDGE = float(np.log(1e4))
"""Bound of the logarithm of a parameter, in units of the data's own scale."""
GRADIENT_TOLERANCE = 1e-9
LONGEST_STEP = 2.0
MAX_ITERATIONS = 200
ROUNDING = 1e-9


class Evaluation(NamedTuple):
    """A function's value, gradient, shape (k,), and Hessian, shape (k, k)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


Objective = Callable[[FloatArray], Evaluation]


@dataclass(frozen=True)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    point
        Logarithms of the parameters, shape (k,).
    at
        The function there.
    at_edge
        Parameters that the search held at an edge of the box, shape (k,).
    is_stationary
        Whether the gradient vanishes in the other parameters.
    iterations
        Newton steps taken.
    """

    point: FloatArray
    at: Evaluation
    at_edge: BoolArray
    is_stationary: bool
    iterations: int


def maximise(objective: Objective, start: FloatArray) -> Maximum:
    """Climb to a maximum in the box of side ``2 * EDGE`` around 0.

    Parameters
    ----------
    objective
        Function of shape (k,) arguments, smooth in the box.
    start
        First point, shape (k,), inside the box.
    """
    point, at = start, objective(start)
    for iteration in range(MAX_ITERATIONS):
        step, free = _newton_step(point, at)
        slope = float(at.gradient @ step)
        if np.max(np.abs(at.gradient[free]), initial=0.0) <= GRADIENT_TOLERANCE:
            return Maximum(point, at, np.abs(point) >= EDGE, True, iteration)
        step *= _room(point, step)
        for halvings in range(40):
            candidate = np.clip(point + step / 2**halvings, -EDGE, EDGE)
            reached = objective(candidate)
            needed = 1e-4 * slope / 2**halvings - ROUNDING * (1 + abs(at.value))
            if np.isfinite(reached.value) and reached.value >= at.value + needed:
                break
        else:
            break
        point, at = candidate, reached
    return Maximum(point, at, np.abs(point) >= EDGE, False, iteration)


def _newton_step(point: FloatArray, at: Evaluation) -> tuple[FloatArray, BoolArray]:
    outward = np.where(np.abs(point) >= EDGE, np.sign(point), 0.0)
    free = outward * at.gradient <= 0
    while True:
        step = np.zeros_like(point)
        if not free.any():
            return step, free
        curvature, axes = np.linalg.eigh(-at.hessian[np.ix_(free, free)])
        floor = 1e-14 * max(float(np.max(np.abs(curvature))), 1e-300)
        step[free] = axes @ (axes.T @ at.gradient[free] / np.maximum(np.abs(curvature), floor))
        leaves = free & (outward * step > 0)
        if not leaves.any():
            return step * min(1.0, LONGEST_STEP / max(np.max(np.abs(step)), 1e-300)), free
        free = free & ~leaves


def _room(point: FloatArray, step: FloatArray) -> float:
    moves = step != 0
    return float(np.min((EDGE - np.sign(step) * point)[moves] / np.abs(step[moves]), initial=1.0))
