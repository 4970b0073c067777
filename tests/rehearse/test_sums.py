"""Sums: what is calculated and what is refused."""

from __future__ import annotations

import pytest

from tracker.rehearse.sums import SumFault, calculate, check_sum, is_sum


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18 - 0.15 * {day}", 17.7),
        ("{n}", 3),
        ("{n} + 0.5", 3.5),
        ("-{day} / 3", -0.6667),
        ("max(0, 1 - {day}) + min({n}, 2, 7)", 2),
        ("round({day} / 3, 2)", 0.67),
        ("abs(sin({day} - 2)) * 4", 0),
        ("10 - 0.3 * ({day} - 50.3)", 24.49),
    ],
)
def test_a_sum_comes_out_to_four_places_and_whole_where_it_is_whole(text: str, value: float) -> None:
    result = calculate(text, 2.0, 3)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize("text", ["16", "18 - 0.15 * day", "about {days}", ""])
def test_a_text_without_day_or_n_is_no_sum(text: str) -> None:
    assert not is_sum(text)


@pytest.mark.parametrize(
    "text",
    [
        "{day} ** 2",
        "open({n})",
        "{day}.real",
        "day + {n}",
        "{n} if {day} else 1",
        "[{n}]",
        "'a' * {n}",
        "at day {day}",
        "round()+{n}",
        "{n}" + " + 1" * 400,
        "True + {n}",
    ],
)
def test_whatever_else_a_sum_says_is_refused(text: str) -> None:
    with pytest.raises(SumFault):
        check_sum(text)


@pytest.mark.parametrize("text", ["1 / {n}", "sin(1e999) * {n}"])
def test_a_sum_that_comes_out_as_no_number_is_refused_when_it_does(text: str) -> None:
    with pytest.raises(SumFault):
        calculate(text, 0, 0)
