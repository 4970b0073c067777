"""A reservoir that ran dry, by its own alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from devices.alarms import AlarmCode
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.explanations import MISSED
from tracker.findings.history import AlarmPast, Direction, Finding, History, alarm
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.refill_due import came_due, excused, heard, ordered_stop, still_full, was_seen


def dry_runs(history: History) -> Iterator[Finding]:
    """A reservoir that ran dry. The next refill is a risk of its own: there is nothing to draw back.

    It may relate to the patient only where the refill was due by then, the pump was heard, and nobody was seen.
    """
    empties = [one for one in history.alarms if one.code == AlarmCode.EMPTY_RESERVOIR]
    for one in empties:
        at = one.first_seen_at
        fill = still_full(history, at)
        if fill is not None and not history.model.reservoir_measured:
            continue  # the pump counts on from the fill before: nobody told it of this one
        due = came_due(history, at)
        missed = due is not None and _heard(history, one, due) and not excused(history, due, at)
        seen = due is not None and was_seen(history, due, at)
        yield Finding(
            kind="ran_dry",
            key=f"ran_dry:alarm:{one.id}",
            happened_at=at,
            strength="moderate" if len(empties) > 1 else "weak",
            points_at=_points_at(history, at, missed=missed, seen=seen),
            sentence=_sentence(history, one, due),
            evidence=(alarm(one), *(() if fill is None else (fill,))),
            mend="Mark the next refill as high-risk.",
            direction=Direction.LATE if missed else Direction.EARLY,
            neglect_or_abuse=missed and not seen,
        )


def _heard(history: History, one: AlarmPast, due: datetime) -> bool:
    """Whether the pump was heard after its refill was due; where those reports are gone, what was found then stands."""
    if not history.volumes or due < history.volumes[0].at:
        return any(known.key == f"ran_dry:alarm:{one.id}" and known.neglect_or_abuse for known in history.known)
    return heard(history, due, one.first_seen_at)


def _points_at(history: History, at: datetime, *, missed: bool, seen: bool) -> str:
    if seen or ordered_stop(history, at) is not None:
        return "clinic"
    return "patient" if missed else "device"


def _sentence(history: History, one: AlarmPast, due: datetime | None) -> str:
    by = "" if history.model.reservoir_measured else "By its own count the pump says that "
    what = f"the reservoir ran dry by {time_text(history, one.first_seen_at)}"
    when = ", before its refill was due." if due is None else f"; its refill was due by {day_text(history, due)}."
    return f"{by}{what}{when}" if by else f"{what[0].upper()}{what[1:]}{when}"


KIND: Final = FindingKind(
    name="ran_dry",
    title="The reservoir ran dry",
    find=dry_runs,
    urgent=False,
    bears_on_neglect=True,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=False,
    directions=frozenset({Direction.LATE, Direction.EARLY}),
    explanations=(*MISSED, Explanation("the forecast or the alarm came too late", "reasoned")),
    fixed_at=FixedAt.NOWHERE,
)
