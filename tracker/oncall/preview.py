"""What would happen: who would be told at which times if nobody answered, and when nobody would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.alarms import Priority
from tracker.oncall.plan import due
from tracker.oncall.policy import policy_for
from tracker.oncall.recipients import TOLD_ROLES, can_be_told, named, recipients
from tracker.oncall.rotation import shifts
from tracker.oncall.values import Escalation, Notified, Oncall, Person, Policy


@dataclass(frozen=True, slots=True)
class Preview:
    """One time at which people are told."""

    at: datetime
    turn: int
    step: int
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nobody is reached, and why. ``rota``: the rotation's name, or which policy's first step it is."""

    start: datetime
    end: datetime
    rota: str
    reason: str


def preview(
    oncall: Oncall, people: Sequence[Person], unit: str | None, priority: Priority, at: datetime, *, times: int = 8
) -> tuple[Preview, ...]:
    """The next times at which people are told of a task that is opened at that moment and that nobody takes."""
    return ahead(Escalation(priority, unit, at), oncall, people, at, times=times)


def ahead(
    escalation: Escalation, oncall: Oncall, people: Sequence[Person], at: datetime, *, times: int = 8
) -> tuple[Preview, ...]:
    """The same for an escalation that has begun."""
    found: list[Preview] = []
    moment, end = at, at + timedelta(days=7)
    while len(found) < times and moment < end:
        plan = due(escalation, oncall, people, moment)
        if plan.nobody or plan.lapse:
            break
        by_step: dict[tuple[int, int], list[str]] = {}
        for tell in plan.tell:
            by_step.setdefault((tell.turn, tell.step), []).append(tell.email)
        found += [Preview(moment, turn, step, tuple(emails)) for (turn, step), emails in by_step.items()]
        told = (*escalation.told, *(Notified(tell.email, tell.turn, tell.step) for tell in plan.tell))
        escalation = Escalation(
            escalation.priority, escalation.unit, plan.started_at, plan.turn, plan.next_step, told=told
        )
        moment = plan.next_at
    return tuple(found[:times])


def gaps(oncall: Oncall, people: Sequence[Person], start: datetime, end: datetime) -> tuple[Gap, ...]:
    """The times in which a rotation has nobody, or somebody who is inactive or can't be reached.

    And those in which the first step of a policy of high priority that names no rotation reaches nobody.
    """
    known = {person.email: person for person in people}
    found = []
    for rota in oncall.rotas:
        for shift in shifts(rota, start, end):
            reason = _why_not(shift.member, known)
            if reason:
                found.append(Gap(shift.start, shift.end, rota.name, reason))
    units = dict.fromkeys([None, *(policy.unit for policy in oncall.policies if policy.priority is Priority.HIGH)])
    for policy in dict.fromkeys(policy_for(oncall, unit, Priority.HIGH) for unit in units):
        tell = policy.steps[0].tell
        by_rota = any(word.startswith("rota:") for word in tell)
        if start < end and not by_rota and not recipients(tell, oncall, people, start):
            found.append(
                Gap(start, end, name_of(policy), f"nobody of the first step ({', '.join(tell)}) can be reached")
            )
    return tuple(sorted(found, key=lambda gap: (gap.start, gap.rota)))


def name_of(policy: Policy) -> str:
    """How a policy is called beside rotations: ``high priority, Pain``."""
    name = f"{policy.priority.name.lower()} priority"
    return name if policy.unit is None else f"{name}, {policy.unit}"


def unreachable(tell: Sequence[str], oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[str, ...]:
    """Why each of those can't be told whom a step names and does not reach."""
    known = {person.email: person for person in people}
    return tuple(reason for email in named(tell, oncall, people, at) if (reason := _why_not(email, known)))


def _why_not(email: str | None, known: dict[str, Person]) -> str:
    if email is None:
        return "nobody is on call"
    person = known.get(email)
    if person is None:
        return f"{email} has no account in this clinic"
    if not person.active:
        return f"{email} may not sign in"
    if person.role not in TOLD_ROLES:
        return f"{email} is not told of alarms as {person.role}"
    return "" if can_be_told(person) else f"{email} has no confirmed contact point"
