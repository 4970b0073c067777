"""What must hold whatever happens to an alarm, the people, the rotations and the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices.alarms import Priority
from tests.oncall.lived import Lived
from tracker.oncall.document import OncallFault, parse, to_document
from tracker.oncall.hours import in_night
from tracker.oncall.plan import LONGEST_HOLD, due
from tracker.oncall.policy import policy_for
from tracker.oncall.preview import gaps, preview
from tracker.oncall.recipients import recipients
from tracker.oncall.rotation import on_call, shifts
from tracker.oncall.values import Escalation, Oncall, Override, Person, Policy, Rota, Step

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
EMAILS = tuple(f"{name}@clinic.example" for name in ("ann", "bea", "cat", "dr", "ada", "bill"))
ROLES = ("nurse", "nurse", "nurse", "physician", "administrator", "biller")
ZONES = ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu")
WORDS = ("rota:first", "rota:first+1", "rota:second", "rota:second+1", "role:nurse", "role:physician", "everybody")
BEGINS = ("21:00", "00:00", "08:00")
TELL = st.lists(
    st.sampled_from([*WORDS, *(f"staff:{email}" for email in EMAILS)]), min_size=1, max_size=3, unique=True
).map(tuple)


# Around both changes of the clock in New York, London and on Lord Howe Island, and on ordinary days.
MOMENTS = st.one_of(
    st.sampled_from([datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)]),
    st.sampled_from([datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 4, 4, 14, tzinfo=UTC)]),
    st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)


@st.composite
def policies(draw: st.DrawFn, priority: Priority = Priority.HIGH) -> Policy:
    gaps_between = draw(st.lists(st.integers(1, 90), max_size=3))
    after = [sum(gaps_between[:number]) for number in range(len(gaps_between) + 1)]
    steps = tuple(Step(minutes, draw(TELL)) for minutes in after)
    return Policy(
        draw(st.sampled_from([None, "ward"])), priority, steps, draw(st.booleans()), draw(st.integers(1, 1440))
    )


@st.composite
def rotas(draw: st.DrawFn, name: str = "first") -> Rota:
    starts = draw(MOMENTS).replace(tzinfo=None, second=0, microsecond=0)
    overrides = [
        Override(begins, begins + timedelta(hours=draw(st.integers(1, 200))), draw(st.sampled_from(EMAILS)))
        for begins in draw(st.lists(MOMENTS, max_size=3))
    ]
    members = tuple(draw(st.lists(st.sampled_from(EMAILS), min_size=1, max_size=4)))
    every = draw(st.sampled_from([1, 2, 12, 24, 168, 8760]))
    return Rota(name, draw(st.sampled_from(ZONES)), starts, every, members, tuple(overrides))


@st.composite
def oncalls(draw: st.DrawFn) -> Oncall:
    chosen = draw(st.lists(policies(), max_size=2, unique_by=lambda policy: policy.unit))
    return Oncall(tuple(chosen), (draw(rotas("first")), draw(rotas("second"))), draw(st.sampled_from(ZONES)))


def person(number: int, *, reachable: bool = True, zone: str = "UTC", night: str = "21:00") -> Person:
    return Person(EMAILS[number], ROLES[number], None, True, reachable, zone, night, "07:30")


class AnAlarmOfHighPriority(RuleBasedStateMachine):
    """One alarm that stays active, and everything that may happen around it."""

    @initialize(oncall=oncalls(), at=MOMENTS, reachable=st.lists(st.booleans(), min_size=6, max_size=6))
    def opens(self, oncall: Oncall, at: datetime, reachable: list[bool]) -> None:
        people = [person(number, reachable=one) for number, one in enumerate(reachable)]
        self.lived = Lived(oncall, people, Priority.HIGH, at, "ward")

    @rule(minutes=st.integers(1, 3000))
    def time_passes(self, minutes: int) -> None:
        self.lived.run(self.lived.now + timedelta(minutes=minutes))

    @rule(minutes=st.integers(-5000, 5000))
    def the_clock_jumps(self, minutes: int) -> None:
        self.lived.now += timedelta(minutes=minutes)
        self.lived.look()

    @rule(at=MOMENTS)
    def the_clock_is_set(self, at: datetime) -> None:
        self.lived.now = at
        self.lived.look()

    @rule(email=st.sampled_from(EMAILS))
    def somebody_acknowledges(self, email: str) -> None:
        self.lived.acknowledge(email)

    @rule()
    def somebody_acts(self) -> None:
        self.lived.act()

    @rule()
    def it_is_released(self) -> None:
        self.lived.release()

    @rule(number=st.integers(0, 5), reachable=st.booleans(), active=st.booleans())
    def a_person_changes(self, number: int, *, reachable: bool, active: bool) -> None:
        email = EMAILS[number]
        self.lived.people[email] = replace(self.lived.people[email], reachable=reachable, active=active)

    @rule(oncall=oncalls())
    def policies_and_rotations_change(self, oncall: Oncall) -> None:
        self.lived.oncall = oncall

    @precondition(lambda self: not self.lived.escalation.held)
    @rule()
    def it_is_never_silent_for_longer_than_its_policy_says(self) -> None:
        lived = self.lived
        policy = policy_for(lived.oncall, "ward", Priority.HIGH)
        longest = policy.steps[-1].after + max(policy.steps[-1].after, timedelta(minutes=30)) + timedelta(minutes=1)
        before = len(lived.sent)
        lived.look()
        lived.run(lived.now + longest)
        if self._anybody():
            assert len(lived.sent) > before
        else:
            assert lived.last.nobody

    @invariant()
    def a_next_look_is_due(self) -> None:
        lived = self.lived
        assert timedelta(0) < lived.last.next_at - lived.looked_at <= LONGEST_HOLD + timedelta(minutes=2)

    @invariant()
    def only_those_are_told_who_can_be(self) -> None:
        assert {one.email for one in self.lived.sent} <= set(EMAILS)
        assert not any(one.email == "bill@clinic.example" and one.kind != "lapsed" for one in self.lived.sent)

    def _anybody(self) -> bool:
        people = tuple(self.lived.people.values())
        words = ("everybody", "role:administrator")
        return bool(recipients(words, self.lived.oncall, people, self.lived.now))


TestAnAlarmOfHighPriority = AnAlarmOfHighPriority.TestCase
TestAnAlarmOfHighPriority.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


@given(oncalls(), MOMENTS, st.sampled_from([Priority.HIGH, Priority.MEDIUM]))
@settings(max_examples=40, deadline=None)
def test_nobody_is_told_of_what_somebody_holds_until_it_lapses(
    oncall: Oncall, at: datetime, priority: Priority
) -> None:
    lived = Lived(oncall, [person(number) for number in range(6)], priority, at, "ward")
    lived.acknowledge(EMAILS[0])
    before = len(lived.sent)
    lapses = lived.escalation.lapses_at
    assert lapses is not None
    lived.run(lapses - timedelta(seconds=1))
    assert len(lived.sent) == before
    lived.run(lapses + timedelta(days=5))
    assert lived.sent[before].kind == "lapsed"


@given(
    policies(Priority.MEDIUM),
    MOMENTS,
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.sampled_from(["21:00", "00:00"]),
)
@settings(max_examples=40, deadline=None)
def test_nobody_is_told_of_medium_priority_in_their_own_night(
    policy: Policy, at: datetime, clinic: str, own: str, begins: str
) -> None:
    people = [person(number, zone=own, night=begins) for number in range(6)]
    lived = Lived(Oncall((policy,), (), clinic), people, Priority.MEDIUM, at, "ward")
    lived.run(at + timedelta(days=6))
    assert lived.sent
    assert not any(in_night(lived.people[one.email], one.at) for one in lived.sent)
    first = recipients(policy.steps[0].tell, lived.oncall, people, at)
    assert set(first) <= {one.email for one in lived.sent}


@given(rotas(), MOMENTS)
@settings(max_examples=60, deadline=None)
def test_whoever_is_on_call_has_been_told_of_what_nobody_has(rota: Rota, at: datetime) -> None:
    steps = (Step(0, ("rota:first",)), Step(1440, ("everybody",)))
    lived = Lived(
        Oncall((Policy(None, Priority.HIGH, steps),), (rota,)), [person(n) for n in range(6)], Priority.HIGH, at
    )
    for shift in shifts(rota, at, at + timedelta(hours=9)):
        lived.run(shift.start)
        if shift.member in EMAILS[:4]:  # the others are not told of alarms, or only where nobody clinical can be
            assert shift.member in {one.email for one in lived.sent}


@given(rotas(), MOMENTS, st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_shifts_and_the_person_on_call_agree_at_every_moment(rota: Rota, start: datetime, hours: int) -> None:
    end = start + timedelta(hours=hours)
    found = shifts(rota, start, end)
    assert all(one.start < one.end for one in found)
    assert all(earlier.end <= later.start for earlier, later in pairwise(found))
    for moment in (start + (end - start) * part / 17 for part in range(17)):
        member = next((one.member for one in found if one.start <= moment < one.end), None)
        assert member == on_call(rota, moment)


@given(oncalls(), MOMENTS)
@settings(max_examples=40, deadline=None)
def test_a_document_that_is_written_is_read_as_the_same(oncall: Oncall, at: datetime) -> None:
    people = [person(number) for number in range(6)]
    read = replace(parse(to_document(oncall), set(EMAILS)), time_zone=oncall.time_zone)
    assert read == oncall
    assert preview(read, people, "ward", Priority.HIGH, at) == preview(oncall, people, "ward", Priority.HIGH, at)
    assert all(
        at <= gap.start < gap.end <= at + timedelta(days=7) for gap in gaps(read, people, at, at + timedelta(days=7))
    )


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["policies", "rotas", "steps", "tell", "name", "x"]) | st.text(max_size=5), inner
        )
    ),
    max_leaves=12,
)


@given(JUNK)
@settings(max_examples=150, deadline=None)
def test_a_document_of_any_json_is_read_or_refused_with_a_path(document: object) -> None:
    try:
        answer: object = parse(document, set(EMAILS))
    except OncallFault as fault:
        answer = fault.message
    assert isinstance(answer, Oncall) or answer


@pytest.mark.parametrize("started", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("step", [0, 3, 4, 99])
def test_an_escalation_of_any_age_tells_somebody_now_or_soon(started: datetime, step: int) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    people = [person(number) for number in range(6)]
    plan = due(Escalation(Priority.HIGH, None, started, 7, step), Oncall(), people, now)
    assert plan.tell or now < plan.next_at <= now + timedelta(minutes=40)
