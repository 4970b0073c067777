"""Everything that one pump's page shows, in a number of queries that does not depend on how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from devices.wire import MAX_GAPS
from tracker.records.advisory import Advisory, AdvisoryMatch, advisories_of
from tracker.records.alarm import Alarm, alarms_of
from tracker.records.delivery import DeliveryMark
from tracker.records.determination import Determination, determinations_of
from tracker.records.finding import FindingRecord, findings_of_pumps
from tracker.records.moves import lifecycle_events
from tracker.records.outlook import Outlook
from tracker.records.pump import LifecycleEvent, Pump, PumpState
from tracker.records.session import MriExam, ProgrammerSessionRecord, mri_exams_of
from tracker.records.visit import Visit, visits_of
from tracker.records.worklist import WorklistItem

_NEWEST = 60


@dataclass(frozen=True, slots=True)
class PumpRecord:
    """One pump with what is known of it. The lists hold the newest entries, the newest first."""

    pump: Pump
    state: PumpState | None
    outlook: Outlook | None
    items: Sequence[WorklistItem]
    alarms: Sequence[Alarm]
    visits: Sequence[Visit]
    sessions: Sequence[ProgrammerSessionRecord]
    moves: Sequence[LifecycleEvent]
    determinations: Sequence[Determination]
    findings: Sequence[FindingRecord]
    mri: Sequence[MriExam]
    advisories: Sequence[tuple[AdvisoryMatch, Advisory]]
    marks: Sequence[DeliveryMark]
    replaced_by: Pump | None
    replaces: Pump | None

    @property
    def determination(self) -> Determination | None:
        """The newest determination of the present."""
        return next((one for one in self.determinations if one.cause != "as_of"), None)

    @property
    def open_alarms(self) -> list[Alarm]:
        """The alarms that are not closed, the most urgent first."""
        return sorted((one for one in self.alarms if one.closed_at is None), key=lambda one: -one.priority)


def pump_record(session: Session, pump: Pump, now: datetime) -> PumpRecord:
    """The record as its page shows it; snoozed lines are left out until they wake."""
    pump_id = pump.id or 0
    sessions = select(ProgrammerSessionRecord).where(col(ProgrammerSessionRecord.pump_id) == pump_id)
    items = select(WorklistItem).where(
        col(WorklistItem.pump_id) == pump_id,
        col(WorklistItem.closed_at).is_(None),
        col(WorklistItem.snoozed_until).is_(None) | (col(WorklistItem.snoozed_until) <= now),
    )
    marks = select(DeliveryMark).where(col(DeliveryMark.pump_id) == pump_id).order_by(col(DeliveryMark.epoch).desc())
    return PumpRecord(
        pump=pump,
        state=session.get(PumpState, pump_id),
        outlook=session.get(Outlook, pump_id),
        items=session.exec(
            items.order_by(col(WorklistItem.priority).desc(), col(WorklistItem.harm_at), col(WorklistItem.id)).limit(50)
        ).all(),
        alarms=alarms_of(session, pump_id, limit=_NEWEST),
        visits=visits_of(session, pump_id, _NEWEST),
        sessions=session.exec(sessions.order_by(col(ProgrammerSessionRecord.measured_at).desc()).limit(_NEWEST)).all(),
        moves=lifecycle_events(session, pump_id),
        determinations=determinations_of(session, pump_id, _NEWEST),
        findings=findings_of_pumps(session, [pump_id]).get(pump_id, []),
        mri=mri_exams_of(session, pump_id),
        advisories=advisories_of(session, pump_id),
        marks=session.exec(marks.limit(20)).all(),
        replaced_by=session.get(Pump, pump.replaced_by_id) if pump.replaced_by_id else None,
        replaces=session.exec(select(Pump).where(col(Pump.replaced_by_id) == pump_id)).first(),
    )


def missing_of(mark: DeliveryMark) -> list[tuple[int, int]]:
    """The gaps of an epoch: closed ranges of numbers that have not arrived, the oldest first."""
    gaps = []
    expected = mark.contiguous + 1
    for first, last in mark.beyond:
        if first > expected:
            gaps.append((expected, first - 1))
        expected = last + 1
    return gaps


def receipt_of(mark: DeliveryMark) -> tuple[int, list[tuple[int, int]]]:
    """What the pump's receipt says of an epoch: all up to the first number is in, save the gaps, the oldest 64."""
    missing = missing_of(mark)
    if len(missing) > MAX_GAPS:
        return missing[MAX_GAPS][0] - 1, missing[:MAX_GAPS]
    return mark.beyond[-1][1] if mark.beyond else mark.contiguous, missing
