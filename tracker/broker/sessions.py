"""Which sessions and connections at the broker are too many, decided from what stands there.

A session lasts as long as its client wants it to, and each may hold a subscription that costs the server a consumer,
four files and up to 60 KB. One communicator needs one. What goes beyond is ended, so that one sign-in can't fill the
server. Nothing is lost with a session of a pump: its receipt is retained and comes with the next subscription. The
tracker's own sessions hold what waits for ingest, and are never touched while they are the only ones for their topics.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracker.broker.users import NEEDED_CONNECTIONS

KEPT = NEEDED_CONNECTIONS
"""Sessions, and connections, of one pump at a time. A communicator whose network changes leaves half-open ones behind
until their keep-alive has passed; the newest are kept."""

UNUSED_SECONDS = 24 * 3600.0
"""A session without a connection is kept so long for a communicator that comes back."""

SETTLING_SECONDS = 10.0
"""A session that says nothing of its pump may be one that is just signing in."""

UNACKNOWLEDGED_MAX = 256
"""Receipts that a session of a pump may leave unacknowledged: one a second comes at most. Beyond, they would fill the
topic's place in the store until the tracker's own receipts were refused."""

SHUT_OUT_FROM = 100
"""So many surplus sessions and connections within a minute are no accident."""

_HASH_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HASH_LENGTH = 8


def session_key(client_id: str) -> str:
    """The key under which NATS keeps the session of a client id, also the first part of its consumers' names."""
    digest = hashlib.sha256(client_id.encode()).digest()
    return "".join(_HASH_DIGITS[byte % len(_HASH_DIGITS)] for byte in digest[:_HASH_LENGTH])


@dataclass(frozen=True, slots=True)
class Connection:
    """One open MQTT connection: its number at its server, who signed in, and its client id's session.

    ``since`` is when it was opened, where several servers number theirs.
    """

    server: str
    number: int
    username: str
    key: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class Consumer:
    """One QoS 1 subscription. ``serial`` is the pump whose receipt it asks for, None for the tracker's topics."""

    name: str
    key: str
    subject: str
    serial: str | None
    bound: bool
    created: str
    unacknowledged: int


@dataclass(frozen=True, slots=True)
class Surplus:
    """What is to end, and how many of it each user has."""

    keys: frozenset[str] = frozenset()
    consumers: tuple[str, ...] = ()
    connections: tuple[Connection, ...] = ()
    by_user: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys) + len(self.consumers) + len(self.connections)


def surplus(
    connections: Iterable[Connection],
    consumers: Iterable[Consumer],
    records: Mapping[str, str | None],
    idle_seconds: Mapping[str, float],
    allowed: Mapping[str, int],
    trusted: frozenset[str] = frozenset(),
    earlier: Mapping[str, str] | None = None,
) -> Surplus:
    """What goes beyond what the pumps need.

    ``records`` are the sessions that the server keeps, by key, with the pump that they subscribe for, where they do;
    ``idle_seconds`` how long each has been without a connection (absent: it has one); ``allowed`` the connections of a
    user that may have other than ``KEPT``; ``trusted`` users are the tracker's own; ``earlier`` who had a
    session that is not in use, where that is known.
    """
    open_now = sorted(connections, key=lambda one: (one.since, one.number), reverse=True)
    standing = list(consumers)
    owner = {one.key: one.username for one in open_now}
    ours = {one.key for one in open_now if one.username in trusted}
    replaced = _replaced(one for one in standing if one.serial is None)
    ours |= {one.key for one in standing if one.serial is None and one not in replaced}

    many: list[Connection] = []
    seen: Counter[str] = Counter()
    for one in open_now:
        seen[one.username] += 1
        if one.username not in trusted and seen[one.username] > allowed.get(one.username, KEPT):
            many.append(one)

    ending = {one.key for one in many} | {one.key for one in replaced}
    ending |= {one.key for one in standing if one.serial is not None and one.unacknowledged > UNACKNOWLEDGED_MAX}
    serials = dict(records) | {one.key: one.serial for one in standing if one.serial is not None}
    ending |= {key for key, serial in serials.items() if _unused(serial, idle_seconds.get(key))}
    ending |= _too_many(serials, owner, idle_seconds, standing, allowed, ending)
    ending -= ours

    closing = [one for one in open_now if one.key in ending and one.username not in trusted]
    by_user = Counter(owner.get(key) or serials.get(key) or (earlier or {}).get(key) for key in ending)
    return Surplus(
        frozenset(key for key in ending if key in records),
        tuple(one.name for one in standing if one.key in ending),
        tuple(closing),
        {user: count for user, count in by_user.items() if user is not None and user not in trusted},
    )


def _replaced(tracker: Iterable[Consumer]) -> list[Consumer]:
    """Subscriptions of the tracker under an earlier client id: another one, in use, takes the same topics now."""
    standing = list(tracker)
    taken = {one.subject for one in standing if one.bound}
    newest = {one.subject: one.created for one in sorted(standing, key=lambda one: one.created) if one.bound}
    return [one for one in standing if not one.bound and one.subject in taken and one.created < newest[one.subject]]


def _unused(serial: str | None, idle: float | None) -> bool:
    """Whether a session has been without a connection for too long."""
    return idle is not None and idle > (SETTLING_SECONDS if serial is None else UNUSED_SECONDS)


def _too_many(
    serials: Mapping[str, str | None],
    owner: Mapping[str, str],
    idle_seconds: Mapping[str, float],
    standing: list[Consumer],
    allowed: Mapping[str, int],
    ending: set[str],
) -> set[str]:
    """Sessions of a pump beyond those that it may keep: those in use, and the newest, stay."""
    created = {one.key: one.created for one in standing}
    by_pump: dict[str, list[str]] = {}
    for key, serial in serials.items():
        if serial is not None and key not in ending and owner.get(key, serial) not in allowed:
            by_pump.setdefault(serial, []).append(key)
    found: set[str] = set()
    for keys in by_pump.values():
        if len(keys) > KEPT:
            keys.sort(key=lambda key: created.get(key, ""), reverse=True)
            keys.sort(key=lambda key: idle_seconds.get(key, -1.0))
            found |= set(keys[KEPT:])
    return found
