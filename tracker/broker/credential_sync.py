"""Carries every change of the communicators' credentials from the records to the running broker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Self

import structlog

from tracker.broker.users import BrokerUser

POLL_SECONDS = 0.25

_log = structlog.get_logger("tracker.broker")


class CredentialWatcher:
    """Asks ``version()`` a few times a second and, when it has risen, hands ``users()`` to ``apply``.

    ``version`` is the number of the newest change, ``users`` all who may sign in, ``apply`` makes the broker work by
    it (``EmbeddedBroker.set_users``), and ``applied`` is told the version from which the broker then works, so that
    whoever enrolled a pump can wait for it. The version is read before the users: what comes in between is in the
    users already and is carried over once more, which changes nothing. A fault (a database that is away, a broker
    that starts again) is written to the log once and tried again at the next poll.
    """

    def __init__(
        self,
        version: Callable[[], int],
        users: Callable[[], Iterable[BrokerUser]],
        apply: Callable[[Iterable[BrokerUser]], None],
        applied: Callable[[int], None],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._version = version
        self._users = users
        self._apply = apply
        self._applied = applied
        self._poll_seconds = poll_seconds
        self._done: int | None = None
        self._faulty = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="broker-credentials", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; the first look carries over whatever is recorded now."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the change in hand."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> bool:
        """Look once; whether something was carried over."""
        newest = self._version()
        if newest == self._done:
            return False
        self._apply(self._users())
        self._applied(newest)
        self._done = newest
        return True

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
                self._faulty = False
            except Exception as fault:  # noqa: BLE001 - whatever fails here must not end the watch
                if not self._faulty:
                    _log.warning("credentials were not carried to the broker; trying again", because=str(fault))
                self._faulty = True
            self._stopping.wait(self._poll_seconds)
