"""What the reservoir's volumes show against the visits: fills nobody logged, fills never seen, volume that vanishes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.model import DeviceKind
from devices.refill import discrepancy
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.history import Evidence, Finding, History, VisitSeen, VolumeSeen, near, report, visit

LOGGED_WITHIN: Final = timedelta(hours=48)
"""A visit may be logged so long after it was done, and its time may be so far off, before anything is said. Assumed."""
LEAST_RISE_ML: Final = 1.0
LEAST_LOSS_ML: Final = 1.0
SETTLES_ML: Final = 0.5
SHARE_OF_EXPECTED: Final = 0.25
SHORT_GAP: Final = timedelta(days=8)


def unlogged_refills(history: History) -> Iterator[Finding]:
    """A volume that rose and stayed up, with no refill logged around it."""
    for earlier, before, after, later in _lasting(history):
        rise = after.reservoir_ml - before.reservoir_ml
        if rise <= LEAST_RISE_ML or later.reservoir_ml < after.reservoir_ml - SETTLES_ML - _flows(after, later):
            continue
        if history.now - after.at < LOGGED_WITHIN or _refilled_near(history, before.at, after.at):
            continue
        if earlier is not None and earlier.reservoir_ml >= after.reservoir_ml - SETTLES_ML:
            continue  # one report too low between two that agree
        yield Finding(
            kind="unlogged_refill",
            key=f"unlogged_refill:{after.name}",
            happened_at=after.at,
            strength="moderate",
            points_at="clinic",
            sentence=f"The reservoir rose by {rise:.1f} mL by {time_text(history, after.at)} and no refill is logged.",
            evidence=(report(before), report(after)),
            explanations=(
                "a refill that was done and never logged",
                "a refill at another clinic or in hospital",
                "a volume corrected with the programmer without filling",
            ),
            mend="Log the refill.",
        )


def vanished_volumes(history: History) -> Iterator[Finding]:
    """A volume that fell by more than flows out of the pump, and stayed down."""
    limit = max(history.model.refill_discrepancy_ml, LEAST_LOSS_ML)
    for earlier, before, after, later in _lasting(history):
        lost = before.reservoir_ml - after.reservoir_ml
        if lost <= limit or before.flow_ml_per_day is None or after.at - before.at > SHORT_GAP:
            continue
        expected = _flows(before, after)
        if lost - expected <= limit + SHARE_OF_EXPECTED * expected:
            continue
        if earlier is not None and earlier.reservoir_ml <= after.reservoir_ml + expected + SETTLES_ML:
            continue  # one report too high between two that agree
        came_back = later.reservoir_ml > after.reservoir_ml + SETTLES_ML
        if came_back or _refilled_near(history, before.at, after.at) or _emptied_for_mri(history, before.at, after.at):
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
            explanations=(
                "a leak at the septum or the catheter's connection",
                "over-infusion by a faulty pump",
                "a sample or an emptying by another clinic",
                "a volume corrected with the programmer",
            ),
            mend="Check the volume at the next visit; look for needle marks and a leak.",
        )


def refills_not_seen(history: History) -> Iterator[Finding]:
    """A refill that is logged and that the volumes never show."""
    if history.model.kind is DeviceKind.RESERVOIR:
        return
    for one in history.visits:
        if not one.refilled or history.now - one.performed_at < LOGGED_WITHIN:
            continue
        before, after = _around(history, one)
        if before is None or after is None:
            continue
        wanted = history.model.capacity_ml if one.filled_ml is None else one.filled_ml
        room = min(wanted, history.model.capacity_ml) - before.reservoir_ml
        rose = after.reservoir_ml - before.reservoir_ml
        if room < 2 * LEAST_RISE_ML or rose >= room / 2:
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
            explanations=(
                "a visit logged for the wrong pump or day",
                "a refill that was broken off",
                "drug that went beside the reservoir: see the patient at once if there is any sign of it",
                "a volume that was not set anew with the programmer",
            ),
            mend="Amend or withdraw the visit.",
        )


def volume_discrepancies(history: History) -> Iterator[Finding]:
    """A refill that found more or less than expected, by the model's limit or the share of what was programmed."""
    filled: float | None = None
    for one in history.visits:
        if not one.refilled:
            continue
        if one.expected_ml is not None and one.aspirated_ml is not None:
            programmed = None if filled is None else max(filled - one.expected_ml, 0.0)
            judged = discrepancy(history.model, one.expected_ml, one.aspirated_ml, programmed)
            if judged.over:
                yield _discrepancy(history, one, judged.difference_ml, judged.rule, judged.means)
        filled = one.filled_ml


def _discrepancy(history: History, one: VisitSeen, difference_ml: float, rule: str, means: str) -> Finding:
    more = difference_ml > 0
    return Finding(
        kind="volume_discrepancy",
        key=f"volume_discrepancy:visit:{one.id}",
        happened_at=one.performed_at,
        strength="moderate",
        points_at="device",
        sentence=(
            f"The refill of {day_text(history, one.performed_at)} found {abs(difference_ml):.1f} mL "
            f"{'more' if more else 'less'} than expected ({difference_ml:+.1f} mL), {rule}. {means}"
        ),
        evidence=(
            visit(one),
            Evidence(
                "visit",
                str(one.id),
                f"expected {one.expected_ml:g} mL, drawn back {one.aspirated_ml:g} mL",
                one.performed_at,
            ),
        ),
        explanations=(
            "a volume entered wrongly at this refill or the last",
            "a stall, a stop or a blocked catheter" if more else "over-infusion or a leak",
            "air or a slow draw at this aspiration",
        ),
        mend="Amend the visit if a volume was entered wrongly.",
    )


def _lasting(history: History) -> Iterator[tuple[VolumeSeen | None, VolumeSeen, VolumeSeen, VolumeSeen]]:
    """Each report with the two before it and the next: a change counts only once other reports bear it out."""
    seen = history.volumes
    yield from zip((None, *seen), seen, seen[1:], seen[2:], strict=False)


def _flows(before: VolumeSeen, after: VolumeSeen) -> float:
    """The most that the reported flows take out between two reports, in mL."""
    flow = max(before.flow_ml_per_day or 0.0, after.flow_ml_per_day or 0.0)
    return flow * ((after.at - before.at) / timedelta(days=1))


def _refilled_near(history: History, start: datetime, end: datetime) -> bool:
    logged = any(one.refilled and near(one.performed_at, start, end, LOGGED_WITHIN) for one in history.visits)
    return logged or any(one.refilled and near(one.at, start, end, LOGGED_WITHIN) for one in history.sessions)


def _emptied_for_mri(history: History, start: datetime, end: datetime) -> bool:
    return any(one.emptied_before and near(one.performed_at, start, end, LOGGED_WITHIN) for one in history.mri)


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
