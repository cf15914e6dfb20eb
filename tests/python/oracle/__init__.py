"""The definitions of the project a second time, in plain Python, to test its SQL against.

Written from the definitions alone: loops over persons and sets of periods, no joins and no
windows. Clarity comes first; a shop is small.
"""

from oracle.activity import activity_daily, customer_days
from oracle.customers import (
    cohort_value,
    lifecycle,
    lifecycle_transitions,
    order_gaps,
    rfm,
    rfm_cut_points,
)
from oracle.growth import growth_accounting, growth_by_breakdown
from oracle.loyalty import loyalty_monthly
from oracle.retention import retention, retention_headline, retention_overall
from oracle.sessions import sessions
from oracle.settings import Settings, Shop

__all__ = [
    "Settings",
    "Shop",
    "activity_daily",
    "cohort_value",
    "customer_days",
    "growth_accounting",
    "growth_by_breakdown",
    "lifecycle",
    "lifecycle_transitions",
    "loyalty_monthly",
    "order_gaps",
    "retention",
    "retention_headline",
    "retention_overall",
    "rfm",
    "rfm_cut_points",
    "sessions",
]
