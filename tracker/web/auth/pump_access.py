"""Access check: another clinic's pump is "not found" without emergency access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from devices.topics import is_serial
from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.pumps.emergency_access import open_access
from tracker.errors import NotAllowed, NotFound
from tracker.records.handover import Handover, handed_over_by
from tracker.records.pump import Pump
from tracker.records.queries.serial_lookup import pump_by_serial
from tracker.records.staff import BreakGlass, open_break_glass
from tracker.web.auth.permissions import in_scope, may
from tracker.web.auth.user import Person

IN_AN_EMERGENCY: Final = frozenset(
    {
        "pumps.read",
        "readings.read",
        "delivery.read",
        "visits.read",
        "determinations.read",
        "findings.read",
        "advisories.read",
        "visits.log",
        "visits.code",
        "alarms.handle",
        "mri.log",
    }
)
"""To read, and what a patient needs now; never credentials, lifecycle, record or signatures."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A pump that the person may see, and the emergency access by which, if it is another clinic's."""

    pump: Pump
    break_glass: BreakGlass | None


def reach(session: Session, person: Person, serial: str, now: datetime) -> Reached:
    """The pump of that serial; ``NotFound`` alike for none and for one that is not this person's to see."""
    pump = pump_by_serial(session, serial) if is_serial(serial) else None
    if pump is not None and pump.clinic_id == person.clinic_id:
        return Reached(pump, None)
    opened = open_break_glass(session, person.staff_id, pump.id or 0, now) if pump is not None else None
    if pump is None or opened is None or not _may_break_glass(person):
        raise NotFound(f"no pump with the serial {serial[:64]} is enrolled at your clinic", field=None)
    if person.permission not in IN_AN_EMERGENCY:
        raise NotAllowed(
            "emergency access is for reading and for what the patient needs now; the pump's own clinic does the rest"
        )
    return Reached(pump, opened)


def _may_break_glass(person: Person) -> bool:
    return may(person.role, "pumps.break_glass") and in_scope(person, "pumps.break_glass")


def pump_of(session: Session, person: Person, serial: str, now: datetime) -> Pump:
    """As ``reach``, the pump alone. Writing to another clinic's pump goes through it too, and is audited there."""
    return reach(session, person, serial, now).pump


@dataclass(frozen=True, slots=True)
class Seen:
    """A pump whose history a person may see. ``handover`` is the one by which their clinic gave it away, if it did."""

    pump: Pump
    handover: Handover | None

    @property
    def until(self) -> datetime | None:
        """The end of what they may see; None where it goes on."""
        return None if self.handover is None else self.handover.accepted_at

    @property
    def clinic_id(self) -> int:
        """The clinic whose audit trail tells of the look."""
        return self.pump.clinic_id if self.handover is None else self.handover.from_clinic_id


def seen_by(session: Session, person: Person, serial: str, now: datetime) -> Seen:
    """As ``pump_of``, for its history: a clinic that handed the pump over still sees its own past, and no more."""
    try:
        return Seen(pump_of(session, person, serial, now), None)
    except NotFound:
        pump = pump_by_serial(session, serial) if is_serial(serial) else None
        past = None if pump is None else handed_over_by(session, pump.id or 0, person.clinic_id)
        if pump is None or past is None:
            raise
        return Seen(pump, past)


def break_glass(
    session: Session, person: Person, serial: str, reason: str, now: datetime, *, address: str = ""
) -> BreakGlass:
    """Open emergency access to another clinic's pump for two hours; both clinics' audit trails say so.

    At the pump's own clinic it is an urgent task until a physician or an administrator there has reviewed it.
    """
    pump = pump_by_serial(session, serial.strip()) if is_serial(serial.strip()) else None
    if pump is None or pump.clinic_id == person.clinic_id:
        raise NotFound(f"no other clinic has a pump with the serial {serial[:64]}")
    access = BreakGlass(
        staff_id=person.staff_id,
        pump_id=pump.id or 0,
        reason=reason,
        opened_at=now,
        expires_at=now,
        opened_by=person.email,
        from_clinic=person.clinic_name,
        via=person.via,
        address=address[:64],
    )
    opened = open_access(session, pump, access, now)
    told = {"reason": opened.reason, "until": opened.expires_at, "role": person.role, "clinic": person.clinic_name}
    for clinic_id in (person.clinic_id, pump.clinic_id):
        audit.record(
            session,
            actor=person.email,
            clinic_id=clinic_id,
            action=Event.EMERGENCY_ACCESS_OPENED,
            subject=f"pump:{pump.serial}",
            detail=told,
            now=now,
        )
    return opened
