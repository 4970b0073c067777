"""Fill a case's values in: sums are calculated, and names in braces stand for what earlier answers gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tracker.rehearse.document import Node
from tracker.rehearse.sums import SumFault, calculate, is_sum

_NAME: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class NotKept(Exception):
    """A name in braces for which no call has kept a value yet."""


def filled(node: Node, day: float, n: int, kept: Mapping[str, Any] | None = None) -> Any:
    """The plain value with its sums calculated and its names filled in. Raises ``CaseFault`` for a sum at fault."""
    value = node.value
    if isinstance(value, dict):
        return {name: filled(one, day, n, kept) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, day, n, kept) for one in value]
    if is_sum(value):
        try:
            return calculate(value, day, n)
        except SumFault as fault:
            raise node.fault(str(fault)) from None
    return value if kept is None or not isinstance(value, str) else _named(value, kept)


def filled_path(path: str, kept: Mapping[str, Any]) -> str:
    """The address with its names filled in. Raises ``NotKept``."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in kept:
            raise NotKept(f"{{{found[1]}}} was not kept: the call that gives it did not answer as expected")
        return quote(str(kept[found[1]]), safe="")

    return _NAME.sub(value, path)


def _named(text: str, kept: Mapping[str, Any]) -> Any:
    """A text that is one name alone becomes the value itself; within a text its words stand."""
    whole = _NAME.fullmatch(text)
    if whole is not None and whole[1] in kept:
        return kept[whole[1]]
    return _NAME.sub(lambda found: str(kept[found[1]]) if found[1] in kept else found[0], text)
