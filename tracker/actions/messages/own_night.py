"""A person's quiet hours: the night in which only high priority reaches them, and the zone of their clock."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.messages.clinic_staff import NIGHT
from tracker.errors import Invalid
from tracker.oncall.zones import is_zone
from tracker.records.column_types import key
from tracker.records.contact_point import NotificationSettings
from tracker.records.notification import look_again_at
from tracker.records.pump import Clinic
from tracker.records.staff import Staff

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class OwnNight(NamedTuple):
    """From when to when by the clock in that zone; both alike: no night. ``is_own``: the person has set it."""

    time_zone: str
    night_from: str
    night_to: str
    is_own: bool


def night_of(session: Session, staff: Staff) -> OwnNight:
    """What the person has set, else the clinic's zone and the usual night."""
    own = session.get(NotificationSettings, key(staff.id))
    if own is None:
        return OwnNight(session.get_one(Clinic, staff.clinic_id).timezone, *NIGHT, is_own=False)
    return OwnNight(own.time_zone, own.night_from, own.night_to, is_own=True)


def set_night(
    session: Session, staff: Staff, *, time_zone: str, night_from: str, night_to: str, now: datetime
) -> OwnNight:
    """Set it. What waits for the end of a night is looked at again. Raises ``Invalid`` naming the field."""
    if not is_zone(time_zone):
        raise Invalid(f"{time_zone[:64]!r} is no time zone; America/New_York is one", field="time_zone")
    for field, value in (("night_from", night_from), ("night_to", night_to)):
        if not _CLOCK.fullmatch(value):
            raise Invalid("write a time of day such as 21:00", field=field)
    before = night_of(session, staff)
    own = session.get(NotificationSettings, key(staff.id)) or NotificationSettings(
        staff_id=key(staff.id), time_zone=time_zone, night_from=night_from, night_to=night_to
    )
    own.time_zone, own.night_from, own.night_to = time_zone, night_from, night_to
    session.add(own)
    look_again_at(session, staff.clinic_id, now)
    after = OwnNight(time_zone, night_from, night_to, is_own=True)
    audit.record(
        session,
        actor=staff.email,
        clinic_id=staff.clinic_id,
        action=Event.QUIET_HOURS_CHANGED,
        subject=f"staff:{staff.email}",
        detail={"before": before._asdict(), "after": after._asdict()},
        now=now,
    )
    return after
