"""What lies ahead for a whole clinic: replacements by month, refills by week, and the pumps behind the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from devices.lifecycle import FOLLOWED
from tracker.records.outlook import Outlook
from tracker.records.pump import Pump

_FOLLOWED = tuple(str(state) for state in FOLLOWED)


class Expected(NamedTuple):
    """One pump's expected end of service with its 80 % interval, and the surgery's day where it is planned."""

    serial: str
    model: str
    patient_reference: str | None
    unit: str | None
    lifecycle: str
    planned_for: date | None
    eri_median_at: datetime | None
    eos_low_at: datetime
    eos_median_at: datetime
    eos_high_at: datetime
    basis: str


class Refill(NamedTuple):
    """One pump's next refill: by when, why by then, and the drug."""

    serial: str
    patient_reference: str | None
    unit: str | None
    drug: str | None
    refill_by_at: datetime
    reason: str


def expected_replacements(
    session: Session, clinic_id: int, until: datetime, unit: str = "", limit: int = 100_000
) -> Sequence[Expected]:
    """Followed pumps whose end of service may come before that time, the earliest middle estimate first."""
    query = (
        select(
            col(Pump.serial),
            col(Pump.model),
            col(Pump.patient_reference),
            col(Pump.unit),
            col(Pump.lifecycle),
            col(Pump.replacement_planned_for),
            col(Outlook.eri_median_at),
            col(Outlook.eos_low_at),
            col(Outlook.eos_median_at),
            col(Outlook.eos_high_at),
            col(Outlook.battery_basis),
        )
        .join(Outlook, col(Outlook.pump_id) == col(Pump.id))
        .where(
            col(Pump.clinic_id) == clinic_id,
            col(Pump.lifecycle).in_(_FOLLOWED),
            col(Outlook.eos_low_at) < until,
            col(Outlook.eos_median_at).is_not(None),
        )
        .order_by(col(Outlook.eos_median_at), col(Pump.id))
        .limit(limit)
    )
    if unit:
        query = query.where(col(Pump.unit) == unit)
    return [Expected(*row) for row in session.execute(query)]


def expected_refills(
    session: Session, clinic_id: int, until: datetime, unit: str = "", limit: int = 100_000
) -> Sequence[Refill]:
    """Followed pumps to be refilled before that time, the most pressing first."""
    query = (
        select(
            col(Pump.serial),
            col(Pump.patient_reference),
            col(Pump.unit),
            col(Pump.drug),
            col(Outlook.refill_by_at),
            col(Outlook.refill_reason),
        )
        .join(Outlook, col(Outlook.pump_id) == col(Pump.id))
        .where(
            col(Pump.clinic_id) == clinic_id,
            col(Pump.lifecycle).in_(_FOLLOWED),
            col(Outlook.refill_by_at) < until,
        )
        .order_by(col(Outlook.refill_by_at), col(Pump.id))
        .limit(limit)
    )
    if unit:
        query = query.where(col(Pump.unit) == unit)
    return [Refill(*row) for row in session.execute(query)]
