"""Recommendations: which products go together, the published lists, rules and grades."""

from dovecote.recommend.challengers import challenger_lists
from dovecote.recommend.content import content_similarities
from dovecote.recommend.evaluation import (
    customer_grades,
    paired_differences,
    recommendation_evaluation,
)
from dovecote.recommend.lists import Choice, Settings, choose_settings
from dovecote.recommend.rules import association_rules
from dovecote.recommend.similarities import Similarities, item_similarities

__all__ = [
    "Choice",
    "Settings",
    "Similarities",
    "association_rules",
    "challenger_lists",
    "choose_settings",
    "content_similarities",
    "customer_grades",
    "item_similarities",
    "paired_differences",
    "recommendation_evaluation",
]
