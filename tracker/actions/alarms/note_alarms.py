"""Carry the alarms of arriving status reports into the record, under the write lock of ingest's transaction.

Cheap by intent: for a whole batch of pumps two queries read and at most four statements write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update
from sqlmodel import Session, col

from devices.alarms import LATCHED, AlarmCode, priority
from tracker.findings.alarm_life import AlarmLife, Outcome, Report, follow
from tracker.records.alarm import Alarm, AlarmEvent
from tracker.records.pump import PumpState

INGEST = "ingest"
_LATCHED = frozenset(str(code) for code in LATCHED)
_LOOK_BACK = timedelta(days=45)  # a late report older than this counts as an occurrence of its own
_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class PumpReports:
    """One pump's reports of a batch: what was measured when, with the alarms active then."""

    pump_id: int
    drug: str | None
    reports: Sequence[Report]


def note_alarms(session: Session, pump_id: int, drug: str | None, reports: Sequence[Report], now: datetime) -> None:
    """Open, return, see again and clear one pump's alarms. Called before the pump's state moves forward."""
    note_alarms_of_batch(session, [PumpReports(pump_id, drug, reports)], now)


def note_alarms_of_batch(session: Session, batch: Sequence[PumpReports], now: datetime) -> None:
    """The same for many pumps at once, each named once, before their states move forward."""
    for start in range(0, len(batch), _CHUNK):
        _note(session, batch[start : start + _CHUNK], now)


def _note(session: Session, batch: Sequence[PumpReports], now: datetime) -> None:
    pump_ids = [one.pump_id for one in batch]
    known = select(col(PumpState.pump_id), col(PumpState.measured_at)).where(col(PumpState.pump_id).in_(pump_ids))
    newest: dict[int, datetime | None] = {row[0]: row[1] for row in session.execute(known)}
    lives, closed = _lives(session, batch, newest)
    raised: list[tuple[PumpReports, AlarmLife]] = []
    changed: list[dict[str, Any]] = []
    outcomes: list[Outcome] = []
    for one in batch:
        outcome = follow(lives.get(one.pump_id, ()), newest.get(one.pump_id), one.reports, _LATCHED)
        outcomes.append(outcome)
        raised += [(one, life) for life in outcome.touched if life.id is None]
        changed += [_changes(life, _closing(life, closed, now)) for life in outcome.touched if life.id is not None]
    if changed:
        session.connection().execute(_UPDATE, changed)
    if raised:
        _insert(session, raised, now)
    events = [
        {"alarm_id": step.life.id, "at": now, "kind": step.kind, "by": INGEST, "reason": step.reason}
        for outcome in outcomes
        for step in outcome.steps
    ]
    if events:
        session.execute(insert(AlarmEvent), events)


def _lives(
    session: Session, batch: Sequence[PumpReports], newest: dict[int, datetime | None]
) -> tuple[dict[int, list[AlarmLife]], dict[int, datetime]]:
    """The open alarms of the pumps, for late reports also those closed lately, and when those were closed."""
    late_since: datetime | None = None
    for one in batch:
        known = newest.get(one.pump_id)
        late = [measured for measured, codes in one.reports if codes and known is not None and measured <= known]
        if late:
            late_since = min(late) if late_since is None else min(late_since, *late)
    wanted: ColumnElement[bool] = col(Alarm.closed_at).is_(None)
    if late_since is not None:
        wanted = or_(wanted, col(Alarm.cleared_at) >= late_since - _LOOK_BACK)
    found: dict[int, list[AlarmLife]] = {}
    closed: dict[int, datetime] = {}
    chosen = select(*_COLUMNS).where(col(Alarm.pump_id).in_([one.pump_id for one in batch]), wanted)
    for row in session.execute(chosen.with_for_update()):  # whoever acknowledges one now comes before or after, whole
        life = AlarmLife(
            row.code,
            row.latched or row.code in _LATCHED,  # whatever was true when it was opened
            row.first_seen_at,
            row.last_seen_at,
            row.count_,
            row.cleared_at,
            row.acknowledged_at,
            row.closed_at is None,
            row.id,
        )
        found.setdefault(row.pump_id, []).append(life)
        if row.closed_at is not None:
            closed[row.id] = row.closed_at
    return found, closed


def _closing(life: AlarmLife, closed: dict[int, datetime], now: datetime) -> datetime | None:
    """When the alarm was closed: now, or as it was before a late report only added to it."""
    return None if life.open or life.id is None else closed.get(life.id, now)


_COLUMNS: tuple[Any, ...] = (
    col(Alarm.id),
    col(Alarm.pump_id),
    col(Alarm.code),
    col(Alarm.latched),
    col(Alarm.first_seen_at),
    col(Alarm.last_seen_at),
    col(Alarm.count).label("count_"),
    col(Alarm.cleared_at),
    col(Alarm.acknowledged_at),
    col(Alarm.closed_at),
)

_TABLE: Any = Alarm.__table__  # type: ignore[attr-defined]  # SQLModel sets it on table classes without declaring it

_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("alarm_id"))
    .values(
        first_seen_at=bindparam("first"),
        last_seen_at=bindparam("last"),
        count=bindparam("seen"),
        cleared_at=bindparam("cleared"),
        acknowledged_at=bindparam("acknowledged"),
        closed_at=bindparam("closed"),
    )
)


def _changes(life: AlarmLife, closed: datetime | None) -> dict[str, Any]:
    return {
        "alarm_id": life.id,
        "first": life.first_seen_at,
        "last": life.last_seen_at,
        "seen": life.count,
        "cleared": life.cleared_at,
        "acknowledged": life.acknowledged_at,
        "closed": closed,
    }


def _insert(session: Session, raised: Sequence[tuple[PumpReports, AlarmLife]], now: datetime) -> None:
    rows = [
        {
            "pump_id": one.pump_id,
            "code": life.code,
            "priority": int(priority(AlarmCode(life.code), one.drug)),
            "latched": life.latched,
            "first_seen_at": life.first_seen_at,
            "last_seen_at": life.last_seen_at,
            "opened_at": now,
            "count": life.count,
            "cleared_at": life.cleared_at,
            "closed_at": None if life.open else now,
        }
        for one, life in raised
    ]
    ids = session.execute(insert(Alarm).returning(col(Alarm.id), sort_by_parameter_order=True), rows)
    for (_, life), (alarm_id,) in zip(raised, ids, strict=True):
        life.id = alarm_id
