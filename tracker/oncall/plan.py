"""Who is due to be told now, and when to look again. The jobs, the preview and the ladder all ask here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.oncall.hours import awake_at, next_working
from tracker.oncall.policy import policy_for
from tracker.oncall.recipients import NEXT, ROTA, everybody, recipients
from tracker.oncall.rotation import next_change
from tracker.oncall.values import Escalation, Oncall, Person, Plan, Policy, Tell

ROUND_GAP: Final = timedelta(minutes=10)
"""The least time between the last step and the first of the next turn. Assumed."""
EVERYBODY_AGAIN: Final = timedelta(minutes=30)
"""After the last step of a policy of high priority that does not repeat, everybody is told so often. Assumed."""
CALM_GAP: Final = timedelta(days=1)
"""Below high priority: between the turns of a policy with one step. Assumed."""
NOBODY_AGAIN: Final = timedelta(minutes=1)
NOBODY_BELOW_HIGH_AGAIN: Final = timedelta(hours=1)
REST: Final = timedelta(hours=24)
LONGEST_HOLD: Final = timedelta(hours=24)
"""No acknowledgment outlives this without a clinical act. Assumed."""
CLOCK_SLACK: Final = timedelta(minutes=2)
"""A clock that is set back by less is taken as the same clock. Assumed."""


def due(escalation: Escalation, oncall: Oncall, people: Sequence[Person], now: datetime) -> Plan:
    """What is due. An active alarm of high priority that nobody holds always has a next time to be told.

    - Nobody is told of a task that somebody holds until that lapses. It lapses now where it can't be relied on: it has
      no end, whoever holds it was deactivated, or its times lie farther ahead than they can, because the clock was set
      back and nobody knows how long it has been held.
    - A step that reaches nobody makes the next one due at once. Where the last one reaches nobody, everybody is told.
    - High priority never falls silent: where its policy does not repeat, everybody is told again every 30 minutes,
      since how a policy is written must not end an alarm that nobody has.
    - Medium priority is told in the clinic's working hours; whoever is in their own night then hears when it ends.
    - Where the clock was set back behind the beginning of the turn, the next step is due now.
    - Whoever comes on call in the middle of a turn is told at the hand-over of what is of high priority.

    ``next_at`` is later than ``now``, but for a lapse: then the steps begin again at once.
    """
    if escalation.held:
        return _held(escalation, oncall, people, now)
    if escalation.priority is Priority.LOW:  # the daily digest tells of it
        return Plan((), False, escalation.started_at, escalation.turn, escalation.next_step, now + REST)
    return _Steps(escalation, oncall, people, now).plan()


def _held(escalation: Escalation, oncall: Oncall, people: Sequence[Person], now: datetime) -> Plan:
    holder = next((one for one in people if one.email == escalation.held_by), None)
    lapses, since = escalation.lapses_at or now, escalation.held_since or now
    gone = holder is not None and not holder.active
    if gone or since > now + CLOCK_SLACK or lapses > now + LONGEST_HOLD + CLOCK_SLACK:
        lapses = now
    if holder is not None and holder.active and escalation.priority is not Priority.HIGH:
        # They hear of it: in working hours, and not in their night.
        lapses = awake_at(holder, max(next_working(lapses, oncall.time_zone), now))
    if lapses <= now:
        return Plan((), True, now, escalation.turn + 1, 0, now)
    return Plan((), False, min(escalation.started_at, now), escalation.turn, escalation.next_step, lapses)


class _Steps:
    """One call of ``due`` for a task that nobody holds."""

    def __init__(self, escalation: Escalation, oncall: Oncall, people: Sequence[Person], now: datetime) -> None:
        self.oncall, self.people, self.now = oncall, people, now
        self.by_email = {person.email: person for person in people}
        self.policy = policy_for(oncall, escalation.unit, escalation.priority)
        self.steps = self.policy.steps
        self.is_high = escalation.priority is Priority.HIGH
        self.turn = escalation.turn
        # A policy may have fewer steps now than when the turn began.
        self.step = min(max(escalation.next_step, 0), len(self.steps))
        self.started = self._checked(escalation.started_at)
        self.before = {one.email for one in escalation.told if one.turn == self.turn}
        self.by_step = {one.step for one in escalation.told if one.turn == self.turn}
        self.tell: dict[str, Tell] = {}
        self.asleep: list[datetime] = []

    def plan(self) -> Plan:
        """Tell every step whose time has come, then say when the next one comes."""
        if self.is_high:
            self._tell_who_took_over()
        elif self.before:
            self._tell_the_awoken()
        state = (self.started, self.turn, self.step)
        reached = True
        while reached and not self._all_asleep() and self._next_due() <= self.now:
            reached = self._begin_turn() if self.step >= len(self.steps) else self._tell_step()
        if not reached:
            again = NOBODY_AGAIN if self.is_high else NOBODY_BELOW_HIGH_AGAIN
            return Plan((), False, *state, self.now + again, nobody=True)
        coming = [] if self._all_asleep() else [self._next_due()]
        next_at = min([self.now + REST, *self.asleep, *coming, *self._handovers()])
        told = tuple(self.tell.values())
        return Plan(told, False, self.started, self.turn, self.step, max(next_at, self.now + timedelta(seconds=1)))

    def _all_asleep(self) -> bool:
        """All whom the step reaches are in their night: it waits until the first of them is awake."""
        return bool(self.asleep) and not self.tell and not self.before

    def _next_due(self) -> datetime:
        if self.step < len(self.steps):
            return self._working(self.started + self.steps[self.step].after)
        if self.is_high or self.policy.repeat:
            return self._working(self.started + self.steps[-1].after + _gap(self.policy))
        return self.now + REST

    def _working(self, at: datetime) -> datetime:
        return at if self.is_high else next_working(at, self.oncall.time_zone)

    def _checked(self, started: datetime) -> datetime:
        if started <= self.now:
            return started
        if started <= self.now + CLOCK_SLACK:
            return self.now
        after = self.steps[self.step].after if self.step < len(self.steps) else self._whole()
        return self.now - after

    def _whole(self) -> timedelta:
        return self.steps[-1].after + _gap(self.policy)

    def _begin_turn(self) -> bool:
        """Begin the next turn. After a long stop of the program one turn is made up for, not every one."""
        begins = self.started + self._whole()
        begins = begins if self.now < begins + _gap(self.policy) else self.now
        self.turn += 1
        self.before, self.by_step = set(), set()
        if self.policy.repeat:
            self.started, self.step = begins, 0
            return True
        self.started = begins - self.steps[-1].after
        return self._tell_all()

    def _tell_step(self) -> bool:
        """Tell the next step. Where it reaches nobody, the one after it is due at once."""
        reached = self._reached(*self.steps[self.step].tell)
        self._add(reached, self.step)
        if self._all_asleep():
            return True
        self.step += 1
        if reached:
            return True
        # The earlier of both: after a stop of the program the steps behind it must not come later than they were due.
        following = self.steps[min(self.step, len(self.steps) - 1)]
        self.started = min(self.started, self.now - following.after)
        if self.step < len(self.steps):
            return True
        reached_any = self._tell_all()
        if self._all_asleep():
            self.step -= 1  # tried again when the first of them is awake
        return reached_any

    def _tell_all(self) -> bool:
        """The last step reached nobody, or the policy has ended: everybody, or at least an administrator."""
        if not self.is_high and (self.before or self.tell):
            return True
        reached = everybody(self.people)
        self._add(reached, len(self.steps) - 1)
        return bool(reached)

    def _tell_the_awoken(self) -> None:
        for step in range(self.step):
            self._add([one for one in self._reached(*self.steps[step].tell) if one not in self.before], step)

    def _tell_who_took_over(self) -> None:
        """A step told who was on call, and somebody else is now."""
        for step, name in self._rotas_told():
            self._add([one for one in self._reached(name) if one not in self.before], step)

    def _handovers(self) -> list[datetime]:
        rotas = {f"{ROTA}{one.name}": one for one in self.oncall.rotas}
        names = {name for _, name in self._rotas_told()} if self.is_high else set()
        return [next_change(rotas[name], self.now) for name in sorted(names & rotas.keys())]

    def _rotas_told(self) -> list[tuple[int, str]]:
        """The steps of this turn that have told whoever is on call, and by which rotation."""
        passed = self.by_step | {one.step for one in self.tell.values() if one.turn == self.turn}
        steps = [step for step in sorted(passed) if step < self.step]
        return [
            (step, word)
            for step in steps
            for word in self.steps[step].tell
            if word.startswith(ROTA) and not word.endswith(NEXT)
        ]

    def _reached(self, *tell: str) -> tuple[str, ...]:
        return recipients(tell, self.oncall, self.people, self.now)

    def _add(self, emails: Sequence[str], step: int) -> None:
        for email in emails:
            awake = self.now if self.is_high else awake_at(self.by_email[email], self.now)
            if awake > self.now:
                self.asleep.append(awake)
            else:
                self.tell.setdefault(email, Tell(email, self.turn, step))


def _gap(policy: Policy) -> timedelta:
    """From the last step to the next turn: as long as it came after the step before."""
    if not policy.repeat:
        return EVERYBODY_AGAIN
    if len(policy.steps) > 1:
        return max(policy.steps[-1].after - policy.steps[-2].after, ROUND_GAP)
    return ROUND_GAP if policy.priority is Priority.HIGH else CALM_GAP
