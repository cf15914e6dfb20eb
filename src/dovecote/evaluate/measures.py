"""AUC, Brier score, log loss and ECE of counted scores, with bootstrap intervals."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from dovecote.evaluate.graded import FloatArray, Key, Scores, running_sum

BINS = 10
CLIP = 1e-6
"""Distance that probabilities keep from 0 and 1 where a logarithm is taken of them."""

TABLED_COUNTS = 16
QUANTILES = 2**16
COUNTS_AT_ONCE = 200_000


def measures(
    probability: FloatArray, churned: FloatArray, retained: FloatArray
) -> dict[str, FloatArray]:
    """Compute AUC, Brier score, log loss and ECE of several sets of counts of the same scores.

    AUC is the statistic of Mann and Whitney, in which ties count half; NaN where all or none
    churned. Log loss keeps probabilities ``CLIP`` away from 0 and 1. ECE is the mean over
    ``BINS`` bins of equal mass of the absolute difference between mean probability and observed
    rate. Customers with equal scores who straddle an edge of two bins are split between them in
    proportion, the churned like the others, so bins do not depend on the order of rows.

    Parameters
    ----------
    probability
        Distinct churn probabilities, ascending, shape (m,).
    churned, retained
        Customers who churned and who did not, shape (k, m).

    Returns
    -------
    dict of numpy.ndarray
        ``auc``, ``brier``, ``log_loss`` and ``ece``, each of shape (k,); NaN without customers.

    References
    ----------
    Hanley, J. A., McNeil, B. J. (1982), The meaning and use of the area under a receiver operating
    characteristic (ROC) curve, Radiology 143(1), 29-36.
    Naeini, M. P., Cooper, G. F., Hauskrecht, M. (2015), Obtaining well calibrated probabilities
    using Bayesian binning, Proceedings of the AAAI Conference 29, 2901-2907 (ECE).
    """
    customers = churned + retained
    total, total_churned = customers.sum(axis=1), churned.sum(axis=1)
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    losses = churned @ np.column_stack([(1 - probability) ** 2, -np.log(clipped)])
    losses += retained @ np.column_stack([probability**2, -np.log1p(-clipped)])

    # One running sum over all sets, since one search in it is faster than one search a set.
    reached = running_sum(customers)
    before = reached[: -1 : probability.size, None]
    middle_rank = reached[1:].reshape(customers.shape) - before - customers / 2
    wins = np.einsum("ij,ij->i", churned, middle_rank) - total_churned**2 / 2

    edges = before + total[:, None] * np.arange(BINS + 1) / BINS
    excess = running_sum(customers * probability - churned)
    gaps = np.abs(np.diff(np.interp(edges, reached, excess))).sum(axis=1)
    return {
        "auc": _ratio(wins, total_churned * (total - total_churned)),
        "brier": _ratio(losses[:, 0], total),
        "log_loss": _ratio(losses[:, 1], total),
        "ece": _ratio(gaps, total),
    }


def bootstrap_intervals(key: Key, scores: Scores, resamples: int, seed: int) -> dict[str, float]:
    """Compute 95% bootstrap intervals of the measures.

    A resample gives every customer a Poisson(1) weight, so a count of customers with equal score
    and outcome becomes a Poisson variable of that mean. The random stream depends on the seed and
    the key alone. Intervals are percentiles, widened to the estimate where they miss it.

    ECE takes noise for miscalibration, so its percentiles lie above the truth of a calibrated
    model. Its lower end therefore is the estimate less its bias, less the distance from the mean
    of the resamples to their upper percentile. A resample has twice the variance of the sample:
    were all of ECE noise, resamples would have sqrt(2) times the ECE of the sample, and its bias
    would be 1 + sqrt(2) times what they add to it. With less noise that is more than the bias,
    and the interval is wide rather than wrong.

    Parameters
    ----------
    key, scores
        What is graded, and its counts.
    resamples
        Number of resamples.
    seed
        Seed of all keys.

    Returns
    -------
    dict of float
        ``auc_low``, ``auc_high`` and so on; NaN where the measure is.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993), An introduction to the bootstrap, chapter 13.
    Hanley, J. A., MacGibbon, B. (2006), Creating non-parametric bootstrap samples using Poisson
    frequencies, Computer Methods and Programs in Biomedicine 83(1), 57-62.
    """
    key_number = int.from_bytes(sha256("|".join(map(str, key)).encode()).digest())
    rng = np.random.default_rng([seed, key_number])
    at_once = max(1, COUNTS_AT_ONCE // scores.probability.size)
    chunks = [
        measures(scores.probability, *_resampled(rng, scores, min(at_once, resamples - done)))
        for done in range(0, resamples, at_once)
    ]
    intervals: dict[str, float] = {}
    for name, estimate in estimated(scores).items():
        resampled = np.concatenate([chunk[name] for chunk in chunks])
        resampled = resampled[~np.isnan(resampled)]
        low, high = np.nan, np.nan
        if resampled.size:
            low, high = np.quantile(resampled, [0.025, 0.975])
            if name == "ece":
                mean = resampled.mean()
                low = max(estimate - (1 + np.sqrt(2)) * (mean - estimate) - (high - mean), 0)
        intervals |= {f"{name}_low": min(low, estimate), f"{name}_high": max(high, estimate)}
    return intervals


def estimated(scores: Scores) -> dict[str, float]:
    """Compute the measures of the scores themselves."""
    found = measures(scores.probability, scores.churned[None], scores.retained[None])
    return {name: float(value) for name, (value,) in found.items()}


def _resampled(
    rng: np.random.Generator, scores: Scores, resamples: int
) -> tuple[FloatArray, FloatArray]:
    counts = np.concatenate([scores.churned, scores.retained]).astype(np.int64)
    is_tabled = counts <= TABLED_COUNTS
    level = rng.integers(0, QUANTILES, (resamples, counts.size), dtype=np.uint16)
    drawn = np.take(
        _poisson_quantiles(), np.where(is_tabled, counts, 0) * QUANTILES + level
    ).astype(np.float64)
    drawn[:, ~is_tabled] = rng.poisson(
        counts[~is_tabled], (resamples, np.count_nonzero(~is_tabled))
    )
    churned, retained = np.split(drawn, 2, axis=1)
    return churned, retained


@cache
def _poisson_quantiles() -> NDArray[np.uint8]:
    # Most counts are small, and a look-up is ten times faster than the generator.
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    values = np.arange(10 * TABLED_COUNTS)
    return np.concatenate(
        [
            np.searchsorted(poisson.cdf(values, count), levels).astype(np.uint8)
            for count in range(TABLED_COUNTS + 1)
        ]
    )


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    ratio = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio
