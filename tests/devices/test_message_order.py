"""Whatever order messages come in, and in whatever batches, the newest is the same and the same clocks are wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.message_order import TOLERANCE, Neighbours, Standing, date_messages, earliest, to_look_up
from devices.report import Infusion, Motor, StatusReport

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FLOOR = earliest(date(2022, 1, 1), NOW)
LOST = (datetime(1970, 1, 1, 0, 2, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), NOW - 366 * DAY, NOW - 60 * DAY)


def a_report(epoch: int, seq: int, at: datetime) -> StatusReport:
    return StatusReport(
        model="synchromed-ii-20",
        epoch=epoch,
        seq=seq,
        measured_at=at,
        battery=None,
        reservoir_ml=10.0,
        flow_ml_per_day=0.3,
        infusion=Infusion.SIMPLE_CONTINUOUS,
        motor=Motor.RUNNING,
        alarms=(),
        firmware=None,
    )


class Desk:
    """What ingest does with the rules: batches in turn, what is stored beside them."""

    def __init__(self, floor: datetime = FLOOR) -> None:
        self.floor = floor
        self.standing = Standing()
        self.stored: dict[tuple[int, int], tuple[datetime, datetime]] = {}
        self.wrong: set[tuple[int, int]] = set()

    def take(self, *reports: StatusReport, now: datetime = NOW) -> Standing:
        asked = to_look_up(self.standing, reports)
        self.standing, dated = date_messages(
            self.standing, reports, now, self.floor, {number: self._around(number) for number in asked}
        )
        for one in dated:
            number = one.message.epoch, one.message.seq
            self.stored[number] = (one.message.measured_at, now)
            if one.clock_wrong:
                self.wrong.add(number)
            if one.contradicts:
                self.wrong |= {
                    above
                    for above, (at, came) in self.stored.items()
                    if above > number and at < one.message.measured_at - TOLERANCE and came - at > TOLERANCE
                }
        return self.standing

    def _around(self, number: tuple[int, int]) -> Neighbours:
        right = {one: told for one, told in self.stored.items() if one not in self.wrong}
        late = {one: told for one, told in right.items() if told[1] - told[0] > TOLERANCE}
        epoch = number[0]

        def first(some: list[tuple[int, int]]) -> datetime | None:
            return right[some[0]][0] if some else None

        return Neighbours(
            first(sorted((one for one in right if one[0] == epoch and one < number), reverse=True)),
            first(sorted((one for one in right if one[0] < epoch), reverse=True)),
            first(sorted(one for one in late if one[0] == epoch and one > number)),
            first(sorted(one for one in late if one[0] > epoch)),
        )


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[StatusReport], set[tuple[int, int]]]:
    """Reports a day apart in rising epochs; some after the first ones carry a clock that was lost for a while."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    numbers = [(epoch, seq) for epoch, length in enumerate(lengths, 1) for seq in range(1, length + 1)]
    first, count = draw(st.integers(1, 20)), draw(st.integers(0, 4))
    lost = draw(st.sampled_from(LOST))
    begins = NOW - len(numbers) * DAY - HOUR * 4
    reports, wrong = [], set()
    for at, number in enumerate(numbers):
        faulty = first <= at < first + count
        time = lost + at * DAY if faulty else begins + at * DAY
        reports.append(a_report(*number, time))
        if faulty:
            wrong.add(number)
    return reports, wrong


@settings(max_examples=300, deadline=None)
@given(told=histories(), data=st.data())
def test_whatever_the_order_and_the_batches_the_newest_report_and_the_wrong_clocks_are_the_same(
    told: tuple[list[StatusReport], set[tuple[int, int]]], data: st.DataObject
) -> None:
    reports, wrong = told
    desk = Desk()
    left = data.draw(st.permutations(reports))
    while left:
        size = data.draw(st.integers(1, len(left)))
        some, left = left[:size], left[size:]
        desk.take(*some)
    last = reports[-1]
    assert (desk.standing.epoch, desk.standing.seq) == (last.epoch, last.seq)
    assert desk.wrong == wrong
    clock_is_wrong = (last.epoch, last.seq) in wrong
    assert (desk.standing.behind is not None) == clock_is_wrong
    assert desk.standing.at == (NOW if clock_is_wrong else last.measured_at)


@pytest.mark.parametrize("lost", LOST)
def test_a_rising_number_with_a_lost_clock_is_the_newest_and_counts_from_its_arrival(lost: datetime) -> None:
    desk = Desk()
    desk.take(a_report(1, 1, NOW - 4 * HOUR), a_report(1, 2, NOW - 2 * HOUR), now=NOW - 2 * HOUR)
    standing = desk.take(a_report(1, 3, lost))
    assert (standing.seq, standing.at, standing.clock_at, standing.wrong_since) == (3, NOW, lost, NOW)
    assert standing.trusted_at == NOW - 2 * HOUR
    again = desk.take(a_report(1, 4, lost), now=NOW + HOUR)
    assert (again.seq, again.at) == (4, NOW), "the same time again is no new measurement"
    set_right = desk.take(a_report(1, 5, NOW + 2 * HOUR), now=NOW + 2 * HOUR)
    assert (set_right.at, set_right.behind, set_right.wrong_since) == (NOW + 2 * HOUR, None, None)
    assert desk.wrong == {(1, 3), (1, 4)}


def test_a_new_epoch_with_a_lost_clock_is_a_wrong_clock_and_an_old_epochs_late_messages_are_none() -> None:
    desk = Desk()
    desk.take(a_report(1, 9, NOW - 2 * DAY), now=NOW - 2 * DAY)
    desk.take(a_report(2, 1, NOW - DAY), now=NOW - DAY)
    assert desk.take(a_report(1, 8, NOW - 3 * DAY)).epoch == 2
    assert desk.wrong == set()
    desk.take(a_report(3, 1, datetime(2000, 1, 1, tzinfo=UTC)))
    assert desk.wrong == {(3, 1)}


def test_a_backlog_of_weeks_is_no_fault() -> None:
    desk = Desk()
    desk.take(a_report(1, 1, NOW - 60 * DAY), now=NOW - 60 * DAY)
    standing = desk.take(*(a_report(1, 61 - day, NOW - day * DAY) for day in range(59, -1, -1)))
    assert (standing.seq, standing.at, desk.wrong) == (61, NOW, set())


def test_a_backlog_that_comes_after_the_newest_is_no_fault_and_does_not_become_the_newest() -> None:
    desk = Desk()
    desk.take(a_report(1, 1, NOW - 60 * DAY), now=NOW - 60 * DAY)
    desk.take(a_report(1, 61, NOW))
    for day in range(1, 60):
        assert desk.take(a_report(1, 61 - day, NOW - day * DAY)).seq == 61
    assert desk.wrong == set()


def test_numbers_that_begin_again_below_are_the_newest_where_they_are_later() -> None:
    desk = Desk()
    desk.take(a_report(5, 100, NOW - DAY), now=NOW - DAY)
    standing = desk.take(a_report(1, 1, NOW))
    assert (standing.epoch, standing.seq, standing.at, desk.wrong) == (1, 1, NOW, set())


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(minutes=9), HOUR, 2 * HOUR])
def test_a_clock_set_back_by_less_than_the_tolerance_is_no_fault_and_the_number_says_what_is_newest(
    back: timedelta,
) -> None:
    desk = Desk()
    desk.take(a_report(1, 1, NOW), now=NOW)
    now = NOW + timedelta(minutes=15)
    standing = desk.take(a_report(1, 2, now - back), now=now)
    assert (standing.seq, desk.wrong) == (2, set())
    assert standing.at == max(NOW, now - back)


def test_a_clock_a_day_behind_stays_wrong_until_it_is_set_right() -> None:
    desk = Desk()
    desk.take(a_report(1, 1, NOW), now=NOW)
    for hour in range(1, 40):
        now = NOW + hour * HOUR
        assert desk.take(a_report(1, 1 + hour, now - DAY), now=now).wrong_since == NOW + HOUR
    now = NOW + 40 * HOUR
    assert desk.take(a_report(1, 41, now), now=now).wrong_since is None
    assert len(desk.wrong) == 39


@pytest.mark.parametrize(
    ("implanted_on", "at", "wrong"),
    [
        (date(2026, 11, 21), datetime(1970, 1, 1, tzinfo=UTC), True),
        (date(2026, 11, 21), NOW - 366 * DAY, True),
        (date(2026, 11, 21), NOW - 20 * DAY, False),
        (None, datetime(2000, 1, 1, tzinfo=UTC), True),
        (None, NOW - 366 * DAY, False),
        (date(2022, 1, 1), NOW - 366 * DAY, False),
    ],
)
def test_a_first_report_of_before_the_pump_was_in_the_patient_has_a_wrong_clock(
    implanted_on: date | None, at: datetime, wrong: bool
) -> None:
    desk = Desk(earliest(implanted_on, NOW - DAY))
    desk.take(a_report(1, 1, at))
    assert (desk.standing.wrong_since is not None, bool(desk.wrong)) == (wrong, wrong)
