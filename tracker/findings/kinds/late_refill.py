"""A refill that was late or missed: measured below the low mark, or past its known limit, after the date shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from devices.alarms import AlarmCode
from tracker.findings.clinic_day import day_text
from tracker.findings.explanations import MISSED
from tracker.findings.history import AlarmPast, Direction, Evidence, Finding, History, VolumeSeen, alarm
from tracker.findings.kind import FindingKind, FixedAt, Rests
from tracker.findings.kinds.volume_vanished import vanished_volumes
from tracker.findings.measured_time import measured
from tracker.findings.pump_snapshot import FindingSeen
from tracker.findings.refill_due import LATE_AFTER, SAME_TIME, came_due, excused, filled_between, still_full, was_seen

OVERDUE_BY: Final = timedelta(days=7)
LONGEST_FILL: Final = timedelta(days=90)
NEAR_MARK_ML: Final = 0.5
"""A report so little above the low mark counts as at it. Assumed."""
_BY_DATE: Final = "late_refill:filled:"


def late_refills(history: History) -> Iterator[Finding]:
    """A reservoir below its low mark for days, or a refill overdue by stability or the clinic's limit."""
    lows = [one for one in history.alarms if one.code == AlarmCode.LOW_RESERVOIR]
    late = [(one, since) for one in lows if (since := _low_too_long(history, one)) is not None]
    for one, since in late:
        days = measured(history, since, _low_until(history, one), _low(history, one)).days
        yield _late(
            history,
            f"late_refill:alarm:{one.id}",
            since,
            _low_until(history, one),
            f"The reservoir was measured below its low mark for {days} days after the refill was due.",
            (alarm(one),),
            "moderate" if len(late) > 1 else "weak",
        )
    yield from _overdue(history)
    yield from _overdue_before(history)


def _low_until(history: History, one: AlarmPast) -> datetime:
    """Until when that alarm was measured, or till the fill that answered it."""
    until = min(one.cleared_at or one.last_seen_at, history.until)
    return filled_between(history, one.first_seen_at - SAME_TIME, until) or until


def _low(history: History, one: AlarmPast) -> Callable[[VolumeSeen], bool]:
    mark = mark_at(history, one.first_seen_at)
    return lambda seen: mark is not None and seen.reservoir_ml <= mark + NEAR_MARK_ML


def mark_at(history: History, at: datetime) -> float | None:
    """The lowest low mark that was in force since the fill before that moment, in mL.

    Whoever raised it on purpose asked to be told sooner; that made nobody late.
    """
    filled = max((one.performed_at for one in history.visits if one.refilled and one.performed_at < at), default=None)
    before = [was for changed, was in history.low_marks if filled is None or changed >= filled]
    usual = history.model.low_reservoir_ml
    marks = [usual if one is None else one for one in (history.low_mark_ml, *before)]
    return min((one for one in marks if one is not None), default=None)


def _low_too_long(history: History, one: AlarmPast) -> datetime | None:
    """Since when the refill was late behind that alarm; None where it was not, or where nobody can know."""
    end = _low_until(history, one)
    due = came_due(history, end)
    counts_on = not history.model.reservoir_measured and still_full(history, one.first_seen_at) is not None
    if due is None or counts_on or _brought_forward(history, one.first_seen_at):
        return None
    since = max(due, one.first_seen_at)
    new_here = not history.volumes or one.first_seen_at <= history.volumes[0].at
    limit = OVERDUE_BY if new_here else LATE_AFTER
    low_for = measured(history, since, end, _low(history, one))
    return None if low_for <= limit or excused(history, since, end) else since


def _brought_forward(history: History, low_at: datetime) -> bool:
    """Whether volume vanished before: then the low mark came early, and nobody was late."""
    vanished = [*history.vanished_at, *(one.happened_at for one in vanished_volumes(history))]
    return any(timedelta(0) <= low_at - at <= LONGEST_FILL for at in vanished)


def _overdue(history: History) -> Iterator[Finding]:
    """The fill that is in the pump: past its known limit for a week in which the pump was heard."""
    mark_raised = any(history.filled_at is None or at >= history.filled_at for at, _ in history.low_marks)
    unwarned = None if AlarmCode.LOW_RESERVOIR in history.model.alarms or mark_raised else history.low_mark_at
    limit = min((at for at in (history.refill_by, unwarned) if at is not None), default=None)
    shown = came_due(history, history.until)
    if limit is None or shown is None:
        return
    due = max(limit, shown)
    late = history.until - due > OVERDUE_BY and measured(history, due, history.until) > OVERDUE_BY
    if not late or excused(history, due, history.until):
        return
    filled = "an unknown day" if history.filled_at is None else day_text(history, history.filled_at)
    named = "an unknown day" if history.filled_at is None else f"{history.filled_at:%Y-%m-%d}"  # UTC: a key never moves
    evidence = Evidence("forecast", "", f"refill due by {day_text(history, due)}, last filled on {filled}", due)
    sentence = f"A refill was due by {day_text(history, due)} and none has come."
    yield _late(history, f"{_BY_DATE}{named}", due, history.until, sentence, (evidence,), "weak")


def _overdue_before(history: History) -> Iterator[Finding]:
    """Earlier fills that were found overdue, unless a refill in time was logged since."""
    for one in history.known:
        if one.kind != "late_refill" or one.resolved or not one.key.startswith(_BY_DATE) or _answered(history, one):
            continue
        evidence = Evidence("forecast", "", f"refill due by {day_text(history, one.happened_at)}", one.happened_at)
        until = one.happened_at + OVERDUE_BY
        yield _late(history, one.key, one.happened_at, until, one.sentence, (evidence,), one.strength)


def _filled_in_time(history: History, one: FindingSeen) -> bool:
    """Whether a fill was logged before that refill was late: since the fill that it names, or since its date."""
    named = one.key.removeprefix(_BY_DATE)
    by_date = named != one.key and named[:1].isdigit()
    start = _after(named) if by_date else one.happened_at - SAME_TIME
    end = one.happened_at + (OVERDUE_BY if by_date else LATE_AFTER)
    logged = [visit.performed_at for visit in history.visits if visit.refilled]
    logged += [session.at for session in history.sessions if session.refilled]
    return any(start <= at <= end for at in logged)


def _after(day: str) -> datetime:
    """When the fill of that day is surely over; it may have been another day in the clinic's zone."""
    return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=2)


def _answered(history: History, one: FindingSeen) -> bool:
    """Whether a record explains one whose readings are no longer kept: a refill in time, an order, a surgery."""
    return _filled_in_time(history, one) or excused(history, one.happened_at, one.happened_at + LATE_AFTER)


def _late(
    history: History,
    key: str,
    due: datetime,
    end: datetime,
    sentence: str,
    evidence: tuple[Evidence, ...],
    strength: str,
) -> Finding:
    seen = was_seen(history, due, end)
    return Finding(
        kind="late_refill",
        key=key,
        happened_at=due,
        strength=strength,
        points_at="clinic" if seen else "patient",
        sentence=f"{sentence} The patient was seen meanwhile." if seen else sentence,
        evidence=evidence,
        mend="Log the refill if it was done.",
        direction=Direction.LATE,
        neglect_or_abuse=not seen,
    )


KIND: Final = FindingKind(
    name="late_refill",
    title="A refill was late or missed",
    find=late_refills,
    urgent=False,
    bears_on_neglect=True,
    rests_on=Rests.READINGS,
    answered=_answered,
    named_by_record=False,
    directions=frozenset({Direction.LATE}),
    explanations=MISSED,
    fixed_at=FixedAt.NEW_REFILL,
)
