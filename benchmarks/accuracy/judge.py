"""Holds what the worklist said against what was true: harms without warning, warnings without harm, the burden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from benchmarks.accuracy.lived import Life, Lived, Opened
from benchmarks.accuracy.truth import (
    A_FILL,
    BATTERY_GRACE_DAYS,
    CAUSES,
    DAY,
    FILLS,
    LONG_CAUSES,
    REFILL_GRACE_DAYS,
    STOPS,
    happened,
    silent_at,
)
from devices.interval import Unknown
from devices.models.catalogue import CATALOGUE
from devices.refill import READABLE_ML, discrepancy
from devices.stability import stability_to_count_on

MONTH: Final = 30.44 * DAY
ORDINARY: Final = frozenset({"refill", "implanted"})
"""What happens to a pump on a routine month; visits without a refill leave no line in the truth."""

ENDING: Final = frozenset({"eri", "eos"})
HEARD_LATE: Final = timedelta(days=10)
"""A stop may be told so late, when the communicator was silent."""
OVERDUE_BY: Final = 7 * DAY
NOTHING_TOLD: Final = "refill_date"
"""The cause of a line that asks how long a fill lasts: it foretells nothing."""


def is_false(line: Opened, life: Life) -> bool | None:
    """Whether what the line warned of was not true and would not have come; None for a line that foretells nothing.

    A refill: within 17 days of the line neither the low mark nor the last day of the drug. A battery: no end of service
    within a year. An alarm: the pump had not stopped. Silence: the communicator was not silent. A finding: nothing of
    the kind truly happened. Drafts, MRI checks, advisories and the documents of a replacement ask for work that is
    there, and foretell nothing; nor does the question how long a fill lasts, where nothing else tells.
    """
    if line.truth is None or line.cause == NOTHING_TOLD:
        return None
    judged: bool | None = None
    if line.kind == "reservoir":
        judged = line.truth.low_in_days > REFILL_GRACE_DAYS and not _ages(line, life)
    elif line.kind == "battery":
        judged = line.truth.eos_in_days > BATTERY_GRACE_DAYS
    elif line.kind == "delivery":
        judged = not happened(life.facts, STOPS, line.opened_at - HEARD_LATE, line.opened_at)
    elif line.kind == "contact":
        judged = not silent_at(life.facts, line.opened_at)
    elif line.kind == "finding":
        judged = not _bears_out(line, life)
    return judged


def _bears_out(line: Opened, life: Life) -> bool:
    """Whether something of the finding's kind truly happened."""
    _, kind, *named = line.cause.split(":")
    back = A_FILL if kind in LONG_CAUSES else MONTH
    if happened(life.facts, CAUSES[kind], line.opened_at - back, line.opened_at):
        return True
    if kind == "late_refill" and named[0] == "filled":
        return _spoilt(date.fromisoformat(named[1]), line, life)
    return kind == "volume_discrepancy" and _truly_differed(line, life)


def _spoilt(filled_on: date, line: Opened, life: Life) -> bool:
    """Whether the drug truly stayed a week longer than it keeps, whoever is to blame."""
    keeps = stability_to_count_on(life.drug, first_fill=False, diluted=True)
    if isinstance(keeps, Unknown):
        return False
    filled_at = datetime.combine(filled_on, time(), UTC)
    late_at = filled_at + keeps.days * DAY + OVERDUE_BY
    return late_at <= line.opened_at and not happened(life.facts, FILLS, filled_at + DAY, late_at)


def _truly_differed(line: Opened, life: Life) -> bool:
    """Whether a refill of the last weeks truly found too much or too little, but for what no syringe can tell."""
    model = CATALOGUE[life.model]
    filled_ml: float | None = None
    for fact in life.facts:
        if fact.what == "refill" and line.opened_at - MONTH <= fact.at <= line.opened_at:
            expected, held = float(fact.detail["expected_ml"] or 0), float(fact.detail["held_ml"] or 0)
            programmed = None if filled_ml is None else max(filled_ml - expected, 0.0)
            for true_ml in (held - READABLE_ML, held + READABLE_ML):
                if discrepancy(model, expected, max(true_ml, 0.0), programmed).over:
                    return True
        if fact.what in FILLS:
            filled_ml = float(fact.detail["filled_ml"] or 0)
    return False


def _ages(line: Opened, life: Life) -> bool:
    """Whether the drug's last day comes soon. Simulated ziconotide is diluted, and was in its pump from the first."""
    if line.truth is None:
        return False
    filled_at = line.truth.filled_at
    keeps = stability_to_count_on(life.drug, first_fill=line.truth.first_fill, diluted=True)
    if isinstance(keeps, Unknown):
        return False
    return filled_at + keeps.days * DAY <= line.opened_at + REFILL_GRACE_DAYS * DAY


@dataclass(frozen=True, slots=True)
class Warned:
    """How many pumps came to a harm, how many of them with no line open before, and the lead times in days, sorted."""

    came: int
    missed: int
    lead_days: tuple[float, ...]


def warned(clinics: Sequence[Lived], what: str) -> Warned:
    """Count the harms of one kind over all clinics."""
    harms = [harm for lived in clinics for harm in lived.harms if harm.what == what]
    leads = sorted((harm.at - harm.warned_at) / DAY for harm in harms if harm.warned_at is not None)
    return Warned(len(harms), len(harms) - len(leads), tuple(leads))


@dataclass(frozen=True, slots=True)
class Told:
    """One kind of line: how many were opened, and how many of those that foretell something were false."""

    kind: str
    opened: int
    false: int
    foretells: bool


def told(clinics: Sequence[Lived]) -> list[Told]:
    """Count the lines by kind, the most frequent first."""
    opened: Counter[str] = Counter()
    false: Counter[str] = Counter()
    foretelling: set[str] = set()
    for lived in clinics:
        for line in lived.opened:
            opened[line.kind] += 1
            judged = None if line.serial is None else is_false(line, lived.lives[line.serial])
            if judged is not None:
                foretelling.add(line.kind)
                false[line.kind] += judged
    return [Told(kind, count, false[kind], kind in foretelling) for kind, count in opened.most_common()]


def pump_years(clinics: Sequence[Lived]) -> float:
    """How long all pumps together were looked after."""
    return sum((life.until - life.since) / DAY for lived in clinics for life in lived.lives.values()) / 365.25


@dataclass(frozen=True, slots=True)
class Burden:
    """Lines opened over pump-months."""

    lines: int
    months: float

    @property
    def per_month(self) -> float:
        """Lines opened per pump-month."""
        return self.lines / self.months if self.months else 0.0


def burden(clinics: Sequence[Lived]) -> Burden:
    """The lines opened on all pumps."""
    return Burden(sum(len(lived.opened) for lived in clinics), pump_years(clinics) * 12)


def routine_burden(clinics: Sequence[Lived]) -> Burden:
    """The lines opened in routine months: nothing but visits happened in it and in the month before."""
    lines = months = 0
    for lived in clinics:
        for life in lived.lives.values():
            at = [line.opened_at for line in lived.opened if line.serial == life.serial]
            start = life.since
            while start + MONTH <= life.until:
                end = start + MONTH
                if _is_routine(life, start, end):
                    months += 1
                    lines += sum(start <= when < end for when in at)
                start = end
    return Burden(lines, months)


def _is_routine(life: Life, start: datetime, end: datetime) -> bool:
    ended = any(fact.what in ENDING and fact.at < end for fact in life.facts)
    unusual = any(fact.what not in ORDINARY and start - MONTH <= fact.at < end for fact in life.facts)
    return not ended and not unusual
