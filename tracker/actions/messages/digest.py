"""Write the daily digest: one message a day to each person with what is open for them, and none where nothing is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions import audit
from tracker.actions.audit_events import THE_TRACKER, Event
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.compose import NONE
from tracker.actions.messages.summaries import line_of, summary
from tracker.oncall.digest import OpenTask, digest_day, digests, may_have_digest, morning_of
from tracker.records.column_types import key
from tracker.records.coverage import clinics_with_contact_points
from tracker.records.digest import DigestDay, OpenItem, digest_days, forget_digests, open_below_high
from tracker.records.message import Outgoing, enqueue
from tracker.worklist.areas import HANDLED_BY, area_of

REMEMBERED: Final = timedelta(days=40)


def clinics_with_digests_due(session: Session, now: datetime) -> list[int]:
    """The clinics where somebody's digest is to be decided on; reads only."""
    return [one for one in clinics_with_contact_points(session) if any(_due(session, clinic_staff(session, one), now))]


def write_digests(session: Session, clinic_id: int, now: datetime) -> int:
    """Decide on every digest of the clinic that is due, in one transaction with its messages. Returns how many."""
    staff = clinic_staff(session, clinic_id)
    emails, _ = _due(session, staff, now)
    day = digest_day(now, staff.clinic.timezone)
    everyone = [key(one.id) for one in staff.by_email.values()]
    forget_digests(session, everyone, before=day - REMEMBERED, after=day)
    if not emails:
        return 0
    items = open_below_high(session, clinic_id, now)
    tasks = [
        OpenTask(one.unit, HANDLED_BY[area_of(one.kind, of_a_pump=one.pump_id is not None)], one.claimed_by)
        for one in items
    ]
    listed = digests(tasks, staff.oncall, staff.people, now)
    outgoing: list[Outgoing] = []
    entered: list[audit.Fact] = []
    for email in emails:
        own = [items[place] for place in listed.get(email, ())]
        messages = _digest(staff, email, own) if own else []
        outgoing += messages
        person = key(staff.by_email[email].id)
        session.add(DigestDay(staff_id=person, day=day, at=now, tasks=len(own) if messages else 0))
        if messages:
            detail = {"day": day.isoformat(), "tasks": [one.item_id for one in own]}
            entered.append(audit.Fact(now, THE_TRACKER, clinic_id, Event.DIGEST_WRITTEN, f"staff:{email}", detail))
    enqueue(session, outgoing, now)
    if entered:
        audit.record_all(session, entered)
    return len(emails)


def _due(session: Session, staff: ClinicStaff, now: datetime) -> tuple[list[str], bool]:
    """Whose digest is due: of those who had a contact point by that morning, are awake, and had none of that day.

    And whether somebody had one of a day to come: the clock ran ahead then.
    """
    zone = staff.clinic.timezone
    day = digest_day(now, zone)
    morning = morning_of(day, zone)
    had = digest_days(session, [key(one.id) for one in staff.by_email.values()], day)
    today = {staff_id for staff_id, of in had if of == day}
    emails = [
        one.email
        for one in staff.people
        if key(staff.by_email[one.email].id) not in today
        and may_have_digest(one, day, zone, now)
        and any(point.confirmed_at is not None and point.confirmed_at <= morning for point in staff.points[one.email])
    ]
    return emails, any(of > day for _, of in had)


def _digest(staff: ClinicStaff, email: str, items: list[OpenItem]) -> list[Outgoing]:
    counts = [(name, sum(one.priority == int(Priority[name.upper()]) for one in items)) for name in ("medium", "low")]
    shares = ", ".join(f"{count} {name}" for name, count in counts if count)
    what = f"{len(items)} open {'task' if len(items) == 1 else 'tasks'}: {shares}"
    if staff.clinic.message_content == NONE:
        what = f"{len(items)} open {'task' if len(items) == 1 else 'tasks'}: open the tracker"
    lines = [
        line_of(one.serial, one.what, Priority(one.priority).name + (", yours" if one.claimed_by else ""))
        for one in items
    ]
    return summary(staff, email, int(Priority.LOW), what, lines, min(one.since for one in items))
