"""Format values for people: times, durations, volumes, and the names of states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from tracker.findings.catalogue import CATALOGUE
from tracker.web.forms.duration_input import interval_text

PRIORITY: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {3: ("high", "Urgent"), 2: ("medium", "Soon"), 1: ("low", "Routine")}
)
"""Priority to the sign's shape and its word."""

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "met": "Met",
        "not_met": "Not met",
        "unknown": "Not known",
        "not_applicable": "Does not apply",
        "medically_necessary": "Medically necessary",
        "not_medically_necessary": "Not medically necessary",
        "experimental_investigational_unproven": "Experimental, investigational or unproven",
        "needs_information": "Needs information",
        "outside_guideline": "Outside this guideline",
        "permanent_implant": "Permanent implant",
        "never": "No data yet",
        "eri": "Battery at ERI (replace soon)",
        "eos": "End of service",
        "ok": "OK",
        "minimum_rate": "Minimum rate",
        "simple_continuous": "Continuous",
        "none": "None",
        "in_stock": "In stock",
        "lost_to_follow_up": "Lost to follow-up",
        "programmable_pump": "Programmable pump",
        "nonprogrammable_pump": "Constant-flow pump",
        "reservoir": "Reservoir",
        "not_relevant": "Not relevant",
        "upheld": "Confirmed",
    }
)
"""The codes whose words are not simply the code without its underscores."""


def word(code: object) -> str:
    """The words for a code: from the table, else the code itself with spaces and a capital."""
    text = str(code)
    kind = CATALOGUE.get(text)
    return WORDS.get(text) or (kind.title if kind else text.replace("_", " ").strip().capitalize())


def sign(priority: int) -> tuple[str, str]:
    """Shape and word of a priority; one that is not known is shown as urgent, never as calm."""
    return PRIORITY.get(priority, ("high", "Urgent"))


def span(length: timedelta) -> str:
    """A length of time as people say it: ``3 s``, ``4 min``, ``6 h``, ``12 days``, ``7 months``, ``5.9 years``."""
    seconds = abs(length.total_seconds())
    days = seconds / 86_400
    for limit, unit, text in (
        (90, 1.0, "s"),
        (5400, 60.0, "min"),
        (172_800, 3600.0, "h"),
    ):
        if seconds < limit:
            return f"{int(seconds / unit)} {text}"
    if days < 90:
        return f"{int(days)} days"
    if days < 730:
        return f"{round(days / 30.44)} months"
    return f"{days / 365.25:.1f} years"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a time was, or how far off it is; ``never`` where there is none."""
    if moment is None:
        return "never"
    return f"{span(now - moment)} ago" if moment <= now else f"in {span(moment - now)}"


def due(day: date | datetime | None, now: datetime) -> str:
    """A date as a nurse counts: ``today``, ``in 3 days``, ``2 days late``; ``not known`` where there is none."""
    if day is None:
        return "not known"
    if isinstance(day, datetime):
        if abs(day - now) < timedelta(days=2):
            return f"in {span(day - now)}" if day > now else f"{span(now - day)} late"
        day = day.date()
    days = (day - now.date()).days
    if days == 0:
        return "today"
    length = span(timedelta(days=abs(days)))
    return f"in {length}" if days > 0 else f"{length} late"


def clock(moment: datetime | None, zone: str, *, seconds: bool = False, year: bool = True) -> str:
    """A time in the clinic's zone, with the zone's name: ``22 Nov 2026, 11:00 CET``."""
    if moment is None:
        return "not known"
    local = moment.astimezone(ZoneInfo(zone))
    day = f"{local.day} {local:%b %Y}" if year else f"{local.day} {local:%b}"
    return f"{day}, {local:%H:%M:%S} {local:%Z}" if seconds else f"{day}, {local:%H:%M} {local:%Z}"


def day(moment: date | datetime | None, zone: str = "UTC") -> str:
    """A date: ``22 Nov 2026``; a time's date is the one in the clinic's zone."""
    if moment is None:
        return "not known"
    if isinstance(moment, datetime):
        moment = moment.astimezone(ZoneInfo(zone)).date()
    return f"{moment.day} {moment:%b %Y}"


def field_time(moment: datetime, zone: str) -> str:
    """A time as a form's date-and-time field holds it, in the clinic's zone."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def from_field_time(text: str, zone: str) -> datetime:
    """The aware UTC time that a form's field names in the clinic's zone; ValueError where it names none."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def number(value: float | None, places: int = 1, unit: str = "") -> str:
    """A number with its unit; ``not known`` where there is none."""
    if value is None:
        return "not known"
    text = f"{value:,.{places}f}"
    return f"{text} {unit}" if unit else text


def on_the_clinics_clock(text: str, zone: str) -> str:
    """The text with its times in UTC put on the clinic's clock, and all its days as days are written here.

    A time that names another zone is the clinic's already, as its sentence was written; so is a day without a time.
    """

    def moved(found: re.Match[str]) -> str:
        date_said, time_said, zone_said = found.groups()
        try:
            if time_said is None:
                return day(date.fromisoformat(date_said))
            if zone_said not in {None, "UTC"}:
                return f"{day(date.fromisoformat(date_said))}, {time_said} {zone_said}"
            return clock(datetime.fromisoformat(f"{date_said}T{time_said}+00:00"), zone)
        except ValueError:  # digits that only look like a date
            return found[0]

    return _MOMENT.sub(moved, text)


_MOMENT = re.compile(
    r"(?<![\w./-])(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?: ([A-Z]{3,5}|[+-]\d{2,4})\b)?)?(?![\w/-])"
)


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 pump``, ``3 pumps``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


NAMES: Final[Mapping[str, object]] = MappingProxyType(
    {
        "word": word,
        "sign": sign,
        "span": span,
        "ago": ago,
        "due": due,
        "clock": clock,
        "day": day,
        "field_time": field_time,
        "number": number,
        "plural": plural,
        "interval_text": interval_text,
    }
)
"""What every template may call."""
