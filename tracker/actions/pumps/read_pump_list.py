"""Read a list of pumps from CSV: every line's fault is found before anything is enrolled.

The header names the columns: ``serial`` and ``model``, and any further field of a pump's record. A column of another
name is left out, and said to be. A cell that stands under no column is a fault of its line: it may be half a number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel import Session

from tracker.actions.pumps.enrol_pump import OPTIONAL_FIELDS, Enrolment, check
from tracker.errors import Conflict, Invalid, TrackerError
from tracker.records.queries.serial_lookup import pumps_by_serial

MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """One pump of the list. ``number`` is the line in the file, the header being line 1."""

    number: int
    serial: str
    model: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line, and in which column."""

    number: int
    serial: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.field}: {self.reason}"


class FaultyList(Invalid):
    """A list with faults; nothing of it was enrolled."""

    title = "The list has faults"

    def __init__(self, faults: list[LineFault]) -> None:
        self.faults = faults
        shown = "; ".join(str(fault) for fault in faults[:20])
        more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
        super().__init__(f"nothing was enrolled: {shown}{more}", field=faults[0].field)


def read_pump_list(session: Session, data: bytes, today: date) -> tuple[list[Line], list[LineFault]]:
    """The good lines and the faults, each in the file's order. Raises ``Invalid`` where it is no such list at all."""
    rows = _rows(data)
    lines: list[Line] = []
    faults: list[LineFault] = []
    first_seen: dict[str, int] = {}
    for number, row, surplus in rows:
        serial = row.get("serial", "")
        try:
            if surplus:
                raise Invalid(surplus, field="columns")
            line = Line(number, serial, row.get("model", ""), _details(row))
            check(Enrolment(line.serial, line.model, "", "", line.details), today)
            if serial in first_seen:
                raise Conflict(f"{serial} stands on line {first_seen[serial]} already", field="serial")
        except TrackerError as fault:
            faults.append(LineFault(number, serial[:64], fault.field or "serial", fault.detail))
            continue
        first_seen[serial] = number
        lines.append(line)
    taken = pumps_by_serial(session, [line.serial for line in lines])
    faults += [
        LineFault(line.number, line.serial, "serial", f"a pump with the serial {line.serial} is already enrolled")
        for line in lines
        if line.serial in taken
    ]
    return [line for line in lines if line.serial not in taken], sorted(faults, key=lambda fault: fault.number)


def columns_left_out(data: bytes) -> list[str]:
    """The columns of a list that was read which no field of a pump's record takes; who imports it is told."""
    text = data.decode("utf-8-sig", "replace")
    header = _names(next(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), []))
    return [name for name in header if name and name not in OPTIONAL_FIELDS | {"serial", "model"}]


def _rows(data: bytes) -> list[tuple[int, dict[str, str], str]]:
    """Each line that says something: its number, its cells by column, and what is wrong if it has more of them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("the file is not UTF-8 text; save it as CSV UTF-8", field="file") from None
    delimiter = _delimiter(text)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        raise Invalid(f"the file is no CSV: {fault}", field="file") from None
    header = _names(table[0]) if table else []
    for name in ("serial", "model"):
        if name not in header:
            raise Invalid(f"the first line has to name the columns, and {name} is not among them", field=name)
    if len(set(header)) != len(header):
        raise Invalid("a column is named twice", field="file")
    if len(table) - 1 > MOST_LINES:
        raise Invalid(f"at most {MOST_LINES:,} pumps at once", field="file")
    rows = []
    for number, line in enumerate(table[1:], start=2):
        cells = [cell.strip() for cell in line]
        if any(cells):
            surplus = _MEND[delimiter] if any(cells[len(header) :]) else ""
            rows.append((number, dict(zip(header, cells, strict=False)), surplus))
    return rows


_MEND: Final[Mapping[str, str]] = {
    ",": "the line has more cells than columns; quote the cell that holds a comma, or write a decimal point",
    ";": "the line has more cells than columns; quote the cell that holds a semicolon",
}


def _delimiter(text: str) -> str:
    header_line = text.partition("\n")[0]
    return ";" if header_line.count(";") > header_line.count(",") else ","


def _names(cells: list[str]) -> list[str]:
    """The columns' names, up to the last that has one."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _details(row: Mapping[str, str]) -> dict[str, Any]:
    given = {name: text for name, text in row.items() if name in OPTIONAL_FIELDS and text}
    return {name: _READ[name](name, text) if name in _READ else text for name, text in given.items()}


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is no date; write 2026-11-22", field=name) from None


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(f"{text[:40]!r} is no whole number", field=name)
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is no number", field=name) from None
    return number


_READ: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "manufactured_on": _day,
    "expires_on": _day,
    "implanted_on": _day,
    "low_reservoir_ml": _number,
    "refill_cap_days": _whole,
    "report_interval_s": _whole,
}
