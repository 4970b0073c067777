"""A communicator's sign-in: a password that is shown once, and the hashes that the brokers keep."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import bcrypt

from tracker.errors import Invalid

TRACKER_USERNAME = "tracker"
"""The tracker's own account on every broker; no pump may bear it as its serial."""

PASSWORD_CHARACTERS = 32
_PASSWORD_BYTES = PASSWORD_CHARACTERS * 3 // 4

# A hash that is slow on purpose protects passwords that people choose. These are 192 random bits, which no dictionary
# holds, and a slow hash would hurt: 5,000 communicators that come back at once after a power cut would keep a broker
# busy for minutes at 100 ms each. So both hashes are as cheap as their formats allow.
_BCRYPT_ROUNDS = 4
_BCRYPT_PREFIX = b"2a"  # the variant that Go's and everyone else's library reads
_MOSQUITTO_ITERATIONS = 101  # what mosquitto_passwd writes
_MOSQUITTO_SALT_BYTES = 12


@dataclass(frozen=True, slots=True)
class Credential:
    """One communicator's sign-in. The password is handed over once and kept nowhere; the hashes are kept."""

    serial: str
    username: str
    password: str = field(repr=False)
    bcrypt_hash: str
    mosquitto_hash: str


def issue(serial: str) -> Credential:
    """A new sign-in for this pump's communicator: its serial as the user name, 32 random characters as the password.

    Raises ``Invalid`` for a serial that is the tracker's own user name.
    """
    if serial == TRACKER_USERNAME:
        raise Invalid(
            f"The serial '{serial}' is the tracker's own user name on the broker. Enrol the pump under another serial.",
            field="serial",
        )
    password = _new_password()
    return Credential(
        serial=serial,
        username=serial,
        password=password,
        bcrypt_hash=bcrypt_hash(password),
        mosquitto_hash=mosquitto_hash(password),
    )


def issue_many(serials: Iterable[str]) -> list[Credential]:
    """A sign-in for each serial, in order: about a thousand a second on one processor, more on several."""
    with ThreadPoolExecutor() as pool:  # hashing leaves Python free to run
        return list(pool.map(issue, serials, chunksize=64))


def _new_password() -> str:
    """Random characters of A-Z a-z 0-9 - _, the first a letter or digit: no spreadsheet takes it for a formula."""
    while not (password := secrets.token_urlsafe(_PASSWORD_BYTES))[0].isalnum():
        pass
    return password


def bcrypt_hash(password: str) -> str:
    """The hash that NATS reads."""
    salt = bcrypt.gensalt(_BCRYPT_ROUNDS, prefix=_BCRYPT_PREFIX)
    return bcrypt.hashpw(password.encode(), salt).decode()


def fits(password: str, bcrypt_hash: str) -> bool:
    """Whether the hash is of this password."""
    return bcrypt.checkpw(password.encode(), bcrypt_hash.encode())


def mosquitto_hash(password: str) -> str:
    """The hash that Mosquitto 2 reads: ``$7$iterations$salt$PBKDF2-SHA512``, as ``mosquitto_passwd`` writes it."""
    salt = secrets.token_bytes(_MOSQUITTO_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _MOSQUITTO_ITERATIONS)
    return f"$7${_MOSQUITTO_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
