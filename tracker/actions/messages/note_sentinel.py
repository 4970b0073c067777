"""A sentinel that can't be reached is a task of each clinic, closed by itself when it is back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from devices.alarms import Priority
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.worklist.refresh_worklist import TRACKER, event, open_lines
from tracker.records.column_types import key
from tracker.records.job import WorkerStatus
from tracker.records.pump import Clinic
from tracker.records.worklist import clinics_with, open_item
from tracker.worklist.item import WantedItem

CAUSE: Final = "messages:sentinel"
AFTER: Final = timedelta(minutes=3)
_NAME: Final = "sentinel"


def note_renewed(session: Session, detail: str, now: datetime) -> None:
    """It holds the ladder: every process that renews sees that, and the tasks are closed."""
    session.merge(WorkerStatus(name=_NAME, kind=_NAME, beat_at=now, detail=detail[:500]))
    for clinic_id in clinics_with(session, CAUSE):
        item = open_item(session, clinic_id, CAUSE)
        if item is not None:
            item.closed_at, item.changed_at = now, now
            item.closed_by, item.closed_reason = TRACKER, "the sentinel is back"
            session.add(item)
            session.add(event(item.id, now, "cause gone", TRACKER))
            items_changed(session, [item], now)


def note_unreachable(session: Session, reason: str, since: datetime, now: datetime) -> bool:
    """Open the tasks where no process has renewed for three minutes; ``since``: of this one's first failure."""
    known = session.get(WorkerStatus, _NAME)
    last = since if known is None else max(since, known.beat_at) if known.beat_at <= now else since
    if now - last < AFTER:
        return False
    has = clinics_with(session, CAUSE)
    clinics = [key(one) for one in session.exec(select(Clinic.id).order_by(col(Clinic.id))) if key(one) not in has]
    line = WantedItem(
        key=CAUSE,
        kind="notify",
        priority=Priority.MEDIUM,
        harm_at=now + timedelta(hours=4),
        what="The sentinel can't be reached",
        why=f"{reason}. If the tracker fails now, nobody is told of it, nor of alarms that nobody has.",
        next_step="The administrator looks at `tracker sentinel` on its machine, and at the network between the two.",
        since=last,
        link="/connectivity",
        holds="It closes by itself when the sentinel is reached again.",
    )
    open_lines(session, [(clinic_id, None, line) for clinic_id in clinics], now)
    return bool(clinics)
