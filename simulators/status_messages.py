"""What a communicator says of its pump: the state as measured, with the errors of measuring."""

import random
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from devices.battery_drain import PERCENT_NOISE_SD, reported_voltage_v
from devices.prescription import PrescribedDrug, Prescription
from devices.report import Battery, Infusion, StatusReport
from simulators.numbering import NOT_NUMBERED, Message
from simulators.pump import PumpState, active_alarms
from simulators.therapies import Therapy

VOLUME_NOISE_SD: Final = 0.03
"""The error of one measured volume, in mL. Assumption."""
VOLTAGE_NOISE_SD: Final = 0.005
"""The error of one measured voltage, in volts. Assumption."""


class Said(Struct, frozen=True):
    """One message at the moment its communicator stores it, with the truth behind it; `copies` over 1 repeats it."""

    at: datetime
    serial: str
    message: Message
    true_ml: float
    true_percent: float | None
    copies: int = 1


class Garbage(Struct, frozen=True):
    """Bytes that are no message, published as they are and outside the count."""

    at: datetime
    serial: str
    payload: bytes


class MemoryLost(Struct, frozen=True):
    """The communicator forgot its count: a new epoch begins."""

    at: datetime
    serial: str


class Fact(Struct, frozen=True):
    """Something that truly happened, for the truth file alone; no message says it outright."""

    at: datetime
    serial: str
    what: str
    detail: dict[str, str | float | None]


Event = Said | Garbage | MemoryLost | Fact


def status_report(state: PumpState, at: datetime, rng: random.Random) -> StatusReport:
    """The report of this moment; `at` is what the communicator's clock says."""
    unit = state.unit
    model = unit.model
    battery = None
    if model.battery is not None:
        percent = round(min(max(rng.gauss(state.battery_percent, PERCENT_NOISE_SD), 0.0), 100.0), 1)
        volts = reported_voltage_v(model, state.battery_percent) + rng.gauss(0.0, VOLTAGE_NOISE_SD)
        battery = Battery(round(max(volts, 0.0), 2), percent, state.indicator)
    measured = 0.0
    if not state.empty:
        measured = round(min(max(rng.gauss(state.reservoir_ml, VOLUME_NOISE_SD), 0.01), model.capacity_ml), 2)
    flow = None
    if model.programmable or model.fixed_flow is not None:
        flow = round(state.flow_ml_per_day, 4) if state.turning else 0.0
    return StatusReport(
        model=unit.model_id,
        epoch=NOT_NUMBERED,
        seq=NOT_NUMBERED,
        measured_at=at,
        battery=battery,
        reservoir_ml=measured,
        flow_ml_per_day=flow,
        infusion=state.infusion,
        motor=state.motor,
        alarms=active_alarms(state),
        firmware=unit.firmware,
    )


def prescription(therapy: Therapy, dose_per_day: Decimal, mode: Infusion) -> Prescription:
    """The prescription as a programmer shows it."""
    return Prescription((PrescribedDrug(therapy.drug, therapy.concentration, therapy.unit, dose_per_day),), mode)
