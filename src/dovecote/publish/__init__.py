"""Versions that others read: written whole, swapped in at once, compared, taken back, restored."""

from dovecote.publish.comparison import TableChange, changes
from dovecote.publish.folder import Published
from dovecote.publish.forgetting import forget_everywhere
from dovecote.publish.looking import write_pages_anew
from dovecote.publish.publishing import publish
from dovecote.publish.restoring import check_not_lost, restore
from dovecote.publish.version import DATABASE, Version

__all__ = [
    "DATABASE",
    "Published",
    "TableChange",
    "Version",
    "changes",
    "check_not_lost",
    "forget_everywhere",
    "publish",
    "restore",
    "write_pages_anew",
]
