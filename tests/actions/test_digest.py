"""The daily digest through the record: one a day to a person, none that is empty, each where the person wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from tests.build import a_clinic, a_person, a_pump, an_item
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint, NotificationSettings
from tracker.records.database import Database
from tracker.records.message import Message
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem
from tracker.schedule.messages import send_digests

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SATURDAY = datetime(2026, 10, 24, 4, 0, tzinfo=UTC)  # 06:00 in Berlin; the clocks go back in the night that follows
HOUR = timedelta(hours=1)


def a_nurse(session: Session, clinic: Clinic, name: str, *, low: bool = True, since: datetime = LONG_AGO) -> Staff:
    nurse = a_person(session, clinic, email=f"{name}@clinic.example")
    for target, wants in (("mail", low), ("phone", False)):
        session.add(
            ContactPoint(
                staff_id=key(nurse.id),
                kind="email",
                target=f"{name}.{target}@clinic.example",
                low=wants,
                created_at=since,
                created_by=nurse.email,
                confirmed_at=since,
            )
        )
    session.flush()
    return nurse


def sent(session: Session, zone: timedelta = timedelta(0)) -> list[tuple[str, str, str]]:
    chosen = select(Message, ContactPoint.target).where(Message.contact_point_id == ContactPoint.id)
    rows = session.exec(chosen.order_by(col(Message.created_at), col(Message.contact_point_id))).all()
    return [(f"{one.created_at + zone:%a %H:%M}", target.split("@")[0], one.data["what"]) for one, target in rows]


def test_a_digest_comes_once_each_morning_however_often_the_job_runs_and_the_clocks_change(
    database: Database,
) -> None:
    with database.writing() as session:
        clinic = a_clinic(session, timezone="Europe/Berlin")
        a_nurse(session, clinic, "ann")
        a_nurse(session, clinic, "none", low=False)
        a_nurse(session, clinic, "new", since=SATURDAY + 3 * HOUR)
        sleeper = a_nurse(session, clinic, "late")
        session.add(
            NotificationSettings(
                staff_id=key(sleeper.id), time_zone="Europe/London", night_from="22:00", night_to="10:30"
            )
        )
        pump = a_pump(session, clinic, serial="DIGEST-1")
        an_item(session, clinic, pump, priority=1, what="Programmer unknown")
        an_item(session, clinic, None, priority=2, what="Outage", kind="contact", claimed_by="ann@clinic.example")
        an_item(session, clinic, pump, priority=3)
        an_item(session, clinic, pump, priority=1, snoozed_until=SATURDAY + 90 * HOUR)
    for half_hours in range(2 * 32):
        send_digests(database, SATURDAY + half_hours * HOUR / 2)
    with database.reading() as session:
        ann, other = "2 open tasks: 1 medium, 1 low", "1 open task: 1 low"
        assert sent(session) == [
            ("Sat 06:00", "ann.mail", ann),
            ("Sat 09:30", "late.mail", other),
            ("Sun 07:00", "ann.mail", ann),
            ("Sun 07:00", "new.mail", other),
            ("Sun 10:30", "late.mail", other),
        ]
        first = session.exec(select(Message).order_by(col(Message.created_at))).first()
        assert first is not None
        assert first.data["lines"] == ["MEDIUM, yours: Outage", "LOW: DIGEST-1, Programmer unknown"]
        assert (first.type, first.priority, first.notification_ids) == ("digest", 1, [])
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "digest.written")).all()) == 5


def test_a_clock_that_is_set_back_brings_no_second_digest_of_a_day_and_takes_none_away(
    sqlite_database: Database,
) -> None:
    with sqlite_database.writing() as session:
        clinic = a_clinic(session, timezone="UTC")
        a_nurse(session, clinic, "ann")
        an_item(session, clinic, None, priority=1)
    days = {"Mon": datetime(2026, 11, 23, tzinfo=UTC), "Tue": datetime(2026, 11, 24, tzinfo=UTC)}
    for day, hour in (("Mon", 9), ("Mon", 8), ("Tue", 9), ("Mon", 10), ("Mon", 12), ("Tue", 8), ("Tue", 9)):
        send_digests(sqlite_database, days[day] + hour * HOUR)
    with sqlite_database.reading() as session:
        rows = session.exec(select(Message).order_by(col(Message.number))).all()
        assert [f"{one.created_at:%a %H}" for one in rows] == ["Mon 09", "Tue 09", "Tue 08"]


def test_nobody_has_an_empty_digest(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic = a_clinic(session, timezone="UTC", message_content="none")
        a_nurse(session, clinic, "ann")
        item = an_item(session, clinic, a_pump(session, clinic), priority=1, what="Programmer unknown")
        item.closed_at = LONG_AGO
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert send_digests(sqlite_database, monday) == 1
    with sqlite_database.writing() as session:
        assert sent(session) == []
        item = session.get_one(WorklistItem, item.id)
        item.closed_at = None
        session.add(item)
    assert send_digests(sqlite_database, monday + HOUR) == 0, "the day was decided on in the morning"
    assert send_digests(sqlite_database, monday + 24 * HOUR) == 1
    with sqlite_database.reading() as session:
        assert [what for _, _, what in sent(session)] == ["1 open task: open the tracker"]
        only = session.exec(select(Message)).one()
        assert only.data["lines"] == [], "a clinic that lets nothing out names no task"
