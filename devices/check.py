"""What a message may not say of its pump's model, and when: the checks that need to know the pump.

They follow `devices.wire` and raise the same `WireError`, naming the field. A message that fails is stored with the
reason, never repaired.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from devices.model import PumpModel
from devices.report import ProgrammerSession, StatusReport
from devices.wire_fault import WireError

MAX_AHEAD: Final = timedelta(minutes=10)
"""How far a communicator's clock may run ahead of ours."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a clock that lost its time begins to count; what lies before it was read from no clock.

It also leaves room below every time for what is computed back from it: the calendar itself ends at the year 1.
"""

CLOCK_IS_WRONG: Final = "the clock that wrote it is wrong"
"""How the reason of a refused time ends."""


def check_status(report: StatusReport, model: PumpModel, received_at: datetime) -> None:
    """Refuse a report of an impossible time, or one that the model could not have sent.

    Raises WireError for a time that `check_time` refuses, a battery or an alarm from a model that has none, a negative
    volume, and a volume over the model's capacity.
    """
    check_time("measured_at", report.measured_at, received_at)
    if report.battery is not None and model.battery is None:
        raise WireError("battery", f"is reported, but {model.name} has none")
    if report.alarms and not model.alarms:
        raise WireError("alarms", f"are reported, but {model.name} has none")
    _check_volume("reservoir_ml", report.reservoir_ml, model.capacity.value, model)


def check_session(session: ProgrammerSession, model: PumpModel, received_at: datetime) -> None:
    """Refuse a session of an impossible time, or with volumes that the model cannot hold.

    Raises WireError for a `measured_at` or `started_at` that `check_time` refuses, a negative volume, and a volume over
    the model's capacity.
    """
    check_time("measured_at", session.measured_at, received_at)
    if session.started_at is not None:
        check_time("started_at", session.started_at, received_at)
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


def check_time(field: str, moment: datetime, received_at: datetime) -> None:
    """Refuse a time that no right clock can have written.

    Raises WireError for one over 10 minutes after `received_at` and for one before 1970; both times are aware.
    """
    if moment - received_at > MAX_AHEAD:
        minutes = (moment - received_at).total_seconds() / 60
        raise WireError(field, f"lies {minutes:.0f} minutes in the future; {CLOCK_IS_WRONG}")
    if moment < EARLIEST:
        raise WireError(field, f"is {moment.date()}, before 1970; {CLOCK_IS_WRONG}")


def _check_volume(field: str, volume_ml: float, capacity_ml: float, model: PumpModel) -> None:
    if 0 <= volume_ml <= capacity_ml:
        return
    if volume_ml > capacity_ml:
        raise WireError(field, f"is {volume_ml:g} mL, over the {capacity_ml:g} mL that {model.name} holds")
    raise WireError(field, "must not be negative")
