"""One entry of a clinic's own list of recalls: JSON with our field names, as the advisories page explains them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from devices.models import catalogue
from devices.serials import NoRange, open_range, serial_range
from tracker.actions.advisories.recall_entries import Coverage, Recall, checked_text, coverage_of
from tracker.errors import Invalid

REQUIRED: Final = ("reference", "published_on", "title", "action", "source")
OPTIONAL: Final = ("model", "models", "serial_from", "serial_to", "serials", "classification", "ended_on")


def read_list_entry(entry: Mapping[str, Any], place: int) -> Recall:
    """Read an entry. Raises `Invalid` naming the entry and the field at fault."""
    unknown = sorted(set(entry) - {*REQUIRED, *OPTIONAL})
    if unknown:
        raise Invalid(f"entry {place}: {unknown[0]} is no field of an advisory", field=unknown[0])
    for name in REQUIRED:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise Invalid(f"entry {place} needs its {name}, as text", field=name)
    for name in ("serial_from", "serial_to", "serials", "classification", "ended_on"):
        if entry.get(name) is not None and not isinstance(entry[name], str):
            raise Invalid(f"entry {place}: {name} is text", field=name)
    models = _models(entry, place)
    covered, unread = _coverage(entry, models, place)
    return checked_text(
        Recall(
            reference=entry["reference"].strip(),
            origin="list",
            published_on=_day(entry["published_on"], "published_on", place),
            title=entry["title"],
            action=entry["action"],
            source=entry["source"],
            classification=entry.get("classification"),
            ended_on=_day(entry["ended_on"], "ended_on", place) if entry.get("ended_on") else None,
            coverage=covered,
            unread=unread,
        ),
        place,
    )


def _models(entry: Mapping[str, Any], place: int) -> tuple[str, ...]:
    several = entry.get("models")
    if several is not None and (not isinstance(several, list) or not all(isinstance(one, str) for one in several)):
        raise Invalid(f"entry {place}: models is a list of texts", field="models")
    one = entry.get("model")
    if one is not None and not isinstance(one, str):
        raise Invalid(f"entry {place}: model is text", field="model")
    models = tuple(dict.fromkeys([*([one] if one else []), *(several or [])]))
    if not models:
        raise Invalid(f"entry {place} needs its model, as text", field="model")
    for model in models:
        if catalogue.find(model) is None:
            raise Invalid(f"entry {place}: {model!r} is no model of the catalogue", field="model")
    return models


def _coverage(
    entry: Mapping[str, Any], models: tuple[str, ...], place: int
) -> tuple[tuple[Coverage, ...], tuple[str, ...]]:
    first, last = ((entry.get(name) or "").strip() for name in ("serial_from", "serial_to"))
    written = (entry.get("serials") or "").strip()
    if written:
        if first or last:
            raise Invalid(f"entry {place} gives serials and a range; give one of them", field="serials")
        return coverage_of(written, "", tuple(catalogue.CATALOGUE), models)
    if not first and not last:
        return tuple(Coverage(model, "all") for model in models), ()
    try:
        one = serial_range(first, last) if first and last else open_range(first, last)
    except NoRange as fault:
        raise Invalid(f"entry {place}: {fault}", field="serial_to") from fault
    rows = (Coverage(model, "range", one.prefix, one.suffix, one.low, one.high, one.text) for model in models)
    return tuple(rows), ()


def _day(given: str, name: str, place: int) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as fault:
        raise Invalid(f"entry {place}: {name} is a day such as 2026-05-31", field=name) from fault
