"""Set a clinic's policies and rotations. A faulty document changes nothing and names the path of its fault."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.store_oncall import store_oncall
from tracker.errors import Invalid
from tracker.oncall.document import OncallFault, parse
from tracker.oncall.values import Oncall
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import people_of_clinic


def set_oncall(session: Session, clinic: Clinic, document: object, *, by: str, now: datetime) -> Oncall:
    """Check and store it. Raises ``Invalid`` whose field is the path of the fault."""
    known = {one.email for one in people_of_clinic(session, key(clinic.id)) if one.active}
    try:
        oncall = parse(document, known)
    except OncallFault as fault:
        raise Invalid(f"{fault.path}: {fault.message}", field=fault.path) from None
    store_oncall(session, clinic, oncall, by=by, now=now)
    return oncall
