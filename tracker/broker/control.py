"""The broker's own store of waiting messages: its limit, and how full it is.

Without a limit of its own the message store grows until the whole of JetStream's room is used, and then not even
ingest can sign in to empty it (its session can't be written). So the messages get a limit below the whole: past it
a publisher is refused and keeps what it has, while sessions, retained receipts and ingest go on.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from tracker.broker.users import CONTROL_USERNAME
from tracker.errors import Unavailable

_STREAM = "$MQTT_msgs"  # the server keeps QoS 1 messages for MQTT sessions in this stream
_SUBJECTS = "$MQTT.msgs.>"
_REPLY = "_INBOX.tracker.1"
_STREAM_NOT_FOUND = 10059
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Stored:
    """What waits in the broker for a subscriber that has not acknowledged it yet."""

    messages: int
    size_bytes: int
    limit_bytes: int


def limit_store(port: int, password: str, max_bytes: int) -> None:
    """Bound the waiting messages to ``max_bytes``; what comes on top is refused, never dropped."""
    answer = _ask(port, password, "INFO")
    limits = {"max_bytes": max_bytes, "discard": "new"}
    if answer.get("error", {}).get("err_code") == _STREAM_NOT_FOUND:
        made = {"name": _STREAM, "subjects": [_SUBJECTS], "retention": "interest", "storage": "file"}
        answer = _ask(port, password, "CREATE", made | {"num_replicas": 1} | limits)
    elif "error" not in answer:
        answer = _ask(port, password, "UPDATE", answer["config"] | limits)
    if "error" in answer:
        raise Unavailable(f"The broker refused the limit of its message store: {answer['error'].get('description')}")


def stored(port: int, password: str) -> Stored:
    """How many messages wait now, how large they are together, and the limit."""
    answer = _ask(port, password, "INFO")
    if "error" in answer:
        raise Unavailable(f"The broker does not tell of its message store: {answer['error'].get('description')}")
    state = answer["state"]
    return Stored(state["messages"], state["bytes"], answer["config"]["max_bytes"])


def _ask(port: int, password: str, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to JetStream over NATS's text protocol on loopback, and its answer."""
    payload = json.dumps(body).encode() if body else b""
    sign_in = {"verbose": False, "pedantic": False, "user": CONTROL_USERNAME, "pass": password}
    request = (
        f"CONNECT {json.dumps(sign_in)}\r\nSUB {_REPLY} 1\r\n"
        f"PUB $JS.API.STREAM.{verb}.{_STREAM} {_REPLY} {len(payload)}\r\n"
    )
    try:
        with closing(socket.create_connection(("127.0.0.1", port), _SECONDS)) as connection:
            connection.sendall(request.encode() + payload + b"\r\n")
            with connection.makefile("rb") as lines:
                return _answer(lines)
    except OSError as fault:
        raise Unavailable(f"The broker does not answer on its loopback port: {fault}") from fault


def _answer(lines: BinaryIO) -> dict[str, Any]:
    for line in iter(lines.readline, b""):
        if line.startswith(b"MSG "):
            answer: dict[str, Any] = json.loads(lines.read(int(line.rsplit(None, 1)[1])))
            return answer
        if line.startswith(b"-ERR"):
            raise Unavailable(f"The broker refused its own control account: {line.decode(errors='replace').strip()}")
    raise Unavailable("The broker closed its loopback port without an answer")
