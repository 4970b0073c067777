"""Whom the words of a step mean at a moment: people of the clinic who are active and can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tracker.oncall.rotation import next_on_call, on_call
from tracker.oncall.values import Oncall, Person

EVERYBODY: Final = "everybody"
CLINICAL: Final = frozenset({"nurse", "physician"})
"""Whom *everybody* means: those who may handle an alarm."""


def recipients(tell: Sequence[str], oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[str, ...]:
    """The emails meant, each once, in the order of the words; without those who can't be reached."""
    usable = {person.email: person for person in people if person.active and person.reachable}
    return tuple(dict.fromkeys(email for email in named(tell, oncall, people, at) if email in usable))


def named(tell: Sequence[str], oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[str, ...]:
    """The same with those who can't be reached."""
    return tuple(dict.fromkeys(email for word in tell for email in _meant(word, oncall, people, at)))


def _meant(word: str, oncall: Oncall, people: Sequence[Person], at: datetime) -> list[str]:
    kind, _, name = word.partition(":")
    if kind == "staff":
        return [name.lower()]
    if kind == "role":
        return [person.email for person in people if person.role == name]
    if kind == "rota":
        plain, is_next = name.removesuffix("+1"), name.endswith("+1")
        rota = next((one for one in oncall.rotas if one.name == plain), None)
        member = None if rota is None else next_on_call(rota, at) if is_next else on_call(rota, at)
        return [] if member is None else [member]
    return [person.email for person in people if person.role in CLINICAL]
