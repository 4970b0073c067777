"""Days that people give: a recorded day of implant stays, and today is the clinic's day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.actions.build import NURSE, a_clinic, a_pump
from tracker.actions.pumps.move_pump import move_pump
from tracker.actions.pumps.replace_pump import replace_pump
from tracker.errors import Invalid
from tracker.records.database import Database

RECORDED = date(2019, 5, 2)
MORNING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # in Auckland the 22nd has begun
THERE = date(2026, 11, 22)


@pytest.mark.parametrize("state", ["in_stock", "replacement_planned"])
def test_a_recorded_day_of_implant_stays_when_the_pump_is_moved_to_implanted(
    database: Database, now: datetime, state: str
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, lifecycle=state, implanted_on=RECORDED)
        with pytest.raises(Invalid, match="2019-05-02") as refused:
            move_pump(session, pump, to="implanted", on=now.date(), by=NURSE, now=now)
        assert (refused.value.field, pump.lifecycle, pump.implanted_on) == ("on", state, RECORDED)
        move_pump(session, pump, to="implanted", by=NURSE, now=now)
        assert pump.implanted_on == RECORDED


@pytest.mark.parametrize("state", ["in_stock", "replacement_planned"])
def test_a_day_of_implant_that_nobody_recorded_is_taken_from_the_move(
    sqlite_database: Database, now: datetime, state: str
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, lifecycle=state)
        move_pump(session, pump, to="implanted", on=now.date(), by=NURSE, now=now)
        assert pump.implanted_on == now.date()


def test_a_successor_recorded_as_implanted_on_another_day_is_refused(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        old = a_pump(session, now, serial="SN-1")
        new = a_pump(session, now, serial="SN-2", lifecycle="in_stock", implanted_on=RECORDED)
        with pytest.raises(Invalid, match="2019-05-02"):
            replace_pump(session, old, new, on=now.date(), by=NURSE, now=now)


def test_today_is_the_day_in_the_clinics_time_zone(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        a_clinic(session, MORNING, timezone="Pacific/Auckland")
        enrolled = a_pump(session, MORNING, serial="SN-1", implanted_on=THERE, manufactured_on=THERE)
        assert enrolled.implanted_on == THERE
        moved = a_pump(session, MORNING, serial="SN-2", lifecycle="in_stock")
        move_pump(session, moved, to="implanted", on=THERE, by=NURSE, now=MORNING)
        assert moved.implanted_on == THERE
        with pytest.raises(Invalid, match="past"):
            move_pump(session, moved, to="replacement_planned", on=MORNING.date(), by=NURSE, now=MORNING)
