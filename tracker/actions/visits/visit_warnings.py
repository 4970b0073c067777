"""What a visit is asked about before it is stored: a list of warnings, and the answers that a person gave to each.

A warning stops nothing for good. It names the field and asks; with an answer in words the visit is stored, and the
answer stays with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from devices.dose import changed_severalfold, outside_usual_range, rises_too_fast, unusual_concentration
from devices.drugs import components, unknown_components
from devices.interval import Unknown
from devices.model import PumpModel
from devices.prescription import PrescribedDrug, Prescription, amount, differences, flow_for
from devices.units import concentration_in_mcg
from tracker.errors import TrackerError, at_most

LONGEST_ANSWER: Final = 500
AFTER: Final = "prescription_after"
DOSE_WARNINGS: Final = frozenset(
    {
        "dose_several_times",
        "dose_outside_range",
        "dose_rises_fast",
        "drug_unknown",
        "unit_unknown",
        "unit_slip",
        "mixture_does_not_fit",
        "flow_out_of_reach",
    }
)
"""Those that a draft is asked about too when it is confirmed."""


@dataclass(frozen=True, slots=True)
class VisitWarning:
    """One thing to ask about; ``id`` is a fixed word, ``field`` the field of the visit that it is about."""

    id: str
    field: str
    message: str


class Unanswered(TrackerError):
    """The visit has warnings without an answer; ``more`` carries them all into the problem document."""

    status = 422
    title = "Please check and answer"

    def __init__(self, unanswered: Sequence[VisitWarning], every: Sequence[VisitWarning]) -> None:
        super().__init__(" ".join(one.message for one in unanswered), field=unanswered[0].field)
        self.warnings = tuple(every)
        self.more = {"warnings": [{"id": one.id, "field": one.field, "message": one.message} for one in every]}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A visit as it would be stored, beside what the record says and the day it was on.

    ``not_measured_because``: why the filled volume is not known, where somebody said so.
    """

    model: PumpModel | None
    day: date
    analysed: bool
    reprogrammed: bool
    refilled: bool
    expected_ml: float | None
    aspirated_ml: float | None
    filled_ml: float | None
    before: Prescription | None
    after: Prescription | None
    not_measured_because: str | None = None
    product_expires_on: date | None = None


def visit_warnings(visit: Proposed) -> tuple[VisitWarning, ...]:
    """Everything that the visit is asked about, in the order of its fields; each id once for each field."""
    found = [*_of_acts(visit), *_of_volumes(visit), *_of_prescription(visit)]
    return tuple({(one.id, one.field): one for one in found}.values())


def answered(warnings: Sequence[VisitWarning], answers: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each warning with the words that answer it, to be kept. Raises `Unanswered` where one has none."""
    words: dict[str, str] = {}
    for place, answer in enumerate(answers):
        text = str(answer.get("words") or "").strip()
        at_most(LONGEST_ANSWER, text, f"answers[{place}].words")
        if text:
            words[str(answer.get("warning"))] = text
    unanswered = [one for one in warnings if one.id not in words]
    if unanswered:
        raise Unanswered(unanswered, warnings)
    return [{"warning": one.id, "field": one.field, "message": one.message, "words": words[one.id]} for one in warnings]


def _of_acts(visit: Proposed) -> Iterator[VisitWarning]:
    if not (visit.analysed or visit.reprogrammed or visit.refilled):
        yield VisitWarning("nothing_done", "analysed", "Nothing was analyzed, reprogrammed or refilled. What was done?")
    programmable = visit.model is None or visit.model.programmable
    if visit.reprogrammed or not programmable or visit.before is None or visit.after is None:
        return
    differ = differences(Prescription(visit.before.drugs), Prescription(visit.after.drugs))
    if differ:
        message = f"The new prescription differs from the record and reprogramming is not marked. {differ[0]}"
        yield VisitWarning("not_reprogrammed", "reprogrammed", message)


def _of_volumes(visit: Proposed) -> Iterator[VisitWarning]:
    if not visit.refilled:
        return
    if visit.filled_ml is None:
        if not visit.not_measured_because:
            yield VisitWarning(
                "filled_missing", "filled_ml", "A refill without its filled volume: how much was put in?"
            )
        return
    if visit.product_expires_on is not None and visit.product_expires_on < visit.day:
        message = f"The product expired on {visit.product_expires_on}, before the refill."
        yield VisitWarning("product_expired", "fill.expires_on", message)
    if visit.model is None:
        return
    expected = visit.expected_ml or 0.0
    left = max(expected - (visit.aspirated_ml or 0.0), 0.0)
    capacity = visit.model.capacity_ml
    if visit.filled_ml > capacity:
        message = f"{visit.filled_ml:g} mL was filled; the reservoir holds {capacity:g} mL."
        yield VisitWarning("over_capacity", "filled_ml", message)
    elif visit.filled_ml + left > capacity + visit.model.refill_discrepancy_ml:
        message = (
            f"{visit.filled_ml:g} mL on top of the {left:g} mL that was expected and not drawn back is more than the "
            f"{capacity:g} mL that the reservoir holds."
        )
        yield VisitWarning("over_capacity", "filled_ml", message)


def _of_prescription(visit: Proposed) -> Iterator[VisitWarning]:
    after = visit.after
    if after is None:
        return
    for place, drug in enumerate(after.drugs):
        path = AFTER if len(after.drugs) == 1 else f"{AFTER}.drugs[{place}]"
        yield from _of_drug(drug, path, _like(visit.before, drug))
    flow = flow_for(after)
    if isinstance(flow, Unknown):
        if "different flows" in flow.reason:
            yield VisitWarning("mixture_does_not_fit", AFTER, flow.reason)
        return
    model = visit.model
    if model is None or model.flow_max is None or flow == 0:
        return
    most = model.flow_max.value
    if model.fixed_flow is None and float(flow) > most:
        message = f"This asks for {amount(flow)} mL a day; a {model.name} gives at most {amount(most)} mL a day."
        yield VisitWarning("flow_out_of_reach", f"{AFTER}.dose_per_day", message)


def _of_drug(drug: PrescribedDrug, path: str, before: PrescribedDrug | None) -> Iterator[VisitWarning]:
    unknown = unknown_components(drug.drug) or (() if components(drug.drug) else (drug.drug,))
    if unknown:
        names = ", ".join(f"“{name}”" for name in unknown)
        yield VisitWarning("drug_unknown", f"{path}.drug", f"No drug named {names} is known. Is it spelled right?")
    if concentration_in_mcg(drug.unit) is None:
        message = f"The unit “{drug.unit}” is not known. Write mcg/mL or mg/mL."
        yield VisitWarning("unit_unknown", f"{path}.unit", message)
        return
    slip = unusual_concentration(drug)
    if slip is not None:
        yield VisitWarning("unit_slip", f"{path}.unit", slip)
    changed = None if before is None else changed_severalfold(before, drug)
    if changed is not None:
        yield VisitWarning("dose_several_times", f"{path}.dose_per_day", changed)
    fast = None if before is None else rises_too_fast(before, drug)
    if fast is not None:
        yield VisitWarning("dose_rises_fast", f"{path}.dose_per_day", fast)
    outside = outside_usual_range(drug) if drug.dose_per_day else None
    same = before is not None and before.dose_in_mcg() == drug.dose_in_mcg()
    if isinstance(outside, str) and not same:
        yield VisitWarning("dose_outside_range", f"{path}.dose_per_day", outside)


def _like(before: Prescription | None, drug: PrescribedDrug) -> PrescribedDrug | None:
    """The same drug of the prescription before."""
    known = () if before is None else before.drugs
    return next((one for one in known if one.names == drug.names), None)
