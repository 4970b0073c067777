"""What to say when a drug stops: each sentence names its source or says that it is assumed."""

from __future__ import annotations

import re

import pytest

from devices.drug_loss import MAKERS_LINE, drug_loss
from devices.drugs import DRUGS, WithdrawalRisk
from devices.sources import SOURCES


@pytest.mark.parametrize("drug", [one.name for one in DRUGS])
def test_each_drug_of_the_catalogue_has_its_signs_with_a_source_or_as_an_assumption(drug: str) -> None:
    loss = drug_loss([drug])
    (own,) = (one for one in loss.emergency if one.startswith(f"{drug}:"))
    assert re.search(r"\(source [SF]\d+[a-z]?\)|\(assumed\)", own)
    assert {key for text in loss.emergency for key in re.findall(r"\b[SF]\d+[a-z]?\b", text)} <= SOURCES.keys()


def test_of_a_mixture_each_part_is_named_and_the_worst_decides() -> None:
    loss = drug_loss(["Lioresal + morphine"])
    assert loss.risk is WithdrawalRisk.LIFE_THREATENING
    assert [text.partition(":")[0] for text in loss.emergency[:2]] == ["baclofen", "morphine"]
    assert "emergency department" in loss.tell_patient
    assert "rebound rigidity" in loss.tell_patient
    assert "death" not in loss.tell_patient
    assert "48 to 96 hours" in " ".join(loss.emergency)


@pytest.mark.parametrize("drugs", [[], ["compound 7"]])
def test_a_drug_that_nobody_knows_is_as_dangerous_as_any(drugs: list[str]) -> None:
    loss = drug_loss(drugs)
    assert loss.risk is WithdrawalRisk.UNKNOWN
    assert "dangerous" in loss.emergency[0]
    assert "emergency department" in loss.tell_patient


def test_a_drug_whose_loss_harms_nobody_sends_nobody_to_an_emergency_department() -> None:
    loss = drug_loss(["ziconotide"], maker="Medtronic")
    assert "emergency department" not in loss.tell_patient
    assert MAKERS_LINE not in loss.emergency


def test_the_makers_line_is_given_for_its_own_pumps_alone() -> None:
    assert MAKERS_LINE in drug_loss(["baclofen"], maker="Medtronic").emergency
    assert MAKERS_LINE not in drug_loss(["baclofen"], maker="Flowonix").emergency
