"""Messages for the journal and the fleet: valid, each told apart by its volume."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.report import Infusion, Motor, ProgrammerSession, StatusReport
from simulators.numbering import NOT_NUMBERED

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def status(volume_ml: float = 12.0) -> StatusReport:
    return StatusReport(
        model="synchromed-ii-20",
        epoch=NOT_NUMBERED,
        seq=NOT_NUMBERED,
        measured_at=AT,
        battery=None,
        reservoir_ml=volume_ml,
        flow_ml_per_day=0.3,
        infusion=Infusion.SIMPLE_CONTINUOUS,
        motor=Motor.RUNNING,
        alarms=(),
        firmware=None,
    )


def session() -> ProgrammerSession:
    return ProgrammerSession(
        model="synchromed-ii-20",
        epoch=NOT_NUMBERED,
        seq=NOT_NUMBERED,
        measured_at=AT,
        started_at=None,
        completed=True,
        programmer=None,
        operator=None,
        analysed=True,
        reprogrammed=None,
        refilled=None,
        reservoir=None,
        before=None,
        after=None,
    )
