"""Programmer sessions on the wire. `devices.wire` offers both functions; see there for the rules."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, convert, to_builtins
from msgspec.json import Decoder

from devices.prescription import MOST_DRUGS, Prescription
from devices.prescription_json import (
    LONGEST_LOCKOUT,
    MOST_BOLUSES,
    PrescriptionFault,
    read_prescription,
    write_prescription,
)
from devices.report import Infusion, ProgrammerSession, SessionReservoir
from devices.wire_fault import WireError
from devices.wire_fields import ENCODER, Count, Moment, Name, in_utc, plain, read

DecimalText = Annotated[str, Meta(pattern=r"\A[0-9]{1,12}(\.[0-9]{1,12})?\Z")]
"""A quantity of drug: a plain decimal, not negative, written as a text and never as a binary fraction."""


_Unit = Annotated[str, Meta(min_length=1, max_length=32)]


class _DrugWire(Struct, frozen=True):
    drug: Name
    concentration: DecimalText
    unit: _Unit
    dose_per_day: DecimalText


class _BolusesWire(Struct, frozen=True):
    dose: DecimalText
    unit: _Unit
    per_day: Annotated[int, Meta(ge=0, le=MOST_BOLUSES)]
    lockout_minutes: Annotated[int, Meta(ge=0, le=LONGEST_LOCKOUT)] | None = None


class _PrescriptionWire(Struct, frozen=True, omit_defaults=True):
    drug: Name | UnsetType = UNSET
    concentration: DecimalText | UnsetType = UNSET
    unit: _Unit | UnsetType = UNSET
    dose_per_day: DecimalText | UnsetType = UNSET
    mode: Infusion | None = None
    drugs: Annotated[tuple[_DrugWire, ...], Meta(min_length=1, max_length=MOST_DRUGS)] | None = None
    boluses: _BolusesWire | None = None


class _ChangeWire(Struct, frozen=True, omit_defaults=True):
    before: _PrescriptionWire | None = None
    after: _PrescriptionWire | None = None


class _SessionWire(Struct, frozen=True, omit_defaults=True):
    v: Literal[1]
    model: Name
    epoch: Count
    seq: Count
    measured_at: Moment
    started_at: Moment | None = None
    completed: bool | None = None
    programmer: Name | None = None
    operator: Name | None = None
    analysed: bool | None = None
    reprogrammed: bool | None = None
    refilled: bool | None = None
    reservoir: SessionReservoir | None = None
    prescription: _ChangeWire | None = None


_SESSION: Final = Decoder(_SessionWire)


def decode_session(payload: bytes) -> ProgrammerSession:
    """Return the programmer session that the payload holds. Raises WireError, also for volumes without a refill."""
    wire = read(_SESSION, payload)
    if wire.reservoir is not None and wire.refilled is not True:
        raise WireError("reservoir", "gives volumes of a refill, but refilled is not true")
    change = _ChangeWire() if wire.prescription is None else wire.prescription
    return ProgrammerSession(
        plain(wire.model, "model"),
        wire.epoch,
        wire.seq,
        in_utc(wire.measured_at, "measured_at"),
        None if wire.started_at is None else in_utc(wire.started_at, "started_at"),
        wire.completed,
        None if wire.programmer is None else plain(wire.programmer, "programmer"),
        None if wire.operator is None else plain(wire.operator, "operator"),
        wire.analysed,
        wire.reprogrammed,
        wire.refilled,
        wire.reservoir,
        _read_prescription(change.before, "prescription.before"),
        _read_prescription(change.after, "prescription.after"),
    )


def encode_session(session: ProgrammerSession) -> bytes:
    """Return the session's canonical bytes; what is not known is left out."""
    change = _ChangeWire(_write_prescription(session.before), _write_prescription(session.after))
    return ENCODER.encode(
        _SessionWire(
            1,
            session.model,
            session.epoch,
            session.seq,
            in_utc(session.measured_at, "measured_at"),
            None if session.started_at is None else in_utc(session.started_at, "started_at"),
            session.completed,
            session.programmer,
            session.operator,
            session.analysed,
            session.reprogrammed,
            session.refilled,
            session.reservoir,
            None if change == _ChangeWire() else change,
        )
    )


def _read_prescription(wire: _PrescriptionWire | None, field: str) -> Prescription | None:
    if wire is None:
        return None
    try:
        prescription = read_prescription(to_builtins(wire))
    except PrescriptionFault as fault:
        raise WireError(f"{field}.{fault.field}", fault.reason) from None
    for place, drug in enumerate(prescription.drugs):
        part = field if wire.drugs is None else f"{field}.drugs[{place}]"
        plain(drug.drug, f"{part}.drug")
        plain(drug.unit, f"{part}.unit")
    if prescription.boluses is not None:
        plain(prescription.boluses.unit, f"{field}.boluses.unit")
    return prescription


def _write_prescription(prescription: Prescription | None) -> _PrescriptionWire | None:
    return None if prescription is None else convert(write_prescription(prescription), _PrescriptionWire)
