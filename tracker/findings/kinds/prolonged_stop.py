"""A pump that stood still for over two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import AlarmCode
from tracker.findings.clinic_day import time_text
from tracker.findings.explanations import MRI, ORDERED_STOP
from tracker.findings.history import Direction, Finding, History, SessionSeen, report, session
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.measured_time import runs
from tracker.findings.pump_snapshot import FindingSeen
from tracker.findings.refill_due import ordered_stop

STOPPED_FOR: Final = timedelta(hours=48)
SESSION_BEFORE_STOP: Final = timedelta(hours=24)


def prolonged_stops(history: History) -> Iterator[Finding]:
    """A pump that was measured to stand still for over 48 hours, unless its service had ended or a stop was ordered.

    A stop that began before what is in view was found when it was new; here its first day can't be told. No patient
    can stop a pump, so that it does not bear on neglect.
    """
    ended = [one.first_seen_at for one in history.alarms if one.code == AlarmCode.END_OF_SERVICE]
    for run in runs(history, lambda seen: seen.infusion == "stopped"):
        first, last = run[0], run[-1]
        if last.at - first.at <= STOPPED_FOR or any(at <= last.at for at in ended):
            continue
        if (history.cut and first is history.volumes[0]) or ordered_stop(history, first.at) is not None:
            continue
        opened = _sessions_before(history, first.at)
        yield Finding(
            kind="prolonged_stop",
            key=f"prolonged_stop:{first.at:%Y-%m-%d}",
            happened_at=first.at,
            strength="weak",
            points_at="clinic" if opened else "device",
            sentence=f"The pump stood still from {time_text(history, first.at)} for over 48 hours.",
            evidence=(report(first), *(session(one) for one in opened)),
            mend="Log why it was stopped.",
        )


def _sessions_before(history: History, at: datetime) -> list[SessionSeen]:
    return [one for one in history.sessions if timedelta(0) <= at - one.at <= SESSION_BEFORE_STOP]


def _answered(history: History, one: FindingSeen) -> bool:
    return ordered_stop(history, one.happened_at) is not None


KIND: Final = FindingKind(
    name="prolonged_stop",
    title="The pump was stopped for over 48 hours",
    find=prolonged_stops,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.READINGS,
    answered=_answered,
    named_by_record=False,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("a programming session that ended half done", "S6"),
        ORDERED_STOP,
        MRI,
        Explanation("a motor stall", "S5"),
    ),
    fixed_at=FixedAt.NOWHERE,
)
