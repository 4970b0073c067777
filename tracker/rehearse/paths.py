"""Paths into an answer: ``a.b``, ``list[0]``, ``list[*]``, ``list[field=one|other]``, ``list[field!=one]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tracker.rehearse.times import moment_of


class PathFault(ValueError):
    """A path that can't be read, or that names a field which does not exist."""


@dataclass(frozen=True, slots=True)
class Name:
    """A field."""

    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """One member of a list, from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Every:
    """All members of a list."""


@dataclass(frozen=True, slots=True)
class Where:
    """The members whose field is, or is not, one of the words."""

    field: Path
    words: tuple[str, ...]
    negated: bool


Step = Name | Place | Every | Where
Path = tuple[Step, ...]
ANYTHING: Final = "anything"
"""A schema of which nothing is known."""
Schema = Mapping[str, Any] | Sequence[Any] | str | None
"""The fields of an object, a list with the schema of its members, ``ANYTHING``, or None for a plain value."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FILTER: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)(!?=)(.*)", re.DOTALL)


def read_path(text: str) -> Path:
    """The path's steps. Raises ``PathFault``."""
    steps: list[Step] = []
    rest = text.strip()
    if not rest:
        raise PathFault("a path is needed")
    while rest:
        if rest[0] == "[":
            inside, closed, rest = rest[1:].partition("]")
            if not closed:
                raise PathFault(f"{text}: a [ is not closed")
            steps.append(_in_brackets(inside.strip(), text))
            continue
        if rest[0] == "." and steps:
            rest = rest[1:]
        elif steps:
            raise PathFault(f"{text}: a . or a [ is needed before {rest}")
        found = _NAME.match(rest)
        if found is None:
            raise PathFault(f"{text}: a field's name is needed at {rest or 'the end'}")
        steps.append(Name(found[0]))
        rest = rest[found.end() :]
    return tuple(steps)


def _in_brackets(inside: str, text: str) -> Step:
    if inside == "*":
        return Every()
    if inside.isdecimal():
        return Place(int(inside))
    found = _FILTER.fullmatch(inside)
    if found is None:
        raise PathFault(f"{text}: [{inside}] is none of [0], [*], [field=one|other], [field!=one]")
    words = tuple(word.strip() for word in found[3].split("|"))
    return Where(read_path(found[1]), words, found[2] == "!=")


def check_path(path: Path, schema: Schema) -> None:
    """Raise ``PathFault`` where the path names a field that what it looks into never has."""
    within_list = False
    for step in path:
        if schema == ANYTHING:
            return
        if within_list and isinstance(step, Where) and isinstance(schema, Mapping):
            check_path(step.field, schema)
            continue
        within_list = not isinstance(step, Name)
        if isinstance(step, Name):
            if not isinstance(schema, Mapping):
                raise PathFault(_no_fields(step.name, isinstance(schema, Sequence)))
            if step.name not in schema:
                raise PathFault(_no_such(step.name, schema))
            schema = schema[step.name]
            continue
        if not isinstance(schema, Sequence) or isinstance(schema, str):
            raise PathFault("is no list, and has no members in [ ]")
        schema = schema[0]
        if isinstance(step, Where):
            check_path(step.field, schema)


@dataclass(frozen=True, slots=True)
class Found:
    """What a path found; ``many`` where it speaks of all that it finds."""

    values: list[Any]
    many: bool

    def members(self) -> list[Any]:
        """Every value, with the members of lists in the place of the list."""
        return [member for value in self.values for member in _spread(value)]


def find(data: Any, path: Path) -> Found:
    """What is at the path. Raises ``PathFault`` for a field that does not exist; null has none and stays null."""
    values, many = [data], False
    for step in path:
        if isinstance(step, Name):
            values = [_field(value, step.name) for value in values]
            continue
        if many and isinstance(step, Where) and all(isinstance(value, dict) for value in values):
            values = [value for value in values if _matches(value, step)]  # one filter after another
        else:
            values = [member for value in values for member in _chosen(value, step)]
        many = many or not isinstance(step, Place)
    return Found(values, many)


def _field(value: Any, name: str) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise PathFault(_no_fields(name, isinstance(value, list)))
    if name not in value:
        raise PathFault(_no_such(name, value))
    return value[name]


def _chosen(value: Any, step: Step) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise PathFault("is no list, and has no members in [ ]")
    if isinstance(step, Place):
        return value[step.index : step.index + 1]
    if isinstance(step, Where):
        return [one for one in value if _matches(one, step)]
    return value


def _matches(member: Any, where: Where) -> bool:
    found = find(member, where.field).members()
    return any(same(value, word) for value in found for word in where.words) is not where.negated


def same(value: Any, word: Any) -> bool:
    """Whether a value is the one that a case names, be it written as text, number, truth or null."""
    if value is None or isinstance(value, bool) or word is None or isinstance(word, bool):
        return _plain(value) == _plain(word) and not (isinstance(value, str) and not isinstance(word, str))
    if isinstance(value, (int, float)) or isinstance(word, (int, float)):
        try:
            return float(value) == float(word)
        except (TypeError, ValueError):
            return False
    if value == word:
        return True
    moment = moment_of(value)
    return moment is not None and moment == moment_of(word)


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spread(value: Any) -> list[Any]:
    return [one for member in value for one in _spread(member)] if isinstance(value, list) else [value]


def _no_fields(name: str, of_list: bool) -> str:
    if of_list:
        return f"a list has no field {name}: name its members with [0], [*] or a filter"
    return f"a plain value has no field {name}"


def _no_such(name: str, known: Mapping[str, Any]) -> str:
    return f"there is no field {name}; there are {', '.join(sorted(known)) or 'none'}"
