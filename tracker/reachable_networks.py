"""Where messages may go: to public addresses, and to those that the operator named in TRACKER_WEBHOOK_ALLOW.

A name is resolved once, and the address that was checked is the one that is connected to: an answer that changes
between the two can't lead inside. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from tracker.errors import StartupFault

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Forbidden(ValueError):
    """The address is loopback, private or otherwise inside, and the operator has not allowed it."""


def allowed_networks(setting: str) -> tuple[Network, ...]:
    """The networks of TRACKER_WEBHOOK_ALLOW. Raises ``StartupFault`` for what is none."""
    found = []
    for word in (one.strip() for one in setting.split(",")):
        if not word:
            continue
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            raise StartupFault(f"TRACKER_WEBHOOK_ALLOW names {word[:60]!r}, which is no network") from None
    return tuple(found)


def address_of(host: str, port: int, allowed: Sequence[Network]) -> str:
    """The one address to connect to. Raises ``Forbidden``, and ``OSError`` where the name has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        is_named = any(mapped in network for network in allowed if network.version == mapped.version)
        if not is_named and (not mapped.is_global or mapped.is_multicast):
            raise Forbidden(f"{host} is at {text}, which is not a public address; TRACKER_WEBHOOK_ALLOW can name it")
    return addresses[0]
