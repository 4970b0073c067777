"""Who would be told, when and where, if a pump had an alarm now: by the function that the job itself asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.oncall.coverage import anybody
from tracker.oncall.digest import OpenTask, digest_day, digests, morning_of
from tracker.oncall.hours import awake_at
from tracker.oncall.policy import policy_for
from tracker.oncall.preview import preview, unreachable
from tracker.oncall.recipients import recipients
from tracker.worklist.areas import HANDLED_BY, Area

_DAY: Final = timedelta(days=1)


def preview_alarm(
    session: Session, clinic_id: int, unit: str | None, priority: Priority, at: datetime
) -> dict[str, Any]:
    """The next times with the people and their contact points, and each step that reaches nobody, with the reasons."""
    staff = clinic_staff(session, clinic_id)
    found: dict[str, Any] = {"at": at, "priority": priority.name.lower(), "reaches_nobody": not anybody(staff.people)}
    if priority is Priority.LOW:
        return found | {"times": _digests(staff, unit, at), "empty_steps": []}
    times = [
        {
            "at": one.at,
            "turn": one.turn,
            "step": one.step,
            "digest": False,
            "people": _people(staff, one.emails, priority),
        }
        for one in preview(staff.oncall, staff.people, unit, priority, at)
    ]
    return found | {"times": times, "empty_steps": _empty_steps(staff, unit, priority, at)}


def _people(staff: ClinicStaff, emails: Iterable[str], priority: Priority) -> list[dict[str, Any]]:
    """No address of a contact point is shown: it may hold a password."""
    return [
        {
            "email": email,
            "contact_points": [
                {"id": point.id, "kind": point.kind, "label": point.label}
                for point in staff.points_for(email, int(priority))
            ],
        }
        for email in emails
    ]


def _empty_steps(staff: ClinicStaff, unit: str | None, priority: Priority, at: datetime) -> list[dict[str, Any]]:
    """Steps that reach nobody at their time: the one after them is then due at once."""
    found = []
    for number, step in enumerate(policy_for(staff.oncall, unit, priority).steps):
        due = at + step.after
        if not recipients(step.tell, staff.oncall, staff.people, due):
            reasons = unreachable(step.tell, staff.oncall, staff.people, due)
            found.append({"step": number, "at": due, "tell": list(step.tell), "reasons": list(reasons)})
    return found


def _digests(staff: ClinicStaff, unit: str | None, at: datetime) -> list[dict[str, Any]]:
    """What is of low priority is in the next digest of each person."""
    day = digest_day(at, staff.clinic.timezone) + _DAY
    morning = morning_of(day, staff.clinic.timezone)
    emails = digests([OpenTask(unit, HANDLED_BY[Area.CLINICAL])], staff.oncall, staff.people, morning)
    by_time: dict[datetime, list[str]] = {}
    for person in staff.people:
        if person.email in emails and staff.points_for(person.email, int(Priority.LOW)):
            by_time.setdefault(awake_at(person, morning), []).append(person.email)
    return [
        {"at": when, "turn": 1, "step": 0, "digest": True, "people": _people(staff, by_time[when], Priority.LOW)}
        for when in sorted(by_time)
    ]
