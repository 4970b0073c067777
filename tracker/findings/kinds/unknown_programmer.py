"""A session by a programmer that the clinic has not named as its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tracker.findings.clinic_day import time_text
from tracker.findings.explanations import EMERGENCY
from tracker.findings.history import Direction, Finding, History, SessionSeen, session
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests

MRI_WITHIN: Final = timedelta(days=2)


def unknown_programmers(history: History) -> Iterator[Finding]:
    """A session by a programmer that is not the clinic's. Nothing is said while the clinic has not named its own.

    One that only read the pump, that filled it, or that stood near an MRI was somebody's care: it bears on no neglect.
    """
    if not history.known_programmers:
        return
    seen: set[str] = set()
    strange = [one for one in history.sessions if _strange(history, one)]
    for one in sorted(strange, key=lambda one: not _unasked(history, one)):
        if one.programmer is None or one.programmer in seen:
            continue
        seen.add(one.programmer)
        unasked = _unasked(history, one)
        yield Finding(
            kind="unknown_programmer",
            key=f"unknown_programmer:{one.programmer}",
            happened_at=one.at,
            strength="strong" if unasked else "moderate",
            points_at="patient" if unasked else "clinic",
            sentence=(
                f"Programmer {one.programmer}, which is none of the clinic's, was used on {time_text(history, one.at)}"
                f"{' and changed the program' if one.reprogrammed else ''}."
            ),
            evidence=(session(one),),
            mend="If it is the clinic's, add it to the clinic's programmers.",
            neglect_or_abuse=unasked,
        )


def _strange(history: History, one: SessionSeen) -> bool:
    return one.programmer is not None and one.programmer not in history.known_programmers


def _unasked(history: History, one: SessionSeen) -> bool:
    """Whether it changed the program, and neither a refill nor an MRI says why."""
    near_mri = any(abs(one.at - exam.performed_at) <= MRI_WITHIN for exam in history.mri)
    return bool(one.reprogrammed) and not one.refilled and not near_mri


KIND: Final = FindingKind(
    name="unknown_programmer",
    title="An unknown programmer was used",
    find=unknown_programmers,
    urgent=False,
    bears_on_neglect=True,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        EMERGENCY,
        Explanation("a new or borrowed programmer that nobody has entered here", "reasoned"),
        Explanation("the manufacturer's representative, or another clinic", "reasoned"),
    ),
    fixed_at=FixedAt.PROGRAMMERS,
)
