"""Passwords: the argon2 hash that is kept, and the check against it.

A check against nobody's hash takes as long as one against somebody's, so that time does not tell which accounts exist.
"""

from __future__ import annotations

import secrets
import threading
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tracker.errors import Invalid

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200

_hasher = PasswordHash((Argon2Hasher(),))
_at_once = threading.BoundedSemaphore(2)  # each takes 64 MiB for a moment


def hash_password(password: str) -> str:
    """The hash to keep. Raises ``Invalid`` for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few unrelated words are good",
            field="password",
        )
    with _at_once:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether that is the password; None, for nobody or an account without one, never matches and takes as long."""
    with _at_once:
        right = _hasher.verify(password[: LONGEST_PASSWORD + 1], kept or _nobody())
    return right and kept is not None


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
