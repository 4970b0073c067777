"""The drugs given by intrathecal pump: what happens when one stops, and in which amounts each is given.

A dose or concentration is a Decimal with its unit beside it: mcg read as mg kills. What is not found in a source is an
assumption and marked so; a drug that is not listed is not known, and is treated as the most dangerous to lose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
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
    """The usual range of the daily dose; a limit that no source gives is None. `source` None marks an assumption.

    `start`: the highest dose to begin with; `most_rise`: the most that one step may add. Both are in `unit` a day.
    """

    least: Decimal | None
    most: Decimal | None
    unit: str
    source: str | None
    start: Decimal | None = None
    most_rise: Decimal | None = None


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
        DailyDose(Decimal(90), Decimal(703), "mcg", "F16"),
        ("500 mcg/mL", "1000 mcg/mL", "2000 mcg/mL"),
        approved_intrathecal=True,
    ),
    Drug(
        "clonidine",
        ("duraclon",),
        WithdrawalRisk.SEVERE,
        "rebound high blood pressure, racing heart",
        "S44",
        DailyDose(Decimal(250), Decimal(2000), "mcg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "morphine",
        ("infumorph", "mitigo", "duramorph", "astramorph"),
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
        ("sublimaze",),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(None, Decimal(1), "mg", None),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "sufentanil",
        ("sufenta",),
        WithdrawalRisk.OPIOID,
        "opioid withdrawal: restlessness, sweating, cramps, return of pain",
        None,
        DailyDose(Decimal(10), Decimal(100), "mcg", "S43"),
        (),
        approved_intrathecal=False,
    ),
    Drug(
        "bupivacaine",
        ("marcaine", "marcain", "sensorcaine"),
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
        DailyDose(None, Decimal("19.2"), "mcg", "F17", start=Decimal("2.4"), most_rise=Decimal("2.4")),
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
_MIXED = re.compile(r"\s*(?:\+|/|,|;|&|\(|\)|\bw/|\band\b|\bwith\b|\bplus\b)\s*")
_AMOUNT = re.compile(r"\b\d[\d.,]*\s*(?:%|(?:mcg|\u03bcg|ug|mg|ng|g)?(?:\s*/\s*(?:ml|cc)\b)?)")
_FORM_WORDS: Final = re.compile(
    r"\b(?:preservative[- ]free|pf|intrathecal|injection|inj|solution|soln|usp|sulfate|sulphate|so4|hydrochloride|hcl"
    r"|citrate|acetate)\b"
)
"""Salts and words of the preparation: they name no other drug."""


def find(name: str) -> Drug | None:
    """Return the drug of that name, brand or salt, in whatever letters, or None when it is not in the catalogue.

    A strength beside the name (`Infumorph 500`), words such as `PF` or `intrathecal` and a brand in brackets do not
    matter. A mixture is no single drug: None.
    """
    named = components(name)
    return _BY_NAME.get(named[0]) if len(named) == 1 else None


def parts(name: str) -> tuple[str, ...]:
    """Return the names in a mixture such as `morphine + bupivacaine`, in lower case; one name is a mixture of one."""
    plain = _plain(name)
    if _single(plain) is not None:
        return (plain,)
    return tuple(part for part in _MIXED.split(_AMOUNT.sub(" ", plain)) if _bare(part))


@lru_cache(maxsize=4096)  # thousands of pumps hold the same few texts
def components(text: str) -> tuple[str, ...]:
    """Return the drugs that a free text names, each once and in its order: catalogue names such as `baclofen`.

    Brands, salts, strengths and letters do not matter (`Prialt and baclofen`, `morphine sulfate/Marcaine`). A part that
    is in no catalogue stays as given, in lower case; `find` returns None for it.
    """
    found = ((part.strip(), _single(part)) for part in parts(text))
    return tuple(dict.fromkeys(part if drug is None else drug.name for part, drug in found))


def unknown_components(text: str) -> tuple[str, ...]:
    """Return the parts of a drug text that are in no catalogue, as given but in lower case."""
    return tuple(part for part in components(text) if part not in _BY_NAME)


def withdrawal_risk(name: str | None) -> WithdrawalRisk:
    """Return what sudden loss of the drug does; a mixture is as dangerous as its worst part.

    A drug not known, not listed, or in a mixture with one not listed gives UNKNOWN, which ranks above all.
    """
    if name is None or not parts(name):
        return WithdrawalRisk.UNKNOWN
    found = [_single(part) for part in parts(name)]
    risks = [WithdrawalRisk.UNKNOWN if drug is None else drug.withdrawal for drug in found]
    return max(risks, key=_DANGER.index)


def _single(part: str) -> Drug | None:
    plain = _plain(part)
    return _BY_NAME.get(plain) or _BY_NAME.get(_bare(plain))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("\N{TRADE MARK SIGN}", " ").replace("\N{REGISTERED SIGN}", " ").split())


def _bare(part: str) -> str:
    """The name without its strength, salt and words of the preparation."""
    return " ".join(_FORM_WORDS.sub(" ", _AMOUNT.sub(" ", part)).split()).strip(" .-")
