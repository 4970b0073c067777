"""What a message may not say of its pump's model, and when: the checks that need to know the pump.

They follow `devices.wire` and raise the same `WireError`, naming the field. A message that fails is kept and explained,
never repaired.
"""

from datetime import datetime, timedelta
from typing import Final

from devices.model import PumpModel
from devices.report import ProgrammerSession, StatusReport
from devices.wire_fault import WireError

MAX_AHEAD: Final = timedelta(minutes=10)
"""How far a communicator's clock may run ahead of ours."""


def check_status(report: StatusReport, model: PumpModel, received_at: datetime) -> None:
    """Refuse a report from the future, or one that the model could not have sent.

    Raises WireError for a time over 10 minutes after `received_at` (an aware time), a battery or an alarm from a model
    that has none, a negative volume, and a volume over the model's capacity.
    """
    if report.measured_at - received_at > MAX_AHEAD:
        raise _ahead("measured_at", report.measured_at, received_at)
    if report.battery is not None and model.battery is None:
        raise WireError("battery", f"is reported, but {model.name} has none")
    if report.alarms and not model.alarms:
        raise WireError("alarms", f"are reported, but {model.name} has none")
    _check_volume("reservoir_ml", report.reservoir_ml, model.capacity.value, model)


def check_session(session: ProgrammerSession, model: PumpModel, received_at: datetime) -> None:
    """Refuse a session from the future, or with volumes that the model cannot hold.

    Raises WireError for `measured_at` or `started_at` over 10 minutes after `received_at` (an aware time), a negative
    volume, and a volume over the model's capacity.
    """
    if session.measured_at - received_at > MAX_AHEAD:
        raise _ahead("measured_at", session.measured_at, received_at)
    if session.started_at is not None and session.started_at - received_at > MAX_AHEAD:
        raise _ahead("started_at", session.started_at, received_at)
    volumes = session.reservoir
    if volumes is None:
        return
    for field, volume in (
        ("reservoir.expected_ml", volumes.expected_ml),
        ("reservoir.aspirated_ml", volumes.aspirated_ml),
        ("reservoir.filled_ml", volumes.filled_ml),
    ):
        if volume is not None:
            _check_volume(field, volume, model.capacity.value, model)


def _check_volume(field: str, volume_ml: float, capacity_ml: float, model: PumpModel) -> None:
    if 0 <= volume_ml <= capacity_ml:
        return
    if volume_ml > capacity_ml:
        raise WireError(field, f"is {volume_ml:g} mL, over the {capacity_ml:g} mL that {model.name} holds")
    raise WireError(field, "must not be negative")


def _ahead(field: str, moment: datetime, received_at: datetime) -> WireError:
    minutes = (moment - received_at).total_seconds() / 60
    return WireError(field, f"lies {minutes:.0f} minutes in the future; the clock that wrote it is wrong")
