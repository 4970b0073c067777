"""A visit coded as a reprogramming where nothing that the pump tells has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tracker.findings.clinic_day import day_text
from tracker.findings.history import Direction, Finding, History, VisitSeen, VolumeSeen, near, report, visit
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.prescribed import changed, same_in_all

WAITS: Final = timedelta(hours=48)
NEAR: Final = timedelta(days=3)
REPROGRAMMING_CODES: Final = frozenset({"62368", "62369", "62370"})


def codes_contradicted(history: History) -> Iterator[Finding]:
    """A reprogramming that is coded and that neither the flow nor the prescription shows.

    Nothing is said of a draft, nor of a refill that a session drafted: its draft says that the volume alone changed.
    """
    for one in history.visits:
        if not _coded(one) or history.now - one.performed_at < WAITS:
            continue
        if one.before is None or one.after is None or not same_in_all(one.before, one.after):
            continue
        around = _unchanged(history, one)
        if around is None:
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
            evidence=(visit(one), *(report(seen) for seen in around)),
            mend="Amend the visit, or note which setting was changed.",
        )


def _coded(one: VisitSeen) -> bool:
    told_by_draft = one.drafted and (one.refilled or not one.confirmed)
    return one.reprogrammed and bool(REPROGRAMMING_CODES & set(one.codes)) and not told_by_draft


def _unchanged(history: History, one: VisitSeen) -> tuple[VolumeSeen, VolumeSeen] | None:
    """The reports before and after the visit where both tell the same flow."""
    beside = [seen for seen in history.volumes if near(seen.at, one.performed_at, one.performed_at, NEAR)]
    early = [seen for seen in beside if seen.at < one.performed_at]
    late = [seen for seen in beside if seen.at > one.performed_at]
    if not early or not late or early[-1].infusion != late[-1].infusion or changed(early[-1], late[-1]):
        return None
    return early[-1], late[-1]


KIND: Final = FindingKind(
    name="code_contradicted",
    title="A billing code that the readings contradict",
    find=codes_contradicted,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("a change of alarm settings, bolus limits or the clock, which no reading shows", "S29"),
        Explanation("an update of the refill volume alone, which payers judge differently", "S53"),
    ),
    fixed_at=FixedAt.ITS_VISIT,
)
