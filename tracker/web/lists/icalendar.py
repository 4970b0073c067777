"""An iCalendar file (RFC 5545) of all-day entries: what a calendar program takes in. Pure.

A file is ``calendar_begin``, any number of ``calendar_entry``, and ``calendar_end``.
"""

from __future__ import annotations

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


def calendar_begin(name: str) -> str:
    """The file's first lines."""
    return _text(
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pump tracker//planning//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    )


def calendar_entry(entry: Entry, now: datetime) -> str:
    """One entry's lines, folded and ended as the standard asks."""
    return _text(
        "BEGIN:VEVENT",
        f"UID:{_escaped(entry.uid)}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(entry.title)}",
        f"DESCRIPTION:{_escaped(entry.text)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    )


def calendar_end() -> str:
    """The file's last line."""
    return _text("END:VCALENDAR")


def _text(*lines: str) -> str:
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> list[str]:
    """The line in pieces of at most 75 bytes, never cut within a character; each further one begins with a space."""
    data = line.encode()
    pieces, start = [], 0
    while len(data) - start > _LINE_BYTES:
        end = start + _LINE_BYTES
        while data[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        pieces.append(data[start:end].decode())
        start = end
    pieces.append(data[start:].decode())
    return [pieces[0], *(f" {piece}" for piece in pieces[1:])]
