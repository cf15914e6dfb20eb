"""Recommendations: which products go together, the published lists, rules and grades."""

from dovecote.recommend.challengers import all_challenger_lists, challenger_lists, neighbour_lists
from dovecote.recommend.choice import Choice, Settings, choose_settings, setting_choices
from dovecote.recommend.content import content_similarities
from dovecote.recommend.evaluation import (
    customer_grades,
    leaderboard,
    paired_differences,
    recommendation_evaluation,
)
from dovecote.recommend.lists import scored_lists
from dovecote.recommend.on_spark import rules_of, similarities_of
from dovecote.recommend.rules import association_rules
from dovecote.recommend.similarities import Similarities, item_similarities
from dovecote.recommend.tables import stacked, with_ids, with_numbers

__all__ = [
    "Choice",
    "Settings",
    "Similarities",
    "all_challenger_lists",
    "association_rules",
    "challenger_lists",
    "choose_settings",
    "content_similarities",
    "customer_grades",
    "item_similarities",
    "leaderboard",
    "neighbour_lists",
    "paired_differences",
    "recommendation_evaluation",
    "rules_of",
    "scored_lists",
    "setting_choices",
    "similarities_of",
    "stacked",
    "with_ids",
    "with_numbers",
]
