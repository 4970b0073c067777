"""What the sentinel must say unless it is renewed: the next steps of every alarm of high priority, by the plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.follow_items import escalation_of
from tracker.oncall.preview import ahead
from tracker.records.contact_point import ContactPoint
from tracker.records.high_notifications import open_high, queued_messages
from tracker.records.message import Message
from tracker.records.notification import Notification
from tracker.records.pump import Pump, clinics_by_id, pumps_by_id
from tracker.records.worklist import WorklistItem

GRACE: Final = timedelta(seconds=45)
"""The tracker's own message comes first: the sentinel speaks so long after the time of a step."""
SILENT_AFTER_S: Final = 300
TIMES: Final = 8
MOST_STEPS: Final = 1500
SINGLE: Final = 50
"""Of more alarms than this in a clinic, those that stand at the same step of the same minute are said together."""
LISTED: Final = 100
_KINDS: Final = frozenset({"email", "webhook"})
_Pair = tuple[Notification, WorklistItem]


def ladder(session: Session, base: str, sequence: int) -> dict[str, Any]:
    """The document that is handed over; ``base`` is the tracker's address. Reads only."""
    pairs = open_high(session)
    pumps = pumps_by_id(session, [one.pump_id for one, _ in pairs if one.pump_id is not None])
    queued = queued_messages(session, MOST_STEPS // 3)
    clinics = {clinic_id: clinic_staff(session, clinic_id) for clinic_id in sorted(clinics_by_id(session))}
    steps = [_of_message(one, clinics[one.clinic_id], base) for one in queued]
    for clinic_id, staff in clinics.items():
        for group in _grouped([pair for pair in pairs if pair[0].clinic_id == clinic_id]):
            steps += _of_alarms(group, staff, pumps, base)
    steps = sorted((one for one in steps if one["to"]), key=lambda one: one["due_at"])[:MOST_STEPS]
    return {
        "tracker": base,
        "sequence": sequence,
        "steps": [one | {"due_at": one["due_at"].isoformat()} for one in steps],
        "silent": {
            "after_s": SILENT_AFTER_S,
            "to": _administrators(clinics.values()),
            "subject": f"Pump tracker is silent: {base}",
            "text": (
                f"The tracker at {base} has not renewed its ladder for {SILENT_AFTER_S // 60} minutes.\n\n"
                "Readings may not be taken in, and new alarms are told to nobody. Open the tracker, look at its\n"
                "processes and its database, and watch the pumps in another way until it is back.\n"
                "Steps of alarms that it had handed over are told by the sentinel as they become due.\n"
            ),
        },
    }


def _grouped(pairs: Sequence[_Pair]) -> Iterator[list[_Pair]]:
    if len(pairs) <= SINGLE:
        yield from ([pair] for pair in pairs)
        return
    groups: dict[tuple[object, ...], list[_Pair]] = {}
    for pair in pairs:
        one = pair[0]
        minute = int((one.lapses_at or one.next_at).timestamp()) // 60
        groups.setdefault((one.unit, one.turn, one.next_step, one.acknowledged_by, minute), []).append(pair)
    yield from groups.values()


def _of_alarms(
    group: Sequence[_Pair], staff: ClinicStaff, pumps: dict[int, Pump], base: str
) -> Iterator[dict[str, Any]]:
    """The next steps of alarms that stand alike. One that somebody has goes on when that lapses."""
    first = group[0][0]
    escalation, begins = escalation_of(first), first.next_at
    if escalation.held:
        if first.lapses_at is None:
            return
        begins = first.lapses_at
        escalation = replace(
            escalation, held=False, lapses_at=None, started_at=begins, turn=escalation.turn + 1, next_step=0
        )
    subject, text, data = _words(group, staff, pumps, base)
    ids = ",".join(f"{one.id}" for one, _ in group)
    life = f"{ids}:{escalation.started_at.timestamp():.0f}"
    for at in ahead(escalation, staff.oncall, staff.people, begins, times=TIMES):
        yield {
            "id": hashlib.sha256(f"{life}:{at.turn}:{at.step}".encode()).hexdigest()[:32],
            "due_at": at.at + GRACE,
            "to": [to for email in at.emails for to in _targets(staff.points_for(email, 3))],
            "subject": subject,
            "text": text,
            "data": data | {"step": at.step},
        }


def _words(
    group: Sequence[_Pair], staff: ClinicStaff, pumps: dict[int, Pump], base: str
) -> tuple[str, str, dict[str, Any]]:
    """Subject, text and a webhook's data, with no more of a patient than the clinic lets out."""
    notification, item = group[0]
    pump = pumps.get(notification.pump_id or 0)
    content = staff.clinic.message_content
    link = f"{base}/worklist/{item.id}" if len(group) == 1 else f"{base}/worklist"
    since = item.since.astimezone(ZoneInfo(staff.clinic.timezone))
    what, serial, patient, lines = item.what, None, None, []
    if content == "none":
        what = "An alarm of high priority"
    elif len(group) > 1:
        listed = [f"{pumps[one.pump_id].serial}: {it.what}" for one, it in group if one.pump_id in pumps]
        what = f"{len(group)} alarms of high priority"
        more = [f"and {len(group) - LISTED} more: see the worklist"] if len(group) > LISTED else []
        lines = [*listed[:LISTED], *more]
    elif pump is not None:
        serial, patient = pump.serial, pump.patient_reference
        lines = [f"Pump: {serial}", *([f"Patient: {patient}"] if patient else [])]
    if content != "none" and len(group) == 1:
        lines += [f"Next step: {item.next_step}"]
    about = " · ".join(text for text in (serial, what) if text)
    text = "\n".join(
        [
            f"{staff.clinic.name}: {what}",
            *lines,
            f"Since: {since:%Y-%m-%d %H:%M %Z}",
            "",
            "The tracker did not say that somebody has it. This comes from its sentinel on another machine:",
            "the tracker may be down. Call whoever is on call, and see to the patient.",
            "",
            f"Open the tracker, where it answers: {link}",
            "",
        ]
    )
    data = {
        "clinic": staff.clinic.name,
        "priority": "high",
        "pump": serial,
        "patient": patient,
        "what": what,
        "why": "the tracker did not say that somebody has it",
        "next_step": "" if content == "none" else item.next_step,
        "since": item.since.isoformat(),
        "link": link,
        "acknowledge_link": None,
        "number": None,
    }
    return f"HIGH, nobody has it yet: {about}", text, data


def _of_message(message: Message, staff: ClinicStaff, base: str) -> dict[str, Any]:
    """What has not left yet: where the tracker can't send it, the sentinel does, to all points of the person."""
    person = next((email for email, one in staff.by_email.items() if one.id == message.staff_id), "")
    data = message.data
    about = " · ".join(str(text) for text in (data.get("pump"), data.get("what")) if text)
    lines = [f"{name}: {data[name]}" for name in ("clinic", "pump", "patient", "next_step", "since") if data.get(name)]
    return {
        "id": f"{message.id}",
        "due_at": message.created_at + GRACE,
        "to": _targets(staff.points_for(person, 3)),
        "subject": f"HIGH: {about}",
        "text": "\n".join([about, *lines, "", f"The tracker could not send this itself. Open it: {base}/worklist", ""]),
        "data": {**data, "link": f"{base}/worklist", "acknowledge_link": None, "number": message.number},
    }


def _administrators(clinics: Iterable[ClinicStaff]) -> list[dict[str, str]]:
    """The confirmed points of every administrator; the address of the account where one has none."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for staff in clinics:
        for person in staff.people:
            if person.role == "administrator" and person.active:
                points = _targets(staff.points_for(person.email, 3)) or [{"kind": "email", "target": person.email}]
                found |= {(one["kind"], one["target"]): one for one in points}
    return list(found.values())[:200]


def _targets(points: Sequence[ContactPoint]) -> list[dict[str, str]]:
    return [
        {"kind": one.kind, "target": one.target, **({"secret": one.secret} if one.secret else {})}
        for one in points
        if one.kind in _KINDS
    ]


def sequence_after(held: int, now: datetime) -> int:
    """A number above every earlier one: the time in microseconds, or the next after what the sentinel holds."""
    return max(held + 1, int(now.astimezone(UTC).timestamp() * 1_000_000))
