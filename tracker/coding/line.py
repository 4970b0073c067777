"""One line of ``tracker code``: an act in JSON, checked, then coded."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from tracker.coding.codes import Act, Device, Region
from tracker.coding.select_code import CodingError, CodingResult, code_catheter, code_device, code_trial, code_visit
from tracker.describe_value import name_shown, shown

Chosen = TypeVar("Chosen", bound=StrEnum)

_VISIT_ANSWERS = ("analysed", "reprogrammed", "refilled", "professional_skill")
_KEYS: dict[Act, frozenset[str]] = {
    Act.VISIT: frozenset({"kind", "device", *_VISIT_ANSWERS}),
    Act.IMPLANT_OR_REPLACE_DEVICE: frozenset({"kind", "device"}),
    Act.REMOVE_DEVICE: frozenset({"kind", "device"}),
    Act.IMPLANT_OR_REVISE_CATHETER: frozenset({"kind", "laminectomy"}),
    Act.REMOVE_CATHETER: frozenset({"kind"}),
    Act.TRIAL_INJECTION: frozenset({"kind", "region", "imaging"}),
    Act.TRIAL_INFUSION: frozenset({"kind", "region", "imaging"}),
}


def code_line(line: object) -> dict[str, Any]:
    """Answer one line of ``tracker code``, already parsed: ``{"id", "act", "already_coded_today"}``.

    A line that can't be answered gives ``{"id", "error"}``, where the error names the field at fault. Any JSON value
    may be given and none makes it raise. ``id`` is given back as it came, null when there is none.
    """
    if not isinstance(line, dict):
        return {"id": None, "error": f"line: must be an object with an act, not {shown(line)}."}
    asked_by = line.get("id")
    try:
        result = code_act(line.get("act"), line.get("already_coded_today", []))
    except CodingError as fault:
        return {"id": asked_by, "error": fault.detail}
    return {"id": asked_by, **result.as_line()}


def code_act(act: object, already_coded_today: object) -> CodingResult:
    """Check an act as JSON gives it and code it. Raises ``CodingError``, with ``field``, for anything it can't mean."""
    if not isinstance(act, Mapping):
        raise CodingError(f"act: must be an object, not {shown(act)}.", field="act")
    already = _codes(already_coded_today)
    kind = _choice(act, "kind", Act)
    for key in act:
        if key not in _KEYS[kind]:
            raise CodingError(f"act.{name_shown(key)}: {kind.value} has no such key.", field=name_shown(key))
    if kind is Act.VISIT:
        device = _choice(act, "device", Device)
        done = {name: _answer(act, name) if name in act else False for name in _VISIT_ANSWERS}
        return code_visit(device, **done, already_coded_today=already)
    return _code_operation(kind, act)


def _code_operation(kind: Act, act: Mapping[str, object]) -> CodingResult:
    """Code an act other than a visit; the day's other codes are no conflict for it."""
    match kind:
        case Act.IMPLANT_OR_REVISE_CATHETER:
            return code_catheter(kind, laminectomy=_answer(act, "laminectomy"))
        case Act.REMOVE_CATHETER:
            return code_catheter(kind)
        case Act.TRIAL_INJECTION | Act.TRIAL_INFUSION:
            return code_trial(kind, _choice(act, "region", Region), imaging=_answer(act, "imaging"))
        case Act.REMOVE_DEVICE if "device" not in act:
            return code_device(kind)
        case _:
            return code_device(kind, _choice(act, "device", Device))


def _choice(act: Mapping[str, object], name: str, among: type[Chosen]) -> Chosen:
    value = act.get(name)
    if isinstance(value, str):
        for one in among:
            if one.value == value:
                return one
    allowed = ", ".join(f'"{one.value}"' for one in among)
    raise CodingError(f"act.{name}: must be one of {allowed}, not {_given(act, name)}.", field=name)


def _answer(act: Mapping[str, object], name: str) -> bool:
    value = act.get(name)
    if isinstance(value, bool):
        return value
    raise CodingError(f"act.{name}: must be true or false, not {_given(act, name)}.", field=name)


def _given(act: Mapping[str, object], name: str) -> str:
    return shown(act[name]) if name in act else "absent"


def _codes(value: object) -> list[str]:
    """The codes already there: any text is taken, since other codes than ours may stand among them."""
    if not isinstance(value, list):
        raise CodingError(
            f"already_coded_today: must be a list of codes, not {shown(value)}.", field="already_coded_today"
        )
    for code in value:
        if not isinstance(code, str):
            raise CodingError(
                f"already_coded_today: a code must be text, not {shown(code)}.", field="already_coded_today"
            )
    return value
