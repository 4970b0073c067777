"""Load a file of advisories and recalls, and match them to the pumps that they cover."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlmodel import Session, col

from devices.models import catalogue
from tracker.errors import Invalid
from tracker.records.advisory import Advisory, AdvisoryMatch, unmatched_pumps
from tracker.records.pump import look_again

REQUIRED: Final = ("reference", "model", "published_on", "title", "action", "source")
OPTIONAL: Final = ("serial_from", "serial_to")
LONGEST: Final = {
    "reference": 80,
    "model": 64,
    "serial_from": 64,
    "serial_to": 64,
    "title": 300,
    "action": 2000,
    "source": 500,
}
AT_ONCE: Final = 5000


def read_advisories(text: str) -> list[dict[str, Any]]:
    """The advisories of a JSON file: a list of objects. Raises `Invalid` naming the entry and the field at fault."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"this is no JSON: {fault}", field="file") from fault
    if not isinstance(given, list):
        raise Invalid("the file holds a list of advisories", field="file")
    entries = [_checked(entry, place) for place, entry in enumerate(given, start=1)]
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries, start=1):
        first = seen.setdefault(entry["reference"], place)
        if first != place:
            raise Invalid(f"entry {place} has the reference of entry {first}", field="reference")
    return entries


def load_advisories(session: Session, entries: Iterable[Mapping[str, Any]], now: datetime) -> list[Advisory]:
    """Store those that are new, by their reference, and bring known ones up to date. Matching is another step."""
    loaded = []
    for entry in entries:
        known = session.execute(select(Advisory).where(col(Advisory.reference) == entry["reference"])).scalar()
        row = known or Advisory(**entry, loaded_at=now)
        for name, value in entry.items():
            setattr(row, name, value)
        row.loaded_at = now
        session.add(row)
        loaded.append(row)
    session.flush()
    return loaded


def match_advisories(session: Session, now: datetime) -> int:
    """Match every advisory to the pumps it covers and that it is not matched to yet, some thousands at the most.

    A serial range is compared as text of the same length, as makers print it. Returns how many matches were added.
    """
    pairs = unmatched_pumps(session, AT_ONCE)
    if pairs:
        rows = [{"advisory_id": advisory, "pump_id": pump, "matched_at": now} for advisory, pump in pairs]
        session.execute(insert(AdvisoryMatch), rows)
        look_again(session, sorted({pump for _, pump in pairs}), now)
    return len(pairs)


def _checked(entry: Any, place: int) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Invalid(f"entry {place} is no object", field="file")
    unknown = sorted(set(entry) - {*REQUIRED, *OPTIONAL})
    if unknown:
        raise Invalid(f"entry {place}: {unknown[0]} is no field of an advisory", field=unknown[0])
    for name in REQUIRED:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise Invalid(f"entry {place} needs its {name}, as text", field=name)
    for name in OPTIONAL:
        if entry.get(name) is not None and not isinstance(entry[name], str):
            raise Invalid(f"entry {place}: {name} is text", field=name)
    entry = entry | {name: (entry.get(name) or "").strip() or None for name in OPTIONAL}  # a bound of "" is none
    _check_texts(entry, place)
    if catalogue.find(entry["model"]) is None:
        raise Invalid(f"entry {place}: {entry['model']!r} is no model of the catalogue", field="model")
    try:
        published = date.fromisoformat(entry["published_on"])
    except ValueError as fault:
        raise Invalid(f"entry {place}: published_on is a day such as 2026-05-31", field="published_on") from fault
    return {**entry, "published_on": published}


def _check_texts(entry: dict[str, Any], place: int) -> None:
    for name, longest in LONGEST.items():
        text = entry.get(name) or ""
        if len(text) > longest:
            raise Invalid(f"entry {place}: {name} has {len(text)} characters; at most {longest} are kept", field=name)
        if not all(character.isprintable() or character in "\n\t" for character in text):
            raise Invalid(f"entry {place}: {name} holds a character that can't be shown", field=name)
    first, last = entry.get("serial_from"), entry.get("serial_to")
    if first and last and (len(first) != len(last) or first > last):
        raise Invalid(
            f"entry {place}: no serial lies from {first} to {last}; both have the same length, the lower one first",
            field="serial_to",
        )
