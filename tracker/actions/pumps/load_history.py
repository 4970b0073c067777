"""Load the history of many pumps: the value that findings are made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlmodel import Session

from devices.prescription import Prescription
from devices.prescription_json import prescription_or_none
from devices.stability import Stability, stability
from tracker.actions.pumps.forecast_pump import first_fill
from tracker.actions.pumps.forecast_refill import fill_at_implant
from tracker.findings.clinic_day import zone_named
from tracker.findings.history import AlarmPast, History, MriPast, SessionSeen, VisitSeen, in_view, volumes
from tracker.findings.prescribed import allotted_ml_per_day
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.reading_points import RESERVOIR_POINTS, Point, moment
from tracker.records.alarm import AlarmSpan, alarms_of_pumps
from tracker.records.column_types import key
from tracker.records.forecast import Ahead
from tracker.records.lifecycle_events import last_moves
from tracker.records.presence import Presence
from tracker.records.programmer_session import (
    MriExam,
    SessionTold,
    known_programmers,
    mri_exams_of_pumps,
    sessions_of_pumps,
)
from tracker.records.pump import Pump
from tracker.records.visit import VisitDone, visits_of_pumps
from tracker.worklist.wanted_items import ENDED

LOOK_BACK: Final = timedelta(days=120)
EXPLAINED_AFTER: Final = timedelta(days=3)
"""Visits explain volumes up to so long after them: those of the first days in view may belong to visits before it."""
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Past:
    """The rows of many pumps; ``since`` is from when on a pump's rows are all there.

    ``ended``: when the pumps that this clinic no longer answers for came to that, by the moves on record.
    """

    visits: dict[int, list[VisitDone]] = field(default_factory=dict)
    sessions: dict[int, list[SessionTold]] = field(default_factory=dict)
    alarms: dict[int, list[AlarmSpan]] = field(default_factory=dict)
    mri: dict[int, list[MriExam]] = field(default_factory=dict)
    programmers: dict[int, frozenset[str]] = field(default_factory=dict)
    since: dict[int, datetime] = field(default_factory=dict)
    ended: dict[int, datetime] = field(default_factory=dict)


def load_history(
    session: Session,
    pumps: Mapping[int, Pump],
    present: Presence,
    seen_before: Mapping[int, Ahead],
    now: datetime,
) -> Past:
    """The rows of the last months; of a pump that is looked at for the first time all of them."""
    ended = [pump_id for pump_id, pump in pumps.items() if pump.lifecycle in ENDED]
    past = Past(programmers=known_programmers(session), ended=last_moves(session, ended, ENDED))
    new = {pump_id for pump_id in pumps if pump_id not in seen_before}
    for some, since in ((pumps.keys() - new, now - LOOK_BACK), (new, _EVER)):
        past.visits |= visits_of_pumps(session, _of(some, present.visits), since)
        past.sessions |= sessions_of_pumps(session, _of(some, present.sessions), since)
        past.alarms |= alarms_of_pumps(session, _of(some, present.alarms), since)
        past.mri |= mri_exams_of_pumps(session, _of(some, present.mri), since)
        past.since |= dict.fromkeys(some, since)
    return past


def _of(wanted: Collection[int], present: Sequence[int]) -> list[int]:
    return [pump_id for pump_id in present if pump_id in wanted]


def _overdue_from(past: Past, pump: Pump, outlook: Ahead, cap_days: int | None, zone: str) -> datetime | None:
    """From when on a refill is late beyond doubt, but for the low mark: by known stability or the clinic's limit.

    A limit that only may hold asks for a refill; it accuses nobody.
    """
    if outlook.filled_at is not None and outlook.filled_at == fill_at_implant(pump, zone, outlook.computed_at):
        return None  # that no fill is on record since the implant may be a gap in the records
    keeps = stability(pump.drug, first_fill=first_fill(pump.drug, past.visits.get(key(pump.id), ())))
    days = [*([keeps.days] if isinstance(keeps, Stability) else []), *([] if cap_days is None else [cap_days])]
    return None if outlook.filled_at is None or not days else outlook.filled_at + timedelta(days=min(days))


def history_of(
    past: Past,
    pump: Pump,
    outlook: Ahead,
    points: list[Point],
    view: PumpSnapshot,
    now: datetime,
) -> History | None:
    """One pump's history; None where the catalogue does not know its model, or while it is on the shelf."""
    model, known, zone = view.model, view.findings, view.zone
    if model is None or pump.lifecycle == "in_stock":
        return None
    pump_id = key(pump.id)
    history = History(
        model=model,
        now=now,
        zone=zone,
        drug=pump.drug,
        volumes=volumes(points),
        visits=tuple(_visit(row) for row in past.visits.get(pump_id, ())),
        sessions=tuple(_session(row) for row in past.sessions.get(pump_id, ())),
        alarms=tuple(_alarm(row) for row in past.alarms.get(pump_id, ())),
        mri=tuple(MriPast(key(row.id), row.performed_at, row.emptied_before) for row in past.mri.get(pump_id, ())),
        vanished_at=tuple(one.happened_at for one in known if one.kind == "volume_vanished"),
        known_programmers=past.programmers.get(pump.clinic_id, frozenset()),
        filled_at=outlook.filled_at,
        refill_by=_overdue_from(past, pump, outlook, view.refill_cap_days, zone),
        low_mark_at=outlook.low_mark_low_at,
        due_dates=tuple((moment(since), moment(due)) for since, due in outlook.due_dates),
        low_mark_ml=pump.low_reservoir_ml,
        low_marks=tuple((moment(until), ml) for until, ml in pump.low_marks or ()),
        paused=tuple((moment(start), moment(end)) for start, end in pump.pauses or ()),
        surgery_on=pump.replacement_planned_for,
        boluses_ml_per_day=allotted_ml_per_day(_prescribed(past, pump, view.prescription)),
        report_interval=timedelta(seconds=pump.report_interval_s),
        known=known,
        ended_at=_ended_at(past, pump, zone),
        cut=len(points) >= RESERVOIR_POINTS,
    )
    since = past.since.get(pump_id, _EVER)
    return in_view(history, since if since == _EVER else since + EXPLAINED_AFTER)


def _ended_at(past: Past, pump: Pump, zone: str) -> datetime | None:
    """When the clinic ceased to answer for the pump: the start of the day it was taken out, or the move on record."""
    if pump.lifecycle not in ENDED:
        return None
    taken_out = None if pump.explanted_on is None else datetime.combine(pump.explanted_on, time(), zone_named(zone))
    moved = past.ended.get(key(pump.id))
    return min((at for at in (taken_out, moved) if at is not None), default=pump.created_at)


def _prescribed(past: Past, pump: Pump, known: Prescription | None) -> Prescription | None:
    """What the record says is in the pump; where it tells of no boluses, the last draft that does."""
    if known is not None and known.boluses is not None:
        return known
    drafts = [row for row in past.visits.get(key(pump.id), ()) if row.status == "draft" and row.prescription_after]
    return prescription_or_none(drafts[-1].prescription_after) if drafts else known


def _visit(row: VisitDone) -> VisitSeen:
    return VisitSeen(
        id=key(row.id),
        performed_at=row.performed_at,
        analysed=row.analysed,
        reprogrammed=row.reprogrammed,
        refilled=row.refilled,
        expected_ml=row.expected_ml,
        aspirated_ml=row.aspirated_ml,
        filled_ml=row.filled_ml,
        before=row.prescription_before,
        after=row.prescription_after,
        codes=tuple(row.codes),
        confirmed=row.status == "confirmed",
        drafted=row.source == "session",
    )


def _session(row: SessionTold) -> SessionSeen:
    return SessionSeen(
        id=key(row.id),
        at=row.measured_at,
        completed=row.completed,
        programmer=row.programmer,
        operator=row.operator,
        reprogrammed=row.reprogrammed,
        refilled=row.refilled,
        before=row.prescription_before,
        after=row.prescription_after,
    )


def _alarm(row: AlarmSpan) -> AlarmPast:
    return AlarmPast(
        id=key(row.id),
        code=row.code,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        waits_since=row.unheard_since or row.opened_at,
        came_at=row.unheard_since or row.first_seen_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        closed_at=row.closed_at,
    )
