"""Pages to look at: a dashboard and a churn report, written from a published version."""

from dovecote.dashboard.pages import DASHBOARD, PAGES, write_pages

__all__ = ["DASHBOARD", "PAGES", "write_pages"]
