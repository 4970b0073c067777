"""Receipts tell each communicator what is stored. They are published only after the commit that they cover.

At most one a second for a pump, and the next only when the broker has confirmed the last: a broker that works off a
backlog answers late, and what it has not taken yet must not pile up. What comes in between waits and is never dropped.
A receipt always speaks of the newest marks of its epoch, so several commits need only one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from devices import topics, wire
from devices.report import Receipt
from tracker.records.delivery_ranges import Marks

_APART: Final = 1.0  # seconds between two receipts of a pump

Publish = Callable[[str, bytes, tuple[str, int]], bool]
"""Hands topic, payload and the note (serial, epoch) to the broker's connection; False when it can't be sent now."""


class Receipts:
    """The receipts that are due. Times are of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[int, Marks]] = {}
        self._turns: list[tuple[float, str]] = []
        self._sent: dict[str, float] = {}
        self._unconfirmed: dict[tuple[str, int], Marks] = {}
        self._held: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, committed: Iterable[tuple[str, int, Marks]], now: float) -> None:
        """These marks, each (serial, epoch, marks), are committed."""
        for serial, epoch, marks in committed:
            epochs = self._waiting.get(serial)
            if epochs is None:
                self._waiting[serial] = {epoch: marks}
                heapq.heappush(self._turns, (max(now, self._sent.get(serial, 0.0) + _APART), serial))
            else:
                epochs[epoch] = marks

    def next_turn(self) -> float | None:
        """When the next receipt may go out; None when none waits."""
        return self._turns[0][0] if self._turns else None

    def send_due(self, publish: Publish, now: float, at: datetime, *, all_now: bool = False) -> int:
        """Give out what is due, one receipt a pump, and return how many. ``all_now`` ignores the turns: at the end."""
        sent = 0
        if all_now:
            self._release()
        while self._turns and (all_now or self._turns[0][0] <= now):
            _, serial = self._turns[0]
            epochs = self._waiting[serial]
            epoch = min(epochs)
            if (serial, epoch) in self._unconfirmed and not all_now:
                heapq.heappop(self._turns)
                self._held.add(serial)
                continue
            marks = epochs[epoch]
            contiguous, missing = marks.receipt()
            payload = wire.encode_receipt(Receipt(epoch, contiguous, missing, at))
            if not publish(topics.receipt(serial), payload, (serial, epoch)):
                break
            heapq.heappop(self._turns)
            self._sent.pop(serial, None)
            self._sent[serial] = now
            self._unconfirmed[serial, epoch] = marks
            del epochs[epoch]
            if epochs:
                heapq.heappush(self._turns, (now + _APART, serial))
            else:
                del self._waiting[serial]
            sent += 1
        self._forget(now)
        return sent

    def confirm(self, note: tuple[str, int]) -> None:
        """The broker has that receipt; one that waited for this is due."""
        self._unconfirmed.pop(note, None)
        if note[0] in self._held:
            self._held.discard(note[0])
            heapq.heappush(self._turns, (0.0, note[0]))

    def connection_lost(self, now: float) -> None:
        """What the broker has not confirmed is due again."""
        lost = [(serial, epoch, marks) for (serial, epoch), marks in self._unconfirmed.items()]
        self._unconfirmed.clear()
        self._release()
        newer = [each for each in lost if each[1] not in self._waiting.get(each[0], {})]
        self.note(newer, now)

    def _release(self) -> None:
        for serial in self._held:
            heapq.heappush(self._turns, (0.0, serial))
        self._held.clear()

    def _forget(self, now: float) -> None:
        """Drop the times that no longer delay a receipt; they are in the order of sending."""
        while self._sent:
            serial = next(iter(self._sent))
            if self._sent[serial] + _APART > now:
                return
            del self._sent[serial]
