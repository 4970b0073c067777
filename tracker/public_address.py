"""Where people reach the pages, as an operator writes it: ``https://pumps.example.org``, or below a path."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from tracker.errors import StartupFault

_PORTS: Final = {"http": 80, "https": 443}
_PATH: Final = re.compile(r"(/(?!\.)[A-Za-z0-9._~-]{1,60}){0,8}")
"""No percent, no dot in front: proxies and browsers write such a path in one way only."""


def public_address(given: str) -> str:
    """The address in one form: scheme and host in lower case, without the usual port, path without a slash at its end.

    Raises ``StartupFault`` for what is no such address, a sentence that says why.
    """
    try:
        parts = urlsplit(given.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.query or parts.fragment:
        raise StartupFault(
            f"TRACKER_PUBLIC_URL is {given[:80]!r}: write where browsers reach the pages, such as "
            "https://pumps.example.org"
        )
    path = parts.path.removesuffix("/")
    if not _PATH.fullmatch(path):
        raise StartupFault(
            f"TRACKER_PUBLIC_URL has the path {parts.path[:60]!r}: write one of letters, digits, `-`, `_`, `~` and "
            "dots, such as https://clinic.example/pump-tracker"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}") + path


def origin_of(address: str) -> str:
    """Scheme, host and port of a public address, as browsers write it in ``Origin``; empty where none is set."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if address else ""


def sub_path_of(address: str) -> str:
    """The path below which the pages are reached, as ``/pump-tracker``; empty at a host name of their own."""
    return urlsplit(address).path
