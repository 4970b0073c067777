"""The large clinic of the benchmarks: copies of a small one, each pump a pump of its own."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import select

from benchmarks.multiplied import multiply
from devices.serials import serial_key
from tests.build import a_clinic, a_pump, a_state, an_item
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.pump import Pump, PumpState
from tracker.records.worklist import WorklistItem


def test_each_copy_of_a_pump_has_its_own_serial_state_and_work(database_url: str, tmp_path: Path) -> None:
    lived = tmp_path / "lived.db"
    small = Database(f"sqlite:///{lived}")
    schema.upgrade(small)
    with small.writing() as session:
        clinic = a_clinic(session)
        for number in (1, 2):
            pump = a_pump(session, clinic, serial=f"NGP00{number}H")
            a_state(session, pump)
            an_item(session, clinic, pump, key=f"pump:{pump.id}:delivery")
    small.close()
    database = Database(database_url)
    multiply(database, lived, 25)
    with database.reading() as session:
        pumps = session.exec(select(Pump)).all()
        states = session.exec(select(PumpState.pump_id)).all()
        items = session.exec(select(WorklistItem)).all()
    database.close()
    assert len(pumps) == len({one.serial for one in pumps}) == 26
    for one in pumps:
        assert one.serial_key == serial_key(one.serial)
    assert sorted(states) == sorted(one.id or 0 for one in pumps)
    assert {one.key for one in items} == {f"pump:{one.id}:delivery" for one in pumps}
