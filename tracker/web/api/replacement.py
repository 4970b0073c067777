"""What bears on a pump's replacement: facts with their documents, findings and their rulings, attestations.

A signature (a ruling, an attestation) asks a browser for its person's password once more, as the pages do: a browser
left open is nobody's word. A token is asked for nothing further: it is itself the secret that its person, and nobody
else, holds; it opens no screen that somebody could find unlocked; and a program that kept the password beside the
token would prove nothing more by sending both. The audit entry says that it was a token, and which. A password that is
sent all the same is checked. A token that another account made signs nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.replacement.attest import attest, withdraw_attestation
from tracker.actions.replacement.document_fact import document_fact, withdraw_fact
from tracker.actions.replacement.rule_finding import rule_finding
from tracker.records.column_types import key
from tracker.records.determination import DocumentedFact
from tracker.records.finding import Attestation, FindingRecord
from tracker.records.pump import Pump
from tracker.records.queries.replacement import replacement_record
from tracker.web.api.acting import Told, do, row_of
from tracker.web.api.field_types import NO_NUL, Answer, Given, Page, RowId, Sentence, Serial, fitting
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.reauthentication import confirm
from tracker.web.auth.signature_access import require_own_password
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["replacement"])
Care = Annotated[Person, requires("facts.document")]
Signer = Annotated[Person, requires("attestations.sign")]
Required = Annotated[Sentence, StringConstraints(min_length=1)]
Secret = Annotated[str, StringConstraints(max_length=1000)]
_PASSWORD = Field(None, description="asked of a browser's session; a token signs without it")


class NewFact(Given):
    """A fact, whether it is so, and the document that says it."""

    fact: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
    value: Answer
    document: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


class Withdrawal(Given):
    """Why it is taken back."""

    reason: Required


class Ruling(Given):
    """Whether the finding stands, and what that rests on."""

    ruling: Literal["upheld", "explained", "not_relevant"]
    reason: Required
    password: Secret | None = _PASSWORD


class NewAttestation(Given):
    """Whether abuse or neglect is evident, and the printed name of the physician who signs."""

    evident: Answer
    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)]
    password: Secret | None = _PASSWORD


class SignedWithdrawal(Withdrawal):
    """Why the signature is taken back."""

    password: Secret | None = _PASSWORD


class DocumentedFactShown(BaseModel):
    """A fact that a person entered with its document."""

    id: int
    fact: str
    value: bool
    document: str
    author: str
    entered_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class RulingShown(BaseModel):
    """One ruling on a finding."""

    ruling: str
    reason: str
    by: str
    at: datetime


class FindingShown(BaseModel):
    """Something that the records show and a clinician reviews; `open` until it is reviewed or the records mend it."""

    id: int
    kind: str
    strength: str
    points_at: str
    text: str
    bears_on_neglect: bool
    explanations: list[Any] = Field(description="other explanations to check first")
    evidence: list[Any]
    happened_at: datetime
    found_at: datetime
    resolved_at: datetime | None = Field(description="since when the records no longer show it")
    open: bool
    ruling: str | None
    rulings: list[RulingShown] = Field(description="every review of it, oldest first; the newest counts")


class AttestationShown(BaseModel):
    """A physician's signed statement over the findings as they stood."""

    id: int
    evident: bool
    name: str
    meaning: str
    by: str
    at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


@router.get("/pumps/{serial}/facts", response_model=Page[DocumentedFactShown])
def facts(serial: Serial, web: Context, person: Annotated[Person, requires("determinations.read")]) -> dict[str, Any]:
    """The documented facts, newest first, withdrawn ones among them; there are few, so all stand on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = replacement_record(session, key(pump.id)).facts
    web.trail.read(person, f"pump:{serial}", "facts", now, clinic_id=pump.clinic_id)
    return {"items": [_fact(row) for row in rows], "next": None}


@router.post("/pumps/{serial}/facts", status_code=201, response_model=DocumentedFactShown)
def document(serial: Serial, given: NewFact, web: Context, person: Care) -> dict[str, Any]:
    """Enter a fact with the document that it stands in."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row = document_fact(session, pump, **given.model_dump(), author=person.email, now=now)
        return _fact(row), given.model_dump()

    return do(web, person, serial, Event.FACT_DOCUMENTED, act)


@router.post("/pumps/{serial}/facts/{fact_id}/withdraw", response_model=DocumentedFactShown)
def take_fact_back(serial: Serial, fact_id: RowId, given: Withdrawal, web: Context, person: Care) -> dict[str, Any]:
    """Withdraw a fact; it stays on record with the reason."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row_of(session, DocumentedFact, fact_id, pump)
        row = withdraw_fact(session, fact_id, reason=given.reason, by=person.email, now=now)
        return _fact(row), {"fact": fact_id, "reason": given.reason}

    return do(web, person, serial, Event.FACT_WITHDRAWN, act)


@router.get("/pumps/{serial}/findings", response_model=Page[FindingShown])
def findings(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("findings.read")],
    open_only: Annotated[bool, Query(alias="open", description="only those that stand and wait for a review")] = False,
) -> dict[str, Any]:
    """What the records of the pump show, newest first, resolved ones among them, all on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        shown = _findings(session, pump)
    web.trail.read(person, f"pump:{serial}", "findings", now, clinic_id=pump.clinic_id)
    return {"items": [one for one in shown if one["open"] or not open_only], "next": None}


@router.post("/pumps/{serial}/findings/{finding_id}", response_model=FindingShown)
def rule(
    serial: Serial,
    finding_id: RowId,
    given: Ruling,
    web: Context,
    person: Annotated[Person, requires("findings.rule")],
) -> dict[str, Any]:
    """Review a finding: confirmed, explained, or not relevant. Each review is kept; the newest counts."""
    _sign(web, person, given.password)

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row_of(session, FindingRecord, finding_id, pump)
        ruled = {"ruling": given.ruling, "reason": given.reason}
        rule_finding(session, finding_id, **ruled, by=person.email, now=now)
        told = next(one for one in _findings(session, pump) if one["id"] == finding_id)
        return told, {"finding": finding_id, **ruled}

    return do(web, person, serial, Event.FINDING_RULED, act)


@router.get("/pumps/{serial}/attestations", response_model=Page[AttestationShown])
def attestations(serial: Serial, web: Context, person: Annotated[Person, requires("findings.read")]) -> dict[str, Any]:
    """The signed statements, newest first, withdrawn ones among them, all on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = replacement_record(session, key(pump.id)).attestations
    web.trail.read(person, f"pump:{serial}", "attestations", now, clinic_id=pump.clinic_id)
    return {"items": [_attestation(row) for row in rows], "next": None}


@router.post("/pumps/{serial}/attestations", status_code=201, response_model=AttestationShown)
def sign(serial: Serial, given: NewAttestation, web: Context, person: Signer) -> dict[str, Any]:
    """Sign whether abuse or neglect is evident, over the findings as they stand."""
    _sign(web, person, given.password)

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row = attest(session, pump, abuse_or_neglect=given.evident, name=person.name, by=person.email, now=now)
        return _attestation(row), {"attestation": row.id, "meaning": row.meaning, "name_as_typed": given.name}

    return do(web, person, serial, Event.ATTESTATION_SIGNED, act)


@router.post("/pumps/{serial}/attestations/{attestation_id}/withdraw", response_model=AttestationShown)
def take_signature_back(
    serial: Serial, attestation_id: RowId, given: SignedWithdrawal, web: Context, person: Signer
) -> dict[str, Any]:
    """Withdraw a signature; it stays on record with the reason."""
    _sign(web, person, given.password)

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row_of(session, Attestation, attestation_id, pump)
        row = withdraw_attestation(session, attestation_id, reason=given.reason, by=person.email, now=now)
        return _attestation(row), {"attestation": attestation_id, "reason": given.reason}

    return do(web, person, serial, Event.ATTESTATION_WITHDRAWN, act)


def _sign(web: Web, person: Person, password: str | None) -> None:
    """Ask for the password where a signature needs it (see above)."""
    require_own_password(web, person)
    if password is not None or person.via == "browser":
        with fitting():
            confirm(web, person, password or "")


def _fact(row: DocumentedFact) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DocumentedFactShown.model_fields}


def _attestation(row: Attestation) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in AttestationShown.model_fields if name != "evident"}
    return {**shown, "evident": row.abuse_or_neglect}


def _findings(session: Session, pump: Pump) -> list[dict[str, Any]]:
    record = replacement_record(session, key(pump.id))
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "strength": one.strength,
            "points_at": one.points_at,
            "text": one.sentence,
            "bears_on_neglect": one.neglect_or_abuse,
            "explanations": one.explanations,
            "evidence": one.evidence,
            "happened_at": one.happened_at,
            "found_at": one.found_at,
            "resolved_at": one.mended_at,
            "open": one.mended_at is None and one.ruling is None,
            "ruling": one.ruling,
            "rulings": [
                {"ruling": event.ruling, "reason": event.reason, "by": event.by, "at": event.at}
                for event in record.rulings.get(key(one.id), [])
            ],
        }
        for one in record.findings
    ]
