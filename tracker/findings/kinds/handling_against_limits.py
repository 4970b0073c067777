"""Handling against the model's limits: a matter of the clinic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tracker.findings.clinic_day import day_text
from tracker.findings.history import Direction, Evidence, Finding, History, MriPast, report
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests

OVERFILL_ML: Final = 0.5


def handling(history: History) -> Iterator[Finding]:
    """An overfilled reservoir, a flow out of range, an MRI with the pump full."""
    for one in history.visits:
        if one.filled_ml is not None and one.filled_ml > history.model.capacity_ml + OVERFILL_ML:
            yield _handled(
                f"handling_against_limits:visit:{one.id}",
                one.performed_at,
                f"{one.filled_ml:g} mL were filled into a reservoir of {history.model.capacity_ml:g} mL.",
                Evidence("visit", str(one.id), f"filled {one.filled_ml:g} mL", one.performed_at),
            )
    most = history.model.flow_max_ml_per_day
    over = next((seen for seen in history.volumes if most is not None and (seen.flow_ml_per_day or 0.0) > most), None)
    if over is not None:
        sentence = f"The pump was set to {over.flow_ml_per_day:g} mL a day; the model allows {most:g}."
        yield _handled(f"handling_against_limits:{over.at:%Y-%m-%d}", over.at, sentence, report(over))
    rule = history.model.mri
    for exam in history.mri:
        if rule is not None and rule.empty_before and exam.emptied_before is False:
            yield _mri(history, exam)


def _mri(history: History, exam: MriPast) -> Finding:
    done, model = day_text(history, exam.performed_at), history.model.name
    sentence = f"An MRI on {done} with drug in the pump; a {model} must be emptied first."
    evidence = Evidence("mri", str(exam.id), "not emptied", exam.performed_at)
    return _handled(f"handling_against_limits:mri:{exam.id}", exam.performed_at, sentence, evidence)


def _handled(key: str, at: datetime, sentence: str, evidence: Evidence) -> Finding:
    return Finding(
        kind="handling_against_limits",
        key=key,
        happened_at=at,
        strength="moderate",
        points_at="clinic",
        sentence=sentence,
        evidence=(evidence,),
        mend="Amend the record if it was entered wrongly.",
    )


KIND: Final = FindingKind(
    name="handling_against_limits",
    title="Handled against the model's limits",
    find=handling,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("a value entered wrongly", "reasoned"),
        Explanation("an emergency that left no choice", "S11b"),
    ),
    fixed_at=FixedAt.NOWHERE,
)
