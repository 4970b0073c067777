"""Enrol pumps with their communicators' sign-ins, and answer when the broker knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.pumps.enrol_pump import Enrolment, check, enrol_pumps
from tracker.actions.pumps.hand_over_pump import accept_pump, acceptable
from tracker.actions.visits.visit_codes import today_in
from tracker.broker.credentials import Credential, issue_many
from tracker.broker.wait_for_credentials import wait_until_taken_up
from tracker.errors import Conflict
from tracker.records.credential import credentials_version
from tracker.records.database import Database
from tracker.records.handover import Handover
from tracker.records.pump import Clinic, Pump
from tracker.records.queries.serial_lookup import pump_by_serial


@contextmanager
def _once(wanted: Sequence[Wanted]) -> Iterator[None]:
    """Where two enrol the same serial at once, the database lets one through; tell the other."""
    try:
        yield
    except IntegrityError as fault:
        which = f"the serial {wanted[0].serial}" if len(wanted) == 1 else "one of the serials"
        raise Conflict(f"somebody else has just enrolled a pump with {which}", field="serial") from fault


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pump to enrol and what is known of it."""

    serial: str
    model: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A pump that is enrolled now. ``taken_up`` says whether the embedded broker knows its communicator already."""

    pump: Pump
    credential: Credential
    taken_up: bool


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A pump that another clinic offered and this one follows now. Its communicator keeps the login that it has."""

    pump: Pump
    from_clinic: str


def enrol_one(database: Database, clinic_id: int, wanted: Wanted, *, by: str, now: datetime) -> Enrolled | TakenOver:
    """Enrol one pump; or take it over, where the serial is one that another clinic offers to this one or to anybody.

    Raises as ``enrol`` and ``accept_pump`` do.
    """
    with database.writing() as session:
        pump = pump_by_serial(session, wanted.serial)
        if pump is not None and acceptable(session, pump, clinic_id):
            check(Enrolment(wanted.serial, wanted.model, "", "", wanted.details), today_in(session, clinic_id, now))
            if wanted.model != pump.model:
                raise Conflict(f"the record that is handed over says {pump.model}", field="model")
            row = accept_pump(session, pump, clinic_id, details=wanted.details, by=by, now=now)
            audit.record_all(session, accepted(row, pump, by, now))
            return TakenOver(pump, session.get_one(Clinic, row.from_clinic_id).name)
    return enrol(database, clinic_id, [wanted], by=by, now=now)[0]


def accepted(row: Handover, pump: Pump, by: str, now: datetime) -> list[audit.Fact]:
    """The entries of a hand-over in both clinics' audit trails."""
    detail = {"handover": row.id, "offered_by": row.offered_by, "from": row.from_clinic_id, "to": row.to_clinic_id}
    return [
        audit.Fact(now, by, clinic_id, Event.HANDOVER_ACCEPTED, f"pump:{pump.serial}", detail)
        for clinic_id in (row.from_clinic_id, pump.clinic_id)
    ]


def enrol(database: Database, clinic_id: int, wanted: Sequence[Wanted], *, by: str, now: datetime) -> list[Enrolled]:
    """Enrol them all or none, in the order given. Raises ``Invalid`` or ``Conflict`` for the first that can't be."""
    if not wanted:
        return []
    with database.reading() as session:
        today = today_in(session, clinic_id, now)
    for one in wanted:
        check(Enrolment(one.serial, one.model, "", "", one.details), today)
    credentials = issue_many([one.serial for one in wanted])
    enrolments = [
        Enrolment(one.serial, one.model, credential.bcrypt_hash, credential.mosquitto_hash, one.details)
        for one, credential in zip(wanted, credentials, strict=True)
    ]
    with _once(wanted), database.writing() as session:
        pumps = enrol_pumps(session, clinic_id=clinic_id, enrolments=enrolments, by=by, now=now)
        version = credentials_version(session)
        audit.record_all(
            session,
            [
                audit.Fact(now, by, clinic_id, Event.PUMP_ENROLLED, f"pump:{one.serial}", {"model": one.model})
                for one in wanted
            ],
        )
    taken_up = wait_until_taken_up(database, version, clock=lambda: now)
    return [Enrolled(pump, credential, taken_up) for pump, credential in zip(pumps, credentials, strict=True)]
