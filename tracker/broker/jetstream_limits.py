"""The limits of the broker's own streams, each below the whole store.

The server keeps all that MQTT asks it to remember in five streams. None of them has a limit by itself, and once the
whole room is used the server can't write a session: then nobody signs in, not even the tracker, which would empty the
store. So each stream has a limit, the limits together are less than the room, and within the stream of waiting
messages each topic has a limit of its own. What comes on top is refused, never dropped: the publisher gets no
acknowledgment, its connection ends, and the message stays on its communicator's disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.broker.server_api import Loopback
from tracker.errors import Unavailable

MESSAGES = "$MQTT_msgs"
SESSIONS = "$MQTT_sess"
RETAINED = "$MQTT_rmsgs"

MAX_SESSIONS = 30_000
"""Sessions and QoS 1 subscriptions in all, for a server of one clinic."""

CLUSTER_SESSIONS = 200_000
"""The same for a cluster; ``deploy/nats/node.conf`` has the number for its subscriptions."""

MAX_WAITING_PER_TOPIC = 4_000
"""Messages of one pump and kind that may wait for ingest: 68 MB at the largest payload. A communicator that has more
is refused, and sends again once ingest has taken some; other pumps do not notice."""

_MIB = 1024**2
SESSION_BYTES = 128 * _MIB
RETAINED_BYTES = 512 * _MIB
QOS_2_BYTES = 8 * _MIB  # nothing goes there, since QoS 2 is refused; a store of an earlier version may hold some
OTHER_BYTES = SESSION_BYTES + RETAINED_BYTES + 2 * QOS_2_BYTES
"""What the streams beside the waiting messages may take together."""

_STREAM_NOT_FOUND = 10059


@dataclass(frozen=True, slots=True)
class Stored:
    """What waits in the broker for a subscriber that has not acknowledged it yet."""

    messages: int
    size_bytes: int
    limit_bytes: int


def stream_limits(
    max_bytes: int, *, replicas: int = 1, max_sessions: int = MAX_SESSIONS
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """For each stream: how the server itself makes it, and the limits that we add. ``max_bytes``: waiting messages."""

    def made(subjects: str, retention: str) -> dict[str, Any]:
        return {"subjects": [subjects], "retention": retention, "storage": "file", "num_replicas": replicas}

    def one_each(max_bytes: int) -> dict[str, Any]:
        return {"max_bytes": max_bytes, "discard": "new", "max_msgs_per_subject": 1}

    return {
        MESSAGES: (
            made("$MQTT.msgs.>", "interest"),
            {
                "max_bytes": max_bytes,
                "discard": "new",
                "max_msgs_per_subject": MAX_WAITING_PER_TOPIC,
                "discard_new_per_subject": True,
            },
        ),
        SESSIONS: (made("$MQTT.sess.>", "limits"), one_each(SESSION_BYTES) | {"max_msgs": max_sessions}),
        RETAINED: (made("$MQTT.rmsgs.>", "limits"), one_each(RETAINED_BYTES)),
        "$MQTT_qos2in": (
            made("$MQTT.qos2.in.>", "limits"),
            one_each(QOS_2_BYTES) | {"discard_new_per_subject": True},
        ),
        "$MQTT_out": (made("$MQTT.out.>", "interest"), {"max_bytes": QOS_2_BYTES, "discard": "new"}),
    }


STREAMS = tuple(stream_limits(0))
"""The names of the server's own streams."""


def limit_streams(server: Loopback, max_bytes: int, *, replicas: int = 1, max_sessions: int = MAX_SESSIONS) -> None:
    """Bound every stream: make it where the server has not yet, else change it. Raises ``Unavailable``, naming it."""
    limits = stream_limits(max_bytes, replicas=replicas, max_sessions=max_sessions)
    for name, (made, limited) in limits.items():
        answer = server.ask(f"$JS.API.STREAM.INFO.{name}")
        if answer.get("error", {}).get("err_code") == _STREAM_NOT_FOUND:
            answer = server.ask(f"$JS.API.STREAM.CREATE.{name}", {"name": name} | made | limited)
        elif "error" not in answer and not limited.items() <= answer["config"].items():
            answer = server.ask(f"$JS.API.STREAM.UPDATE.{name}", answer["config"] | limited)
        if "error" in answer:
            raise Unavailable(
                f"The broker refused the limit of its stream {name}: {answer['error'].get('description')}"
            )


def stored(server: Loopback) -> Stored:
    """How many messages wait now, how large they are together, and the limit."""
    answer = server.ask(f"$JS.API.STREAM.INFO.{MESSAGES}")
    if "error" in answer:
        raise Unavailable(f"The broker does not tell of its message store: {answer['error'].get('description')}")
    state = answer["state"]
    return Stored(state["messages"], state["bytes"], answer["config"]["max_bytes"])
