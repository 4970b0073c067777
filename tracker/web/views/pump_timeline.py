"""What happened to one pump, from every table that knows of it, as one list with the newest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.alarms import AlarmCode, meaning
from tracker.records.alarm import Alarm
from tracker.records.finding import FindingRecord
from tracker.records.lifecycle_events import LifecycleEvent
from tracker.records.programmer_session import MriExam, ProgrammerSessionRecord
from tracker.records.queries.pump_page import Determined
from tracker.records.visit import Visit
from tracker.web.views.formatting import number, sign, word
from tracker.web.views.pump_chart import visit_acts


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry: when, its icon and look, a title, further words, and where more stands."""

    at: datetime
    icon: str
    look: str
    title: str
    text: str
    link: str | None


def pump_timeline(
    serial: str,
    *,
    alarms: Sequence[Alarm],
    visits: Sequence[Visit],
    sessions: Sequence[ProgrammerSessionRecord],
    moves: Sequence[LifecycleEvent],
    outcomes: Sequence[Determined],
    findings: Sequence[FindingRecord],
    mri: Sequence[MriExam],
    limit: int,
) -> list[Happening]:
    """The newest happenings of all kinds together, of the newest ``limit`` of each kind."""
    entries = [entry for alarm in alarms for entry in _of_alarm(alarm)]
    entries += [_of_visit(serial, visit) for visit in visits]
    entries += [_of_session(one) for one in sessions]
    entries += [
        Happening(
            move.at, "lifecycle", "", f"{word(move.from_state)} to {word(move.to_state).lower()}", _by(move), None
        )
        for move in moves
    ]
    entries += [
        Happening(
            one.determined_at,
            "determination",
            "",
            f"Replacement determined: {word(one.outcome).lower()}",
            "",
            f"/pumps/{serial}/replacement?determination={one.id}",
        )
        for one in outcomes
    ]
    entries += [
        Happening(
            one.happened_at, "finding", "", "Finding", one.sentence, f"/pumps/{serial}/replacement#finding-{one.id}"
        )
        for one in findings
    ]
    entries += [
        Happening(exam.performed_at, "session", "", "MRI", exam.note or f"Logged by {exam.logged_by}.", None)
        for exam in mri
    ]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return entries[:limit]


def _by(move: LifecycleEvent) -> str:
    return f"{move.reason} ({move.by})" if move.reason else f"By {move.by}."


def _of_alarm(alarm: Alarm) -> list[Happening]:
    title = meaning(AlarmCode(alarm.code)).title
    look = sign(alarm.priority)[0]
    entries = [Happening(alarm.first_seen_at, "alarm", look, f"Alarm: {title}", "", f"#alarm-{alarm.id}")]
    if alarm.cleared_at is not None:
        entries.append(Happening(alarm.cleared_at, "good", "", f"Alarm gone: {title}", "", None))
    return entries


def _of_visit(serial: str, visit: Visit) -> Happening:
    volumes = [
        f"{number(volume, 1, 'mL')} {words}"
        for words, volume in (("aspirated", visit.aspirated_ml), ("filled", visit.filled_ml))
        if volume is not None
    ]
    codes = f"Code {', '.join(visit.codes)}." if visit.codes else "No code."
    state = "" if visit.status == "confirmed" else f" ({visit.status})"
    text = ". ".join([", ".join(volumes), codes] if volumes else [codes])
    return Happening(
        visit.performed_at, "visit", "", f"{visit_acts(visit)}{state}", text, f"/pumps/{serial}/visits/{visit.id}"
    )


def _of_session(one: ProgrammerSessionRecord) -> Happening:
    title = "Programmer session, not completed" if one.completed is False else "Programmer session"
    said = [words for words, value in (("programmer", one.programmer), ("operator", one.operator)) if value]
    text = ", ".join(f"{words} {getattr(one, words)}" for words in said)
    return Happening(one.measured_at, "session", "high" if one.completed is False else "", title, text, None)
