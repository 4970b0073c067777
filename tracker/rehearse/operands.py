"""What a value is held against: a plain value, or a time told in one of the case's ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from tracker.rehearse.document import Node
from tracker.rehearse.paths import Path, PathFault, Schema, check_path, find, read_path
from tracker.rehearse.times import day_of, moment_of, moment_since, signed_span

_REFERENCE: Final = re.compile(r"\{\s*([^{}.]+?)\s*\.\s*([^{}]+?)\s*\}\s*([+-].*)?", re.DOTALL)
_NOW: Final = re.compile(r"now\s*([+-].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moments:
    """What an operand may refer to: the start, the look's own time, the clinic's zone, the earlier named looks."""

    start: datetime
    now: datetime
    zone: tzinfo
    looks: Mapping[str, Any]


class Unknown(ValueError):
    """An operand that stands for nothing now: the earlier look has no value there."""


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand as the case wrote it."""

    given: Any
    look: str = ""
    path: Path = ()
    shift: timedelta | float | None = None

    def plain(self, moments: Moments) -> Any:
        """The operand as a value: what it is, or what the earlier look found. Raises ``Unknown``."""
        if not self.look:
            return self.given
        value = self._found(moments)
        if isinstance(self.shift, timedelta):
            moment = moment_of(value) or day_of(value, moments.zone)
            if moment is None:
                raise Unknown(f"{self.given}: the look {self.look} has no time there")
            return (moment + self.shift).isoformat()
        if self.shift is not None:
            try:
                return float(value) + self.shift
            except (TypeError, ValueError):
                raise Unknown(f"{self.given}: the look {self.look} has no number there") from None
        return value

    def moment(self, moments: Moments) -> datetime | None:
        """The operand as a moment; None where it is none. Raises ``Unknown``."""
        if self.look:
            value = self.plain(moments)
            return moment_of(value) or day_of(value, moments.zone)
        found = _NOW.fullmatch(self.given.strip()) if isinstance(self.given, str) else None
        if found is not None:
            return moments.now + (signed_span(found[1]) or timedelta(0))
        return moment_since(self.given, moments.start) or day_of(self.given, moments.zone)

    def _found(self, moments: Moments) -> Any:
        if self.look not in moments.looks:
            raise Unknown(f"{self.given}: nothing was seen at the look {self.look}")
        values = find(moments.looks[self.look], self.path).members()
        if len(values) != 1 or values[0] is None:
            raise Unknown(f"{self.given}: the look {self.look} has no single value there")
        return values[0]


def read_operand(node: Node, schemas: Callable[[str], Schema | None]) -> Operand:
    """The operand; ``schemas`` tells what an earlier look of a name holds, None where there is none."""
    given = node.value
    if isinstance(given, (dict, list)):
        raise node.fault("a single value is needed here")
    if not isinstance(given, str):
        return Operand(given)
    now = _NOW.fullmatch(given.strip())
    if now is not None and now[1] and signed_span(now[1]) is None:
        raise node.fault(f"{given}: after now comes a span such as + 3d")
    found = _REFERENCE.fullmatch(given.strip())
    if found is None:
        return Operand(given)
    look, path, shift = found[1], found[2], found[3]
    schema = schemas(look)
    if schema is None:
        raise node.fault(f"there is no earlier look named {look}")
    try:
        steps = read_path(path)
        check_path(steps, schema)
    except PathFault as fault:
        raise node.fault(f"{path}: {fault}") from None
    return Operand(given, look, steps, None if shift is None else _shift(node, shift))


def is_bound(node: Node, operand: Operand) -> bool:
    """Whether something can be at least or at most that: a number or a time."""
    if operand.look or (isinstance(operand.given, (int, float)) and not isinstance(operand.given, bool)):
        return True
    some = datetime(2000, 1, 1, tzinfo=UTC)
    if isinstance(operand.given, str):
        try:
            float(operand.given)
        except ValueError:
            return operand.moment(Moments(some, some, UTC, {})) is not None
        return True
    raise node.fault("a number or a time is needed here")


def _shift(node: Node, text: str) -> timedelta | float:
    span = signed_span(text)
    if span is not None:
        return span
    try:
        return float(text.replace(" ", ""))
    except ValueError:
        raise node.fault(f"{text}: after the braces comes + or - and a span such as 3d") from None
