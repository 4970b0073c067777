"""How long a request may take to come: a client that never finishes one must not hold its connection for ever.

Without this, a thousand connections that send a byte now and then use up what the process may hold open.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """The server's own protocol, which closes a connection whose request is not whole within ``patience_s`` seconds.

    The time runs from the connection's beginning, and from each later request's first byte to its last. How long the
    answer takes does not matter, and a quiet connection between two requests is the keep-alive's affair.
    """

    patience_s = 60.0

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        """A client is there; its first request is awaited."""
        super().connection_made(transport)
        self._begin()

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._begin()

    def on_message_complete(self) -> None:
        """A request's last byte."""
        self._end()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(self.patience_s, self.transport.close)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
