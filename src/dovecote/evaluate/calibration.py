"""Whether churn probabilities mean what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import logit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from dovecote.evaluate.graded import FloatArray, Scores, running_sum, scores_by_key, table
from dovecote.evaluate.measures import BINS, CLIP

COLUMNS = {
    "calibration_bin": "int64",
    "customers": "float64",
    "churned": "float64",
    "mean_probability": "float64",
    "observed_rate": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "probability_low": "float64",
    "probability_high": "float64",
}


def calibration_table(graded: pd.DataFrame) -> pd.DataFrame:
    """Compare mean probability and observed rate in ten bins of equal mass.

    Customers are put in order of their score, and each bin holds a tenth of them. Those with equal
    scores who straddle an edge are split in proportion, the churned like the others, so customers
    and churned of a bin can be fractions. The mean over bins of the absolute difference between
    mean probability and observed rate is the ECE of `evaluation_table`.

    Parameters
    ----------
    graded
        One row per activity, horizon_days, cutoff_date, model_name and churn_probability, with
        customers and churned.

    Returns
    -------
    pandas.DataFrame
        One row per activity, horizon_days, cutoff_date, model_name and calibration_bin, from 1
        (lowest scores) to 10: customers, churned, mean_probability, observed_rate with its 95%
        interval, and the lowest and highest probability in the bin.

    Raises
    ------
    ValueError
        If a column is missing, has nulls, or holds a value that no graded score can have.

    References
    ----------
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22(158), 209-212.
    """
    bins = [
        pd.DataFrame(_bins(scores)).assign(**key._asdict()) for key, scores in scores_by_key(graded)
    ]
    return table(bins, COLUMNS)


def recalibration(scores: Scores) -> tuple[float, float]:
    """Fit the log-odds of churning as a line of the log-odds of the score.

    Parameters
    ----------
    scores
        Counted scores; they are kept ``CLIP`` away from 0 and 1.

    Returns
    -------
    tuple of float
        Slope and intercept, fitted together by maximum likelihood: 1 and 0 for a calibrated model,
        a slope below 1 for an overconfident one. NaN where the maximum does not exist: the scores
        are all equal, or some score separates those who churned from the others.

    References
    ----------
    Cox, D. R. (1958), Two further applications of a model for binary regression,
    Biometrika 45(3/4), 562-565.
    Albert, A., Anderson, J. A. (1984), On the existence of maximum likelihood estimates in logistic
    regression models, Biometrika 71(1), 1-10.
    """
    log_odds = logit(np.clip(scores.probability, CLIP, 1 - CLIP))
    of_churned, of_retained = log_odds[scores.churned > 0], log_odds[scores.retained > 0]
    if not (of_churned.size and of_retained.size):
        return np.nan, np.nan
    if of_churned.max() <= of_retained.min() or of_retained.max() <= of_churned.min():
        return np.nan, np.nan
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(
        np.tile(log_odds, 2)[:, None],
        np.repeat([1, 0], log_odds.size),
        sample_weight=np.concatenate([scores.churned, scores.retained]),
    )
    return float(fit.coef_.item()), float(fit.intercept_.item())


def _bins(scores: Scores) -> dict[str, FloatArray]:
    reached = running_sum(scores.customers)
    edges = reached[-1] * np.arange(BINS + 1) / BINS
    customers, churned, expected = (
        np.diff(np.interp(edges, reached, running_sum(counts)))
        for counts in (
            scores.customers,
            scores.churned,
            scores.customers * scores.probability,
        )
    )
    ci_low, ci_high = _wilson_interval(churned, customers)
    return {
        "calibration_bin": np.arange(1.0, BINS + 1),
        "customers": customers,
        "churned": churned,
        "mean_probability": expected / customers,
        "observed_rate": churned / customers,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "probability_low": scores.probability[np.searchsorted(reached, edges[:-1], "right") - 1],
        "probability_high": scores.probability[np.searchsorted(reached, edges[1:], "left") - 1],
    }


def _wilson_interval(successes: FloatArray, trials: FloatArray) -> tuple[FloatArray, FloatArray]:
    z = norm.ppf(0.975)
    middle = (successes + z**2 / 2) / (trials + z**2)
    half_width = z * np.sqrt(successes * (trials - successes) / trials + z**2 / 4)
    return middle - half_width / (trials + z**2), middle + half_width / (trials + z**2)
