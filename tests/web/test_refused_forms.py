"""Every form of every page, refused where its action refuses: the form stands there again with all that was typed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests import build, build_decisions
from tests.build import NOW, PASSWORD
from tests.web.conftest import Clock, Site, served
from tests.web.test_forms import forms
from tracker.actions.pumps.hand_over_pump import offer_pump
from tracker.actions.pumps.log_mri import log_mri
from tracker.actions.pumps.rotate_credential import rotate_credential
from tracker.actions.staff.issue_token import issue_token
from tracker.actions.staff.service_accounts import add_service
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.staff import BreakGlass
from tracker.settings import Settings

LONG = "a sentence that somebody typed"
LATER = "2027-03-04T10:00"
PAST = "2001-03-04T10:00"


@dataclass(frozen=True)
class Refused:
    """One form with values that its action refuses, and the field at fault where one is."""

    path: str
    data: dict[str, str]
    field: str | None = None
    role: str = "nurse"


VISIT = {"performed_at": "2026-11-20T10:00", "filled_ml": "18", "operator": "rn.alvarez", "note": LONG}
CATALOGUE = (
    Refused("/enrol", {"serial": "SN1", "model": "synchromed-ii-20", "lifecycle": "in_stock", "unit": LONG}, "serial"),
    Refused("/enrol", {"serial": "SN-NEW", "model": "synchromed-ii-20", "drug": LONG}, "implanted_on"),
    Refused("/pumps/{serial}/visits", VISIT, "filled_ml"),
    Refused("/pumps/{serial}/visits", VISIT | {"performed_at": LATER, "filled_ml": ""}, "performed_at"),
    Refused("/pumps/{serial}/visits/{visit_id}/amend", VISIT | {"reason": LONG}, "filled_ml"),
    Refused("/pumps/{serial}/visits/{visit_id}/withdraw", {"reason": LONG, "seen": "9"}),
    Refused("/pumps/{serial}/visits/{visit_id}/confirm", {"seen": "9"}),
    Refused("/pumps/{serial}/determinations", {"as_of": LATER}, "as_of"),
    Refused("/pumps/{serial}/facts", {"fact": "repairable", "value": "yes", "document": " "}, "document"),
    Refused("/pumps/{serial}/facts/{fact_id}/withdraw", {"reason": " "}, "reason"),
    Refused("/pumps/{serial}/findings/{finding_id}", {"ruling": "", "reason": LONG, "password": PASSWORD}),
    Refused("/pumps/{serial}/attestations", {"evident": "no", "name": LONG, "password": PASSWORD}, role="physician"),
    Refused(
        "/pumps/{serial}/attestations/{attestation_id}/withdraw",
        {"reason": LONG, "password": "not the password"},
        role="physician",
    ),
    Refused("/pumps/{serial}/lifecycle", {"to": "", "reason": LONG}, "to"),
    Refused("/pumps/{serial}/lifecycle", {"to": "deceased", "reason": ""}, "reason"),
    Refused("/pumps/{serial}/lifecycle", {"to": "explanted", "on": "", "reason": LONG}, "on"),
    Refused("/pumps/{serial}/lifecycle", {"to": "transferred", "clinic": "Nowhere", "reason": LONG}, "clinic"),
    Refused("/pumps/{serial}/lifecycle/undo", {"reason": LONG}),
    Refused("/emergency/received/{access_id}/review", {"note": " "}, "note", role="physician"),
    Refused("/handovers/{handover_id}/withdraw", {"reason": " "}, "reason"),
    Refused("/handovers/{handover_id}/confirm", {"outside": " "}, "outside"),
    Refused("/handovers/{handover_id}/accept", {"patient_reference": "P-9"}),
    Refused("/pumps/{serial}/alarms/{alarm_id}/acknowledge", {"reason": LONG}),
    Refused("/pumps/{serial}/alarms/{alarm_id}/snooze", {"hours": "24", "reason": LONG}),
    Refused(
        "/pumps/{serial}/record",
        {"unit": LONG, "low_reservoir_ml": "900", "report_interval": "30 min"},
        "low_reservoir_ml",
    ),
    Refused("/pumps/{serial}/mri", {"performed_at": LATER, "emptied_before": "no", "note": LONG}, "performed_at"),
    Refused("/pumps/{serial}/mri/{exam_id}/checked", {"checked_at": PAST}),
    Refused("/pumps/{serial}/suspension", {"until": "2031-01-01T10:00", "reason": LONG}, "until"),
    Refused("/pumps/{serial}/credential/revoke", {"reason": " "}, "revoke_reason"),
    Refused("/pumps/{serial}/advisories/{match_id}", {"note": LONG}),
    Refused("/mri", {"serial": "SN1", "performed_at": LATER, "emptied_before": "no", "note": LONG}, "performed_at"),
    Refused("/mri/{exam_id}/checked", {"checked_at": PAST}, "checked_at"),
    Refused("/worklist/{item_id}/hand-over", {"to": "", "reason": LONG}),
    Refused("/worklist/{item_id}/done", {"reason": " "}),
    Refused("/worklist/{item_id}/note", {"note": " "}),
    Refused("/rejected/{message_id}/replay", {}),
    Refused("/rejected/{message_id}/discard", {"reason": " "}),
    Refused("/emergency", {"serial": "SN1", "reason": LONG}),
    Refused("/clinic", {"name": LONG, "timezone": "Mars/Olympus"}, "timezone", "administrator"),
    Refused("/clinic/programmers", {"programmer": " "}, "programmer"),
    Refused("/clinic/programmers/drop", {"programmer": "A810-9"}),
    Refused(
        "/staff",
        {"email": "no address", "name": LONG, "role": "nurse", "unit": "Pain"},
        "email",
        "administrator",
    ),
    Refused("/staff/{staff_id}/change", {"role": "nurse", "unit": LONG, "new_link": "yes"}, role="administrator"),
    Refused(
        "/staff/services",
        {"name": "Lab feed!", "purpose": LONG, "role": "nurse"},
        "name",
        "administrator",
    ),
    Refused(
        "/staff/services/{service_id}/tokens",
        {"token_name": LONG, "records": "read", "days": "900", "password": PASSWORD},
        "days",
        "administrator",
    ),
    Refused("/account/tokens", {"name": LONG[:100], "records": "read", "days": "900", "password": PASSWORD}, "days"),
    Refused("/notifications", {"kind": "email", "target": "nobody at all", "label": LONG[:80]}, "target"),
    Refused(
        "/staff/{staff_id}/contacts",
        {"kind": "email", "target": "nobody at all", "label": LONG[:80]},
        "target",
        role="administrator",
    ),
    Refused("/notifications/{contact_id}/confirm", {"code": "000000x"}),
    Refused(
        "/notifications/quiet-hours",
        {"time_zone": "Nowhere/At all", "night_from": "22:30", "night_to": "06:15"},
        "time_zone",
    ),
    Refused("/oncall", {"document": '{"policies": 1}'}, "document", role="administrator"),
    Refused("/oncall/take", {"rota": "none", "day": "2026-11-25"}),
    Refused("/oncall/swap", {"rota": "none", "first": "x", "second": "y"}),
    Refused(
        "/oncall/policies",
        {
            "priority": "medium",
            "after_medium_0": "0",
            "tell_medium_0_0": "role:physician",
            "after_medium_1": "soon",
            "tell_medium_1_0": "role:nurse",
            "lapse_medium": "77",
        },
        "after_medium_1",
        role="administrator",
    ),
    Refused("/pumps/views", {"name": " ", "query": "unit=Pain"}),
)
NEVER_REFUSED = {
    "/theme": "takes any word",
    "/password": "only secrets are typed, and none is shown again",
    "/security/confirm": "only a secret is typed",
    "/security/app": "takes no values",
    "/security/app/confirm": "a code is good for half a minute",
    "/security/app/remove": "takes no values",
    "/security/recovery-codes": "takes no values",
    "/security/passkeys/challenge": "sent by a script, which says what is wrong",
    "/security/passkeys": "the same",
    "/security/passkeys/{passkey_id}/remove": "takes no values",
    "/confirm/passkey/challenge": "sent by a script, which says what is wrong",
    "/confirm/passkey": "the same",
    "/confirm/passkey/emergency/challenge": "the same",
    "/confirm/passkey/emergency": "the same",
    "/a/{token}": "takes no values",
    "/notifications/{contact_id}/test": "takes no values",
    "/staff/{staff_id}/contacts/{contact_id}/test": "takes no values",
    "/notifications/{contact_id}/change": "offers choices alone",
    "/notifications/{contact_id}/end": "takes no values",
    "/find/{place}": "leads on to the page, whose fields show what is searched for",
    "/sign-out": "ends the session",
    "/assess": "answers as one types; nothing is kept",
    "/pumps/import": "holds what was tried, see tests/web/test_enrol_page.py",
    "/pumps/{serial}/visits/new": "shows the form as typed",
    "/pumps/{serial}/credential": "takes no values",
    "/worklist/seen": "takes no values",
    "/worklist/{item_id}/claim": "takes no values",
    "/worklist/{item_id}/release": "takes no values",
    "/account/tokens/{token_id}/revoke": "takes no values",
    "/staff/services/{service_id}/tokens/{token_id}/revoke": "takes no values",
    "/staff/services/{service_id}/change": "offers choices alone",
    "/account/sessions/{reference}/end": "takes no values",
    "/account/end-all": "takes no values",
    "/pumps/views/{view_id}/forget": "takes no values",
    "/advisories": "holds what was tried, see tests/web/test_advisories_page.py",
    "/advisories/{advisory_id}/pumps/{match_id}": "keeps its note, see tests/web/test_advisories_page.py",
}


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A clinic with one of everything that a form may name, each with the number 1."""
    folder: Path = tmp_path_factory.mktemp("refused")
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    schema.upgrade(database)
    with served(
        Settings(data_dir=folder / "data", secret_key="a key for tests, of 32 characters"), database, Clock()
    ) as site:
        clinic = site.clinic()
        with database.writing() as session:
            staff = build.a_person(session, clinic, role="biller")
            add_service(session, clinic=clinic, name="feed", role="nurse", responsible=staff.email, by="test", now=NOW)
            pump = build.a_pump(session, clinic, serial="SN1")
            build.a_state(session, pump)
            build.an_alarm(session, pump, code="motor_stall", priority=3, acknowledged_at=NOW, acknowledged_by="x")
            build.a_visit(session, pump, performed_at=NOW - timedelta(days=3))
            build.an_item(session, clinic, pump)
            build.a_rejected_message(session, pump)
            build_decisions.a_determination(session, pump)
            build_decisions.a_finding(session, pump)
            build_decisions.an_attestation(session, pump)
            build_decisions.a_documented_fact(session, pump)
            access = BreakGlass(
                staff_id=staff.id or 0,
                pump_id=pump.id or 0,
                clinic_id=clinic.id,
                reason="In our emergency room.",
                opened_at=NOW,
                expires_at=NOW + timedelta(hours=2),
            )
            session.add(access)
            rotate_credential(session, pump, bcrypt_hash="x", mosquitto_hash="x", now=NOW)
            issue_token(session, staff, name="script", by="test", now=NOW)
            offer_pump(session, pump, reason="moved", by="test", now=NOW)
            log_mri(session, pump, performed_at=NOW - timedelta(hours=3), by="nurse@clinic.example", now=NOW)
        yield site
    database.close()


@pytest.fixture(scope="module")
def browsers(peopled: Site) -> dict[str, httpx.Client]:
    return {role: peopled.browser(role) for role in ("nurse", "physician", "administrator")}


@pytest.mark.parametrize("one", CATALOGUE, ids=lambda one: f"{one.path} {one.field}")
def test_a_refused_form_is_shown_again_with_what_was_typed_and_names_the_field(
    browsers: dict[str, httpx.Client], one: Refused
) -> None:
    path = one.path.replace("{serial}", "SN1").replace("{service_id}", "2")  # the second account
    path = re.sub(r"\{[a-z_]*id\}", "1", path)
    answer = browsers[one.role].post(path, data=one.data)
    assert 400 <= answer.status_code < 500, answer.text[:300]
    page = html.unescape(answer.text)
    lost = [
        f"{name}: {value}"
        for name, value in one.data.items()
        if name not in {"password", "seen", "query", "hours"} and value.strip() and not _stands(page, value)
    ]
    if answer.status_code != 404:
        assert lost == [], page[page.find("<main") :][:3000]
    if one.field is not None:
        assert re.search(rf'id="[^"]*{one.field.replace("_", "[-_]")}[^"]*-fault"|class="fault"', page), one.field


def _stands(page: str, value: str) -> bool:
    """Whether the value stands in a field, a text area, a chosen option or a checked box."""
    text = re.escape(value)
    return bool(
        re.search(rf'<input[^>]*value="{text}"', page)
        or re.search(rf"<textarea[^>]*>\s*{text}", page)
        or re.search(rf'<option value="{text}" selected', page)
        or f"<li>{value}</li>" in page
    )


def test_every_form_is_in_the_catalogue_or_can_not_be_refused(peopled: Site) -> None:
    known = {one.path for one in CATALOGUE} | NEVER_REFUSED.keys()
    assert {form.path for form in forms(peopled)} - known == set()
