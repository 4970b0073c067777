"""When people are told of what is not urgent: in the clinic's working hours, and never in their own night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tracker.oncall.values import Person
from tracker.oncall.zones import to_local, to_utc, zone

WORK_BEGINS: Final = time(8)
WORK_ENDS: Final = time(17)
"""Monday to Friday, in the clinic's zone. Assumed."""

_SATURDAY: Final = 5


def next_working(at: datetime, time_zone: str) -> datetime:
    """Return ``at`` where it lies in the working hours of that zone, else when they begin next."""
    in_zone = zone(time_zone)
    local = to_local(at, in_zone)
    if local.weekday() < _SATURDAY and WORK_BEGINS <= local.time() < WORK_ENDS:
        return at
    day = local.date() if local.time() < WORK_BEGINS else local.date() + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return to_utc(datetime.combine(day, WORK_BEGINS), in_zone)


def in_night(person: Person, at: datetime) -> bool:
    """Whether it is that person's night by the clock on their own wall. A night that can't be read is none."""
    night = _night(person)
    if night is None:
        return False
    begins, ends = night
    clock = to_local(at, zone(person.time_zone)).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def awake_at(person: Person, at: datetime) -> datetime:
    """Return ``at`` where the person is not in their night, else when that night ends."""
    night = _night(person)
    if night is None or not in_night(person, at):
        return at
    in_zone = zone(person.time_zone)
    today = to_local(at, in_zone).date()
    # Both instants of an end that comes twice: after the first of them the clock may go back into the night.
    ends = sorted(
        datetime.combine(today + timedelta(days=day), night[1]).replace(tzinfo=in_zone, fold=fold).astimezone(UTC)
        for day in range(3)
        for fold in (0, 1)
    )
    return next((end for end in ends if end > at and not in_night(person, end)), at + timedelta(days=1))


def _night(person: Person) -> tuple[time, time] | None:
    try:
        begins, ends = time.fromisoformat(person.night_from), time.fromisoformat(person.night_to)
    except ValueError:
        return None
    return None if begins == ends else (begins.replace(tzinfo=None), ends.replace(tzinfo=None))
