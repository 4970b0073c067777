"""A bare MQTT 3.1.1 connection for load: packets are laid into one buffer and sent in large pieces.

It plays any number of communicators over one connection, so that the load generator leaves the processors to what is
measured. It knows QoS 1 publishing, acknowledgments and subscriptions, and nothing else.
"""

from __future__ import annotations

import secrets
import select
import socket
import struct
import time
from collections.abc import Iterable
from typing import Final

_PIECE: Final = 256 * 1024


class LineLost(Exception):
    """The broker is gone, or has ended the connection."""


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def _packet(head: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (128 if size else 0)])
        if not size:
            return bytes([head]) + length + body


class Line:
    """One connection. ``unacknowledged`` counts what the broker has not confirmed; ``arrived`` keeps what came in."""

    def __init__(
        self, port: int, username: str = "", password: str = "", *, client_id: str = "", clean: bool = True
    ) -> None:
        self.unacknowledged = 0
        self.arrived: list[tuple[str, bytes]] = []
        self._mid = 0
        self._out = bytearray()
        self._in = b""
        flags = (2 if clean else 0) | (0xC0 if username else 0)
        body = (
            _text("MQTT") + bytes([4, flags]) + struct.pack("!H", 600) + _text(client_id or f"l-{secrets.token_hex(8)}")
        )
        if username:
            body += _text(username) + _text(password)
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(_packet(0x10, body))
            answer = self._socket.recv(4)
        except OSError as fault:
            self._end()
            raise LineLost(str(fault)) from fault
        if len(answer) < 4 or answer[3] != 0:
            self._end()
            raise LineLost(f"refused: {answer!r}")
        self._socket.setblocking(False)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Lay one message into the buffer."""
        self._mid = self._mid % 65535 + 1
        self._out += _packet(0x32 | retain, _text(topic) + struct.pack("!H", self._mid) + payload)
        self.unacknowledged += 1

    def publish_qos_2(self, topic: str, payload: bytes) -> None:
        """Lay a message of QoS 2 into the buffer, never to be released."""
        self._mid = self._mid % 65535 + 1
        self._out += _packet(0x34, _text(topic) + struct.pack("!H", self._mid) + payload)

    def subscribe(self, *filters: str, qos: int = 1, seconds: float = 20.0) -> None:
        """Subscribe and wait until it is granted."""
        self._granted = False
        self._out += _packet(0x82, struct.pack("!H", 1) + b"".join(_text(each) + bytes([qos]) for each in filters))
        until = time.monotonic() + seconds
        while not self._granted:
            self.turn(0.2)
            if time.monotonic() > until:
                raise LineLost("no SUBACK")

    def turn(self, seconds: float = 0.0) -> None:
        """Send and read what is possible now, waiting at most so long for either."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._out else 0))
        poll.poll(seconds * 1000)
        self.turn_now()

    def turn_now(self) -> None:
        """Send and read what is possible without waiting."""
        try:
            if self._out:
                sent = self._socket.send(bytes(memoryview(self._out)[:_PIECE]))
                del self._out[:sent]
        except BlockingIOError:
            pass
        except OSError as fault:
            raise LineLost(str(fault)) from fault
        try:
            piece = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as fault:
            raise LineLost(str(fault)) from fault
        if not piece:
            raise LineLost("the broker has ended the connection")
        self._parse(self._in + piece)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def flood(self, messages: Iterable[tuple[str, bytes]], window: int = 4000) -> None:
        """Publish all and wait until the broker has confirmed all."""
        for topic, payload in messages:
            self.publish(topic, payload)
            if len(self._out) > _PIECE or self.unacknowledged >= window:
                self.turn(0.0)
                while self.unacknowledged >= window:
                    self.turn(1.0)
        while self.unacknowledged:
            self.turn(1.0)

    def close(self) -> None:
        """End without a word."""
        self._socket.close()

    def _end(self) -> None:
        """Let go of a connection that came to nothing, if it came that far."""
        if (opened := getattr(self, "_socket", None)) is not None:
            opened.close()

    def _parse(self, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 2:
            length, body, shift = data[at + 1] & 127, at + 2, 7
            while data[body - 1] & 128 and body < end:
                length |= (data[body] & 127) << shift
                shift += 7
                body += 1
            if data[body - 1] & 128 or body + length > end:
                break
            kind = data[at] & 0xF0
            if kind == 0x40:
                self.unacknowledged -= 1
            elif kind == 0x90:
                assert 0x80 not in data[body + 2 : body + length], "a subscription was refused"
                self._granted = True
            elif kind == 0x30:
                size = data[body] << 8 | data[body + 1]
                start = body + 2 + size
                if data[at] & 6:
                    self._out += b"\x40\x02" + data[start : start + 2]
                    start += 2
                self.arrived.append((data[body + 2 : body + 2 + size].decode(), data[start : body + length]))
            at = body + length
        self._in = data[at:]
