"""Document a fact of CMM-210.5: its author, and where it is written."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from devices.models import catalogue
from tracker.errors import Conflict, Invalid, NotFound, at_most
from tracker.findings.replacement_facts import DOCUMENTED
from tracker.records.column_types import key
from tracker.records.determination import DocumentedFact
from tracker.records.pump import Pump, look_again


def document_fact(
    session: Session, pump: Pump, *, fact: str, value: bool, author: str, document: str, now: datetime
) -> DocumentedFact:
    """Enter it; a later entry of the same fact counts before an earlier one. Raises `Invalid` naming the field."""
    if fact not in DOCUMENTED:
        raise Invalid(f"{fact!r} can't be documented; it is one of {', '.join(DOCUMENTED)}", field="fact")
    model = catalogue.find(pump.model)
    if fact == "battery_nearing_end" and model is not None and not model.has_battery:
        raise Invalid(f"the {model.name} has no battery that could near its end", field="fact")
    if not author.strip():
        raise Invalid("say who stands for it", field="author")
    if not document.strip():
        raise Invalid("say where it is written: letter, operation note, page", field="document")
    at_most(500, document.strip(), "document")
    row = DocumentedFact(
        pump_id=key(pump.id), fact=fact, value=value, author=author.strip(), document=document.strip(), entered_at=now
    )
    session.add(row)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def withdraw_fact(session: Session, fact_id: int, *, reason: str, by: str, now: datetime) -> DocumentedFact:
    """Take an entry back; it stays on record with the reason."""
    row = session.get(DocumentedFact, fact_id)
    if row is None:
        raise NotFound("there is no such entry")
    if row.withdrawn_at is not None:
        raise Conflict("it was withdrawn already")
    if not reason.strip():
        raise Invalid("say why it is withdrawn", field="reason")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = now, by, reason.strip()
    session.add(row)
    session.flush()
    look_again(session, [row.pump_id], now)
    return row
