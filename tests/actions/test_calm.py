"""Few messages: a limit an hour, one summary of the rest, and an alarm that comes and goes is one alarm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from devices.alarms import Priority
from tests.build import a_clinic, a_person, a_pump, an_item
from tracker.actions.messages.advance_notifications import anything_due, tell_due
from tracker.actions.messages.follow_items import hold, items_changed
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.message import Message
from tracker.records.notification import Notification
from tracker.records.pump import Clinic
from tracker.records.queries.messages import mark_queued_as_sent
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Berlin
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def a_watched_clinic(session: Session, **given: object) -> tuple[Clinic, Staff]:
    clinic = a_clinic(session, timezone="Europe/Berlin", **given)
    nurse = a_person(session, clinic)
    for target in ("one@clinic.example", "two@clinic.example"):
        session.add(
            ContactPoint(
                staff_id=key(nurse.id),
                kind="email",
                target=target,
                created_at=MORNING,
                created_by=nurse.email,
                confirmed_at=MORNING,
            )
        )
    session.flush()
    return clinic, nurse


def a_task(session: Session, clinic: Clinic, at: datetime, priority: Priority = Priority.MEDIUM) -> WorklistItem:
    item = an_item(session, clinic, a_pump(session, clinic), priority=int(priority))
    items_changed(session, [item], at)
    return item


def goes(session: Session, items: Sequence[WorklistItem], at: datetime) -> None:
    """Its cause goes away by itself."""
    for item in items:
        item.closed_at, item.closed_by, item.closed_reason = at, "tracker", "its cause is gone"
        session.add(item)
    items_changed(session, items, at)


def comes_back(session: Session, item: WorklistItem, at: datetime) -> WorklistItem:
    """A new task of the same cause."""
    clinic = session.get_one(Clinic, item.clinic_id)
    again = an_item(session, clinic, None, key=item.key, pump_id=item.pump_id, priority=item.priority)
    items_changed(session, [again], at)
    return again


def sent(session: Session) -> list[tuple[str, int]]:
    """What the first contact point was sent: type, and minutes since the morning."""
    chosen = select(Message).join(ContactPoint).where(ContactPoint.target == "one@clinic.example")
    rows = session.exec(chosen.order_by(col(Message.number)))
    return [(one.type, int((one.created_at - MORNING) / MINUTE)) for one in rows]


def run(database: Database, start: datetime, end: datetime) -> None:
    """The job, once a minute; all leaves at once."""
    while start <= end:
        with database.writing() as session:
            mark_queued_as_sent(session, start)
            if anything_due(session, start):
                tell_due(session, start)
        start += MINUTE


def test_more_than_the_hours_messages_are_summed_up_in_one_when_the_hour_is_over(database: Database) -> None:
    with database.writing() as session:
        clinic, _ = a_watched_clinic(session, messages_per_hour=3)
        for minute in range(6):
            a_task(session, clinic, MORNING + minute * MINUTE)
        urgent = a_task(session, clinic, MORNING + 6 * MINUTE, Priority.HIGH)
        a_task(session, clinic, MORNING + 7 * MINUTE)
    run(database, MORNING + 8 * MINUTE, MORNING + 15 * MINUTE)
    with database.writing() as session:
        goes(session, [session.get_one(WorklistItem, urgent.id)], MORNING + 15 * MINUTE)
    run(database, MORNING + 16 * MINUTE, MORNING + 2 * HOUR)
    with database.reading() as session:
        opened = [("alarm.opened", minute) for minute in (0, 1, 2, 6)]
        assert sent(session) == [*opened, ("digest", 60)], "a new alarm of high priority waits for nothing"
        summary = session.exec(select(Message).where(Message.type == "digest")).first()
        assert summary is not None
        assert summary.data["what"] == "5 more in the last hour"
        leads = [line.split(":")[0] for line in summary.data["lines"]]
        assert leads == ["Resolved", "MEDIUM", "MEDIUM", "MEDIUM", "MEDIUM"]


def test_steps_of_an_urgent_alarm_are_never_held_back(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session, messages_per_hour=1)
        a_task(session, clinic, MORNING)
        a_task(session, clinic, MORNING, Priority.HIGH)
    run(sqlite_database, MORNING, MORNING + 45 * MINUTE)
    with sqlite_database.reading() as session:
        assert sent(session) == [
            ("alarm.opened", 0),
            ("alarm.opened", 0),
            *(("alarm.escalated", minute) for minute in (10, 20, 30, 40)),
        ]


def test_an_alarm_that_comes_and_goes_is_told_once_and_then_by_its_steps(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        item = a_task(session, clinic, MORNING, Priority.HIGH)
    for minute in range(2, 26, 4):
        with sqlite_database.writing() as session:
            goes(session, [session.get_one(WorklistItem, item.id)], MORNING + minute * MINUTE)
        run(sqlite_database, MORNING + minute * MINUTE, MORNING + (minute + 1) * MINUTE)
        with sqlite_database.writing() as session:
            item = comes_back(session, session.get_one(WorklistItem, item.id), MORNING + (minute + 2) * MINUTE)
        run(sqlite_database, MORNING + (minute + 2) * MINUTE, MORNING + (minute + 3) * MINUTE)
    with sqlite_database.writing() as session:
        assert sent(session) == [("alarm.opened", 0), ("alarm.escalated", 12), ("alarm.escalated", 20)]
        first = session.exec(select(Message)).first()
        assert first is not None
        alarm = session.exec(select(Notification)).one()
        assert first.notification_ids == [alarm.id], "the link in the first message is of the alarm that goes on"
        goes(session, [session.get_one(WorklistItem, item.id)], MORNING + 26 * MINUTE)
    run(sqlite_database, MORNING + 26 * MINUTE, MORNING + 2 * HOUR)
    with sqlite_database.reading() as session:
        assert sent(session)[3:] == [("alarm.resolved", 56)], "one that came back is over when it stays away"


def test_one_that_stays_away_is_over_in_minutes_and_is_new_when_it_is_back(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        item = a_task(session, clinic, MORNING, Priority.HIGH)
        goes(session, [item], MORNING + 2 * MINUTE)
    run(sqlite_database, MORNING + 2 * MINUTE, MORNING + 9 * MINUTE)
    with sqlite_database.writing() as session:
        comes_back(session, session.get_one(WorklistItem, item.id), MORNING + 9 * MINUTE)
        assert sent(session) == [("alarm.opened", 0), ("alarm.resolved", 7), ("alarm.opened", 9)]


def test_one_that_somebody_had_is_nobodys_when_it_is_back(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, nurse = a_watched_clinic(session)
        item = a_task(session, clinic, MORNING, Priority.HIGH)
        hold(session, [(session.exec(select(Notification)).one(), item)], by=nurse.email, now=MORNING + MINUTE)
        goes(session, [item], MORNING + 2 * MINUTE)
        comes_back(session, item, MORNING + 4 * MINUTE)
        assert sent(session) == [("alarm.opened", 0), ("alarm.escalated", 4)]
        assert session.exec(select(Notification)).one().acknowledged_by is None


def test_what_a_person_closed_is_over_at_once_for_the_others(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        physician = a_person(session, clinic, role="physician")
        item = a_task(session, clinic, MORNING, Priority.HIGH)
        item.closed_at, item.closed_by = MORNING + MINUTE, physician.email
        items_changed(session, [item], MORNING + MINUTE)
        assert sent(session) == [("alarm.opened", 0), ("alarm.resolved", 1)]


def test_a_clock_that_was_set_back_holds_nothing_back_for_ever(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session, messages_per_hour=1)
        item = a_task(session, clinic, MORNING, Priority.HIGH)
        goes(session, [item], MORNING + MINUTE)
        a_task(session, clinic, MORNING + MINUTE)
    run(sqlite_database, MORNING - 24 * HOUR, MORNING - 24 * HOUR)
    with sqlite_database.reading() as session:
        assert [kind for kind, _ in sent(session)].count("digest") == 1
        assert not anything_due(session, MORNING - 24 * HOUR)


def becomes(session: Session, item: WorklistItem, priority: Priority, at: datetime) -> None:
    item.priority = int(priority)
    session.add(item)
    items_changed(session, [item], at)


def test_a_task_that_is_no_longer_urgent_wakes_nobody_and_one_that_is_again_does_at_once(
    sqlite_database: Database,
) -> None:
    evening = MORNING + 11 * HOUR
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        item = a_task(session, clinic, evening, Priority.HIGH)
        becomes(session, item, Priority.MEDIUM, evening + MINUTE)
    run(sqlite_database, evening + MINUTE, evening + 30 * MINUTE)
    with sqlite_database.writing() as session:
        assert sent(session) == [("alarm.opened", 660)]
        becomes(session, session.get_one(WorklistItem, item.id), Priority.HIGH, evening + 31 * MINUTE)
        assert len(sent(session)) > 1
        item = session.get_one(WorklistItem, item.id)
        becomes(session, item, Priority.MEDIUM, evening + 32 * MINUTE)
        goes(session, [item], evening + 33 * MINUTE)
    run(sqlite_database, evening + 33 * MINUTE, evening + 40 * MINUTE)
    with sqlite_database.reading() as session:
        assert sent(session)[-1] == ("alarm.resolved", 698), "who was told of an urgent alarm hears that it is over"


def test_a_task_that_was_of_low_priority_for_a_while_is_told_by_all_its_steps_again(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        item = a_task(session, clinic, MORNING, Priority.HIGH)
        becomes(session, item, Priority.LOW, MORNING + MINUTE)
    run(sqlite_database, MORNING + MINUTE, MORNING + 20 * MINUTE)
    with sqlite_database.writing() as session:
        becomes(session, session.get_one(WorklistItem, item.id), Priority.HIGH, MORNING + 20 * MINUTE)
    run(sqlite_database, MORNING + 20 * MINUTE, MORNING + 41 * MINUTE)
    with sqlite_database.reading() as session:
        assert sent(session) == [
            ("alarm.opened", 0),
            ("alarm.resolved", 6),
            *(("alarm.escalated", minute) for minute in (20, 30, 40)),
        ]


def test_a_task_that_rests_is_told_when_its_rest_is_over(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        clinic, _ = a_watched_clinic(session)
        item = an_item(session, clinic, a_pump(session, clinic), snoozed_until=MORNING + 90 * MINUTE)
        items_changed(session, [item], MORNING)
    for minute in (0, 30, 60, 90, 91):
        run(sqlite_database, MORNING + minute * MINUTE, MORNING + minute * MINUTE)
    with sqlite_database.reading() as session:
        assert sent(session) == [("alarm.opened", 90)]
