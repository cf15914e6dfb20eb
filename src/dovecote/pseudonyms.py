"""Pseudonyms of customers: salted hashes, made in SQL with a salt that dbt never sees.

Name this module under `plugins` in a dbt profile, and every connection knows the salt as a
variable. Nothing of it is in SQL, logs, target or warehouse.
"""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from dovecote.salt import salt

VARIABLE = "dovecote_salt"


class Plugin(BasePlugin):
    """Hands the salt to each cursor, as variables are not shared between them."""

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Set the variable that the macro `salt` reads."""
        if salt() is not None:
            cursor.execute(f"set variable {VARIABLE} = ?", [salt()])
