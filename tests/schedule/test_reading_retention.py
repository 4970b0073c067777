"""The jobs that look after the readings' storage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session, col, select

from tests.actions.build import a_pump, a_report
from tracker.actions.audit_verify import verify
from tracker.records import partitions
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.partitions import coming_drop, oldest_kept
from tracker.records.pump import Pump
from tracker.records.reading import Reading
from tracker.schedule.reading_retention import drop_old, make_ahead


def measured(session: Session) -> list[date]:
    return [at.date() for at in session.exec(select(Reading.measured_at).order_by(col(Reading.measured_at)))]


def with_readings(database: Database, now: datetime) -> None:
    with database.writing() as session:
        if not database.is_sqlite:
            months = [date(2026, month, 1) for month in range(8, 12)]
            partitions.ensure_months(session.connection(), months, now)
        for number in range(2):
            pump = a_pump(session, now, serial=f"SN-{number}")
            for month in range(8, 12):
                a_report(session, pump, datetime(2026, month, 20, tzinfo=UTC), month)


def test_readings_older_than_the_months_kept_are_dropped_and_the_rest_stays(database: Database, now: datetime) -> None:
    with_readings(database, now)
    assert drop_old(database, 2, now) > 0
    with database.reading() as session:
        assert measured(session) == [date(2026, 9, 20)] * 2 + [date(2026, 10, 20)] * 2 + [date(2026, 11, 20)] * 2
    assert drop_old(database, 2, now) == 0


def test_what_was_dropped_is_in_the_audit_trail_once_with_the_rule(database: Database, now: datetime) -> None:
    with_readings(database, now)
    drop_old(database, 2, now)
    drop_old(database, 2, now + timedelta(hours=1))
    with database.reading() as session:
        [entry] = session.exec(select(AuditEntry).where(AuditEntry.action == "readings.dropped"))
        [clinic_id] = {pump.clinic_id for pump in session.exec(select(Pump))}
        assert verify(session).broken_seq is None
    assert (entry.actor, entry.subject, entry.clinic_id) == ("the tracker itself", "readings", clinic_id)
    assert entry.detail["measured_before"] == "2026-09-01"
    assert entry.detail["keep_months"] == 2
    assert entry.detail.get("months", ["2026-08"]) == ["2026-08"]
    assert entry.detail.get("rows", 2) == 2


def test_the_next_drop_is_known_before_it_comes(now: datetime) -> None:
    assert coming_drop(0, now) is None
    assert coming_drop(2, now) == (date(2026, 12, 1), date(2026, 10, 1))
    on, before = coming_drop(2, now) or (date.min, date.min)
    assert oldest_kept(2, datetime(on.year, on.month, on.day, tzinfo=UTC)) == before


def test_with_no_limit_set_everything_is_kept(database: Database, now: datetime) -> None:
    with_readings(database, now)
    assert drop_old(database, 0, now + timedelta(days=9999)) == 0
    with database.reading() as session:
        assert len(measured(session)) == 8


def test_the_months_to_come_get_their_partitions_once(database: Database, now: datetime) -> None:
    assert make_ahead(database, now) == (0 if database.is_sqlite else 3)
    assert make_ahead(database, now) == 0
