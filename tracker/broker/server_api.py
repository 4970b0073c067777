"""A connection to the server's own protocol: requests to its interfaces for streams, sessions and connections.

The server answers on loopback alone for the embedded broker. One thread owns an instance.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from typing import Any, Self

from tracker.errors import Unavailable

INBOX = "_INBOX.tracker"
"""Below this subject the server's answers come; an account that asks must be allowed to subscribe to it."""

_SECONDS = 10.0
_AT_ONCE = 200  # requests on their way together: more would make the server's queue of answers long

Answer = dict[str, Any]


class Loopback:
    """Signed in at ``host`` and ``port``. Raises ``Unavailable`` for a server that is away or refuses the account."""

    def __init__(self, port: int, username: str, password: str, host: str = "127.0.0.1") -> None:
        self._asked = 0
        sign_in = {"verbose": False, "pedantic": False, "user": username, "pass": password}
        try:
            self._socket = socket.create_connection((host, port), _SECONDS)
            self._lines = self._socket.makefile("rb")
            self._socket.sendall(f"CONNECT {json.dumps(sign_in)}\r\nSUB {INBOX}.* 1\r\n".encode())
        except OSError as fault:
            raise Unavailable(f"The broker does not answer on its loopback port: {fault}") from fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._socket.close()

    def ask(self, subject: str, body: Answer | None = None) -> Answer:
        """The answer to one request. An answer may name an ``error`` itself."""
        return self.ask_all([(subject, body)])[0]

    def ask_all(self, requests: Sequence[tuple[str, Answer | None]]) -> list[Answer]:
        """The answers to many requests, in the order of the requests."""
        answers: list[Answer] = []
        for first in range(0, len(requests), _AT_ONCE):
            answers += self._exchange(requests[first : first + _AT_ONCE])
        return answers

    def ask_many(self, subject: str, body: Answer | None, most: int, seconds: float) -> list[Answer]:
        """The answers to one request that each node of a cluster answers: ``most``, or those that come in time."""
        self._asked += 1
        found: list[Answer] = []
        until = time.monotonic() + seconds
        try:
            self._socket.sendall(_request(subject, self._asked, body))
            while len(found) < most and (left := until - time.monotonic()) > 0:
                self._socket.settimeout(left)
                number, answer = self._next_answer()
                if number == self._asked:
                    found.append(answer)
        except TimeoutError:  # the stream can't be read on: whoever gets too few answers gives this connection up
            return found
        except (OSError, ValueError) as fault:
            raise Unavailable(f"The broker does not answer on its loopback port: {fault}") from fault
        finally:
            self._socket.settimeout(_SECONDS)
        return found

    def _exchange(self, requests: Sequence[tuple[str, Answer | None]]) -> list[Answer]:
        numbers = range(self._asked + 1, self._asked + 1 + len(requests))
        self._asked += len(requests)
        out = bytearray()
        for number, (subject, body) in zip(numbers, requests, strict=True):
            out += _request(subject, number, body)
        found: dict[int, Answer] = {}
        try:
            self._socket.sendall(out)
            while len(found) < len(requests):
                number, answer = self._next_answer()
                if number in numbers:
                    found[number] = answer
        except (OSError, ValueError) as fault:
            raise Unavailable(f"The broker does not answer on its loopback port: {fault}") from fault
        return [found[number] for number in numbers]

    def _next_answer(self) -> tuple[int, Answer]:
        """The number of the request that the next message answers, and the answer."""
        for line in iter(self._lines.readline, b""):
            if line.startswith(b"MSG "):
                words = line.split()
                answer: Answer = json.loads(self._lines.read(int(words[-1])) or b"{}")
                return int(words[1].rsplit(b".", 1)[1]), answer
            if line.startswith(b"PING"):
                self._socket.sendall(b"PONG\r\n")
            if line.startswith(b"-ERR"):
                raise Unavailable(f"The broker refused its own account: {line.decode(errors='replace').strip()}")
        raise Unavailable("The broker closed its loopback port without an answer")


def _request(subject: str, number: int, body: Answer | None) -> bytes:
    """One request as the server reads it, to be answered under that number."""
    payload = b"" if body is None else json.dumps(body).encode()
    return f"PUB {subject} {INBOX}.{number} {len(payload)}\r\n".encode() + payload + b"\r\n"
