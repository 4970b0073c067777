"""Who is due to be told now, and when to look again. The jobs, the preview and the ladder all ask here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.oncall.hours import opening
from tracker.oncall.policy import policy_for
from tracker.oncall.recipients import recipients
from tracker.oncall.values import Escalation, Oncall, Person, Plan, Policy, Tell

ROUND_GAP: Final = timedelta(minutes=10)
"""The least time between the last step and the first of the next turn. Assumed."""
NOBODY_AGAIN: Final = timedelta(minutes=1)
REST: Final = timedelta(hours=24)


def due(escalation: Escalation, oncall: Oncall, people: Sequence[Person], now: datetime) -> Plan:
    """What is due. An active alarm of high priority that nobody holds always has a next time to be told.

    A step that reaches nobody is passed over at once. What lay in the future of a clock that was set back begins now.
    """
    started = min(escalation.started_at, now)
    turn, step = escalation.turn, escalation.next_step
    if escalation.held:
        lapses = escalation.lapses_at
        if lapses is not None and lapses <= now:
            return Plan((), True, now, turn + 1, 0, now)
        return Plan((), False, started, turn, step, lapses or now + REST)
    policy = policy_for(oncall, escalation.unit, escalation.priority)
    told: dict[str, Tell] = {}
    passed = 0  # steps in a row that reached nobody
    while passed <= len(policy.steps):
        if step >= len(policy.steps):
            if not (policy.repeat or policy.priority is Priority.HIGH):
                return Plan(
                    tuple(told.values()), False, started, turn, step, now + REST, nobody=not told and passed > 0
                )
            started, turn, step = _next_turn(policy, started, now), turn + 1, 0
        at = started + policy.steps[step].after
        if at > now:
            return Plan(tuple(told.values()), False, started, turn, step, at)
        reached, opens = _reached(policy, step, oncall, people, now)
        if reached and opens > now:
            return Plan(tuple(told.values()), False, started, turn, step, opens)
        for email in reached:
            told.setdefault(email, Tell(email, turn, step))
        step += 1
        passed = 0 if reached else passed + 1
        if not reached:
            started = now - (policy.steps[step].after if step < len(policy.steps) else _round(policy))
    return Plan((), False, started, turn, step, now + NOBODY_AGAIN, nobody=True)


def _reached(
    policy: Policy, step: int, oncall: Oncall, people: Sequence[Person], now: datetime
) -> tuple[tuple[str, ...], datetime]:
    """Whom the step reaches now; where the hours of all of them are over, whom it reaches next, and when."""
    reached = recipients(policy.steps[step].tell, oncall, people, now)
    if policy.priority is Priority.HIGH or not reached:
        return reached, now
    by_email = {person.email: person for person in people}
    opens = {email: opening(by_email[email], now) for email in reached}
    here = tuple(email for email in reached if opens[email] <= now)
    return (here, now) if here else (reached, min(opens.values()))


def _next_turn(policy: Policy, started: datetime, now: datetime) -> datetime:
    """When the next turn begins; after a long stop of the program one turn is made up for, not every one."""
    begins = started + _round(policy)
    return now if begins + _round(policy) <= now else begins


def _round(policy: Policy) -> timedelta:
    """From the beginning of one turn to the beginning of the next: the last gap between steps once more."""
    last = policy.steps[-1].after
    before = policy.steps[-2].after if len(policy.steps) > 1 else timedelta(0)
    return last + max(last - before, ROUND_GAP)
