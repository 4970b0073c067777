"""Whose work a task is, over every kind and role."""

from __future__ import annotations

from itertools import product

import pytest

from tests.findings.build import NOW, a_view
from tracker.records.staff import ROLES
from tracker.worklist.areas import HANDLED_BY, Area, area_of, may_handle, refusal
from tracker.worklist.wanted_items import wanted_items

CLINICAL = ("delivery", "reservoir", "battery", "memory", "catheter", "contact", "mri", "finding", "advisory")
KINDS = (*CLINICAL, "prescription", "clock", "draft", "replacement", "record", "access", "a kind of tomorrow")


@pytest.mark.parametrize(("kind", "role"), [*product(KINDS, ROLES)])
def test_each_kind_is_handled_by_the_roles_of_its_work_alone(kind: str, role: str) -> None:
    area = area_of(kind, of_a_pump=True)
    care = role in ({"physician", "administrator"} if kind == "access" else {"nurse", "physician"})
    billing = kind in {"draft", "replacement"} and role == "biller"
    data = kind == "record" and role == "administrator"
    assert may_handle(role, area) is (care or billing or data)
    assert role in refusal(role, area)


def test_a_clinics_lost_connection_is_set_up_and_a_pumps_silence_is_clinical() -> None:
    assert area_of("contact", of_a_pump=False) is Area.DATA
    assert area_of("contact", of_a_pump=True) is Area.CLINICAL


def test_nobody_of_an_unknown_role_handles_anything() -> None:
    assert not any(may_handle("owner", area) for area in HANDLED_BY)


def test_a_fact_that_is_missing_is_asked_for_once_and_of_followed_pumps_alone() -> None:
    def asked(**told: object) -> list[str]:
        return [line.what for line in wanted_items(a_view(**told), NOW) if line.kind == "record"]

    assert asked() == []
    assert asked(implanted_on=None) == ["Missing from the record: the implant date"]
    assert asked(implanted_on=None, drug=None) == ["Missing from the record: the implant date and the drug"]
    assert asked(drug=None, state=None) == [], "a pump that never reported is asked about elsewhere"
    assert asked(implanted_on=None, lifecycle="in_stock") == ["A pump in stock reports that it delivers"]
    assert asked(prescribed_ml_per_day=None) == []
