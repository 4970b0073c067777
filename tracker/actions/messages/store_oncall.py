"""Store policies and rotations that were checked: the document, its audit entry, and a new look at what goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.oncall.document import to_document
from tracker.oncall.values import Oncall
from tracker.records.column_types import key
from tracker.records.notification import look_again_at
from tracker.records.oncall import OncallDocument
from tracker.records.pump import Clinic


def store_oncall(session: Session, clinic: Clinic, oncall: Oncall, *, by: str, now: datetime, **detail: Any) -> None:
    """Write it in the caller's transaction. ``detail``: more for the audit entry, which has all before and after."""
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
        detail={"before": before, "after": after, **detail},
        now=now,
    )
