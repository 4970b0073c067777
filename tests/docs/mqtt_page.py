"""What docs/mqtt.md says, taken apart: its examples, its tables of fields and values, its refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "mqtt.md"
LEFT_OUT: Final = "\N{DIAMETER SIGN}"

_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```json\n(.*?)\n```", re.DOTALL)
_CHANGE = re.compile(r"`(.*)`\Z")


class Refusal(NamedTuple):
    """A payload that the page calls refused: of which kind, for which enrolled model, and the reason in its words."""

    kind: str
    model: str
    payload: bytes
    reason: str


def examples() -> list[tuple[str, str]]:
    """Every example of a message: its kind and its text."""
    return [(found[1], found[2]) for found in _EXAMPLE.finditer(PAGE.read_text())]


def table(mark: str) -> list[list[str]]:
    """The cells of the table under that mark, without its head."""
    after = PAGE.read_text().partition(f"<!-- {mark} -->\n")[2]
    rows = after.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


def values() -> dict[str, list[str]]:
    """The words that each field may have."""
    found: dict[str, list[str]] = {}
    field = ""
    for named, value, _ in table("values"):
        field = named.strip("`") or field
        found.setdefault(field, []).append(value.strip("`"))
    return found


def refusals() -> list[Refusal]:
    """Every refusal that the page names."""
    marks = re.findall(r"<!-- refusals: (\w+)(?: ([\w-]+))? -->", PAGE.read_text())
    found = []
    for kind, model in marks:
        for change, reason in table(f"refusals: {kind} {model}".rstrip()):
            written = _CHANGE.match(change)
            assert written is not None, f"{change} stands in no code span"
            payload = written[1].encode() if kind == "payload" else _changed(kind, written[1])
            found.append(
                Refusal("telemetry" if kind == "payload" else kind, model or "synchromed-ii-20", payload, reason)
            )
    return found


def _changed(kind: str, change: str) -> bytes:
    """The first example of the kind with that change."""
    message: dict[str, Any] = json.loads(next(text for one, text in examples() if one == kind))
    changes = json.loads("{" + change.replace(LEFT_OUT, f'"{LEFT_OUT}"') + "}")
    return json.dumps(
        {name: value for name, value in (message | changes).items() if value != LEFT_OUT}, ensure_ascii=False
    ).encode()
