"""Clinics, pumps and each pump's latest state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records import serial_columns
from tracker.records.column_types import BigKey, JsonColumn, UtcDateTime, key


class Clinic(SQLModel, table=True):
    """A clinic: its staff see its pumps and no others."""

    __tablename__ = "clinic"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=120)
    timezone: str = Field(default="UTC", max_length=64, description="IANA name; pages show times in it")
    refill_cap_days: int | None = Field(default=None, description="longest stay of a fill that this clinic allows")
    second_factor_roles: str = Field(default="", max_length=120, description="roles that must have one, by commas")
    message_content: str = Field(
        default="reference",
        max_length=16,
        sa_column_kwargs={"server_default": "reference"},
        description="what messages say of a patient: full, reference, none",
    )
    messages_per_hour: int = Field(default=12, sa_column_kwargs={"server_default": "12"}, description="to a person")
    created_at: datetime = Field(sa_type=UtcDateTime)


class Pump(SQLModel, table=True):
    """One pump from stock to explant: who it is, what is in it, what was set for it. Changed by people alone."""

    __tablename__ = "pump"
    __table_args__ = (
        Index("ix_pump_clinic_created", "clinic_id", "created_at", "id"),
        Index("ix_pump_patient", "clinic_id", "patient_reference"),
        Index("ix_pump_unit", "clinic_id", "unit"),
        Index("ix_pump_model", "clinic_id", "model"),
        Index("uq_pump_serial_key", "serial_key", unique=True),
        Index("ix_pump_serial_parts", "model", "serial_prefix", "serial_suffix", "serial_digits"),
        Index("ix_pump_lifecycle", "clinic_id", "lifecycle"),
        Index("ix_pump_search", "clinic_id", "serial", "patient_reference", "udi"),
        Index(
            "ix_pump_replaced_by",
            "replaced_by_id",
            sqlite_where=text("replaced_by_id IS NOT NULL"),
            postgresql_where=text("replaced_by_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    serial: str = Field(unique=True, max_length=64, description="as it was written first")
    serial_key: str = Field(default=None, max_length=80, sa_column_kwargs={"default": serial_columns.key_of})
    serial_prefix: str = Field(default=None, max_length=64, sa_column_kwargs={"default": serial_columns.prefix_of})
    serial_digits: str = Field(default=None, max_length=64, sa_column_kwargs={"default": serial_columns.digits_of})
    serial_suffix: str = Field(default=None, max_length=64, sa_column_kwargs={"default": serial_columns.suffix_of})
    model: str = Field(max_length=64, description="a key of the model catalogue")
    udi: str | None = Field(default=None, max_length=500, index=True)
    device_identifier: str | None = Field(default=None, max_length=120, description="the UDI's fixed part")
    lot: str | None = Field(default=None, max_length=80)
    manufactured_on: date | None = None
    expires_on: date | None = Field(default=None, description="the last day on which it may be implanted")
    patient_reference: str | None = Field(default=None, max_length=80, description="the clinic's number, never a name")
    unit: str | None = Field(default=None, max_length=80, description="ward or team that looks after the patient")
    lifecycle: str = Field(default="in_stock", max_length=32, description="devices.lifecycle.LifecycleState")
    implanted_on: date | None = None
    explanted_on: date | None = None
    replacement_planned_for: date | None = Field(default=None, description="surgery date while it is planned")
    replaced_by_id: int | None = Field(default=None, foreign_key="pump.id")
    drug: str | None = Field(default=None, max_length=80)
    concentration: str | None = Field(default=None, max_length=32, description="decimal string in concentration_unit")
    concentration_unit: str | None = Field(default=None, max_length=16)
    dose_per_day: str | None = Field(default=None, max_length=32, description="decimal, in the concentration's mass")
    drugs: list[Any] | None = Field(
        default=None, sa_type=JsonColumn, description="all drugs of a mixture; None for one"
    )
    boluses: dict[str, Any] | None = Field(
        default=None, sa_type=JsonColumn, description="the most the patient may take"
    )
    prescribed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="since when, by its visit")
    low_reservoir_ml: float | None = Field(default=None, description="this patient's mark; the model's where empty")
    refill_cap_days: int | None = None
    report_interval_s: int = Field(default=86_400, description="a report is expected this often")
    suspended_until: datetime | None = Field(default=None, sa_type=UtcDateTime, description="no report until then")
    suspended_reason: str | None = Field(default=None, max_length=500)
    pauses: list[Any] | None = Field(default=None, sa_type=JsonColumn, description="[from, until] in microseconds")
    low_marks: list[Any] | None = Field(default=None, sa_type=JsonColumn, description="earlier ones, [until, mL]")
    created_at: datetime = Field(sa_type=UtcDateTime)


class PumpState(SQLModel, table=True):
    """What is known of a pump now: the report measured last, contact, counters, and when to look at it again.

    Written by ingest, one row per pump and batch. The report's fields only ever move forward in measured time.
    """

    __tablename__ = "pump_state"
    __table_args__ = (
        Index("ix_pump_state_changed", "changed_at"),
        Index("ix_pump_state_evaluate", "evaluate_at"),
        Index("ix_pump_state_contact", "last_contact_at"),
        Index(
            "ix_pump_state_link",
            "link",
            "pump_id",
            sqlite_where=text("link <> 'connected'"),
            postgresql_where=text("link <> 'connected'"),
        ),
        Index(
            "ix_pump_state_data",
            "data_status",
            "pump_id",
            sqlite_where=text("data_status <> 'current'"),
            postgresql_where=text("data_status <> 'current'"),
        ),
    )

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    epoch: int | None = Field(default=None, sa_type=BigKey)
    seq: int | None = Field(default=None, sa_type=BigKey)
    measured_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="when the pump measured the report; where its clock was wrong, when the report arrived",
    )
    received_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="when that report was committed"
    )
    battery_voltage_v: float | None = None
    battery_percent: float | None = None
    battery_indicator: str | None = Field(default=None, max_length=8)
    reservoir_ml: float | None = None
    flow_ml_per_day: float | None = None
    infusion: str | None = Field(default=None, max_length=32)
    motor: str | None = Field(default=None, max_length=16)
    alarms: str = Field(default="", max_length=400, description="codes active in that report, sorted, joined by commas")
    firmware: str | None = Field(default=None, max_length=64)
    last_contact_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="anything received from the communicator"
    )
    understood_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the newest report or session arrived that was not refused"
    )
    unmeasured_by: str = Field(
        default="",
        max_length=16,
        sa_column_kwargs={"server_default": ""},
        description="what came since the newest measurement without being one: refused, repeated, late, or nothing",
    )
    data_status: str = Field(
        default="current",
        max_length=16,
        sa_column_kwargs={"server_default": "current"},
        description="of a pump that is heard: current; or not measured for too long: unreadable, repeated, late, none",
    )
    clock_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="what the report's clock said, where it was wrong"
    )
    clock_wrong_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the first report of a wrong clock arrived; empty: it is right"
    )
    clock_behind_s: int | None = Field(
        default=None, sa_type=BigKey, description="by how much a wrong clock is behind, at the least"
    )
    trusted_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the newest time of a right clock, while the clock is wrong"
    )
    refused_alarms: str = Field(
        default="",
        max_length=400,
        sa_column_kwargs={"server_default": ""},
        description="critical alarms that refused messages name since the newest measurement, joined by commas",
    )
    refused_alarms_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refused_because: str = Field(
        default="",
        max_length=400,
        sa_column_kwargs={"server_default": ""},
        description="why the newest refused message was refused",
    )
    online: bool | None = Field(default=None, description="the communicator's presence; unknown until it said")
    online_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received: int = Field(default=0, sa_type=BigKey, description="messages committed, rejected ones among them")
    duplicates: int = Field(default=0, sa_type=BigKey)
    rejected: int = Field(default=0, sa_type=BigKey)
    rejected_cut: int = Field(
        default=0, sa_type=BigKey, description="rejected messages without a number that were counted, not kept"
    )
    link: str = Field(default="never", max_length=16, description="never, connected, late, disconnected, suspended")
    link_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime, description="pages refresh what changed since they looked")
    evaluate_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the scheduler looks when this has come"
    )


class StateNow(NamedTuple):
    """A pump's latest report and contact as they are evaluated: quick to read for very many pumps."""

    pump_id: int
    epoch: int | None
    seq: int | None
    measured_at: datetime | None
    received_at: datetime | None
    battery_percent: float | None
    battery_indicator: str | None
    reservoir_ml: float | None
    flow_ml_per_day: float | None
    infusion: str | None
    motor: str | None
    alarms: str
    last_contact_at: datetime | None
    link: str
    link_since: datetime | None
    understood_at: datetime | None
    unmeasured_by: str
    data_status: str
    clock_at: datetime | None
    clock_wrong_since: datetime | None
    clock_behind_s: int | None
    refused_alarms: str
    refused_alarms_at: datetime | None
    refused_because: str


def pumps_by_id(session: Session, pump_ids: Sequence[int]) -> dict[int, Pump]:
    """Those pumps by their ids."""
    return {key(pump.id): pump for pump in session.exec(_PUMPS, params={"pumps": list(pump_ids)})}


def states(session: Session, pump_ids: Sequence[int]) -> dict[int, StateNow]:
    """The latest state of each of those pumps."""
    return {row[0]: StateNow._make(row) for row in session.execute(_STATES, {"pumps": list(pump_ids)})}


def due_pumps(
    session: Session, now: datetime, limit: int, after: tuple[int, datetime] | None = None
) -> list[tuple[int, datetime]]:
    """The pumps to look at by now and since when each is due, longest waiting first; ``after`` is the last one seen."""
    chosen, given = _DUE, {"now": now, "limit": limit}
    if after is not None:
        pump_id, due = after
        same = (col(PumpState.evaluate_at) == due) & (col(PumpState.pump_id) > pump_id)
        chosen = chosen.where((col(PumpState.evaluate_at) > due) | same)
    return [(pump_id, due) for pump_id, due in session.execute(chosen, given) if due is not None]


def hold_states(session: Session, pump_ids: Sequence[int]) -> None:
    """Hold the states of those pumps until the transaction ends, in the order in which ingest takes them.

    Whoever changes a pump's alarms or visits and then its state holds the state first, as ingest does: taken the other
    way round, the two could each wait for the other.
    """
    for start in range(0, len(pump_ids), 5000):
        session.execute(_HELD, {"pumps": sorted(pump_ids)[start : start + 5000]}).all()


def look_again(session: Session, pump_ids: Sequence[int], now: datetime) -> None:
    """Have the scheduler evaluate those pumps at its next turn, and pages show them again."""
    for start in range(0, len(pump_ids), 5000):
        session.execute(
            update(PumpState)
            .where(col(PumpState.pump_id).in_(pump_ids[start : start + 5000]))
            .values(evaluate_at=now, changed_at=now)
            .execution_options(synchronize_session=False)
        )


def clinics_by_id(session: Session) -> dict[int, Clinic]:
    """Every clinic by its id."""
    return {key(clinic.id): clinic for clinic in session.exec(select(Clinic))}


# Asked at every evaluation, so each of these statements is made once.
_IDS: Final[Any] = sqlalchemy.bindparam("pumps", expanding=True)
_PUMPS: Final = select(Pump).where(col(Pump.id).in_(_IDS))
_STATES: Final = sqlalchemy.select(*(col(getattr(PumpState, name)) for name in StateNow._fields)).where(
    col(PumpState.pump_id).in_(_IDS)
)
_HELD: Final = (
    sqlalchemy.select(col(PumpState.pump_id))
    .where(col(PumpState.pump_id).in_(_IDS))
    .order_by(col(PumpState.pump_id))
    .with_for_update()
)
_DUE: Final = (
    sqlalchemy.select(col(PumpState.pump_id), col(PumpState.evaluate_at))
    .where(col(PumpState.evaluate_at) <= sqlalchemy.bindparam("now"))
    .order_by(col(PumpState.evaluate_at), col(PumpState.pump_id))
    .limit(sqlalchemy.bindparam("limit"))
)
