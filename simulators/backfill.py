"""Years of a clinic's history through the communicators: store in large groups, send, wait for the receipts."""

import time
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from simulators import saved_state
from simulators.clinic import Clinic
from simulators.fleet import Fleet
from simulators.journal import Journal
from simulators.numbering import Message
from simulators.saved_state import Stand
from simulators.status_messages import Event, Garbage, MemoryLost, Said
from simulators.truth import TruthFile

_GROUP: Final = 2_000
_BACKLOG: Final = 30_000
_TELL_EVERY: Final = 0.25


class Progress(Struct, frozen=True):
    """How a history gets on, in messages: stored and sent, known to be stored by the tracker, and all there will be."""

    sent: int
    receipted: int
    total: int


class NoReceiptsError(RuntimeError):
    """Nothing was receipted for so long that waiting on makes no sense."""


class Filling:
    """One run through a history up to `until`.

    `tell` gets the progress a few times a second; `stopped` is asked often and ends the run at once; the journal stays.
    """

    def __init__(
        self,
        journal: Journal,
        fleet: Fleet,
        truth: TruthFile,
        *,
        tell: Callable[[Progress], None],
        stopped: Callable[[], bool],
        patience_s: float,
    ) -> None:
        self._journal = journal
        self._fleet = fleet
        self._truth = truth
        self._tell = tell
        self._stopped = stopped
        self._patience_s = patience_s
        self._told_at = 0.0
        self._moved_at = time.monotonic()
        self._least_backlog = 0
        self._total = 0

    def run(self, clinic: Clinic, stand: Stand, until: datetime, expected: int) -> Stand | None:
        """Lives on to `until` and gives the new stand, or None when stopped before all was receipted.

        A history that was under way goes on to the end that it had. Raises `NoReceiptsError`.
        """
        if stand.until is None:
            stand = replace(stand, until=until, events=0)
            self._journal.keep(saved_state.notes(stand, clinic))
        end = stand.until or until
        self._total = max(expected, stand.messages)
        events = clinic.history(end)
        for _ in islice(events, stand.events):
            pass
        while group := list(islice(events, _GROUP)):
            stand = self._store(group, stand)
            self._total = max(self._total, stand.messages)
            if not self._drain_to(_BACKLOG, stand):
                return None
        stand = replace(stand, lived_until=end, until=None, events=0)
        self._journal.keep(saved_state.notes(stand, clinic))
        self._total = stand.messages
        return stand if self._drain_to(0, stand) else None

    def _store(self, group: list[Event], stand: Stand) -> Stand:
        """Commits a group with the stand after it. A lost memory ends a commit, since numbers start again after it."""
        said: list[tuple[str, Message]] = []
        for event in group:
            self._truth.write(event)
            stand = replace(stand, events=stand.events + 1)
            if isinstance(event, Said):
                said.append((event.serial, event.message))
                stand = replace(stand, messages=stand.messages + 1)
            elif isinstance(event, MemoryLost):
                self._fleet.say(said, saved_state.notes(stand))
                said = []
                self._fleet.lose_memory(event.serial)
            elif isinstance(event, Garbage):
                self._fleet.communicators[event.serial].publish_raw(event.payload)
        self._fleet.say(said, saved_state.notes(stand))
        return stand

    def _drain_to(self, backlog: int, stand: Stand) -> bool:
        while True:
            self._fleet.turn(0.02 if self._fleet.backlog > backlog else 0.0)
            now = time.monotonic()
            left = self._fleet.backlog
            if left != self._least_backlog:
                self._least_backlog, self._moved_at = left, now
            if now - self._told_at >= _TELL_EVERY or left == 0:
                self._told_at = now
                self._tell(Progress(stand.messages, stand.messages - left, self._total))
            if self._stopped():
                return False
            if left <= backlog:
                return True
            if now - self._moved_at > self._patience_s:
                raise NoReceiptsError(self._why())

    def _why(self) -> str:
        refusals = self._fleet.refusals
        if refusals:
            serial, reason = next(iter(refusals.items()))
            return f"{len(refusals)} communicators are not connected ({serial}: {reason})"
        return (
            f"no receipt came for {self._patience_s:.0f} seconds and {self._fleet.backlog} messages wait: "
            "does the tracker's ingest run?"
        )
