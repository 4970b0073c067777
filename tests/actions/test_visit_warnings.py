"""What a visit is asked about: a list of warnings from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from devices.models.catalogue import CATALOGUE
from devices.prescription import PrescribedDrug, Prescription
from tracker.actions.visits.visit_warnings import Proposed, Unanswered, VisitWarning, answered, visit_warnings


def rx(drug: str = "baclofen", concentration: str = "2000", unit: str = "mcg/mL", dose: str = "300") -> Prescription:
    return Prescription((PrescribedDrug(drug, Decimal(concentration), unit, Decimal(dose)),))


def a_visit(**told: Any) -> Proposed:
    """A refill with a small rise of the dose, about which nobody is asked."""
    visit = Proposed(
        model=CATALOGUE["synchromed-ii-20"],
        day=date(2026, 11, 20),
        analysed=True,
        reprogrammed=True,
        refilled=True,
        expected_ml=2.6,
        aspirated_ml=2.9,
        filled_ml=20.0,
        before=rx(),
        after=rx(dose="330"),
    )
    return replace(visit, **told)


def ids(visit: Proposed) -> list[str]:
    return [one.id for one in visit_warnings(visit)]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"after": None, "before": None},
        {"after": rx("Lioresal", "2", "mg/mL", "0.3"), "reprogrammed": False},
        {"after": rx(concentration="500")},
        {"after": rx(dose="600")},
        {"after": rx(dose="0")},
        {"refilled": False, "expected_ml": None, "aspirated_ml": None, "filled_ml": None},
        {"expected_ml": None, "aspirated_ml": None},
        {"filled_ml": None, "not_measured_because": "label lost"},
        {"before": rx(dose="80"), "after": rx(dose="80")},
        {"reprogrammed": False, "before": None},
    ],
)
def test_an_ordinary_visit_is_asked_about_nothing(told: dict[str, Any]) -> None:
    assert ids(a_visit(**told)) == []


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"analysed": False, "reprogrammed": False, "refilled": False, "after": None}, ["nothing_done"]),
        ({"reprogrammed": False}, ["not_reprogrammed"]),
        ({"filled_ml": None}, ["filled_missing"]),
        ({"filled_ml": 20.5}, ["over_capacity"]),
        ({"aspirated_ml": None}, ["over_capacity"]),
        ({"product_expires_on": date(2026, 11, 19)}, ["product_expired"]),
        ({"after": rx("bacloven")}, ["drug_unknown"]),
        ({"after": rx(unit="mcg")}, ["unit_unknown"]),
        ({"after": rx(dose="601")}, ["dose_several_times"]),
        ({"after": rx(dose="149")}, ["dose_several_times"]),
        ({"after": rx(unit="mg/mL")}, ["unit_slip", "dose_several_times", "dose_outside_range"]),
        ({"before": rx(dose="650"), "after": rx(dose="710")}, ["dose_outside_range"]),
        (
            {"before": rx("Prialt", "25", dose="2.4"), "after": rx("ziconotide", "25", dose="7.5")},
            ["dose_several_times", "dose_rises_fast"],
        ),
        ({"after": rx(concentration="10"), "before": rx(concentration="10")}, ["flow_out_of_reach"]),
    ],
)
def test_what_may_be_a_slip_is_asked_about(told: dict[str, Any], asked: list[str]) -> None:
    assert ids(a_visit(**told)) == asked


def test_each_drug_of_a_mixture_is_asked_about_at_its_own_field() -> None:
    mixture = Prescription((*rx("morphine", "25", "mg/mL", "5").drugs, *rx("clonadine", "100", dose="40").drugs))
    found = visit_warnings(a_visit(before=None, after=mixture))
    assert [(one.id, one.field) for one in found] == [
        ("drug_unknown", "prescription_after.drugs[1].drug"),
        ("mixture_does_not_fit", "prescription_after"),
    ]


def test_answers_are_kept_with_what_they_answer_and_a_blank_one_is_none() -> None:
    asked = [VisitWarning("filled_missing", "filled_ml", "How much?")]
    assert answered(asked, [{"warning": "filled_missing", "words": " lost "}, {"warning": "x", "words": "y"}]) == [
        {"warning": "filled_missing", "field": "filled_ml", "message": "How much?", "words": "lost"}
    ]
    with pytest.raises(Unanswered) as refused:
        answered(asked, [{"warning": "filled_missing", "words": "  "}])
    assert refused.value.more == {"warnings": [{"id": "filled_missing", "field": "filled_ml", "message": "How much?"}]}
    assert answered([], []) == []
