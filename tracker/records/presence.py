"""Which pumps have anything on record in which table: asked first, so that what is empty is not read.

Most pumps have no open alarm, no finding, no visit of late; one statement here takes the place of a dozen that find
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy
from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col

from tracker.records.advisory import AdvisoryMatch
from tracker.records.alarm import Alarm
from tracker.records.determination import DocumentedFact
from tracker.records.finding import Attestation, FindingRecord
from tracker.records.handover import Handover
from tracker.records.programmer_session import MriExam, ProgrammerSessionRecord
from tracker.records.pump import Pump
from tracker.records.visit import Visit


@dataclass(frozen=True, slots=True)
class Presence:
    """The pumps, by their ids, that have at least one row in each of those tables, whatever the row says."""

    alarms: list[int] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)
    attestations: list[int] = field(default_factory=list)
    documented: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)
    mri: list[int] = field(default_factory=list)
    advisories: list[int] = field(default_factory=list)
    handovers: list[int] = field(default_factory=list)


_TABLES: Final[tuple[type[SQLModel], ...]] = (
    Alarm,
    FindingRecord,
    Attestation,
    DocumentedFact,
    Visit,
    ProgrammerSessionRecord,
    MriExam,
    AdvisoryMatch,
    Handover,
)
"""The table of each field of `Presence`, in its order."""


def presence(session: Session, pump_ids: Sequence[int]) -> Presence:
    """What of those pumps is on record at all; one statement however many they are."""
    found = [list[int]() for _ in _TABLES]
    for pump_id, *there in session.execute(_PRESENT, {"pumps": list(pump_ids)}):
        for ids, some in zip(found, there, strict=True):
            if some:
                ids.append(pump_id)
    return Presence(*found)


_PRESENT: Final = sqlalchemy.select(
    col(Pump.id),
    *(
        sqlalchemy.exists(sqlalchemy.literal_column("1")).where(table.__table__.c.pump_id == col(Pump.id))  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
        for table in _TABLES
    ),
).where(col(Pump.id).in_(bindparam("pumps", expanding=True)))
