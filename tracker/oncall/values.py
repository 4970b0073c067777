"""Policies, rotations, people and escalations as values. Emails are in lower case, times aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.alarms import Priority


@dataclass(frozen=True, slots=True)
class Step:
    """Whom a policy tells so many minutes after its beginning: ``rota:NAME``, ``staff:EMAIL``, ``role:ROLE`` …"""

    after_minutes: int
    tell: tuple[str, ...]

    @property
    def after(self) -> timedelta:
        """The same as a span."""
        return timedelta(minutes=self.after_minutes)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told of tasks of a priority; ``unit`` None: in every unit without a policy of its own."""

    unit: str | None
    priority: Priority
    steps: tuple[Step, ...]
    repeat: bool = True
    lapse_minutes: int = 30


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody who stands in for whoever is on call by the rotation."""

    start: datetime
    end: datetime
    member: str


@dataclass(frozen=True, slots=True)
class Rota:
    """People who are on call in turn. ``starts`` is local time in ``time_zone``: hand-overs keep to the wall clock."""

    name: str
    time_zone: str
    starts: datetime
    every_hours: int
    members: tuple[str, ...]
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Oncall:
    """The policies and rotations of one clinic. ``time_zone`` is the clinic's; it is no part of the document."""

    policies: tuple[Policy, ...] = ()
    rotas: tuple[Rota, ...] = ()
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Person:
    """One of the clinic's staff. ``reachable``: has a confirmed contact point."""

    email: str
    role: str
    unit: str | None
    active: bool
    reachable: bool
    time_zone: str
    night_from: str
    night_to: str


@dataclass(frozen=True, slots=True)
class Notified:
    """Somebody was told, by this step (from 0) of this turn."""

    email: str
    turn: int
    step: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far the escalation of one task has come. ``told``: who was told of it so far; none: not known."""

    priority: Priority
    unit: str | None
    started_at: datetime
    turn: int = 1
    next_step: int = 0
    held: bool = False
    lapses_at: datetime | None = None
    held_by: str | None = None
    held_since: datetime | None = None
    told: tuple[Notified, ...] = ()


@dataclass(frozen=True, slots=True)
class Tell:
    """One person who is to be told now, by which step of which turn."""

    email: str
    turn: int
    step: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due now, where the escalation stands afterwards, and when to look again.

    ``started_at``: what the minutes of this turn's steps count from; earlier than the turn's beginning where steps were
    passed over. ``next_step``: the number of steps where all have passed and the next turn is waited for.
    ``lapse``: the acknowledgment has run out. ``nobody``: something is due and reaches nobody, of high priority in the
    whole clinic.
    """

    tell: tuple[Tell, ...]
    lapse: bool
    started_at: datetime
    turn: int
    next_step: int
    next_at: datetime
    nobody: bool = False
