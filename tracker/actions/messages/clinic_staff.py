"""The staff of a clinic with their contact points and who is on call, read once for everything that is due there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from tracker.oncall.document import OncallFault, parse
from tracker.oncall.values import Oncall, Person
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint, contact_points_of, settings_of
from tracker.records.oncall import OncallDocument
from tracker.records.pump import Clinic
from tracker.records.staff import Staff, people_of_clinic

NIGHT = ("21:00", "07:00")
"""The night of a person who has set none. Assumed."""


@dataclass(frozen=True, slots=True)
class ClinicStaff:
    """A clinic as messages see it. ``by_email``: each person's account; ``points``: their confirmed contact points."""

    clinic: Clinic
    oncall: Oncall
    people: tuple[Person, ...]
    by_email: dict[str, Staff]
    points: dict[str, tuple[ContactPoint, ...]]

    def points_for(self, email: str, priority: int) -> Sequence[ContactPoint]:
        """Where the person is told of that priority. High can't be switched off: then every point serves."""
        points = self.points.get(email, ())
        wanted = [one for one in points if (one.low, one.medium, one.high)[priority - 1]]
        return wanted or (points if priority >= 3 else ())


def clinic_staff(session: Session, clinic_id: int) -> ClinicStaff:
    """Read it as it stands now."""
    clinic = session.get_one(Clinic, clinic_id)
    staff = people_of_clinic(session, clinic_id)
    points = contact_points_of(session, [key(one.id) for one in staff])
    settings = settings_of(session, [key(one.id) for one in staff])
    by_email = {one.email: one for one in staff}
    usable = {one.email: tuple(p for p in points.get(key(one.id), ()) if p.confirmed_at is not None) for one in staff}
    people = []
    for one in staff:
        own = settings.get(key(one.id))
        zone, begins, ends = (own.time_zone, own.night_from, own.night_to) if own else (clinic.timezone, *NIGHT)
        people.append(Person(one.email, one.role, one.unit, one.active, bool(usable[one.email]), zone, begins, ends))
    oncall = replace(oncall_of(session, clinic_id, by_email), time_zone=clinic.timezone)
    return ClinicStaff(clinic, oncall, tuple(people), by_email, usable)


def oncall_of(session: Session, clinic_id: int, known: dict[str, Staff]) -> Oncall:
    """The clinic's policies and rotations; what it has not set has defaults (``tracker.oncall.policy``)."""
    row = session.get(OncallDocument, clinic_id)
    if row is None:
        return Oncall()
    # Somebody whose account has gone since stays in the document: it names a gap, and is no fault of the reading.
    try:
        return parse(row.document, {*known, *_emails(row.document)})
    except OncallFault:  # written under other rules: the default policies tell somebody, a fault would tell nobody
        return Oncall()


def _emails(document: dict[str, object]) -> set[str]:
    found: set[str] = set()
    waiting: list[object] = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and "@" in one:
            found.add(one.removeprefix("staff:").lower())
    return found
