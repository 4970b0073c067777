"""Tasks where nobody would be told: opened by themselves, and closed when somebody can be told again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from tests.build import a_clinic, a_person, a_pump, an_item
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.messages.set_oncall import set_oncall
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem
from tracker.schedule.messages import note_who_is_reached
from tracker.worklist.areas import Area, area_of

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
DAY = timedelta(days=1)
CAUSE = "reach:"


def reachable(session: Session, person: Staff) -> None:
    session.add(
        ContactPoint(
            staff_id=key(person.id),
            kind="email",
            target=person.email,
            created_at=MONDAY,
            created_by=person.email,
            confirmed_at=MONDAY,
        )
    )
    session.flush()


def listed(database: Database) -> list[tuple[str, int, str]]:
    with database.reading() as session:
        chosen = select(WorklistItem).where(
            col(WorklistItem.key).startswith(CAUSE), col(WorklistItem.closed_at).is_(None)
        )
        return [(one.key.removeprefix(CAUSE), one.priority, one.what) for one in session.exec(chosen)]


def a_watched_clinic(session: Session) -> tuple[Clinic, Staff]:
    clinic = a_clinic(session, timezone="Europe/Berlin")
    return clinic, a_person(session, clinic, email="ann@clinic.example")


def test_a_clinic_in_which_no_one_can_be_told_has_a_task_that_is_urgent_once_something_waits(
    database: Database,
) -> None:
    with database.writing() as session:
        clinic, nurse = a_watched_clinic(session)
        pump = a_pump(session, clinic)
    assert note_who_is_reached(database, MONDAY) == 0, "nothing waits, and nobody has set who is told"
    with database.writing() as session:
        policy = {"priority": "high", "steps": [{"after_minutes": 0, "tell": ["role:nurse"]}]}
        set_oncall(session, session.get_one(Clinic, clinic.id), {"policies": [policy]}, by="test", now=MONDAY)
    assert note_who_is_reached(database, MONDAY) == 1
    assert listed(database) == [("nobody", 2, "No one can be told of alarms")]
    with database.writing() as session:
        items_changed(session, [an_item(session, clinic, pump, priority=3)], MONDAY)
    assert note_who_is_reached(database, MONDAY) == 1
    assert listed(database) == [("nobody", 3, "No one can be told of alarms")]
    assert note_who_is_reached(database, MONDAY + DAY) == 0, "its own message that nobody hears changes nothing"
    with database.writing() as session:
        reachable(session, nurse)
    assert note_who_is_reached(database, MONDAY + DAY) == 1
    assert listed(database) == []


def test_a_policy_of_people_who_left_is_a_task_and_a_gap_names_its_time(database: Database) -> None:
    with database.writing() as session:
        clinic, nurse = a_watched_clinic(session)
        left = a_person(session, clinic, email="bea@clinic.example")
        reachable(session, nurse)
        reachable(session, left)
        document = {
            "policies": [
                {"priority": "high", "steps": [{"after_minutes": 0, "tell": ["rota:nurses"]}]},
                {"priority": "medium", "steps": [{"after_minutes": 0, "tell": ["staff:bea@clinic.example"]}]},
            ],
            "rotas": [
                {
                    "name": "nurses",
                    "time_zone": "America/New_York",
                    "starts": "2026-11-01T08:00",
                    "every_hours": 24,
                    "members": ["ann@clinic.example"],
                    "overrides": [
                        {
                            "from": "2026-11-28T07:00:00Z",
                            "to": "2026-11-28T11:00:00Z",
                            "member": "bea@clinic.example",
                        }
                    ],
                }
            ],
        }
        set_oncall(session, clinic, document, by="test", now=MONDAY)
        items_changed(session, [an_item(session, clinic, a_pump(session, clinic))], MONDAY)
    assert note_who_is_reached(database, MONDAY) == 0
    with database.writing() as session:
        left = session.get_one(Staff, left.id)
        left.active = False
        session.add(left)
    assert note_who_is_reached(database, MONDAY) == 1
    assert listed(database) == [
        ("policy:medium priority", 2, "The on-call policy reaches no one: medium priority"),
        ("gap:nurses", 2, "No one on call to tell: nurses, Sat 2026-11-28 02:00 EST to 06:00 EST"),
    ]
    assert note_who_is_reached(database, MONDAY + DAY) == 0, "the words stay the same from one look to the next"
    assert note_who_is_reached(database, MONDAY + 6 * DAY) == 1
    assert [name for name, _, _ in listed(database)] == ["policy:medium priority"], "the time of the gap has passed"


def test_an_administrator_handles_what_keeps_people_from_being_told() -> None:
    assert area_of("notify", of_a_pump=False) is Area.DATA
