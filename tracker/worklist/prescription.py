"""Tasks from drug, unit, dose and flow that do not fit each other: what is recorded against what the pump reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from devices.alarms import Priority
from devices.dose import outside_usual_range, times_the_most, unusual_concentration
from devices.drugs import components, unknown_components
from devices.interval import Unknown
from devices.lifecycle import IN_PATIENT, LifecycleState
from devices.prescription import PrescribedDrug, Prescription, amount, boluses_ml_per_day, flow_for
from devices.units import concentration_in_mcg, mass_of
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.given_dose import (
    SEVERAL_TIMES,
    Given,
    does_not_fit,
    fits,
    given_against_recorded,
    reported_flow,
)
from tracker.findings.pump_snapshot import PumpSnapshot, SettingSeen
from tracker.worklist.item import WantedItem, page

ACT_WITHIN: Final = {
    Priority.HIGH: timedelta(0),
    Priority.MEDIUM: timedelta(days=3),
    Priority.LOW: timedelta(days=30),
}
"""How soon somebody should look. Assumed."""
FAR_OVER_RANGE: Final = Decimal(10)
"""A recorded dose so many times the most that is usual kills if it is given. Assumed."""
_TOLD_AS_TIMES: Final = 2
"""From here on a ratio reads better as times than in percent."""
_INTERROGATE: Final = (
    "Interrogate the pump and compare drug, concentration and dose with the chart and the syringe label."
)


@dataclass(frozen=True, slots=True)
class _Fault:
    priority: Priority
    what: str
    why: str


def prescription_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task for what the pump gives or was set to against the record, and one for faults of the record itself."""
    if LifecycleState(view.lifecycle) not in IN_PATIENT:
        return []
    items = []
    against = [fault for fault in (_flow(view), _told(view)) if fault is not None]
    if against:
        items.append(_item(view, now, "prescription", against, _news(view)))
    of_record = sorted(_record(view), key=lambda fault: -fault.priority)
    if of_record:
        items.append(_item(view, now, "prescription:record", of_record, view.prescribed_at))
    return items


def _item(view: PumpSnapshot, now: datetime, part: str, faults: list[_Fault], news_at: datetime | None) -> WantedItem:
    first = max(faults, key=lambda fault: fault.priority)
    told = [first, *(fault for fault in faults if fault is not first)]
    pending = _unconfirmed(view) if part == "prescription" else None
    draft = pending is not None and pending.by == "draft"
    since = now if view.state is None else view.state.measured_at
    step = f"Confirm or edit the draft visit if it is right. If not: {_INTERROGATE}" if draft else _INTERROGATE
    if part == "prescription:record":
        step = "Correct the record, or log the visit that set it."
    return WantedItem(
        key=f"pump:{view.pump_id}:{part}",
        kind="prescription",
        priority=first.priority,
        harm_at=since + ACT_WITHIN[first.priority],
        what=first.what,
        why=" ".join(fault.why for fault in told),
        next_step=step,
        since=since,
        link=page(view.serial, f"visits/{pending.id}" if draft and pending is not None else ""),
        news_at=news_at,
    )


def _flow(view: PumpSnapshot) -> _Fault | None:
    """The reported flow against the recorded dose; not where it was measured before that dose was set."""
    prescription, state, flow = view.prescription, view.state, reported_flow(view)
    if prescription is None or state is None or flow is None:
        return None
    if view.prescribed_at is not None and state.measured_at < view.prescribed_at:
        return None
    given = does_not_fit(prescription, flow, state.infusion, view.model)
    if given is None:
        return None
    why = given_against_recorded(prescription, flow)
    explained = _explained(view, flow)
    if explained is not None:
        said = "draft visit" if explained.by == "draft" else "programmer session"
        why += f" The {said} of {day_text(view, explained.at)} sets this dose; nobody has confirmed it."
    elif view.prescribed_at is not None:
        why += (
            f" The record was set by the visit of {day_text(view, view.prescribed_at)}; the pump was measured "
            f"{time_text(view, state.measured_at)}. A bridge bolus after a new concentration explains it for a day."
        )
    return _Fault(_priority(view, given, explained), _title(given), why)


def _title(given: Given) -> str:
    if given.ratio == float("inf"):
        return "Pump gives drug although the recorded dose is zero"
    if given.ratio >= _TOLD_AS_TIMES:
        return f"Pump gives {given.ratio:.2g} times the recorded dose"
    return f"Pump gives {round(100 * given.ratio)}% of the recorded dose"


def _priority(view: PumpSnapshot, given: Given, explained: SettingSeen | None) -> Priority:
    """High for an overdose of any drug, and for far too little of one that is dangerous to lose.

    A session that set the smaller dose leaves too little at medium; one that set a few percent more leaves it low.
    """
    if given.far and given.too_much:
        return Priority.HIGH
    if given.far:
        return Priority.HIGH if dangerous_to_lose(view) and explained is None else Priority.MEDIUM
    return Priority.MEDIUM if explained is None else Priority.LOW


def _explained(view: PumpSnapshot, flow: float) -> SettingSeen | None:
    """The newest draft or session since the record was set whose prescription asks for that flow."""
    infusion = None if view.state is None else view.state.infusion
    fitting = [
        one for one in _since_record(view)
        if one.prescription is not None and fits(one.prescription, flow, infusion, view.model)
    ]  # fmt: skip
    return fitting[-1] if fitting else None


def _since_record(view: PumpSnapshot) -> list[SettingSeen]:
    return [
        one for one in view.settings
        if one.by != "visit" and (view.prescribed_at is None or one.at >= view.prescribed_at)
    ]  # fmt: skip


def _unconfirmed(view: PumpSnapshot) -> SettingSeen | None:
    """The newest draft, or else session, that tells a prescription which nobody has confirmed."""
    telling = [one for one in _since_record(view) if one.prescription is not None]
    drafts = [one for one in telling if one.by == "draft"]
    return (drafts or telling)[-1] if telling else None


def _told(view: PumpSnapshot) -> _Fault | None:
    """What the programmer set last against the record: another drug, concentration, or a dose several times it."""
    told = _unconfirmed(view)
    if told is None or told.prescription is None:
        return None
    said = f"The programmer session of {day_text(view, told.at)}"
    known = view.prescription
    names = known.names if known is not None else frozenset(components(view.drug or ""))
    if not names:
        return None
    if told.prescription.names != names:
        recorded = known.text if known is not None else view.drug
        why = f"{said} says {told.prescription.text}; the record says {recorded}."
        return _Fault(Priority.MEDIUM, "Programmer and record name different drugs", why)
    if known is None:
        return None
    return _doses_differ(view, said, known, told.prescription)


def _doses_differ(view: PumpSnapshot, said: str, known: Prescription, told: Prescription) -> _Fault | None:
    by_name = {drug.names: drug for drug in known.drugs}
    worst: _Fault | None = None
    for drug in told.drugs:
        before = by_name.get(drug.names)
        fault = None if before is None else _one_differs(view, said, before, drug)
        if fault is not None and (worst is None or fault.priority > worst.priority):
            worst = fault
    return worst


def _one_differs(view: PumpSnapshot, said: str, before: PrescribedDrug, after: PrescribedDrug) -> _Fault | None:
    old, new = before.dose_in_mcg(), after.dose_in_mcg()
    doses = f"{_dose(after)}/day of {after.drug}; the record says {_dose(before)}/day."
    if old and new:
        ratio = new / old
        slip = " Was mg taken for mcg?" if ratio in (Decimal(1000), 1 / Decimal(1000)) else ""
        if ratio >= Decimal(str(SEVERAL_TIMES)):
            return _Fault(Priority.HIGH, f"New dose is {amount(ratio)} times the last", f"{said} sets {doses}{slip}")
        if ratio <= 1 / Decimal(str(SEVERAL_TIMES)):
            harms = Priority.MEDIUM if dangerous_to_lose(view) or slip else Priority.LOW
            return _Fault(harms, f"New dose is {amount(100 * ratio)}% of the last", f"{said} sets {doses}{slip}")
    strengths = before.concentration_in_mcg(), after.concentration_in_mcg()
    unlike = before.unit.casefold() != after.unit.casefold() if None in strengths else strengths[0] != strengths[1]
    if unlike:
        why = f"{said} says {_strength(after)} of {after.drug}; the record says {_strength(before)}."
        return _Fault(Priority.MEDIUM, "Programmer and record name different concentrations", why)
    return None


def _record(view: PumpSnapshot) -> Iterator[_Fault]:
    """Faults of the recorded prescription by itself."""
    if view.drug is None:
        return
    unknown = unknown_components(view.drug) or (() if components(view.drug) else (view.drug,))
    if unknown:
        names = ", ".join(f"“{name}”" for name in unknown)
        why = f"The record says {names}: no drug of that name is known, so it counts as the most dangerous one."
        yield _Fault(Priority.MEDIUM, "Drug name is not known", why)
    prescription = view.prescription
    if prescription is None:
        return
    units = [drug.unit for drug in prescription.drugs if concentration_in_mcg(drug.unit) is None]
    for unit in dict.fromkeys(units):
        why = f"The record's unit “{unit}” is not known: the dose can't be checked. Write mcg/mL or mg/mL."
        yield _Fault(Priority.MEDIUM, "Unit of the drug is not known", why)
    flow = flow_for(prescription)
    if isinstance(flow, Unknown) and not units:
        yield _Fault(Priority.MEDIUM, "Recorded prescription does not fit itself", flow.reason)
    boluses = boluses_ml_per_day(prescription)
    if isinstance(boluses, Unknown) and not units:
        yield _Fault(Priority.MEDIUM, "Boluses can't be counted", boluses.reason)
    for drug in prescription.drugs:
        yield from _unusual(drug)


def _unusual(drug: PrescribedDrug) -> Iterator[_Fault]:
    slip, outside = unusual_concentration(drug), outside_usual_range(drug)
    if slip is not None:
        yield _Fault(Priority.MEDIUM, "Check the unit: mg or mcg", slip)
    if not isinstance(outside, str):
        return
    over = times_the_most(drug)
    far = over is not None and over >= FAR_OVER_RANGE
    several = over is not None and over >= Decimal(str(SEVERAL_TIMES))
    priority = Priority.HIGH if far else Priority.MEDIUM if several else Priority.LOW
    yield _Fault(priority, "Recorded dose is outside the usual range", outside)


def _news(view: PumpSnapshot) -> datetime | None:
    """When something came that a person who closed the task had not seen."""
    dates = [one.at for one in _since_record(view)]
    return max([*dates, *([] if view.prescribed_at is None else [view.prescribed_at])], default=None)


def _dose(drug: PrescribedDrug) -> str:
    return f"{amount(drug.dose_per_day)} {mass_of(drug.unit) or drug.unit}"


def _strength(drug: PrescribedDrug) -> str:
    return f"{amount(drug.concentration)} {drug.unit}"
