"""An address that is listened on: whether it is this machine's alone, and how it is reached."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether no other machine reaches it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def reachable(host: str) -> str:
    """An address to connect to for one that was listened on, as it stands in a URL."""
    bare = host.strip("[]")
    if bare in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared with, not bound to
        return "127.0.0.1"
    return f"[{bare}]" if ":" in bare else bare
