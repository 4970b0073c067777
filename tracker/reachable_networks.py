"""Where messages may go: to public addresses, and to those that the operator named in TRACKER_WEBHOOK_ALLOW.

A name is resolved once, and the address that was checked is the one that is connected to: an answer that changes
between the two can't lead inside. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from typing import Final

from tracker.errors import StartupFault

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_IPV4_WITHIN: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""NAT64, and the compatible addresses that nobody uses any more: the last 32 bits are an IPv4 address."""
_FIRST_IPV4: Final = 1 << 24  # below it, ``::1`` is IPv6's own loopback


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


def may_reach(text: str, allowed: Sequence[Network]) -> bool:
    """Whether messages may go to that IP address: it is public, or in a network that the operator named.

    An IPv6 address that carries an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64) is judged by both.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return all(_is_open(one, allowed) for one in ([mapped] if mapped is not None else _carried(address)))


def address_of(host: str, port: int, allowed: Sequence[Network]) -> str:
    """The one address to connect to. Raises ``Forbidden``, and ``OSError`` where the name has none.

    A name with several addresses is refused for any one of them that is inside.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for text in addresses:
        if not may_reach(text, allowed):
            raise Forbidden(f"{host} is at {text}, which is not a public address; TRACKER_WEBHOOK_ALLOW can name it")
    return addresses[0]


def _carried(address: _Address) -> Iterator[_Address]:
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield address.teredo[1]
        within = int(address) & 0xFFFF_FFFF
        if within >= _FIRST_IPV4 and any(address in network for network in _IPV4_WITHIN):
            yield ipaddress.IPv4Address(within)


def _is_open(address: _Address, allowed: Sequence[Network]) -> bool:
    if any(address in network for network in allowed if network.version == address.version):
        return True
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not is_site_local
