"""Hold a visit that is about to change, as it stands now."""

from __future__ import annotations

from sqlmodel import Session

from tracker.errors import NotFound
from tracker.records.pump import Pump, hold_states
from tracker.records.visit import Visit


def lock_visit(session: Session, visit_id: int) -> tuple[Visit, Pump]:
    """The visit and its pump, read again once nobody else can change them. Raises `NotFound`.

    What this transaction read of them before it had to wait for another one is no longer so.
    """
    found = session.get(Visit, visit_id)
    if found is None:
        raise NotFound("there is no such visit")
    hold_states(session, [found.pump_id])
    visit = session.get_one(Visit, visit_id, populate_existing=True, with_for_update=True)
    return visit, session.get_one(Pump, visit.pump_id, populate_existing=True)
