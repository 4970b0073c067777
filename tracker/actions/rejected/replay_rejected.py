"""Replay a rejected message: the pump was enrolled since, or this version can read it.

A rejected message counts as received from the moment it came. Taken after all it goes on counting once: as a report or
session, and no longer among the rejected. One that came before its pump was enrolled was counted nowhere, and is now.
Its times are held against its arrival: a clock that ran ahead then is no better once the time that it gave has come.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from devices import topics, wire
from devices.check import check_session, check_status
from devices.models import catalogue
from devices.prescription import Prescription
from devices.prescription_json import write_prescription
from devices.report import ProgrammerSession, StatusReport
from devices.topics import Kind
from devices.wire import WireError
from tracker.actions.alarms.note_alarms import note_alarms
from tracker.actions.visits.draft_visit import draft_visit
from tracker.errors import Conflict, Invalid, NotFound
from tracker.records import delivery, partitions, reading
from tracker.records.column_types import key
from tracker.records.delivery_ranges import Marks, TooManyGaps
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Pump, PumpState, look_again
from tracker.records.queries.serial_lookup import pump_by_serial
from tracker.records.rejected import RejectedMessage


def replay_rejected(session: Session, message_id: int, *, by: str, now: datetime) -> RejectedMessage:
    """Read the message again and store it as it would have been.

    Raises ``Conflict`` where it was settled or is stored already, and ``Invalid`` naming the field where it is still
    no good: then it stays as it is.
    """
    message = kept_message(session, message_id)
    if not message.is_whole:
        raise Invalid(
            f"only the first {len(message.payload):,} of its {message.length:,} bytes are kept", field="payload"
        )
    serial, kind = topics.parse(message.topic) or (None, None)
    pump = pump_by_serial(session, serial) if serial else None
    if pump is None:
        raise Invalid("its topic still names no enrolled pump", field="topic")
    state = _held_state(session, pump, now)
    told: StatusReport | ProgrammerSession
    try:
        if kind is Kind.TELEMETRY:
            told = wire.decode_status(message.payload)
            _store_report(session, pump, state, told, message.received_at, now)
        elif kind is Kind.SESSION:
            told = wire.decode_session(message.payload)
            _store_session(session, pump, told, message.received_at, now)
        else:
            raise Invalid("only reports and sessions can be taken later", field="topic")
    except WireError as fault:
        raise Invalid(f"it is still refused: {fault}", field=fault.field) from fault
    _mark_as_in(session, key(pump.id), told.epoch, told.seq, now)
    if message.pump_id is None:
        state.received += 1
    elif state.rejected > 0:
        state.rejected -= 1
    session.add(state)
    message.status, message.settled_at, message.settled_by = "replayed", now, by
    message.settled_reason = "taken when it was read again"
    message.pump_id, message.clinic_id = pump.id, pump.clinic_id
    session.add(message)
    look_again(session, [key(pump.id)], now)
    return message


def kept_message(session: Session, message_id: int) -> RejectedMessage:
    """The message, if nobody settled it. Raises ``NotFound``, or ``Conflict`` saying who did."""
    message = session.get(RejectedMessage, message_id, populate_existing=True, with_for_update=True)
    if message is None:
        raise NotFound("there is no such message")
    if message.status != "kept":
        raise Conflict(f"{message.settled_by} has {message.status} it already")
    return message


def _held_state(session: Session, pump: Pump, now: datetime) -> PumpState:
    """The pump's state, held against ingest until the transaction ends."""
    state = session.get(PumpState, pump.id, populate_existing=True, with_for_update=True)
    if state is None:
        state = PumpState(pump_id=key(pump.id), changed_at=now)
        session.add(state)
        session.flush()
    return state


def _mark_as_in(session: Session, pump_id: int, epoch: int, seq: int, now: datetime) -> None:
    """Have receipts cover it: sent again by a communicator that does not know, it is a duplicate."""
    connection = session.connection()
    marks = Marks(*delivery.marks_of(connection, [(pump_id, epoch)]).get((pump_id, epoch), (0, ())))
    try:
        marks.add(seq)
    except TooManyGaps:
        raise Invalid(
            "it would open one gap more than are kept; try again once others have closed", field="seq"
        ) from None
    delivery.keep_marks(connection, [(pump_id, epoch, marks.contiguous, marks.beyond)], now)


def _store_report(
    session: Session, pump: Pump, state: PumpState, report: StatusReport, arrived_at: datetime, now: datetime
) -> None:
    model = catalogue.find(pump.model)
    if model is None or report.model != pump.model:
        raise WireError("model", f"is {report.model}, but the pump is enrolled as {pump.model}")
    check_status(report, model, arrived_at)
    _refuse_known(session, key(pump.id), report)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        partitions.ensure_months(connection, [partitions.month_of(report.measured_at)], now)
    note_alarms(session, key(pump.id), pump.drug, [(report.measured_at, tuple(map(str, report.alarms)))], now)
    session.flush()
    reading.add_reports(connection, [(key(pump.id), report)], now)
    if state.measured_at is None or report.measured_at > state.measured_at:
        _show(report, state, now)
    session.flush()


def _show(report: StatusReport, state: PumpState, now: datetime) -> None:
    battery = report.battery
    state.epoch, state.seq, state.measured_at, state.received_at = report.epoch, report.seq, report.measured_at, now
    state.battery_voltage_v = battery.voltage_v if battery else None
    state.battery_percent = battery.remaining_percent if battery else None
    state.battery_indicator = str(battery.indicator) if battery and battery.indicator else None
    state.reservoir_ml, state.flow_ml_per_day = report.reservoir_ml, report.flow_ml_per_day
    state.infusion, state.motor = str(report.infusion), str(report.motor)
    state.alarms, state.firmware = ",".join(map(str, report.alarms)), report.firmware
    state.unmeasured_by, state.refused_alarms, state.refused_alarms_at = "", "", None
    state.clock_at = state.clock_wrong_since = state.trusted_at = state.clock_behind_s = None


def _store_session(session: Session, pump: Pump, told: ProgrammerSession, arrived_at: datetime, now: datetime) -> None:
    model = catalogue.find(pump.model)
    if model is None or told.model != pump.model:
        raise WireError("model", f"is {told.model}, but the pump is enrolled as {pump.model}")
    check_session(told, model, arrived_at)
    _refuse_known(session, key(pump.id), told)
    volumes = told.reservoir
    record = ProgrammerSessionRecord(
        pump_id=key(pump.id),
        epoch=told.epoch,
        seq=told.seq,
        measured_at=told.measured_at,
        received_at=now,
        started_at=told.started_at,
        completed=told.completed,
        programmer=told.programmer,
        operator=told.operator,
        analysed=told.analysed,
        reprogrammed=told.reprogrammed,
        refilled=told.refilled,
        expected_ml=volumes.expected_ml if volumes else None,
        aspirated_ml=volumes.aspirated_ml if volumes else None,
        filled_ml=volumes.filled_ml if volumes else None,
        prescription_before=_as_json(told.before),
        prescription_after=_as_json(told.after),
    )
    session.add(record)
    session.flush()
    draft_visit(session, record, now)


def _refuse_known(session: Session, pump_id: int, told: StatusReport | ProgrammerSession) -> None:
    """Raise ``Conflict`` where a message of that number is stored: of either kind, since they are numbered together."""
    stored = None
    if reading.stored_contents(session.connection(), pump_id, [(told.epoch, told.seq)]):
        stored = "report"
    elif session.exec(
        select(ProgrammerSessionRecord.id).where(
            col(ProgrammerSessionRecord.pump_id) == pump_id,
            col(ProgrammerSessionRecord.epoch) == told.epoch,
            col(ProgrammerSessionRecord.seq) == told.seq,
        )
    ).first():
        stored = "session"
    if stored is not None:
        number = f"{told.epoch}/{told.seq}"
        raise Conflict(f"a {stored} numbered {number} is stored already, and a number names one message for ever")


def _as_json(one: Prescription | None) -> dict[str, Any] | None:
    return None if one is None else write_prescription(one)
