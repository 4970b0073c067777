"""A volume that rose with no refill logged: a matter of the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.explanations import MRI, NOT_LOGGED, OUT_OF_CONTACT, REFILLED_ELSEWHERE, SENSOR
from tracker.findings.history import Direction, Finding, History, VolumeSeen, report
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.measured_time import heard_together
from tracker.findings.reservoir_reports import (
    LEAST_RISE_ML,
    LOGGED_WITHIN,
    SETTLES_ML,
    flows,
    lasting,
    refilled_near,
)


def unlogged_refills(history: History) -> Iterator[Finding]:
    """A volume that rose and stayed up, with no refill logged around it."""
    for earlier, before, after, later in lasting(history):
        rise = after.reservoir_ml - before.reservoir_ml
        if rise <= LEAST_RISE_ML or later.reservoir_ml < after.reservoir_ml - SETTLES_ML - flows(after, later):
            continue
        if history.now - after.at < LOGGED_WITHIN or refilled_near(history, before.at, after.at):
            continue
        if earlier is not None and earlier.reservoir_ml >= after.reservoir_ml - SETTLES_ML:
            continue  # one report too low between two that agree
        yield Finding(
            kind="unlogged_refill",
            key=f"unlogged_refill:{after.name}",
            happened_at=after.at,
            strength="moderate" if heard_together(history, before, after) else "weak",
            points_at="clinic",
            sentence=f"The reservoir rose by {rise:.1f} mL {_when(history, before, after)} and no refill is logged.",
            evidence=(report(before), report(after)),
            mend="Log the refill.",
            direction=Direction.MORE,
        )


def _when(history: History, before: VolumeSeen, after: VolumeSeen) -> str:
    if heard_together(history, before, after):
        return f"by {time_text(history, after.at)}"
    return f"between {day_text(history, before.at)} and {day_text(history, after.at)}, when no report came,"


KIND: Final = FindingKind(
    name="unlogged_refill",
    title="The volume rose with no refill logged",
    find=unlogged_refills,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.READINGS,
    answered=None,
    named_by_record=False,
    directions=frozenset({Direction.MORE}),
    explanations=(
        NOT_LOGGED,
        REFILLED_ELSEWHERE,
        OUT_OF_CONTACT,
        Explanation("a volume corrected with the programmer without filling", "reasoned"),
        MRI,
        SENSOR,
    ),
    fixed_at=FixedAt.NEW_REFILL_THEN,
)
