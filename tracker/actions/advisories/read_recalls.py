"""Read recalls as they are published: openFDA's JSON, a clinic's own JSON list, or pasted text. Nothing is stored here.

openFDA has two endpoints, ``device/recall`` and ``device/enforcement``, which are refreshed on different days and speak
of one recall by one number, such as Z-3043-2011. Each is an *origin*: what one says later replaces what it said before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from devices.models import catalogue
from tracker.actions.advisories.recall_entries import (
    LONGEST,
    Coverage,
    Recall,
    checked_text,
    coverage_of,
    shortened,
    text_of,
)
from tracker.actions.advisories.recall_list import read_list_entry
from tracker.errors import Invalid

__all__ = ["Pasted", "Recall", "read_recalls"]

KNOWN_MODELS: Final = tuple(catalogue.CATALOGUE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a text alone does not say: its reference, the models, and when it was published."""

    reference: str
    models: tuple[str, ...]
    published_on: date
    title: str = ""
    action: str = ""


def read_recalls(text: str, pasted: Pasted | None = None) -> list[Recall]:
    """The recalls of a file, one for each reference and origin. Raises `Invalid` naming the entry and the field."""
    if pasted is not None:
        return [_of_text(text, pasted)]
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as fault:
        detail = f"this is no JSON: {fault}; a text needs its models and its reference"
        raise Invalid(detail, field="file") from fault
    if isinstance(given, dict):
        given = given["results"] if isinstance(given.get("results"), list) else [given] if _is_entry(given) else None
    if not isinstance(given, list):
        raise Invalid("the file holds a list of recalls, or openFDA's answer with its results", field="file")
    return _joined(_entry(entry, place) for place, entry in enumerate(given, start=1))


def _is_entry(given: Mapping[str, Any]) -> bool:
    return any(name in given for name in ("reference", "recall_number", "product_res_number"))


def _entry(entry: Any, place: int) -> Recall:
    if not isinstance(entry, dict):
        raise Invalid(f"entry {place} is no object", field="file")
    if "product_res_number" in entry:
        return _of_openfda(entry, place, "recall", "product_res_number")
    if "recall_number" in entry:
        return _of_openfda(entry, place, "enforcement", "recall_number")
    return read_list_entry(entry, place)


def _of_openfda(entry: dict[str, Any], place: int, origin: str, number: str) -> Recall:
    reference = text_of(entry, number, place)
    description = text_of(entry, "product_description", place)
    reason = text_of(entry, "reason_for_recall", place)
    began = ("event_date_initiated", "recall_initiation_date", "event_date_posted", "event_date_created", "report_date")
    published = next((day for name in began if (day := _day(entry, name, place)) is not None), None)
    if not reference:
        raise Invalid(f"entry {place} needs its {number}, as text", field=number)
    if published is None:
        raise Invalid(f"entry {place} ({reference}) gives no date on which the recall began", field=began[0])
    covered, unread = coverage_of(text_of(entry, "code_info", place), description, KNOWN_MODELS)
    event = text_of(entry, "res_event_number", place) or text_of(entry, "event_id", place)
    recall = Recall(
        reference=reference,
        origin=origin,
        published_on=published,
        title=shortened(reason or description or f"Recall {reference}", LONGEST["title"]),
        action=shortened(text_of(entry, "action", place), LONGEST["action"]) or None,
        source=f"openFDA device/{origin}" + (f", event {event}" if event else ""),
        classification=text_of(entry, "classification", place) or None,
        status=(text_of(entry, "recall_status", place) or text_of(entry, "status", place))[:80] or None,
        ended_on=_day(entry, "event_date_terminated", place) or _day(entry, "termination_date", place),
        coverage=covered,
        unread=unread,
    )
    return checked_text(recall, place)


def _day(entry: Mapping[str, Any], name: str, place: int) -> date | None:
    """A day as openFDA writes it, 2011-07-05 or 20110705."""
    given = text_of(entry, name, place)
    if not given:
        return None
    try:
        return date.fromisoformat(given[:10])
    except ValueError as fault:
        raise Invalid(f"entry {place}: {name} is a day such as 2011-07-05 or 20110705", field=name) from fault


def _of_text(text: str, pasted: Pasted) -> Recall:
    unknown = next((model for model in pasted.models if catalogue.find(model) is None), None)
    if unknown is not None:
        raise Invalid(f"{unknown!r} is no model of the catalogue", field="model")
    if not pasted.models:
        raise Invalid("a text needs the models that it speaks of", field="model")
    if not pasted.reference.strip():
        raise Invalid("a text needs its reference, such as the recall's number", field="reference")
    covered, unread = coverage_of(text, "", KNOWN_MODELS, pasted.models)
    recall = Recall(
        reference=pasted.reference.strip(),
        origin="text",
        published_on=pasted.published_on,
        title=pasted.title.strip() or f"Recall {pasted.reference.strip()}",
        action=pasted.action.strip() or None,
        source="a pasted text",
        coverage=covered,
        unread=unread,
    )
    return checked_text(recall, 1)


def _joined(recalls: Iterable[Recall]) -> list[Recall]:
    """One recall for each reference and origin: of many models and ranges, said once."""
    found: dict[tuple[str, str], Recall] = {}
    for place, recall in enumerate(recalls, start=1):
        name = (recall.reference, recall.origin)
        known = found.get(name)
        if known is None:
            found[name] = recall
            continue
        for part in ("title", "action", "source", "published_on"):
            if recall.origin == "list" and getattr(recall, part) != getattr(known, part):
                raise Invalid(
                    f"entry {place} has the reference of an earlier entry, {recall.reference}, and another {part}",
                    field=part,
                )
        coverage = _without_repeats((*known.coverage, *recall.coverage))
        unread = tuple(dict.fromkeys((*known.unread, *recall.unread)))
        found[name] = replace(known, coverage=coverage, unread=unread, ended_on=known.ended_on or recall.ended_on)
    return list(found.values())


def _without_repeats(coverage: Sequence[Coverage]) -> tuple[Coverage, ...]:
    return tuple(dict.fromkeys(coverage))
