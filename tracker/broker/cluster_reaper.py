"""The same look at sessions and connections for a cluster of NATS servers, where each node knows its own clients alone.

Every node is asked who is connected to it; unless all of them answer, nothing is judged, since a session in use at a
silent node would look idle. What a session subscribes to is read from the session's own record: a list of consumers
would ask the leader of each one. Several watches may look at once, one beside each node: each ends what it finds.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tracker.broker.jetstream_limits import MESSAGES, SESSIONS
from tracker.broker.server_api import Answer
from tracker.broker.session_reaper import (
    MESSAGE_SUBJECT,
    SESSION_SUBJECT,
    SessionReaper,
    mqtt_connections,
    serial_of_receipt,
    told,
)
from tracker.broker.sessions import KEPT, Connection, Consumer, Surplus
from tracker.errors import Unavailable

_NODES_ANSWER_SECONDS = 5.0
_CONNECTIONS_AT_ONCE = 10_000
_LOST_SECONDS = 60.0
"""A subscription without a session is one that is just made, or one that nothing can take up again."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What the servers keep of one session: the pump that it subscribes for, its subscriptions, and since when."""

    serial: str | None
    subscriptions: tuple[tuple[str, str], ...]
    saved: str


class ClusterReaper(SessionReaper):
    """``port`` and ``host`` are those of NATS's own protocol at one node; through it all nodes are asked."""

    def __init__(self, port: int, password: str, *, trusted: Iterable[str], host: str = "127.0.0.1") -> None:
        super().__init__(port, password, trusted=trusted, host=host)
        self._cached: dict[str, _Record] = {}
        self._counted: set[str] = set()
        self._lost_since: dict[str, float] = {}

    def reap(self) -> Surplus:
        """As for one server; who makes too many is counted from what is new, since another watch may have ended it."""
        found = super().reap()
        serials = {key: record.serial for key, record in self._cached.items() if record.serial is not None}
        owners = self._owners | serials | self._live
        fresh = Counter(user for key, user in owners.items() if key not in self._counted and user not in self._trusted)
        self._counted = owners.keys() | (self._counted & self._cached.keys())
        return replace(found, by_user={user: made - KEPT for user, made in fresh.items() if made > KEPT})

    def _connections(self) -> list[Connection]:
        found: list[Connection] = []
        offset = 0
        while True:
            body: Answer = {"auth": True, "limit": _CONNECTIONS_AT_ONCE, "offset": offset}
            pages = [told(each)["data"] for each in self._ask_servers("$SYS.REQ.SERVER.PING.CONNZ", body)]
            found += [one for page in pages for one in mqtt_connections(page)]
            offset += _CONNECTIONS_AT_ONCE
            if all(page["total"] <= offset for page in pages):
                return found

    def _ask_servers(self, subject: str, body: Answer) -> list[Answer]:
        """The answer of every node of the cluster. Raises ``Unavailable`` where one is silent."""
        nodes = told(self._server.ask("$SYS.REQ.SERVER.PING.STATSZ"))["statsz"]["active_servers"]
        answers = self._server.ask_many(subject, body, nodes, _NODES_ANSWER_SECONDS)
        if len(answers) < nodes:
            raise Unavailable(f"{len(answers)} of the cluster's {nodes} nodes say who is connected to them")
        return answers

    def _sessions(self) -> tuple[list[Consumer], dict[str, str | None]]:
        known = self._cached
        keys = self._session_keys()
        unread = [key for key in keys if key not in known or known[key].serial is None]
        self._cached = {key: known[key] for key in keys if key in known} | self._read(unread)
        waiting = self._waiting()
        consumers = [
            Consumer(
                name=name,
                key=key,
                subject=f"{MESSAGE_SUBJECT}{subject}",
                serial=serial_of_receipt(subject),
                bound=key in self._live,
                created=record.saved,
                unacknowledged=waiting[subject],
            )
            for key, record in self._cached.items()
            for name, subject in record.subscriptions
        ]
        return consumers, {key: record.serial for key, record in self._cached.items()}

    def _read(self, keys: list[str]) -> dict[str, _Record]:
        requests = [(f"$JS.API.STREAM.MSG.GET.{SESSIONS}", {"last_by_subj": f"{SESSION_SUBJECT}{key}"}) for key in keys]
        answers = zip(keys, self._streams.ask_all(requests), strict=True)
        return {key: _record(answer["message"]) for key, answer in answers if "message" in answer}

    def _waiting(self) -> Counter[str]:
        """How many receipts of each pump some session has not acknowledged, by the topic as the servers write it."""
        body: Answer = {"subjects_filter": f"{MESSAGE_SUBJECT}pumps.*.receipt"}
        subjects = told(self._streams.ask(f"$JS.API.STREAM.INFO.{MESSAGES}", body))["state"].get("subjects") or {}
        return Counter({subject.removeprefix(MESSAGE_SUBJECT): count for subject, count in subjects.items()})

    def _end(self, found: Surplus) -> None:
        again = self._read(sorted(found.keys))  # one that came back meanwhile has subscriptions with other names
        names = {name for record in again.values() for name, _ in record.subscriptions} | set(found.consumers)
        super()._end(Surplus(found.keys, (*sorted(names), *self._lost()), found.connections, found.by_user))

    def _lost(self) -> list[str]:
        """Receipts' subscriptions that no session holds any more; those of the tracker are left alone."""
        now = self._clock()
        since = self._lost_since
        names = [name for name in self._consumer_names() if name.split("_", 1)[0] not in self._cached]
        self._lost_since = {name: since.get(name, now) for name in names}
        old = [name for name in names if now - self._lost_since[name] > _LOST_SECONDS]
        answers = self._streams.ask_all([(f"$JS.API.CONSUMER.INFO.{MESSAGES}.{name}", None) for name in old])
        return [
            name
            for name, answer in zip(old, answers, strict=True)
            if serial_of_receipt(answer.get("config", {}).get("filter_subject", "").removeprefix(MESSAGE_SUBJECT))
        ]

    def _consumer_names(self) -> list[str]:
        found: list[str] = []
        while True:
            page = told(self._streams.ask(f"$JS.API.CONSUMER.NAMES.{MESSAGES}", {"offset": len(found)}))
            names = page["consumers"] or ()
            found += names
            if not names or len(found) >= page["total"]:
                return found


def _record(message: Answer) -> _Record:
    kept = json.loads(base64.b64decode(message.get("data", "")) or b"{}")
    subjects = kept.get("subs") or {}
    serial = next((serial for subject in subjects if (serial := serial_of_receipt(subject))), None)
    made = tuple((each["durable_name"], subject) for subject, each in (kept.get("cons") or {}).items())
    return _Record(serial, made, message["time"])
