"""Set a clinic's policies and rotations. A faulty document changes nothing and names the path of its fault."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.errors import Invalid
from tracker.oncall.document import OncallFault, parse, to_document
from tracker.oncall.values import Oncall
from tracker.records.column_types import key
from tracker.records.notification import look_again_at
from tracker.records.oncall import OncallDocument
from tracker.records.pump import Clinic
from tracker.records.staff import people_of_clinic


def set_oncall(session: Session, clinic: Clinic, document: object, *, by: str, now: datetime) -> Oncall:
    """Check and store it. Raises ``Invalid`` whose field is the path of the fault."""
    known = {one.email for one in people_of_clinic(session, key(clinic.id)) if one.active}
    try:
        oncall = parse(document, known)
    except OncallFault as fault:
        raise Invalid(f"{fault.path}: {fault.message}", field=fault.path) from None
    row = session.get(OncallDocument, key(clinic.id))
    before: dict[str, Any] = {} if row is None else row.document
    after = to_document(oncall)
    if row is None:
        row = OncallDocument(clinic_id=key(clinic.id), document=after, changed_at=now, changed_by=by)
    row.document, row.changed_at, row.changed_by = after, now, by
    session.add(row)
    look_again_at(session, key(clinic.id), now)
    audit.record(
        session,
        actor=by,
        clinic_id=clinic.id,
        action=Event.ONCALL_CHANGED,
        subject=f"clinic:{clinic.name}",
        detail={"before": before, "after": after},
        now=now,
    )
    return oncall
