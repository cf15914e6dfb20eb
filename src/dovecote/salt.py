"""The salt of pseudonyms, and what is made with it."""

from __future__ import annotations

import os
from hashlib import sha256


def salt() -> str | None:
    """Give the salt of the environment, DOVECOTE_SALT; None where there is none."""
    return os.environ.get("DOVECOTE_SALT") or None


def pseudonym(identifier: str, salt: str) -> str:
    """Give what stands for an id under dovecote_pseudonymise."""
    return sha256((salt + identifier).encode()).hexdigest()


def salt_check(salt: str) -> str:
    """Give four digits that tell a salt from most others, and too little to find it by."""
    return pseudonym("salt_check", salt)[:4]
