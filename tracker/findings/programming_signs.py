"""What flows and sessions show against the visits: changes nobody logged, sessions left open, unknown programmers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from devices.prescription import Prescription, differences
from devices.prescription_json import FIELDS, prescription_or_none
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.history import Finding, History, VolumeSeen, near, report, session, visit

LOGGED_WITHIN: Final = timedelta(hours=24)
SHARE_OF_FLOW: Final = 0.05
LEAST_CHANGE_ML_PER_DAY: Final = 0.005
STEADY: Final = frozenset({"simple_continuous"})
RESETS: Final = frozenset({"low_battery_reset", "critical_memory_error", "end_of_service"})
COMPLETED_WITHIN: Final = timedelta(hours=24)


def unlogged_reprogrammings(history: History) -> Iterator[Finding]:
    """A flow that changed and stayed so with no reprogramming logged, or a prescription that nobody logged as set."""
    if not history.model.programmable:
        return
    for before, after, later in zip(history.volumes, history.volumes[1:], history.volumes[2:], strict=False):
        if (
            before.flow_ml_per_day == after.flow_ml_per_day
            or not _changed(before, after)
            or _changed(after, later)
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
            explanations=_WHY_CHANGED,
            mend="Log the reprogramming.",
        )
    yield from _prescriptions(history)


_WHY_CHANGED: Final = (
    "a reprogramming that was done and never logged",
    "a change in an emergency department or an MRI suite",
    "a scheduled step of a flexible or bridge programme",
)


def _changed(before: VolumeSeen, after: VolumeSeen) -> bool:
    """Whether two reports of steady infusion name flows that differ."""
    if before.infusion not in STEADY or after.infusion not in STEADY:
        return False
    if not before.flow_ml_per_day or not after.flow_ml_per_day:
        return False
    change = abs(after.flow_ml_per_day - before.flow_ml_per_day)
    return change > max(LEAST_CHANGE_ML_PER_DAY, SHARE_OF_FLOW * before.flow_ml_per_day)


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
        if left is None or found is None or _same(left, found):
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
                f"The session of {day_text(history, second.at)} found {_words(found)}, where the one of "
                f"{day_text(history, first.at)} had left {_words(left)}; no reprogramming is logged between."
            ),
            evidence=(session(first), session(second)),
            explanations=_WHY_CHANGED[:2],
            mend="Log the reprogramming.",
        )


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both say the same quantities of the same drugs; what can't be read is compared as it stands."""
    left, right = prescription_or_none(one), prescription_or_none(other)
    if left is None or right is None:
        return all(one.get(part) == other.get(part) for part in ("drugs", *FIELDS))
    return not differences(Prescription(left.drugs), Prescription(right.drugs))


def _words(told: dict[str, Any]) -> str:
    parts = told.get("drugs") or [told]
    return " + ".join(
        f"{one.get('drug')} {one.get('concentration')} {one.get('unit')}, {one.get('dose_per_day')} a day"
        for one in parts
    )


def sessions_not_completed(history: History) -> Iterator[Finding]:
    """A session that was opened and never completed: the pump may have been left stopped. A matter of the clinic."""
    for place, one in enumerate(history.sessions):
        if one.completed is not False:
            continue
        later = history.sessions[place + 1 :]
        if any(other.completed and other.at - one.at <= COMPLETED_WITHIN for other in later):
            continue
        yield Finding(
            kind="session_not_completed",
            key=f"session_not_completed:{one.id}",
            happened_at=one.at,
            strength="strong",
            points_at="clinic",
            sentence=f"A programmer session of {time_text(history, one.at)} was opened and never completed.",
            evidence=(session(one),),
            explanations=("a session broken off by a lost connection", "a session completed on another programmer"),
            mend="Interrogate the pump, see that it runs as prescribed, and log what was done.",
        )


def unknown_programmers(history: History) -> Iterator[Finding]:
    """A session by a programmer that is not the clinic's. Nothing is said while the clinic has not named its own."""
    if not history.known_programmers:
        return
    seen: set[str] = set()
    for one in history.sessions:
        if one.programmer is None or one.programmer in history.known_programmers or one.programmer in seen:
            continue
        seen.add(one.programmer)
        yield Finding(
            kind="unknown_programmer",
            key=f"unknown_programmer:{one.programmer}",
            happened_at=one.at,
            strength="strong" if one.reprogrammed else "moderate",
            points_at="patient",
            sentence=(
                f"Programmer {one.programmer}, which is none of the clinic's, was used on {time_text(history, one.at)}"
                f"{' and changed the programme' if one.reprogrammed else ''}."
            ),
            evidence=(session(one),),
            explanations=(
                "an emergency department or MRI suite that set the pump",
                "a new or borrowed programmer that nobody has entered here",
                "the maker's representative",
            ),
            mend="If it is the clinic's, add it to the clinic's programmers.",
        )


def codes_contradicted(history: History) -> Iterator[Finding]:
    """A reprogramming that is coded and that neither the flow nor the prescription shows."""
    for one in history.visits:
        if not one.reprogrammed or history.now - one.performed_at < 2 * LOGGED_WITHIN:
            continue
        if one.before is None or one.after is None or not _same(one.before, one.after):
            continue
        if one.before.get("mode") != one.after.get("mode"):
            continue
        before = [seen for seen in history.volumes if near(seen.at, one.performed_at, one.performed_at, _DAYS)]
        early = [seen for seen in before if seen.at < one.performed_at]
        late = [seen for seen in before if seen.at > one.performed_at]
        if not early or not late or early[-1].infusion != late[-1].infusion or _changed(early[-1], late[-1]):
            continue
        yield Finding(
            kind="code_contradicted",
            key=f"code_contradicted:visit:{one.id}",
            happened_at=one.performed_at,
            strength="weak",
            points_at="clinic",
            sentence=(
                f"The visit of {day_text(history, one.performed_at)} is coded as a reprogramming "
                f"({', '.join(one.codes)}) and neither flow nor prescription changed."
            ),
            evidence=(visit(one), report(early[-1]), report(late[-1])),
            explanations=(
                "a change of alarm settings, bolus limits or the clock, which no reading shows",
                "an update of the refill volume alone, which payers judge differently",
            ),
            mend="Amend the visit, or note which setting was changed.",
        )


_DAYS: Final = timedelta(days=3)
