"""Programmer sessions on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.prescription import Boluses, PrescribedDrug, Prescription
from devices.report import Infusion, ProgrammerSession, SessionReservoir
from devices.wire import WireError, decode_session, encode_session
from tests.devices.messages import ABSENT, a_session, as_bytes, session_json


def refusal(message: object) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_session(as_bytes(message))
    return caught.value


def with_before(**given: Any) -> dict[str, Any]:
    message = session_json()
    before = {**message["prescription"]["before"], **given}
    kept = {name: value for name, value in before.items() if value is not ABSENT}
    return session_json(prescription={**message["prescription"], "before": kept})


def test_the_documented_session_is_read_whole() -> None:
    assert decode_session(as_bytes(session_json())) == a_session()


def test_only_version_model_numbers_and_time_are_needed() -> None:
    bare = {name: session_json()[name] for name in ("v", "model", "epoch", "seq", "measured_at")}
    session = decode_session(as_bytes(bare))
    unknown = ("started_at", "completed", "programmer", "operator", "analysed", "reprogrammed", "refilled")
    assert [getattr(session, name) for name in (*unknown, "reservoir", "before", "after")] == [None] * 10


@pytest.mark.parametrize("name", ["v", "model", "epoch", "seq", "measured_at"])
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    assert str(refusal(session_json(**{name: ABSENT}))) == f"{name} is required but missing"


@pytest.mark.parametrize("refilled", [False, None, ABSENT])
def test_volumes_of_a_refill_without_a_refill_are_refused(refilled: Any) -> None:
    fault = refusal(session_json(refilled=refilled))
    assert fault.field == "reservoir"
    assert "refilled is not true" in fault.reason


@pytest.mark.parametrize("refilled", [False, None, True])
def test_a_reservoir_of_null_goes_with_anything(refilled: bool | None) -> None:
    assert decode_session(as_bytes(session_json(reservoir=None, refilled=refilled))).reservoir is None


@pytest.mark.parametrize("field", ["concentration", "dose_per_day"])
@pytest.mark.parametrize(
    "value", [2000, 0.5, "1e3", "-5", "NaN", "Infinity", "", "2,5", ".5", "5.", " 5", "5\n", "1_0", "٣", None]
)
def test_a_quantity_of_drug_is_a_plain_decimal_in_a_text(field: str, value: Any) -> None:
    assert refusal(with_before(**{field: value})).field == f"prescription.before.{field}"


def test_a_quantity_of_drug_keeps_every_figure() -> None:
    session = decode_session(as_bytes(with_before(dose_per_day="0.300000000001")))
    assert session.before is not None
    assert session.before.drugs[0].dose_per_day == Decimal("0.300000000001")


@pytest.mark.parametrize("field", ["drug", "concentration", "unit", "dose_per_day"])
def test_a_prescription_says_drug_concentration_unit_and_dose(field: str) -> None:
    assert str(refusal(with_before(**{field: ABSENT}))) == f"prescription.before.{field} is required but missing"


@pytest.mark.parametrize(
    ("field", "value", "at_fault"),
    [
        ("v", 2, "v"),
        ("seq", 0, "seq"),
        ("epoch", False, "epoch"),
        ("measured_at", "2026-11-22T10:20:00", "measured_at"),
        ("started_at", "2026-11-22T10:05:00", "started_at"),
        ("started_at", 12, "started_at"),
        ("completed", "yes", "completed"),
        ("analysed", 1, "analysed"),
        ("reprogrammed", "true", "reprogrammed"),
        ("refilled", 0, "refilled"),
        ("programmer", 17, "programmer"),
        ("programmer", "A\u0000", "programmer"),
        ("operator", "o" * 65, "operator"),
        ("reservoir", {"expected_ml": -1}, "reservoir.expected_ml"),
        ("reservoir", {"aspirated_ml": "2.9"}, "reservoir.aspirated_ml"),
        ("reservoir", {"filled_ml": True}, "reservoir.filled_ml"),
        ("prescription", {"after": {"drug": "x"}}, "prescription.after.concentration"),
        ("prescription", [], "prescription"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(field: str, value: Any, at_fault: str) -> None:
    assert refusal(session_json(**{field: value})).field == at_fault


MIXTURE = [
    {"drug": "morphine", "concentration": "25", "unit": "mg/mL", "dose_per_day": "5"},
    {"drug": "clonidine", "concentration": "100", "unit": "mcg/mL", "dose_per_day": "20"},
]
ALLOTTED = {"dose": "10", "unit": "mcg", "per_day": 4, "lockout_minutes": 120}


def test_a_mixture_and_its_boluses_are_read() -> None:
    after = {"drugs": MIXTURE, "mode": "flex", "boluses": ALLOTTED, "colour": "ignored"}
    read = decode_session(as_bytes(session_json(prescription={"after": after}))).after
    assert read == Prescription(
        (
            PrescribedDrug("morphine", Decimal(25), "mg/mL", Decimal(5)),
            PrescribedDrug("clonidine", Decimal(100), "mcg/mL", Decimal(20)),
        ),
        Infusion.FLEX,
        Boluses(Decimal(10), "mcg", 4, 120),
    )


def test_one_drug_in_the_list_is_the_same_as_the_four_fields() -> None:
    message = session_json()
    listed = {
        "mode": "simple_continuous",
        "drugs": [{k: v for k, v in message["prescription"]["before"].items() if k != "mode"}],
    }
    both = {**message["prescription"]["before"], **listed}
    for before in (listed, both):
        session = session_json(prescription={**message["prescription"], "before": before})
        assert decode_session(as_bytes(session)) == a_session()


@pytest.mark.parametrize(
    ("given", "at_fault"),
    [
        ({"drugs": []}, "prescription.before.drugs"),
        ({"drugs": MIXTURE * 4}, "prescription.before.drugs"),
        ({"drugs": [MIXTURE[0], MIXTURE[0]]}, "prescription.before.drugs[1].drug"),
        ({"drugs": [{**MIXTURE[0], "dose_per_day": 5}]}, "prescription.before.drugs[0].dose_per_day"),
        ({"drugs": [MIXTURE[0]], "drug": "baclofen"}, "prescription.before.drug"),
        ({"drugs": [MIXTURE[0]], **MIXTURE[1]}, "prescription.before.drug"),
        ({"drugs": [MIXTURE[0]], **MIXTURE[0], "dose_per_day": "6"}, "prescription.before.dose_per_day"),
        ({"drugs": MIXTURE, **MIXTURE[0]}, "prescription.before.drug"),
        ({**MIXTURE[0], "boluses": {**ALLOTTED, "dose": 10}}, "prescription.before.boluses.dose"),
        ({**MIXTURE[0], "boluses": {**ALLOTTED, "per_day": "4"}}, "prescription.before.boluses.per_day"),
        ({**MIXTURE[0], "boluses": {"dose": "10", "unit": "mcg"}}, "prescription.before.boluses.per_day"),
        ({**MIXTURE[0], "boluses": {**ALLOTTED, "unit": "mcg\u0000"}}, "prescription.before.boluses.unit"),
        ({"drugs": [{**MIXTURE[0], "unit": "mg\u0000"}]}, "prescription.before.drugs[0].unit"),
    ],
)
def test_a_wrong_mixture_or_bolus_is_refused_with_its_field(given: dict[str, Any], at_fault: str) -> None:
    fault = refusal(session_json(prescription={"before": given}))
    path = fault.field.replace("[...]", "[0]")
    assert path == at_fault


def test_an_unknown_mode_of_delivery_is_refused() -> None:
    assert refusal(with_before(mode="drip")).field == "prescription.before.mode"


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=32)
amounts = st.decimals(0, 999_999, places=4)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1))  # noqa: DTZ001 - hypothesis adds the zone
maybe = st.none() | st.booleans()
drugs = st.lists(st.builds(PrescribedDrug, words, amounts, words, amounts), min_size=1, max_size=6).filter(
    lambda some: sum(len(one.names) for one in some) == len({name for one in some for name in one.names})
)
boluses = st.builds(Boluses, amounts, words, st.integers(0, 1440), st.none() | st.integers(0, 10_080))
prescriptions = st.builds(Prescription, drugs.map(tuple), st.none() | st.sampled_from(Infusion), st.none() | boluses)
volumes = st.none() | st.floats(0, 100)


@st.composite
def sessions(draw: st.DrawFn) -> ProgrammerSession:
    refilled = draw(maybe)
    return ProgrammerSession(
        model=draw(words),
        epoch=draw(st.integers(1, 9)),
        seq=draw(st.integers(1, 10**12)),
        measured_at=draw(moments),
        started_at=draw(st.none() | moments),
        completed=draw(maybe),
        programmer=draw(st.none() | words),
        operator=draw(st.none() | words),
        analysed=draw(maybe),
        reprogrammed=draw(maybe),
        refilled=refilled,
        reservoir=draw(st.none() | st.builds(SessionReservoir, volumes, volumes, volumes)) if refilled else None,
        before=draw(st.none() | prescriptions),
        after=draw(st.none() | prescriptions),
    )


@given(sessions())
def test_every_session_comes_back_as_it_was_sent(session: ProgrammerSession) -> None:
    payload = encode_session(session)
    assert decode_session(payload) == session
    assert encode_session(decode_session(payload)) == payload
