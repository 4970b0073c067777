"""An alarm that nobody answered for days: a matter of the clinic, which is told of it here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import AlarmCode, Priority, meaning, priority
from tracker.findings.history import AlarmPast, Direction, Finding, History, alarm
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests
from tracker.findings.measured_time import paused
from tracker.findings.refill_due import ordered_stop

UNATTENDED: Final = {
    Priority.HIGH: timedelta(days=3),
    Priority.MEDIUM: timedelta(days=14),
    Priority.LOW: timedelta(days=21),
}
"""How long an alarm goes without an answer before that is a finding, from when it was received. Assumed."""
RESERVOIR_ALARMS: Final = frozenset({"low_reservoir", "empty_reservoir"})
OF_THE_BATTERY: Final = frozenset({"elective_replacement", "end_of_service"})


def unattended_alarms(history: History) -> Iterator[Finding]:
    """An alarm that stood for days without an answer. A missing or late refill speaks for itself elsewhere."""
    for one in history.alarms:
        if one.code in RESERVOIR_ALARMS or _settled(history, one) or _not_all_in_view(history, one):
            continue
        answered = min(_answered_at(history, one), history.until)
        waited = answered - one.waits_since - paused(history, one.waits_since, answered)
        if waited <= UNATTENDED[priority(AlarmCode(one.code), history.drug)]:
            continue
        yield Finding(
            kind="alarm_unattended",
            key=f"alarm_unattended:{one.id}",
            happened_at=one.first_seen_at,
            strength="weak",
            points_at="clinic",
            sentence=f"{meaning(AlarmCode(one.code)).title}: nobody acknowledged it for {waited.days} days.",
            evidence=(alarm(one),),
            mend="Acknowledge the alarm and note what was done.",
        )


def _answered_at(history: History, one: AlarmPast) -> datetime:
    """When somebody acknowledged it, or the pump was next read by a programmer or at a visit."""
    looks = [visit.performed_at for visit in history.visits if visit.analysed or visit.reprogrammed or visit.refilled]
    looks += [session.at for session in history.sessions]
    looks += [exam.performed_at for exam in history.mri] if one.code == AlarmCode.MOTOR_STALL else []
    read = min((at for at in looks if at >= one.came_at), default=history.until)
    return min(one.acknowledged_at or one.closed_at or history.until, read)


def _not_all_in_view(history: History, one: AlarmPast) -> bool:
    """Whether a visit that answered it may be too old to be looked at; one that was found before stays."""
    found = any(f"alarm_unattended:{one.id}" == known.key for known in history.known)
    return history.since is not None and one.came_at < history.since and not found


def _settled(history: History, one: AlarmPast) -> bool:
    """Whether the record answers it: a replacement is planned, or the stop that it tells of was ordered."""
    if one.code in OF_THE_BATTERY and history.surgery_on is not None:
        return True
    return one.code == AlarmCode.STOPPED_OVER_48H and ordered_stop(history, one.first_seen_at) is not None


KIND: Final = FindingKind(
    name="alarm_unattended",
    title="Nobody answered an alarm for days",
    find=unattended_alarms,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=False,
    directions=frozenset({Direction.OTHER}),
    explanations=(
        Explanation("it was dealt with, as by phone, and not acknowledged here", "reasoned"),
        Explanation("the patient could not hear the alarm, or was never told what it means", "S3c"),
        Explanation("the message reached the clinic late", "reasoned"),
    ),
    fixed_at=FixedAt.NOWHERE,
)
