"""An iCalendar file (RFC 5545) of all-day entries: what a calendar program takes in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LINE_BYTES = 73


@dataclass(frozen=True, slots=True)
class Entry:
    """One all-day entry; ``uid`` keeps it the same when the file is taken in again."""

    uid: str
    day: date
    title: str
    text: str


def calendar_file(name: str, entries: Iterable[Entry], now: datetime) -> str:
    """The file's text, lines folded and ended as the standard asks."""
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pump tracker//planning//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(entry.uid)}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(entry.title)}",
            f"DESCRIPTION:{_escaped(entry.text)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> list[str]:
    """The line in pieces of at most 75 bytes, never cut within a character; each further one begins with a space."""
    pieces = [""]
    for character in line:
        if len((pieces[-1] + character).encode()) > _LINE_BYTES:
            pieces.append("")
        pieces[-1] += character
    return [pieces[0], *(f" {piece}" for piece in pieces[1:])]
