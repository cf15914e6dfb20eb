"""Pseudonyms of customers: salted hashes, made in SQL with a salt that dbt never sees.

Name this module under `plugins` in a dbt profile, and every connection knows the salt as a
variable. Nothing of it is in SQL, logs, target or warehouse.
"""

from __future__ import annotations

import os
from hashlib import sha256

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

VARIABLE = "dovecote_salt"


def salt() -> str | None:
    """Give the salt of the environment, DOVECOTE_SALT; None where there is none."""
    return os.environ.get("DOVECOTE_SALT") or None


def pseudonym(identifier: str, salt: str) -> str:
    """Give what stands for an id under dovecote_pseudonymise."""
    return sha256((salt + identifier).encode()).hexdigest()


def salt_check(salt: str) -> str:
    """Give four digits that tell a salt from most others, and too little to find it by."""
    return pseudonym("salt_check", salt)[:4]


class Plugin(BasePlugin):
    """Hands the salt to each cursor, as variables are not shared between them."""

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Set the variable that the macro `salt` reads."""
        if salt() is not None:
            cursor.execute(f"set variable {VARIABLE} = ?", [salt()])
