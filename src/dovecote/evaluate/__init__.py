"""Grades of churn probabilities against what happened."""

from dovecote.evaluate.calibration import calibration_table
from dovecote.evaluate.curves import curves_table
from dovecote.evaluate.evaluation import evaluation_table

__all__ = ["calibration_table", "curves_table", "evaluation_table"]
