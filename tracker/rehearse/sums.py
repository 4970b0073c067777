"""Sums in a case: a text that holds ``{day}`` or ``{n}`` is calculated. Nothing else can be said in it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

_LONGEST: Final = 500
_NAMES: Final = {"{day}": "_day", "{n}": "_n"}
_OPERATORS: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: Final[Mapping[str, tuple[Callable[..., Any], range]]] = {
    "min": (min, range(2, 20)),
    "max": (max, range(2, 20)),
    "round": (round, range(1, 3)),
    "abs": (abs, range(1, 2)),
    "sin": (math.sin, range(1, 2)),
}


class SumFault(ValueError):
    """Why a text can't be calculated."""


def is_sum(text: object) -> bool:
    """Whether the text is to be calculated."""
    return isinstance(text, str) and any(name in text for name in _NAMES)


def calculate(text: str, day: float, n: int) -> float | int:
    """The sum's value to 4 places, whole where it comes out whole. Raises ``SumFault``."""
    try:
        value = _value(_tree(text), {"_day": day, "_n": n})
    except SumFault:
        raise
    except ZeroDivisionError:
        raise SumFault("divides by nothing") from None
    except (OverflowError, RecursionError, ValueError):
        raise SumFault("comes out as no finite number") from None
    if not math.isfinite(value):
        raise SumFault("comes out as no finite number")
    rounded = round(float(value), 4)
    return int(rounded) if rounded == int(rounded) else rounded


def check_sum(text: str) -> None:
    """Raise ``SumFault`` where the text is no sum, whatever its numbers are."""
    try:
        _value(_tree(text), {"_day": 1.0, "_n": 1})
    except SumFault:
        raise
    except (ZeroDivisionError, OverflowError, ValueError):
        return  # for these numbers alone, perhaps
    except RecursionError:
        raise SumFault("is nested too deeply") from None


def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise SumFault(f"is longer than {_LONGEST} characters")
    plain = text
    for name, stand_in in _NAMES.items():
        plain = plain.replace(name, f" {stand_in} ")
    try:
        return ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError):
        raise SumFault(f"can't be calculated: {text}") from None


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            return -_value(inner, names) if isinstance(sign, ast.USub) else _value(inner, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _call(name, [_value(one, names) for one in args])
    word = getattr(node, "id", None) or getattr(getattr(node, "func", None), "id", None)
    raise SumFault(
        f"{word or ast.unparse(node)[:60]!r} is not known in a sum; "
        "it takes {day}, {n}, numbers, + - * / ( ) and min max round abs sin"
    )


def _call(name: str, values: list[float]) -> float:
    function, counts = _FUNCTIONS[name]
    if len(values) not in counts:
        raise SumFault(f"{name} takes another number of values")
    if name == "round" and len(values) == 2:
        return float(round(values[0], int(values[1])))
    return float(function(*values))
