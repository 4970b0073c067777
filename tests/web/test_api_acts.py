"""The JSON API of what people do to a pump's record: each act is entered in the trail, each refusal names its field."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import select

from tests.build import NOW, a_pump, a_rejected_message, a_state
from tests.build_decisions import a_finding
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.pump import Pump, PumpState

PUMP = f"{V1}/pumps/SN1"


@pytest.fixture
def pumped(site: Site) -> Site:
    """A clinic with the implanted pump SN1, which has a state."""
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1", unit="Pain", patient_reference="P-1")
        a_state(session, pump, evaluate_at=None)
        a_pump(session, site.clinic("South"), serial="FOREIGN")
    return site


def entries(site: Site, subject: str = "pump:SN1") -> list[AuditEntry]:
    """What was done to the subject, without the looks at it."""
    site.web.trail.flush()
    with site.database.reading() as session:
        chosen = select(AuditEntry).where(AuditEntry.subject == subject, AuditEntry.action != "read")
        return list(session.exec(chosen.order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_a_field_that_is_left_out_stays_and_null_clears_it(pumped: Site) -> None:
    api = pumped.api()
    changed = good(
        api.patch(
            PUMP,
            json={
                "unit": None,
                "low_reservoir_ml": 3.5,
                "refill_cap_days": 80,
                "report_interval_s": 1800,
                "lot": "L-7",
                "implanted_on": "2024-02-01",
                "drug": "baclofen",
                "concentration": "2000",
                "concentration_unit": "mcg/mL",
                "dose_per_day": "300",
            },
        )
    )
    assert (changed["unit"], changed["patient_reference"], changed["low_reservoir_ml"]) == (None, "P-1", 3.5)
    assert (changed["drug"], changed["dose_per_day"], changed["implanted_on"]) == ("baclofen", "300", "2024-02-01")
    (entry,) = entries(pumped)
    assert entry.action == "record.changed"
    assert (entry.via, entry.token, entry.address) == ("token", "test", "127.0.0.1")
    assert (entry.detail["before"]["unit"], entry.detail["after"]["refill_cap_days"]) == ("Pain", 80)
    with pumped.database.reading() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        assert session.get_one(PumpState, pump.id).evaluate_at == NOW, "a changed record is looked at again"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"serial": "SN2"}, 422, "serial"),
        ({"report_interval_s": None}, 422, "report_interval_s"),
        ({"report_interval_s": 0}, 422, "report_interval_s"),
        ({"refill_cap_days": 0}, 422, "refill_cap_days"),
        ({"low_reservoir_ml": 21}, 409, "low_reservoir_ml"),
        ({"low_reservoir_ml": "3"}, 422, "low_reservoir_ml"),
        ({"implanted_on": "2030-01-01"}, 409, "implanted_on"),
        ({"implanted_on": 1}, 422, "implanted_on"),
        ({"concentration": "2000", "concentration_unit": None}, 409, "concentration_unit"),
        ({"concentration": "much"}, 422, "concentration"),
        ({"dose_per_day": "0"}, 409, "dose_per_day"),
        ({"unit": "x" * 81}, 422, "unit"),
        ({"manufactured_on": "2025-01-01", "expires_on": "2024-01-01"}, 409, "expires_on"),
    ],
)
def test_a_change_that_can_not_be_is_refused_the_field_named_and_nothing_done(
    pumped: Site, change: dict[str, Any], status: int, field: str
) -> None:
    problem = good(pumped.api().patch(PUMP, json={"patient_reference": "P-2", **change}), status)
    assert problem["field"] == field
    assert good(pumped.api().get(PUMP))["patient_reference"] == "P-1"
    assert entries(pumped) == []


def test_a_pump_is_planned_for_surgery_and_replaced_by_another(pumped: Site) -> None:
    with pumped.database.writing() as session:
        a_pump(session, pumped.clinic(), serial="NEW", lifecycle="in_stock", implanted_on=None, patient_reference=None)
    api = pumped.api("physician")
    planned = good(
        api.post(f"{PUMP}/lifecycle", json={"to": "replacement_planned", "on": "2026-12-10", "reason": "ERI"}), 201
    )
    assert (planned["from_state"], planned["to"]) == ("implanted", "replacement_planned")
    assert good(api.get(PUMP))["replacement_planned_for"] == "2026-12-10"
    day = f"{NOW:%Y-%m-%d}"
    assert good(api.post(f"{PUMP}/lifecycle", json={"to": "replaced", "on": day}), 409)["field"] == "successor"
    foreign = {"to": "replaced", "on": day, "successor": "FOREIGN"}
    assert good(api.post(f"{PUMP}/lifecycle", json=foreign), 409)["field"] == "successor"
    good(api.post(f"{PUMP}/lifecycle", json={"to": "replaced", "on": day, "successor": "NEW", "reason": "ERI"}), 201)
    assert good(api.get(f"{V1}/pumps/NEW"))["lifecycle"] == "implanted"
    assert walk(api, f"{PUMP}/lifecycle", 50)[0]["to"] == "replaced"
    assert [entry.action for entry in entries(pumped)] == ["pump.moved", "pump.moved"]


def test_an_mri_is_logged_and_its_check_becomes_due_by_the_model(pumped: Site) -> None:
    api = pumped.api()
    exam = good(api.post(f"{PUMP}/mri", json={"performed_at": "2026-11-20T08:00:00Z", "emptied_before": False}), 201)
    assert {"id", "check_due_at"} <= exam.keys()
    early = {"checked_at": "2026-11-20T07:00:00Z"}
    assert good(api.post(f"{PUMP}/mri/{exam['id']}/checked", json=early), 409)["field"] == "checked_at"
    good(api.post(f"{PUMP}/mri/{exam['id']}/checked", json={"checked_at": "2026-11-20T09:00:00Z"}), 201)
    assert walk(api, f"{PUMP}/mri", 50)[0]["checked_at"] == "2026-11-20T09:00:00Z"
    assert [entry.action for entry in entries(pumped)] == ["mri.logged", "mri.checked"]


def test_facts_findings_and_the_signature_over_them(pumped: Site) -> None:
    with pumped.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        finding = a_finding(session, pump)
    nurse, physician = pumped.api(), pumped.api("physician")
    fact = {"fact": "no_longer_beneficial", "value": True, "document": "Letter of 2 Nov 2026"}
    made = good(nurse.post(f"{PUMP}/facts", json=fact), 201)
    assert good(nurse.post(f"{PUMP}/facts", json=fact | {"fact": "weather"}), 409)["field"] == "fact"
    good(nurse.post(f"{PUMP}/facts/{made['id']}/withdraw", json={"reason": "other patient"}))
    assert walk(nurse, f"{PUMP}/facts", 50)[0]["withdrawn_reason"] == "other patient"

    signature = {"evident": False, "name": "Dr. Imai"}
    assert "ruling" in good(physician.post(f"{PUMP}/attestations", json=signature), 409)["detail"]
    ruling = {"ruling": "explained", "reason": "The clinic moved the appointment"}
    ruled = good(nurse.post(f"{PUMP}/findings/{finding.id}", json=ruling))
    assert (ruled["open"], ruled["ruling"]) == (False, "explained")
    assert good(nurse.get(f"{PUMP}/findings", params={"open": "true"}))["items"] == []
    signed = good(physician.post(f"{PUMP}/attestations", json=signature), 201)
    good(physician.post(f"{PUMP}/attestations/{signed['id']}/withdraw", json={"reason": "new records"}))
    assert walk(physician, f"{PUMP}/attestations", 50)[0]["withdrawn_reason"] == "new records"
    assert [entry.action for entry in entries(pumped)] == [
        "fact.documented",
        "fact.withdrawn",
        "finding.ruled",
        "attestation.signed",
        "attestation.withdrawn",
    ]


def test_a_signature_in_a_browser_asks_for_the_password_and_a_token_signs_by_itself(pumped: Site) -> None:
    browser = pumped.browser("physician")
    signature = {"evident": False, "name": "Dr. Imai"}
    assert good(browser.post(f"{PUMP}/attestations", json=signature), 409)["field"] == "password"
    program = pumped.api("physician")
    wrong = good(program.post(f"{PUMP}/attestations", json=signature | {"password": "not it"}), 409)
    assert wrong["field"] == "password"
    good(program.post(f"{PUMP}/attestations", json=signature), 201)
    assert entries(pumped)[-1].via == "token"


def test_silence_is_announced_and_called_off(pumped: Site) -> None:
    api = pumped.api()
    told = good(api.post(f"{PUMP}/suspension", json={"until": "2026-12-01T12:00:00Z", "reason": "travels"}))
    assert told == {"until": "2026-12-01T12:00:00Z", "reason": "travels"}
    no_reason = good(api.post(f"{PUMP}/suspension", json={"until": "2026-12-01T12:00:00Z"}), 409)
    assert no_reason["field"] == "reason"
    assert good(api.post(f"{PUMP}/suspension", json={"until": None}))["until"] is None
    assert [entry.action for entry in entries(pumped)] == ["reporting.suspended", "reporting.resumed"]


def test_a_communicators_login_is_renewed_and_revoked(pumped: Site) -> None:
    api = pumped.api()
    login = good(api.post(f"{PUMP}/credential"), 201)
    assert login["username"] == "SN1"
    good(api.post(f"{PUMP}/credential/revoke", json={"reason": "lost on a train"}))
    good(api.post(f"{PUMP}/credential/revoke", json={"reason": "again"}), 409)
    told = entries(pumped)
    assert [entry.action for entry in told] == ["credential.renewed", "credential.revoked"]
    assert login["password"] not in str([entry.detail for entry in told])


def test_the_clinic_and_its_programmers_are_changed(pumped: Site) -> None:
    admin = pumped.api("administrator")
    clinic = f"{V1}/clinic"
    assert good(admin.patch(clinic, json={"timezone": "America/New_York"}))["refill_cap_days"] is None
    assert good(admin.patch(clinic, json={"timezone": "Mars/Olympus"}), 409)["field"] == "timezone"
    good(admin.post(f"{clinic}/programmers", json={"programmer": "A810-1"}), 201)
    good(admin.post(f"{clinic}/programmers", json={"programmer": "A810-1"}), 409)
    assert [one["programmer"] for one in walk(admin, f"{clinic}/programmers", 50)] == ["A810-1"]
    good(admin.post(f"{clinic}/programmers/drop", json={"programmer": "A810-1"}))
    assert good(admin.post(f"{clinic}/programmers/drop", json={"programmer": "A810-1"}), 409)["field"] == "programmer"
    told = [entry.action for entry in entries(pumped, "clinic:North")]
    assert told == ["clinic.changed", "programmer.named", "programmer.dropped"]


def test_accounts_and_tokens_are_made_and_ended_by_an_administrator(pumped: Site) -> None:
    admin = pumped.api("administrator")
    given = {"email": "new@clinic.example", "role": "nurse", "password": "A long enough pass phrase 1"}
    made = good(admin.post(f"{V1}/staff", json=given), 201)
    assert good(admin.post(f"{V1}/staff", json=given), 409)["field"] == "email"
    path = f"{V1}/staff/{made['id']}"
    person = pumped.person("administrator")
    own = f"{V1}/staff/{person.id}/tokens"
    token = good(pumped.api(person=person).post(own, json={"name": "script"}), 201)["token"]
    script = pumped.stranger(headers={"Authorization": f"Bearer {token}"})
    good(script.get(PUMP))
    kept = next(one for one in good(script.get(own))["items"] if one["name"] == "script")
    good(script.post(f"{own}/{kept['id']}/revoke"), 409)
    good(pumped.api(person=person).post(f"{own}/{kept['id']}/revoke"))
    assert script.get(PUMP).status_code == 401
    assert good(admin.patch(path, json={"role": "biller"}))["role"] == "biller"
    assert good(admin.patch(path, json={"active": False}))["active"] is False
    assert site_staff(pumped, "South").patch(path, json={"active": True}).status_code == 404


def site_staff(site: Site, clinic: str) -> httpx.Client:
    return site.api("administrator", clinic)


def test_a_rejected_message_is_discarded_with_a_reason_and_replayed_only_where_it_can_be_read(pumped: Site) -> None:
    with pumped.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        message = a_rejected_message(session, pump)
    api = pumped.api()
    path = f"{V1}/rejected/{message.id}"
    good(api.post(f"{path}/replay"), 409)
    assert good(api.post(f"{path}/discard", json={"reason": ""}), 422)["field"] == "reason"
    assert good(api.post(f"{path}/discard", json={"reason": "a test message"}))["status"] == "discarded"
    good(api.post(f"{path}/discard", json={"reason": "again"}), 409)
    assert pumped.api(clinic="South").post(f"{path}/discard", json={"reason": "curious"}).status_code == 404


def test_another_clinics_pump_is_not_there_for_any_of_it(pumped: Site) -> None:
    api = pumped.api("physician")
    foreign = f"{V1}/pumps/FOREIGN"
    assert api.patch(foreign, json={"unit": "x"}).status_code == 404
    for path, body in (
        ("lifecycle", {"to": "explanted", "on": "2026-11-20"}),
        ("mri", {"performed_at": "2026-11-20T08:00:00Z"}),
        ("facts", {"fact": "repairable", "value": True, "document": "x"}),
        ("attestations", {"evident": False, "name": "x"}),
        ("suspension", {"until": "2026-12-01T12:00:00Z", "reason": "x"}),
        ("credential", None),
    ):
        assert api.post(f"{foreign}/{path}", json=body).status_code == 404, path
