"""A pump whose communicator is heard and that is not measured has the same task as one that is silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlmodel import Session, col, select

from tests.actions.build import a_pump
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.actions.pumps.suspend_reporting import suspend_reporting
from tracker.findings.measured import measurement_overdue
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.store import Store
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump, PumpState
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.silence import note_silence

DAY = timedelta(days=1)


def message(seq: int, measured_at: datetime, **said: Any) -> dict[str, Any]:
    default = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": seq,
        "measured_at": measured_at.isoformat(),
        "reservoir_ml": 15.0,
        "flow_ml_per_day": 0.15,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": [],
    }
    return default | said


def write(database: Database, now: datetime, said: dict[str, Any], kind: str = "telemetry") -> None:
    arrival = Arrival(f"pumps/SN-1/{kind}".encode(), msgspec.json.encode(said))
    with database.engine.connect().execution_options(tracker_writes=True) as connection:
        Store(1000).write(connection, [arrival], now)


def work(database: Database, now: datetime) -> None:
    note_silence(database, now)
    evaluate_due_pumps(database, now)


def contact(session: Session) -> list[WorklistItem]:
    chosen = select(WorklistItem).where(col(WorklistItem.closed_at).is_(None))
    return [item for item in session.exec(chosen) if item.kind in {"contact", "clock"}]


def unreadable(day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return message(day + 1, now, reservoir_ml="15,0"), "telemetry"


def from_the_future(day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return message(day + 1, now + timedelta(minutes=15)), "telemetry"


def repeated(day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return message(day + 1, now - day * DAY), "telemetry"


def sent_again(day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return message(1, now - day * DAY), "telemetry"


def older(day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return message(1, now - 30 * DAY, epoch=100 + day), "telemetry"


def greeting(_day: int, now: datetime) -> tuple[dict[str, Any], str]:
    return {"v": 1, "online": True, "at": now.isoformat()}, "presence"


Said = Callable[[int, datetime], tuple[dict[str, Any], str]]
KINDS: dict[str, tuple[Said, str]] = {
    "unreadable": (unreadable, "unreadable"),
    "from the future": (from_the_future, "unreadable"),
    "repeated": (repeated, "repeated"),
    "sent again": (sent_again, "repeated"),
    "greeting": (greeting, "none"),
}


@pytest.mark.parametrize("drug", ["baclofen", "saline"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_measurement_is_silence_after_three_intervals(
    database: Database, now: datetime, kind: str, drug: str
) -> None:
    said, status = KINDS[kind]
    with database.writing() as session:
        pump = a_pump(session, now, drug=drug)
    write(database, now, message(1, now))
    for day in range(1, 5):
        write(database, now + day * DAY, *said(day, now + day * DAY))
        work(database, now + day * DAY)
        with database.reading() as session:
            state = session.get_one(PumpState, pump.id)
            kinds = {item.kind: item for item in contact(session)}
            view = load_snapshots(session, [key(pump.id)])[key(pump.id)]
        assert state.link == "connected"
        assert (state.data_status, "contact" in kinds) == ((status, True) if day > 3 else ("current", False))
        assert measurement_overdue(view, now + day * DAY) == (status if day > 3 else None)
    assert kinds["contact"].priority == (2 if drug == "baclofen" else 1)
    assert "The pump was last measured" in kinds["contact"].why
    assert ("clock" in kinds) == (kind == "from the future")
    write(database, now + 5 * DAY, message(90, now + 5 * DAY))
    work(database, now + 5 * DAY)
    with database.reading() as session:
        assert contact(session) == []


@pytest.mark.parametrize(("drug", "expected"), [("baclofen", 3), ("morphine", 3), (None, 3), ("saline", 3)])
@pytest.mark.parametrize("said", [{"reservoir_ml": "15,0"}, {"measured_at": "2999-01-01T00:00:00Z"}, {"seq": None}])
def test_a_stall_that_refused_text_names_is_urgent_at_once(
    database: Database, now: datetime, drug: str | None, expected: int, said: dict[str, Any]
) -> None:
    with database.writing() as session:
        a_pump(session, now, drug=drug)
    write(database, now, message(1, now))
    write(database, now + DAY, message(2, now + DAY, alarms=["motor_stall"]) | said)
    work(database, now + DAY)
    with database.reading() as session:
        found = [item for item in contact(session) if item.kind == "contact"]
    assert [item.priority for item in found] == [expected]
    assert "Motor stalled" in found[0].what
    assert "refused" in found[0].why


def test_a_pump_of_which_every_report_is_refused_from_the_first_is_found(database: Database, now: datetime) -> None:
    with database.writing() as session:
        a_pump(session, now, report_interval_s=60)
    write(database, now, message(1, now, reservoir_ml="15,0"))
    work(database, now + timedelta(minutes=2))
    write(database, now + timedelta(minutes=3), message(2, now, reservoir_ml="15,0"))
    work(database, now + timedelta(minutes=4))
    with database.reading() as session:
        (item,) = contact(session)
    assert item.what == "The pump's reports can't be read"
    assert "never measured" in item.why


def test_nothing_is_overdue_while_silence_is_announced(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
    write(database, now, message(1, now))
    with database.writing() as session:
        suspend_reporting(session, session.get_one(Pump, pump.id), until=now + 30 * DAY, reason="abroad", now=now)
    write(database, now + 5 * DAY, *greeting(5, now + 5 * DAY))
    work(database, now + 5 * DAY)
    with database.reading() as session:
        assert contact(session) == []
        assert session.get_one(PumpState, pump.id).data_status == "current"
