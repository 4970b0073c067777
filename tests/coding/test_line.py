"""One line of acts to be coded: each act with its code, each fault named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unhurried import UNHURRIED
from tracker.coding import BY_NUMBER, Act, Device, Region, code_line


@pytest.mark.parametrize(
    ("act", "code", "listed"),
    [
        ({"kind": "implant_or_replace_device", "device": "programmable_pump"}, "62362", True),
        ({"kind": "implant_or_replace_device", "device": "nonprogrammable_pump"}, "62361", True),
        ({"kind": "implant_or_replace_device", "device": "reservoir"}, "62360", True),
        ({"kind": "remove_device"}, "62365", True),
        ({"kind": "remove_device", "device": "reservoir"}, "62365", True),
        ({"kind": "implant_or_revise_catheter", "laminectomy": True}, "62351", True),
        ({"kind": "implant_or_revise_catheter", "laminectomy": False}, "62350", True),
        ({"kind": "remove_catheter"}, "62355", True),
        ({"kind": "trial_injection", "region": "cervical_thoracic", "imaging": False}, "62320", True),
        ({"kind": "trial_injection", "region": "cervical_thoracic", "imaging": True}, "62321", True),
        ({"kind": "trial_injection", "region": "lumbar_sacral", "imaging": False}, "62322", True),
        ({"kind": "trial_injection", "region": "lumbar_sacral", "imaging": True}, "62323", True),
        ({"kind": "trial_infusion", "region": "cervical_thoracic", "imaging": False}, "62324", True),
        ({"kind": "trial_infusion", "region": "cervical_thoracic", "imaging": True}, "62325", True),
        ({"kind": "trial_infusion", "region": "lumbar_sacral", "imaging": False}, "62326", True),
        ({"kind": "trial_infusion", "region": "lumbar_sacral", "imaging": True}, "62327", False),
    ],
)
def test_each_act_has_its_code(act: dict[str, Any], code: str, *, listed: bool) -> None:
    answer = code_line({"id": "x", "act": act, "already_coded_today": ["62367", "62362", code]})
    assert answer["codes"] == [code]
    assert answer["listed_in_guideline"] is listed
    assert answer["conflicts"] == []
    assert answer["because"].startswith(code)
    assert ("does not list" in answer["because"]) is not listed


NEEDED = [
    ({"kind": "visit", "device": "reservoir"}, "device"),
    ({"kind": "implant_or_replace_device", "device": "reservoir"}, "device"),
    ({"kind": "implant_or_revise_catheter", "laminectomy": True}, "laminectomy"),
    ({"kind": "trial_injection", "region": "lumbar_sacral", "imaging": True}, "region"),
    ({"kind": "trial_injection", "region": "lumbar_sacral", "imaging": True}, "imaging"),
    ({"kind": "trial_infusion", "region": "lumbar_sacral", "imaging": True}, "region"),
    ({"kind": "trial_infusion", "region": "lumbar_sacral", "imaging": True}, "imaging"),
    ({"kind": "visit", "device": "reservoir"}, "kind"),
]


@pytest.mark.parametrize(("act", "name"), NEEDED)
@pytest.mark.parametrize("value", ["absent", None, 1, "maybe", [], {}, "", 0.5])
def test_what_an_act_needs_is_named_when_it_is_missing_or_wrong(act: dict[str, Any], name: str, value: object) -> None:
    wrong = {**act, name: value} if value != "absent" else {key: one for key, one in act.items() if key != name}
    answer = code_line({"id": [1], "act": wrong})
    assert answer == {"id": [1], "error": answer["error"]}
    assert f"act.{name}" in answer["error"]


@pytest.mark.parametrize("name", ["analysed", "reprogrammed", "refilled", "professional_skill"])
@pytest.mark.parametrize("value", [None, 0, 1, "true", [], {}])
def test_a_visits_answers_are_true_or_false(name: str, value: object) -> None:
    act = {"kind": "visit", "device": "programmable_pump", name: value}
    assert f"act.{name}" in code_line({"act": act})["error"]


@pytest.mark.parametrize("value", [None, True, "x"])
@pytest.mark.parametrize(
    ("act", "name"),
    [
        ({"kind": "visit", "device": "reservoir"}, "colour"),
        ({"kind": "visit", "device": "reservoir"}, "laminectomy"),
        ({"kind": "visit", "device": "reservoir"}, "region"),
        ({"kind": "implant_or_replace_device", "device": "reservoir"}, "refilled"),
        ({"kind": "remove_device"}, "imaging"),
        ({"kind": "remove_catheter"}, "device"),
        ({"kind": "implant_or_revise_catheter", "laminectomy": True}, "device"),
        ({"kind": "trial_injection", "region": "lumbar_sacral", "imaging": True}, "laminectomy"),
        ({"kind": "trial_infusion", "region": "lumbar_sacral", "imaging": True}, ""),
    ],
)
def test_a_key_that_the_act_does_not_have_is_refused(act: dict[str, Any], name: str, value: object) -> None:
    assert f"act.{name or chr(34)}" in code_line({"act": {**act, name: value}})["error"]


@pytest.mark.parametrize("act", [None, [], "visit", 1, True, [{"kind": "remove_device"}]])
def test_an_act_that_is_no_object_is_refused(act: object) -> None:
    assert code_line({"id": 3, "act": act})["error"].startswith("act:")
    assert code_line({"id": 3})["error"].startswith("act:")


@pytest.mark.parametrize("already", [None, "62367", {}, 62367, [62367], [None], [["62367"]], True])
def test_what_is_coded_already_must_be_a_list_of_codes(already: object) -> None:
    line = {"id": 1, "act": {"kind": "remove_device"}, "already_coded_today": already}
    assert "already_coded_today" in code_line(line)["error"]


def test_further_keys_of_the_line_are_ignored() -> None:
    assert code_line({"id": 1, "act": {"kind": "remove_device"}, "patient": "p", "facts": []})["codes"] == ["62365"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
WORDS = st.sampled_from([*Act, *Device, *Region, *BY_NUMBER]).map(str)
KEYS = st.sampled_from(
    ["kind", "device", "analysed", "reprogrammed", "refilled", "professional_skill", "laminectomy", "region", "imaging"]
)
ACTS = st.builds(
    lambda kind, rest: {**rest, **kind},
    st.fixed_dictionaries({}, optional={"kind": st.sampled_from([*Act]).map(str) | ANY_JSON}),
    st.dictionaries(KEYS | st.text(max_size=3), WORDS | st.booleans() | ANY_JSON, max_size=6),
)


@given(act=ACTS | ANY_JSON, already=st.lists(WORDS | ANY_JSON, max_size=3) | ANY_JSON, asked_by=SCALARS)
@settings(UNHURRIED, max_examples=400)
def test_any_json_is_answered(act: object, already: object, asked_by: object) -> None:
    answer = code_line({"id": asked_by, "act": act, "already_coded_today": already})
    body = {name: value for name, value in answer.items() if name != "id"}
    assert json.loads(json.dumps(body, ensure_ascii=False).encode()) == body
    assert set(body) in ({"error"}, {"codes", "listed_in_guideline", "conflicts", "because"})
    if "codes" in body:
        assert body["listed_in_guideline"] is all(BY_NUMBER[code].listed for code in body["codes"])
        assert bool(body["conflicts"]) <= bool(body["codes"])


@UNHURRIED
@given(line=ANY_JSON)
def test_any_line_is_answered(line: object) -> None:
    assert "error" in code_line(line)
