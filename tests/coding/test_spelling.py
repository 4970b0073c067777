"""Codes of the day in every spelling that billing systems use: each is the code that it names."""

from __future__ import annotations

import pytest

from tracker.coding import code_line
from tracker.coding.codes import ONE_A_DAY

SPELLINGS = (
    "{0}",
    " {0} ",
    "{0}-59",
    "{0} -59",
    "{0} 59",
    "{0},59",
    "{0}, 59",
    "{0}:59",
    "{0}|59",
    "{0}/59",
    "{0}_59",
    "{0};59",
    "HC:{0}:59",
    "HC:{0}",
    "HC|{0}",
    "HC^{0}^59",
    "CPT {0}",
    "CPT: {0}",
    "CPT\u00ae {0}",
    "({0})",
    "#{0}",
    "{0}.59",
    "{0}.0",
    "{0}XU",
    "{0}XU59",
    "{0} x1",
    "{0}x2",
    "{0} \u00d7 1",
    "{0}\u201359",
    "{0}\u201459",
    "{0}\u00a059",
    "{0}-59-25",
    "{0}-XU, KX",
    "99213, {0}-25",
)


def conflicts(act: dict[str, object], *coded: str) -> list[str]:
    line = code_line(
        {"id": 1, "act": {"kind": "visit", "device": "programmable_pump", **act}, "already_coded_today": [*coded]}
    )
    assert "error" not in line, line
    return list(line["conflicts"])


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("number", sorted(ONE_A_DAY))
def test_a_code_of_the_day_conflicts_however_it_is_written(number: str, spelling: str) -> None:
    (told,) = conflicts({"reprogrammed": True}, spelling.format(number))
    assert f"beside {number}," in told


@pytest.mark.parametrize("number", sorted(ONE_A_DAY))
def test_digits_of_another_width_and_a_spreadsheets_thousands_are_the_same_code(number: str) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    for written in (wide, f"{number[:2]},{number[2:]}", f"{number[:2]}.{number[2:]}"):
        assert len(conflicts({"refilled": True}, written)) == 1, written


def test_two_codes_in_one_text_conflict_each_and_the_same_one_twice_once() -> None:
    assert len(conflicts({"refilled": True}, "62367-59; 62368")) == 2
    assert len(conflicts({"refilled": True}, "95990", "95990-59", "HC:95990")) == 1


@pytest.mark.parametrize(
    "other", ["99213", "99213-25", "J2278", "J7799KD", "1959901", "0295990", "", "none", "62370123"]
)
def test_other_codes_are_taken_and_conflict_with_nothing(other: str) -> None:
    assert conflicts({"reprogrammed": True}, other) == []
