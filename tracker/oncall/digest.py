"""The daily digest: when a person's day's one is due, and which open tasks it lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.oncall.hours import WORK_BEGINS, awake_at, in_night
from tracker.oncall.policy import policy_for
from tracker.oncall.recipients import can_be_told, recipients
from tracker.oncall.values import Oncall, Person
from tracker.oncall.zones import to_local, to_utc, zone


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task of medium or low priority that is open. ``handled_by``: the roles that handle such tasks."""

    unit: str | None
    handled_by: Collection[str]
    claimed_by: str | None = None


LATEST: Final = timedelta(hours=12)
"""So long after it was due a digest is made up for. Assumed."""
_MORNING: Final = timedelta(hours=WORK_BEGINS.hour, minutes=WORK_BEGINS.minute)


def digest_day(at: datetime, time_zone: str) -> date:
    """The day whose digest is due at that moment: a day of the digest lasts from one morning to the next."""
    return (to_local(at, zone(time_zone)) - _MORNING).date()


def morning_of(day: date, time_zone: str) -> datetime:
    """When the digest of that day is due in the clinic."""
    return to_utc(datetime.combine(day, WORK_BEGINS), zone(time_zone))


def may_have_digest(person: Person, day: date, time_zone: str, at: datetime) -> bool:
    """Whether the person can be told of that day then: awake, from the morning or the end of their night onwards.

    A program that stood still makes up for the digest within the same day, and not in the next morning.
    """
    begins = awake_at(person, morning_of(day, time_zone))
    return can_be_told(person) and begins <= at < begins + LATEST and not in_night(person, at)


def digests(
    tasks: Sequence[OpenTask], oncall: Oncall, people: Sequence[Person], at: datetime
) -> dict[str, tuple[int, ...]]:
    """By email, the places of the tasks that are listed for that person; nobody without any is named.

    A task that somebody has is listed for them alone. One that nobody has is listed for those whom the policy of
    medium priority names and whose role handles it; where it names none of them, for all whose role does.
    """
    usable = [person for person in people if can_be_told(person)]
    named: dict[str | None, frozenset[str]] = {}
    found: dict[str, list[int]] = {}
    for place, task in enumerate(tasks):
        if task.claimed_by is not None:
            emails = [person.email for person in usable if person.email == task.claimed_by]
        else:
            if task.unit not in named:
                steps = policy_for(oncall, task.unit, Priority.MEDIUM).steps
                named[task.unit] = frozenset(recipients([w for s in steps for w in s.tell], oncall, people, at))
            able = [person.email for person in usable if person.role in task.handled_by]
            emails = [email for email in able if email in named[task.unit]] or able
        for email in emails:
            found.setdefault(email, []).append(place)
    return {email: tuple(places) for email, places in found.items()}
