"""What status reports do to a pump's alarms: raise, see again, clear, return, close. The rules alone, over values.

*Active* (not cleared) and *acknowledged* are independent of each other. An alarm is open until it is cleared and, where
it is latched, acknowledged too. A pump has one open alarm per code at the most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Report = tuple[datetime, tuple[str, ...]]


@dataclass(slots=True)
class AlarmLife:
    """One alarm's life so far. ``id`` is None until it is stored; times are measured times, but for acknowledgment."""

    code: str
    latched: bool
    first_seen_at: datetime
    last_seen_at: datetime
    count: int = 0
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    open: bool = True
    id: int | None = None

    @property
    def active(self) -> bool:
        """Whether the newest report still carries it."""
        return self.cleared_at is None


@dataclass(frozen=True, slots=True)
class Step:
    """One transition: of which alarm, which kind (raised, cleared, returned, closed), and why."""

    life: AlarmLife
    kind: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What a batch of reports did: every alarm that it touched, once, and the transitions in order."""

    touched: list[AlarmLife] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def note(self, life: AlarmLife) -> None:
        """Remember that the alarm was touched."""
        if not any(life is known for known in self.touched):
            self.touched.append(life)

    def step(self, life: AlarmLife, kind: str, reason: str) -> None:
        """Remember a transition."""
        self.note(life)
        self.steps.append(Step(life, kind, reason))


def needs_a_look(code: str, latched: frozenset[str]) -> bool:
    """Whether an alarm of that code stays open until a person has acknowledged it."""
    return code in latched


def follow(
    lives: Iterable[AlarmLife], newest_before: datetime | None, reports: Sequence[Report], latched: frozenset[str]
) -> Outcome:
    """Carry a pump's alarms through a batch of reports.

    ``lives`` are its open alarms and those recently closed; ``newest_before`` is when the newest report known so far
    was measured. Reports may come in any order. One older than the newest known never clears or returns anything: what
    it carries is recorded as having been active then, and is over by now unless it is still open.
    """
    known = list(lives)
    outcome = Outcome()
    newest = newest_before
    for measured_at, codes in sorted(reports):
        if newest is not None and measured_at <= newest:
            for code in codes:
                _was_active(known, outcome, code, measured_at, newest, latched)
        else:
            for code in codes:
                _is_active(known, outcome, code, measured_at, latched)
            for life in known:
                if life.open and life.active and life.code not in codes:
                    _clear(outcome, life, measured_at)
            newest = measured_at
    return outcome


def _open(known: list[AlarmLife], code: str) -> AlarmLife | None:
    return next((life for life in known if life.open and life.code == code), None)


def _seen(life: AlarmLife, measured_at: datetime) -> None:
    life.count += 1
    life.first_seen_at = min(life.first_seen_at, measured_at)
    life.last_seen_at = max(life.last_seen_at, measured_at)


def _new(known: list[AlarmLife], code: str, measured_at: datetime, latched: frozenset[str]) -> AlarmLife:
    life = AlarmLife(code, needs_a_look(code, latched), measured_at, measured_at)
    known.append(life)
    return life


def _is_active(
    known: list[AlarmLife], outcome: Outcome, code: str, measured_at: datetime, latched: frozenset[str]
) -> None:
    life = _open(known, code)
    if life is None:
        life = _new(known, code, measured_at, latched)
        outcome.step(life, "raised", "the pump reports it")
    elif not life.active:
        life.cleared_at = None
        life.acknowledged_at = None  # it was acknowledged as it stood before, not as it came back
        outcome.step(life, "returned", "the pump reports it again")
    _seen(life, measured_at)
    outcome.note(life)


def _was_active(
    known: list[AlarmLife],
    outcome: Outcome,
    code: str,
    measured_at: datetime,
    newest: datetime,
    latched: frozenset[str],
) -> None:
    life = _open(known, code) or _over_then(known, code, measured_at)
    if life is None:
        life = _new(known, code, measured_at, latched)
        outcome.step(life, "raised", "a report that came late carries it")
        _seen(life, measured_at)
        _clear(outcome, life, newest)
        return
    _seen(life, measured_at)
    if life.cleared_at is not None:
        life.cleared_at = max(life.cleared_at, measured_at)  # it was over later than was known
    outcome.note(life)


def _over_then(known: list[AlarmLife], code: str, measured_at: datetime) -> AlarmLife | None:
    """The closed alarm of that code that was not over yet when the late report was measured."""
    return next(
        (
            life
            for life in known
            if not life.open and life.code == code and life.cleared_at is not None and measured_at <= life.cleared_at
        ),
        None,
    )


def _clear(outcome: Outcome, life: AlarmLife, measured_at: datetime) -> None:
    life.cleared_at = max(measured_at, life.last_seen_at)
    outcome.step(life, "cleared", "the pump no longer reports it")
    if not life.latched or life.acknowledged_at is not None:
        life.open = False
        outcome.step(life, "closed", "it is over" if not life.latched else "it is over and somebody has looked")
