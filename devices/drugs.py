"""The drugs given by intrathecal pump: what happens when one stops, and in which amounts each is given.

A dose or concentration is a Decimal with its unit beside it: mcg read as mg kills. What is not found in a source is an
assumption and marked so; a drug that is not listed is not known, and is treated as the most dangerous to lose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class WithdrawalRisk(StrEnum):
    """What sudden loss of the drug does to the patient."""

    NONE = "none"
    OPIOID = "opioid_withdrawal"
    SEVERE = "severe"
    LIFE_THREATENING = "life_threatening"
    UNKNOWN = "unknown"


DANGEROUS_TO_LOSE: Final[frozenset[WithdrawalRisk]] = frozenset(WithdrawalRisk) - {WithdrawalRisk.NONE}

_DANGER: Final[tuple[WithdrawalRisk, ...]] = (
    WithdrawalRisk.NONE,
    WithdrawalRisk.OPIOID,
    WithdrawalRisk.SEVERE,
    WithdrawalRisk.LIFE_THREATENING,
    WithdrawalRisk.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class DailyDose:
    """The usual range of the daily dose; a limit that no source gives is None. `source` None marks an assumption."""

    least: Decimal | None
    most: Decimal | None
    unit: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug. `withdrawal_source` None marks an assumption.

    `approved_intrathecal`: approved in the US for pain or spasticity by this route.
    """

    name: str
    other_names: tuple[str, ...]
    withdrawal: WithdrawalRisk
    withdrawal_signs: str
    withdrawal_source: str | None
    daily_dose: DailyDose | None
    concentrations: tuple[str, ...]
    approved_intrathecal: bool


DRUGS: Final[tuple[Drug, ...]] = (
    Drug(
        "baclofen",
        ("lioresal", "gablofen"),
        WithdrawalRisk.LIFE_THREATENING,
        "high fever, altered mental state, rebound rigidity, breakdown of muscle, organ failure, death",
        "S45",
        DailyDose(Decimal(22), Decimal(1400), "mcg", None),
        ("500 mcg/mL", "2000 mcg/mL"),
        approved_intrathecal=True,
    ),
    Drug(
        "clonidine",
        (),
        WithdrawalRisk.SEVERE,
        "rebound high blood pressure, racing heart",
        "S44",
        DailyDose(Decimal(250), Decimal(2000), "mcg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "morphine",
        ("infumorph", "morphine sulfate", "mitigo"),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(Decimal(1), Decimal(20), "mg", "S43"),
        ("25 mg/mL",),
        approved_intrathecal=True,
    ),
    Drug(
        "hydromorphone",
        ("dilaudid",),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(Decimal("0.5"), Decimal(25), "mg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "fentanyl",
        (),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(None, Decimal(1), "mg", None),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "sufentanil",
        (),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(Decimal(10), Decimal(100), "mcg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "bupivacaine",
        (),
        WithdrawalRisk.NONE,
        "return of pain",
        "S44",
        DailyDose(Decimal(6), Decimal(20), "mg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "ziconotide",
        ("prialt",),
        WithdrawalRisk.NONE,
        "return of pain",
        "S44",
        DailyDose(None, Decimal("19.2"), "mcg", "S27"),
        ("25 mcg/mL", "100 mcg/mL"),
        approved_intrathecal=True,
    ),
    Drug(
        "saline",
        ("sodium chloride", "sodium chloride 0.9%", "normal saline", "nacl"),
        WithdrawalRisk.NONE,
        "none",
        None,
        None,
        (),
        approved_intrathecal=False,
    ),
)

_BY_NAME: Final[Mapping[str, Drug]] = MappingProxyType(
    {name: drug for drug in DRUGS for name in (drug.name, *drug.other_names)}
)
_MIXED = re.compile(r"\s*(?:\+|/|,|;|&|\band\b|\bwith\b)\s*")


def find(name: str) -> Drug | None:
    """Return the drug of that name or brand, in whatever letters, or None when it is not in the catalogue."""
    return _BY_NAME.get(" ".join(name.lower().split()))


def parts(name: str) -> tuple[str, ...]:
    """Return the names in a mixture such as `morphine + bupivacaine`; one name alone is a mixture of one."""
    return tuple(part for part in _MIXED.split(" ".join(name.lower().split())) if part)


def withdrawal_risk(name: str | None) -> WithdrawalRisk:
    """Return what sudden loss of the drug does; a mixture is as dangerous as its worst part.

    A drug not known, not listed, or in a mixture with one not listed gives UNKNOWN, which ranks above all.
    """
    if name is None or not parts(name):
        return WithdrawalRisk.UNKNOWN
    found = [find(part) for part in parts(name)]
    risks = [WithdrawalRisk.UNKNOWN if drug is None else drug.withdrawal for drug in found]
    return max(risks, key=_DANGER.index)
