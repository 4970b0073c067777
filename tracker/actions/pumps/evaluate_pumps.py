"""Evaluate pumps that changed or are due, in two steps so that the write lock is held for a moment only.

`evaluate_pumps` reads and decides without writing; `save_evaluations` writes what was decided. Both are idempotent:
evaluating the same records decides the same, and saving it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session

from tracker.actions.alarms.rate_alarms import store_priorities
from tracker.actions.pumps.forecast_pump import forecast_pump
from tracker.actions.pumps.load_history import Past, history_of, load_history
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.actions.pumps.snapshot_forecast import snapshot_forecast
from tracker.actions.replacement.determine_from_snapshot import Judged, Judgment, determine_from_snapshot, says_the_same
from tracker.actions.replacement.note_findings import Noted, as_seen, compare, store_findings
from tracker.actions.worklist.refresh_worklist import apply_lines
from tracker.findings.delivery import changes_at
from tracker.findings.history import Finding
from tracker.findings.pump_snapshot import FindingSeen, PumpSnapshot, last_unlogged_refill, refills_not_shown
from tracker.findings.rating import rated
from tracker.findings.reading_points import holds_last, with_readings
from tracker.findings.refill_due import with_date_shown
from tracker.records.determination import Determination, last_judged
from tracker.records.forecast import Ahead, computed_at, keep_outlooks, outlooks
from tracker.records.presence import presence
from tracker.records.pump import PumpState, hold_states, pumps_by_id
from tracker.records.reading_history import AGAIN, Measured, contiguous_through, readings_not_seen
from tracker.records.visit import last_refills
from tracker.worklist.budget import budget_changes_at
from tracker.worklist.handover import ACCEPT_WITHIN
from tracker.worklist.item import WantedItem
from tracker.worklist.sign_in import sign_in_changes_at
from tracker.worklist.wanted_items import ENDED, wanted_items

DAILY: Final = timedelta(hours=24)
FAILING_DEVICE: Final = "5.1"  # CMM-210.5's first criterion


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one pump's evaluation decided, not recorded yet. ``judgment`` is None where it says nothing new.

    ``rests_on``: when the outlook was made that the evaluation began from; None where there was none.
    """

    pump_id: int
    due: datetime
    view: PumpSnapshot
    outlook: Ahead
    noted: Noted
    judgment: Judgment | None
    lines: tuple[WantedItem, ...]
    look_again_at: datetime
    rests_on: datetime | None


def evaluate_pumps(session: Session, due: Sequence[tuple[int, datetime]], now: datetime) -> list[Evaluation]:
    """Evaluate each of those pumps from its records; ``due`` says since when each waits."""
    since = dict(due)
    pump_ids = list(since)
    pumps = pumps_by_id(session, pump_ids)
    stored = outlooks(session, pump_ids)
    present = presence(session, pump_ids)
    views = load_snapshots(session, pump_ids, pumps, {}, present)  # each outlook is computed below
    newest = last_judged(session, pump_ids)
    contiguous = contiguous_through(session, pump_ids)
    refills = last_refills(session, present.visits)
    past = load_history(session, pumps, present, stored, now)
    made_at = {one.pump_id: one.computed_at for one in stored.values()}
    evaluations: list[Evaluation] = []

    def consider(pump_id: int, readings: list[Measured]) -> None:
        pump, view, before_then = pumps[pump_id], views[pump_id], stored.get(pump_id)
        points = with_readings([] if before_then is None else before_then.reservoir_points, readings)
        looked = forecast_pump(
            pump,
            before_then,
            readings,
            now,
            prescription=view.prescription,
            contiguous=contiguous.get(pump_id, 0),
            refills=refills.get(pump_id, ()),
            not_shown=refills_not_shown(view.findings),
            rose_at=last_unlogged_refill(view.findings),
            cap_days=view.refill_cap_days,
            visits=past.visits.get(pump_id, ()),
            zone=view.zone,
            notices=view.notices,
            routine=before_then is not None and since[pump_id] - before_then.computed_at >= DAILY,
        )
        outlook = looked.outlook
        outlook.due_dates = with_date_shown(outlook.due_dates, now, outlook.refill_by_at)
        history = history_of(past, pump, outlook, points, view, now)
        noted = Noted() if history is None else compare(history, view.findings, past.since[pump_id])
        view = replace(view, outlook=snapshot_forecast(outlook, looked.off), findings=_as_noted(view, noted, now))
        before = newest.get(pump_id)
        judgment = None
        if view.lifecycle not in ENDED:
            judgment = determine_from_snapshot(view, cause="date" if not readings else "telemetry", now=now)
        if judgment is not None and before is not None and says_the_same(before, judgment):
            judgment = None
        view = rated(with_judgment(view, judgment or before))
        lines = wanted_items(view, now)
        evaluations.append(
            Evaluation(
                pump_id,
                since[pump_id],
                view,
                outlook,
                noted,
                judgment,
                lines,
                look_again_at(view, now),
                made_at.get(pump_id),
            )
        )

    held = {one.pump_id for one in stored.values() if _holds_last(one, past)}
    for pump_id, readings in readings_not_seen(session, pump_ids, held):
        consider(pump_id, readings)
    for pump_id in {*pump_ids} - {evaluation.pump_id for evaluation in evaluations}:
        consider(pump_id, [])
    return evaluations


def _holds_last(outlook: Ahead, past: Past) -> bool:
    """Whether reading the few reports before the mark again would show nothing that the outlook's points do not."""
    if outlook.epoch is None:
        return False
    sessions = (one.seq for one in past.sessions.get(outlook.pump_id, ()) if one.epoch == outlook.epoch)
    return holds_last(outlook.reservoir_points, outlook.epoch, outlook.through_seq, AGAIN, sessions)


def _as_noted(view: PumpSnapshot, noted: Noted, now: datetime) -> tuple[FindingSeen, ...]:
    """The view's findings as they will be on record."""
    told = dict(noted.changed)
    known = tuple(
        replace(_following(one, told), resolved=(one.resolved or one.id in noted.resolved) and one.id not in noted.back)
        for one in view.findings
    )
    return known + tuple(as_seen(one, now) for one in noted.new)


def _following(one: FindingSeen, told: Mapping[int, Finding]) -> FindingSeen:
    """The finding as it reads by now."""
    now_says = None if one.id is None else told.get(one.id)
    if now_says is None:
        return one
    return replace(
        one,
        sentence=now_says.sentence,
        neglect_or_abuse=now_says.neglect_or_abuse,
        strength=now_says.strength,
        points_at=now_says.points_at,
    )


def with_judgment(view: PumpSnapshot, row: Judged | None) -> PumpSnapshot:
    """The view with what its newest determination lacks, and whether it finds the device failing."""
    if row is None:
        return view
    failing = any(one["id"] == FAILING_DEVICE and one["verdict"] == "met" for one in row.criteria)
    return replace(view, missing=tuple(row.missing), limb_met=failing, determined_at=row.determined_at)


def look_again_at(view: PumpSnapshot, now: datetime) -> datetime:
    """When the passing of time alone can change what was decided: within a day, or sooner where a date is known."""
    dates = [exam.overdue_at for exam in view.mri]
    dates += [alarm.snoozed_until for alarm in view.alarms if alarm.snoozed_until is not None]
    dates += changes_at(view, now)
    dates += budget_changes_at(view, now)
    dates += sign_in_changes_at(view, now)
    if view.suspended_until is not None:
        dates.append(view.suspended_until)
    if view.handover_offered_at is not None:
        dates.append(view.handover_offered_at + ACCEPT_WITHIN)
    return min([now + DAILY, *(date for date in dates if date > now)])


def save_evaluations(session: Session, evaluations: Sequence[Evaluation], now: datetime) -> int:
    """Write what was decided. A pump that changed meanwhile stays due. Returns how many pumps were recorded.

    A pump that somebody else evaluated meanwhile is left as it is now: two schedulers at once append nothing twice.
    """
    pump_ids = [evaluation.pump_id for evaluation in evaluations]
    hold_states(session, pump_ids)
    made_at = computed_at(session, pump_ids)
    evaluations = [evaluation for evaluation in evaluations if made_at.get(evaluation.pump_id) == evaluation.rests_on]
    if not evaluations:
        return 0
    keep_outlooks(session, [evaluation.outlook for evaluation in evaluations])
    store_findings(session, [(evaluation.pump_id, evaluation.noted) for evaluation in evaluations], now)
    judgments = [evaluation.judgment.columns() for evaluation in evaluations if evaluation.judgment is not None]
    if judgments:
        session.execute(insert(Determination), judgments)
    store_priorities(session, [alarm for evaluation in evaluations for alarm in evaluation.view.alarms], now)
    apply_lines(session, {evaluation.pump_id: (evaluation.view, evaluation.lines) for evaluation in evaluations}, now)
    session.flush()
    session.connection().execute(
        _LOOKED_AT,
        [
            {"pump": evaluation.pump_id, "due": evaluation.due, "next": evaluation.look_again_at, "at": now}
            for evaluation in sorted(evaluations, key=lambda one: one.pump_id)  # the order in which ingest takes them
        ],
    )
    return len(evaluations)


_STATE: Any = PumpState.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_LOOKED_AT = (
    update(_STATE)
    .where(_STATE.c.pump_id == bindparam("pump"), _STATE.c.evaluate_at == bindparam("due"))
    .values(evaluate_at=bindparam("next"), changed_at=bindparam("at"))
)
