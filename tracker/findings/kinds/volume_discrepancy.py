"""A refill that drew back another volume than expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from devices.refill import READABLE_ML, Discrepancy, discrepancy, discrepancy_limit_ml
from tracker.findings.clinic_day import day_text
from tracker.findings.explanations import (
    ALTITUDE,
    BOLUSES,
    COUNT,
    LEAK,
    OVER_INFUSION,
    POCKET_FILL,
    SENSOR,
    STALL_OR_BLOCK,
    TEMPERATURE,
    WRONG_ENTRY,
)
from tracker.findings.history import Direction, Evidence, Finding, History, VisitSeen, visit
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.reservoir_reports import LEAST_RISE_ML

JUST_BEFORE: Final = timedelta(days=2)
"""The pump's own count is taken from a report so long before the refill. Assumed."""
IN_A_ROW: Final = 3
UNSURE_MARGIN: Final = 1.5
"""So many times the limit counts where the fill before is not on record and may have been a larger one. Assumed."""


def volume_discrepancies(history: History) -> Iterator[Finding]:
    """A refill that found more or less than expected. Strong where it comes again: twice over, or thrice one way."""
    filled: float | None = None
    before: list[Discrepancy] = []
    for one in history.visits:
        if not one.refilled:
            continue
        expected = _expected(history, one)
        if expected is not None and one.aspirated_ml is not None:
            judged, sure = _judged(history, one, expected, one.aspirated_ml, filled)
            before.append(judged)
            if judged.over:
                yield _discrepancy(history, one, expected, judged, again=_again(before), sure=sure)
        filled = one.filled_ml


def _judged(
    history: History, one: VisitSeen, expected: float, aspirated: float, filled: float | None
) -> tuple[Discrepancy, bool]:
    """The difference judged, and whether beyond doubt: a fill that is not on record may have been larger than told."""
    most = _most_reported(history, one) if filled is None else filled
    programmed = None if most is None else max(most - expected, 0.0)
    judged = discrepancy(history.model, expected, aspirated, programmed)
    sure = filled is not None or discrepancy(history.model, expected, aspirated, None).over
    least = UNSURE_MARGIN * discrepancy_limit_ml(programmed or 0.0)
    counts = judged.over and (sure or abs(judged.difference_ml) > least)
    return replace(judged, over=counts), sure


def _expected(history: History, one: VisitSeen) -> float | None:
    """What should have been left: as the visit says, else by the pump's own count just before it."""
    if one.expected_ml is not None:
        return one.expected_ml
    earlier = [seen for seen in history.volumes if one.performed_at - JUST_BEFORE <= seen.at < one.performed_at]
    if not earlier or earlier[-1].flow_ml_per_day is None:
        return None
    days = (one.performed_at - earlier[-1].at) / timedelta(days=1)
    return max(earlier[-1].reservoir_ml - earlier[-1].flow_ml_per_day * days, 0.0)


def _most_reported(history: History, one: VisitSeen) -> float | None:
    """The highest volume reported since the fill before, where no visit tells that fill; None without any."""
    most: float | None = None
    last: float | None = None
    for seen in reversed([seen for seen in history.volumes if seen.at < one.performed_at]):
        if last is not None and seen.reservoir_ml < last - LEAST_RISE_ML:
            break  # before that it was another fill
        last = seen.reservoir_ml
        most = last if most is None else max(most, last)
    return most


def _again(found: list[Discrepancy]) -> bool:
    last = found[-IN_A_ROW:]
    one_way = {one.difference_ml > 0 for one in last if abs(one.difference_ml) > READABLE_ML}
    thrice = len(last) == IN_A_ROW and len(one_way) == 1 and all(abs(one.difference_ml) > READABLE_ML for one in last)
    return thrice or (len(found) > 1 and found[-2].over)


def _discrepancy(
    history: History, one: VisitSeen, expected: float, judged: Discrepancy, *, again: bool, sure: bool
) -> Finding:
    more = judged.difference_ml > 0
    return Finding(
        kind="volume_discrepancy",
        key=f"volume_discrepancy:visit:{one.id}",
        happened_at=one.performed_at,
        strength="weak" if not sure else "strong" if again else "moderate",
        points_at="device",
        sentence=(
            f"The refill of {day_text(history, one.performed_at)} found {abs(judged.difference_ml):.1f} mL "
            f"{'more' if more else 'less'} than expected ({judged.difference_ml:+.1f} mL), {judged.rule}"
            f"{', not for the first time' if again else ''}. "
            f"{'' if sure else 'No fill before it is on record, so it may be less than that. '}{judged.means}"
        ),
        evidence=(
            visit(one),
            Evidence(
                "visit",
                str(one.id),
                f"expected {expected:.3g} mL, drawn back {one.aspirated_ml:g} mL",
                one.performed_at,
            ),
        ),
        mend="Amend the visit if a volume was entered wrongly.",
        direction=Direction.MORE if more else Direction.LESS,
    )


KIND: Final = FindingKind(
    name="volume_discrepancy",
    title="Volume discrepancy at a refill",
    find=volume_discrepancies,
    urgent=True,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.MORE, Direction.LESS}),
    explanations=(
        WRONG_ENTRY,
        OVER_INFUSION,
        LEAK,
        POCKET_FILL,
        STALL_OR_BLOCK,
        BOLUSES,
        ALTITUDE,
        TEMPERATURE,
        SENSOR,
        COUNT,
        Explanation("air or a slow draw at this aspiration, or what can't be drawn back", "F7"),
    ),
    fixed_at=FixedAt.ITS_VISIT,
)
