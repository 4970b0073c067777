"""Serials taken apart and compared: as numbers, by their letters, in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.serials import NoRange, open_range, serial_key, serial_parts, serial_range

LETTERS = st.text("ABCXYZ", max_size=4)
NUMBERS = st.integers(0, 10**12)


@given(LETTERS, NUMBERS, NUMBERS, NUMBERS, LETTERS, st.integers(0, 4))
def test_a_range_covers_a_number_that_lies_in_it_whatever_its_width(
    prefix: str, low: int, high: int, number: int, suffix: str, zeros: int
) -> None:
    low, high = sorted((low, high))
    one = serial_range(f"{prefix}{low}{suffix}", f"{prefix}{high:08d}{suffix}")
    assert one.covers(f"{prefix}{'0' * zeros}{number}{suffix}") is (low <= number <= high)


@given(LETTERS, NUMBERS, LETTERS, LETTERS)
def test_a_range_never_covers_another_suffix_or_prefix(prefix: str, number: int, suffix: str, other: str) -> None:
    one = serial_range(f"{prefix}0{suffix}", f"{prefix}{10**12}{suffix}")
    if other != suffix:
        assert not one.covers(f"{prefix}{number}{other}")
    if other != prefix:
        assert not one.covers(f"{other}{number}{suffix}")


def test_the_serial_that_a_published_range_does_not_name_is_not_covered() -> None:
    assert not serial_range("NGP000370R", "NGP002152R").covers("NGP001000H")
    assert serial_range("NGP000370R", "NGP002152R").covers("ngp-001000r")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("NGP1R", "NGP9H", "finish with different letters, 'R' and 'H'"),
        ("NGP1H", "NGQ9H", "begin with different letters, 'NGP' and 'NGQ'"),
        ("NGP9H", "NGP1H", "the first serial is higher than the last"),
    ],
)
def test_two_serials_that_are_no_range_are_refused_with_the_words_at_fault(first: str, last: str, words: str) -> None:
    with pytest.raises(NoRange, match=f"{first} to {last}") as refused:
        serial_range(first, last)
    assert words in str(refused.value)


def test_an_open_range_goes_on_for_ever_and_needs_a_number() -> None:
    assert open_range("NGP5H", "").covers("NGP999999999H")
    assert not open_range("NGP5H", "").covers("NGP4H")
    assert open_range("", "NGP5H").covers("NGP1H")
    with pytest.raises(NoRange):
        open_range("NGP", "")


def test_every_spelling_of_a_serial_has_one_key_and_a_serial_without_digits_is_all_prefix() -> None:
    assert serial_key(" Ngp-001H ") == serial_key("NGP-001h")
    assert serial_parts("pump").digits == ""
    assert serial_parts("pump").prefix == "PUMP"
