"""What is said of a pump at the top of its page, in lists and over the API: one answer from one function.

``well`` is the only word that reassures, so it needs everything: followed here, measured lately, heard of, delivering,
no alarm open, no task open, no stop that goes on. Whatever is not known is ``unknown``, and never ``well``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from devices.alarms import Priority
from devices.lifecycle import FOLLOWED, LifecycleState

FRESH_FOR: Final = 1.5
"""So many reporting intervals a measurement may be taken for the present. Assumed."""
DELIVERS: Final = frozenset({"simple_continuous", "flex", "bolus"})
TURNS: Final = frozenset({"running", "none"})
HEARD: Final = frozenset({"connected"})
UNMEASURED: Final = frozenset({"contact", "clock"})
"""Kinds of task that say: what the pump does now is not known."""


class Verdict(StrEnum):
    """What stands at the top of a pump's page."""

    WELL = "well"
    WATCH = "watch"
    ACT = "act"
    UNKNOWN = "unknown"
    NOT_FOLLOWED = "not_followed"


@dataclass(frozen=True, slots=True)
class Cause:
    """A task or an alarm that stands open: how urgent, of which kind, and its words."""

    priority: int
    kind: str
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the verdict is made from.

    ``causes``: every open task, snoozed ones too, and every open alarm. ``tasks``: how many of them are tasks.
    ``doubted``: what came last could not be read, was measured long ago, or a clock is wrong.
    ``interrupted``: why the pump is known not to deliver, where no confirmed visit ordered it; ``ordered``: that a
    stop or minimum rate goes on as ordered.
    """

    lifecycle: str
    link: str
    report_interval: timedelta
    measured_at: datetime | None
    infusion: str | None
    motor: str | None
    flow_ml_per_day: float | None
    causes: Sequence[Cause] = field(default=())
    tasks: int = 0
    interrupted: Cause | None = None
    ordered: Cause | None = None
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict with its reason: which cause decides it, None where no one does."""

    verdict: Verdict
    cause: Cause | None = None


def verdict(seen: Situation, now: datetime) -> Judged:
    """Return what is to be said of the pump: what is urgent first, then whether anything is known, then the rest."""
    if LifecycleState(seen.lifecycle) not in FOLLOWED:
        return Judged(Verdict.NOT_FOLLOWED)
    worst = max(seen.causes, key=lambda one: one.priority, default=None)
    if worst is not None and worst.priority >= Priority.HIGH:
        return Judged(Verdict.ACT, worst)
    if seen.interrupted is not None:
        return Judged(Verdict.ACT, seen.interrupted)
    if not known(seen, now):
        return Judged(Verdict.UNKNOWN, next((one for one in seen.causes if one.kind in UNMEASURED), None))
    if worst is not None or seen.ordered is not None:
        return Judged(Verdict.WATCH, worst or seen.ordered)
    return Judged(Verdict.WELL if delivers(seen) else Verdict.WATCH)


def known(seen: Situation, now: datetime) -> bool:
    """Whether the newest measurement may be taken for the present: young enough, heard of, its clock not in doubt."""
    until = fresh_until(seen.measured_at, seen.report_interval)
    doubted = seen.doubted or any(one.kind in UNMEASURED for one in seen.causes)
    said = seen.infusion is not None and seen.motor is not None
    return until is not None and now <= until and seen.link in HEARD and said and not doubted


def fresh_until(measured_at: datetime | None, report_interval: timedelta) -> datetime | None:
    """Until when the newest measurement may be taken for the present; None where nothing was measured."""
    return None if measured_at is None else measured_at + FRESH_FOR * report_interval


def delivers(seen: Situation) -> bool:
    """Whether the newest report says that the pump runs; a flow that it does not tell is no objection."""
    flows = seen.flow_ml_per_day is None or seen.flow_ml_per_day > 0 or seen.infusion != "simple_continuous"
    return seen.infusion in DELIVERS and seen.motor in TURNS and flows
