"""A pump's record and what people do beside visits: change it, announce silence, renew the communicator's login."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.pumps.change_record import change_record
from tracker.actions.pumps.revoke_credential import revoke_credential
from tracker.actions.pumps.rotate_credential import rotate_credential
from tracker.actions.pumps.suspend_reporting import resume_reporting, suspend_reporting
from tracker.broker.credentials import issue_many
from tracker.broker.wait_for_credentials import wait_until_taken_up
from tracker.records.credential import credentials_version
from tracker.records.pump import Pump
from tracker.web.api import pump_schemas as shapes
from tracker.web.api.acting import Told, do
from tracker.web.api.field_types import NO_NUL, WHOLE, Amount, Day, Given, Moment, Sentence, Serial, Short, Volume
from tracker.web.api.prescription_schemas import Boluses, Drugs
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["pumps"])
Changer = Annotated[Person, requires("pumps.change")]
Issuer = Annotated[Person, requires("credentials.issue")]


class Changes(Given):
    """The fields to change. One that is left out stays as it is; null says that it is not known any more."""

    udi: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] | None = None
    device_identifier: Short | None = None
    lot: Short | None = None
    manufactured_on: Day | None = None
    expires_on: Day | None = None
    patient_reference: Short | None = Field(None, description="the clinic's own number, never a name")
    unit: Short | None = None
    implanted_on: Day | None = None
    drug: Short | None = None
    concentration: Amount | None = None
    concentration_unit: Annotated[str, StringConstraints(max_length=16, pattern=NO_NUL)] | None = None
    dose_per_day: Amount | None = None
    drugs: Drugs | None = Field(None, description="instead of the four fields above, or in agreement with them")
    boluses: Boluses | None = Field(None, description="the most that the patient may take")
    low_reservoir_ml: Volume | None = None
    refill_cap_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = None
    report_interval_s: Annotated[int, Field(ge=1, le=90 * 86_400), WHOLE] = Field(default_factory=int)


class Suspension(Given):
    """Until when no reports are expected, and why; `until` null: reports are expected again from now on."""

    until: Moment | None
    reason: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] = ""


class SuspensionShown(BaseModel):
    """Until when no reports are expected; null where they are."""

    until: datetime | None
    reason: str | None


class CredentialShown(BaseModel):
    """A communicator's login. The password is shown in this answer and kept nowhere."""

    username: str
    password: str
    taken_up: bool = Field(description="whether the embedded broker knows it already")


class Revocation(Given):
    """Why the login is taken away."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]


class Revoked(BaseModel):
    """The login that opens nothing any more."""

    username: str
    revoked_at: datetime


@router.patch("/pumps/{serial}", response_model=shapes.PumpRecord)
def change(serial: Serial, given: Changes, web: Context, person: Changer) -> dict[str, Any]:
    """Change the record; what was before stands in the audit trail."""
    wanted = {
        name: (value.strip() or None) if isinstance(value, str) else value
        for name, value in given.model_dump(exclude_unset=True).items()
    }

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        before = change_record(session, pump, wanted, now)
        return shapes.record_of(pump), {"before": before, "after": {name: wanted[name] for name in before}}

    return do(web, person, serial, Event.RECORD_CHANGED, act)


@router.post("/pumps/{serial}/suspension", response_model=SuspensionShown)
def suspend(serial: Serial, given: Suspension, web: Context, person: Changer) -> dict[str, Any]:
    """Announce silence: no report is expected until then, so none is missed."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        if given.until is None:
            resume_reporting(session, pump, now=now)
        else:
            suspend_reporting(session, pump, until=given.until, reason=given.reason, now=now)
        told = {"until": pump.suspended_until, "reason": pump.suspended_reason}
        return told, told

    event = Event.REPORTING_RESUMED if given.until is None else Event.REPORTING_SUSPENDED
    return do(web, person, serial, event, act)


@router.post("/pumps/{serial}/credential", status_code=201, response_model=CredentialShown)
def renew_login(serial: Serial, web: Context, person: Issuer) -> dict[str, Any]:
    """A new login for the communicator, shown this once; the old one ends when the broker takes this one up."""
    now = web.clock()
    with web.database.reading() as session:
        credential = issue_many([pump_of(session, person, serial, now).serial])[0]
    versions: list[int] = []

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        hashes = {"bcrypt_hash": credential.bcrypt_hash, "mosquitto_hash": credential.mosquitto_hash}
        rotate_credential(session, pump, **hashes, now=now)
        versions.append(credentials_version(session))
        return {"username": credential.username, "password": credential.password}, {}

    answer = do(web, person, serial, Event.CREDENTIAL_RENEWED, act)
    return {**answer, "taken_up": wait_until_taken_up(web.database, versions[0], clock=web.clock)}


@router.post("/pumps/{serial}/credential/revoke", response_model=Revoked)
def revoke_login(serial: Serial, given: Revocation, web: Context, person: Issuer) -> dict[str, Any]:
    """Take the communicator's login away: it is lost, or no longer this pump's."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        ended = revoke_credential(session, pump, now=now)
        return {"username": ended.username, "revoked_at": ended.revoked_at}, {"reason": given.reason}

    return do(web, person, serial, Event.CREDENTIAL_REVOKED, act)
