"""When a person may be told of what is not urgent: on working days, and never in their own night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tracker.oncall.values import Person

WORK_BEGINS: Final = time(8)
WORK_ENDS: Final = time(17)
"""Monday to Friday, in the person's zone. Assumed."""
_LOOK: Final = timedelta(minutes=15)


def opening(person: Person, at: datetime) -> datetime:
    """The first moment from then on at which the person may be told; within ten days, else that moment itself."""
    zone = ZoneInfo(person.time_zone)
    moment = at
    while moment < at + timedelta(days=10):
        if _is_open(person, moment.astimezone(zone)):
            return moment
        # Quarter hours of UTC: a zone's offset is a multiple of them, so hours begin exactly.
        moment = datetime.fromtimestamp((moment.timestamp() // _LOOK.seconds + 1) * _LOOK.seconds, UTC)
    return at


def in_night(person: Person, local: datetime) -> bool:
    """Whether it is the person's night at that local time."""
    begins, ends = time.fromisoformat(person.night_from), time.fromisoformat(person.night_to)
    clock = local.time()
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends


def _is_open(person: Person, local: datetime) -> bool:
    return local.weekday() < 5 and WORK_BEGINS <= local.time() < WORK_ENDS and not in_night(person, local)
