"""What must hold of an urgent task in the record, whatever people, policies and the clock do meanwhile."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from sqlmodel import Session, col, select

from devices.alarms import Priority
from tests.build import a_clinic, a_person, a_pump, an_item
from tracker.actions.messages.advance_notifications import anything_due, tell_due
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.follow_items import acted_on, hold, item_released, items_changed
from tracker.actions.messages.set_oncall import set_oncall
from tracker.errors import Invalid
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.message import Message
from tracker.records.notification import Notification, NotificationRecipient
from tracker.records.pump import Clinic
from tracker.records.queries.messages import mark_queued_as_sent
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem

ROLES = ("nurse", "nurse", "physician", "administrator")
EMAILS = tuple(f"{role}{number}@clinic.example" for number, role in enumerate(ROLES))
ASKING = {"alarm.opened", "alarm.escalated"}
LONGEST = timedelta(minutes=95)
"""No policy below is silent for longer, nor is a policy that ended or reaches nobody."""
STARTS = (
    datetime(2026, 3, 8, 5, 30, tzinfo=UTC),  # New York's clocks go forward at 07:00
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),  # and back at 06:00
    datetime(2026, 11, 28, 2, 0, tzinfo=UTC),
)
NEW_YORK: dict[str, Any] = {"name": "r", "time_zone": "America/New_York", "starts": "2026-01-01T02:30"}
POLICY: dict[str, Any] = {"unit": None, "priority": "high", "repeat": True, "lapse_minutes": 30}
STEPS = [{"after_minutes": 0, "tell": ["rota:r"]}, {"after_minutes": 15, "tell": ["rota:r+1"]}]
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {
        "policies": [
            POLICY | {"steps": [{"after_minutes": 0, "tell": ["rota:r"]}, {"after_minutes": 15, "tell": ["rota:r+1"]}]}
        ],
        "rotas": [NEW_YORK | {"every_hours": 1, "members": list(EMAILS[:2])}],
    },
    {"policies": [POLICY | {"repeat": False, "steps": [{"after_minutes": 0, "tell": [f"staff:{EMAILS[2]}"]}]}]},
)
PERSON = st.integers(0, len(EMAILS) - 1)
ACTIONS = st.one_of(
    st.tuples(st.just("time passes"), st.integers(1, 400)),
    st.tuples(st.just("clock is set"), st.integers(-400, 400)),
    st.tuples(st.sampled_from(["acknowledge", "close", "leave", "return", "reach", "not reach"]), PERSON),
    st.tuples(st.sampled_from(["act", "release", "goes away", "comes back"]), st.just(0)),
    st.tuples(st.just("policy"), st.integers(0, len(DOCUMENTS) - 1)),
)


class OneStall:
    """A clinic with one pump that stalls, on a clock that the test moves."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.clinic: Clinic = a_clinic(session, timezone="America/New_York")
        self.people: list[Staff] = []
        for email, role in zip(EMAILS, ROLES, strict=True):
            self.people.append(a_person(session, self.clinic, email=email, role=role))
            add_contact(session, self.people[-1], kind="email", target=email, confirmed=True, by="test", now=now)
        self.pump = a_pump(session, self.clinic)
        self.item = self._opened()
        self.turn()

    @property
    def notification(self) -> Notification:
        """The newest one of the stall."""
        return self.session.exec(select(Notification).order_by(col(Notification.id).desc())).first()  # type: ignore[return-value]  # there is one from the beginning

    def do(self, action: str, number: int) -> None:
        """One action, then the job's turn."""
        notification, person = self.notification, self.people[number % len(self.people)]
        is_open = notification.ended_at is None
        if action == "time passes":
            self.pass_time(timedelta(minutes=number))
        elif action == "clock is set":
            self.now += timedelta(minutes=number)
        elif action == "policy":
            with suppress(Invalid):  # it names somebody who left
                set_oncall(self.session, self.clinic, DOCUMENTS[number], by="test", now=self.now)
        elif action in {"leave", "return"}:
            person.active = action == "return"
        elif action in {"reach", "not reach"}:
            chosen = select(ContactPoint).where(ContactPoint.staff_id == person.id)
            self.session.exec(chosen).one().confirmed_at = self.now if action == "reach" else None
        elif action == "acknowledge" and is_open and person.active:
            hold(self.session, [(notification, self.item)], by=person.email, now=self.now)
        elif action == "act" and is_open:
            acted_on(self.session, [notification], self.now)
        elif action == "release" and is_open:
            item_released(self.session, self.item, self.now)
        elif action in {"close", "goes away"} and is_open:
            self._close(person.email if action == "close" else "tracker")
        elif action == "comes back" and not is_open:
            self.item = self._opened()
        self.session.flush()
        self.turn()

    def pass_time(self, span: timedelta) -> None:
        """Let the job look whenever a look is due."""
        until = self.now + span
        while (now := self._next_look()) <= until:
            self.now = max(now, self.now + timedelta(seconds=1))
            self.turn()
        self.now = max(self.now, until)

    def turn(self) -> None:
        """What the job does now. Nobody is asked while somebody who can be relied on holds it."""
        one = self.notification
        is_held = self._is_held(one)
        before = len(self.asked())
        while anything_due(self.session, self.now):
            tell_due(self.session, self.now)
            mark_queued_as_sent(self.session, self.now)
        mark_queued_as_sent(self.session, self.now)
        self.session.flush()
        assert not (is_held and len(self.asked()) > before), "somebody was asked of what another holds"
        if one.ended_at is None:
            assert timedelta(0) < one.next_at - self.now <= timedelta(hours=24, minutes=2)

    def asked(self) -> list[NotificationRecipient]:
        """Who was asked to take it, in order."""
        rows = self.session.exec(select(NotificationRecipient).order_by(col(NotificationRecipient.id)))
        return [row for row in rows if row.type in ASKING]

    def is_never_silent(self) -> None:
        """Where it is open and nobody holds it, somebody who can be notified is notified within its longest pause."""
        one = self.notification
        able = [person for person in self.people if person.active and self._is_reachable(person)]
        if one.ended_at is None and one.acknowledged_at is None and able:
            before = self._number_of_rows()
            self.pass_time(LONGEST)
            assert self._number_of_rows() > before, "an urgent task that nobody has was silent"

    def ends_well(self) -> None:
        """It goes away and stays away: whoever was notified of it, and is still there, hears that."""
        if self.notification.ended_at is None:
            self._close("tracker")
        one = self.notification
        self.turn()
        self.pass_time(timedelta(hours=1))
        rows = list(
            self.session.exec(select(NotificationRecipient).where(NotificationRecipient.notification_id == one.id))
        )
        notified = {row.staff_id for row in rows if row.type != "alarm.resolved"}
        informed = {row.staff_id for row in rows if row.type == "alarm.resolved"}
        closer = {person.id for person in self.people if person.email == self.item.closed_by}
        assert notified - closer - informed == set()

    def _opened(self) -> WorklistItem:
        given = {"priority": int(Priority.HIGH), "key": "stall", "kind": "delivery"}
        item = an_item(self.session, self.clinic, self.pump, **given, since=self.now, opened_at=self.now)
        items_changed(self.session, [item], self.now)
        return item

    def _close(self, by: str) -> None:
        self.item.closed_at, self.item.closed_by, self.item.closed_reason = self.now, by, "over"
        self.session.add(self.item)
        self.session.flush()
        items_changed(self.session, [self.item], self.now)

    def _next_look(self) -> datetime:
        one = self.notification
        if one.ended_at is None:
            return one.next_at
        return datetime.max.replace(tzinfo=UTC) if one.resolve_at is None else one.resolve_at

    def _is_held(self, one: Notification) -> bool:
        """Whether a person who can be relied on has it, by this clock."""
        if one.acknowledged_at is None or one.lapses_at is None:
            return False
        holder = next(person for person in self.people if person.email == one.acknowledged_by)
        lasts = one.acknowledged_at <= self.now < one.lapses_at <= self.now + timedelta(hours=24)
        return holder.active and lasts

    def _is_reachable(self, person: Staff) -> bool:
        chosen = select(ContactPoint).where(ContactPoint.staff_id == person.id)
        return self.session.exec(chosen).one().confirmed_at is not None

    def _number_of_rows(self) -> int:
        return len(list(self.session.exec(select(NotificationRecipient))))


@given(st.sampled_from(STARTS), st.lists(ACTIONS, max_size=14))
@settings(max_examples=25, deadline=None)
def test_a_stall_is_never_silent_wakes_nobody_who_has_it_taken_and_ends_with_a_word(
    sqlite_with_schema: Path, start: datetime, actions: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tracker.db"
        shutil.copy2(sqlite_with_schema, file)
        database = Database(f"sqlite:///{file}")
        with database.writing() as session:
            stall = OneStall(session, start)
            for action, number in actions:
                stall.do(action, number)
            stall.is_never_silent()
            stall.ends_well()
        database.close()


def test_of_two_tasks_that_open_together_the_urgent_one_leaves_first(database: Database) -> None:
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday
    with database.writing() as session:
        clinic = a_clinic(session, timezone="UTC")
        nurse = a_person(session, clinic)
        add_contact(session, nurse, kind="email", target="n@clinic.example", confirmed=True, by="test", now=now)
        items = [an_item(session, clinic, a_pump(session, clinic), priority=priority) for priority in (2, 3)]
        items_changed(session, items, now)
        found = session.exec(select(Message).order_by(col(Message.number))).all()
    assert [one.priority for one in found] == [3, 2]
