"""What alarms, stops and handling show of the care that a pump was given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import AlarmCode, Priority, meaning, priority
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.history import Evidence, Finding, History, MriPast, VolumeSeen, alarm, report, session
from tracker.findings.reservoir_signs import vanished_volumes

LOW_FOR: Final = timedelta(days=2)
LONGEST_FILL: Final = timedelta(days=90)
OVERDUE_BY: Final = timedelta(days=7)
STOPPED_FOR: Final = timedelta(hours=48)
UNATTENDED: Final = {
    Priority.HIGH: timedelta(days=3),
    Priority.MEDIUM: timedelta(days=14),
    Priority.LOW: timedelta(days=21),
}
"""How long an alarm goes without anybody's word before that is a sign, from when it was received. Assumed."""
RESERVOIR_ALARMS: Final = frozenset({"low_reservoir", "empty_reservoir"})
OVERFILL_ML: Final = 0.5
SESSION_BEFORE_STOP: Final = timedelta(hours=24)
MISSED: Final = (
    "the clinic moved or cancelled the appointment",
    "the patient was in hospital or could not travel",
    "the drug was out of stock or recalled",
    "a refill was done and never logged",
)


def late_refills(history: History) -> Iterator[Finding]:
    """A reservoir below its low mark for days, or a refill overdue by stability or the clinic's limit."""
    lows = [one for one in history.alarms if one.code == AlarmCode.LOW_RESERVOIR]
    for one in lows:
        until = min(one.cleared_at or history.until, history.until)
        if _brought_forward(history, one.first_seen_at):
            continue
        if until - one.first_seen_at > LOW_FOR:
            days = (until - one.first_seen_at).days
            yield _late(
                f"late_refill:alarm:{one.id}",
                one.first_seen_at,
                f"The reservoir was below its low mark for {'over ' if one.cleared_at is None else ''}{days} days.",
                (alarm(one),),
                "moderate" if len(lows) > 1 else "weak",
            )
    unwarned = None if AlarmCode.LOW_RESERVOIR in history.model.alarms else history.low_mark_at
    due = min((at for at in (history.refill_by, unwarned) if at is not None), default=None)
    if due is None or history.until - due <= OVERDUE_BY:
        return
    filled = "an unknown day" if history.filled_at is None else day_text(history, history.filled_at)
    evidence = Evidence("forecast", "", f"refill due by {day_text(history, due)}, last filled on {filled}", due)
    sentence = f"A refill was due by {day_text(history, due)} and none has come."
    named = "an unknown day" if history.filled_at is None else f"{history.filled_at:%Y-%m-%d}"  # UTC: a key never moves
    yield _late(f"late_refill:filled:{named}", due, sentence, (evidence,), "weak")


def _brought_forward(history: History, low_at: datetime) -> bool:
    """Whether volume vanished before: then the low mark came early, and nobody was late."""
    vanished = [*history.vanished_at, *(one.happened_at for one in vanished_volumes(history))]
    return any(timedelta(0) <= low_at - at <= LONGEST_FILL for at in vanished)


def _late(key: str, at: datetime, sentence: str, evidence: tuple[Evidence, ...], strength: str) -> Finding:
    return Finding(
        "late_refill", key, at, strength, "patient", sentence, evidence, MISSED, "Log the refill if it was done."
    )


def dry_runs(history: History) -> Iterator[Finding]:
    """A reservoir that ran dry. The next refill is a risk of its own: there is nothing to draw back."""
    empties = [one for one in history.alarms if one.code == AlarmCode.EMPTY_RESERVOIR]
    for one in empties:
        yield Finding(
            kind="ran_dry",
            key=f"ran_dry:alarm:{one.id}",
            happened_at=one.first_seen_at,
            strength="moderate" if len(empties) > 1 else "weak",
            points_at="patient",
            sentence=f"The reservoir ran dry by {time_text(history, one.first_seen_at)}.",
            evidence=(alarm(one),),
            explanations=(*MISSED, "the forecast or the alarm came too late"),
            mend="Mark the next refill as high-risk.",
        )


def unattended_alarms(history: History) -> Iterator[Finding]:
    """An alarm that stood for days with nobody's word. A missing or late refill speaks for itself elsewhere."""
    for one in history.alarms:
        if one.code in RESERVOIR_ALARMS:
            continue
        answered = min(one.acknowledged_at or one.closed_at or history.until, history.until)
        waited = answered - one.waits_since
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
            explanations=(
                "it was dealt with and not acknowledged here",
                "the patient could not hear the alarm, or was never told what it means",
                "the message reached the clinic late",
            ),
            mend="Acknowledge the alarm and note what was done.",
        )


def prolonged_stops(history: History) -> Iterator[Finding]:
    """A pump that stood still for over 48 hours, unless its service had ended.

    A stop that began before what is in view was found when it was new; here its first day can't be told.
    """
    ended = [one.first_seen_at for one in history.alarms if one.code == AlarmCode.END_OF_SERVICE]
    for run in _stops(history):
        first, last = run[0], run[-1]
        if any(at <= last.at for at in ended) or (history.cut and first is history.volumes[0]):
            continue
        opened = [one for one in history.sessions if timedelta(0) <= first.at - one.at <= SESSION_BEFORE_STOP]
        yield Finding(
            kind="prolonged_stop",
            key=f"prolonged_stop:{first.at:%Y-%m-%d}",
            happened_at=first.at,
            strength="weak",
            points_at="clinic" if opened else "device",
            sentence=f"The pump stood still from {time_text(history, first.at)} for over 48 hours.",
            evidence=(report(first), *(session(one) for one in opened)),
            explanations=(
                "a programming session that ended half done",
                "a stop that was ordered, as for a taper",
                "an MRI after which the motor was slow to restart",
            ),
            mend="Log why it was stopped.",
        )


def _stops(history: History) -> Iterator[list[VolumeSeen]]:
    run: list[VolumeSeen] = []
    for seen in history.volumes:
        if seen.infusion == "stopped":
            run.append(seen)
            continue
        if run and run[-1].at - run[0].at > STOPPED_FOR:
            yield run
        run = []
    if run and run[-1].at - run[0].at > STOPPED_FOR:
        yield run


def handling(history: History) -> Iterator[Finding]:
    """Handling against the model's limits: an overfilled reservoir, a flow out of range, an MRI with the pump full."""
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
        explanations=("a value entered wrongly", "an emergency that left no choice"),
        mend="Amend the record if it was entered wrongly.",
    )
