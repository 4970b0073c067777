"""A pump's record: each change in the trail with what was before, the sign-in renewed and taken away."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest
from sqlmodel import col, select

from tests.build import a_pump
from tests.build_decisions import a_finding
from tests.web.conftest import Site
from tracker.actions.pumps.rotate_credential import rotate_credential
from tracker.records.audit import AuditEntry
from tracker.records.credential import CommunicatorCredential
from tracker.records.pump import Pump

FORM = {"patient_reference": "P-1", "unit": "Pain", "report_interval": "24"}


@pytest.fixture
def nurse(site: Site) -> httpx.Client:
    """A nurse, and a pump SN1 of the nurse's clinic whose communicator has a sign-in."""
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1", patient_reference="P-1", unit="Pain")
        rotate_credential(session, pump, bcrypt_hash="old", mosquitto_hash="old", now=site.clock())
        a_pump(session, site.clinic("South"), serial="FOREIGN")
    return site.browser()


def pump_now(site: Site) -> Pump:
    with site.database.reading() as session:
        return session.exec(select(Pump).where(Pump.serial == "SN1")).one()


def trail(site: Site, *actions: str) -> list[AuditEntry]:
    with site.database.reading() as session:
        return list(session.exec(select(AuditEntry).where(col(AuditEntry.action).in_(actions))))


def test_a_change_is_in_the_trail_with_what_was_before_and_what_is_now(site: Site, nurse: httpx.Client) -> None:
    changed = {"unit": "", "low_reservoir_ml": "3,5", "refill_cap_days": "80", "report_interval": "30 min"}
    answer = nurse.post("/pumps/SN1/record", data=FORM | changed)
    assert answer.headers["location"] == "/pumps/SN1/record?said=changed"
    pump = pump_now(site)
    assert (pump.unit, pump.low_reservoir_ml, pump.refill_cap_days, pump.report_interval_s) == (None, 3.5, 80, 1800)
    (entry,) = trail(site, "record.changed")
    assert entry.detail["before"] == {
        "unit": "Pain",
        "low_reservoir_ml": None,
        "refill_cap_days": None,
        "report_interval_s": 86_400,
    }
    assert entry.detail["after"].keys() == entry.detail["before"].keys()
    assert entry.detail["after"]["report_interval_s"] == 1800


def test_a_wrong_value_is_named_beside_its_field_and_changes_nothing(site: Site, nurse: httpx.Client) -> None:
    for field, typed, shown in (
        ("low_reservoir_ml", "much", "low_reservoir_ml"),
        ("low_reservoir_ml", "21", "low_reservoir_ml"),
        ("refill_cap_days", "0", "refill_cap_days"),
        ("refill_cap_days", "1.5", "refill_cap_days"),
        ("report_interval", "", "report_interval"),
        ("report_interval", "99999", "report_interval"),
    ):
        answer = nurse.post("/pumps/SN1/record", data=FORM | {"unit": "Other", field: typed})
        assert answer.status_code == 422
        assert f'id="{shown}-fault"' in answer.text, (field, typed)
    assert pump_now(site).unit == "Pain"
    assert trail(site, "record.changed") == []


def test_silence_is_announced_with_its_reason_and_called_off(site: Site, nurse: httpx.Client) -> None:
    until = {"until": "2026-12-01T12:00", "reason": "Travels abroad"}
    assert nurse.post("/pumps/SN1/suspension", data=until).headers["location"].endswith("said=suspended")
    assert pump_now(site).suspended_until == datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
    assert "Travels abroad" in nurse.get("/pumps/SN1/record").text
    assert nurse.post("/pumps/SN1/suspension", data={"until": "2026-12-01T12:00"}).status_code == 422
    nurse.post("/pumps/SN1/suspension")
    assert pump_now(site).suspended_until is None


def test_a_renewed_sign_in_is_shown_once_and_never_in_the_trail(site: Site, nurse: httpx.Client) -> None:
    shown = nurse.post("/pumps/SN1/credential").text
    password = re.search(r'id="secret">(\S{12,})</dd>', shown)
    assert password
    assert password[1] not in nurse.get("/pumps/SN1/record").text
    (entry,) = trail(site, "credential.renewed")
    assert password[1] not in str(entry.detail)
    with site.database.reading() as session:
        kept = session.exec(select(CommunicatorCredential)).one()
    assert "old" not in {kept.bcrypt_hash, kept.mosquitto_hash}


def test_a_sign_in_is_taken_away_with_a_reason_once_and_can_be_renewed(site: Site, nurse: httpx.Client) -> None:
    silent = nurse.post("/pumps/SN1/credential/revoke", data={"reason": " "})
    assert silent.status_code == 422
    assert 'id="revoke-reason-fault">Say why' in silent.text
    done = nurse.post("/pumps/SN1/credential/revoke", data={"reason": "Lost on a train"})
    assert done.headers["location"] == "/pumps/SN1/record?said=revoked"
    page = nurse.get("/pumps/SN1/record").text
    assert "revoked" in page
    assert 'action="/pumps/SN1/credential/revoke"' not in page
    assert nurse.post("/pumps/SN1/credential/revoke", data={"reason": "again"}).status_code == 409
    (entry,) = trail(site, "credential.revoked")
    assert (entry.subject, entry.detail["reason"]) == ("pump:SN1", "Lost on a train")
    nurse.post("/pumps/SN1/credential")
    with site.database.reading() as session:
        assert session.exec(select(CommunicatorCredential)).one().revoked_at is None


def test_another_clinics_record_is_not_there(nurse: httpx.Client) -> None:
    assert nurse.get("/pumps/FOREIGN/record").status_code == 404
    for part in ("record", "suspension", "credential", "credential/revoke", "mri"):
        assert nurse.post(f"/pumps/FOREIGN/{part}", data=FORM | {"reason": "curious"}).status_code == 404, part


def test_a_refused_change_keeps_what_was_typed_beside_the_fault(nurse: httpx.Client) -> None:
    page = nurse.post("/pumps/SN1/record", data=FORM | {"unit": "Ward <9>", "low_reservoir_ml": "much"}).text
    for field, typed in (("unit", "Ward &lt;9&gt;"), ("low_reservoir_ml", "much"), ("report_interval", "24")):
        assert re.search(rf'<input id="{field}"[^>]* value="{typed}"', page), field


def test_a_ruling_with_a_wrong_password_keeps_its_reason_and_never_the_password(
    site: Site, nurse: httpx.Client
) -> None:
    with site.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        finding = a_finding(session, pump).id
    form = {"ruling": "explained", "reason": "set in an emergency", "password": "not-the-password"}
    answer = nurse.post(f"/pumps/SN1/findings/{finding}", data=form)
    assert answer.status_code in {403, 422}
    assert 'value="set in an emergency"' in answer.text
    assert "not-the-password" not in answer.text


def test_the_code_without_a_script_puts_nothing_into_the_address(nurse: httpx.Client) -> None:
    form = {"performed_at": "2026-11-22T09:00", "refilled": "yes", "note": "asked for by the patient"}
    shown = nurse.post("/pumps/SN1/visits/new", data=form)
    assert (shown.status_code, "95990" in shown.text, form["note"] in shown.text) == (200, True, True)
    assert 'formmethod="get"' not in shown.text
    assert form["note"] not in nurse.get("/pumps/SN1/visits/new", params=form).text
