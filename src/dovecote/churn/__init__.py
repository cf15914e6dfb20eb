"""Supervised churn models: trained on earlier snapshots, published as coefficients, scored in SQL.

``logistic_coefficients`` fits the model that is published, ``challenger_scores`` the two models
that it has to stand against.
"""

from dovecote.churn.challengers import challenger_scores
from dovecote.churn.logistic import logistic_coefficients

__all__ = ["challenger_scores", "logistic_coefficients"]
