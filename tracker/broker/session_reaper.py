"""Looks at the broker's sessions and connections every few seconds and ends those that are too many."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import structlog

from tracker.broker.jetstream_limits import MESSAGES, SESSIONS
from tracker.broker.server_api import Answer, Loopback
from tracker.broker.sessions import Connection, Consumer, Surplus, session_key, surplus
from tracker.broker.users import CONTROL_USERNAME, SYSTEM_USERNAME
from tracker.errors import Unavailable

LOOK_SECONDS = 1.0
"""How often it asks how many sessions there are; a full look follows when they have grown, or from time to time."""

_FULL_LOOK_SECONDS = 10.0
_NEXT_LOOK_SECONDS = 2.0  # after one that found something to end
_LONGEST_SECONDS = 60.0
_GROWN_BY = 50
_SHARE_OF_TIME = 20  # a full look that took a second is not repeated before twenty have passed, unless they grow
_SUBJECTS_AT_ONCE = 100_000
_CONNECTIONS_AT_ONCE = 100_000
_CLOSED = 1  # the server's number for connections that have ended
_NOT_LET_IN = "Authentication"  # so begins the server's reason; the user is then only who was named
_CLOSED_AT_ONCE = 10_000  # more the server does not remember

SESSION_SUBJECT = "$MQTT.sess."
MESSAGE_SUBJECT = "$MQTT.msgs."

_log = structlog.get_logger("tracker.broker")


class SessionReaper:
    """Owns two connections to the server: one for its streams, one for its open connections.

    ``allowed`` are users that may have any number of connections up to the one named; ``trusted`` the tracker's own.
    Raises ``Unavailable`` from every method when the server is away.
    """

    def __init__(
        self,
        port: int,
        password: str,
        *,
        trusted: Iterable[str],
        allowed: Callable[[], Mapping[str, int]] = dict,
        host: str = "127.0.0.1",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusted = frozenset(trusted)
        self._allowed = allowed
        self._clock = clock
        self._ending = ExitStack()
        self._streams = self._ending.enter_context(Loopback(port, CONTROL_USERNAME, password, host))
        self._server = self._ending.enter_context(Loopback(port, SYSTEM_USERNAME, password, host))
        self._serials: dict[str, str | None] = {}
        self._live: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._idle_since: dict[str, float] = {}
        self._next_at = float("-inf")
        self._standing = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def look(self) -> Surplus:
        """End what is too many, if it is time for a full look; return what was ended."""
        now = self._clock()
        if now < self._next_at and self._count() < self._standing + _GROWN_BY:
            return Surplus()
        found = self.reap()
        ended = self._clock()
        pause = min(max(_FULL_LOOK_SECONDS, (ended - now) * _SHARE_OF_TIME), _LONGEST_SECONDS)
        self._next_at = ended + (_NEXT_LOOK_SECONDS if len(found) else pause)
        self._standing = self._count()
        return found

    def reap(self) -> Surplus:
        """Look at all, end what is too many, and return it."""
        now = self._clock()
        connections = self._connections()
        self._live = {one.key: one.username for one in connections}
        consumers, records = self._sessions()
        standing = records.keys() | {one.key for one in consumers}
        self._idle_since = {key: self._idle_since.get(key, now) for key in standing - self._live.keys()}
        idle = {key: now - since for key, since in self._idle_since.items()}
        earlier = self._earlier_owners({key for key in idle if records.get(key) is None})
        found = surplus(connections, consumers, records, idle, self._allowed(), self._trusted, earlier)
        self._end(found)
        if len(found):
            _log.warning(
                "ended sessions at the broker beyond what a pump needs",
                sessions=len(found.keys),
                connections=len(found.connections),
                users=dict(sorted(found.by_user.items(), key=lambda each: -each[1])[:5]),
            )
        return found

    def _count(self) -> int:
        """Sessions and subscriptions that stand now."""
        answers = self._streams.ask_all([(f"$JS.API.STREAM.INFO.{name}", None) for name in (SESSIONS, MESSAGES)])
        sessions, messages = (told(each)["state"] for each in answers)
        return int(sessions["messages"]) + int(messages["consumer_count"])

    def _connections(self) -> list[Connection]:
        body: Answer = {"auth": True, "limit": _CONNECTIONS_AT_ONCE}
        answers = self._ask_servers("$SYS.REQ.SERVER.PING.CONNZ", body)
        return [one for answer in answers for one in mqtt_connections(told(answer)["data"])]

    def _earlier_owners(self, keys: set[str]) -> dict[str, str]:
        """Who had these sessions, which say nothing of a pump: the servers remember their last closed connections."""
        unknown = len(keys - self._owners.keys())
        if unknown >= _GROWN_BY:
            body: Answer = {"auth": True, "state": _CLOSED, "limit": _CLOSED_AT_ONCE, "sort": "stop"}
            for answer in self._ask_servers("$SYS.REQ.SERVER.PING.CONNZ", body):
                self._owners |= {one.key: one.username for one in mqtt_connections(told(answer)["data"])}
        self._owners = {key: user for key, user in self._owners.items() if key in keys}
        return self._owners

    def _ask_servers(self, subject: str, body: Answer) -> list[Answer]:
        return [self._server.ask(subject, body)]

    def _sessions(self) -> tuple[list[Consumer], dict[str, str | None]]:
        """The subscriptions, and the sessions that the server keeps with the pump that each subscribes for."""
        return self._consumers(), self._records()

    def _consumers(self) -> list[Consumer]:
        found: list[Consumer] = []
        while True:
            answer = told(self._streams.ask(f"$JS.API.CONSUMER.LIST.{MESSAGES}", {"offset": len(found)}))
            page = answer["consumers"] or ()
            found += [_consumer(each) for each in page]
            if not page or len(found) >= answer["total"]:
                return found

    def _records(self) -> dict[str, str | None]:
        """The sessions that the server keeps, each with the pump that it subscribes for; each is read once."""
        keys = self._session_keys()
        unread = [key for key in keys if self._serials.get(key) is None]
        requests = [
            (f"$JS.API.STREAM.MSG.GET.{SESSIONS}", {"last_by_subj": f"{SESSION_SUBJECT}{key}"}) for key in unread
        ]
        read = zip(unread, self._streams.ask_all(requests), strict=True)
        self._serials = {key: self._serials.get(key) for key in keys}
        self._serials |= {key: _serial_of_record(answer) for key, answer in read}
        return dict(self._serials)

    def _session_keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            body: Answer = {"subjects_filter": ">", "offset": len(keys)}
            state = told(self._streams.ask(f"$JS.API.STREAM.INFO.{SESSIONS}", body))["state"]
            page = state.get("subjects") or {}
            keys += [subject.removeprefix(SESSION_SUBJECT) for subject in page]
            if len(page) < _SUBJECTS_AT_ONCE:
                return keys

    def _end(self, found: Surplus) -> None:
        kicks: list[tuple[str, Answer | None]] = [
            (f"$SYS.REQ.SERVER.{one.server}.KICK", {"cid": one.number}) for one in found.connections
        ]
        self._server.ask_all(kicks)
        self._streams.ask_all([(f"$JS.API.CONSUMER.DELETE.{MESSAGES}.{name}", None) for name in found.consumers])
        self._streams.ask_all(
            [(f"$JS.API.STREAM.PURGE.{SESSIONS}", {"filter": f"{SESSION_SUBJECT}{key}"}) for key in found.keys]
        )


def told(answer: Answer) -> Answer:
    """The answer, unless it names an error. Raises ``Unavailable`` with what it names."""
    if "error" in answer:
        raise Unavailable(f"The broker does not tell of its sessions: {answer['error'].get('description')}")
    return answer


def mqtt_connections(page: Answer) -> list[Connection]:
    """The MQTT clients among the connections that one server lists, of those whom it let in."""
    return [
        Connection(
            page["server_id"],
            each["cid"],
            each.get("authorized_user", ""),
            session_key(client_id),
            each["start"].removesuffix("Z"),
        )
        for each in page["connections"] or ()
        if (client_id := each.get("mqtt_client")) and not each.get("reason", "").startswith(_NOT_LET_IN)
    ]


def _consumer(info: dict[str, Any]) -> Consumer:
    subject: str = info["config"].get("filter_subject", "")
    return Consumer(
        name=info["name"],
        key=info["name"].split("_", 1)[0],
        subject=subject,
        serial=serial_of_receipt(subject.removeprefix(MESSAGE_SUBJECT)),
        bound=info.get("push_bound", False),
        created=info["created"],
        unacknowledged=info["num_pending"] + info["num_ack_pending"],
    )


def _serial_of_record(answer: Answer) -> str | None:
    """The pump that a session subscribes for; None where it does not, or is gone meanwhile."""
    if "message" not in answer:
        return None
    record = json.loads(base64.b64decode(answer["message"].get("data", "")) or b"{}")
    return next((serial for subject in record.get("subs") or () if (serial := serial_of_receipt(subject))), None)


def serial_of_receipt(subject: str) -> str | None:
    """The pump of ``pumps.SERIAL.receipt``, as the server writes it; None for any other subject."""
    words = subject.split(".")
    if len(words) != 3 or words[0] != "pumps" or words[2] != "receipt":
        return None
    return words[1].replace("//", ".")
