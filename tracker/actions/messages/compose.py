"""What a message says, and where it goes: what one transaction tells one person of one pump is one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.advice import advice
from tracker.actions.messages.clinic_staff import ClinicStaff
from tracker.records.column_types import key
from tracker.records.hourly import HOUR, last_hours
from tracker.records.message import Message, Outgoing, Type, enqueue
from tracker.records.notification import Notification, NotificationRecipient
from tracker.records.pump import Pump, pumps_by_id
from tracker.records.worklist import WorklistItem

MANY_PUMPS: Final = 10
"""Of more pumps than this one person hears in one message that lists them."""
FULL, REFERENCE, NONE = "full", "reference", "none"
_URGENT: Final = frozenset({Type.OPENED, Type.ESCALATED, Type.LAPSED, Type.ASSIGNED})
_ASKING: Final = frozenset({Type.OPENED, Type.ESCALATED, Type.LAPSED})
"""Types by which somebody is asked to take an alarm."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One person who is told of one task."""

    email: str
    type: Type
    notification: Notification
    item: WorklistItem
    turn: int = 0
    step: int = 0


def send_all(session: Session, staff: ClinicStaff, tellings: Sequence[Telling], now: datetime) -> list[Message]:
    """Write the messages to the outbox, and who was told of what. All are of that clinic."""
    if not tellings:
        return []
    pumps = pumps_by_id(session, [one.item.pump_id for one in tellings if one.item.pump_id is not None])
    groups = _grouped(tellings)
    held = _held(session, staff, groups, now)
    outgoing: list[Outgoing] = []
    for number, group in enumerate(groups):
        if number in held:
            continue
        first = max(group, key=lambda one: (one.item.priority, -key(one.item.id)))
        for point in staff.points_for(first.email, first.item.priority):
            data = _data(staff, first, group, pumps, point.kind)
            person = key(staff.by_email[first.email].id)
            several = {one.item.pump_id for one in group}
            pump_id = first.item.pump_id if len(several) == 1 else None
            ids = [key(one.notification.id) for one in group]
            outgoing.append(
                Outgoing(
                    key(point.id),
                    person,
                    key(staff.clinic.id),
                    pump_id,
                    first.type,
                    first.item.priority,
                    data,
                    ids,
                )
            )
    written: dict[tuple[int, tuple[int, ...]], str] = {}
    messages = enqueue(session, outgoing, now)
    for message in messages:
        written.setdefault((message.staff_id, tuple(message.notification_ids)), message.id)
    for number, group in enumerate(groups):
        person = key(staff.by_email[group[0].email].id)
        until = held.get(number)
        whole = tuple(key(one.notification.id) for one in group)
        for one in group:
            session.add(
                NotificationRecipient(
                    notification_id=key(one.notification.id),
                    staff_id=person,
                    at=now,
                    type=one.type.value,
                    turn=one.turn,
                    step=one.step,
                    message_id=None if until else written.get((person, whole)),
                    held_until=until,
                )
            )
    session.flush()
    return messages


def _is_urgent(group: Sequence[Telling]) -> bool:
    """Whether it is never held back: somebody of high priority needs a person, or this person was given it."""
    return any(one.item.priority >= Priority.HIGH and one.type in _URGENT for one in group)


def _held(
    session: Session, staff: ClinicStaff, groups: Sequence[Sequence[Telling]], now: datetime
) -> dict[int, datetime]:
    """By place in ``groups``: what is over its person's limit, and when it is summed up with the rest."""
    calm = [number for number, group in enumerate(groups) if not _is_urgent(group)]
    persons = {groups[number][0].email: key(staff.by_email[groups[number][0].email].id) for number in calm}
    hours = last_hours(session, list(persons.values()), now)
    left = {email: staff.clinic.messages_per_hour - hours[one].messages for email, one in persons.items()}
    found = {}
    for number in sorted(calm, key=lambda one: -max(telling.item.priority for telling in groups[one])):
        email = groups[number][0].email
        hour = hours[persons[email]]
        if hour.held_until is not None or left[email] <= 0:
            found[number] = hour.held_until or (hour.since or now) + HOUR
        left[email] -= 1
    return found


def _grouped(tellings: Sequence[Telling]) -> list[list[Telling]]:
    """By person, type and pump; of very many pumps, by person and type. The most urgent first, as they are sent."""
    pumps: dict[tuple[str, str], set[int | None]] = {}
    for one in tellings:
        pumps.setdefault((one.email, one.type.value), set()).add(one.item.pump_id)
    groups: dict[tuple[object, ...], list[Telling]] = {}
    for one in tellings:
        many = len(pumps[one.email, one.type.value]) > MANY_PUMPS
        place = (one.email, one.type.value, None if many else (one.item.pump_id or -key(one.item.id)))
        groups.setdefault(place, []).append(one)
    return sorted(groups.values(), key=lambda group: -max(one.item.priority for one in group))


def _data(
    staff: ClinicStaff, first: Telling, group: Sequence[Telling], pumps: dict[int, Pump], channel: str
) -> dict[str, Any]:
    """The contract's fields but for the links and the number, which are known when the message is sent."""
    item, content = first.item, staff.clinic.message_content
    pump = pumps.get(item.pump_id or 0)
    priority = Priority(item.priority).name.lower()
    serials = sorted({pumps[one.item.pump_id].serial for one in group if one.item.pump_id in pumps})
    what, why = item.what, item.why if content == FULL and channel != "apprise" else ""
    others = [one.item.what for one in group if one is not first]
    if len(serials) > 1:
        what = f"{len(serials)} pumps need somebody: {', '.join(serials)}"
    elif others:
        what = f"{what}; {'; '.join(dict.fromkeys(others))}"
    loss = advice(item, pump) if content == FULL and channel == "email" and first.type in _ASKING else None
    return {
        "clinic": staff.clinic.name,
        "priority": priority,
        "pump": None if pump is None or content == NONE or len(serials) > 1 else pump.serial,
        "patient": None if pump is None or content == NONE or len(serials) > 1 else pump.patient_reference,
        "what": f"A task of {priority} priority: open the tracker" if content == NONE else what,
        "why": why,
        "next_step": "" if content == NONE else item.next_step,
        "since": item.since.isoformat(),
        "step": first.step,
        "item": key(item.id),
    } | ({} if loss is None else {"tell_patient": loss.tell_patient, "emergency": " ".join(loss.emergency)})
