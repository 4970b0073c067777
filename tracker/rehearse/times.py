"""Spans such as ``21d1h30m5s`` and moments: absolute, since the start, or relative to another moment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_SPAN: Final = re.compile(
    r"(?=[0-9])(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PARTS: Final = ("days", "hours", "minutes", "seconds")


def span_of(text: object) -> timedelta | None:
    """The length of time that the text gives, each part possibly decimal; None where it is none. 0 is a span too."""
    if isinstance(text, int) and not isinstance(text, bool) and text == 0:
        return timedelta(0)
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        return None
    try:
        return timedelta(**{name: float(part) for name, part in zip(_PARTS, found.groups(), strict=True) if part})
    except OverflowError:
        return None


def signed_span(text: object) -> timedelta | None:
    """A span with a sign before it, which says that it is relative; None for anything else."""
    if not isinstance(text, str) or text.strip()[:1] not in {"+", "-"}:
        return None
    span = span_of(text.strip()[1:].strip())
    return None if span is None else (-span if text.strip()[0] == "-" else span)


def moment_of(text: object) -> datetime | None:
    """The moment that the text names with its zone; None where it names none."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day_of(text: object, zone: tzinfo) -> datetime | None:
    """The beginning of the day that the text names, in that zone; None where it names none."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment_since(text: object, start: datetime) -> datetime | None:
    """A moment given as absolute or as a span since the start; None for anything else."""
    span = span_of(text)
    try:
        return moment_of(text) if span is None else start + span
    except OverflowError:
        return None


def written(moment: datetime) -> str:
    """The moment as the wire writes it: UTC with ``Z``, fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
