"""Who would be told of an alarm, and each person's own quiet hours, over the API and on the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from tests import build
from tests.web.conftest import Site
from tracker.actions.messages.advance_notifications import tell_due
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.messages.set_oncall import set_oncall
from tracker.records.message import Message
from tracker.records.pump import Clinic
from tracker.records.staff import Staff

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
DOCUMENT = {
    "policies": [
        {
            "unit": "Pain",
            "priority": "high",
            "steps": [
                {"after_minutes": 0, "tell": ["staff:gone@clinic.example"]},
                {"after_minutes": 15, "tell": ["staff:dr@clinic.example"]},
            ],
        }
    ]
}


def reachable(session: Session, site: Site, name: str, role: str, **given: object) -> Staff:
    person = build.a_person(session, site.clinic(), email=f"{name}@clinic.example", role=role, **given)
    long_ago = MONDAY - timedelta(days=30)
    for target, label in ((f"{name}@clinic.example", "my mail"), (f"{name}.two@clinic.example", "")):
        add_contact(session, person, kind="email", target=target, label=label, confirmed=True, by="test", now=long_ago)
    return person


def a_clinic_with_two_units(site: Site) -> Staff:
    site.clock.now = MONDAY
    with site.database.writing() as session:
        nurse = reachable(session, site, "ann", "nurse")
        reachable(session, site, "dr", "physician")
        gone = build.a_person(session, site.clinic(), email="gone@clinic.example")
        set_oncall(session, session.get_one(Clinic, site.clinic().id), DOCUMENT, by="test", now=MONDAY)
        gone.active = False
        build.a_pump(session, site.clinic(), serial="PAIN-1", unit="pain")
        build.a_pump(session, site.clinic(), serial="SPAS-1", unit="Spasticity")
        build.a_pump(session, site.clinic("South"), serial="OTHER-1")
        return nurse


def test_the_preview_names_people_times_and_contact_points_by_the_pumps_own_policy(site: Site) -> None:
    nurse = site.api(person=a_clinic_with_two_units(site))
    pain = nurse.get("/api/v1/oncall/preview", params={"pump": "PAIN-1"}).json()
    assert (pain["pump"], pain["unit"], pain["priority"], pain["reaches_nobody"]) == ("PAIN-1", "pain", "high", False)
    first = pain["times"][0]
    assert [one["email"] for one in first["people"]] == ["dr@clinic.example"]
    assert [one["label"] for one in first["people"][0]["contact_points"]] == ["my mail", ""]
    assert first["at"] == "2026-11-23T09:00:00Z", "a step that reaches nobody makes the next one due at once"
    assert [(one["step"], one["reasons"]) for one in pain["empty_steps"]] == [
        (0, ["gone@clinic.example may not sign in"])
    ]
    spasticity = nurse.get("/api/v1/oncall/preview", params={"pump": "SPAS-1"}).json()
    assert [one["at"][11:16] for one in spasticity["times"][:4]] == ["09:00", "09:10", "09:20", "09:30"]
    assert spasticity["empty_steps"] == []
    assert nurse.get("/api/v1/oncall/preview", params={"pump": "OTHER-1"}).status_code == 404
    page = site.browser(person=site.person()).get("/oncall", params={"pump": "PAIN-1"}).text
    assert "If pump PAIN-1 had an alarm now" in page
    assert "gone@clinic.example may not sign in" in page


def test_the_preview_is_what_the_job_then_does(site: Site) -> None:
    nurse = site.api(person=a_clinic_with_two_units(site))
    seen = nurse.get("/api/v1/oncall/preview", params={"pump": "SPAS-1"}).json()["times"]
    with site.database.writing() as session:
        pump = build.a_pump(session, site.clinic(), unit="Spasticity")
        items_changed(session, [build.an_item(session, site.clinic(), pump, priority=3)], MONDAY)
        for one in session.exec(select(Message)):
            one.state = "sent"
    for after in range(1, 31):
        with site.database.writing() as session:
            tell_due(session, MONDAY + timedelta(minutes=after))
            for one in session.exec(select(Message)):
                one.state = "sent"
    with site.database.reading() as session:
        people = {one.id: one.email for one in session.exec(select(Staff))}
        told = {(one.created_at, people[one.staff_id]) for one in session.exec(select(Message))}
    assert told == {
        (datetime.fromisoformat(one["at"]), person["email"]) for one in seen[:4] for person in one["people"]
    }


def test_what_is_low_is_shown_in_the_next_digest_and_nobody_is_said_where_nobody_is(site: Site) -> None:
    staff = a_clinic_with_two_units(site)
    low = site.api(person=staff).get("/api/v1/oncall/preview?priority=low").json()
    assert [(one["at"], one["digest"]) for one in low["times"]] == [("2026-11-24T07:00:00Z", True)]
    south = site.api(clinic="South").get("/api/v1/oncall/preview?pump=OTHER-1").json()
    assert (south["reaches_nobody"], south["times"]) == (True, [])
    page = site.browser(clinic="South").get("/oncall?pump=OTHER-1").text
    assert "Nobody would be told" in page


def test_quiet_hours_hold_back_what_is_not_urgent_and_nothing_else(site: Site) -> None:
    staff = a_clinic_with_two_units(site)
    nurse = site.api(person=staff)
    usual = {"time_zone": "Europe/Berlin", "night_from": "21:00", "night_to": "07:00", "is_own": False}
    assert nurse.get("/api/v1/quiet-hours").json() == usual
    own = {"time_zone": "America/New_York", "night_from": "23:00", "night_to": "06:30"}
    assert nurse.put("/api/v1/quiet-hours", json=own).json() == own | {"is_own": True}
    medium = nurse.get("/api/v1/oncall/preview?pump=SPAS-1&priority=medium").json()
    assert medium["times"][0]["at"] == "2026-11-23T11:30:00Z", "06:30 in New York"
    high = nurse.get("/api/v1/oncall/preview?pump=SPAS-1").json()
    assert high["times"][0]["at"] == "2026-11-23T09:00:00Z"
    assert nurse.put("/api/v1/quiet-hours", json=own | {"night_to": "6:30"}).status_code == 422
    refused = nurse.put("/api/v1/quiet-hours", json=own | {"time_zone": "Nowhere"})
    assert (refused.status_code, refused.json()["field"]) == (409, "time_zone")
    assert nurse.get("/api/v1/quiet-hours").json() == own | {"is_own": True}
    browser = site.browser(person=staff)
    assert 'value="23:00"' in browser.get("/notifications").text
    form = {"time_zone": "Europe/Berlin", "night_from": "00:00", "night_to": "00:00"}
    saved = browser.post("/notifications/quiet-hours", data=form | {"csrf": browser.headers["X-CSRF-Token"]})
    assert saved.status_code == 303
    assert nurse.get("/api/v1/quiet-hours").json() == form | {"is_own": True}
