"""The open pages that follow the live feed: how many a person may have, and what each has yet to hear.

A person has a bounded number of them in one process, and all together leave room for clicks: where one more comes, the
oldest ends and is told why. Each lasts while the session or token that opened it does, which must have been confirmed
within the last ``UNCONFIRMED_S`` seconds, however busy the stream is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

UNCONFIRMED_S: Final = 4.5  #: an open page that nothing has confirmed for so long ends; the database may be away
LAST_WORD_S: Final = 0.3  #: so long a page may take to read why it ends
_QUEUE = 200
_NAMED = 60

#: what a page hears: the event's name and its data
Event = tuple[str, str]
RELOAD: Final[Event] = ("reload", "")
SIGNED_OUT: Final[Event] = ("signed-out", "")
REPLACED: Final[Event] = ("replaced", "")


@dataclass(frozen=True, slots=True)
class Access:
    """By what a page is open. ``session`` is a digest; of session and token one is given."""

    staff_id: int
    role: str
    clinic_id: int
    session: str = ""
    token_id: int | None = None


@dataclass(eq=False, slots=True)
class Listener:
    """One open page: by whose access, the one pump that it shows (if it shows one), and what it has yet to hear.

    ``cut`` drops its connection. ``confirmed_at`` is in seconds of the monotonic clock. Used in the page's loop alone.
    """

    access: Access
    serial: str | None
    loop: asyncio.AbstractEventLoop
    cut: Callable[[], None] | None = None
    queue: asyncio.Queue[Event] = field(default_factory=lambda: asyncio.Queue(_QUEUE))
    confirmed_at: float = field(default_factory=time.monotonic)
    over: bool = False
    _cutting: asyncio.TimerHandle | None = None

    def hear(self, events: list[Event]) -> None:
        """Of very many pumps at once a page hears only that some changed."""
        if self.over:
            return
        few = len(events) <= _NAMED
        events = [
            event for event in events if event[0] != "pump" or (few if self.serial is None else event[1] == self.serial)
        ]
        if self.queue.qsize() + len(events) > _QUEUE:
            self._forget()
            events = [RELOAD]
        for event in events:
            self.queue.put_nowait(event)

    def confirm(self, at: float) -> None:
        """The access was still good at that second of the monotonic clock."""
        self.confirmed_at = max(self.confirmed_at, at)

    def end(self, last: Event) -> None:
        """The page hears this one event more. One that does not read it loses its connection."""
        if self.over:
            return
        self.over = True
        self._forget()
        self.queue.put_nowait(last)
        if self.cut is not None:
            self._cutting = self.loop.call_later(LAST_WORD_S, self.cut)

    def ended(self) -> None:
        """The stream is at its end: the connection may go on to another request."""
        self.over = True
        if self._cutting is not None:
            self._cutting.cancel()

    def _forget(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()


class Followers:
    """All open pages of this process. ``most`` in all, ``per_person`` of one person."""

    def __init__(self, most: int, per_person: int) -> None:
        self._most = most
        self._per_person = per_person
        self._lock = threading.Lock()
        self._of: dict[int, list[Listener]] = {}

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._of.values()))

    def all(self) -> list[Listener]:
        """Those that are open now."""
        with self._lock:
            return [listener for listeners in self._of.values() for listener in listeners]

    def enter(self, listener: Listener) -> None:
        """One page more. Over a bound the oldest ends: this person's, or of the person with the most."""
        ending: list[Listener] = []
        with self._lock:
            own = self._of.setdefault(listener.access.staff_id, [])
            if len(own) >= self._per_person:
                ending.append(own.pop(0))
            elif sum(map(len, self._of.values())) >= self._most:
                ending.append(max(self._of.values(), key=len).pop(0))
            own.append(listener)
        for one in ending:
            call(one, one.end, REPLACED)

    def leave(self, listener: Listener) -> None:
        """The page is closed."""
        with self._lock:
            own = self._of.get(listener.access.staff_id, [])
            if listener in own:
                own.remove(listener)
            if not own:
                self._of.pop(listener.access.staff_id, None)


def call(listener: Listener, does: Callable[..., None], *words: object) -> bool:
    """Do it in the page's loop, from whatever thread; False where that loop has ended."""
    try:
        listener.loop.call_soon_threadsafe(does, *words)
    except RuntimeError:
        return False
    return True
