"""What a clinic's staff do in the simulated years, in the simplest way that is still true to life.

On weekdays at noon they confirm every draft and acknowledge every alarm that they find. They refill, reprogramme and
operate when the simulated clinic does, which goes by its own calendar and not by the worklist: that the worklist was
right beforehand is what is measured. They rule on no finding and finish no line by hand, so a line closes when its
cause is gone. Where a line says that nothing tells when a pump runs empty, they enter what it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from devices.models.catalogue import CATALOGUE
from simulators.pump_life import Course
from simulators.status_messages import Fact
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.pumps.change_record import change_record
from tracker.actions.pumps.enrol_pump import enrol_pump
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.log_visit import log_visit
from tracker.records.alarm import Alarm
from tracker.records.column_types import key
from tracker.records.lifecycle_events import LifecycleEvent
from tracker.records.pump import Pump, look_again
from tracker.records.visit import Visit, last_refills
from tracker.records.worklist import WorklistItem

NURSE = "rn@simulated.example"
SATURDAY = 5


def enrol(session: Session, clinic_id: int, course: Course, now: datetime) -> Pump:
    """Enrol the pump on the day of its implant, with all that the operating room knows of it."""
    return enrol_pump(
        session,
        clinic_id=clinic_id,
        serial=course.serial,
        model=course.state.unit.model_id,
        bcrypt_hash="$2b$04$x",
        mosquitto_hash="$7$x",
        by=NURSE,
        now=now,
        lifecycle="implanted",
        implanted_on=course.implanted_at.date(),
        drug=course.therapy.drug,
        concentration=str(course.therapy.concentration),
        concentration_unit=course.therapy.unit,
        dose_per_day=str(course.dose_per_day),
        low_reservoir_ml=course.state.low_mark_ml if course.state.unit.model.low_reservoir_ml is not None else None,
        report_interval_s=round(course.report_every_hours * 3600),
    )


def record_explant(session: Session, pump_id: int, fact: Fact) -> None:
    """Record that the pump came out, replaced by another or not."""
    pump = session.get_one(Pump, pump_id)
    was, pump.lifecycle = pump.lifecycle, "explanted" if fact.detail["replaced_by"] is None else "replaced"
    pump.explanted_on = fact.at.date()
    session.add(pump)
    session.add(
        LifecycleEvent(
            pump_id=pump_id,
            from_state=was,
            to_state=pump.lifecycle,
            at=fact.at,
            by=NURSE,
            reason=str(fact.detail["because"]),
        )
    )
    look_again(session, [pump_id], fact.at)


def work_through_the_day(session: Session, now: datetime) -> None:
    """Confirm drafts and acknowledge alarms, unless it is a weekend."""
    if now.weekday() >= SATURDAY:
        return
    drafts = session.exec(select(col(Visit.id)).where(Visit.status == "draft", Visit.source == "session")).all()
    for visit_id in drafts:
        confirm_visit(session, key(visit_id), by=NURSE, now=now)
    unheard = select(col(Alarm.id)).where(col(Alarm.closed_at).is_(None), col(Alarm.acknowledged_at).is_(None))
    for alarm_id in session.exec(unheard).all():
        acknowledge_alarm(session, key(alarm_id), by=NURSE, now=now)


def say_how_long_fills_last(session: Session, filled_at: Mapping[int, datetime], now: datetime) -> None:
    """Answer the lines that ask for it, unless it is a weekend: volume by daily dose, and when it was filled last."""
    if now.weekday() >= SATURDAY:
        return
    asked = select(col(WorklistItem.pump_id)).where(
        col(WorklistItem.key).endswith(":refill_date"), col(WorklistItem.closed_at).is_(None)
    )
    for pump_id in session.exec(asked).all():
        pump = session.get_one(Pump, pump_id)
        if pump.refill_cap_days is None:
            change_record(session, pump, {"refill_cap_days": _days_a_fill_lasts(pump)}, now)
        if key(pump.id) not in last_refills(session, [key(pump.id)]):
            at = filled_at[key(pump.id)]
            log_visit(session, pump, performed_at=at, refilled=True, by=NURSE, now=now)


def _days_a_fill_lasts(pump: Pump) -> int:
    dose, concentration = Decimal(pump.dose_per_day or 0), Decimal(pump.concentration or 0)
    return int(CATALOGUE[pump.model].capacity_ml / float(dose / concentration))
