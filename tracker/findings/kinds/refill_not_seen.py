"""A refill that is logged and that the reported volumes never show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.model import DeviceKind
from devices.refill import after_filling
from tracker.findings.clinic_day import day_text
from tracker.findings.explanations import COUNT, POCKET_FILL, SENSOR
from tracker.findings.history import Direction, Finding, History, VisitSeen, VolumeSeen, report, visit
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.reservoir_reports import LEAST_RISE_ML, LOGGED_WITHIN, SHORT_GAP


def refills_not_seen(history: History) -> Iterator[Finding]:
    """A refill that is logged and that the volumes never show; where a sensor measures, also one that fell short."""
    if history.model.kind is DeviceKind.RESERVOIR:
        return
    for one in history.visits:
        if not one.refilled or history.now - one.performed_at < LOGGED_WITHIN:
            continue
        before, after = _around(history, one)
        if before is None or after is None or not _missing(history, one, before, after):
            continue
        yield Finding(
            kind="refill_not_seen",
            key=f"refill_not_seen:visit:{one.id}",
            happened_at=one.performed_at,
            strength="strong",
            points_at="clinic",
            sentence=(
                f"A refill is logged on {day_text(history, one.performed_at)} and the reservoir shows "
                f"{after.reservoir_ml:.1f} mL after {before.reservoir_ml:.1f} mL."
            ),
            evidence=(visit(one), report(before), report(after)),
            mend="Amend or withdraw the visit.",
            direction=Direction.LESS,
        )


def _missing(history: History, one: VisitSeen, before: VolumeSeen, after: VolumeSeen) -> bool:
    wanted = history.model.capacity_ml if one.filled_ml is None else one.filled_ml
    filled = min(wanted, history.model.capacity_ml)
    room = filled - before.reservoir_ml
    if room >= 2 * LEAST_RISE_ML and after.reservoir_ml - before.reservoir_ml < room / 2:
        return True
    if not history.model.reservoir_measured or one.filled_ml is None:
        return False
    delivered = (after.flow_ml_per_day or 0.0) * ((after.at - one.performed_at) / timedelta(days=1))
    judged = after_filling(history.model, filled, after.reservoir_ml + delivered)
    return judged.over and judged.difference_ml < 0


def _around(history: History, one: VisitSeen) -> tuple[VolumeSeen | None, VolumeSeen | None]:
    """The last report before a visit and the fullest of the three days after it."""
    seen, at = history.volumes, one.performed_at
    place = bisect_left(seen, at - timedelta(minutes=30), key=_at)
    earlier = seen[place - 1] if place else None
    soon = seen[bisect_right(seen, at, key=_at) : bisect_right(seen, at + timedelta(days=3), key=_at)]
    recent = earlier if earlier is not None and at - earlier.at <= SHORT_GAP else None
    return recent, max(soon, key=lambda seen: seen.reservoir_ml, default=None)


def _at(seen: VolumeSeen) -> datetime:
    return seen.at


KIND: Final = FindingKind(
    name="refill_not_seen",
    title="A logged refill that the pump never showed",
    find=refills_not_seen,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.LESS}),
    explanations=(
        Explanation("a visit logged for the wrong pump or day", "reasoned"),
        Explanation("a refill that was broken off", "reasoned"),
        POCKET_FILL,
        Explanation("a volume that was not set again with the programmer", "S28"),
        SENSOR,
        COUNT,
    ),
    fixed_at=FixedAt.ITS_VISIT,
)
