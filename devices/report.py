"""What travels between a pump's communicator and the tracker, as values: normalised, times in UTC, units in the names.

None stands for what the message did not say. `devices.wire` turns these into bytes and back.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from devices.alarm_code import AlarmCode
from devices.infusion import Infusion
from devices.prescription import Prescription

__all__ = [
    "Battery",
    "Indicator",
    "Infusion",
    "Motor",
    "Prescription",
    "Presence",
    "ProgrammerSession",
    "Receipt",
    "SessionReservoir",
    "StatusReport",
]


class Indicator(StrEnum):
    """What the pump says of its battery: good, elective replacement indicator reached, end of service."""

    OK = "ok"
    ERI = "eri"
    EOS = "eos"


class Motor(StrEnum):
    """What the motor does; `none` for a pump that has no motor."""

    RUNNING = "running"
    STALLED = "stalled"
    STOPPED = "stopped"
    NONE = "none"


class Battery(Struct, frozen=True):
    """The battery as reported; each part may be missing. The limits hold for what comes in over the wire."""

    voltage_v: Annotated[float, Meta(ge=0, le=100)] | None = None
    remaining_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    indicator: Indicator | None = None


class StatusReport(Struct, frozen=True):
    """One status report. (serial, epoch, seq) names it for ever; `alarms` are those active then, sorted, each once."""

    model: str
    epoch: int
    seq: int
    measured_at: datetime
    battery: Battery | None
    reservoir_ml: float
    flow_ml_per_day: float | None
    infusion: Infusion
    motor: Motor
    alarms: tuple[AlarmCode, ...]
    firmware: str | None


class SessionReservoir(Struct, frozen=True):
    """The volumes of a refill, in mL: expected by the pump, drawn back, filled in. The limits hold for the wire."""

    expected_ml: Annotated[float, Meta(ge=0)] | None = None
    aspirated_ml: Annotated[float, Meta(ge=0)] | None = None
    filled_ml: Annotated[float, Meta(ge=0)] | None = None


class ProgrammerSession(Struct, frozen=True):
    """One programmer session: an analysis, a reprogramming, a refill, or several of them."""

    model: str
    epoch: int
    seq: int
    measured_at: datetime
    started_at: datetime | None
    completed: bool | None
    programmer: str | None
    operator: str | None
    analysed: bool | None
    reprogrammed: bool | None
    refilled: bool | None
    reservoir: SessionReservoir | None
    before: Prescription | None
    after: Prescription | None


class Presence(Struct, frozen=True):
    """Whether the communicator is connected, and since when."""

    online: bool
    at: datetime


class Receipt(Struct, frozen=True):
    """What is safely stored of one epoch: every seq up to `contiguous`, save the closed ranges in `missing`."""

    epoch: int
    contiguous: int
    missing: tuple[tuple[int, int], ...]
    at: datetime
