"""Passwords: which are taken, the argon2 hash that is kept, and the check against it.

A check against nobody's hash takes as long as one against somebody's, so that time does not tell which accounts exist.

The rules are those of NIST SP 800-63B: a length, and a list of passwords that are commonly used or easily expected
(from leaks; words of this service; names of the person and the clinic). No rule asks for kinds of characters.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tracker.errors import Invalid

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_SHORTEST_WORD = 4  # a shorter part of a name says too little

_OF_THE_SERVICE = """
    pumptracker intrathecal baclofen ziconotide prialt lioresal gablofen morphine hydromorphone clonidine bupivacaine
    synchromed medtronic prometra flowonix infusion infusionpump painpump reservoir catheter refill implant explant
    nurse physician doctor biller administrator auditor clinic hospital patient password passphrase letmein welcome
    changeme temporary correcthorsebatterystaple
"""

_ROWS = ("1234567890" * 4, "0123456789" * 4, "abcdefghijklmnopqrstuvwxyz")
_RUNS = tuple(row[::step] for row in _ROWS for step in (1, -1))  #: keys in a row, forwards and backwards

_hasher = PasswordHash((Argon2Hasher(),))
_at_once = threading.BoundedSemaphore(2)  # each takes 64 MiB for a moment


def hash_password(password: str, *, about: Iterable[str | None] = ()) -> str:
    """The hash to keep. Raises ``Invalid`` for a password that is too short, too long, or commonly used.

    ``about`` are names of the person and the clinic, which a stranger would try first.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few unrelated words are good",
            field="password",
        )
    if is_common(password, about):
        raise Invalid(
            "this password is one of those that are tried first: a common one, a name, or a word of this service, "
            "perhaps repeated or with digits after it; a few unrelated words are good",
            field="password",
        )
    with _at_once:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether that is the password; None, for nobody or an account without one, never matches and takes as long."""
    with _at_once:
        right = _hasher.verify(password[: LONGEST_PASSWORD + 1], kept or _nobody())
    return right and kept is not None


def is_common(password: str, about: Iterable[str | None] = ()) -> bool:
    """Whether guessing begins with it: a listed word or name, also repeated, or between digits and punctuation."""
    names = {part for text in about if text for part in _parts(text)}
    plain = "".join(unicodedata.normalize("NFKC", password).casefold().split())
    bare = plain.strip("".join(one for one in set(plain) if not one.isalpha()))
    letters = "".join(one for one in plain if one.isalpha())
    if len(_once(plain)) < _SHORTEST_WORD or any(plain in run for run in _RUNS):
        return True
    return any(word in _common() or word in names for word in (_once(plain), _once(bare), _once(letters)) if word)


def _parts(text: str) -> Iterable[str]:
    """The words of a name or an email, and all of them together."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(one if one.isalpha() else " " for one in plain).split()
    return [word for word in (*words, "".join(words)) if len(word) >= _SHORTEST_WORD]


def _once(text: str) -> str:
    """Of a text that repeats a shorter one over and over, the shorter one."""
    at = (text + text).find(text, 1) if text else 0
    return text[:at]


@cache
def _common() -> frozenset[str]:
    """The leaked passwords that zxcvbn lists (the 30,000 most frequent), and the words of this service."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - large, and only a new password needs it

    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(_OF_THE_SERVICE.split())


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
