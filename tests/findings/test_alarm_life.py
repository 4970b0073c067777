"""The rules of an alarm's life, held against everything that reports, people and delays can do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tracker.findings.alarm_life import AlarmLife, Outcome, follow

START = datetime(2026, 1, 1, tzinfo=UTC)
LATCHED = frozenset({"motor_stall", "empty_reservoir"})
CODES = ("motor_stall", "low_reservoir", "memory_error")
active = st.sets(st.sampled_from(CODES)).map(lambda codes: tuple(sorted(codes)))


class AlarmsOfAPump(RuleBasedStateMachine):
    """Reports in order or late, people who acknowledge, and what must hold throughout."""

    def __init__(self) -> None:
        super().__init__()
        self.lives: list[AlarmLife] = []
        self.newest: datetime | None = None
        self.now_active: tuple[str, ...] = ()
        self.minute = 0
        self.carried = 0
        self.taken: set[datetime] = set()

    def tell(self, *reports: tuple[datetime, tuple[str, ...]]) -> Outcome:
        outcome = follow(self.lives, self.newest, reports, LATCHED)
        self.lives += [life for life in outcome.touched if not any(life is known for known in self.lives)]
        self.carried += sum(len(codes) for _, codes in reports)
        for measured_at, codes in sorted(reports):
            self.taken.add(measured_at)
            if self.newest is None or measured_at > self.newest:
                self.newest, self.now_active = measured_at, codes
        return outcome

    @rule(codes=active, later=active)
    def reports_in_order(self, codes: tuple[str, ...], later: tuple[str, ...]) -> None:
        self.minute += 10
        at = START + timedelta(minutes=self.minute)
        self.minute += 10
        self.tell((at + timedelta(minutes=10), later), (at, codes))

    @precondition(lambda self: self.newest is not None)
    @rule(codes=active, minutes=st.integers(min_value=1, max_value=400))
    def a_late_report(self, codes: tuple[str, ...], minutes: int) -> None:
        assert self.newest is not None
        at = self.newest - timedelta(minutes=minutes, seconds=7)
        if at in self.taken:
            return
        open_before = {(life.code, life.active) for life in self.lives if life.open}
        outcome = self.tell((at, codes))
        cleared = {step.life.code for step in outcome.steps if step.kind == "cleared"}
        raised = {step.life.code for step in outcome.steps if step.kind == "raised"}
        assert cleared <= raised, "a late report clears nothing but what it raised itself"
        assert not any(step.kind == "returned" for step in outcome.steps)
        assert open_before <= {(life.code, life.active) for life in self.lives if life.open}

    @rule(place=st.integers(min_value=0, max_value=5))
    def somebody_acknowledges(self, place: int) -> None:
        waiting = [life for life in self.lives if life.open and life.acknowledged_at is None]
        if place < len(waiting):
            life = waiting[place]
            life.acknowledged_at = START
            life.open = life.active

    @invariant()
    def one_open_alarm_per_code(self) -> None:
        open_ = [life.code for life in self.lives if life.open]
        assert len(open_) == len(set(open_))

    @invariant()
    def exactly_what_the_newest_report_carries_is_active(self) -> None:
        assert {life.code for life in self.lives if life.open and life.active} == set(self.now_active)

    @invariant()
    def a_latched_alarm_closes_only_once_somebody_has_looked(self) -> None:
        assert all(life.acknowledged_at is not None for life in self.lives if life.latched and not life.open)

    @invariant()
    def an_alarm_that_needs_no_look_does_not_outlive_its_cause(self) -> None:
        assert all(life.active for life in self.lives if life.open and not life.latched)

    @invariant()
    def times_stand_in_order_and_every_report_is_counted_once(self) -> None:
        for life in self.lives:
            assert life.first_seen_at <= life.last_seen_at
            assert life.cleared_at is None or life.cleared_at >= life.last_seen_at
        assert sum(life.count for life in self.lives) == self.carried


AlarmsOfAPump.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAlarmsOfAPump = AlarmsOfAPump.TestCase
