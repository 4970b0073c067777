"""What a page can do, the API can do, and both write the same act into the audit trail."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.web.conftest import Site
from tests.web.test_permissions import routes
from tracker.actions.audit_events import Event

TRACKER = Path(__file__).parents[2] / "tracker"
V1 = "/api/v1"
PUMP = f"{V1}/pumps/{{serial}}"

CALLS = {
    "/enrol": ("POST", f"{V1}/pumps"),
    "/pumps/import": ("POST", f"{V1}/pumps"),  # a program calls it for each row
    "/pumps/{serial}/visits/new": ("POST", f"{V1}/code"),  # the code of what is typed, nothing logged
    "/pumps/{serial}/visits": ("POST", f"{PUMP}/visits"),
    "/pumps/{serial}/visits/{visit_id}/confirm": ("POST", f"{PUMP}/visits/{{visit_id}}/confirm"),
    "/pumps/{serial}/visits/{visit_id}/amend": ("PATCH", f"{PUMP}/visits/{{visit_id}}"),
    "/pumps/{serial}/visits/{visit_id}/withdraw": ("POST", f"{PUMP}/visits/{{visit_id}}/withdraw"),
    "/worklist/{item_id}/claim": ("POST", f"{V1}/worklist/{{item_id}}/claim"),
    "/worklist/{item_id}/release": ("POST", f"{V1}/worklist/{{item_id}}/release"),
    "/worklist/{item_id}/hand-over": ("POST", f"{V1}/worklist/{{item_id}}/hand-over"),
    "/worklist/{item_id}/note": ("POST", f"{V1}/worklist/{{item_id}}/note"),
    "/worklist/{item_id}/done": ("POST", f"{V1}/worklist/{{item_id}}/done"),
    "/pumps/{serial}/determinations": ("POST", f"{PUMP}/determinations"),
    "/pumps/{serial}/facts": ("POST", f"{PUMP}/facts"),
    "/pumps/{serial}/facts/{fact_id}/withdraw": ("POST", f"{PUMP}/facts/{{fact_id}}/withdraw"),
    "/pumps/{serial}/findings/{finding_id}": ("POST", f"{PUMP}/findings/{{finding_id}}"),
    "/pumps/{serial}/attestations": ("POST", f"{PUMP}/attestations"),
    "/pumps/{serial}/attestations/{attestation_id}/withdraw": (
        "POST",
        f"{PUMP}/attestations/{{attestation_id}}/withdraw",
    ),
    "/pumps/{serial}/lifecycle": ("POST", f"{PUMP}/lifecycle"),
    "/pumps/{serial}/lifecycle/undo": ("POST", f"{PUMP}/lifecycle/undo"),
    "/handovers/{handover_id}/accept": ("POST", f"{V1}/handovers/{{handover_id}}/accept"),
    "/handovers/{handover_id}/withdraw": ("POST", f"{V1}/handovers/{{handover_id}}/withdraw"),
    "/handovers/{handover_id}/confirm": ("POST", f"{V1}/handovers/{{handover_id}}/confirm"),
    "/clinic": ("PATCH", f"{V1}/clinic"),
    "/clinic/programmers": ("POST", f"{V1}/clinic/programmers"),
    "/clinic/programmers/drop": ("POST", f"{V1}/clinic/programmers/drop"),
    "/pumps/{serial}/alarms/{alarm_id}/acknowledge": ("POST", f"{PUMP}/alarms/{{alarm_id}}/acknowledge"),
    "/pumps/{serial}/alarms/{alarm_id}/snooze": ("POST", f"{PUMP}/alarms/{{alarm_id}}/snooze"),
    "/pumps/{serial}/record": ("PATCH", PUMP),
    "/pumps/{serial}/mri": ("POST", f"{PUMP}/mri"),
    "/pumps/{serial}/mri/{exam_id}/checked": ("POST", f"{PUMP}/mri/{{exam_id}}/checked"),
    "/mri": ("POST", f"{PUMP}/mri"),
    "/mri/{exam_id}/checked": ("POST", f"{PUMP}/mri/{{exam_id}}/checked"),
    "/pumps/{serial}/suspension": ("POST", f"{PUMP}/suspension"),
    "/pumps/{serial}/advisories/{match_id}": ("POST", f"{PUMP}/advisories/{{match_id}}/acknowledge"),
    "/advisories/{advisory_id}/pumps/{match_id}": ("POST", f"{PUMP}/advisories/{{match_id}}/acknowledge"),
    "/pumps/{serial}/credential": ("POST", f"{PUMP}/credential"),
    "/pumps/{serial}/credential/revoke": ("POST", f"{PUMP}/credential/revoke"),
    "/emergency": ("POST", f"{PUMP}/break-glass"),
    "/emergency/received/{access_id}/review": ("POST", f"{V1}/emergency-accesses/{{access_id}}/review"),
    "/staff": ("POST", f"{V1}/staff"),
    "/staff/{staff_id}/change": ("PATCH", f"{V1}/staff/{{staff_id}}"),
    "/staff/{staff_id}/contacts": ("POST", f"{V1}/staff/{{staff_id}}/contacts"),
    "/staff/{staff_id}/contacts/{contact_id}/test": (
        "POST",
        f"{V1}/staff/{{staff_id}}/contacts/{{contact_id}}/test",
    ),
    "/staff/services": ("POST", f"{V1}/services"),
    "/staff/services/{service_id}/change": ("PATCH", f"{V1}/services/{{service_id}}"),
    "/staff/services/{service_id}/tokens": ("POST", f"{V1}/services/{{service_id}}/tokens"),
    "/staff/services/{service_id}/tokens/{token_id}/revoke": (
        "POST",
        f"{V1}/services/{{service_id}}/tokens/{{token_id}}/revoke",
    ),
    "/account/tokens": ("POST", f"{V1}/account/tokens"),
    "/account/tokens/{token_id}/revoke": ("POST", f"{V1}/account/tokens/{{token_id}}/revoke"),
    "/account/sessions/{reference}/end": ("POST", f"{V1}/account/sessions/{{reference}}/end"),
    "/account/end-all": ("POST", f"{V1}/account/end-all"),
    "/notifications": ("POST", f"{V1}/contacts"),
    "/notifications/{contact_id}/test": ("POST", f"{V1}/contacts/{{contact_id}}/test"),
    "/notifications/{contact_id}/confirm": ("POST", f"{V1}/contacts/{{contact_id}}/confirm"),
    "/notifications/{contact_id}/change": ("PATCH", f"{V1}/contacts/{{contact_id}}"),
    "/notifications/{contact_id}/end": ("DELETE", f"{V1}/contacts/{{contact_id}}"),
    "/notifications/quiet-hours": ("PUT", f"{V1}/quiet-hours"),
    "/oncall": ("PUT", f"{V1}/oncall"),
    "/oncall/policies": ("PUT", f"{V1}/oncall"),
    "/oncall/take": ("POST", f"{V1}/oncall/overrides"),
    "/oncall/swap": ("POST", f"{V1}/oncall/swaps"),
    "/assess": ("POST", f"{V1}/assess"),
    "/rejected/{message_id}/replay": ("POST", f"{V1}/rejected/{{message_id}}/replay"),
    "/rejected/{message_id}/discard": ("POST", f"{V1}/rejected/{{message_id}}/discard"),
}
"""Each form of a page and the call that does the same."""

PAGES_ALONE = {
    "/theme": "the colors of one browser",
    "/sign-in": "opens a browser's session; a program has its token",
    "/sign-out": "ends a browser's session",
    "/password": "a person's own secret, which a program is never given",
    "/sign-in/set-up": "a person's own secret, which a program is never given",
    "/sign-in/second": "the second half of the same",
    "/sign-in/second/passkey/challenge": "the same, by a passkey",
    "/sign-in/second/passkey": "the same",
    "/security/confirm": "a person at a browser shows again who they are",
    "/security/app": "a person's own factor, which a program is never given",
    "/security/app/confirm": "the same",
    "/security/app/remove": "the same",
    "/security/recovery-codes": "the same",
    "/security/passkeys/challenge": "the same",
    "/security/passkeys": "the same",
    "/security/passkeys/{passkey_id}/remove": "the same",
    "/confirm/passkey/challenge": "a passkey is a browser's",
    "/confirm/passkey": "the same",
    "/confirm/passkey/emergency/challenge": "the same",
    "/confirm/passkey/emergency": "the same",
    "/a/{token}": "a link in a message, for a person who has not signed in; a program claims the task",
    "/find/{place}": "seals what is searched for in an address; a program asks the list itself",
    "/worklist/seen": "where one reader of the page stopped; a program keeps its own place",
    "/pumps/views": "a filter under a name for one reader; a program gives the filter itself",
    "/pumps/views/{view_id}/forget": "the same",
    "/advisories": "a file is loaded by an operator with `tracker advisories`, or tried and loaded on the page",
}
"""Each form that has no call, and why."""


def test_every_form_of_a_page_has_a_call_of_the_api_or_a_reason(one_site: Site) -> None:
    known = {(method, path) for method, path, _ in routes(one_site)}
    forms = {path for method, path in known if method == "POST" and not path.startswith("/api/")}
    assert forms - CALLS.keys() - PAGES_ALONE.keys() == set(), "a new form needs a call of the API, or a reason here"
    assert (CALLS.keys() | PAGES_ALONE.keys()) - forms == set(), "these forms are gone"
    assert [call for call in CALLS.values() if call not in known] == []


def test_a_form_and_its_call_need_the_same_permission(one_site: Site) -> None:
    needed = {
        (method, path): {getattr(one, "permission", "") for one in said} for method, path, said in routes(one_site)
    }
    differ = {
        form: (needed["POST", form], needed[call])
        for form, call in CALLS.items()
        if needed["POST", form] != needed[call] and form != "/pumps/{serial}/visits/new"  # the code is no record's
    }
    assert differ == {}


def test_every_act_that_is_entered_in_the_trail_is_named_in_the_one_enumeration() -> None:
    literal = []
    for path in sorted(TRACKER.rglob("*.py")):
        source = path.read_text()
        facts = {"audit.Fact", "Fact"} if "tracker.actions.audit import" in source else {"audit.Fact"}
        for call in ast.walk(ast.parse(source)):
            if not isinstance(call, ast.Call):
                continue
            given = [word.value for word in call.keywords if word.arg == "action"]
            if ast.unparse(call.func) in facts and len(call.args) > 3:
                given.append(call.args[3])
            if ast.unparse(call.func) == "enter" and len(call.args) > 2:
                given.append(call.args[2])
            literal += [f"{path.name}:{one.lineno}" for one in given if isinstance(one, (ast.JoinedStr, ast.Constant))]
    assert literal == [], "name the act in tracker/actions/audit_events.py"


def test_no_two_names_stand_for_one_act_and_each_is_a_subject_and_a_verb() -> None:
    names = [str(event) for event in Event]
    assert len(names) == len(set(names))
    assert [
        name for name in names if name not in {"read", "refused"} and not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)
    ] == []


def test_both_edges_of_an_act_write_the_same_name() -> None:
    """The page's module and the API's module of each form enter the same events."""
    entered = {
        folder: {
            f"Event.{name}"
            for path in (TRACKER / "web" / folder).glob("*.py")
            for name in re.findall(r"Event\.([A-Z_]+)", path.read_text())
        }
        for folder in ("pages", "api")
    }
    only_pages = entered["pages"] - entered["api"]
    assert only_pages <= {"Event.ADVISORY_LOADED", "Event.ADVISORY_CHANGED"}
    assert entered["api"] - entered["pages"] <= {"Event.ALARM_ASSIGNED"}, "an alarm is assigned by its task on pages"
