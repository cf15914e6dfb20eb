"""Buy-till-you-die models: fitted on weighted histories, with diagnostics, and scored.

Time has the unit of the data throughout; the warehouse counts in days.
"""

from dovecote.btyd.fitting import ENGINES, Engine, Fit, Status, fit, fit_gamma_gamma
from dovecote.btyd.scoring import (
    MODELS,
    PARAMETERS,
    expected_purchases,
    expected_purchases_if_alive,
    expected_purchases_of_new_customer,
    expected_spend,
    p_alive,
    probability_of_no_purchase,
)
from dovecote.btyd.tables import FIT_COLUMNS, factors, fits_table

__all__ = [
    "ENGINES",
    "FIT_COLUMNS",
    "MODELS",
    "PARAMETERS",
    "Engine",
    "Fit",
    "Status",
    "expected_purchases",
    "expected_purchases_if_alive",
    "expected_purchases_of_new_customer",
    "expected_spend",
    "factors",
    "fit",
    "fit_gamma_gamma",
    "fits_table",
    "p_alive",
    "probability_of_no_purchase",
]
