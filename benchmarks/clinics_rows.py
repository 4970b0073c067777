"""Rows that SQL makes out of a number ``n``: expressions that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tracker.records.column_types import to_micros

CHARTED = 20  #: pumps with seven years of reports every four hours
CHARTED_REPORTS = 7 * 365 * 6
DAY = 86_400


class Rows(NamedTuple):
    """Rows of a table: for ``n`` from 1 to ``numbers``, each column an expression of it; ``where`` leaves some out."""

    table: str
    numbers: int
    columns: Mapping[str, str]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Sql:
    """Expressions in the words of one database."""

    now: datetime
    sqlite: bool
    reports: int  #: of a pump that reports every day

    @property
    def newest(self) -> str:
        """The number of the pump's newest report."""
        return f"(CASE WHEN n <= {CHARTED} THEN {CHARTED_REPORTS} ELSE {self.reports} END)"

    def at(self, seconds: str | int) -> str:
        """The time so many seconds from now."""
        if self.sqlite:
            return f"({to_micros(self.now)} + ({seconds}) * 1000000)"
        return f"(timestamptz '{self.now.isoformat()}' + ({seconds}) * interval '1 second')"

    def day(self, days: str | int) -> str:
        """The date so many days from today."""
        if self.sqlite:
            return f"date('{self.now:%Y-%m-%d}', ({days}) || ' days')"
        return f"(date '{self.now:%Y-%m-%d}' + ({days}))"

    def json(self, value: Any) -> str:
        """The same value for every row."""
        written = quoted(json.dumps(value))
        return written if self.sqlite else f"CAST({written} AS jsonb)"


def quoted(text: str) -> str:
    """A literal."""
    return "'" + text.replace("'", "''") + "'"


def one_of(number: str, values: Sequence[str]) -> str:
    """One of the texts, in turn."""
    cases = " ".join(f"WHEN {place} THEN {quoted(value)}" for place, value in enumerate(values))
    return f"CASE ({number}) % {len(values)} {cases} END"


def padded(prefix: str, number: str, digits: int = 7) -> str:
    """The prefix and the number with leading zeros."""
    return f"'{prefix}' || substr(CAST(({number}) + {10**digits} AS text), 2)"


def clinic_of(pump: str) -> str:
    """The clinic of that pump: 92 of 100 are the first one's."""
    return f"CASE WHEN ({pump}) % 100 < 92 THEN 1 ELSE 2 + ({pump}) % 7 END"


def serial(pump: str) -> str:
    """The serial of that pump."""
    return padded("NGP", pump)


def padded_text(prefix: str, number: int, digits: int = 7) -> str:
    """What ``padded`` makes of that number."""
    return f"{prefix}{number:0{digits}d}"
