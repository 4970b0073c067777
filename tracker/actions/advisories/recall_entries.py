"""A recall as it was read: what it says, which serials of which models it covers, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from devices.model_numbers import models_named
from devices.recall_text import read_code_info
from devices.serials import SerialRange
from tracker.errors import Invalid

LONGEST: Final[Mapping[str, int]] = {
    "reference": 80,
    "title": 300,
    "action": 2000,
    "source": 500,
    "classification": 40,
}
NO_ACTION: Final = "The file names no action. Read the notice and decide for each patient."
_UNREAD_CHARACTERS: Final = 300
_SERIALS_TEXT: Final = 160


@dataclass(frozen=True, slots=True)
class Coverage:
    """Serials of one model that a recall covers: all, a range, or "may be covered, it could not be read"."""

    model: str
    kind: Literal["all", "range", "maybe"]
    prefix: str = ""
    suffix: str = ""
    low: str = ""
    high: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """One recall as one kind of file says it. A text that is None is left as it is stored."""

    reference: str
    origin: str
    published_on: date
    title: str
    action: str | None
    source: str
    coverage: tuple[Coverage, ...]
    unread: tuple[str, ...] = ()
    classification: str | None = None
    status: str | None = None
    ended_on: date | None = None

    @property
    def read(self) -> Literal["whole", "incompletely"]:
        """Whether every word on serials and models was read."""
        return "incompletely" if self.unread else "whole"


def coverage_of(
    code_info: str, description: str, known_models: tuple[str, ...], models: tuple[str, ...] = ()
) -> tuple[tuple[Coverage, ...], tuple[str, ...]]:
    """What a notice covers, and the words that could not be read, from its serials and its product description."""
    said = read_code_info(code_info, known_models)
    named = models or models_named(description, known_models)
    every = tuple(
        dict.fromkeys((*named, *(model for scope in (*said.whole, *(s for s, _ in said.ranges)) for model in scope)))
    )
    unread = [words[:_UNREAD_CHARACTERS] for words in said.unread]
    if not every:
        unread.append(f"no model of the catalogue is named in: {description or code_info}"[:_UNREAD_CHARACTERS])
    rows: list[Coverage] = []
    for scope in said.whole:
        rows += [Coverage(model, "all") for model in scope or every]
    for scope, one in said.ranges:
        rows += _ranges(scope or every, one)
    if unread:
        rows += [Coverage(model, "maybe") for model in every]
    return tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(unread))


def _ranges(models: tuple[str, ...], one: SerialRange) -> Iterator[Coverage]:
    for model in models:
        yield Coverage(model, "range", one.prefix, one.suffix, one.low, one.high, one.text[:_SERIALS_TEXT])


def text_of(entry: Mapping[str, Any], name: str, place: int) -> str:
    """A text of an entry, stripped; empty where there is none. Raises `Invalid` where it is something else."""
    given = entry.get(name)
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Invalid(f"entry {place}: {name} is text", field=name)
    return given.strip()


def shortened(text: str, longest: int) -> str:
    """The text, cut with an ellipsis where it is longer than is kept."""
    clean = "".join(one if one.isprintable() or one in "\n\t" else " " for one in text)
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + "…"


def checked_text(recall: Recall, place: int) -> Recall:
    """The recall, if its texts can be kept and shown. Raises `Invalid` naming the entry and the field."""
    for name, longest in LONGEST.items():
        text = getattr(recall, name) or ""
        if len(text) > longest:
            raise Invalid(f"entry {place}: {name} has {len(text)} characters; at most {longest} are kept", field=name)
        if not all(character.isprintable() or character in "\n\t" for character in text):
            raise Invalid(f"entry {place}: {name} holds a character that can't be shown", field=name)
    return recall
