"""Builders: each makes one record that is valid by default; a test overrides the one thing that it is about.

They take an open session and flush, so that ids are there; the test's own transaction commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, SQLModel

from tracker.records.alarm import Alarm
from tracker.records.delivery import DeliveryMark
from tracker.records.forecast import Outlook
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Clinic, Pump, PumpState
from tracker.records.reading import Reading
from tracker.records.rejected import RejectedMessage
from tracker.records.staff import Staff
from tracker.records.visit import Visit
from tracker.records.worklist import WorklistEvent, WorklistItem

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
#: the argon2 hash of PASSWORD with the least memory and time: thousands of sign-ins are compared with it
PASSWORD_HASH = "$argon2id$v=19$m=64,t=1,p=1$Ts/LsrimShIIeqoLDbI7vA$mRHu4XzNV/KkmdduzfX9RXR2RXSPFOTU1PY+LpnTM7Q"

numbers = count(1)


def kept(session: Session, record: Any) -> Any:
    """The record, added and flushed."""
    session.add(record)
    session.flush()
    return record


def filled(table: type[SQLModel], default: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """A row of the table: the default, overridden by what is given."""
    return table(**{**default, **given})


def a_clinic(session: Session, **given: Any) -> Clinic:
    default = {"name": f"Clinic {next(numbers)}", "timezone": "Europe/Berlin", "created_at": NOW}
    clinic: Clinic = kept(session, filled(Clinic, default, given))
    return clinic


def a_person(session: Session, clinic: Clinic, **given: Any) -> Staff:
    number = next(numbers)
    default = {
        "clinic_id": clinic.id,
        "email": f"nurse{number}@clinic.example",
        "name": f"Nurse {number}",
        "role": "nurse",
        "password_hash": PASSWORD_HASH,
        "created_at": NOW,
    }
    staff: Staff = kept(session, filled(Staff, default, given))
    return staff


def a_pump(session: Session, clinic: Clinic, **given: Any) -> Pump:
    """An implanted SynchroMed II 20 with baclofen."""
    number = next(numbers)
    default = {
        "clinic_id": clinic.id,
        "serial": f"NGP{number:06d}",
        "model": "synchromed-ii-20",
        "patient_reference": f"P-{1000 + number}",
        "unit": "Spasticity",
        "lifecycle": "implanted",
        "implanted_on": (NOW - timedelta(days=4 * 365)).date(),
        "drug": "baclofen",
        "concentration": "2000",
        "concentration_unit": "mcg/mL",
        "dose_per_day": "300",
        "created_at": NOW - timedelta(days=4 * 365),
    }
    pump: Pump = kept(session, filled(Pump, default, given))
    return pump


def a_state(session: Session, pump: Pump, **given: Any) -> PumpState:
    """The pump's latest state: reported a few minutes ago, all well."""
    default = {
        "pump_id": pump.id,
        "epoch": 1,
        "seq": 100,
        "measured_at": NOW - timedelta(minutes=4),
        "received_at": NOW - timedelta(minutes=4) + timedelta(seconds=2),
        "battery_voltage_v": 2.81,
        "battery_percent": 61.5,
        "battery_indicator": "ok",
        "reservoir_ml": 12.4,
        "flow_ml_per_day": 0.15,
        "infusion": "simple_continuous",
        "motor": "running",
        "firmware": "1.04",
        "last_contact_at": NOW - timedelta(minutes=4),
        "online": True,
        "online_at": NOW - timedelta(days=2),
        "received": 100,
        "link": "connected",
        "link_since": NOW - timedelta(days=2),
        "changed_at": NOW - timedelta(minutes=4),
    }
    state: PumpState = kept(session, filled(PumpState, default, given))
    return state


def a_reading(session: Session, pump: Pump, **given: Any) -> Reading:
    default = {
        "pump_id": pump.id,
        "epoch": 1,
        "seq": next(numbers),
        "measured_at": NOW - timedelta(hours=1),
        "received_at": NOW - timedelta(minutes=59),
        "battery_voltage_v": 2.81,
        "battery_percent": 61.5,
        "battery_indicator": "ok",
        "reservoir_ml": 12.4,
        "flow_ml_per_day": 0.15,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": "",
    }
    reading: Reading = kept(session, filled(Reading, default, given))
    return reading


def an_alarm(session: Session, pump: Pump, **given: Any) -> Alarm:
    default = {
        "pump_id": pump.id,
        "code": "low_reservoir",
        "priority": 2,
        "first_seen_at": NOW - timedelta(hours=5),
        "last_seen_at": NOW - timedelta(minutes=4),
        "opened_at": NOW - timedelta(hours=5),
        "count": 5,
    }
    alarm: Alarm = kept(session, filled(Alarm, default, given))
    return alarm


def a_visit(session: Session, pump: Pump, **given: Any) -> Visit:
    """A confirmed refill with analysis."""
    default = {
        "pump_id": pump.id,
        "performed_at": NOW - timedelta(days=50),
        "analysed": True,
        "refilled": True,
        "expected_ml": 2.6,
        "aspirated_ml": 2.7,
        "filled_ml": 20.0,
        "codes": ["95990"],
        "because": "A refill without reprogramming; the analysis is part of it.",
        "operator": "rn.alvarez",
        "logged_by": "nurse@clinic.example",
        "logged_at": NOW - timedelta(days=50),
        "confirmed_by": "nurse@clinic.example",
        "confirmed_at": NOW - timedelta(days=50),
    }
    visit: Visit = kept(session, filled(Visit, default, given))
    return visit


def a_programmer_session(session: Session, pump: Pump, **given: Any) -> ProgrammerSessionRecord:
    default = {
        "pump_id": pump.id,
        "epoch": 1,
        "seq": next(numbers),
        "measured_at": NOW - timedelta(days=50),
        "received_at": NOW - timedelta(days=50),
        "started_at": NOW - timedelta(days=50, minutes=15),
        "completed": True,
        "programmer": "A810-00231",
        "operator": "rn.alvarez",
        "analysed": True,
    }
    record: ProgrammerSessionRecord = kept(session, filled(ProgrammerSessionRecord, default, given))
    return record


def an_item(session: Session, clinic: Clinic, pump: Pump | None, **given: Any) -> WorklistItem:
    """One open line of the worklist, with the event that opened it."""
    number = next(numbers)
    default = {
        "clinic_id": clinic.id,
        "pump_id": pump.id if pump else None,
        "kind": "refill_due",
        "key": f"refill_due:{number}",
        "priority": 2,
        "harm_at": NOW + timedelta(days=6),
        "what": "Refill due within a week",
        "why": "The reservoir reaches its low mark on 28 Nov 2026 at the flow of the last 20 days.",
        "next_step": "Book the refill before 28 Nov 2026.",
        "link": f"/pumps/{pump.serial}" if pump else "",
        "since": NOW - timedelta(hours=6),
        "opened_at": NOW - timedelta(hours=6),
        "changed_at": NOW - timedelta(hours=6),
    }
    item: WorklistItem = kept(session, filled(WorklistItem, default, given))
    kept(session, WorklistEvent(item_id=item.id or 0, at=item.opened_at, kind="opened", by="schedule"))
    return item


def a_rejected_message(session: Session, pump: Pump | None, **given: Any) -> RejectedMessage:
    serial = pump.serial if pump else "UNKNOWN-1"
    default = {
        "clinic_id": pump.clinic_id if pump else None,
        "pump_id": pump.id if pump else None,
        "serial": serial,
        "topic": f"pumps/{serial}/telemetry",
        "payload": b'{"v":1,"model":"synchromed-ii-20","reservoir_ml":-3}',
        "field": "reservoir_ml",
        "reason": "reservoir_ml is -3: a volume can't be negative.",
        "received_at": NOW - timedelta(minutes=12),
    }
    message: RejectedMessage = kept(session, filled(RejectedMessage, default, given))
    return message


def an_outlook(session: Session, pump: Pump, **given: Any) -> Outlook:
    default = {
        "pump_id": pump.id,
        "computed_at": NOW,
        "filled_at": NOW - timedelta(days=50),
        "eri_low_at": NOW + timedelta(days=420),
        "eri_median_at": NOW + timedelta(days=500),
        "eri_high_at": NOW + timedelta(days=590),
        "eos_low_at": NOW + timedelta(days=500),
        "eos_median_at": NOW + timedelta(days=590),
        "eos_high_at": NOW + timedelta(days=690),
        "battery_basis": "From 48 months of readings of this pump and its model's limit of 7 years.",
        "low_mark_low_at": NOW + timedelta(days=60),
        "low_mark_median_at": NOW + timedelta(days=66),
        "low_mark_high_at": NOW + timedelta(days=73),
        "empty_low_at": NOW + timedelta(days=72),
        "empty_median_at": NOW + timedelta(days=80),
        "empty_high_at": NOW + timedelta(days=88),
        "reservoir_basis": "From the readings since the fill on 3 Oct 2026.",
        "refill_by_at": NOW + timedelta(days=60),
        "refill_reason": "The low mark may be reached then at the earliest.",
    }
    outlook: Outlook = kept(session, filled(Outlook, default, given))
    return outlook


def a_delivery_mark(session: Session, pump: Pump, **given: Any) -> DeliveryMark:
    default: dict[str, Any] = {
        "pump_id": pump.id,
        "epoch": 1,
        "contiguous": 96,
        "beyond": [[99, 100]],
        "updated_at": NOW,
    }
    mark: DeliveryMark = kept(session, filled(DeliveryMark, default, given))
    return mark
