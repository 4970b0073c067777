"""Programmer sessions: stored with their batch, and each drafted into a visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, tuple_
from sqlmodel import Session, col, select

from devices.prescription import Prescription
from devices.prescription_json import write_prescription
from devices.report import ProgrammerSession, SessionReservoir
from tracker.actions.visits.draft_visit import draft_visits
from tracker.ingest.batch import PumpBatch
from tracker.records.programmer_session import ProgrammerSessionRecord

Content = dict[str, Any]
"""What a session says, as columns of its record."""

_UNSAID = SessionReservoir(None, None, None)
_COLUMNS = (
    "measured_at",
    "started_at",
    "completed",
    "programmer",
    "operator",
    "analysed",
    "reprogrammed",
    "refilled",
    "expected_ml",
    "aspirated_ml",
    "filled_ml",
    "prescription_before",
    "prescription_after",
)


def content_of(message: ProgrammerSession) -> Content:
    """The columns that a session fills; two sessions with the same content are the same message."""
    volumes = message.reservoir or _UNSAID
    said = {
        **msgspec.structs.asdict(message),
        **msgspec.structs.asdict(volumes),
        "prescription_before": _prescription(message.before),
        "prescription_after": _prescription(message.after),
    }
    return {name: said[name] for name in _COLUMNS}


def keep_sessions(connection: Connection, batches: Sequence[PumpBatch], now: datetime) -> None:
    """Store the batch's new sessions and draft each one's visit, in the caller's transaction."""
    found = [
        (batch.pump.id, message, (message.epoch, message.seq) in batch.wrong_clocks())
        for batch in batches
        for message in batch.sessions
    ]
    if not found:
        return
    records = [
        ProgrammerSessionRecord(
            pump_id=pump_id,
            epoch=message.epoch,
            seq=message.seq,
            received_at=now,
            clock_wrong=clock_wrong,
            **content_of(message),
        )
        for pump_id, message, clock_wrong in found
    ]
    with Session(bind=connection, expire_on_commit=False) as session:
        session.add_all(records)
        session.flush()
        draft_visits(session, records, now)


def stored_sessions(
    connection: Connection, pump_id: int, numbers: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Content]:
    """The contents of the sessions that are stored under those (epoch, seq)."""
    found: dict[tuple[int, int], Content] = {}
    record = ProgrammerSessionRecord
    with Session(bind=connection) as session:
        for start in range(0, len(numbers), 500):
            some = numbers[start : start + 500]
            rows = session.exec(
                select(record).where(record.pump_id == pump_id, tuple_(col(record.epoch), col(record.seq)).in_(some))
            )
            for row in rows:
                found[row.epoch, row.seq] = {name: getattr(row, name) for name in _COLUMNS}
    return found


def _prescription(prescription: Prescription | None) -> dict[str, Any] | None:
    """Amounts as the decimal strings that they are on the wire."""
    return None if prescription is None else write_prescription(prescription)
