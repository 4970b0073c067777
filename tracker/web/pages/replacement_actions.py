"""What is done on a pump's replacement page: determine, document, rule, attest, plan, replace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.pumps.hand_over_pump import offer_pump
from tracker.actions.pumps.move_pump import move_pump, undo_move
from tracker.actions.pumps.replace_pump import replace_pump
from tracker.actions.replacement.attest import attest, withdraw_attestation
from tracker.actions.replacement.determine import determine
from tracker.actions.replacement.document_fact import document_fact, withdraw_fact
from tracker.actions.replacement.rule_finding import rule_finding
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.records.determination import DocumentedFact
from tracker.records.finding import Attestation, FindingRecord
from tracker.records.pump import Pump
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.reauthentication import confirm
from tracker.web.auth.signature_access import require_own_password
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.replacement import show_replacement
from tracker.web.views.formatting import from_field_time
from tracker.web.views.layout import back_to

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Reason = Annotated[str, Form(max_length=1000)]
Source = Annotated[str, Form(max_length=500)]
Word = Annotated[str, Form(max_length=64)]
Secret = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form was sent from: the request, and the application."""

    request: Request
    web: Web


def place(request: Request, web: Context) -> Place:
    """The place of this request."""
    return Place(request, web)


At = Annotated[Place, Depends(place)]
Care = Annotated[Person, requires("facts.document")]
Act = Callable[[Session, Pump, datetime], dict[str, Any]]


@router.post("/pumps/{serial}/determinations")
def determine_now(
    at: At, person: Annotated[Person, requires("determinations.make")], serial: str, as_of: Word = ""
) -> Response:
    """Re-evaluate; or, with a day and time, with what was known then."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        moment = _moment(as_of, person.timezone, now) if as_of else None
        row = determine(session, pump, cause="staff", now=now, as_of=moment)
        return {"determination": row.id, "outcome": row.outcome, "as_of": moment}

    return _perform(at, person, serial, "determined", Event.DETERMINATION_MADE, act, show_new=True)


@router.post("/pumps/{serial}/facts")
def document(at: At, person: Care, serial: str, fact: Word = "", value: Word = "", document: Source = "") -> Response:
    """Enter a fact with the document that it stands in."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        if value not in {"yes", "no"}:
            raise Invalid("answer yes or no", field="value")
        document_fact(session, pump, fact=fact, value=value == "yes", author=person.email, document=document, now=now)
        return {"fact": fact, "value": value, "document": document}

    return _perform(at, person, serial, "documented", Event.FACT_DOCUMENTED, act)


@router.post("/pumps/{serial}/facts/{fact_id}/withdraw")
def take_fact_back(at: At, person: Care, serial: str, fact_id: int, reason: Reason = "") -> Response:
    """Withdraw a fact; it stays with the reason."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        _own(session.get(DocumentedFact, fact_id), pump)
        withdraw_fact(session, fact_id, reason=reason, by=person.email, now=now)
        return {"fact": fact_id, "reason": reason}

    return _perform(at, person, serial, "fact-withdrawn", Event.FACT_WITHDRAWN, act)


@router.post("/pumps/{serial}/findings/{finding_id}")
def rule(
    at: At,
    person: Annotated[Person, requires("findings.rule")],
    serial: str,
    finding_id: int,
    ruling: Word = "",
    reason: Reason = "",
    password: Secret = "",
) -> Response:
    """Rule on a finding: a signature, so the password is asked for again."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        _own(session.get(FindingRecord, finding_id), pump)
        rule_finding(session, finding_id, ruling=ruling, reason=reason, by=person.email, now=now)
        return {"finding": finding_id, "ruling": ruling, "reason": reason}

    return _perform(at, person, serial, "ruled", Event.FINDING_RULED, act, signed_with=password)


@router.post("/pumps/{serial}/attestations")
def sign(
    at: At,
    person: Annotated[Person, requires("attestations.sign")],
    serial: str,
    evident: Word = "",
    name: Annotated[str, Form(max_length=120)] = "",
    password: Secret = "",
) -> Response:
    """Sign whether abuse or neglect is evident, over the findings as they stand."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        if evident not in {"yes", "no"}:
            raise Invalid("say which of the two you attest", field="evident")
        signed = attest(session, pump, abuse_or_neglect=evident == "yes", name=person.name, by=person.email, now=now)
        return {"attestation": signed.id, "meaning": signed.meaning, "name_as_typed": name}

    return _perform(at, person, serial, "attested", Event.ATTESTATION_SIGNED, act, signed_with=password)


@router.post("/pumps/{serial}/attestations/{attestation_id}/withdraw")
def take_signature_back(
    at: At,
    person: Annotated[Person, requires("attestations.sign")],
    serial: str,
    attestation_id: int,
    reason: Reason = "",
    password: Secret = "",
) -> Response:
    """Withdraw a signature; it stays with the reason."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        _own(session.get(Attestation, attestation_id), pump)
        withdraw_attestation(session, attestation_id, reason=reason, by=person.email, now=now)
        return {"attestation": attestation_id, "reason": reason}

    return _perform(at, person, serial, "attestation-withdrawn", Event.ATTESTATION_WITHDRAWN, act, signed_with=password)


@router.post("/pumps/{serial}/lifecycle")
def move(
    at: At,
    person: Annotated[Person, requires("pumps.lifecycle")],
    serial: str,
    to: Word = "",
    on: Word = "",
    reason: Reason = "",
    successor: Word = "",
    clinic: Annotated[str, Form(max_length=120)] = "",
    day_unknown: Word = "",
) -> Response:
    """Move the pump through its life; being replaced names the pump that follows it."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        day = _day(on) if on else None
        if not to:
            raise Invalid("choose the new status", field="to")
        if not reason.strip():
            raise Invalid("say why", field="reason")
        if to == "replaced":
            if not successor.strip() or day is None:
                raise Invalid("name the new pump's serial and the day of surgery", field="successor")
            new = pump_of(session, person, successor.strip(), now)
            replace_pump(session, pump, new, on=day, reason=reason, by=person.email, now=now)
        elif to == "transferred":
            try:
                offer = offer_pump(session, pump, to=clinic, reason=reason, by=person.email, now=now)
            except Invalid as fault:
                raise Invalid(fault.detail, field="clinic" if fault.field == "to" else fault.field) from fault
            return {"handover": offer.id, "to": clinic, "reason": reason}
        else:
            unknown = day_unknown == "yes"
            move_pump(session, pump, to=to, on=day, day_unknown=unknown, reason=reason, by=person.email, now=now)
        return {"to": to, "on": day, "reason": reason, "successor": successor}

    if to == "transferred":
        return _perform(at, person, serial, "offered", Event.HANDOVER_OFFERED, act)
    return _perform(at, person, serial, "moved", Event.PUMP_MOVED, act)


@router.post("/pumps/{serial}/lifecycle/undo")
def undo_the_move(
    at: At, person: Annotated[Person, requires("pumps.lifecycle")], serial: str, reason: Reason = ""
) -> Response:
    """The last status was a mistake: back to the one before it."""

    def act(session: Session, pump: Pump, now: datetime) -> dict[str, Any]:
        if not reason.strip():
            raise Invalid("say why", field="undo_reason")
        event = undo_move(session, pump, reason=reason, by=person.email, now=now)
        return {"from": event.from_state, "to": event.to_state, "reason": reason}

    return _perform(at, person, serial, "move-undone", Event.PUMP_MOVE_UNDONE, act)


def _perform(
    at: Place,
    person: Person,
    serial: str,
    said: str,
    event: Event,
    act: Act,
    *,
    signed_with: str | None = None,
    show_new: bool = False,
) -> Response:
    now = at.web.clock()
    try:
        if signed_with is not None:
            require_own_password(at.web, person)
            confirm(at.web, person, signed_with)
        with at.web.database.writing() as session:
            pump = pump_of(session, person, serial, now)
            detail = act(session, pump, now)
            enter(session, person, event, f"pump:{serial}", now, clinic_id=pump.clinic_id, **detail)
    except TrackerError as fault:
        return show_replacement(at.request, at.web, person, serial, fault=fault)
    chosen = f"?determination={detail['determination']}" if show_new and detail.get("as_of") else ""
    return back_to(f"/pumps/{serial}/replacement{chosen}", said)


def _own(row: DocumentedFact | FindingRecord | Attestation | None, pump: Pump) -> None:
    if row is None or row.pump_id != pump.id:
        raise NotFound("this pump's record has no such entry")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("write the day as 2026-11-22", field="on") from None


def _moment(text: str, zone: str, now: datetime) -> datetime:
    try:
        moment = from_field_time(text, zone)
    except (ValueError, OverflowError):
        raise Invalid("give the day and the time to ask about", field="as_of") from None
    if moment > now:
        raise Invalid("what will be known then is not known", field="as_of")
    return moment
