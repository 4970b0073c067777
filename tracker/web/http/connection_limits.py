"""How many connections the pages hold open: in all, and from one address.

A connection that waits (for the rest of a request, or for the next one) gives way to a new one, the longest waiting
first. One whose request is being answered never does. So a client that opens connections and sends nothing shuts nobody
out, and where every place is taken by a request that is being answered a new connection hears 503.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Protocol


class Connection(Protocol):
    """What holds a place."""

    def give_way(self) -> None:
        """Close: another connection takes the place."""


class Connections:
    """The places. ``most`` in all, ``per_address`` of one client address; 0 sets no bound.

    Used by one event loop alone, so it needs no lock.
    """

    def __init__(self, most: int = 0, per_address: int = 0) -> None:
        self._most = most
        self._per_address = per_address
        self._addresses: dict[Connection, str] = {}
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._waiting_of: dict[str, OrderedDict[Connection, None]] = {}
        self._counts: dict[str, int] = {}

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._addresses)

    def enter(self, connection: Connection, host: str) -> bool:
        """Take a place for a new, waiting connection; False where there is none and none gives way."""
        address = network_of(host)
        waiting = self._waiting_of.get(address)
        if self._per_address and self._counts.get(address, 0) >= self._per_address and not self._end_one(waiting):
            return False
        if self._most and len(self._addresses) >= self._most and not self._end_one(self._waiting):
            return False
        self._addresses[connection] = address
        self._counts[address] = self._counts.get(address, 0) + 1
        self.wait(connection)
        return True

    def wait(self, connection: Connection) -> None:
        """The connection waits for its client from now on."""
        address = self._addresses.get(connection)
        if address is not None and connection not in self._waiting:
            self._waiting[connection] = None
            self._waiting_of.setdefault(address, OrderedDict())[connection] = None

    def answer(self, connection: Connection) -> None:
        """The connection's request is whole and is being answered: it keeps its place."""
        if connection in self._waiting:
            del self._waiting[connection]
            address = self._addresses[connection]
            del self._waiting_of[address][connection]
            if not self._waiting_of[address]:
                del self._waiting_of[address]

    def leave(self, connection: Connection) -> None:
        """The connection is closed."""
        self.answer(connection)
        address = self._addresses.pop(connection, None)
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def _end_one(self, waiting: OrderedDict[Connection, None] | None) -> bool:
        if not waiting:
            return False
        oldest = next(iter(waiting))
        self.leave(oldest)
        oldest.give_way()
        return True


def network_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one client of IPv6 has to itself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False).network_address)
