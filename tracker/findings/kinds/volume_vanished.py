"""Volume that left the reservoir faster than the pump delivers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.refill import LEAST_DISCREPANCY_ML, discrepancy_limit_ml
from tracker.findings.clinic_day import time_text
from tracker.findings.explanations import ALTITUDE, BOLUSES, COUNT, LEAK, MRI, OVER_INFUSION, SENSOR, TEMPERATURE
from tracker.findings.history import Direction, Finding, History, near, report
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.reservoir_reports import LOGGED_WITHIN, SETTLES_ML, SHORT_GAP, flows, lasting, refilled_near


def vanished_volumes(history: History) -> Iterator[Finding]:
    """A volume that fell by more than flow and allotted boluses take out of the pump, and stayed down."""
    for earlier, before, after, later in lasting(history):
        lost = before.reservoir_ml - after.reservoir_ml
        if lost <= LEAST_DISCREPANCY_ML or before.flow_ml_per_day is None or after.at - before.at > SHORT_GAP:
            continue  # whatever the flow explains: nearly every pair of reports
        days = (after.at - before.at) / timedelta(days=1)
        expected = flows(before, after) + history.boluses_ml_per_day * days
        if lost - expected <= discrepancy_limit_ml(expected):
            continue
        if earlier is not None and earlier.reservoir_ml <= after.reservoir_ml + expected + SETTLES_ML:
            continue  # one report too high between two that agree
        came_back = later.reservoir_ml > after.reservoir_ml + SETTLES_ML
        if came_back or refilled_near(history, before.at, after.at) or _emptied_for_mri(history, before.at, after.at):
            continue
        yield Finding(
            kind="volume_vanished",
            key=f"volume_vanished:{after.name}",
            happened_at=after.at,
            strength="moderate",
            points_at="device",
            sentence=(
                f"{lost:.1f} mL left the reservoir by {time_text(history, after.at)}, where the flow explains "
                f"{expected:.1f} mL."
            ),
            evidence=(report(before), report(after)),
            mend="Check the volume at the next visit; look for needle marks and a leak.",
            direction=Direction.LESS,
            neglect_or_abuse=True,
        )


def _emptied_for_mri(history: History, start: datetime, end: datetime) -> bool:
    return any(one.emptied_before and near(one.performed_at, start, end, LOGGED_WITHIN) for one in history.mri)


KIND: Final = FindingKind(
    name="volume_vanished",
    title="Drug has gone from the reservoir",
    find=vanished_volumes,
    urgent=True,
    bears_on_neglect=True,
    rests_on=Rests.READINGS,
    answered=None,
    named_by_record=False,
    directions=frozenset({Direction.LESS}),
    explanations=(
        LEAK,
        OVER_INFUSION,
        BOLUSES,
        ALTITUDE,
        TEMPERATURE,
        SENSOR,
        COUNT,
        MRI,
        Explanation("a sample or an emptying by another clinic", "reasoned"),
        Explanation("a volume corrected with the programmer", "reasoned"),
    ),
    fixed_at=FixedAt.NOWHERE,
)
