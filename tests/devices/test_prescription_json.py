"""Prescriptions as JSON: both forms, and the field that is at fault."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from devices.infusion import Infusion
from devices.prescription import Boluses, PrescribedDrug, Prescription
from devices.prescription_json import PrescriptionFault, prescription_or_none, read_prescription, write_prescription

SINGLE: dict[str, Any] = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "300"}
MORPHINE: dict[str, Any] = {"drug": "morphine", "concentration": "25", "unit": "mg/mL", "dose_per_day": "5"}
CLONIDINE: dict[str, Any] = {"drug": "clonidine", "concentration": "100", "unit": "mcg/mL", "dose_per_day": "20"}
BOLUSES: dict[str, Any] = {"dose": "10", "unit": "mcg", "per_day": 4, "lockout_minutes": 120}


def test_four_single_fields_mean_one_drug() -> None:
    read = read_prescription({**SINGLE, "mode": "flex", "boluses": BOLUSES})
    assert read == Prescription(
        (PrescribedDrug("baclofen", Decimal(2000), "mcg/mL", Decimal(300)),),
        Infusion.FLEX,
        Boluses(Decimal(10), "mcg", 4, 120),
    )


@pytest.mark.parametrize(
    "given",
    [
        {**SINGLE, "mode": "simple_continuous"},
        {**SINGLE, "mode": None, "boluses": BOLUSES},
        {"drugs": [MORPHINE, CLONIDINE], "mode": "flex"},
        {"drugs": [MORPHINE, CLONIDINE], "mode": None, "boluses": BOLUSES},
    ],
)
def test_what_is_written_is_what_was_read(given: dict[str, Any]) -> None:
    assert write_prescription(read_prescription(given)) == given


def test_a_list_of_one_drug_is_written_as_single_fields() -> None:
    assert write_prescription(read_prescription({"drugs": [SINGLE]})) == {**SINGLE, "mode": None}


@pytest.mark.parametrize(
    "single",
    [SINGLE, {**SINGLE, "drug": "Lioresal"}, {**SINGLE, "concentration": "2", "unit": "mg/mL", "dose_per_day": "0.3"}],
)
def test_both_forms_may_be_given_where_they_agree(single: dict[str, Any]) -> None:
    assert read_prescription({**single, "drugs": [SINGLE]}).drugs[0].drug == "baclofen"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({**SINGLE, "drugs": [{**SINGLE, "drug": "morphine"}]}, "drug"),
        ({**SINGLE, "drugs": [{**SINGLE, "concentration": "500"}]}, "concentration"),
        ({**SINGLE, "drugs": [{**SINGLE, "dose_per_day": "330"}]}, "dose_per_day"),
        ({**SINGLE, "drugs": [{**SINGLE, "unit": "mg/mL"}]}, "concentration"),
        ({**SINGLE, "drugs": [SINGLE, MORPHINE]}, "drug"),
        ({"drug": "morphine", "drugs": [SINGLE]}, "drug"),
        ({"unit": "mcg/mL", "drugs": [SINGLE]}, "drug"),
        ({"drugs": []}, "drugs"),
        ({"drugs": [{**MORPHINE, "drug": f"drug {n}"} for n in "abcdefg"]}, "drugs"),
        ({"drugs": "x"}, "drugs"),
        ({"drugs": [MORPHINE, {**CLONIDINE, "unit": ""}]}, "drugs[1].unit"),
        ({"drugs": [MORPHINE, {**MORPHINE, "drug": "Infumorph"}]}, "drugs[1].drug"),
        ({"drugs": [MORPHINE, {**CLONIDINE, "rate": "1"}]}, "drugs[1].rate"),
        ({"drugs": [5]}, "drugs[0]"),
        ({}, "drug"),
        ({**SINGLE, "unit": None}, "unit"),
        ({**SINGLE, "concentration": 2000}, "concentration"),
        ({**SINGLE, "dose_per_day": "three"}, "dose_per_day"),
        ({**SINGLE, "dose_per_day": "-3"}, "dose_per_day"),
        ({**SINGLE, "dose_per_day": "1e3"}, "dose_per_day"),
        ({**SINGLE, "mode": "drip"}, "mode"),
        ({**SINGLE, "rate": "1"}, "rate"),
        ({**SINGLE, "boluses": 4}, "boluses"),
        ({**SINGLE, "boluses": {**BOLUSES, "dose": "x"}}, "boluses.dose"),
        ({**SINGLE, "boluses": {**BOLUSES, "unit": " "}}, "boluses.unit"),
        ({**SINGLE, "boluses": {**BOLUSES, "per_day": -1}}, "boluses.per_day"),
        ({**SINGLE, "boluses": {**BOLUSES, "per_day": True}}, "boluses.per_day"),
        ({**SINGLE, "boluses": {**BOLUSES, "lockout_minutes": 1.5}}, "boluses.lockout_minutes"),
        ({**SINGLE, "boluses": {**BOLUSES, "size": 1}}, "boluses.size"),
    ],
)
def test_a_fault_names_its_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(PrescriptionFault) as fault:
        read_prescription(given)
    assert fault.value.field == field
    assert prescription_or_none(given) is None


def test_no_prescription_is_none() -> None:
    assert prescription_or_none(None) is None


def test_one_text_may_name_the_drugs_of_the_list() -> None:
    assert len(read_prescription({"drug": "Duraclon, morphine", "drugs": [MORPHINE, CLONIDINE]}).drugs) == 2
