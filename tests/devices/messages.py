"""Messages that are right by default; a test changes the one thing it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from devices.alarm_code import AlarmCode
from devices.prescription import PrescribedDrug, Prescription
from devices.report import (
    Battery,
    Indicator,
    Infusion,
    Motor,
    ProgrammerSession,
    SessionReservoir,
    StatusReport,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ABSENT = object()

_REPORT = StatusReport(
    model="synchromed-ii-20",
    epoch=1,
    seq=4711,
    measured_at=NOW,
    battery=Battery(2.81, 61.5, Indicator.OK),
    reservoir_ml=12.44,
    flow_ml_per_day=0.312,
    infusion=Infusion.SIMPLE_CONTINUOUS,
    motor=Motor.RUNNING,
    alarms=(AlarmCode.LOW_RESERVOIR,),
    firmware="1.04",
)
_DRUG = PrescribedDrug("baclofen", Decimal(2000), "mcg/mL", Decimal(300))
_PRESCRIPTION = Prescription((_DRUG,), Infusion.SIMPLE_CONTINUOUS)
_SESSION = ProgrammerSession(
    model="synchromed-ii-20",
    epoch=1,
    seq=4712,
    measured_at=datetime(2026, 11, 22, 10, 20, tzinfo=UTC),
    started_at=datetime(2026, 11, 22, 10, 5, tzinfo=UTC),
    completed=True,
    programmer="A810-00231",
    operator="rn.alvarez",
    analysed=True,
    reprogrammed=True,
    refilled=True,
    reservoir=SessionReservoir(2.6, 2.9, 20.0),
    before=_PRESCRIPTION,
    after=replace(_PRESCRIPTION, drugs=(replace(_DRUG, dose_per_day=Decimal(330)),)),
)


def a_report(**given: Any) -> StatusReport:
    return replace(_REPORT, **given)


def a_session(**given: Any) -> ProgrammerSession:
    return replace(_SESSION, **given)


def status_json(**given: Any) -> dict[str, Any]:
    """The document's own example of a status report; ABSENT takes a field away."""
    message = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": 4711,
        "measured_at": "2026-11-22T10:00:00Z",
        "battery": {"voltage_v": 2.81, "remaining_percent": 61.5, "indicator": "ok"},
        "reservoir_ml": 12.44,
        "flow_ml_per_day": 0.312,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": ["low_reservoir"],
        "firmware": "1.04",
    }
    return {name: value for name, value in {**message, **given}.items() if value is not ABSENT}


def session_json(**given: Any) -> dict[str, Any]:
    """The document's own example of a programmer session; ABSENT takes a field away."""
    prescription = {
        "drug": "baclofen",
        "concentration": "2000",
        "unit": "mcg/mL",
        "dose_per_day": "300",
        "mode": "simple_continuous",
    }
    message = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": 4712,
        "measured_at": "2026-11-22T10:20:00Z",
        "started_at": "2026-11-22T10:05:00Z",
        "completed": True,
        "programmer": "A810-00231",
        "operator": "rn.alvarez",
        "analysed": True,
        "reprogrammed": True,
        "refilled": True,
        "reservoir": {"expected_ml": 2.6, "aspirated_ml": 2.9, "filled_ml": 20.0},
        "prescription": {"before": prescription, "after": {**prescription, "dose_per_day": "330"}},
    }
    return {name: value for name, value in {**message, **given}.items() if value is not ABSENT}


def as_bytes(message: object) -> bytes:
    return json.dumps(message).encode()
