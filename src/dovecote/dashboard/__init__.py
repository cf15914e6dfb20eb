"""Pages to look at: a dashboard and a churn report, written from a published version."""

from dovecote.dashboard.pages import PAGES, write_pages

__all__ = ["PAGES", "write_pages"]
