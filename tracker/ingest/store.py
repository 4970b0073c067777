"""The store: a batch becomes rows in one transaction. Nothing is acknowledged before it has committed.

Per batch one look at the pumps, their states and their delivery marks; per pump one state written; per report one row.
Whatever comes again, in whatever order, changes nothing but the count of duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection
from sqlmodel import Session

from tracker.actions.alarms.note_alarms import PumpReports, note_alarms_of_batch
from tracker.ingest import decode
from tracker.ingest.batch import PumpBatch, Stored
from tracker.ingest.budget_limits import DEFAULT, Budget
from tracker.ingest.budgets import Budgets, Round
from tracker.ingest.clock_faults import date_batches, mark_clocks
from tracker.ingest.decode import PumpMessages, Refused
from tracker.ingest.duplicates import settle_repeats
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.programmer_sessions import keep_sessions
from tracker.ingest.rejected import keep_of_nobody, keep_of_pumps
from tracker.ingest.shared_sign_ins import SignIns
from tracker.records import delivery, partitions, reading, state_writes
from tracker.records.delivery_ranges import Marks
from tracker.records.state_writes import KnownPump, Latest


class Store:
    """Writes batches to one database. It remembers the months that have a partition, and what pumps used of late."""

    def __init__(self, rejected_per_pump: int, budget: Budget = DEFAULT) -> None:
        self._rejected_per_pump = rejected_per_pump
        self._budgets = Budgets(budget)
        self._sign_ins = SignIns()
        self._months: set[date] = set()

    def write(self, connection: Connection, arrivals: Sequence[Arrival], now: datetime, fault: str = "") -> Stored:
        """Commit the arrivals in one transaction and return what was done.

        ``fault`` refuses them all, unread, for that reason: for a message that the database itself won't take.
        """
        by_serial, unknown_topics = decode.refuse_all(arrivals, fault) if fault else decode.decode_all(arrivals)
        if connection.dialect.name != "sqlite":
            self._make_months(connection, by_serial.values(), now)
        with connection.begin():
            done, counted = self._write(connection, by_serial, unknown_topics, now)
        self._budgets.committed(counted)
        return done

    def _write(
        self, connection: Connection, by_serial: dict[str, PumpMessages], unknown_topics: list[Refused], now: datetime
    ) -> tuple[Stored, Round]:
        known = state_writes.known_pumps(connection, list(by_serial))
        batches = _open(
            connection, [(known[serial], messages) for serial, messages in by_serial.items() if serial in known], now
        )
        counted = self._budgets.begin(connection, batches, now)
        for batch in batches:
            batch.part(now)
        settle_repeats(connection, batches)
        self._budgets.hold_refused(connection, batches, counted)
        date_batches(connection, batches, now)
        _note_alarms(connection, batches, now)
        reports = [(batch.pump.id, report) for batch in batches for report in batch.reports]
        if reports:
            reading.add_reports(connection, reports, now)
            mark_clocks(connection, batches)
        keep_sessions(connection, batches, now)
        keep_of_pumps(connection, batches, self._rejected_per_pump, now, counted.accounts)
        self._budgets.keep(connection, batches, counted, now)
        self._sign_ins.note(connection, batches, now)
        unknown = {serial: messages for serial, messages in by_serial.items() if serial not in known}
        nobody = keep_of_nobody(
            connection,
            unknown,
            unknown_topics,
            self._rejected_per_pump,
            now,
            whole=self._budgets.budget.whole_refused_per_day,
        )
        done = Stored(rejected=nobody.refused, rejected_cut=nobody.cut, duplicates=nobody.duplicates)
        for batch in batches:
            batch.move_state(now)
            batch.count(done)
        if batches:
            state_writes.keep_states(connection, [batch.state for batch in batches], now)
        if done.receipts:
            delivery.keep_marks(connection, _mark_rows(batches), now)
        return done, counted

    def _make_months(self, connection: Connection, by_serial: Iterable[PumpMessages], now: datetime) -> None:
        """Make the partitions that are needed, in a transaction of their own: it locks the whole table for a moment."""
        months = {
            (each.measured_at.year, each.measured_at.month) for messages in by_serial for each, _ in messages.numbered
        }
        new = {date(year, month, 1) for year, month in months} - self._months
        if new:
            with connection.begin():
                partitions.ensure_months(connection, new, now)
            self._months |= new


def _open(
    connection: Connection, by_serial: Sequence[tuple[KnownPump, PumpMessages]], now: datetime
) -> list[PumpBatch]:
    """Put each pump's part beside its stored state and marks, which stay locked."""
    if not by_serial:
        return []
    states = state_writes.locked_states(connection, sorted(pump.id for pump, _ in by_serial), now)
    epochs = [decode.epochs_of(messages) for _, messages in by_serial]
    wanted = [(pump.id, epoch) for (pump, _), some in zip(by_serial, epochs, strict=True) for epoch in some]
    stored = delivery.marks_of(connection, wanted) if wanted else {}
    return [
        _beside(pump, states[pump.id], messages, some, stored)
        for (pump, messages), some in zip(by_serial, epochs, strict=True)
    ]


def _beside(
    pump: KnownPump,
    state: Latest,
    messages: PumpMessages,
    epochs: set[int],
    stored: dict[tuple[int, int], tuple[int, Sequence[Sequence[int]]]],
) -> PumpBatch:
    marks = {each: Marks(*stored.get((pump.id, each), (0, ()))) for each in epochs}
    fresh = [each for each in epochs if (pump.id, each) not in stored]
    return PumpBatch(pump, state, messages, marks, sorted(fresh)[1:] if fresh and state.epoch is None else fresh)


def _note_alarms(connection: Connection, batches: Sequence[PumpBatch], now: datetime) -> None:
    """Carry alarms into the record before the states move: for pumps that have any, now or before."""
    told = [
        PumpReports(
            batch.pump.id,
            batch.pump.drug,
            batch.told_alarms(),
        )
        for batch in batches
        if batch.reports and (batch.state.alarms or any(report.alarms for report in batch.reports))
    ]
    if told:
        with Session(bind=connection, expire_on_commit=False) as session:
            note_alarms_of_batch(session, told, now)
            session.flush()


def _mark_rows(batches: Sequence[PumpBatch]) -> list[tuple[int, int, int, list[list[int]]]]:
    return [
        (batch.pump.id, epoch, marks.contiguous, marks.beyond)
        for batch in batches
        for epoch, marks in batch.marks.items()
    ]
