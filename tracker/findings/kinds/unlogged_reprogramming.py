"""A flow or a prescription that changed with no reprogramming logged: a matter of the records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final

from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.explanations import EMERGENCY, MRI, OUT_OF_CONTACT
from tracker.findings.history import Direction, Finding, History, VolumeSeen, near, report, session
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.prescribed import changed, same_doses, words

LOGGED_WITHIN: Final = timedelta(hours=24)
RESETS: Final = frozenset({"low_battery_reset", "critical_memory_error", "end_of_service"})


def unlogged_reprogrammings(history: History) -> Iterator[Finding]:
    """A flow that changed and stayed so with no reprogramming logged, or a prescription that nobody logged as set."""
    if not history.model.programmable:
        return
    for before, after, later in zip(history.volumes, history.volumes[1:], history.volumes[2:], strict=False):
        if (
            before.flow_ml_per_day == after.flow_ml_per_day
            or not changed(before, after)
            or changed(after, later)
            or _explained(history, before, after)
        ):
            continue
        yield Finding(
            kind="unlogged_reprogramming",
            key=f"unlogged_reprogramming:{after.name}",
            happened_at=after.at,
            strength="moderate",
            points_at="clinic",
            sentence=(
                f"The flow went from {before.flow_ml_per_day:.3g} to {after.flow_ml_per_day:.3g} mL a day by "
                f"{time_text(history, after.at)} and no reprogramming is logged."
            ),
            evidence=(report(before), report(after)),
            mend="Log the reprogramming.",
        )
    yield from _prescriptions(history)


def _explained(history: History, before: VolumeSeen, after: VolumeSeen) -> bool:
    if history.now - after.at < LOGGED_WITHIN:
        return True  # there is still time to log it
    span = (before.at, after.at, LOGGED_WITHIN)
    return (
        any(one.reprogrammed and near(one.performed_at, *span) for one in history.visits)
        or any(one.reprogrammed and near(one.at, *span) for one in history.sessions)
        or any(one.code in RESETS and near(one.first_seen_at, *span) for one in history.alarms)
    )


def _prescriptions(history: History) -> Iterator[Finding]:
    """A session that found another prescription than the last one left."""
    told = [one for one in history.sessions if one.before or one.after]
    for first, second in pairwise(told):
        left, found = first.after or first.before, second.before
        if left is None or found is None or same_doses(left, found):
            continue
        between = [one for one in history.visits if first.at < one.performed_at < second.at and one.reprogrammed]
        if between:
            continue
        yield Finding(
            kind="unlogged_reprogramming",
            key=f"unlogged_reprogramming:session:{second.id}",
            happened_at=second.at,
            strength="strong",
            points_at="clinic",
            sentence=(
                f"The session of {day_text(history, second.at)} found {words(found)}, where the one of "
                f"{day_text(history, first.at)} had left {words(left)}; no reprogramming is logged between."
            ),
            evidence=(session(first), session(second)),
            mend="Log the reprogramming.",
        )


KIND: Final = FindingKind(
    name="unlogged_reprogramming",
    title="Settings changed with no visit logged",
    find=unlogged_reprogrammings,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.READINGS,
    answered=None,
    named_by_record=False,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("a reprogramming that was done and not logged", "reasoned"),
        EMERGENCY,
        OUT_OF_CONTACT,
        MRI,
        Explanation("a scheduled step of a flexible or bridge program, or a bolus", "S28"),
    ),
    fixed_at=FixedAt.NEW_REPROGRAMMING_THEN,
)
