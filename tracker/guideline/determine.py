"""The doors to the evaluation: one line of JSON, a question with its facts, or the facts of a replacement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from tracker.describe_value import shown
from tracker.errors import Invalid
from tracker.guideline.assessment import Assessment, Outcome, Verdict
from tracker.guideline.catalogue import LATEST, NONE_IN_FORCE, RELEASES, find, in_force_on
from tracker.guideline.evaluate import evaluate
from tracker.guideline.facts import check_facts


def assess(question_line: object, version: str = LATEST) -> dict[str, Any]:
    """Answer one line of ``tracker assess``, already parsed: ``{"id", "question", "facts"}``.

    A line that can't be answered gives ``{"id", "error"}``, where the error names the field at fault. Any JSON value
    may be given and none makes it raise. ``id`` is given back as it came, null when there is none.
    """
    if not isinstance(question_line, dict):
        return {
            "id": None,
            "error": f"line: must be an object with a question and its facts, not {shown(question_line)}.",
        }
    asked_by = question_line.get("id")
    try:
        question = question_line.get("question")
        facts = question_line.get("facts")
        answer = determine(question, {} if facts is None else facts, version)
    except Invalid as fault:
        return {"id": asked_by, "error": fault.detail}
    return {"id": asked_by, **answer.as_line()}


def determine(question: object, facts: object, version: str = LATEST) -> Assessment:
    """Answer a question from its facts; a fact that is absent or None is not known.

    Raises ``Invalid``, with ``field``, for a question, a fact or a value that the guideline does not have, and
    ``NotFound`` for an unknown version.
    """
    edition = find(version)
    if not isinstance(question, str) or question not in edition.questions:
        allowed = ", ".join(f'"{name}"' for name in edition.questions)
        raise Invalid(f"question: must be one of {allowed}, not {shown(question)}.", field="question")
    if not isinstance(facts, Mapping):
        raise Invalid(f"facts: must be an object, not {shown(facts)}.", field="facts")
    return evaluate(edition, question, check_facts(edition, edition.questions[question], facts))


def determine_replacement(facts: Mapping[str, bool | None], version: str = LATEST) -> Assessment:
    """Answer CMM-210.5, whether replacing the device is medically necessary, from the facts that records give.

    The facts are ``battery_nearing_end``, ``no_longer_beneficial``, ``repairable``,
    ``components_functional``, ``impending_failure_notice``, ``abuse_or_neglect`` and ``device_has_battery``. Raises
    ``Invalid`` for another name, and for a device without a battery whose battery nears its end.
    """
    return determine("replacement", facts, version)


def determine_replacement_on(facts: Mapping[str, bool | None], day: date) -> Assessment:
    """The same by the version that was in force on that day, which a payer applies to it.

    Before the first version nothing is decided: the answer says so, and names ``NONE_IN_FORCE`` as its version.
    """
    version = in_force_on(day)
    if version is not None:
        return determine_replacement(facts, version)
    first = RELEASES[0]
    because = (
        f"No version of this guideline that is kept here was in force on {day}: the first, {first.version}, took "
        f"effect on {first.in_force_from}."
    )
    answer = determine_replacement(facts, first.version)
    return replace(
        answer,
        version=NONE_IN_FORCE,
        outcome=Outcome.NEEDS_INFORMATION,
        criteria=tuple(replace(one, verdict=Verdict.UNKNOWN, because=because) for one in answer.criteria),
        missing=(),
        notes=(because,),
        readings=None if answer.readings is None else dict.fromkeys(answer.readings, Outcome.NEEDS_INFORMATION),
    )
