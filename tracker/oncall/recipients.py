"""Whom the words of a step mean at a moment: people of the clinic who are active and can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tracker.oncall.rotation import on_call, successors
from tracker.oncall.values import Oncall, Person

EVERYBODY: Final = "everybody"
CLINICAL: Final = frozenset({"nurse", "physician"})
"""Whom *everybody* means: those who may handle an alarm."""
TOLD_ROLES: Final = ("nurse", "physician", "administrator")
"""Who is ever told of an alarm: a biller or an auditor has no part in care, so nothing clinical is sent to them."""
ROTA: Final = "rota:"
NEXT: Final = "+1"
"""Behind a rotation's name: who comes next after whoever is on call."""


def recipients(tell: Sequence[str], oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[str, ...]:
    """The emails meant, each once, in the order of the words; without those who can't be reached."""
    usable = {person.email for person in people if can_be_told(person)}
    found: dict[str, None] = {}
    for word in tell:
        meant = [email for email in _meant(word, oncall, people, at) if email in usable]
        # Of those who come next, the first who can be told: a step for "the second" is not lost by one of them.
        found.update(dict.fromkeys(meant[:1] if _is_next(word) else meant))
    return tuple(found)


def everybody(people: Sequence[Person]) -> tuple[str, ...]:
    """Those who may handle an alarm and can be told; where there are none, the administrators who can be."""
    usable = [person for person in people if can_be_told(person)]
    clinical = tuple(person.email for person in usable if person.role in CLINICAL)
    return clinical or tuple(person.email for person in usable)


def can_be_told(person: Person) -> bool:
    """Whether a message about an alarm can and may reach the person."""
    return person.active and person.reachable and person.role in TOLD_ROLES


def named(tell: Sequence[str], oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[str, ...]:
    """The same with those who can't be reached."""
    found: dict[str, None] = {}
    for word in tell:
        meant = _meant(word, oncall, people, at)
        found.update(dict.fromkeys(meant[:1] if _is_next(word) else meant))
    return tuple(found)


def _is_next(word: str) -> bool:
    return word.startswith(ROTA) and word.endswith(NEXT)


def _meant(word: str, oncall: Oncall, people: Sequence[Person], at: datetime) -> list[str]:
    kind, _, name = word.partition(":")
    if kind == "staff":
        return [name.lower()]
    if kind == "role":
        return [person.email for person in people if person.active and person.role == name]
    if kind == "rota":
        rota = next((one for one in oncall.rotas if one.name == name.removesuffix(NEXT)), None)
        if rota is None:
            return []
        member = on_call(rota, at)
        return list(successors(rota, at)) if _is_next(word) else [] if member is None else [member]
    return [person.email for person in people if person.active and person.role in CLINICAL]
