"""When a refill had to be done, as the clinic was told at that time, and what answers that it was not.

A date that is worked out later and lies earlier accuses nobody: whoever planned by the date on the page was in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tracker.findings.history import Evidence, History, SessionSeen, VisitSeen, session, visit
from tracker.findings.measured_time import measured, paused
from tracker.findings.reading_points import micros, moment

LATE_AFTER: Final = timedelta(days=2)
"""A refill may come so long after its date, or after the low mark, before it counts as late. Assumed."""
SAME_TIME: Final = timedelta(hours=12)
"""The times of a visit, of a session and of the reports around them may differ by so much. Assumed."""
SURGERY_WITHIN: Final = timedelta(days=30)
"""A refill that is due so soon before a planned replacement is left out on purpose. Assumed."""
LEAST_RISE_ML: Final = 1.0
DATES_KEPT: Final = 30
NOT_DRY_ML: Final = 2.0
"""A fill of which more than this must be left can't have run low, whatever the pump counts. Assumed."""
_DAY: Final = timedelta(days=1)


def fills(history: History) -> list[datetime]:
    """When the pump was filled, by its visits, drafts, sessions, and by volumes that rose, oldest first."""
    told = [one.performed_at for one in history.visits if one.refilled]
    told += [one.at for one in history.sessions if one.refilled]
    told += [
        after.at
        for before, after in zip(history.volumes, history.volumes[1:], strict=False)
        if after.reservoir_ml - before.reservoir_ml > LEAST_RISE_ML
    ]
    if history.filled_at is not None:
        told.append(history.filled_at)
    return sorted(told)


def filled_between(history: History, start: datetime, end: datetime) -> datetime | None:
    """The first fill in that time, or None."""
    return next((at for at in fills(history) if start <= at <= end), None)


def came_due(history: History, at: datetime) -> datetime | None:
    """When the refill of the fill that was in the pump at that moment came due, by the dates that the clinic was shown.

    None where the date that was shown had not come by then, or where none was ever shown.
    """
    filled = max((one for one in fills(history) if one < at - SAME_TIME), default=None)
    shown = [one for one in history.due_dates if one[0] <= at]
    came: datetime | None = None
    until = at
    for since, due in reversed(shown):
        if due > until or (filled is not None and max(since, due) < filled):
            break
        came, until = max(since, due), since
    return came


def with_date_shown(shown: Sequence[Sequence[int]], now: datetime, due: datetime | None) -> list[list[int]]:
    """The refill dates that the clinic was shown, with the one that it is shown from now on, in microseconds.

    A date that moves by less than half a day is the same one; of many the newest are kept.
    """
    dates = [list(one) for one in shown]
    if due is None or (dates and abs(moment(dates[-1][1]) - due) < SAME_TIME):
        return dates
    return [*dates, [micros(now), micros(due)]][-DATES_KEPT:]


def excused(history: History, due: datetime, end: datetime) -> bool:
    """Whether it is on record why no refill was done: the pump was stopped, a replacement planned, reports paused."""
    last = next((seen for seen in reversed(history.volumes) if seen.at <= due), None)
    if ordered_stop(history, due) is not None or (last is not None and last.infusion == "stopped"):
        return True
    if history.surgery_on is not None and due.date() <= history.surgery_on <= (due + SURGERY_WITHIN).date():
        return True
    return end > due and paused(history, due, end) >= (end - due) / 2


def was_seen(history: History, due: datetime, end: datetime) -> bool:
    """Whether the patient came about then and was not refilled: then it was not the patient who stayed away."""
    visits = any(due - SAME_TIME <= one.performed_at <= end for one in history.visits if not one.refilled)
    return visits or any(due - SAME_TIME <= one.at <= end for one in history.sessions if not one.refilled)


def heard(history: History, start: datetime, end: datetime) -> bool:
    """Whether the pump was heard from start to end for longer than a refill may be late."""
    return measured(history, start, end) > LATE_AFTER


def still_full(history: History, at: datetime) -> Evidence | None:
    """The logged refill of which some must be left at that moment, by the flow that was reported; None without one."""
    capacity = history.model.capacity_ml
    refills = [
        (one.performed_at, capacity if one.filled_ml is None else one.filled_ml, visit(one))
        for one in history.visits
        if one.refilled
    ]
    refills += [(one.at, capacity, session(one)) for one in history.sessions if one.refilled]
    before = [one for one in refills if one[0] <= at + SAME_TIME]
    if not before:
        return None
    filled_at, filled_ml, evidence = max(before, key=lambda one: one[0])
    then = [seen for seen in history.volumes if filled_at - _DAY <= seen.at <= at] or history.volumes
    told = max((seen.flow_ml_per_day or 0.0 for seen in then), default=0.0)
    flow = (told + history.boluses_ml_per_day) * (1 + history.model.flow_accuracy_percent / 100)
    return evidence if filled_ml - flow * ((at - filled_at) / _DAY) > NOT_DRY_ML else None


def ordered_stop(history: History, at: datetime) -> VisitSeen | None:
    """The confirmed visit by whose order the pump stands still at that moment, or None."""
    orders = [one for one in history.visits if one.confirmed and one.after and one.performed_at <= at + 2 * SAME_TIME]
    last = max(orders, key=lambda one: one.performed_at, default=None)
    if last is None or not stops(last.after):
        return None
    restarted = any(last.performed_at < one.at <= at and _starts(one) for one in history.sessions)
    return None if restarted else last


def stops(prescription: object) -> bool:
    """Whether a prescription says that nothing is to be given."""
    if not isinstance(prescription, dict):
        return False
    drugs = prescription.get("drugs") or [prescription]
    return prescription.get("mode") == "stopped" or all(_none(one.get("dose_per_day")) for one in drugs)


def _starts(one: SessionSeen) -> bool:
    return one.completed is not False and one.after is not None and not stops(one.after)


def _none(dose: object) -> bool:
    try:
        return dose is not None and float(str(dose)) == 0
    except ValueError:
        return False
