"""Who is told of a task when, through the record: each person's night, and a clock that was set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from devices.alarms import Priority
from tests.build import a_clinic, a_person, a_pump, an_item
from tracker.actions.messages.advance_notifications import tell_due
from tracker.actions.messages.follow_items import hold, items_changed
from tracker.actions.messages.set_oncall import set_oncall
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint, NotificationSettings
from tracker.records.database import Database
from tracker.records.notification import Notification, NotificationRecipient
from tracker.records.pump import Clinic
from tracker.records.queries.messages import mark_queued_as_sent
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem
from tracker.schedule.messages import tell_people

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Berlin
HOUR = timedelta(hours=1)


def a_nurse(session: Session, item: WorklistItem, name: str, night_to: str = "07:00") -> Staff:
    clinic = session.get_one(Clinic, item.clinic_id)
    person = a_person(session, clinic, email=f"{name}@clinic.example")
    target = f"{name}@clinic.example"
    session.add(
        ContactPoint(
            staff_id=key(person.id),
            kind="email",
            target=target,
            created_at=MORNING,
            created_by=target,
            confirmed_at=MORNING,
        )
    )
    session.add(
        NotificationSettings(staff_id=key(person.id), time_zone="Europe/Berlin", night_from="21:00", night_to=night_to)
    )
    session.flush()
    return person


def a_task(session: Session, priority: Priority) -> WorklistItem:
    clinic = a_clinic(session, timezone="Europe/Berlin")
    return an_item(session, clinic, a_pump(session, clinic), priority=int(priority))


def told(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(NotificationRecipient, Staff).where(NotificationRecipient.staff_id == Staff.id))
    return [(person.email.split("@")[0], row.type) for row, person in rows]


def test_whoever_slept_is_told_once_when_their_night_ends(database: Database) -> None:
    with database.writing() as session:
        item = a_task(session, Priority.MEDIUM)
        a_nurse(session, item, "early")
        a_nurse(session, item, "late", night_to="11:30")
        items_changed(session, [item], MORNING)
        assert told(session) == [("early", "alarm.opened")]
    with database.writing() as session:
        tell_due(session, MORNING + HOUR)
        assert len(told(session)) == 1
    for after in (90, 91, 300):
        with database.writing() as session:
            tell_due(session, MORNING + timedelta(minutes=after))
            assert told(session) == [("early", "alarm.opened"), ("late", "alarm.opened")]


def test_an_acknowledgment_from_before_the_clock_was_set_back_does_not_silence_the_alarm(database: Database) -> None:
    with database.writing() as session:
        item = a_task(session, Priority.HIGH)
        nurse = a_nurse(session, item, "early")
        items_changed(session, [item], MORNING)
        notification = session.exec(select(Notification)).one()
        hold(session, [(notification, item)], by=nurse.email, now=MORNING)
    with database.writing() as session:
        tell_due(session, MORNING - timedelta(days=3))
        assert told(session) == [("early", "alarm.opened"), ("early", "alarm.lapsed")]
        assert session.exec(select(Notification)).one().acknowledged_by is None


def test_whoever_comes_on_call_is_told_at_the_hand_over(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        item = a_task(session, Priority.HIGH)
        for name in ("early", "late"):
            a_nurse(session, item, name)
        rota = {
            "name": "nurses",
            "time_zone": "Europe/Berlin",
            "starts": "2026-11-22T10:30",
            "every_hours": 24,
            "members": ["early@clinic.example", "late@clinic.example"],
        }
        steps = [{"after_minutes": 0, "tell": ["rota:nurses"]}, {"after_minutes": 120, "tell": ["everybody"]}]
        document = {"policies": [{"priority": "high", "steps": steps}], "rotas": [rota]}
        set_oncall(session, session.get_one(Clinic, item.clinic_id), document, by="test", now=MORNING)
        items_changed(session, [item], MORNING)
        mark_queued_as_sent(session, MORNING)
    for after in (29, 30, 31):
        with sqlite_database.writing() as session:
            tell_due(session, MORNING + timedelta(minutes=after))
            mark_queued_as_sent(session, MORNING + timedelta(minutes=after))
            assert len(told(session)) == (1 if after < 30 else 2)
    with sqlite_database.reading() as session:
        assert told(session) == [("early", "alarm.opened"), ("late", "alarm.opened")]


def test_the_audit_trail_says_once_of_every_step_lapse_and_end_who_was_told(database: Database) -> None:
    with database.writing() as session:
        item = a_task(session, Priority.HIGH)
        nurse = a_nurse(session, item, "early")
        a_nurse(session, item, "late")
        items_changed(session, [item], MORNING)
        mark_queued_as_sent(session, MORNING)
        hold(session, [(session.exec(select(Notification)).one(), item)], by=nurse.email, now=MORNING)
    for after in (1, 2, 31):
        tell_people(database, MORNING + timedelta(minutes=after))
    with database.writing() as session:
        item = session.get_one(WorklistItem, item.id)
        item.closed_at, item.closed_by = MORNING + HOUR, nurse.email
        items_changed(session, [item], MORNING + HOUR)
    tell_people(database, MORNING + HOUR)
    both = ["early@clinic.example", "late@clinic.example"]
    with database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "alarm.notified")).all()
        assert [(one.detail["type"], one.detail["people"]) for one in entries] == [
            ("alarm.opened", both),
            ("alarm.acknowledged", both[1:]),
            ("alarm.lapsed", both),
            ("alarm.resolved", both[1:]),
        ]
        assert {one.subject for one in entries} == {f"task:{item.id}"}
        assert [len(one.detail["messages"]) for one in entries] == [2, 1, 2, 1]
