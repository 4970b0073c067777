"""One message that lists many tasks: what was held back within an hour, or what is open on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.compose import NONE
from tracker.oncall.hours import awake_at
from tracker.records.column_types import key
from tracker.records.hourly import HOUR
from tracker.records.message import Outgoing, Type, enqueue
from tracker.records.notification import NotificationRecipient, held_recipients, notifications_by_id
from tracker.records.pump import Pump, pumps_by_id
from tracker.records.worklist import WorklistItem, items_by_id

LISTED: Final = 40
_LEADS: Final = {
    Type.ACKNOWLEDGED.value: "Somebody has it",
    Type.RESOLVED.value: "Resolved",
    Type.ASSIGNED.value: "Assigned to you",
}


def summary(
    staff: ClinicStaff, email: str, priority: int, what: str, lines: Sequence[str], since: datetime
) -> list[Outgoing]:
    """The message for each contact point where the person is told of that priority. Its lines keep their order."""
    listed = list(lines[:LISTED])
    if len(lines) > LISTED:
        listed.append(f"and {len(lines) - LISTED} more: see the worklist")
    if staff.clinic.message_content == NONE:
        listed = []
    data: dict[str, Any] = {
        "clinic": staff.clinic.name,
        "priority": Priority(min(priority, Priority.MEDIUM)).name.lower(),
        "pump": None,
        "patient": None,
        "what": what,
        "next_step": "Open the worklist.",
        "since": since.isoformat(),
        "step": None,
    }
    person = key(staff.by_email[email].id)
    return [
        Outgoing(
            key(point.id),
            person,
            key(staff.clinic.id),
            None,
            Type.DIGEST,
            min(priority, int(Priority.MEDIUM)),
            data | ({"why": "; ".join(listed)} if point.kind == "webhook" else {"why": "", "lines": listed}),
        )
        for point in staff.points_for(email, priority)
    ]


def line_of(serial: str | None, what: str, lead: str) -> str:
    """One task in a summary: how urgent, of which pump, what."""
    return f"{lead}: {what}" if serial is None else f"{lead}: {serial}, {what}"


def sum_up_held(session: Session, now: datetime) -> int:
    """Send one message to each person whose hour is over, of all that was held back. Returns how many persons."""
    by_person: dict[int, list[NotificationRecipient]] = {}
    for row in held_recipients(session, now, HOUR):
        by_person.setdefault(row.staff_id, []).append(row)
    about = notifications_by_id(session, sorted({row.notification_id for rows in by_person.values() for row in rows}))
    items = items_by_id(session, [one.item_id for one in about.values()])
    pumps = pumps_by_id(session, [one.pump_id for one in items.values() if one.pump_id is not None])
    of_row = {number: items[one.item_id] for number, one in about.items()}
    for clinic_id in sorted({one.clinic_id for one in about.values()}):
        staff = clinic_staff(session, clinic_id)
        emails = {key(person.id): email for email, person in staff.by_email.items()}
        awake = {one.email: awake_at(one, now) for one in staff.people}
        for staff_id, rows in by_person.items():
            own = [row for row in rows if about[row.notification_id].clinic_id == clinic_id]
            if own and staff_id in emails:
                _sum_up(session, staff, emails[staff_id], own, of_row, pumps, awake[emails[staff_id]], now)
    return len(by_person)


def _sum_up(
    session: Session,
    staff: ClinicStaff,
    email: str,
    rows: Sequence[NotificationRecipient],
    items: dict[int, WorklistItem],
    pumps: dict[int, Pump],
    awake: datetime,
    now: datetime,
) -> None:
    """Each task once, as it stands last. In the person's night it waits, unless it speaks of high priority."""
    newest = {row.notification_id: row for row in rows}
    shown = sorted((items[number] for number in newest), key=lambda item: (-item.priority, item.harm_at, key(item.id)))
    kinds = {key(items[number].id): row.type for number, row in newest.items()}
    highest = shown[0].priority
    if awake > now and highest < Priority.HIGH:
        for row in rows:
            row.held_until = min(awake, now + HOUR)
            session.add(row)
        return
    lines = [
        line_of(_serial(item, pumps), item.what, _LEADS.get(kinds[key(item.id)], Priority(item.priority).name))
        for item in shown
    ]
    what = f"{len(lines)} more in the last hour" if len(lines) > 1 else f"1 more in the last hour: {shown[0].what}"
    if staff.clinic.message_content == NONE:
        what = f"{len(lines)} more in the last hour: open the tracker"
    since = min(row.at for row in rows)
    messages = enqueue(session, summary(staff, email, highest, what, lines, since), now)
    for row in rows:
        row.held_until, row.message_id = None, messages[0].id if messages else None
        session.add(row)
    session.flush()


def _serial(item: WorklistItem, pumps: dict[int, Pump]) -> str | None:
    pump = pumps.get(item.pump_id or 0)
    return None if pump is None else pump.serial
