"""What a unique device identifier says, whoever issued it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Issuer(StrEnum):
    """The agency by whose rules the identifier is written."""

    GS1 = "gs1"
    HIBCC = "hibcc"
    ICCBBA = "iccbba"


@dataclass(frozen=True, slots=True)
class Udi:
    """One identifier. `device_identifier` names the model; the rest names the one device, as far as it is given.

    ``doubts``: sentences for the person who scanned it, where a scanner may have dropped a separator and one field may
    have swallowed the next. ``serials``: the serials that it can then mean; empty where there is no doubt.
    """

    issuer: Issuer
    device_identifier: str
    serial: str | None
    lot: str | None
    manufactured_on: date | None
    expires_on: date | None
    doubts: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()


class UdiError(ValueError):
    """An identifier that cannot be read; as text, a sentence that says what is wrong with it."""


def day_of_year(year: int, day: int, what: str) -> date:
    """Return that day of the year. Raises UdiError, with `what` the date is for, if the year has no such day."""
    if not 1 <= day <= 366:
        raise UdiError(f"The date of {what} has no day {day} in its year.")
    found = date(year, 1, 1) + timedelta(days=day - 1)
    if found.year != year:
        raise UdiError(f"The date of {what} has no day {day} in its year.")
    return found


def calendar_day(year: int, month: int, day: int, what: str) -> date:
    """Return the day. Raises UdiError, with `what` the date is for, if the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        raise UdiError(f"The date of {what} is no date: {year:04d}-{month:02d}-{day:02d}.") from None
