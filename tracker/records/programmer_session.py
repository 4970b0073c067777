"""Programmer sessions as the communicator told them, and the MRI examinations that clinics log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import BigKey, JsonColumn, UtcDateTime
from tracker.records.pump import Pump
from tracker.records.visit import Visit


class ProgrammerSessionRecord(SQLModel, table=True):
    """One session of a programmer with a pump. None stands for what the message did not say."""

    __tablename__ = "programmer_session"
    __table_args__ = (
        UniqueConstraint("pump_id", "epoch", "seq", name="uq_programmer_session_message"),
        Index("ix_programmer_session_pump", "pump_id", "measured_at"),
        Index("ix_programmer_session_programmer", "programmer", "measured_at"),
        Index(
            "ix_programmer_session_visit",
            "visit_id",
            sqlite_where=text("visit_id IS NOT NULL"),
            postgresql_where=text("visit_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    epoch: int = Field(sa_type=BigKey)
    seq: int = Field(sa_type=BigKey)
    measured_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    completed: bool | None = None
    programmer: str | None = Field(default=None, max_length=200)
    operator: str | None = Field(default=None, max_length=200)
    analysed: bool | None = None
    reprogrammed: bool | None = None
    refilled: bool | None = None
    expected_ml: float | None = None
    aspirated_ml: float | None = None
    filled_ml: float | None = None
    prescription_before: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    prescription_after: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    visit_id: int | None = Field(default=None, foreign_key="visit.id", description="the visit it became")
    clock_wrong: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="its times are what a wrong clock said: it counts from its arrival",
    )


class SessionTold(NamedTuple):
    """A programmer session as it is evaluated: quick to read for very many pumps."""

    id: int
    pump_id: int
    epoch: int
    seq: int
    measured_at: datetime
    completed: bool | None
    programmer: str | None
    operator: str | None
    reprogrammed: bool | None
    refilled: bool | None
    prescription_before: dict[str, Any] | None
    prescription_after: dict[str, Any] | None


class SessionSetting(NamedTuple):
    """What a session left the pump at, with the visit that it became and that visit's status."""

    id: int
    pump_id: int
    measured_at: datetime
    completed: bool | None
    prescription_after: dict[str, Any] | None
    visit_id: int | None
    visit_status: str | None


class ClinicProgrammer(SQLModel, table=True):
    """A programmer that is the clinic's own: one that is not in the list is unknown, once there is a list."""

    __tablename__ = "clinic_programmer"

    clinic_id: int = Field(foreign_key="clinic.id", primary_key=True)
    programmer: str = Field(primary_key=True, max_length=200)
    added_by: str = Field(max_length=254)
    added_at: datetime = Field(sa_type=UtcDateTime)


class MriExam(SQLModel, table=True):
    """An MRI of a pump's patient, and the check that the model asks for afterwards."""

    __tablename__ = "mri_exam"
    __table_args__ = (
        Index("ix_mri_exam_performed", "performed_at", "id"),
        Index(
            "ix_mri_exam_due",
            "check_due_at",
            "id",
            sqlite_where=text("checked_at IS NULL"),
            postgresql_where=text("checked_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id", index=True)
    performed_at: datetime = Field(sa_type=UtcDateTime)
    emptied_before: bool | None = Field(default=None, description="the reservoir was emptied first")
    check_due_at: datetime = Field(sa_type=UtcDateTime)
    overdue_at: datetime = Field(sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    checked_by: str | None = Field(default=None, max_length=254)
    logged_by: str = Field(max_length=254)
    logged_at: datetime = Field(sa_type=UtcDateTime)
    note: str = Field(default="", max_length=2000)


def sessions_of_pumps(session: Session, pump_ids: Sequence[int], since: datetime) -> dict[int, list[SessionTold]]:
    """Each pump's programmer sessions measured since then, oldest first; of a wrong clock by their arrival."""
    if not pump_ids:
        return {}
    found: dict[int, list[SessionTold]] = {}
    record = ProgrammerSessionRecord
    at = sqlalchemy.case((col(record.clock_wrong), col(record.received_at)), else_=col(record.measured_at))
    columns = [at if name == "measured_at" else col(getattr(record, name)) for name in SessionTold._fields]
    chosen = sqlalchemy.select(*columns).where(col(record.pump_id).in_(pump_ids), at >= since)
    order = (at, col(record.id))
    for row in session.execute(chosen.order_by(*order)):
        found.setdefault(row[1], []).append(SessionTold._make(row))
    return found


def newest_session_settings(
    session: Session, pump_ids: Sequence[int], visit_ids: Sequence[int]
) -> dict[int, list[SessionSetting]]:
    """Of each pump its newest session, its newest that tells a prescription, and those that became these visits."""
    if not pump_ids:
        return {}
    found: dict[int, list[SessionSetting]] = {}
    record = ProgrammerSessionRecord
    ids = [newest.where(col(Pump.id).in_(pump_ids)) for newest in (_NEWEST, _NEWEST_TELLING)]
    if visit_ids:
        ids.append(sqlalchemy.select(col(record.id)).where(col(record.visit_id).in_(visit_ids)))
    columns = [col(getattr(record, name)) for name in SessionSetting._fields[:-1]]
    chosen = (
        sqlalchemy.select(*columns, col(Visit.status))
        .join(Visit, col(Visit.id) == col(record.visit_id), isouter=True)
        .where(col(record.id).in_(sqlalchemy.union_all(*ids)))
    )
    for row in session.execute(chosen):
        found.setdefault(row[1], []).append(SessionSetting._make(row))
    return found


def unchecked_mri(session: Session, pump_ids: Sequence[int]) -> dict[int, list[MriExam]]:
    """Each pump's MRI examinations after which it has not been checked."""
    if not pump_ids:
        return {}
    found: dict[int, list[MriExam]] = {}
    chosen = select(MriExam).where(col(MriExam.pump_id).in_(pump_ids), col(MriExam.checked_at).is_(None))
    for exam in session.exec(chosen.order_by(col(MriExam.performed_at), col(MriExam.id))):
        found.setdefault(exam.pump_id, []).append(exam)
    return found


def mri_exams_of(session: Session, pump_id: int) -> list[MriExam]:
    """A pump's MRI examinations, newest first."""
    chosen = select(MriExam).where(MriExam.pump_id == pump_id)
    return list(session.exec(chosen.order_by(col(MriExam.performed_at).desc(), col(MriExam.id).desc())))


def known_programmers(session: Session) -> dict[int, frozenset[str]]:
    """Each clinic's own programmers."""
    found: dict[int, set[str]] = {}
    for clinic_id, programmer in session.exec(select(ClinicProgrammer.clinic_id, ClinicProgrammer.programmer)):
        found.setdefault(clinic_id, set()).add(programmer)
    return {clinic_id: frozenset(names) for clinic_id, names in found.items()}


def programmers_of(session: Session, clinic_id: int) -> list[ClinicProgrammer]:
    """The clinic's own programmers by name, each with who named it and when."""
    chosen = select(ClinicProgrammer).where(ClinicProgrammer.clinic_id == clinic_id)
    return list(session.exec(chosen.order_by(ClinicProgrammer.programmer)))


def mri_exams_of_pumps(session: Session, pump_ids: Sequence[int], since: datetime) -> dict[int, list[MriExam]]:
    """Each pump's MRI examinations since then, oldest first."""
    if not pump_ids:
        return {}
    found: dict[int, list[MriExam]] = {}
    chosen = select(MriExam).where(col(MriExam.pump_id).in_(pump_ids), col(MriExam.performed_at) >= since)
    for exam in session.exec(chosen.order_by(col(MriExam.performed_at), col(MriExam.id))):
        found.setdefault(exam.pump_id, []).append(exam)
    return found


def _newest(*which: Any) -> Any:
    """The id of each pump's newest session of that sort: one step into the index for each pump."""
    record = ProgrammerSessionRecord
    newest = (
        sqlalchemy.select(col(record.id))
        .where(col(record.pump_id) == col(Pump.id), *which)
        .order_by(col(record.measured_at).desc(), col(record.id).desc())
        .limit(1)
    )
    return sqlalchemy.select(newest.correlate(Pump).scalar_subquery()).select_from(Pump)


_NEWEST: Final = _newest()
_NEWEST_TELLING: Final = _newest(col(ProgrammerSessionRecord.prescription_after).is_not(None))
