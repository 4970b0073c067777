"""Expectations: a path into an answer and what must hold there; ``any`` of several."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tracker.rehearse.document import CaseFault, Node, shown
from tracker.rehearse.operands import Moments, Operand, Unknown, is_bound, read_operand
from tracker.rehearse.paths import Found, Path, PathFault, Schema, check_path, find, read_path, same
from tracker.rehearse.times import day_of, moment_of

_OPERATORS: Final = (
    "is",
    "not",
    "contains",
    "lacks",
    "matches",
    "at_least",
    "at_most",
    "between",
    "empty",
)
_FIELDS: Final = ("path", *_OPERATORS)
Schemas = Callable[[str], Schema | None]


@dataclass(frozen=True, slots=True)
class Test:
    """One operator with its operands."""

    operator: str
    operands: tuple[Operand, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """A path and what must hold of what is there, all of it."""

    node: Node
    path_text: str
    path: Path
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one of the expectations does."""

    choices: tuple[Expectation | AnyOf, ...]


def read_expectations(node: Node, schema: Schema, schemas: Schemas) -> tuple[Expectation | AnyOf, ...]:
    """The expectations of a look or an answer. Raises ``CaseFault`` for what the case can't mean."""
    return tuple(_read(one, schema, schemas) for one in node.items())


def _read(node: Node, schema: Schema, schemas: Schemas) -> Expectation | AnyOf:
    if isinstance(node.value, dict) and "any" in node.value:
        choices = node.mapping(("any",))["any"]
        if not choices.items():
            raise choices.fault("at least one expectation is needed")
        return AnyOf(tuple(_read(one, schema, schemas) for one in choices.items()))
    fields = node.mapping(_FIELDS, ("path",))
    text = fields["path"].text()
    try:
        path = read_path(text)
        check_path(path, schema)
    except PathFault as fault:
        raise fields["path"].fault(f"{text}: {fault}") from None
    tests = tuple(_read_test(name, fields[name], schemas) for name in _OPERATORS if name in fields)
    if not tests:
        raise node.fault(f"what is expected of {text}? Say one of {', '.join(_OPERATORS)}")
    return Expectation(node, text, path, tests)


def _read_test(name: str, node: Node, schemas: Schemas) -> Test:
    words = f"{name} {shown(node.plain())}"
    if name == "empty":
        return Test(name, (Operand(node.flag()),), words)
    operands = tuple(read_operand(one, schemas) for one in node.several())
    if name == "between" and len(operands) != 2:
        raise node.fault("two values are needed: from and to")
    if not operands or (name in {"at_least", "at_most"} and isinstance(node.value, list)):
        raise node.fault("one value is needed")
    if name in {"at_least", "at_most", "between"} and not all(
        is_bound(one, operand) for one, operand in zip(node.several(), operands, strict=True)
    ):
        raise node.fault(f"{shown(node.plain())} is neither a number nor a time")
    if name in {"contains", "lacks", "matches"}:
        operands = tuple(Operand(str(one.given)) if not one.look else one for one in operands)
    if name == "matches":
        for one in operands:
            try:
                re.compile(one.given)
            except re.error as fault:
                raise node.fault(f"{one.given}: is no regular expression: {fault}") from None
    return Test(name, operands, words)


def failures(data: Any, expectations: tuple[Expectation | AnyOf, ...], moments: Moments) -> list[str]:
    """A sentence for each expectation that does not hold. Raises ``CaseFault`` for a field that does not exist."""
    told = (_failure(data, one, moments) for one in expectations)
    return [sentence for sentence in told if sentence is not None]


def _failure(data: Any, expectation: Expectation | AnyOf, moments: Moments) -> str | None:
    if isinstance(expectation, AnyOf):
        told = [_failure(data, one, moments) for one in expectation.choices]
        return None if None in told else "none of: " + "; or ".join(str(one) for one in told)
    try:
        found = find(data, expectation.path)
    except PathFault as fault:
        field = expectation.node.mapping()["path"]
        raise CaseFault(field.line, field.field, f"{expectation.path_text}: {fault}") from None
    for test in expectation.tests:
        try:
            holds, because = _holds(found, test, moments), ""
        except Unknown as fault:
            holds, because = False, f" ({fault})"
        if not holds:
            return f"{expectation.path_text} is {_said(found)}, expected {test.words}{because}"
    return None


def _holds(found: Found, test: Test, moments: Moments) -> bool:
    members, operands = found.members(), test.operands
    match test.operator:
        case "empty":
            return all(one is None or one in ("", {}) for one in members) is operands[0].given
        case "contains" | "lacks":
            texts = [_text(one).casefold() for one in members]
            wanted = [str(one.plain(moments)).casefold() for one in operands]
            return any(word in text for word in wanted for text in texts) is (test.operator == "contains")
        case "matches":
            patterns = [re.compile(str(one.given), re.IGNORECASE) for one in operands]
            return any(pattern.search(_text(one)) for pattern in patterns for one in members)
        case _:
            return bool(members) and all(_holds_for(one, test, moments) for one in members)


def _holds_for(value: Any, test: Test, moments: Moments) -> bool:
    """Of those operators that hold for each value or not at all."""
    operands = test.operands
    match test.operator:
        case "is":
            return _is_one_of(value, operands, moments)
        case "not":
            return not _is_one_of(value, operands, moments)
        case "at_least":
            return _in_order(operands[0], value, None, moments)
        case "at_most":
            return _in_order(None, value, operands[0], moments)
        case _:
            return _in_order(operands[0], value, operands[1], moments)


def _is_one_of(value: Any, operands: tuple[Operand, ...], moments: Moments) -> bool:
    moment = _moment(value, moments)
    for operand in operands:
        if same(value, operand.plain(moments)) or (moment is not None and moment == operand.moment(moments)):
            return True
    return False


def _in_order(low: Operand | None, value: Any, high: Operand | None, moments: Moments) -> bool:
    moment = _moment(value, moments)
    if moment is not None:
        ends = [None if one is None else one.moment(moments) for one in (low, high)]
        if any(end is None and one is not None for end, one in zip(ends, (low, high), strict=True)):
            return False
        return (ends[0] is None or ends[0] <= moment) and (ends[1] is None or moment <= ends[1])
    number = _number(value)
    if number is None:
        return False
    bounds = [None if one is None else _number(one.plain(moments)) for one in (low, high)]
    if any(bound is None and one is not None for bound, one in zip(bounds, (low, high), strict=True)):
        return False
    return (bounds[0] is None or bounds[0] <= number) and (bounds[1] is None or number <= bounds[1])


def _moment(value: Any, moments: Moments) -> Any:
    return moment_of(value) or day_of(value, moments.zone)


def _number(value: Any) -> float | None:
    """The number that a value is, or that a decimal text holds."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _said(found: Found) -> str:
    return shown(found.values if found.many or len(found.values) != 1 else found.values[0])
