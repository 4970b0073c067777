"""Turn a programmer session that arrived into a draft visit, for a nurse to confirm or amend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from tracker.actions.visits.prescription import nothing_changed
from tracker.actions.visits.visit_codes import clinic_day, code_day
from tracker.records.column_types import key
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Clinic, Pump
from tracker.records.visit import Visit

INGEST = "ingest"
LONGEST_SESSION = timedelta(days=1)
"""Assumed: a session that began longer before its end has a wrong beginning."""
WRONG_CLOCK = "The clock that dated this session was wrong: the visit has the time at which it arrived. Check the time."


def draft_visit(session: Session, record: ProgrammerSessionRecord, now: datetime) -> Visit | None:
    """Draft the visit of one session and code its day; see `draft_visits`."""
    draft_visits(session, [record], now)
    return None if record.visit_id is None else session.get(Visit, record.visit_id)


def draft_visits(session: Session, records: Sequence[ProgrammerSessionRecord], now: datetime) -> None:
    """Draft the visits of stored sessions, tie each to its session, and code each day once, however many they are."""
    days: dict[tuple[int, datetime], datetime] = {}
    drafted: list[tuple[ProgrammerSessionRecord, Visit]] = []
    for record in records:
        visit = _drafted(record, now)
        if visit is not None:
            session.add(visit)
            drafted.append((record, visit))
    session.flush()
    zones = {pump_id: _zone(session, pump_id) for pump_id in {record.pump_id for record, _ in drafted}}
    for record, visit in drafted:
        record.visit_id = key(visit.id)
        session.add(record)
        start, _ = clinic_day(visit.performed_at, zones[record.pump_id])
        days[record.pump_id, start] = visit.performed_at
    for (pump_id, _), moment in days.items():
        code_day(session, session.get_one(Pump, pump_id), moment)
    session.flush()


def _zone(session: Session, pump_id: int) -> str:
    """The time zone of the pump's clinic. Asked once a pump: each question would write what waits in the session."""
    return session.get_one(Clinic, session.get_one(Pump, pump_id).clinic_id).timezone


def _drafted(record: ProgrammerSessionRecord, now: datetime) -> Visit | None:
    """The visit that a session makes, not stored yet. A session that did nothing, or has its visit, makes none.

    What the session did not say counts as not done in the draft; the person who confirms it sees the session beside it.
    One that was not completed is drafted too: what it had done by then is for a person to confirm or withdraw.
    A refill whose prescription is the same before and after counts as no reprogramming, and its code says so.
    """
    if record.visit_id is not None:
        return None
    done = (bool(record.analysed), bool(record.reprogrammed), bool(record.refilled))
    if not any(done):
        return None
    analysed, reprogrammed, refilled = done
    if refilled and reprogrammed and nothing_changed(record.prescription_before, record.prescription_after):
        reprogrammed = False  # telling the pump its new volume is part of the refill
    return Visit(
        pump_id=record.pump_id,
        performed_at=_performed_at(record),
        note=WRONG_CLOCK if record.clock_wrong else "",
        status="draft",
        source="session",
        analysed=analysed,
        reprogrammed=reprogrammed,
        refilled=refilled,
        codes=[],  # given, since a default that is made again for each visit costs a millisecond of a batch
        conflicts=[],
        expected_ml=record.expected_ml,
        aspirated_ml=record.aspirated_ml,
        filled_ml=record.filled_ml,
        prescription_before=record.prescription_before,
        prescription_after=record.prescription_after,
        operator=record.operator,
        logged_by=INGEST,
        logged_at=now,
    )


def _performed_at(record: ProgrammerSessionRecord) -> datetime:
    """When the session began; a wrong clock's session by its arrival, one that would have lasted days by its end."""
    if record.clock_wrong:
        return record.received_at
    if record.started_at is None or record.measured_at - record.started_at > LONGEST_SESSION:
        return record.measured_at
    return record.started_at
