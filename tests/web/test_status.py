"""A pump's status: chosen on purpose, with a reason, and undone where it was a mistake."""

from __future__ import annotations

import re

import pytest

from tests.build import a_pump, a_state
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site

PUMP = f"{V1}/pumps/SN1"


@pytest.fixture
def pumped(site: Site) -> Site:
    """An implanted pump."""
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic(), serial="SN1"))
    return site


def test_no_status_is_chosen_beforehand_and_none_is_taken_without_a_reason(pumped: Site) -> None:
    browser = pumped.browser("physician")
    page = browser.get("/pumps/SN1/replacement").text
    choice = re.search(r'<select id="to".*?</select>', page, re.DOTALL)
    assert choice is not None
    assert "selected" not in choice[0]
    assert choice[0].index('value=""') < choice[0].index('value="deceased"')
    refused = browser.post("/pumps/SN1/lifecycle", data={"to": "deceased", "reason": " "})
    assert refused.status_code == 422
    assert '<option value="deceased" selected' in refused.text
    assert good(pumped.api().get(PUMP))["lifecycle"] == "implanted"


@pytest.mark.parametrize("to", ["deceased", "explanted", "lost_to_follow_up"])
def test_a_status_that_was_a_mistake_is_undone_with_a_reason_and_both_stay_on_record(pumped: Site, to: str) -> None:
    api, browser = pumped.api("physician"), pumped.browser("physician")
    day = "2026-11-20" if to == "explanted" else None
    good(api.post(f"{PUMP}/lifecycle", json={"to": to, "on": day, "reason": "the neighbor's pump"}), 201)
    assert browser.post("/pumps/SN1/lifecycle/undo", data={"reason": ""}).status_code == 422
    done = browser.post("/pumps/SN1/lifecycle/undo", data={"reason": "other patient"})
    assert done.headers["location"].endswith("said=move-undone")
    pump = good(api.get(PUMP))
    assert (pump["lifecycle"], pump["explanted_on"]) == ("implanted", None)
    moves = walk(api, f"{PUMP}/lifecycle", 50)
    assert [(one["from_state"], one["to"]) for one in moves][:2] == [(to, "implanted"), ("implanted", to)]
    assert moves[0]["reason"] == "undone: other patient"
    assert good(api.post(f"{PUMP}/lifecycle/undo", json={"reason": "again"}), 409)["detail"]


def test_an_implant_without_its_day_is_asked_about_until_somebody_says_that_it_is_not_known(pumped: Site) -> None:
    browser = pumped.browser()
    form = {"serial": "SN2", "model": "synchromed-ii-20", "lifecycle": "implanted", "unit": "Pain"}
    refused = browser.post("/enrol", data=form)
    assert refused.status_code == 422
    assert 'id="implanted_on-fault"' in refused.text
    assert browser.post("/enrol", data=form | {"day_unknown": "yes"}).status_code == 200
    with pumped.database.writing() as session:
        a_pump(session, pumped.clinic(), serial="SN3", lifecycle="in_stock", implanted_on=None)
    move = {"to": "implanted", "reason": "surgery"}
    assert browser.post("/pumps/SN3/lifecycle", data=move).status_code == 422
    assert browser.post("/pumps/SN3/lifecycle", data=move | {"day_unknown": "yes"}).status_code == 303
