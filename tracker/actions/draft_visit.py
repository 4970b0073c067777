"""Turn a programmer session that arrived into a draft visit, for a nurse to confirm or amend."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from tracker.actions.prescription import nothing_changed
from tracker.actions.visit_codes import code_day
from tracker.errors import Invalid
from tracker.records.columns import key
from tracker.records.pump import Pump
from tracker.records.session import ProgrammerSessionRecord
from tracker.records.visit import Visit

INGEST = "ingest"
LONGEST_SESSION = timedelta(days=1)
"""Assumed: a session that began longer before its end has a wrong beginning."""
WRONG_CLOCK = "The clock that dated this session was wrong: the visit has the time at which it arrived. Check the time."


def draft_visit(session: Session, record: ProgrammerSessionRecord, now: datetime) -> Visit | None:
    """Draft the visit and tie the session to it. A session that did nothing makes none.

    What the session did not say counts as not done in the draft; the person who confirms it sees the session beside it.
    One that was not completed is drafted too: what it had done by then is for a person to confirm or withdraw.
    A refill whose prescription is the same before and after counts as no reprogramming, and its code says so.
    Calling it again for the same session gives the same draft.
    """
    if record.visit_id is not None:
        return session.get(Visit, record.visit_id)
    done = (bool(record.analysed), bool(record.reprogrammed), bool(record.refilled))
    if not any(done):
        return None
    pump = session.get_one(Pump, record.pump_id)
    analysed, reprogrammed, refilled = done
    if refilled and reprogrammed and nothing_changed(record.prescription_before, record.prescription_after):
        reprogrammed = False  # telling the pump its new volume is part of the refill
    visit = Visit(
        pump_id=record.pump_id,
        performed_at=_performed_at(record),
        note=WRONG_CLOCK if record.clock_wrong else "",
        status="draft",
        source="session",
        analysed=analysed,
        reprogrammed=reprogrammed,
        refilled=refilled,
        expected_ml=record.expected_ml,
        aspirated_ml=record.aspirated_ml,
        filled_ml=record.filled_ml,
        prescription_before=record.prescription_before,
        prescription_after=record.prescription_after,
        operator=record.operator,
        logged_by=INGEST,
        logged_at=now,
    )
    session.add(visit)
    session.flush()
    try:
        code_day(session, pump, visit.performed_at)
    except Invalid as fault:  # the session claims an act that the model does not have: a person must see that
        visit.codes, visit.because = [], str(fault)
        session.add(visit)
    record.visit_id = key(visit.id)
    session.add(record)
    session.flush()
    return visit


def _performed_at(record: ProgrammerSessionRecord) -> datetime:
    """When the session began; a wrong clock's session by its arrival, one that would have lasted days by its end."""
    if record.clock_wrong:
        return record.received_at
    if record.started_at is None or record.measured_at - record.started_at > LONGEST_SESSION:
        return record.measured_at
    return record.started_at
