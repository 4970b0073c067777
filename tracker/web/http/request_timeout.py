"""Bounds on a request before it is handled: bytes of the head, time, and connections.

The server's parser holds a head in memory until it is whole and sets no bound to it, and it waits for ever. Here a head
is bounded (431), must come within ``head_s`` seconds, and the whole request within ``patience_s``. An answer that
nobody reads is given up after ``unread_s``. Requests sent before earlier ones are answered are bounded too.
"""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tracker.web.http.connection_limits import Connections
from tracker.web.http.security_headers import HEADERS

HEAD_BYTES = 16 * 1024  #: request line and headers together; also the lines between and after the chunks of a body
HEAD_LINES = 100
ABORT: Final = "tracker.abort"  #: the extension of a request's scope that drops its connection
_SENT_AHEAD = 64  # requests that wait behind the one that is being answered
_LINGER_S = 5.0  # closing at once would take the refusal from a client that is still sending


class PatientProtocol(HttpToolsProtocol):
    """The server's own protocol with these bounds. ``connections`` holds the places of all of them.

    The time runs from the connection's beginning, and from each later request's first byte to its last. How long the
    answer takes does not matter, and a quiet connection between two requests is the keep-alive's affair.
    """

    patience_s = 60.0
    head_s = 15.0
    unread_s = 60.0
    connections_held: ClassVar[Connections] = Connections()

    _limit: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head = 0  # bytes that the parser was given since it last said that it had read a part
    _lines = 0
    _over = False
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        """A client is there; its first request is awaited."""
        super().connection_made(transport)
        if self.connections_held.enter(self, self.client[0] if self.client else ""):
            self._begin()
        else:
            self._refuse(503, "Too many connections", "every connection is in use: try again in a while")

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, given to the parser in parts, so that none is held beyond the bound."""
        if self._idle():
            self._begin()
        at = 0
        while at < len(data) and not self._refused and not self.transport.is_closing():
            part = data[at : at + HEAD_BYTES - self._head]
            at += len(part)
            self._head += len(part)
            super().data_received(part)
            if self._head >= HEAD_BYTES or self._over:
                detail = f"at most {HEAD_BYTES:,} bytes and {HEAD_LINES} lines may stand before a request's content"
                self._refuse(431, "Request Header Fields Too Large", detail)
            elif len(self.pipeline) > _SENT_AHEAD:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._lines = 0
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head, or one after a body's last chunk; what is over the bound is not held."""
        self._lines += 1
        self._over = self._over or self._lines > HEAD_LINES
        if not self._over:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the request is carried out, unless the head is over the bound."""
        if not self._over:
            self._head = 0
            self._end()
            self._begin(self.patience_s)
            self.scope["extensions"] = {ABORT: {ABORT: self.transport.abort}}
            super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """The line before a chunk is whole."""
        self._head = self._lines = 0

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self._over:
            self._head = 0
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request's last byte."""
        if self._over:
            return
        self._head = 0
        self._end()
        if self.cycle.response_complete:  # answered before it was whole: the next request is awaited
            self._begin()
        else:
            self.connections_held.answer(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; the connection waits for its client again."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self.connections_held.wait(self)

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        if self._unread is None:
            self._await_reader()

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._stop_waiting_for_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._end()
        self._stop_waiting_for_reader()
        self.connections_held.leave(self)
        super().connection_lost(exc)

    def give_way(self) -> None:
        """Another connection takes the place of this one, which waits."""
        self.transport.abort()

    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _begin(self, seconds: float | None = None) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(seconds or self.head_s, self.transport.close)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _await_reader(self, before: int | None = None) -> None:
        """Give the answer up when nothing more of it was read in a whole span."""
        unread = self.transport.get_write_buffer_size()
        if before is not None and unread >= before:
            self.transport.abort()
        else:
            self._unread = self.loop.call_later(self.unread_s, self._await_reader, unread)

    def _stop_waiting_for_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _refuse(self, status: int, title: str, detail: str) -> None:
        """Answer, and read on for a few seconds without holding anything: a reset would take the answer away."""
        self._refused = True
        self._end()
        if not self._idle():
            if self.cycle.response_started:
                self.transport.abort()  # nothing may be written into an answer that has begun
                return
            self.cycle.disconnected = True  # so the application writes nothing after this
            self.cycle.message_event.set()
        body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
        headers = {
            **HEADERS,
            "Cache-Control": "no-store",
            "Content-Type": "application/problem+json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        if status == 503:
            headers["Retry-After"] = "5"
        lines = [f"HTTP/1.1 {status} {title}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._limit = self.loop.call_later(0.5 if status == 503 else _LINGER_S, self.transport.abort)


def protocol_within(connections: Connections) -> type[PatientProtocol]:
    """The protocol whose connections take their places there."""
    return type("BoundedProtocol", (PatientProtocol,), {"connections_held": connections})
