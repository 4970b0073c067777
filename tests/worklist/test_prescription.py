"""Tasks from drug, unit, dose and flow that do not fit: over every model, drug, spelling of a unit and mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from devices.alarms import Priority
from devices.drugs import DRUGS, DailyDose
from devices.model import DeviceKind
from devices.models.catalogue import CATALOGUE
from devices.prescription import Boluses, PrescribedDrug, Prescription
from tests.findings.build import DAY, NOW
from tracker.findings.pump_snapshot import LinkSeen, PumpSnapshot, SettingSeen, StateSeen
from tracker.worklist.item import WantedItem
from tracker.worklist.wanted_items import wanted_items

PUMPS = [model for model in CATALOGUE.values() if model.kind is DeviceKind.PROGRAMMABLE_PUMP]
FIXED = [model for model in CATALOGUE.values() if model.fixed_flow is not None]


def rx(drug: str = "baclofen", concentration: str = "2000", unit: str = "mcg/mL", dose: str = "300") -> Prescription:
    return Prescription((PrescribedDrug(drug, Decimal(concentration), unit, Decimal(dose)),))


def a_state(flow: float | None = 0.15, **told: Any) -> StateSeen:
    state = StateSeen(
        epoch=1,
        seq=1,
        measured_at=NOW,
        received_at=NOW,
        battery_percent=80.0,
        battery_indicator="ok",
        reservoir_ml=12.0,
        flow_ml_per_day=flow,
        infusion="simple_continuous",
        motor="running",
        alarms=frozenset(),
    )
    return replace(state, **told)


def a_pump(prescription: Prescription | None = None, flow: float | None = 0.15, **told: Any) -> PumpSnapshot:
    """A pump that gives 0.15 mL a day of baclofen 2000 mcg/mL, as recorded."""
    prescription = prescription or rx()
    view = PumpSnapshot(
        pump_id=7,
        clinic_id=1,
        serial="SN-1",
        model=CATALOGUE["synchromed-ii-20"],
        lifecycle="implanted",
        implanted_on=None,
        drug=prescription.text,
        report_interval_s=86_400,
        created_at=NOW - 100 * DAY,
        suspended_until=None,
        replacement_planned_for=None,
        refill_cap_days=None,
        state=a_state(flow),
        link=LinkSeen("connected", NOW, NOW),
        prescription=prescription,
    )
    return replace(view, **told)


def a_draft(prescription: Prescription, at: timedelta = -DAY / 24) -> SettingSeen:
    return SettingSeen("draft", 5, NOW + at, "running", (prescription.text,), prescription=prescription)


def tasks(view: PumpSnapshot) -> list[WantedItem]:
    return [line for line in wanted_items(view, NOW) if line.kind == "prescription"]


def a_dose(usual: DailyDose) -> Decimal:
    """A daily dose within the usual range."""
    return ((usual.least or Decimal(0)) + (usual.most or Decimal(2))) / 2


def test_a_concentration_that_was_changed_without_the_programme_is_an_overdose_told_in_numbers() -> None:
    (line,) = tasks(a_pump(flow=0.6, prescribed_at=NOW - DAY))
    assert line.priority is Priority.HIGH
    assert line.what == "Pump gives 4 times the recorded dose"
    assert "0.6 mL/day of 2000 mcg/mL gives 1200 mcg/day; the record says 300 mcg/day." in line.why


@pytest.mark.parametrize("drug", [drug for drug in DRUGS if drug.daily_dose is not None], ids=lambda drug: drug.name)
@pytest.mark.parametrize("model", PUMPS, ids=lambda model: model.id)
@pytest.mark.parametrize("factor", [1.0, 1.1, 0.9])
def test_a_flow_near_the_recorded_dose_asks_for_nothing(drug: Any, model: Any, factor: float) -> None:
    dose = a_dose(drug.daily_dose)
    told = rx(drug.name, f"{dose * 5:f}", f"{drug.daily_dose.unit}/mL", f"{dose:f}")
    assert tasks(a_pump(told, 0.2 * factor, model=model)) == []


@pytest.mark.parametrize("drug", [drug for drug in DRUGS if drug.daily_dose is not None], ids=lambda drug: drug.name)
@pytest.mark.parametrize("model", PUMPS, ids=lambda model: model.id)
@pytest.mark.parametrize("unit", ["mcg/mL", "\u03bcg/ml", "mg/mL"])
@pytest.mark.parametrize(
    ("factor", "over", "under"),
    [(4.0, 3, 0), (2.0, 3, 0), (1.4, 2, 0), (0.7, 0, 2), (0.5, 0, 3), (0.1, 0, 3)],
)
def test_a_flow_far_from_the_recorded_dose_is_told_for_every_model_drug_and_unit(
    drug: Any, model: Any, unit: str, factor: float, over: int, under: int
) -> None:
    mcg = a_dose(drug.daily_dose) * (1000 if drug.daily_dose.unit == "mg" else 1)
    dose = mcg / 1000 if unit == "mg/mL" else mcg
    told = rx(drug.name, f"{dose * 5:f}", unit, f"{dose:f}")
    found = [line for line in tasks(a_pump(told, 0.2 * factor, model=model)) if line.key == "pump:7:prescription"]
    harmless = drug.name in {"bupivacaine", "ziconotide"}
    wanted_priority = over or (2 if harmless else under)
    assert [int(line.priority) for line in found] == [wanted_priority]


@pytest.mark.parametrize("infusion", ["flex", "bolus"])
@pytest.mark.parametrize(("factor", "priority"), [(1.9, None), (0.55, None), (3.0, 2), (4.0, 3), (0.25, 3)])
def test_a_flow_that_varies_by_its_programme_is_given_room(infusion: str, factor: float, priority: int | None) -> None:
    found = tasks(a_pump(state=a_state(0.15 * factor, infusion=infusion)))
    assert [int(line.priority) for line in found] == ([] if priority is None else [priority])


@pytest.mark.parametrize(("flow", "told"), [(0.15, False), (0.21, False), (0.26, True), (0.12, True)])
def test_a_flow_may_reach_the_basal_dose_with_every_allotted_bolus(flow: float, told: bool) -> None:
    boluses = Prescription(rx().drugs, None, Boluses(Decimal(30), "mcg", 4))
    assert bool(tasks(a_pump(boluses, flow))) is told


@pytest.mark.parametrize(
    "state",
    [
        a_state(0.6, infusion="stopped"),
        a_state(0.006, infusion="minimum_rate"),
        a_state(0.0),
        a_state(0.6, motor="stalled"),
        a_state(None),
    ],
)
def test_a_pump_that_does_not_deliver_is_a_task_of_delivery_and_not_twice(state: StateSeen) -> None:
    assert tasks(a_pump(state=state)) == []


def test_a_report_from_before_the_dose_was_set_proves_nothing_and_the_first_one_after_it_does() -> None:
    assert tasks(a_pump(flow=0.6, prescribed_at=NOW + timedelta(minutes=1))) == []
    assert tasks(a_pump(flow=0.6, prescribed_at=NOW))


def test_a_dose_that_a_draft_explains_asks_to_confirm_it() -> None:
    (line,) = tasks(a_pump(flow=0.18, settings=(a_draft(rx(dose="360")),)))
    assert line.priority is Priority.LOW
    assert "The draft visit of" in line.why
    assert line.next_step.startswith("Confirm or edit the draft visit if it is right.")
    assert line.link == "/pumps/SN-1/visits/5"


@pytest.mark.parametrize(
    ("after", "priority", "words"),
    [
        (rx(dose="600"), Priority.HIGH, "New dose is 2 times the last"),
        (rx(dose="300", unit="mg/mL"), Priority.HIGH, "Was mg taken for mcg?"),
        (rx(dose="150"), Priority.MEDIUM, "New dose is 50% of the last"),
        (rx(concentration="500"), Priority.MEDIUM, "500 mcg/mL of baclofen; the record says 2000 mcg/mL"),
        (rx("morphine", "25", "mg/mL", "5"), Priority.MEDIUM, "says morphine; the record says baclofen"),
        (rx(unit="mcg"), Priority.MEDIUM, "2000 mcg of baclofen; the record says 2000 mcg/mL"),
    ],
)
def test_a_session_that_sets_something_far_from_the_record_is_told_before_any_report(
    after: Prescription, priority: Priority, words: str
) -> None:
    (line,) = tasks(a_pump(state=None, settings=(a_draft(after),)))
    assert line.priority is priority
    assert words in f"{line.what} {line.why}"


@pytest.mark.parametrize("after", [rx("Lioresal", "2", "mg/mL", "0.3"), rx(dose="330"), rx(unit="\u03bcg/mL")])
def test_a_session_that_says_the_same_or_changes_the_dose_a_little_makes_no_task_of_its_own(
    after: Prescription,
) -> None:
    assert tasks(a_pump(settings=(a_draft(after),))) == []


MIXTURE = Prescription(
    (
        PrescribedDrug("morphine", Decimal(25), "mg/mL", Decimal(5)),
        PrescribedDrug("bupivacaine", Decimal(40), "mg/mL", Decimal(8)),
    )
)


def test_a_mixture_is_told_drug_by_drug() -> None:
    assert tasks(a_pump(MIXTURE, 0.2)) == []
    (line,) = tasks(a_pump(MIXTURE, 0.4))
    assert line.priority is Priority.HIGH
    assert "of 25 mg/mL morphine gives 10 mg/day and" in line.why
    assert "of 40 mg/mL bupivacaine gives 16 mg/day; the record says 5 mg/day and 8 mg/day." in line.why


@pytest.mark.parametrize(
    ("prescription", "priority", "words"),
    [
        (rx("bacloven"), Priority.MEDIUM, "“bacloven”"),
        (rx("baclofen + mystery"), Priority.MEDIUM, "“mystery”"),
        (rx(unit="mcg"), Priority.MEDIUM, "unit “mcg” is not known"),
        (rx(dose="80"), Priority.LOW, "below the usual 90 mcg"),
        (rx(dose="800"), Priority.LOW, "above the usual 703 mcg"),
        (rx(dose="1500"), Priority.MEDIUM, "above the usual 703 mcg"),
        (rx(unit="mg/mL"), Priority.HIGH, "300 mg of baclofen a day"),
        (Prescription((*MIXTURE.drugs[:1], PrescribedDrug("clonidine", Decimal(100), "mcg/mL", Decimal(400)))),
         Priority.MEDIUM, "ask for different flows"),
        (Prescription(rx().drugs, None, Boluses(Decimal(1), "clicks", 4)), Priority.MEDIUM, "'clicks'"),
    ],
)  # fmt: skip
def test_a_record_that_can_not_be_right_or_checked_is_a_task(
    prescription: Prescription, priority: Priority, words: str
) -> None:
    (line,) = tasks(a_pump(prescription, state=None))
    assert line.priority is priority
    assert words in f"{line.what} {line.why}"


@pytest.mark.parametrize("model", FIXED, ids=lambda model: model.id)
def test_a_constant_flow_is_held_against_the_record_though_the_pump_reports_none(model: Any) -> None:
    flow = Decimal(str(model.fixed_flow_ml_per_day))
    right = rx("morphine", "10", "mg/mL", f"{flow * 10:f}")
    wrong = rx("morphine", "30", "mg/mL", f"{flow * 10:f}")
    assert [line.key for line in tasks(a_pump(right, None, model=model)) if line.key.endswith("prescription")] == []
    (line,) = [line for line in tasks(a_pump(wrong, None, model=model)) if line.key.endswith("prescription")]
    assert line.priority is Priority.HIGH


@pytest.mark.parametrize("lifecycle", ["in_stock", "explanted", "deceased", "returned"])
def test_a_pump_that_is_in_nobody_asks_for_nothing(lifecycle: str) -> None:
    assert tasks(a_pump(rx("bacloven"), 0.6, lifecycle=lifecycle)) == []
