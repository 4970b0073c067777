"""Many programmer sessions at once: a day is coded once per batch, and one that can't be coded says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import event

from tests.ingest.conftest import NOW, Desk, sent, session
from tracker.records.visit import Visit


def analysed(seq: int) -> dict[str, Any]:
    at = NOW - timedelta(hours=2) + timedelta(seconds=seq)
    return session(seq, measured_at=at.isoformat(), analysed=True)


def asked_by(desk: Desk, first: int, count: int) -> list[str]:
    """What a batch of so many sessions of one day asks of the database."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    try:
        desk.write(*(sent(analysed(seq), kind="session") for seq in range(first, first + count)))
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", note)
    return [one for one in asked if one.startswith("SELECT")]


def days_read(desk: Desk, first: int, count: int) -> int:
    """How often such a batch reads the day's visits."""
    return sum("visit.performed_at >=" in one for one in asked_by(desk, first, count))


def test_a_day_is_coded_once_however_many_of_its_sessions_come_at_once(desk: Desk) -> None:
    assert days_read(desk, 1, 3) == 1
    assert days_read(desk, 4, 120) == 1
    visits = sorted(desk.all_of(Visit), key=lambda one: one.id or 0)
    assert len(visits) == 123
    assert visits[0].codes == ["62367"]
    assert all(visit.conflicts for visit in visits[1:]), "the second analysis of a day shows the conflict"


def test_many_sessions_of_one_pump_ask_no_more_than_two_do(desk: Desk) -> None:
    asked_by(desk, 1, 2)
    assert len(asked_by(desk, 3, 100)) <= len(asked_by(desk, 103, 2))
