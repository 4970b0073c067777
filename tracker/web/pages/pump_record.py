"""A pump's record and what people do beside visits: change it, log an MRI, expect silence, renew the sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from devices.models import catalogue
from tracker.actions.advisories.acknowledge_advisory import acknowledge_advisory
from tracker.actions.audit_events import Event
from tracker.actions.pumps.change_record import change_record
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.actions.pumps.revoke_credential import revoke_credential
from tracker.actions.pumps.rotate_credential import rotate_credential
from tracker.actions.pumps.suspend_reporting import resume_reporting, suspend_reporting
from tracker.broker.credentials import Credential, issue_many
from tracker.broker.wait_for_credentials import wait_until_taken_up
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.records.advisory import AdvisoryMatch
from tracker.records.credential import CommunicatorCredential, credentials_version
from tracker.records.programmer_session import MriExam, mri_exams_of
from tracker.records.pump import Pump
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.duration_input import interval_seconds
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.formatting import field_time, from_field_time
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Word = Annotated[str, Form(max_length=80)]
Reason = Annotated[str, Form(max_length=1000)]
Shorter = Annotated[str, Form(max_length=500)]
Changer = Annotated[Person, requires("pumps.change")]
Logger = Annotated[Person, requires("mri.log")]
Act = Callable[[Session, Pump, datetime], dict[str, Any]]


@router.get("/pumps/{serial}/record", response_class=HTMLResponse)
def record(
    request: Request, web: Context, person: Annotated[Person, requires("pumps.read")], serial: str
) -> HTMLResponse:
    """The record with its forms."""
    return _show(request, web, person, serial)


@router.post("/pumps/{serial}/record")
def change(
    request: Request,
    web: Context,
    person: Changer,
    serial: str,
    patient_reference: Word = "",
    unit: Word = "",
    low_reservoir_ml: Word = "",
    refill_cap_days: Word = "",
    report_interval: Word = "",
) -> Response:
    """Change what was typed; an emptied field is no longer known."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        changes = {
            "patient_reference": patient_reference.strip() or None,
            "unit": unit.strip() or None,
            "low_reservoir_ml": _number(low_reservoir_ml, "low_reservoir_ml"),
            "refill_cap_days": None if not refill_cap_days.strip() else int(_whole(refill_cap_days)),
            "report_interval_s": interval_seconds(report_interval),
        }
        before = change_record(session, pump, changes, now)
        return {"before": before, "after": {name: changes[name] for name in before}}

    return _perform(request, web, person, serial, "changed", Event.RECORD_CHANGED, act)


@router.post("/pumps/{serial}/mri")
def mri(
    request: Request,
    web: Context,
    person: Logger,
    serial: str,
    performed_at: Word = "",
    emptied_before: Word = "",
    note: Reason = "",
) -> Response:
    """Log an MRI: the check after it becomes due by the model's rule."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        at = _moment(performed_at, person.timezone, "performed_at")
        emptied = {"yes": True, "no": False}.get(emptied_before)
        exam = log_mri(
            session, pump, performed_at=at, emptied_before=emptied, note=note.strip(), by=person.email, now=now
        )
        return {"exam": exam.id, "performed_at": at}

    return _perform(request, web, person, serial, "mri", Event.MRI_LOGGED, act)


@router.post("/pumps/{serial}/mri/{exam_id}/checked")
def mri_checked(
    request: Request, web: Context, person: Logger, serial: str, exam_id: int, checked_at: Word = ""
) -> Response:
    """The pump was interrogated after the MRI."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        exam = session.get(MriExam, exam_id)
        if exam is None or exam.pump_id != pump.id:
            raise NotFound("this pump has no such MRI")
        at = _moment(checked_at, person.timezone, "checked_at")
        check_after_mri(session, exam_id, checked_at=at, by=person.email, now=now)
        return {"exam": exam_id, "checked_at": at}

    return _perform(request, web, person, serial, "checked", Event.MRI_CHECKED, act)


@router.post("/pumps/{serial}/suspension")
def suspend(
    request: Request, web: Context, person: Changer, serial: str, until: Word = "", reason: Shorter = ""
) -> Response:
    """Expect no reports until then; with no time given, expect them again from now on."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        if not until.strip():
            resume_reporting(session, pump, now=now)
            return {"until": None}
        moment = _moment(until, person.timezone, "until")
        suspend_reporting(session, pump, until=moment, reason=reason, now=now)
        return {"until": moment, "reason": reason}

    said, event = ("suspended", Event.REPORTING_SUSPENDED) if until.strip() else ("changed", Event.REPORTING_RESUMED)
    return _perform(request, web, person, serial, said, event, act)


@router.post("/pumps/{serial}/advisories/{match_id}")
def advisory_seen(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("advisories.handle")],
    serial: str,
    match_id: int,
    note: Reason = "",
) -> Response:
    """Acknowledge an advisory for this pump, with what was decided."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        match = session.get(AdvisoryMatch, match_id)
        if match is None or match.pump_id != pump.id:
            raise NotFound("no such advisory covers this pump")
        acknowledge_advisory(session, match_id, note=note, by=person.email, now=now)
        return {"advisory": match.advisory_id, "note": note}

    return _perform(request, web, person, serial, "advised", Event.ADVISORY_ACKNOWLEDGED, act, to=f"/pumps/{serial}")


@router.post("/pumps/{serial}/credential")
def renew_sign_in(
    request: Request, web: Context, person: Annotated[Person, requires("credentials.issue")], serial: str
) -> HTMLResponse:
    """A new sign-in for the communicator, shown this once; the old one ends."""
    now = web.clock()
    credential = issue_many([serial])[0]
    with web.database.writing() as session:
        pump = pump_of(session, person, serial, now)
        rotate_credential(
            session,
            pump,
            bcrypt_hash=credential.bcrypt_hash,
            mosquitto_hash=credential.mosquitto_hash,
            now=now,
        )
        version = credentials_version(session)
        enter(session, person, Event.CREDENTIAL_RENEWED, f"pump:{serial}", now, clinic_id=pump.clinic_id)
    taken_up = wait_until_taken_up(web.database, version, clock=web.clock)
    return _show(request, web, person, serial, credential=credential, taken_up=taken_up)


@router.post("/pumps/{serial}/credential/revoke")
def revoke_sign_in(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("credentials.issue")],
    serial: str,
    reason: Reason = "",
) -> Response:
    """Take the communicator's sign-in away: it is lost, or no longer this pump's."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        if not reason.strip():
            raise Invalid("say why the sign-in is taken away", field="revoke_reason")
        revoke_credential(session, pump, now=now)
        return {"reason": reason.strip()}

    return _perform(request, web, person, serial, "revoked", Event.CREDENTIAL_REVOKED, act)


def _perform(
    request: Request, web: Web, person: Person, serial: str, said: str, event: Event, act: Act, to: str | None = None
) -> Response:
    now = web.clock()
    try:
        with web.database.writing() as session:
            pump = pump_of(session, person, serial, now)
            detail = act(session, pump, now)
            enter(session, person, event, f"pump:{serial}", now, clinic_id=pump.clinic_id, **detail)
    except TrackerError as fault:
        return _show(request, web, person, serial, fault=fault)
    return back_to(to or f"/pumps/{serial}/record", said)


def _show(
    request: Request,
    web: Web,
    person: Person,
    serial: str,
    fault: TrackerError | None = None,
    credential: Credential | None = None,
    *,
    taken_up: bool = False,
) -> HTMLResponse:
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        exams = mri_exams_of(session, pump.id or 0)
        issued = session.get(CommunicatorCredential, pump.id)
    web.trail.read(person, f"pump:{serial}", "record", now, clinic_id=pump.clinic_id)
    return page(
        request,
        person,
        "record.html",
        status_code=fault.status if fault else 200,
        pump=pump,
        model=catalogue.find(pump.model),
        exams=exams,
        issued=issued,
        credential=credential,
        taken_up=taken_up,
        fault=fault,
        moment=field_time(now, person.timezone),
    )


def _moment(text: str, zone: str, field: str) -> datetime:
    try:
        return from_field_time(text, zone)
    except (ValueError, OverflowError):
        raise Invalid("give the day and the time", field=field) from None


def _number(text: str, field: str) -> float | None:
    if not text.strip():
        return None
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        raise Invalid("write a number", field=field) from None
    if not -1e9 < number < 1e9:
        raise Invalid("write a number", field=field)
    return number


def _whole(text: str) -> str:
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise Invalid("write a whole number of days", field="refill_cap_days")
    return text.strip()
