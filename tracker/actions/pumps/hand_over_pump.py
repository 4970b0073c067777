"""Hand a pump over to another clinic: offered by the one that follows it, accepted by the one that will.

Until somebody has accepted, nothing changes for the pump: the clinic that offers it keeps its alarms and its tasks. A
move that took effect at once left a pump to nobody when the other clinic never heard of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlmodel import Session

from devices.lifecycle import FOLLOWED, LifecycleState
from tracker.actions.alarms.acknowledge_alarm import tell
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict, Invalid, NotFound, at_most
from tracker.records.alarm import open_alarms
from tracker.records.column_types import key
from tracker.records.handover import Handover, clinic_of_name, open_handover, pass_rejected_on
from tracker.records.lifecycle_events import LifecycleEvent
from tracker.records.pump import Clinic, Pump, hold_states, look_again
from tracker.records.queries.pump_page import delivery_told
from tracker.records.worklist import open_items_of_pumps

OFFERABLE: Final = FOLLOWED | {LifecycleState.LOST_TO_FOLLOW_UP, LifecycleState.TRANSFERRED}
"""A patient is living with the pump. ``TRANSFERRED`` without an offer is from before there were offers."""
_OWN: Final = frozenset({"patient_reference", "unit", "low_reservoir_ml", "refill_cap_days", "report_interval_s"})
"""What the new clinic sets for itself; anything else that it says must agree with the record."""
_NUMBERS: Final = frozenset({"concentration", "dose_per_day"})


def offer_pump(session: Session, pump: Pump, *, to: str | None = None, reason: str, by: str, now: datetime) -> Handover:
    """Offer the pump to the clinic of that name; None leaves open who takes it, by its serial.

    Raises `Conflict` where it is offered already or in nobody, `Invalid` naming the field for a clinic that is not
    there or is the pump's own.
    """
    if LifecycleState(pump.lifecycle) not in OFFERABLE:
        raise Conflict(f"{pump.serial} is {pump.lifecycle}: only a pump in a living patient is handed over", field="to")
    hold_states(session, [key(pump.id)])
    if open_handover(session, key(pump.id)) is not None:
        raise Conflict(f"{pump.serial} is offered already; withdraw that offer first", field="to")
    chosen = None
    if to is not None and to.strip():
        chosen = clinic_of_name(session, to)
        if chosen is None:
            raise Invalid("no clinic of that name works with this tracker; leave it empty for another one", field="to")
        if chosen.id == pump.clinic_id:
            raise Invalid("the pump is that clinic's already", field="to")
    at_most(1000, reason.strip(), "reason")
    row = Handover(
        pump_id=key(pump.id),
        from_clinic_id=pump.clinic_id,
        to_clinic_id=chosen.id if chosen else None,
        reason=reason.strip(),
        offered_by=by,
        offered_at=now,
    )
    session.add(row)
    if pump.lifecycle == LifecycleState.TRANSFERRED:
        _move(session, pump, LifecycleState.IMPLANTED, "followed here again until another clinic accepts it", by, now)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def withdraw_offer(session: Session, row: Handover, *, reason: str, by: str, now: datetime) -> Handover:
    """Take an offer back: the patient stays. Raises `Conflict` where it was accepted or withdrawn."""
    _still_open(row)
    if not reason.strip():
        raise Invalid("say why the offer is withdrawn", field="reason")
    row.withdrawn_by, row.withdrawn_at, row.withdrawn_reason = by, now, reason.strip()[:1000]
    session.add(row)
    session.flush()
    look_again(session, [row.pump_id], now)
    return row


def confirm_outside(session: Session, row: Handover, *, outside: str, by: str, now: datetime) -> Handover:
    """A clinic that does not work with this tracker has said that it follows the patient: the pump is transferred.

    ``outside`` says who said so. Raises `Conflict` where the offer is not open or names a clinic that works here.
    """
    _still_open(row)
    if row.to_clinic_id is not None:
        raise Conflict("the clinic that it is offered to works with this tracker and accepts it itself")
    if not outside.strip():
        raise Invalid("say which clinic follows the patient, and who there confirmed it", field="outside")
    at_most(200, outside.strip(), "outside")
    pump = session.get_one(Pump, row.pump_id)
    row.outside, row.accepted_by, row.accepted_at = outside.strip(), by, now
    row.patient_reference = pump.patient_reference
    session.add(row)
    pump.replacement_planned_for = None
    _move(session, pump, LifecycleState.TRANSFERRED, f"followed by {outside.strip()}", by, now)
    session.flush()
    look_again(session, [row.pump_id], now)
    return row


def acceptable(session: Session, pump: Pump, clinic_id: int) -> bool:
    """Whether that clinic may take the pump over by its serial: it is offered to it, or to whoever comes.

    A pump that was marked as transferred before there were offers belongs to no clinic. Whoever follows the patient
    takes it.
    """
    if pump.clinic_id == clinic_id:
        return False
    row = open_handover(session, key(pump.id))
    if row is None:
        return pump.lifecycle == LifecycleState.TRANSFERRED
    return row.to_clinic_id in {None, clinic_id}


def accept_pump(
    session: Session, pump: Pump, clinic_id: int, *, details: Mapping[str, Any] | None = None, by: str, now: datetime
) -> Handover:
    """Take the pump over with its history, its open alarms and its tasks; the old clinic is asked no more.

    ``details`` are what the new clinic says of the pump. Its own number of the patient, its unit and its limits are
    taken as given, the old clinic's number and unit are not shown to it. An alarm that somebody of the old clinic
    answered is asked about again, silence that the old clinic announced no longer holds, and the communicator keeps
    its login: it stands at the patient's home and must not fall silent by this.

    Raises `Conflict` where the pump is not this clinic's to accept, or what it says contradicts the record.
    """
    hold_states(session, [key(pump.id)])
    session.refresh(pump)
    if not acceptable(session, pump, clinic_id):
        raise Conflict(f"{pump.serial} is not offered to your clinic", field="serial")
    given = {name: value for name, value in (details or {}).items() if value is not None}
    _check_agrees(pump, given)
    row = open_handover(session, key(pump.id)) or Handover(
        pump_id=key(pump.id), from_clinic_id=pump.clinic_id, offered_by=by, offered_at=now, reason="marked transferred"
    )
    row.to_clinic_id, row.accepted_by, row.accepted_at = clinic_id, by, now
    row.patient_reference, row.delivery = pump.patient_reference, delivery_told(session, key(pump.id))
    session.add(row)
    pump.clinic_id, pump.patient_reference, pump.unit = clinic_id, None, None
    pump.suspended_until, pump.suspended_reason = None, None
    for name, value in given.items():
        if name != "lifecycle":
            setattr(pump, name, value)
    home = session.get_one(Clinic, clinic_id).name
    if pump.lifecycle != LifecycleState.IMPLANTED:
        planned = f"; surgery was planned for {pump.replacement_planned_for}" if pump.replacement_planned_for else ""
        pump.replacement_planned_for = None
        _move(session, pump, LifecycleState.IMPLANTED, f"taken over by {home}{planned}", by, now)
    session.add(pump)
    _pass_work_on(session, pump, home, by, now)
    pass_rejected_on(session, key(pump.id), clinic_id)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def _pass_work_on(session: Session, pump: Pump, home: str, by: str, now: datetime) -> None:
    """Move the open tasks, unassigned; ask the new clinic about every alarm that still stands."""
    for item in open_items_of_pumps(session, [key(pump.id)]):
        item.clinic_id, item.claimed_by, item.claimed_at = pump.clinic_id, None, None
        item.snoozed_until, item.changed_at = None, now
        session.add(item)
        session.add(event(item.id, now, "pump handed over", by, f"to {home}"))
    for alarm in open_alarms(session, [key(pump.id)]).get(key(pump.id), []):
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.assignee = None, None, None
        alarm.snoozed_until, alarm.snooze_reason, alarm.escalated_at = None, None, None
        alarm.unheard_since = now
        tell(session, alarm, "pump handed over", by=by, now=now, reason=f"to {home}")


def _check_agrees(pump: Pump, given: Mapping[str, Any]) -> None:
    """Refuse what contradicts the record: one pump of that serial has one model, one implant and one content."""
    lifecycle = given.get("lifecycle", LifecycleState.IMPLANTED)
    if LifecycleState(lifecycle) not in FOLLOWED:
        raise Conflict(f"{pump.serial} is in a patient: take it over as implanted", field="lifecycle")
    for name, value in given.items():
        known = getattr(pump, name)
        if name in _OWN or name == "lifecycle" or known is None or _same(name, known, value):
            continue
        told = known if isinstance(known, (str, date)) else "another value"
        raise Conflict(f"the record that is handed over says {told}; leave it out, and correct it after", field=name)


def _same(name: str, known: Any, value: Any) -> bool:
    if name in _NUMBERS:
        try:
            return Decimal(known) == Decimal(value)
        except InvalidOperation:
            return bool(known == value)
    if isinstance(known, str) and isinstance(value, str):
        return known.strip().casefold() == value.strip().casefold()
    return bool(known == value)


def _move(session: Session, pump: Pump, to: LifecycleState, reason: str, by: str, now: datetime) -> None:
    if pump.lifecycle == to:
        return
    session.add(
        LifecycleEvent(
            pump_id=key(pump.id), from_state=pump.lifecycle, to_state=to, at=now, by=by, reason=reason[:1000]
        )
    )
    pump.lifecycle = to
    session.add(pump)


def _still_open(row: Handover) -> None:
    if row.accepted_at is not None:
        raise Conflict("it was accepted already")
    if row.withdrawn_at is not None:
        raise Conflict("it was withdrawn already")


def handover_of(session: Session, handover_id: int, clinic_id: int) -> tuple[Handover, Pump]:
    """The offer that this clinic made or was made, with its pump, held until the transaction ends."""
    row = session.get(Handover, handover_id, populate_existing=True, with_for_update=True)
    if row is None or clinic_id not in {row.from_clinic_id, row.to_clinic_id}:
        raise NotFound("your clinic has no such hand-over")
    return row, session.get_one(Pump, row.pump_id)
