"""On call: a shift is taken by one press, two are swapped, and steps are set without JSON; the API does the same."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from tests.web.conftest import Site
from tracker.actions.messages.contacts import add_contact
from tracker.records.staff import Staff

V1 = "/api/v1"


def reachable(site: Site, role: str, name: str = "Somebody") -> Staff:
    person = site.person(role, name=name)
    with site.database.writing() as session:
        add_contact(session, person, kind="email", target="n@clinic.example", confirmed=True, by="t", now=site.clock())
    return person


@pytest.fixture
def people(site: Site) -> dict[str, Staff]:
    """Two nurses on a daily rotation, and an administrator, each of whom can be told."""
    found = {name: reachable(site, "nurse", name.capitalize()) for name in ("ann", "bea")}
    found["head"] = reachable(site, "administrator")
    rota = {
        "name": "nurses",
        "time_zone": "Europe/Berlin",
        "starts": "2026-11-20T08:00",
        "every_hours": 24,
        "members": [found["ann"].email, found["bea"].email],
    }
    site.api(person=found["head"]).put(f"{V1}/oncall", json={"rotas": [rota]}).raise_for_status()
    return found


def on_call(client: httpx.Client, at: str) -> str | None:
    answer: dict[str, Any] = client.get(f"{V1}/oncall/now", params={"at": at}).json()
    member: str | None = answer["rotas"][0]["on_call"]
    return member


def test_one_press_takes_the_shift_that_runs_and_the_page_shows_it(site: Site, people: dict[str, Staff]) -> None:
    api, browser = site.api(person=people["bea"]), site.browser(person=people["bea"])
    assert on_call(api, "2026-11-22T10:00:00Z") == people["ann"].email
    page = browser.get("/oncall").text
    (shift,) = re.findall(r'name="shift" value="(2026-11-22[^"]+)"', page)
    answer = browser.post("/oncall/take", data={"rota": "nurses", "shift": html.unescape(shift)})
    assert answer.status_code == 303
    assert on_call(api, "2026-11-22T10:00:00Z") == people["bea"].email
    assert "(stands in)" in browser.get("/oncall").text


def test_a_day_is_taken_from_hand_over_to_hand_over(site: Site, people: dict[str, Staff]) -> None:
    browser, api = site.browser(person=people["ann"]), site.api(person=people["ann"])
    assert browser.post("/oncall/take", data={"rota": "nurses", "day": "2026-11-25"}).status_code == 303
    assert [on_call(api, f"2026-11-{at}:00Z") for at in ("25T06:59", "25T07:00", "26T06:59")] == [
        people["ann"].email,
        *[people["ann"].email] * 2,
    ]
    assert "choose a day" in browser.post("/oncall/take", data={"rota": "nurses", "day": "2026-13-40"}).text.lower()


def test_two_shifts_are_swapped_by_one_of_the_two_people(site: Site, people: dict[str, Staff]) -> None:
    api = site.api(person=people["ann"])
    first, second = ({"from": f"2026-11-{day}T07:00:00Z", "to": f"2026-11-{day + 1}T07:00:00Z"} for day in (24, 25))
    before = [on_call(api, f"2026-11-{day}T12:00:00Z") for day in (24, 25)]
    body = {"rota": "nurses", "first": first, "second": second}
    stranger = site.api(person=reachable(site, "physician"))
    assert stranger.post(f"{V1}/oncall/swaps", json=body).status_code == 403
    assert api.post(f"{V1}/oncall/swaps", json=body).status_code == 200
    assert [on_call(api, f"2026-11-{day}T12:00:00Z") for day in (24, 25)] == before[::-1]
    assert api.post(f"{V1}/oncall/swaps", json={**body, "second": first}).status_code == 409


def test_nobody_puts_a_colleague_on_call_and_nobody_takes_a_shift_whom_no_message_reaches(
    site: Site, people: dict[str, Staff]
) -> None:
    body = {"rota": "nurses", "from": "2026-11-24T07:00:00Z", "to": "2026-11-25T07:00:00Z"}
    other = {**body, "member": people["bea"].email}
    assert site.api(person=people["ann"]).post(f"{V1}/oncall/overrides", json=other).status_code == 403
    assert site.api(person=people["head"]).post(f"{V1}/oncall/overrides", json=other).status_code == 200
    refused = site.api("nurse").post(f"{V1}/oncall/overrides", json=body)
    assert refused.status_code == 409
    assert "confirm a contact point" in refused.json()["detail"]
    assert site.api(person=people["ann"]).post(f"{V1}/oncall/overrides", json={**body, "rota": "x"}).status_code == 409


def test_steps_are_set_by_a_form_and_the_rotations_stay(site: Site, people: dict[str, Staff]) -> None:
    browser, api = site.browser(person=people["head"]), site.api(person=people["head"])
    form = {
        "priority": "high",
        "unit": "",
        "after_high_0": "0",
        "tell_high_0_0": "rota:nurses",
        "after_high_1": "",
        "after_high_2": "7",
        "tell_high_2_0": f"staff:{people['ann'].email}",
        "tell_high_2_1": "role:physician",
        "lapse_high": "20",
        "repeat_high": "yes",
    }
    assert browser.post("/oncall/policies", data=form).status_code == 303
    document = api.get(f"{V1}/oncall").json()
    assert document["policies"] == [
        {
            "unit": None,
            "priority": "high",
            "steps": [
                {"after_minutes": 0, "tell": ["rota:nurses"]},
                {"after_minutes": 7, "tell": [f"staff:{people['ann'].email}", "role:physician"]},
            ],
            "repeat": True,
            "lapse_minutes": 20,
        }
    ]
    assert [one["name"] for one in document["rotas"]] == ["nurses"]
    wrong = browser.post("/oncall/policies", data={**form, "after_high_2": "soon"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text
    assert 'id="after-high--2-fault"' in wrong.text
    assert api.get(f"{V1}/oncall").json() == document


def test_a_gap_of_the_week_is_shown_as_nobody(site: Site, people: dict[str, Staff]) -> None:
    rota = {
        "name": "late",
        "time_zone": "Europe/Berlin",
        "starts": "2026-11-24T08:00",
        "every_hours": 24,
        "members": [people["ann"].email],
    }
    site.api(person=people["head"]).put(f"{V1}/oncall", json={"rotas": [rota]}).raise_for_status()
    page = site.browser(person=people["ann"]).get("/oncall").text
    assert 'class="part gap"' in page
