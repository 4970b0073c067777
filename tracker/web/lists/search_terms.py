"""What a person searches for, out of the address: a patient's number is in no history, Referer or access log.

A form with a field to type into is sent by POST to ``/find/{page}``, which leads on to the page with what was typed
sealed (AES-GCM) in the parameter ``find``. Only the person who searched can open it: the address can be loaded again,
followed to the next page and kept, and says nothing. Choices from lists stay readable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request

from tracker.errors import NotFound
from tracker.web.auth.user import Person

SEALED: Final = "find"
#: of each page that is searched, the fields to type into and how long each may be
TYPED: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "/pumps": MappingProxyType({"q": 500}),
        "/audit": MappingProxyType({"actor": 254, "subject": 200, "action": 64, "session": 16, "address": 64}),
        "/rejected": MappingProxyType({"serial": 64}),
        "/oncall": MappingProxyType({"pump": 64}),
        "/enrol": MappingProxyType({"udi": 500}),
    }
)
_NONCE_BYTES = 12


def sealed_address(key: bytes, person: Person, path: str, given: Mapping[str, str]) -> str:
    """The address of that page with these parameters; what is typed into a field of it is sealed."""
    typed = {name: value for name, value in given.items() if value and name in TYPED[path]}
    shown = {name: value for name, value in given.items() if value and name not in TYPED[path]}
    if typed:
        shown[SEALED] = _seal(key, person, typed)
    return f"{path}?{urlencode(shown)}" if shown else path


def typed_at(request: Request, key: bytes, person: Person, path: str, readable: Mapping[str, str]) -> dict[str, str]:
    """What is searched for at this address, by field: ``readable`` in it, or sealed.

    Raises ``NotFound`` for another person's search.
    """
    sealed = request.query_params.get(SEALED, "")
    opened = _open(key, person, sealed) if sealed else {}
    return {name: readable.get(name) or opened.get(name, "") for name in TYPED[path]}


def to_seal(request: Request, path: str) -> dict[str, str] | None:
    """The parameters that a browser's own address bar or an old bookmark sent readably; None where nothing is to seal.

    Programs that ask so are answered: they have no history.
    """
    given = dict(request.query_params)
    readable = any(given.get(name) for name in TYPED[path])
    return given if readable and request.headers.get("sec-fetch-mode") == "navigate" else None


def unsealed_query(key: bytes, person: Person, query: str) -> dict[str, str]:
    """The parameters of a list of pumps' address, with what is sealed in it opened: to keep with a saved view."""
    given = dict(parse_qsl(query))
    sealed = given.pop(SEALED, "")
    return given | (_open(key, person, sealed) if sealed else {})


def without_typed(path: str, query: str) -> str:
    """A page's address without what was typed readably into it: for whoever has to sign in first."""
    kept = [(name, value) for name, value in parse_qsl(query) if name not in TYPED.get(path, {})]
    return f"{path}?{urlencode(kept)}" if kept else path


def _seal(key: bytes, person: Person, typed: Mapping[str, str]) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    body = json.dumps(typed, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, body, _owner(person))).decode().rstrip("=")


def _open(key: bytes, person: Person, sealed: str) -> dict[str, str]:
    try:
        raw = base64.urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
        body = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _owner(person))
    except (InvalidTag, UnicodeEncodeError, binascii.Error, ValueError):
        raise NotFound("this search was made by somebody else, or long ago: search again", field=SEALED) from None
    opened: dict[str, str] = json.loads(body)
    return opened


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(b"search\0" + key).digest())


def _owner(person: Person) -> bytes:
    return str(person.staff_id).encode()
