"""A session that was opened and never completed: a matter of the clinic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tracker.findings.clinic_day import time_text
from tracker.findings.history import Direction, Finding, History, session
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests

COMPLETED_WITHIN: Final = timedelta(hours=24)


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
            mend="Interrogate the pump, see that it runs as prescribed, and log what was done.",
        )


KIND: Final = FindingKind(
    name="session_not_completed",
    title="A programming session was not completed",
    find=sessions_not_completed,
    urgent=True,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("a session broken off by a lost connection", "S6"),
        Explanation("a session completed on another programmer", "reasoned"),
    ),
    fixed_at=FixedAt.NEW_VISIT,
)
