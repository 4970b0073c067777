"""Visits coded: every combination of what was done, to each kind of device."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tracker.coding import ONE_A_DAY, CodingError, Device, code_line, code_visit

ANSWERS = ("analysed", "reprogrammed", "refilled", "professional_skill")


def coded(act: dict[str, Any], *already: str) -> dict[str, Any]:
    answer = code_line({"id": 1, "act": {"kind": "visit", **act}, "already_coded_today": list(already)})
    assert "error" not in answer, answer
    assert answer["id"] == 1
    return answer


@pytest.mark.parametrize("analysed", [True, False])
@pytest.mark.parametrize(
    ("reprogrammed", "refilled", "skill", "code", "listed"),
    [
        (False, True, False, "95990", True),
        (False, True, True, "95991", True),
        (True, True, False, "62369", False),
        (True, True, True, "62370", False),
        (True, False, False, "62368", True),
        (True, False, True, "62368", True),
    ],
)
def test_a_visit_to_a_programmable_pump(
    *, analysed: bool, reprogrammed: bool, refilled: bool, skill: bool, code: str, listed: bool
) -> None:
    act = dict(zip(ANSWERS, (analysed, reprogrammed, refilled, skill), strict=True))
    answer = coded({"device": "programmable_pump", **act})
    assert answer["codes"] == [code]
    assert answer["listed_in_guideline"] is listed
    assert answer["conflicts"] == []
    assert code in answer["because"]


@pytest.mark.parametrize("skill", [True, False])
def test_analysis_alone_is_62367(*, skill: bool) -> None:
    answer = coded({"device": "programmable_pump", "analysed": True, "professional_skill": skill})
    assert answer["codes"] == ["62367"]


@pytest.mark.parametrize("device", ["nonprogrammable_pump", "reservoir"])
@pytest.mark.parametrize(("skill", "code"), [(False, "95990"), (True, "95991")])
def test_other_devices_are_refilled_alike(device: str, *, skill: bool, code: str) -> None:
    act = {"device": device, "refilled": True, "professional_skill": skill, "analysed": False, "reprogrammed": False}
    assert coded(act)["codes"] == [code]


@pytest.mark.parametrize("device", ["nonprogrammable_pump", "reservoir"])
@pytest.mark.parametrize("name", ["analysed", "reprogrammed"])
@pytest.mark.parametrize("refilled", [True, False])
def test_only_a_programmable_pump_is_analysed_or_reprogrammed(device: str, name: str, *, refilled: bool) -> None:
    line = {"id": 7, "act": {"kind": "visit", "device": device, name: True, "refilled": refilled}}
    answer = code_line(line)
    assert set(answer) == {"id", "error"}
    assert name in answer["error"]


@pytest.mark.parametrize("device", list(Device))
@pytest.mark.parametrize("skill", [True, False])
def test_nothing_done_has_no_code_no_conflict_and_a_reason(device: str, *, skill: bool) -> None:
    answer = coded({"device": device, "professional_skill": skill}, "62367", "95990")
    assert answer["codes"] == []
    assert answer["conflicts"] == []
    assert answer["listed_in_guideline"] is True
    assert answer["because"]


@pytest.mark.parametrize("earlier", sorted(ONE_A_DAY))
@pytest.mark.parametrize(
    ("act", "code"),
    [
        ({"analysed": True}, "62367"),
        ({"reprogrammed": True}, "62368"),
        ({"refilled": True, "reprogrammed": True}, "62369"),
        ({"refilled": True, "reprogrammed": True, "professional_skill": True}, "62370"),
        ({"refilled": True}, "95990"),
        ({"refilled": True, "professional_skill": True}, "95991"),
    ],
)
def test_a_second_code_of_the_day_is_a_conflict_and_stays(act: dict[str, bool], code: str, earlier: str) -> None:
    answer = coded({"device": "programmable_pump", **act}, "99213", earlier)
    assert answer["codes"] == [code]
    (conflict,) = answer["conflicts"]
    assert code in conflict
    assert earlier in conflict
    assert "one" in conflict


@pytest.mark.parametrize("others", [[], ["99213"], ["62362", "62350"], ["J0475"], ["62327", "62320"], [""], ["?"]])
def test_other_codes_of_the_day_are_no_conflict(others: list[str]) -> None:
    assert coded({"device": "programmable_pump", "refilled": True}, *others)["conflicts"] == []


@pytest.mark.parametrize("written", ["62368-59", " 62368", "62368 ", "62368-59-LT"])
def test_a_modifier_or_a_space_hides_no_conflict(written: str) -> None:
    assert len(coded({"device": "programmable_pump", "analysed": True}, written)["conflicts"]) == 1


def test_each_earlier_code_is_told_once() -> None:
    answer = coded({"device": "programmable_pump", "analysed": True}, "62368", "95990", "62368")
    assert len(answer["conflicts"]) == 2


def test_a_day_without_earlier_codes_may_be_left_out() -> None:
    act = {"kind": "visit", "device": "reservoir", "refilled": True}
    assert code_line({"act": act}) == {"id": None, **code_visit("reservoir", refilled=True).as_line()}


def test_the_typed_door_gives_the_same_codes() -> None:
    for values in product((True, False), repeat=4):
        act = dict(zip(ANSWERS, values, strict=True))
        typed = code_visit(Device.PROGRAMMABLE_PUMP, **act, already_coded_today=["95990"])
        assert typed.as_line() | {"id": 1} == coded({"device": "programmable_pump", **act}, "95990")


def test_the_typed_door_names_what_a_device_cannot_have() -> None:
    with pytest.raises(CodingError) as refusal:
        code_visit(Device.RESERVOIR, reprogrammed=True)
    assert refusal.value.field == "reprogrammed"
