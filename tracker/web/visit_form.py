"""The visit form: what was typed, kept as typed so that nothing is lost when it is wrong, and read into values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from devices.report import Infusion
from tracker.errors import Invalid
from tracker.records.visit import Visit
from tracker.web.words import field_time, from_field_time, word

MODES = tuple((str(mode), word(mode)) for mode in Infusion)
VOLUMES = (("expected_ml", "Expected volume"), ("aspirated_ml", "Aspirated volume"), ("filled_ml", "Filled volume"))
_LONGEST = {"note": 4000}


@dataclass(frozen=True, slots=True)
class VisitForm:
    """Every field as text. Check boxes hold ``yes`` or nothing."""

    performed_at: str = ""
    analysed: str = ""
    reprogrammed: str = ""
    refilled: str = ""
    professional_skill: str = ""
    expected_ml: str = ""
    aspirated_ml: str = ""
    filled_ml: str = ""
    drug: str = ""
    concentration: str = ""
    unit: str = ""
    dose_per_day: str = ""
    mode: str = ""
    alarm_audible: str = ""
    operator: str = ""
    note: str = ""

    @property
    def acts(self) -> dict[str, bool]:
        """What was done, as the codes ask."""
        return {
            name: getattr(self, name) == "yes"
            for name in ("analysed", "reprogrammed", "refilled", "professional_skill")
        }

    def moment(self, zone: str) -> datetime:
        """When it was, read in the clinic's zone; raises ``Invalid`` where that is no time."""
        try:
            return from_field_time(self.performed_at, zone)
        except (ValueError, OverflowError):
            raise Invalid("give the day and the time of the visit", field="performed_at") from None

    def values(self, zone: str) -> dict[str, Any]:
        """The values for ``log_visit`` and ``amend_visit``; raises ``Invalid`` naming the field."""
        audible = {"yes": True, "no": False, "": None}
        if self.alarm_audible not in audible:
            raise Invalid("answer yes, no or not known", field="alarm_audible")
        return {
            "performed_at": self.moment(zone),
            **self.acts,
            **{name: _volume(name, words, getattr(self, name)) for name, words in VOLUMES},
            "prescription_after": self._prescription(),
            "alarm_audible": audible[self.alarm_audible],
            "operator": self.operator.strip() or None,
            "note": self.note.strip(),
        }

    def _prescription(self) -> dict[str, Any] | None:
        parts = {
            "drug": self.drug.strip(),
            "concentration": self.concentration.strip(),
            "unit": self.unit.strip(),
            "dose_per_day": self.dose_per_day.strip(),
        }
        if not any(parts.values()):
            return None
        for part, value in parts.items():
            if not value:
                raise Invalid("a prescription needs drug, concentration, unit and daily dose together", field=part)
        return {**parts, "mode": self.mode or None}


def read_form(given: Mapping[str, Any]) -> VisitForm:
    """The form's fields from a request; what is not a field of it is left aside, what is too long is refused."""
    typed: dict[str, str] = {}
    for one in fields(VisitForm):
        value = given.get(one.name, "")
        text = value if isinstance(value, str) else ""
        limit = _LONGEST.get(one.name, 200)
        if len(text) > limit:
            raise Invalid(f"at most {limit:,} characters fit here", field=one.name)
        typed[one.name] = text
    return VisitForm(**typed)


def new_form(at: datetime, zone: str, *, reprogrammed: bool = False, refilled: bool = False) -> VisitForm:
    """An empty form that knows the time, and what a finding says was done."""
    return VisitForm(
        performed_at=field_time(at, zone),
        reprogrammed="yes" if reprogrammed else "",
        refilled="yes" if refilled else "",
    )


def form_of(visit: Visit, zone: str) -> VisitForm:
    """The form as it would have to be filled in to say what the visit says."""
    after = visit.prescription_after or {}
    return VisitForm(
        performed_at=field_time(visit.performed_at, zone),
        **{
            name: "yes" if getattr(visit, name) else ""
            for name in ("analysed", "reprogrammed", "refilled", "professional_skill")
        },
        **{name: "" if getattr(visit, name) is None else f"{getattr(visit, name):g}" for name, _ in VOLUMES},
        **{part: str(after.get(part) or "") for part in ("drug", "concentration", "unit", "dose_per_day", "mode")},
        alarm_audible={True: "yes", False: "no", None: ""}[visit.alarm_audible],
        operator=visit.operator or "",
        note=visit.note,
    )


def _volume(name: str, words: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except ArithmeticError:
        raise Invalid(f"{words} is a number of mL, such as 18.5", field=name) from None
    if not amount.is_finite():
        raise Invalid(f"{words} is a number of mL, such as 18.5", field=name)
    return float(amount)
