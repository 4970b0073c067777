"""Taking a shift and swapping two: who is on call then, and what is no shift and no swap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracker.oncall.rotation import on_call
from tracker.oncall.stand_in import NoStandIn, Span, day_of, swap, take
from tracker.oncall.values import Override, Rota

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
ROTA = Rota("nurses", "America/New_York", datetime(2026, 3, 2, 8), 24, ("ann@x", "bea@x"))  # noqa: DTZ001 - wall clock


def at(day: int, hour: int) -> datetime:
    """That hour of March on New York's clock before it goes forward, which is 5 hours behind."""
    return datetime(2026, 3, day, hour, tzinfo=UTC) + timedelta(hours=5)


def test_who_takes_a_shift_has_it_and_the_order_stays() -> None:
    taken = take(ROTA, Span(at(3, 10), at(4, 8)), "ann@x", NOW)
    assert [on_call(taken, moment) for moment in (at(3, 9), at(3, 10), at(4, 7), at(4, 8))] == [
        "bea@x",
        "ann@x",
        "ann@x",
        "ann@x",
    ]
    assert on_call(taken, at(5, 8)) == "bea@x"


def test_of_two_who_take_one_shift_the_later_one_has_it() -> None:
    span = Span(at(3, 10), at(4, 8))
    assert on_call(take(take(ROTA, span, "cat@x", NOW), span, "dan@x", NOW), at(3, 12)) == "dan@x"


def test_a_swap_gives_each_the_others_shift() -> None:
    swapped = swap(ROTA, Span(at(4, 8), at(5, 8)), Span(at(5, 8), at(6, 8)), NOW)
    assert [on_call(swapped, at(day, 12)) for day in (4, 5, 6)] == ["bea@x", "ann@x", "ann@x"]


def test_a_day_goes_from_hand_over_to_hand_over_also_when_the_clocks_change() -> None:
    span = day_of(ROTA, 2026, 3, 7)
    assert span == Span(at(7, 8), at(8, 7))  # the clocks go forward on the 8th


@pytest.mark.parametrize(
    "span",
    [
        Span(at(4, 8), at(4, 8)),
        Span(at(5, 8), at(4, 8)),
        Span(at(2, 8), at(3, 8)),
        Span(at(4, 8), at(4, 8) + timedelta(days=32)),
        Span(at(4, 8) + timedelta(days=400), at(5, 8) + timedelta(days=400)),
    ],
)
def test_what_is_over_or_runs_backwards_or_lasts_for_months_is_no_shift(span: Span) -> None:
    with pytest.raises(NoStandIn):
        take(ROTA, span, "ann@x", NOW)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Span(at(4, 8), at(5, 8)), Span(at(6, 8), at(7, 8))),  # both are of one person
        (Span(at(4, 8), at(6, 8)), Span(at(7, 8), at(8, 7))),  # two people share the first
        (Span(at(4, 8), at(5, 8)), Span(at(4, 9), at(4, 10))),
        (Span(at(1, 8), at(1, 9)), Span(at(4, 8), at(5, 8))),  # before the rotation begins
    ],
)
def test_what_can_not_be_swapped_changes_nothing(first: Span, second: Span) -> None:
    with pytest.raises(NoStandIn):
        swap(ROTA, first, second, NOW)


def test_what_was_long_ago_leaves_the_document() -> None:
    old = Override(NOW - timedelta(days=100), NOW - timedelta(days=99), "ann@x")
    recent = Override(NOW - timedelta(days=10), NOW - timedelta(days=9), "ann@x")
    rota = Rota(ROTA.name, ROTA.time_zone, ROTA.starts, 24, ROTA.members, (old, recent))
    assert take(rota, Span(at(4, 8), at(5, 8)), "ann@x", NOW).overrides[:-1] == (recent,)
