"""The JSON API of what people do: visits, determinations, alarms, the worklist, the evaluators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from tests.build import (
    NOW,
    a_pump,
    a_state,
    a_visit,
    an_alarm,
    an_item,
)
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.pump import Pump


def test_visits_are_logged_coded_amended_and_withdrawn_and_each_step_is_in_the_trail(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    api = site.api()
    path = f"{V1}/pumps/SN1/visits"
    first = good(
        api.post(path, json={"performed_at": "2026-11-20T10:00:00Z", "refilled": True, "filled_ml": 20.0}), 201
    )
    assert first["codes"] == ["95990"]
    second = good(api.post(path, json={"performed_at": "2026-11-20T11:00:00+00:00", "analysed": True}), 201)
    assert second["codes"] == ["62367"]
    assert second["conflicts"]
    good(api.patch(f"{path}/{second['id']}", json={"reprogrammed": True, "reason": "seen in the printout"}))
    assert good(api.post(f"{path}/{second['id']}/withdraw", json={"reason": "other pump"}))["status"] == "withdrawn"
    assert [visit["id"] for visit in walk(api, path, 1)] == [second["id"], first["id"]]
    site.web.trail.flush()
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry.action).where(AuditEntry.subject == "pump:SN1")).all()
    assert [entry for entry in entries if entry.startswith("visit")] == [
        "visit.logged",
        "visit.logged",
        "visit.amended",
        "visit.withdrawn",
    ]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"performed_at": "2026-11-20T10:00:00"}, 422, "performed_at"),
        ({"performed_at": 1}, 422, "performed_at"),
        ({"performed_at": None}, 422, "performed_at"),
        ({"performed_at": "2026-11-23T10:00:00Z"}, 409, "performed_at"),
        ({"refilled": "yes"}, 422, "refilled"),
        ({"refilled": False, "filled_ml": 20}, 409, "filled_ml"),
        ({"filled_ml": -1}, 422, "filled_ml"),
        ({"filled_ml": 41}, 409, "filled_ml"),
        ({"note": "x" * 4001}, 422, "note"),
        ({"cpt": "95990"}, 422, "cpt"),
        ({"prescription_after": {"drug": "baclofen"}}, 422, "prescription_after.concentration"),
        ({"prescription_after": None, "prescription_before": 1}, 422, "prescription_before"),
    ],
)
def test_a_visit_that_can_not_be_is_refused_and_the_field_named(
    one_site: Site, change: dict[str, Any], status: int, field: str
) -> None:
    with one_site.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "VISITED")).first()
        if pump is None:
            a_pump(session, one_site.clinic(), serial="VISITED")
    given = {"performed_at": "2026-11-20T10:00:00Z", "refilled": True, **change}
    problem = good(one_site.api().post(f"{V1}/pumps/VISITED/visits", json=given), status)
    assert problem["field"] == field


def test_a_determination_is_made_now_or_as_of_a_past_time(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic(), serial="SN1"), battery_indicator="eri")
    api = site.api()
    path = f"{V1}/pumps/SN1/determinations"
    now = good(api.post(path), 201)
    assert now["outcome"] == "needs_information"
    assert now["missing"] == ["abuse_or_neglect"]
    past = good(api.post(path, json={"as_of": "2020-01-01T00:00:00Z"}), 201)
    assert past["as_of"] == "2020-01-01T00:00:00Z"
    assert good(api.post(path, json={"as_of": "2030-01-01T00:00:00Z"}), 409)["field"] == "as_of"
    assert [made["id"] for made in walk(api, path, 1)] == [past["id"], now["id"]]
    assert good(api.get(f"{V1}/pumps/SN1"))["determination"]["id"] == now["id"]


def test_the_evaluators_answer_as_the_command_line_does(one_site: Site) -> None:
    api = one_site.api("auditor")
    line = {
        "id": {"a": [1]},
        "question": "replacement",
        "facts": {"battery_nearing_end": True, "abuse_or_neglect": False},
    }
    answer = good(api.post(f"{V1}/assess", json=line))
    assert answer["id"] == {"a": [1]}
    assert answer["outcome"] == "medically_necessary"
    assert answer["readings"]["joint"] == "needs_information"
    bad = good(api.post(f"{V1}/assess", json={"id": 7, "question": "replacement", "facts": {"colour": True}}), 422)
    assert bad["id"] == 7
    assert "colour" in bad["error"]
    coded = good(
        api.post(f"{V1}/code", json={"act": {"kind": "visit", "device": "programmable_pump", "reprogrammed": True}})
    )
    assert coded == {
        "id": None,
        "codes": ["62368"],
        "listed_in_guideline": True,
        "conflicts": [],
        "because": coded["because"],
    }
    for body in (b"", b"{", b"[]", b'{"question": NaN}', b'{"id": 1, "id": 2}', b"\xff", b"[" * 5000):
        answer = api.post(f"{V1}/assess", content=body, headers={"Content-Type": "application/json"})
        assert good(answer, 422)["error"], body


def test_alarms_are_acknowledged_assigned_and_snoozed(site_on_both: Site) -> None:
    site = site_on_both
    colleague = site.person("physician")
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        alarm = an_alarm(session, pump)
        stall = an_alarm(session, pump, code="motor_stall", priority=3)
    api = site.api()
    path = f"{V1}/pumps/SN1/alarms"
    assert good(api.post(f"{path}/{alarm.id}/acknowledge"))["acknowledged_by"]
    assert good(api.post(f"{path}/{alarm.id}/assign", json={"to": colleague.email}))["assignee"] == colleague.email
    until = (NOW + timedelta(hours=5)).isoformat()
    assert good(api.post(f"{path}/{alarm.id}/snooze", json={"until": until, "reason": "refill is booked"}))[
        "snoozed_until"
    ]
    good(api.post(f"{path}/{stall.id}/snooze", json={"until": until, "reason": "refill is booked"}), 409)
    assert site.api(clinic="South").post(f"{path}/{alarm.id}/acknowledge").status_code == 404
    assert {one["code"] for one in walk(api, path, 1)} == {"low_reservoir", "motor_stall"}


def test_the_worklist_is_ordered_by_harm_and_a_line_is_claimed_once(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        an_item(session, site.clinic(), pump, priority=1, harm_at=NOW, what="routine")
        an_item(session, site.clinic(), pump, priority=3, harm_at=NOW + timedelta(days=2), what="urgent, later")
        an_item(session, site.clinic(), None, priority=3, harm_at=NOW + timedelta(days=1), what="urgent, sooner")
        an_item(session, site.clinic("South"), None, what="theirs")
    mine, colleague = site.api(), site.api("physician")
    items = walk(mine, f"{V1}/worklist", 1)
    assert [item["what"] for item in items] == ["urgent, sooner", "urgent, later", "routine"]
    assert [item["serial"] for item in items] == [None, "SN1", "SN1"]
    line = f"{V1}/worklist/{items[1]['id']}"
    assert good(mine.post(f"{line}/claim"))["claimed_by"]
    assert good(colleague.post(f"{line}/claim"), 409)["detail"]
    assert len(walk(mine, f"{V1}/worklist", 5, mine="true")) == 1
    good(mine.post(f"{line}/release", json={"reason": "lunch"}))
    assert good(colleague.post(f"{line}/done", json={"reason": "refilled"}))["closed_reason"] == "refilled"
    assert len(walk(mine, f"{V1}/worklist", 5)) == 2
    assert site.api(clinic="South").post(f"{line}/claim").status_code == 404


def test_a_visit_with_warnings_is_stored_once_each_is_answered_and_keeps_the_answers(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="ASKED", concentration="2000", concentration_unit="mcg/mL",
               drug="baclofen", dose_per_day="300")  # fmt: skip
    api, path = one_site.api(), f"{V1}/pumps/ASKED/visits"
    after = {"drug": "bacloven", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "300"}
    given = {"performed_at": "2026-11-20T10:00:00Z", "refilled": True, "prescription_after": after}
    problem = good(api.post(path, json=given), 422)
    assert [(one["id"], one["field"]) for one in problem["warnings"]] == [
        ("not_reprogrammed", "reprogrammed"),
        ("filled_missing", "filled_ml"),
        ("drug_unknown", "prescription_after.drug"),
    ]
    assert good(api.get(path))["items"] == []
    answers = [{"warning": one["id"], "words": f"as measured: {one['id']}"} for one in problem["warnings"]]
    assert len(good(api.post(path, json=given | {"answers": answers[:2]}), 422)["warnings"]) == 3
    visit = good(api.post(path, json=given | {"answers": answers}), 201)
    assert [(one["warning"], one["words"]) for one in visit["answers"]] == [
        (one["warning"], one["words"]) for one in answers
    ]
    assert good(api.get(path))["items"][0]["answers"] == visit["answers"]


def test_a_fill_and_a_credential_are_kept_and_volumes_given_twice_must_agree(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="FILLED")
    api, path = one_site.api(), f"{V1}/pumps/FILLED/visits"
    fill = {"aspirated_ml": 3.0, "filled_ml": 20.0, "product": "Lioresal", "lot": "L1", "expires_on": "2027-01-31",
            "compounder": "Acme", "wasted": 0.5, "witnessed_by": "rn@x"}  # fmt: skip
    given = {"performed_at": "2026-11-20T10:00:00Z", "refilled": True, "fill": fill, "credential": "RN"}
    visit = good(api.post(path, json=given), 201)
    assert (visit["aspirated_ml"], visit["filled_ml"], visit["credential"]) == (3.0, 20.0, "rn")
    assert visit["fill"]["lot"] == "L1"
    assert good(api.post(path, json=given | {"filled_ml": 19.0}), 409)["field"] == "fill.filled_ml"
    why = {"not_measured_because": "syringe label lost"}
    assert good(api.post(path, json=given | {"fill": why}), 201)["filled_ml"] is None


def test_a_draft_is_asked_about_its_dose_when_it_is_confirmed(one_site: Site) -> None:
    rx = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "300", "mode": None}
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic(), serial="DRAFTED")
        draft = a_visit(session, pump, status="draft", source="session", reprogrammed=True,
                        prescription_before=rx, prescription_after=rx | {"dose_per_day": "1200"})  # fmt: skip
        draft_id = draft.id
    api, path = one_site.api(), f"{V1}/pumps/DRAFTED/visits/{draft_id}/confirm"
    problem = good(api.post(path), 422)
    assert {one["id"] for one in problem["warnings"]} == {"dose_several_times", "dose_outside_range"}
    answers = [{"warning": one["id"], "words": "ordered by Dr. X"} for one in problem["warnings"]]
    assert good(api.post(path, json={"answers": answers}))["status"] == "confirmed"
