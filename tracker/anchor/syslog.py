"""Send checkpoints to syslog: a second place, on another machine if its daemon forwards, that the first can't reach."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterable
from logging.handlers import SysLogHandler

from tracker.anchor.checkpoint import Checkpoint, notice_of
from tracker.errors import Invalid


def send(address: str, checkpoints: Iterable[Checkpoint]) -> None:
    """Send each to ``HOST:PORT`` (UDP), or to a socket such as ``/dev/log``. Raises ``OSError`` where none listens."""
    _say(address, logging.INFO, (json.dumps(notice_of(one)) for one in checkpoints))


def warn(address: str, sentence: str) -> None:
    """Send a critical line."""
    _say(address, logging.CRITICAL, [sentence])


def place(address: str) -> str | tuple[str, int]:
    """Where syslog listens. Raises ``Invalid`` for what is neither a path nor HOST:PORT."""
    if address.startswith("/"):
        return address
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise Invalid("TRACKER_AUDIT_SYSLOG is HOST:PORT, or a path such as /dev/log")
    return host.strip("[]"), int(port)


def _say(address: str, level: int, lines: Iterable[str]) -> None:
    handler = _Raising(place(address), facility=SysLogHandler.LOG_AUTHPRIV, socktype=None)
    handler.ident = "pump-tracker: "
    try:
        for line in lines:
            handler.emit(logging.LogRecord("tracker.audit", level, "", 0, line, None, None))
    finally:
        handler.close()


class _Raising(SysLogHandler):
    """Whose failures are the caller's to hear, not standard error's."""

    def __init__(self, address: str | tuple[str, int], facility: int, socktype: socket.SocketKind | None) -> None:
        super().__init__(address, facility, socktype)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's signature
        raise  # noqa: PLE0704 - called while the failure is being handled
