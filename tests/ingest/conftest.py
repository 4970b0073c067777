"""A store on each database, pumps enrolled, and a short way to write arrivals into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlmodel import select

from tests.build import a_clinic, a_pump
from tracker.ingest.batch import Stored
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.inbound_message import Arrival
from tracker.records.database import Database
from tracker.records.delivery import DeliveryMark
from tracker.records.pump import PumpState
from tracker.records.reading import Reading
from tracker.records.rejected import RejectedMessage

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def status(seq: int, **given: Any) -> dict[str, Any]:
    """A valid status report: one an hour, the newest at NOW for seq 1000."""
    message = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": seq,
        "measured_at": (NOW - timedelta(hours=1000 - seq)).isoformat(),
        "battery": {"voltage_v": 2.81, "remaining_percent": 61.5, "indicator": "ok"},
        "reservoir_ml": 12.44,
        "flow_ml_per_day": 0.312,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": [],
        "firmware": "1.04",
    }
    return {**message, **given}


def session(seq: int, **given: Any) -> dict[str, Any]:
    """A valid programmer session: an analysis."""
    at = (NOW - timedelta(hours=1000 - seq)).isoformat()
    message = {"v": 1, "model": "synchromed-ii-20", "epoch": 1, "seq": seq, "measured_at": at, "analysed": True}
    return {**message, **given}


def sent(message: Any, serial: str = "PUMP-1", kind: str = "telemetry", *, retained: bool = False) -> Arrival:
    """The message as it arrives."""
    payload = message if isinstance(message, bytes) else msgspec.json.encode(message)
    return Arrival(f"pumps/{serial}/{kind}".encode(), payload, 1, retained)


class Desk:
    """A ledger on a database with two enrolled pumps, and looks at what is stored."""

    def __init__(self, database: Database, rejected_per_pump: int = 1000) -> None:
        self.database = database
        self.ledger = Ledger(database, rejected_per_pump)
        with database.writing() as opened:
            clinic = a_clinic(opened)
            self.ids = {serial: a_pump(opened, clinic, serial=serial).id for serial in ("PUMP-1", "PUMP-2")}

    def write(self, *arrivals: Arrival, now: datetime = NOW) -> Stored:
        return self.ledger.write(arrivals, now)

    def reports(self, *messages: dict[str, Any], now: datetime = NOW) -> Stored:
        return self.ledger.write([sent(message) for message in messages], now)

    def state(self, serial: str = "PUMP-1") -> PumpState:
        with self.database.reading() as opened:
            return opened.get_one(PumpState, self.ids[serial])

    def readings(self, serial: str = "PUMP-1") -> list[Reading]:
        with self.database.reading() as opened:
            return list(
                opened.exec(
                    select(Reading).where(Reading.pump_id == self.ids[serial]).order_by(Reading.epoch, Reading.seq)  # type: ignore[arg-type]
                )
            )

    def rejected(self) -> list[RejectedMessage]:
        with self.database.reading() as opened:
            return list(opened.exec(select(RejectedMessage).order_by(RejectedMessage.id)))  # type: ignore[arg-type]

    def mark(self, epoch: int = 1, serial: str = "PUMP-1") -> tuple[int, list[Any]]:
        with self.database.reading() as opened:
            found = opened.get_one(DeliveryMark, (self.ids[serial], epoch))
            return found.contiguous, found.beyond

    def all_of(self, table: Any) -> Sequence[Any]:
        with self.database.reading() as opened:
            return opened.exec(select(table)).all()


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """A desk on each kind of database in turn."""
    opened = Desk(database)
    yield opened
    opened.ledger.close()
