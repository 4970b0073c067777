"""Valid rows by default; a test overrides the one thing that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from tracker.actions.alarms.note_alarms import note_alarms
from tracker.actions.pumps.enrol_pump import enrol_pump
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.actions.worklist.refresh_worklist import apply_lines
from tracker.records.column_types import key
from tracker.records.delivery import DeliveryMark
from tracker.records.pump import Clinic, Pump, PumpState
from tracker.records.reading import Reading
from tracker.worklist.wanted_items import wanted_items

NURSE = "rn@north.example"


def a_clinic(session: Session, now: datetime, name: str = "North", timezone: str = "UTC") -> Clinic:
    """The clinic of that name, made when it is not there yet."""
    found = session.exec(select(Clinic).where(Clinic.name == name)).first()
    if found is None:
        found = Clinic(name=name, timezone=timezone, created_at=now)
        session.add(found)
        session.flush()
    return found


def a_pump(
    session: Session,
    now: datetime,
    *,
    serial: str = "SN-1",
    model: str = "synchromed-ii-20",
    clinic: str = "North",
    **details: Any,
) -> Pump:
    """A pump as enrolled, with baclofen in it unless told otherwise."""
    at = a_clinic(session, now, clinic)
    details = {"lifecycle": "implanted", "drug": "baclofen"} | details
    return enrol_pump(
        session,
        clinic_id=key(at.id),
        serial=serial,
        model=model,
        bcrypt_hash="$2b$04$x",
        mosquitto_hash="$7$x",
        by=NURSE,
        now=now,
        **details,
    )


def a_report(session: Session, pump: Pump, measured_at: datetime, seq: int, **said: Any) -> None:
    """A status report as ingest stores it: alarms, the reading, and the state moved forward."""
    values: dict[str, Any] = {
        "reservoir_ml": 8.0,
        "flow_ml_per_day": 0.05,
        "infusion": "simple_continuous",
        "motor": "running",
        "battery_percent": 80.0,
        "battery_voltage_v": 2.9,
        "battery_indicator": "ok",
    } | said
    alarms = tuple(values.pop("alarms", ()))
    epoch = values.pop("epoch", 1)
    received_at = values.pop("received_at", measured_at)
    pump_id = key(pump.id)
    state = session.get_one(PumpState, pump_id)
    if alarms or state.alarms:
        note_alarms(session, pump_id, pump.drug, [(measured_at, alarms)], received_at)
    session.add(
        Reading(
            pump_id=pump_id,
            epoch=epoch,
            seq=seq,
            measured_at=measured_at,
            received_at=received_at,
            alarms=",".join(alarms),
            **values,
        )
    )
    if state.measured_at is None or measured_at > state.measured_at:
        for name, value in values.items():
            setattr(state, name, value)
        state.epoch, state.seq, state.measured_at, state.received_at = epoch, seq, measured_at, received_at
        state.alarms = ",".join(alarms)
    state.last_contact_at = max(state.last_contact_at or received_at, received_at)
    state.changed_at = state.evaluate_at = received_at
    session.add(state)
    mark = session.get(DeliveryMark, (pump_id, epoch)) or DeliveryMark(
        pump_id=pump_id, epoch=epoch, updated_at=received_at
    )
    mark.contiguous = max(mark.contiguous, seq)
    session.add(mark)
    session.flush()


def a_history(session: Session, pump: Pump, until: datetime, days: int, **said: Any) -> int:
    """A report a day up to ``until``, battery and reservoir falling slowly; returns the last number used."""
    for day in range(days):
        back = days - 1 - day
        values: dict[str, Any] = {
            "battery_percent": 80.0 + back * 0.02,
            "reservoir_ml": round(8.0 + back * 0.05, 3),
            "flow_ml_per_day": 0.05,
        } | said
        a_report(session, pump, until - timedelta(days=back), day + 1, **values)
    return days


def refresh_worklist(session: Session, pump_ids: Sequence[int], now: datetime) -> None:
    """Bring the worklist up to the records as they stand, as an evaluation does at its end."""
    views = load_snapshots(session, pump_ids)
    apply_lines(session, {pump_id: (view, wanted_items(view, now)) for pump_id, view in views.items()}, now)
