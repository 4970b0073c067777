"""Determine a replacement: the facts with their sources, the guideline's verdicts, one row appended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.actions.pumps.load_as_of import load_as_of
from tracker.actions.replacement.determine_from_snapshot import determine_from_snapshot
from tracker.records.column_types import key
from tracker.records.determination import AS_OF, Determination
from tracker.records.pump import Pump, PumpState


def determine(
    session: Session, pump: Pump, *, cause: str, now: datetime, as_of: datetime | None = None
) -> Determination:
    """Evaluate CMM-210.5 for the pump and append the determination, whether or not anything changed.

    The pump is looked at as the sweep would: its forecasts, findings and tasks are brought up to date too.
    With ``as_of`` only what was received and entered by then is used, and the row says that it answers about the past.
    """
    pump_id = key(pump.id)
    if as_of is not None:
        judgment = determine_from_snapshot(load_as_of(session, pump, as_of), cause=AS_OF, now=now, as_of=as_of)
    else:
        due = session.get_one(PumpState, pump_id).evaluate_at or now
        (evaluation,) = evaluate_pumps(session, [(pump_id, due)], now)
        judgment = determine_from_snapshot(evaluation.view, cause=cause, now=now)
        save_evaluations(session, [replace(evaluation, judgment=None)], now)
    row = Determination(**judgment.columns())
    session.add(row)
    session.flush()
    return row
