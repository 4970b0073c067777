"""A prescription as JSON: read with the field named that is at fault, and written in one way.

One drug stands in four fields (`drug`, `concentration`, `unit`, `dose_per_day`), a mixture in `drugs`, a list of the
same four. With both given they must agree. Amounts are decimal texts.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from devices.infusion import Infusion
from devices.prescription import MOST_DRUGS, Boluses, PrescribedDrug, Prescription, same_prescription

FIELDS: Final = ("drug", "concentration", "unit", "dose_per_day")
_MODES: Final = frozenset(Infusion)
_KNOWN: Final = frozenset({*FIELDS, "mode", "drugs", "boluses"})
_BOLUS_FIELDS: Final = ("dose", "unit", "per_day", "lockout_minutes")
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
MOST_BOLUSES: Final = 1440  # one a minute
LONGEST_LOCKOUT: Final = 10_080  # a week, in minutes


class PrescriptionFault(ValueError):
    """A prescription can't be read: `field` names the part at fault (`drugs[1].unit`), `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}" if field else reason)
        self.field = field
        self.reason = reason


def read_prescription(given: Mapping[str, Any]) -> Prescription:
    """Return the prescription that the JSON object holds. Raises `PrescriptionFault` naming the field.

    A field that is null counts as not given.
    """
    if not given.keys() <= _KNOWN:
        raise PrescriptionFault(min(given.keys() - _KNOWN), "is no part of a prescription")
    mode = given.get("mode")
    if mode is not None and mode not in _MODES:
        raise PrescriptionFault("mode", f"{mode!r} is no way of infusing")
    infusion = None if mode is None else Infusion(mode)
    boluses = None if given.get("boluses") is None else read_boluses(given["boluses"])
    several = given.get("drugs")
    single = {name: given[name] for name in FIELDS if given.get(name) is not None}
    if several is None:
        return Prescription((_read_drug(given, ""),), infusion, boluses)
    prescription = Prescription(_read_drugs(several), infusion, boluses)
    if set(single) == {"drug"}:  # the names of all drugs as one text
        if PrescribedDrug(str(single["drug"]), Decimal(0), "", Decimal(0)).names != prescription.names:
            raise PrescriptionFault("drug", "does not agree with `drugs`")
    elif single:
        _check_agrees(_read_drug(single, ""), prescription)
    return prescription


def write_prescription(prescription: Prescription) -> dict[str, Any]:
    """Return the JSON object: four fields for one drug, `drugs` for several; `boluses` only where they are known."""
    drugs = [_write_drug(drug) for drug in prescription.drugs]
    written: dict[str, Any] = dict(drugs[0]) if len(drugs) == 1 else {"drugs": drugs}
    written["mode"] = None if prescription.mode is None else str(prescription.mode)
    if prescription.boluses is not None:
        written["boluses"] = write_boluses(prescription.boluses)
    return written


def read_boluses(given: Any) -> Boluses:
    """Return the allotted boluses that the JSON object holds. Raises `PrescriptionFault` naming the field."""
    if not isinstance(given, Mapping):
        raise PrescriptionFault("boluses", "is an object with dose, unit and per_day")
    unknown = sorted(set(given) - set(_BOLUS_FIELDS))
    if unknown:
        raise PrescriptionFault(f"boluses.{unknown[0]}", "is no part of the boluses")
    unit = given.get("unit")
    if not isinstance(unit, str) or not unit.strip():
        raise PrescriptionFault("boluses.unit", "must be a text that is not empty")
    lockout = given.get("lockout_minutes")
    return Boluses(
        _read_amount(given.get("dose"), "boluses.", "dose"),
        unit,
        _read_count(given.get("per_day"), "boluses.per_day", MOST_BOLUSES),
        None if lockout is None else _read_count(lockout, "boluses.lockout_minutes", LONGEST_LOCKOUT),
    )


def write_boluses(boluses: Boluses) -> dict[str, Any]:
    """Return the JSON object of the allotted boluses."""
    return {
        "dose": f"{boluses.dose:f}",
        "unit": boluses.unit,
        "per_day": boluses.per_day,
        "lockout_minutes": boluses.lockout_minutes,
    }


def prescription_or_none(given: Mapping[str, Any] | None) -> Prescription | None:
    """Return the prescription, or None where nothing is given or what is given is incomplete or can't be read."""
    if given is None:
        return None
    try:
        return read_prescription(given)
    except PrescriptionFault:
        return None


def _read_drugs(given: Any) -> tuple[PrescribedDrug, ...]:
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= MOST_DRUGS:
        raise PrescriptionFault("drugs", f"is a list of 1 to {MOST_DRUGS} drugs")
    drugs: list[PrescribedDrug] = []
    for place, one in enumerate(given):
        field = f"drugs[{place}]."
        if not isinstance(one, Mapping):
            raise PrescriptionFault(field.rstrip("."), "is a drug with its concentration, unit and daily dose")
        unknown = sorted(set(one) - set(FIELDS))
        if unknown:
            raise PrescriptionFault(field + unknown[0], "is no part of a drug")
        drug = _read_drug(one, field)
        if any(drug.names & earlier.names for earlier in drugs):
            raise PrescriptionFault(f"{field}drug", f"{drug.drug!r} is named twice")
        drugs.append(drug)
    return tuple(drugs)


def _read_drug(given: Mapping[str, Any], prefix: str) -> PrescribedDrug:
    for name in FIELDS:
        if given.get(name) is None:
            raise PrescriptionFault(prefix + name, "is required but missing")
    for name in ("drug", "unit"):
        if not isinstance(given[name], str) or not given[name].strip():
            raise PrescriptionFault(prefix + name, "must be a text that is not empty")
    return PrescribedDrug(
        given["drug"],
        _read_amount(given["concentration"], prefix, "concentration"),
        given["unit"],
        _read_amount(given["dose_per_day"], prefix, "dose_per_day"),
    )


def _read_amount(given: Any, prefix: str, name: str) -> Decimal:
    amount = _amount(given) if isinstance(given, str) else None
    if amount is None:
        raise PrescriptionFault(prefix + name, f"{given!r} is no amount: write a decimal number")
    return amount


@lru_cache(maxsize=4096)  # thousands of pumps are set to the same few amounts
def _amount(text: str) -> Decimal | None:
    """The amount, None where the text is none."""
    return Decimal(text.strip()) if _DECIMAL.fullmatch(text.strip()) is not None else None


def _read_count(given: Any, field: str, most: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= most:
        raise PrescriptionFault(field, f"is a whole number from 0 to {most}")
    return given


def _write_drug(drug: PrescribedDrug) -> dict[str, Any]:
    return {
        "drug": drug.drug,
        "concentration": f"{drug.concentration:f}",
        "unit": drug.unit,
        "dose_per_day": f"{drug.dose_per_day:f}",
    }


def _check_agrees(single: PrescribedDrug, prescription: Prescription) -> None:
    """Raise where the four single fields say something else than `drugs`; they mean one drug."""
    if len(prescription.drugs) > 1:
        raise PrescriptionFault(
            "drug", f"says one drug, and `drugs` says {len(prescription.drugs)}: give one of the two"
        )
    if same_prescription(Prescription((single,)), Prescription(prescription.drugs)):
        return
    other = prescription.drugs[0]
    pairs = (
        ("drug", single.names, other.names),
        ("concentration", single.concentration_in_mcg(), other.concentration_in_mcg()),
        ("dose_per_day", single.dose_in_mcg(), other.dose_in_mcg()),
    )
    field = next((name for name, mine, theirs in pairs if mine != theirs), "unit")
    raise PrescriptionFault(field, "does not agree with `drugs`")
