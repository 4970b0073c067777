"""How a request does something to a pump: one transaction, the person's own pump, and the entry as its last step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.pump import Pump
from tracker.web.api.field_types import fitting
from tracker.web.app_state import Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

Row = TypeVar("Row")
Told = tuple[dict[str, Any], dict[str, Any]]
Act = Callable[[Session, Pump, datetime], Told]
"""Does it, and answers what the caller is told and what the audit trail keeps."""


def do(web: Web, person: Person, serial: str, event: Event, act: Act) -> dict[str, Any]:
    """Do it to the person's pump and enter it. Raises as ``pump_of`` and the act do; then nothing was done."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        pump = pump_of(session, person, serial, now)
        answer, detail = act(session, pump, now)
        enter(session, person, event, f"pump:{pump.serial}", now, clinic_id=pump.clinic_id, **detail)
    return answer


def row_of(session: Session, kind: type[Row], row_id: int, pump: Pump) -> Row:
    """That pump's row of that kind; ``NotFound`` alike for none and for another pump's."""
    row = session.get(kind, row_id)
    if row is None or getattr(row, "pump_id", None) != key(pump.id):
        raise NotFound("this pump's record has no such entry")
    return row
