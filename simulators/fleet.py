"""Thousands of communicators in one process on one thread.

One selector watches every connection; a turn of the loop reads what came, sends what the windows allow, and writes
what is queued. New connections are begun a few hundred at a time, so that a broker is not stormed.
"""

import resource
import selectors
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import paho.mqtt.client as mqtt

from simulators.communicator import Communicator, Pace
from simulators.journal import Journal, Stored
from simulators.numbering import Message

_CONNECTING_AT_ONCE: Final = 200
_CHECK_EVERY: Final = 1.0
_SETTLE_EVERY: Final = 0.5
_FAREWELL_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What a communicator signs in with."""

    serial: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the fleet connects to."""

    host: str
    port: int


class Fleet:
    """The communicators of many pumps over one journal.

    `say` stores messages; `turn` does a slice of the network's work and returns. Nothing here starts a thread.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        credentials: Iterable[Credential],
        pace: Pace,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._monotonic = monotonic
        self._selector = selectors.DefaultSelector()
        self._to_write: dict[Communicator, None] = {}
        self._watched_for_write: set[Communicator] = set()
        self._offline: dict[Communicator, None] = {}
        self._eager: dict[Communicator, None] = {}
        self._check_at = 0.0
        self._settle_at = 0.0
        self.communicators: dict[str, Communicator] = {}
        for credential in credentials:
            self._add(credential, pace, clock)
        _allow_open_files(len(self.communicators) + 100)

    def _add(self, credential: Credential, pace: Pace, clock: Callable[[], datetime]) -> None:
        each = Communicator(
            credential.serial,
            credential.password,
            self._journal,
            pace,
            wake=self._wake,
            monotonic=self._monotonic,
            clock=clock,
            username=credential.username,
        )

        def opened(_link: mqtt.Client, _data: Any, sock: Any) -> None:
            self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, each)
            self._watched_for_write.add(each)

        def closed(_link: mqtt.Client, _data: Any, sock: Any) -> None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(sock)
            self._watched_for_write.discard(each)
            self._offline[each] = None

        def has_bytes(_link: mqtt.Client, _data: Any, _sock: Any) -> None:
            self._to_write[each] = None

        each.link.on_socket_open = opened
        each.link.on_socket_close = closed
        each.link.on_socket_register_write = has_bytes
        self._offline[each] = None
        self.communicators[each.serial] = each

    @property
    def backlog(self) -> int:
        """Messages stored that no receipt covers yet."""
        return self._journal.stored

    @property
    def published(self) -> int:
        """Messages published since the start, repetitions included."""
        return sum(each.published for each in self.communicators.values())

    @property
    def connected(self) -> int:
        """Communicators that are signed in and listen to their receipts."""
        return sum(each.ready for each in self.communicators.values())

    @property
    def refusals(self) -> dict[str, str]:
        """Why communicators are not connected, by serial, as the broker or the network put it."""
        return {serial: each.refused for serial, each in self.communicators.items() if each.refused}

    def say(self, said: Sequence[tuple[str, Message]], notes: Mapping[str, bytes] | None = None) -> list[Stored]:
        """Stores the messages in one commit and lets their communicators send them."""
        stored = self._journal.append(said, notes)
        for serial, _message in said:
            self._eager[self.communicators[serial]] = None
        return [each for _serial, each in stored]

    def lose_memory(self, serial: str) -> None:
        """This communicator forgets its count and begins a new epoch."""
        self._journal.lose_memory(serial)

    def cut(self, serial: str, until: float) -> None:
        """Breaks this communicator's connection, as a pulled plug would, until a moment of the monotonic clock."""
        self.communicators[serial].cut(until)

    def turn(self, timeout: float) -> None:
        """One slice of work; waits up to `timeout` seconds when there is nothing to do."""
        now = self._monotonic()
        self._connect_some(now)
        for each in tuple(self._eager):
            if not each.send_more(now):
                del self._eager[each]
        self._move_bytes(timeout)
        if now >= self._check_at:
            self._check_at = now + _CHECK_EVERY
            for each in self.communicators.values():
                each.check(now)
        if now >= self._settle_at:
            self._settle_at = now + _SETTLE_EVERY
            self._journal.settle()

    def run_until(self, done: Callable[[], bool], deadline: float, timeout: float = 0.05) -> bool:
        """Turns until `done` or the monotonic deadline; returns whether it was done."""
        while not done():
            if self._monotonic() >= deadline:
                return False
            self.turn(timeout)
        return True

    def leave(self) -> None:
        """Signs every communicator off, within a second. The journal stays as it is, for the next start."""
        for each in self.communicators.values():
            each.say_farewell()
        deadline = self._monotonic() + _FAREWELL_S
        while self._monotonic() < deadline and any(
            each.ready and each.link.unacknowledged for each in self.communicators.values()
        ):
            self._move_bytes(0.02)
        for each in self.communicators.values():
            each.leave()
        self._selector.close()
        self._journal.settle()

    def _move_bytes(self, timeout: float) -> None:
        """Writes what is queued and reads what came."""
        self._write()
        for key, events in self._selector.select(timeout):
            communicator: Communicator = key.data
            if events & selectors.EVENT_WRITE:
                self._to_write[communicator] = None
            if events & selectors.EVENT_READ:
                communicator.link.read_all()
        self._write()

    def _connect_some(self, now: float) -> None:
        if not self._offline:
            return
        room = _CONNECTING_AT_ONCE - sum(each.connecting_since is not None for each in self.communicators.values())
        due = [each for each in self._offline if each.connect_at <= now][: max(room, 0)]
        for each in due:
            del self._offline[each]
            each.connect(self._broker.host, self._broker.port)
            if each.link.socket() is None:
                self._offline[each] = None

    def _wake(self, communicator: Communicator) -> None:
        self._eager[communicator] = None

    def _write(self) -> None:
        if not self._to_write:
            return
        waiting, self._to_write = self._to_write, {}
        for each in waiting:
            each.link.flush()
            unsent = each.link.unsent
            sock = each.link.socket()
            if sock is not None and unsent != (each in self._watched_for_write):
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
                self._selector.modify(sock, events, each)
                (self._watched_for_write.add if unsent else self._watched_for_write.discard)(each)


def _allow_open_files(wanted: int) -> None:
    """Raises this process's own limit of open files as far as the machine lets it; each connection takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))
