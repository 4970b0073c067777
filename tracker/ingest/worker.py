"""Ingest loop: read a batch, commit, acknowledge, publish receipts; reconnect when the broker or the database is lost.

One thread does it all in turn. Nothing is acknowledged before its commit, so a stop at any point loses nothing. While
the database is away the broker's connection is given up too: messages wait in the broker and on the communicators'
disks, not in this process's memory.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from tracker.ingest import metrics
from tracker.ingest.batch_writer import DatabaseDown, Ledger
from tracker.ingest.fair_share import next_batch
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.receipts import Receipts
from tracker.ingest.subscriber import Subscriber
from tracker.ingest.worker_lease import BEAT_SECONDS, Claim
from tracker.records.job import SUBSCRIBED

_log = structlog.get_logger("tracker.ingest")
_LINGER_SECONDS: Final = 0.025
_WORTH_COMMITTING: Final = 16  # messages that no receiver waits for
_IDLE_SECONDS: Final = 0.25
_PAUSES: Final = (0.2, 0.5, 1.0, 1.5)  # between attempts to reach an end that is down
_WAITING_BYTES: Final = 16 * 1024**2  # so much of payloads waits in memory, and one reading more
_ANSWER_SECONDS: Final = 15.0
_LOSS_SECONDS: Final = 0.4
_LOSS_SECONDS_MAX: Final = 4.0
_SETTLED_SECONDS: Final = 10.0  # a connection that held so long was no quarrel over the client id


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int


class Worker:
    """One ingest worker: the owner of a subscriber, a ledger and the receipts between them."""

    def __init__(
        self, broker: Broker, subscriber: Subscriber, ledger: Ledger, claim: Claim, batch: int, stop: threading.Event
    ) -> None:
        self._broker = broker
        self._subscriber = subscriber
        self._ledger = ledger
        self._claim = claim
        self._batch = batch
        self._stop = stop
        self._receipts = Receipts()
        self._beat_at = 0.0
        self._failures = 0
        self._losses = 0
        self._signed_in_at = 0.0
        self._granted = False
        self._grant_by = 0.0
        self._word = "starting"
        self._committed = 0
        subscriber.confirmed = self._receipts.confirm

    def run(self) -> None:
        """Work until ``stop`` is set; then leave with everything committed acknowledged and receipted."""
        try:
            while not self._stop.is_set():
                try:
                    if self._database_there() and self._broker_there():
                        self._turn()
                except DatabaseDown as fault:
                    self._database_lost(fault)
        finally:
            self._leave()

    def _turn(self) -> None:
        """One batch from the socket to the receipts, or a short wait."""
        subscriber = self._subscriber
        arrivals, connection = self._gather()
        if arrivals:
            self._commit(arrivals, connection)
            self._grant_by = time.monotonic() + _ANSWER_SECONDS
        elif not subscriber.connected:
            return
        now = time.monotonic()
        sent = self._receipts.send_due(subscriber.publish_retained, now, datetime.now(UTC))
        if arrivals or sent:
            metrics.receipts(sent, len(self._receipts))
        subscriber.flush()
        if now - self._beat_at > BEAT_SECONDS:
            subscriber.loop_misc()
            self._say_alive(now)

    def _gather(self) -> tuple[list[Arrival], int]:
        """Up to a batch of messages: all that are there, and a moment longer while they are few."""
        subscriber = self._subscriber
        if not subscriber.inbox:
            turn = self._receipts.next_turn()
            wait = _IDLE_SECONDS if turn is None else min(_IDLE_SECONDS, max(0.0, turn - time.monotonic()))
            subscriber.wait(wait)
            subscriber.read(self._batch)
            linger_until = time.monotonic() + _LINGER_SECONDS
            while 0 < len(subscriber.inbox) < _WORTH_COMMITTING and subscriber.connected:
                left = linger_until - time.monotonic()
                if left <= 0:
                    break
                subscriber.wait(left)
                subscriber.read(self._batch)
        elif len(subscriber.inbox) < 2 * self._batch and subscriber.inbox_bytes < _WAITING_BYTES:
            subscriber.read(2 * self._batch)  # those of whom little waits are found behind those of whom much does
        metrics.queue(len(subscriber.inbox))
        arrivals, subscriber.inbox = next_batch(subscriber.inbox, self._batch)
        return arrivals, subscriber.connection

    def _commit(self, arrivals: list[Arrival], connection: int) -> None:
        """Commit, then acknowledge; a broker that was lost meanwhile sends all of it again."""
        began, now = time.monotonic(), datetime.now(UTC)
        done = self._ledger.write(arrivals, now)
        ended = time.monotonic()
        self._subscriber.acknowledge(connection, [arrival.mid for arrival in arrivals if arrival.mid])
        self._receipts.note(done.receipts, ended)
        self._committed += len(arrivals)
        lag = (datetime.now(UTC) - done.newest).total_seconds() if done.newest else None
        metrics.committed(done, len(arrivals), ended - began, lag)

    def _database_there(self) -> bool:
        """Whether the writer is connected; where it is being waited for, False after a pause."""
        try:
            self._ledger.connection()
        except DatabaseDown as fault:
            self._database_lost(fault)
            return False
        return True

    def _database_lost(self, fault: DatabaseDown) -> None:
        if self._failures == 0:
            _log.error("the database can't be written; waiting for it", reason=str(fault).strip().split("\n")[0])
        self._subscriber.close()
        self._signed_in_at = 0.0
        self._receipts.connection_lost(time.monotonic())
        self._ledger.close()
        metrics.standing(connected=False, database_up=False)
        self._pause()

    def _broker_there(self) -> bool:
        """Whether messages can come; else one attempt to bring it about, or to give way to another process."""
        subscriber = self._subscriber
        if subscriber.connected:
            if subscriber.subscribed or subscriber.refused or time.monotonic() > self._grant_by:
                return self._judge_grant()
            return True  # the grant comes after whatever the broker sent before it
        if self._signed_in_at:
            self._broker_lost()
        if self._gave_way():
            return False
        try:
            subscriber.open(self._broker.host, self._broker.port)
            self._sign_in()
        except OSError as fault:
            subscriber.refused = f"{self._broker.host}:{self._broker.port}: {fault.strerror or fault}"
        if subscriber.refused or not subscriber.signed_in:
            return self._no_way()
        self._granted = False
        self._word = "signed in"
        self._ledger.ask(lambda connection: self._claim.take(connection, datetime.now(UTC), self._word))
        self._beat_at = self._signed_in_at = time.monotonic()
        self._grant_by = self._signed_in_at + _ANSWER_SECONDS
        return True

    def _judge_grant(self) -> bool:
        """Whether the broker has granted the subscriptions; said once for each connection."""
        subscriber = self._subscriber
        if not subscriber.subscribed:
            return self._no_way()
        if not self._granted:
            self._granted = True
            self._failures = 0
            self._beat_at = 0.0  # said with the next turn: who waits to send may begin
            metrics.standing(connected=True, database_up=True)
            _log.info("subscribed", host=self._broker.host, port=self._broker.port, worker=self._claim.name)
        return True

    def _no_way(self) -> bool:
        subscriber = self._subscriber
        if self._failures == 0:
            _log.error("no way to the broker; trying again", reason=subscriber.refused or "no answer")
        subscriber.close()
        self._signed_in_at = 0.0
        self._pause()
        return False

    def _broker_lost(self) -> None:
        """The broker, or another client with this worker's id, has ended the connection: wait longer each time."""
        now = time.monotonic()
        self._losses = self._losses + 1 if now - self._signed_in_at < _SETTLED_SECONDS else 0
        self._signed_in_at = 0.0
        self._receipts.connection_lost(now)
        metrics.standing(connected=False, database_up=True)
        _log.warning("the broker's connection has ended", worker=self._claim.name)
        self._stop.wait(min(_LOSS_SECONDS * 2**self._losses, _LOSS_SECONDS_MAX))

    def _sign_in(self) -> None:
        """Wait until the broker has let this worker in or refused it; it sends nothing else before that."""
        subscriber = self._subscriber
        until = time.monotonic() + _ANSWER_SECONDS
        while subscriber.connected and not (subscriber.signed_in or subscriber.refused or self._stop.is_set()):
            if time.monotonic() > until:
                return
            subscriber.flush()
            subscriber.wait(_IDLE_SECONDS)
            subscriber.read(self._batch)
        subscriber.flush()

    def _gave_way(self) -> bool:
        """Whether another process works under this name; then this one stands by, a pause at a time."""
        if not self._had_it:
            return False
        other = self._ledger.ask(lambda connection: self._claim.other(connection, datetime.now(UTC)))
        if other is None:
            return False
        if self._word != "standing by":
            _log.warning(
                "another process has taken over this worker's name; standing by until it ends",
                worker=self._claim.name,
                other=other.identity,
            )
            self._word = "standing by"
        self._stop.wait(BEAT_SECONDS)
        return True

    @property
    def _had_it(self) -> bool:
        """Whether this process has worked under the name: only then did another one take it over."""
        return self._word != "starting"

    def _say_alive(self, now: float) -> None:
        self._beat_at = now
        self._word = f"{SUBSCRIBED}, {self._committed} messages so far"
        if self._ledger.ask(lambda connection: self._claim.beat(connection, datetime.now(UTC), self._word)) is not None:
            self._subscriber.close()

    def _pause(self) -> None:
        self._stop.wait(_PAUSES[min(self._failures, len(_PAUSES) - 1)])
        self._failures += 1

    def _leave(self) -> None:
        """Give out the receipts that wait for their turn, say goodbye, and free the name."""
        if self._subscriber.connected:
            now = time.monotonic()
            self._receipts.send_due(self._subscriber.publish_retained, now, datetime.now(UTC), all_now=True)
            self._subscriber.close()
        try:
            if self._had_it:
                self._ledger.ask(lambda connection: self._claim.release(connection, datetime.now(UTC)))
        except DatabaseDown:  # the name frees itself after ten seconds
            _log.info("the worker's name could not be freed", worker=self._claim.name)
        self._ledger.close()
        metrics.standing(connected=False, database_up=False)
