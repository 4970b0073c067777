"""A communicator: the bedside box that sends what its pump says, and forgets nothing until the tracker has it.

Store and forward: messages wait on disk (`journal`), go out over MQTT (`link`) within a bounded window, and leave the
disk when a receipt covers them. Receipts are the one thing it listens to; nothing it reads can reach the pump.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt

from devices import topics
from devices.report import Presence, Receipt
from devices.wire import WireError, decode_receipt, encode_presence
from simulators.journal import Journal, Stored
from simulators.link import Link


@dataclass(frozen=True, slots=True)
class Pace:
    """How eagerly a communicator sends; seconds unless named otherwise."""

    window: int = 200
    """Messages sent that no receipt covers yet, at most."""
    in_flight: int = 100
    """Messages that the broker has not acknowledged yet, at most."""
    receipt_timeout: float = 30.0
    """Without any receipt for so long, what is uncovered is sent again; doubles up to `receipt_timeout_max`."""
    receipt_timeout_max: float = 600.0
    missing_gap: float = 2.0
    """A message that a receipt calls missing, and that was overtaken, is sent again no sooner than this."""
    memory_grace: float = 1.0
    """How long a memory without any receipt waits for the retained one that may say it is younger than its pump."""
    backoff: float = 1.0
    backoff_max: float = 60.0
    connect_timeout: float = 20.0
    keepalive: int = 60


BULK = Pace(window=3000, in_flight=500)
"""For years of history at once: receipts come about once a second, so a thousand messages travel between two."""


class _Sent(NamedTuple):
    at: float
    order: int
    session: bool


class Communicator:
    """Speaks for one pump: signs in as its serial and publishes below its own topics only.

    `covered`, `published` and `ignored` count since the start; where `latencies` is a list, it gets the seconds from
    each publish to its receipt. `wake` is called with it when it has something to send; `monotonic` and `clock` are the
    process's clocks.
    """

    def __init__(
        self,
        serial: str,
        password: str,
        journal: Journal,
        pace: Pace,
        *,
        wake: Callable[["Communicator"], None],
        monotonic: Callable[[], float],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        username: str | None = None,
    ) -> None:
        self.serial = serial
        self.pace = pace
        self.ready = False
        self.refused = ""
        self.covered = 0
        self.published = 0
        self.ignored = 0
        self.latencies: list[float] | None = None
        self.connect_at = 0.0
        self.connecting_since: float | None = None
        self._journal = journal
        self._wake = wake
        self._monotonic = monotonic
        self._clock = clock
        self._rng = random.Random(serial)
        self._cursor = (0, 0)
        self._awaiting: dict[int, _Sent] = {}
        self._order = 0
        self._reached = {False: 0, True: 0}
        self._hold_until = 0.0
        self._progress_at = 0.0
        self._timeout = pace.receipt_timeout
        self._backoff = pace.backoff
        self._telemetry = topics.telemetry(serial)
        self._session = topics.session(serial)
        self._telemetry_bytes = self._telemetry.encode()
        self._session_bytes = self._session.encode()
        self._presence = topics.presence(serial)
        self._receipt = topics.receipt(serial)
        self.link = Link(serial)
        self.link.username_pw_set(username or serial, password)
        self.link.on_connect = self._on_connect
        self.link.on_subscribe = self._on_subscribe
        self.link.on_disconnect = self._on_disconnect
        self.link.on_message = self._on_message

    def connect(self, host: str, port: int) -> None:
        """Begins a connection; a failure waits for its next turn (`connect_at`)."""
        self.connecting_since = self._monotonic()
        self.link.drop_out_messages()
        self.link.will_set(self._presence, encode_presence(Presence(online=False, at=self._clock())), 1, retain=True)
        self.link.connect_async(host, port, self.pace.keepalive)
        try:
            self.link.reconnect()
        except OSError as fault:
            self.refused = f"{host}:{port}: {fault.strerror or fault}"
            self._lost()

    def send_more(self, now: float) -> bool:
        """Publishes stored messages, oldest first, as far as the windows allow; returns whether to ask again soon."""
        if not self.ready:
            return False
        if now < self._hold_until:
            return True
        room = min(self.pace.window - len(self._awaiting), self.pace.in_flight - self.link.unacknowledged)
        if room <= 0:
            return len(self._awaiting) < self.pace.window
        rows = self._journal.after(self.serial, *self._cursor, room)
        if rows and self._awaiting and rows[0].epoch != self._cursor[0]:
            return False  # an epoch is finished, receipts and all, before the next one begins
        if not self._awaiting:
            self._progress_at = now
        for row in rows:
            self._publish(row, now)
        if rows:
            self._cursor = (rows[-1].epoch, rows[-1].seq)
        return len(rows) == room

    def check(self, now: float) -> None:
        """Once a second or so: gives up a connection that does not come about; sends again what no receipt covers."""
        if self.connecting_since is not None and now - self.connecting_since > self.pace.connect_timeout:
            self.refused = "no answer from the broker"
            self.link.drop()
            self._lost()
        elif self.ready and self._awaiting and now - self._progress_at > self._timeout:
            self._timeout = min(2 * self._timeout, self.pace.receipt_timeout_max)
            self._start_over()
        self.link.loop_misc()

    def publish_raw(self, payload: bytes, *, session: bool = False) -> None:
        """Publishes bytes as they are, outside the count and without storing them: garbage, or a repetition."""
        if self.ready:
            self.link.publish(self._session if session else self._telemetry, payload, 1)

    def cut(self, until: float) -> None:
        """Loses the connection as a pulled plug would, with no farewell, and stays away until that monotonic moment."""
        self.link.drop()
        self._lost()
        self.connect_at = until

    def say_farewell(self) -> None:
        """Publishes that it is going."""
        if self.ready:
            self.link.publish(self._presence, encode_presence(Presence(online=False, at=self._clock())), 1, retain=True)

    def leave(self) -> None:
        """Disconnects in order. What is stored waits for the next start."""
        if self.ready:
            self.link.disconnect()
            self.link.flush()
        self.link.drop()
        self.ready = False

    def _publish(self, row: Stored, now: float) -> None:
        self.link.publish_stored(self._session_bytes if row.session else self._telemetry_bytes, row.payload)
        self._order += 1
        self._awaiting[row.seq] = _Sent(now, self._order, bool(row.session))
        self.published += 1

    def _start_over(self) -> None:
        self._cursor = (0, 0)
        self._awaiting.clear()
        self._wake(self)

    def _lost(self) -> None:
        self.ready = False
        self.connecting_since = None
        self.connect_at = self._monotonic() + self._backoff * self._rng.uniform(0.5, 1.0)
        self._backoff = min(2 * self._backoff, self.pace.backoff_max)
        self._start_over()

    def _on_connect(self, _link: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self.refused = str(code)
            return
        self.refused = ""
        self.link.subscribe(self._receipt, 0)
        self.link.publish(self._presence, encode_presence(Presence(online=True, at=self._clock())), 1, retain=True)

    def _on_subscribe(self, _link: mqtt.Client, _data: Any, _mid: int, codes: list[Any], _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self.refused = f"the broker refuses to let {self.serial} read {self._receipt}"
        self.ready = True
        self.connecting_since = None
        self._backoff = self.pace.backoff
        now = self._monotonic()
        known = self._journal.has_had_a_receipt(self.serial)
        self._hold_until = now if known else now + self.pace.memory_grace
        self._progress_at = now
        self._wake(self)

    def _on_disconnect(self, _link: mqtt.Client, _data: Any, _flags: Any, _code: Any, _properties: Any) -> None:
        self._lost()

    def _on_message(self, _link: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic != self._receipt:
            self.ignored += 1
            return
        try:
            receipt = decode_receipt(bytes(message.payload))
        except WireError:
            self.ignored += 1
            return
        self._take(receipt)

    def _take(self, receipt: Receipt) -> None:
        epoch, seq = self._journal.mark(self.serial)
        last = max([receipt.contiguous, *(last for _first, last in receipt.missing)])
        if receipt.epoch > epoch or (receipt.epoch == epoch and last > seq):
            self._journal.move_to_epoch(self.serial, receipt.epoch + 1)
            self._start_over()
            return
        if receipt.epoch != self._cursor[0]:
            self._take_unsent(receipt)
            return
        now = self._monotonic()
        missing = {seq for first, last in receipt.missing for seq in range(first, last + 1)}
        reached = takewhile(lambda seq: seq <= receipt.contiguous, self._awaiting)
        covered = [seq for seq in reached if seq not in missing]
        for seq in covered:
            sent = self._awaiting.pop(seq)
            self._reached[sent.session] = max(self._reached[sent.session], sent.order)
            if self.latencies is not None:
                self.latencies.append(now - sent.at)
        self._journal.cover(self.serial, receipt.epoch, covered_ranges(receipt))
        if covered:
            self.covered += len(covered)
            self._progress_at = now
            self._timeout = self.pace.receipt_timeout
            self._wake(self)
        self._send_again(receipt.epoch, missing, now)

    def _take_unsent(self, receipt: Receipt) -> None:
        """A receipt for messages of an earlier connection, whose sending has not begun again: they need not be sent."""
        self._journal.cover(self.serial, receipt.epoch, covered_ranges(receipt))
        if receipt.missing:
            self._journal.settle()
        elif self._cursor == (0, 0) and self._journal.oldest_epoch(self.serial) == receipt.epoch:
            self._cursor = (receipt.epoch, receipt.contiguous)

    def _send_again(self, epoch: int, missing: set[int], now: float) -> None:
        """Sends what was overtaken: a later message of the same topic arrived, so this one is not merely on its way."""
        for seq in sorted(missing):
            sent = self._awaiting.get(seq)
            if sent is None or sent.order > self._reached[sent.session] or now - sent.at < self.pace.missing_gap:
                continue
            if self.link.unacknowledged >= self.pace.in_flight:
                return
            for row in self._journal.within(self.serial, epoch, seq, seq):
                self._publish(row, now)


def covered_ranges(receipt: Receipt) -> list[tuple[int, int]]:
    """The closed ranges of seq that a receipt says are committed: all up to `contiguous` save the missing."""
    ranges = []
    start = 1
    for first, last in sorted(receipt.missing):
        if first > start:
            ranges.append((start, min(first - 1, receipt.contiguous)))
        start = max(start, last + 1)
    if start <= receipt.contiguous:
        ranges.append((start, receipt.contiguous))
    return ranges
