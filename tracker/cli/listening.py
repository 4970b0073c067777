"""The sockets of the pages: on ``::`` they take connections of both families."""

from __future__ import annotations

import socket

_WAITING = 2048  # connections that wait to be taken, as the server has it otherwise


def listen_on_both(host: str, port: int) -> list[socket.socket] | None:
    """A socket of each family where the host is ``::``; else None, and the server opens its own.

    The server's own would take IPv6 alone, so that a proxy or a health check on 127.0.0.1 would find nobody there. One
    socket of both families would show a proxy's IPv4 address in another form, which TRACKER_PROXIES does not name.
    """
    if host.strip("[]") != "::":
        return None
    return [
        socket.create_server(("0.0.0.0", port), backlog=_WAITING),  # noqa: S104 - asked for
        socket.create_server(("::", port), family=socket.AF_INET6, backlog=_WAITING),
    ]
