"""The visit form: what was typed, kept as typed so that nothing is lost when it is wrong, and read into values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from devices.report import Infusion
from tracker.actions.visits.prescription import checked
from tracker.actions.visits.visit_warnings import LONGEST_ANSWER
from tracker.errors import Invalid
from tracker.records.visit import Visit
from tracker.web.views.formatting import field_time, from_field_time, word

MODES = tuple((str(mode), word(mode)) for mode in Infusion)
VOLUMES = (("expected_ml", "Expected volume"), ("aspirated_ml", "Aspirated volume"), ("filled_ml", "Filled volume"))
FILL = ("product", "lot", "expires_on", "compounder", "wasted", "witnessed_by", "not_measured_because")
ANSWER = "answer."
"""What the name of an answer's field begins with; the warning's id follows."""
_MOST_ANSWERS = 50
_LONGEST = {"note": 4000, "further_drugs": 1000, "fill_not_measured_because": 500}


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
    further_drugs: str = ""
    bolus_dose: str = ""
    bolus_unit: str = ""
    bolus_per_day: str = ""
    bolus_lockout: str = ""
    fill_product: str = ""
    fill_lot: str = ""
    fill_expires_on: str = ""
    fill_compounder: str = ""
    fill_wasted: str = ""
    fill_witnessed_by: str = ""
    fill_not_measured_because: str = ""
    credential: str = ""
    alarm_audible: str = ""
    operator: str = ""
    note: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def given_answers(self) -> list[dict[str, str]]:
        """The words to each warning, as the actions take them."""
        return [{"warning": name, "words": words} for name, words in self.answers.items()]

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
            "fill": self._fill(),
            "credential": self.credential.strip().lower() or None,
        }

    def _fill(self) -> dict[str, Any] | None:
        given = {name: getattr(self, f"fill_{name}").strip() for name in FILL}
        if given["expires_on"]:
            try:
                date.fromisoformat(given["expires_on"])
            except ValueError:
                raise Invalid("give the day as on the label", field="fill_expires_on") from None
        wasted = {"wasted": _volume("fill_wasted", "The wasted volume", given.pop("wasted"))}
        told = {name: text for name, text in given.items() if text} | wasted
        return {name: value for name, value in told.items() if value is not None} or None

    def _prescription(self) -> dict[str, Any] | None:
        parts = {
            "drug": self.drug.strip(),
            "concentration": self.concentration.strip(),
            "unit": self.unit.strip(),
            "dose_per_day": self.dose_per_day.strip(),
        }
        boluses = self._boluses()
        if not any(parts.values()) and not boluses and not self.further_drugs.strip():
            return None
        for part, value in parts.items():
            if not value:
                raise Invalid("a prescription needs drug, concentration, unit and daily dose together", field=part)
        further = [_further(line) for line in self.further_drugs.splitlines() if line.strip()]
        drugs = {"drugs": [parts, *further]} if further else parts
        return checked({**drugs, "mode": self.mode or None, "boluses": boluses}, "prescription_after")

    def _boluses(self) -> dict[str, Any] | None:
        given = {name: getattr(self, f"bolus_{name}").strip() for name in ("dose", "unit", "per_day", "lockout")}
        if not any(given.values()):
            return None
        return {
            "dose": given["dose"],
            "unit": given["unit"],
            "per_day": _whole(given["per_day"], "bolus_per_day"),
            "lockout_minutes": _whole(given["lockout"], "bolus_lockout") if given["lockout"] else None,
        }


_FURTHER = re.compile(
    r"(?P<drug>.+?)\s+(?P<concentration>\d+(?:\.\d+)?)\s*(?P<unit>[^\s,;/\d]+\s*/\s*\w+)\s*[,;]?\s*"
    r"(?P<dose_per_day>\d+(?:\.\d+)?)(?:\s.*)?"
)


def _further(line: str) -> dict[str, str]:
    found = _FURTHER.fullmatch(line.strip())
    if found is None:
        raise Invalid(
            f"“{line.strip()[:60]}” is not read: write drug, concentration, unit and daily dose, such as "
            "“clonidine 100 mcg/mL, 20”",
            field="further_drugs",
        )
    return found.groupdict()


def _whole(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise Invalid("a whole number is needed", field=field)
    return int(text)


def read_form(given: Mapping[str, Any]) -> VisitForm:
    """The form's fields from a request; what is not a field of it is left aside, what is too long is refused."""
    typed: dict[str, str] = {}
    for one in fields(VisitForm):
        if one.name == "answers":
            continue
        value = given.get(one.name, "")
        text = value if isinstance(value, str) else ""
        limit = _LONGEST.get(one.name, 200)
        if len(text) > limit:
            raise Invalid(f"at most {limit:,} characters fit here", field=one.name)
        typed[one.name] = text
    answers: dict[str, str] = {}
    for name, words in given.items():
        if name.startswith(ANSWER) and isinstance(words, str) and len(answers) < _MOST_ANSWERS:
            if len(words) > LONGEST_ANSWER:
                raise Invalid(f"at most {LONGEST_ANSWER} characters fit here", field=name)
            answers[name.removeprefix(ANSWER)] = words
    return VisitForm(**typed, answers=answers)


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
    several = after.get("drugs") or []
    first = several[0] if several else after
    boluses, fill = after.get("boluses") or {}, visit.fill or {}
    told: dict[str, Any] = {
        name: "yes" if getattr(visit, name) else ""
        for name in ("analysed", "reprogrammed", "refilled", "professional_skill")
    }
    told |= {name: "" if getattr(visit, name) is None else f"{getattr(visit, name):g}" for name, _ in VOLUMES}
    told |= {part: str(first.get(part) or "") for part in ("drug", "concentration", "unit", "dose_per_day")}
    told |= {f"bolus_{name}": _text(boluses.get(name)) for name in ("dose", "unit", "per_day")}
    told |= {f"fill_{name}": _text(fill.get(name)) for name in FILL}
    return VisitForm(
        performed_at=field_time(visit.performed_at, zone),
        **told,
        mode=after.get("mode") or "",
        further_drugs="\n".join(
            f"{one['drug']} {one['concentration']} {one['unit']}, {one['dose_per_day']}" for one in several[1:]
        ),
        bolus_lockout=_text(boluses.get("lockout_minutes")),
        credential=visit.credential or "",
        alarm_audible={True: "yes", False: "no", None: ""}[visit.alarm_audible],
        operator=visit.operator or "",
        note=visit.note,
    )


def fill_as_kept(visit: Visit, fill: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was typed of a fill; the wasted volume stays written as the visit has it where it is the same amount."""
    kept = (visit.fill or {}).get("wasted")
    if fill and kept is not None and fill.get("wasted") == float(kept):
        return fill | {"wasted": kept}
    return fill


def _text(value: Any) -> str:
    return "" if value is None else str(value)


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
