"""Delivery marks are exact, whatever the order, and a receipt never claims more than is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.records.delivery_ranges import MAX_MISSING, MAX_RANGES, Marks, TooManyGaps

NUMBERS = st.lists(st.integers(1, 400), max_size=300)


@given(NUMBERS)
def test_marks_hold_exactly_what_was_added(numbers: list[int]) -> None:
    marks, seen = Marks(), set[int]()
    for seq in numbers:
        assert marks.add(seq) is (seq not in seen)
        seen.add(seq)
    assert {seq for seq in range(402) if seq in marks} == seen


@given(NUMBERS)
def test_the_order_of_arrival_leaves_no_trace(numbers: list[int]) -> None:
    one, other = Marks(), Marks()
    for seq in numbers:
        one.add(seq)
    for seq in sorted(numbers, reverse=True):
        other.add(seq)
    assert (one.contiguous, one.beyond) == (other.contiguous, other.beyond)


@given(NUMBERS)
def test_stored_and_read_again_they_are_the_same(numbers: list[int]) -> None:
    marks = Marks()
    for seq in numbers:
        marks.add(seq)
    again = Marks(marks.contiguous, marks.beyond)
    assert [seq for seq in range(402) if seq in again] == [seq for seq in range(402) if seq in marks]


@given(NUMBERS)
def test_a_receipt_covers_only_what_is_in(numbers: list[int]) -> None:
    marks = Marks()
    for seq in numbers:
        marks.add(seq)
    contiguous, missing = marks.receipt()
    gaps = {seq for first, last in missing for seq in range(first, last + 1)}
    covered = set(range(1, contiguous + 1)) - gaps
    assert covered <= set(numbers)
    assert len(missing) <= MAX_MISSING
    if marks.gaps <= MAX_MISSING:
        assert covered == set(numbers)


def test_past_the_64th_gap_a_receipt_says_nothing() -> None:
    marks = Marks()
    for seq in range(2, 2 * 70 + 1, 2):
        marks.add(seq)
    contiguous, missing = marks.receipt()
    assert (contiguous, len(missing)) == (128, 64)
    assert missing[0] == (1, 1)


def test_the_largest_number_is_kept_like_any_other() -> None:
    marks = Marks()
    marks.add(2**63 - 1)
    assert marks.receipt() == (2**63 - 1, ((1, 2**63 - 2),))


def test_hostile_gaps_are_bounded_and_nothing_else_is_refused() -> None:
    marks = Marks()
    for seq in range(2, 2 * MAX_RANGES + 1, 2):
        marks.add(seq)
    with pytest.raises(TooManyGaps):
        marks.add(2 * MAX_RANGES + 2)
    assert 2 * MAX_RANGES + 2 not in marks
    assert marks.add(3)
    assert marks.add(2 * MAX_RANGES + 2)
