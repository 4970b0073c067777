"""Where people reach the pages, as an operator writes it: ``https://pumps.example.org``."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from tracker.errors import StartupFault

_PORTS: Final = {"http": 80, "https": 443}


def public_origin(given: str) -> str:
    """The address as browsers write it in ``Origin``: lower case, without the usual port, without a path.

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
    if parts.path not in {"", "/"}:
        raise StartupFault(
            f"TRACKER_PUBLIC_URL has the path {parts.path[:60]!r}: the pages need a host name of their own, such as "
            "https://pumps.example.org, and do not work below a path"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")
