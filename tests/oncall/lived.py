"""A task lived through: what the job and the people do with it, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.alarms import Priority
from tracker.oncall.plan import due
from tracker.oncall.policy import policy_for
from tracker.oncall.values import Escalation, Notified, Oncall, Person, Plan


@dataclass(frozen=True)
class Sent:
    """One person was told at that moment; ``kind`` as in the type of the message."""

    at: datetime
    email: str
    kind: str


class Lived:
    """Keeps of one task what the record keeps. The job looks when a look is due, and after each thing that is done."""

    def __init__(
        self, oncall: Oncall, people: Iterable[Person], priority: Priority, at: datetime, unit: str | None = None
    ) -> None:
        self.oncall = oncall
        self.people = {person.email: person for person in people}
        self.now = at
        self.escalation = Escalation(priority, unit, at)
        self.holder: str | None = None
        self.sent: list[Sent] = []
        self.looked_at = at
        self.last: Plan = self.look()

    def look(self) -> Plan:
        """What the job does now: lapse, tell, and note how far the steps have come."""
        self.looked_at = self.now
        plan = self._due()
        if plan.lapse:
            first = (self.holder,) if self.holder and self.people[self.holder].active else ()
            self._begin_again()
            plan = self._due()
            self._send((*first, *(tell.email for tell in plan.tell)), "lapsed")
        else:
            opened = self.escalation.turn == 1 and self.escalation.next_step == 0
            for tell in plan.tell:
                is_first = tell.turn == 1 and (tell.step == 0 or (opened and tell.step == plan.tell[0].step))
                self._send((tell.email,), "opened" if is_first else "escalated")
        told = tuple(Notified(tell.email, tell.turn, tell.step) for tell in plan.tell)
        self.escalation = replace(
            self.escalation,
            started_at=plan.started_at,
            turn=plan.turn,
            next_step=plan.next_step,
            told=(*self.escalation.told, *told),
        )
        self.last = plan
        return plan

    def run(self, until: datetime) -> None:
        """Let time pass."""
        while self.last.next_at <= until:
            self.now = max(self.now, self.last.next_at)
            self.look()
        self.now = max(self.now, until)

    def acknowledge(self, email: str) -> None:
        """The person has it now."""
        minutes = policy_for(self.oncall, self.escalation.unit, self.escalation.priority).lapse_minutes
        lapses_at = self.now + timedelta(minutes=minutes)
        self.holder = email
        self.escalation = replace(
            self.escalation,
            held=True,
            held_by=email,
            held_since=self.now,
            lapses_at=lapses_at,
        )
        self.look()

    def act(self) -> None:
        """The person did something about it."""
        if self.holder is not None:
            self.escalation = replace(self.escalation, lapses_at=self.now + timedelta(hours=24))
            self.look()

    def release(self) -> None:
        """The person gave it back."""
        self._begin_again()
        self.look()

    def _due(self) -> Plan:
        return due(self.escalation, self.oncall, tuple(self.people.values()), self.now)

    def _begin_again(self) -> None:
        self.holder = None
        turn = self.escalation.turn + 1
        self.escalation = replace(
            self.escalation, held=False, lapses_at=None, started_at=self.now, turn=turn, next_step=0
        )

    def _send(self, emails: Iterable[str], kind: str) -> None:
        self.sent += [Sent(self.now, email, kind) for email in dict.fromkeys(emails)]


def local(text: str, zone: str) -> datetime:
    """A time of the clock on the wall in that zone (a time that comes twice: the first), or with its offset."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=ZoneInfo(zone) if at.tzinfo is None else at.tzinfo).astimezone(UTC)
