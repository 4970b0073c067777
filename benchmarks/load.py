"""The load: a clinic of pumps that report in turn, the same bytes for every system that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from devices import topics
from devices.alarm_code import AlarmCode
from devices.report import Battery, Indicator, Infusion, Motor, StatusReport
from devices.wire import encode_status
from tests.build import a_clinic
from tracker.records.database import Database
from tracker.records.pump import Pump

MODEL = "synchromed-ii-20"
FIRST = datetime(2026, 10, 1, tzinfo=UTC)


def serial(number: int) -> str:
    """The serial of the pump of that number."""
    return f"BENCH-{number:05d}"


def payload(seq: int, *, alarms: bool = False, epoch: int = 1, first: datetime = FIRST) -> bytes:
    """The report of that number: one every five minutes, each a little further."""
    report = StatusReport(
        model=MODEL,
        epoch=epoch,
        seq=seq,
        measured_at=first + timedelta(minutes=5 * seq),
        battery=Battery(2.81, 61.5 - seq % 1000 / 1000, Indicator.OK),
        reservoir_ml=19.0 - seq % 10_000 / 1000,
        flow_ml_per_day=0.312,
        infusion=Infusion.SIMPLE_CONTINUOUS,
        motor=Motor.RUNNING,
        alarms=(AlarmCode.LOW_RESERVOIR,) if alarms else (),
        firmware="1.04",
    )
    return encode_status(report)


def messages(pumps: int, each: int, start: int = 1, epoch: int = 1) -> Iterator[tuple[str, bytes]]:
    """(topic, payload) of ``each`` reports from every pump, the pumps in turn; one pump in a hundred has an alarm."""
    for seq in range(start, start + each):
        usual, alarming = payload(seq, epoch=epoch), payload(seq, alarms=True, epoch=epoch)
        for number in range(pumps):
            yield topics.telemetry(serial(number)), alarming if number % 100 == 99 else usual


def enrol(database: Database, pumps: int) -> None:
    """Record the clinic's pumps."""
    with database.writing() as session:
        clinic = a_clinic(session, name="Bench")
        session.add_all(
            Pump(
                clinic_id=clinic.id or 0,
                serial=serial(number),
                model=MODEL,
                drug="baclofen",
                lifecycle="implanted",
                created_at=FIRST,
            )
            for number in range(pumps)
        )
