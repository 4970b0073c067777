"""Everything that one pump's page shows, in a number of queries that does not depend on how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from devices.wire import MAX_GAPS
from tracker.records.advisory import Advisory, AdvisoryMatch, advisories_of
from tracker.records.alarm import Alarm
from tracker.records.budget import PumpBudget
from tracker.records.delivery import DeliveryMark
from tracker.records.determination import AS_OF, Determination
from tracker.records.finding import FindingRecord, findings_of_pumps
from tracker.records.forecast import Outlook
from tracker.records.lifecycle_events import LifecycleEvent, lifecycle_events
from tracker.records.pagination import newest_mark
from tracker.records.programmer_session import MriExam, ProgrammerSessionRecord, mri_exams_of
from tracker.records.pump import Pump, PumpState
from tracker.records.visit import Visit, visits_of
from tracker.records.worklist import WorklistItem

_MOST = 60  # of what may well be nothing new: alarms seen again, determinations that find the same


class Determined(NamedTuple):
    """What a determination of the present found, and when."""

    id: int
    determined_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class PumpRecord:
    """One pump with what is known of it. The lists hold the newest entries, the newest first.

    ``alarms`` begins with the open ones, however old. ``sessions`` are those that no visit tells of. ``determination``
    is the newest of the present, ``outcomes`` are those that found another outcome than the one before.
    """

    pump: Pump
    state: PumpState | None
    outlook: Outlook | None
    items: Sequence[WorklistItem]
    alarms: Sequence[Alarm]
    visits: Sequence[Visit]
    sessions: Sequence[ProgrammerSessionRecord]
    moves: Sequence[LifecycleEvent]
    determination: Determination | None
    outcomes: Sequence[Determined]
    findings: Sequence[FindingRecord]
    mri: Sequence[MriExam]
    advisories: Sequence[tuple[AdvisoryMatch, Advisory]]
    marks: Sequence[DeliveryMark]
    budget: PumpBudget | None
    replaced_by: Pump | None
    replaces: Pump | None

    @property
    def open_alarms(self) -> list[Alarm]:
        """The alarms that are not closed, the most urgent first."""
        return sorted((one for one in self.alarms if one.closed_at is None), key=lambda one: -one.priority)


def pump_record(session: Session, pump: Pump, now: datetime, newest: int) -> PumpRecord:
    """The record as its page shows it, with so many of the newest; snoozed lines are left out until they wake."""
    pump_id = pump.id or 0
    asked = {"pump_id": pump_id, "now": now, "newest": newest}
    state, outlook, determination, budget, replaced_by, replaces = session.execute(_BESIDE, asked).one()
    return PumpRecord(
        pump=pump,
        state=state,
        outlook=outlook,
        items=session.execute(_ITEMS, asked).scalars().all(),
        alarms=session.execute(_ALARMS, asked).scalars().all(),
        visits=visits_of(session, pump_id, newest),
        sessions=session.execute(_SESSIONS, asked).scalars().all(),
        moves=lifecycle_events(session, pump_id),
        determination=determination,
        outcomes=_news([Determined(*row) for row in session.execute(_OUTCOMES, asked)]),
        findings=findings_of_pumps(session, [pump_id]).get(pump_id, []),
        mri=mri_exams_of(session, pump_id),
        advisories=advisories_of(session, pump_id),
        marks=session.execute(_MARKS, asked).scalars().all(),
        budget=budget,
        replaced_by=replaced_by,
        replaces=replaces,
    )


def _of_the_present(query: Any) -> Any:
    """That of the pump's determinations which are not about the past, the newest first."""
    return query.where(col(Determination.pump_id) == _PUMP_ID, col(Determination.cause) != AS_OF).order_by(
        col(Determination.determined_at).desc(), col(Determination.id).desc()
    )


_PUMP_ID: Final[Any] = bindparam("pump_id")
_ITEMS: Final = (
    sqlalchemy.select(WorklistItem)
    .where(
        col(WorklistItem.pump_id) == _PUMP_ID,
        col(WorklistItem.closed_at).is_(None),
        col(WorklistItem.snoozed_until).is_(None) | (col(WorklistItem.snoozed_until) <= bindparam("now")),
    )
    .order_by(col(WorklistItem.priority).desc(), col(WorklistItem.harm_at), col(WorklistItem.id))
    .limit(50)
)
_ALARMS: Final = (
    sqlalchemy.select(Alarm)
    .where(col(Alarm.pump_id) == _PUMP_ID)
    .order_by(col(Alarm.closed_at).is_not(None), col(Alarm.first_seen_at).desc(), col(Alarm.id).desc())
    .limit(_MOST)
)
_SESSIONS: Final = (
    sqlalchemy.select(ProgrammerSessionRecord)
    .where(col(ProgrammerSessionRecord.pump_id) == _PUMP_ID, col(ProgrammerSessionRecord.visit_id).is_(None))
    .order_by(col(ProgrammerSessionRecord.measured_at).desc())
    .limit(bindparam("newest"))
)
_MARKS: Final = (
    sqlalchemy.select(DeliveryMark)
    .where(col(DeliveryMark.pump_id) == _PUMP_ID)
    .order_by(col(DeliveryMark.epoch).desc())
    .limit(20)
)
_AFTER, _BEFORE = aliased(Pump), aliased(Pump)
_NEWEST = _of_the_present(sqlalchemy.select(col(Determination.id))).limit(1).scalar_subquery()
_BESIDE: Final = (
    sqlalchemy.select(PumpState, Outlook, Determination, PumpBudget, _AFTER, _BEFORE)
    .select_from(Pump)
    .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
    .join(Outlook, col(Outlook.pump_id) == col(Pump.id), isouter=True)
    .join(Determination, col(Determination.id) == _NEWEST, isouter=True)
    .join(PumpBudget, col(PumpBudget.pump_id) == col(Pump.id), isouter=True)
    .join(_AFTER, col(_AFTER.id) == col(Pump.replaced_by_id), isouter=True)
    .join(_BEFORE, col(_BEFORE.replaced_by_id) == col(Pump.id), isouter=True)
    .where(col(Pump.id) == _PUMP_ID)
    .limit(1)
)
"""What there is one of: the state, the outlook, the newest determination, the successor, the predecessor."""
_OUTCOMES: Final = _of_the_present(
    sqlalchemy.select(col(Determination.id), col(Determination.determined_at), col(Determination.outcome))
).limit(_MOST + 1)


def _news(rows: Sequence[Determined]) -> list[Determined]:
    """Of the newest ``_MOST`` + 1, those that differ from the one before: the same answer again is no news."""
    news = [newer for newer, older in pairwise(rows) if newer.outcome != older.outcome]
    return [*news, rows[-1]] if 0 < len(rows) <= _MOST else news


def missing_of(mark: DeliveryMark) -> list[tuple[int, int]]:
    """The gaps of an epoch: closed ranges of numbers that have not arrived, the oldest first."""
    gaps = []
    expected = mark.contiguous + 1
    for first, last in mark.beyond:
        if first > expected:
            gaps.append((expected, first - 1))
        expected = last + 1
    return gaps


def delivery_told(session: Session, pump_id: int) -> dict[str, Any]:
    """How complete the delivery of the pump's messages is, as its newest receipt tells it."""
    state, mark = session.get(PumpState, pump_id), newest_mark(session, pump_id)
    contiguous, missing = receipt_of(mark) if mark else (0, [])
    return {
        "received": state.received if state else 0,
        "duplicates": state.duplicates if state else 0,
        "rejected": state.rejected if state else 0,
        "epoch": mark.epoch if mark else None,
        "contiguous": contiguous,
        "missing": [list(gap) for gap in missing],
    }


def receipt_of(mark: DeliveryMark) -> tuple[int, list[tuple[int, int]]]:
    """What the pump's receipt says of an epoch: all up to the first number is in, save the gaps, the oldest 64."""
    missing = missing_of(mark)
    if len(missing) > MAX_GAPS:
        return missing[MAX_GAPS][0] - 1, missing[:MAX_GAPS]
    return mark.beyond[-1][1] if mark.beyond else mark.contiguous, missing
