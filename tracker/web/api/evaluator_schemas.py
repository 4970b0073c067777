"""The evaluators' lines as JSON Schema, made from the guideline's own facts and the codes' own acts."""

from __future__ import annotations

from typing import Any

from tracker.coding import Act, Device, Region
from tracker.guideline.catalogue import LATEST, find
from tracker.guideline.schema import Fact

_ANSWER = {"type": "boolean"}
_NO = {"type": "boolean", "not": {"const": True}}  # not `const`: programs that write clients fail at one that is false
_VISIT = ("analysed", "reprogrammed", "refilled", "professional_skill")


def question_schema() -> dict[str, Any]:
    """A line of ``assess``: a question with its facts."""
    return {"title": "QuestionLine", "oneOf": [_question(name) for name in find(LATEST).questions]}


def act_schema() -> dict[str, Any]:
    """A line of ``code``: an act, and what is coded for the pump on that day already."""
    shapes = [
        _act(Act.VISIT, {"device": _one_of(Device.PROGRAMMABLE_PUMP), **dict.fromkeys(_VISIT, _ANSWER)}, ["device"]),
        _act(
            Act.VISIT,
            {
                "device": _one_of(Device.NONPROGRAMMABLE_PUMP, Device.RESERVOIR),
                "analysed": _NO,
                "reprogrammed": _NO,
                "refilled": _ANSWER,
                "professional_skill": _ANSWER,
            },
            ["device"],
        ),
        _act(Act.IMPLANT_OR_REPLACE_DEVICE, {"device": _one_of(*Device)}, ["device"]),
        _act(Act.REMOVE_DEVICE, {"device": _one_of(*Device)}, []),
        _act(Act.IMPLANT_OR_REVISE_CATHETER, {"laminectomy": _ANSWER}, ["laminectomy"]),
        _act(Act.REMOVE_CATHETER, {}, []),
        *(
            _act(kind, {"region": _one_of(*Region), "imaging": _ANSWER}, ["region", "imaging"])
            for kind in (Act.TRIAL_INJECTION, Act.TRIAL_INFUSION)
        ),
    ]
    return {
        "title": "ActLine",
        "type": "object",
        "required": ["act"],
        "properties": {
            "id": {},
            "act": {"oneOf": shapes},
            "already_coded_today": {"type": "array", "items": {"type": "string"}},
        },
    }


def _question(name: str) -> dict[str, Any]:
    edition = find(LATEST)
    facts: dict[str, Any] = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {fact.name: _fact(fact) for fact in edition.asked[name].values()},
    }
    clashes = [
        {
            "required": [link.when, link.fact],
            "properties": {link.when: {"const": link.is_}, link.fact: {"const": not link.then}},
        }
        for link in edition.document.links
        if {link.when, link.fact} <= edition.asked[name].keys()
    ]
    if clashes:
        facts["not"] = {"type": "object", "anyOf": clashes}
    return {
        "type": "object",
        "required": ["question"],
        "properties": {"id": {}, "question": {"const": name}, "facts": facts},
    }


def _fact(fact: Fact) -> dict[str, Any]:
    described: dict[str, Any] = {"description": fact.label}
    if fact.kind == "choice":
        return {**described, "enum": [*(choice.value for choice in fact.choices), None]}
    if fact.kind == "boolean":
        return {**described, "type": ["boolean", "null"]}
    limits = {
        name: limit for name, limit in (("minimum", fact.minimum), ("maximum", fact.maximum)) if limit is not None
    }
    return {**described, "type": [fact.kind, "null"], **limits}


def _act(kind: Act, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind", *required],
        "properties": {"kind": {"const": kind.value}, **properties},
    }


def _one_of(*values: Device | Region) -> dict[str, Any]:
    return {"type": "string", "enum": [value.value for value in values]}
