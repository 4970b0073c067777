"""Emergency accesses as the pump's own clinic sees them: which wait for a review, and what was read and done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam
from sqlalchemy import select as choose
from sqlmodel import Session, col, select

from tracker.records.audit import AuditEntry
from tracker.records.pump import Pump
from tracker.records.staff import BreakGlass

MOST_ENTRIES: Final = 1000  #: entries that are shown of one access; the audit trail has the rest
Row = tuple[BreakGlass, Pump]


def accesses_to_review(session: Session, pump_ids: Sequence[int]) -> dict[int, list[BreakGlass]]:
    """The accesses to those pumps that the owning clinic has not reviewed, oldest first; one statement, few rows."""
    found: dict[int, list[BreakGlass]] = {}
    for row in session.execute(_TO_REVIEW, {"pumps": list(pump_ids)}).scalars():
        found.setdefault(row.pump_id, []).append(row)
    return found


def accesses_of_clinic(
    session: Session, clinic_id: int, limit: int, before_id: int | None = None, *, waiting: bool = False
) -> list[Row]:
    """Accesses by others to that clinic's pumps, newest first; ``waiting``: only those that nobody has reviewed."""
    chosen = (
        select(BreakGlass, Pump)
        .join(Pump, col(Pump.id) == col(BreakGlass.pump_id))
        .where(col(BreakGlass.clinic_id) == clinic_id)
    )
    if before_id is not None:
        chosen = chosen.where(col(BreakGlass.id) < before_id)
    if waiting:
        chosen = chosen.where(col(BreakGlass.reviewed_at).is_(None))
    return [(row, pump) for row, pump in session.exec(chosen.order_by(col(BreakGlass.id).desc()).limit(limit))]


def access_of_clinic(session: Session, clinic_id: int, access_id: int) -> Row | None:
    """That access, if it was to a pump of that clinic."""
    found = session.exec(
        select(BreakGlass, Pump)
        .join(Pump, col(Pump.id) == col(BreakGlass.pump_id))
        .where(col(BreakGlass.id) == access_id, col(BreakGlass.clinic_id) == clinic_id)
    ).first()
    return None if found is None else (found[0], found[1])


def entries_of_access(session: Session, access: BreakGlass, pump: Pump) -> list[AuditEntry]:
    """What was read and done by it, oldest first: entries of that person, that pump and that time at the clinic."""
    return list(
        session.exec(
            select(AuditEntry)
            .where(
                AuditEntry.subject == f"pump:{pump.serial}",
                AuditEntry.actor == access.opened_by,
                AuditEntry.clinic_id == access.clinic_id,
                col(AuditEntry.at) >= access.opened_at,
                col(AuditEntry.at) <= access.expires_at,
            )
            .order_by(col(AuditEntry.at), col(AuditEntry.seq))
            .limit(MOST_ENTRIES)
        )
    )


_TO_REVIEW: Final[Any] = (
    choose(BreakGlass)
    .where(
        col(BreakGlass.pump_id).in_(bindparam("pumps", expanding=True)),
        col(BreakGlass.clinic_id).is_not(None),
        col(BreakGlass.reviewed_at).is_(None),
    )
    .order_by(col(BreakGlass.id))
)
