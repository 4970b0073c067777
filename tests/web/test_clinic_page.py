"""The clinic's page: its settings, its programmers, and the way there from a finding."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import Session, col, select

from tests.build import NOW, a_pump, a_state
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.finding import FindingRecord
from tracker.records.programmer_session import programmers_of
from tracker.records.pump import Clinic, PumpState
from tracker.web.views.formatting import field_time

ACTS = ("clinic.changed", "programmer.named", "programmer.dropped")


def settings(**changed: str) -> dict[str, str]:
    unchanged = {"message_content": "reference", "messages_per_hour": "12"}
    return {"name": "North", "timezone": "Europe/Berlin", "refill_cap_days": "", **unchanged, **changed}


def clinic_of(site: Site) -> Clinic:
    with site.database.reading() as session:
        return session.get_one(Clinic, site.clinic().id)


def programmer_acts(site: Site) -> list[AuditEntry]:
    with site.database.reading() as session:
        chosen = select(AuditEntry).where(col(AuditEntry.action).in_(ACTS)).order_by(col(AuditEntry.seq))
        return list(session.exec(chosen))


def a_finding(session: Session, pump_id: int, kind: str, **given: Any) -> FindingRecord:
    row = FindingRecord(
        pump_id=pump_id,
        kind=kind,
        found_at=NOW,
        happened_at=NOW,
        neglect_or_abuse=True,
        strength="moderate",
        points_at="clinic",
        sentence="Something is seen.",
        explanations=[],
        **{"key": kind, "evidence": [], "mend": "Mend it so.", **given},
    )
    session.add(row)
    session.flush()
    return row


def test_an_administrator_sets_zone_and_cap_every_pump_is_looked_at_again_and_the_trail_says_what_was(
    site_on_both: Site,
) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN-CAP")
        a_state(session, pump, evaluate_at=None)
    person = site.browser("administrator")
    answer = person.post("/clinic", data=settings(timezone="America/New_York", refill_cap_days="120"))
    assert answer.status_code == 303
    assert "settings are changed." in person.get(answer.headers["location"]).text
    assert (clinic_of(site).timezone, clinic_of(site).refill_cap_days) == ("America/New_York", 120)
    with site.database.reading() as session:
        assert session.get_one(PumpState, pump.id).evaluate_at is not None
    (entry,) = programmer_acts(site)
    assert entry.detail["before"] == {"timezone": "Europe/Berlin", "refill_cap_days": None}
    assert entry.detail["after"] == {"timezone": "America/New_York", "refill_cap_days": 120}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"timezone": "Mars/Olympus"}, "is no time zone"),
        ({"refill_cap_days": "0"}, "1 to 3650 days"),
        ({"messages_per_hour": "0"}, "1 to 1000 messages"),
        ({"messages_per_hour": "some"}, "whole number of messages"),
        ({"message_content": "all"}, "one of full, reference, none"),
        ({"refill_cap_days": "many"}, "whole number of days"),
        ({"refill_cap_days": "9" * 150}, "1 to 3650 days"),
        ({"name": "  "}, "1 to 120 characters"),
        ({"name": "South"}, "a clinic named"),
    ],
)
def test_what_can_not_be_set_is_said_at_its_field_and_changes_nothing(
    one_site: Site, wrong: dict[str, str], said: str
) -> None:
    one_site.clinic("South")
    answer = one_site.browser("administrator").post("/clinic", data=settings(**wrong))
    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert clinic_of(one_site).timezone == "Europe/Berlin"
    assert clinic_of(one_site).refill_cap_days is None


def test_an_administrator_sets_what_messages_say_and_how_many_a_person_has(site: Site) -> None:
    person = site.browser("administrator")
    answer = person.post("/clinic", data=settings(message_content="none", messages_per_hour="6"))
    assert answer.status_code == 303
    assert (clinic_of(site).message_content, clinic_of(site).messages_per_hour) == ("none", 6)
    page = person.get("/clinic").text
    assert '<option value="none" selected>' in page
    shown = site.api("administrator").patch("/api/v1/clinic", json={"message_content": "full"}).json()
    assert (shown["message_content"], shown["messages_per_hour"]) == ("full", 6)
    entries = [entry.detail["after"] for entry in programmer_acts(site)]
    assert entries == [{"message_content": "none", "messages_per_hour": 6}, {"message_content": "full"}]


def test_a_programmer_is_named_once_and_taken_off_again(one_site: Site) -> None:
    person = one_site.browser("nurse")
    answer = named(person, "A810-77")
    assert answer.status_code == 303
    assert "findings about it are looked at again" in person.get(answer.headers["location"]).text
    assert named(person, "A810-77").status_code == 409
    with one_site.database.reading() as session:
        assert [row.programmer for row in programmers_of(session, key(one_site.clinic().id))] == ["A810-77"]
    assert person.post("/clinic/programmers/drop", data={"programmer": "A810-77"}).status_code == 303
    assert person.post("/clinic/programmers/drop", data={"programmer": "A810-77"}).status_code == 404
    assert [entry.action for entry in programmer_acts(one_site)] == ["programmer.named", "programmer.dropped"]


def named(person: httpx.Client, programmer: str) -> httpx.Response:
    return person.post("/clinic/programmers", data={"programmer": programmer})


def test_a_finding_leads_to_the_page_that_mends_it_with_what_it_knows_filled_in(one_site: Site) -> None:
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic(), serial="SN-MEND")
        a_state(session, pump)
        pump_id = key(pump.id)
        a_finding(session, pump_id, "unlogged_refill")
        a_finding(session, pump_id, "unknown_programmer", key="unknown_programmer:B 1&2")
        a_finding(session, pump_id, "code_contradicted", evidence=[{"kind": "visit", "id": 7, "text": "a visit"}])
        a_finding(session, pump_id, "ran_dry", mend=None)
    person = one_site.browser("nurse")
    page = person.get("/pumps/SN-MEND/replacement").text
    assert page.count("What to do:") == 3
    assert 'href="/pumps/SN-MEND/visits/7"' in page
    assert 'value="B 1&amp;2"' in person.get("/clinic?programmer=B+1%262").text
    assert 'href="/clinic?programmer=B+1%262#programmers"' in page
    form = person.get("/pumps/SN-MEND/visits/new", params={"at": NOW.isoformat(), "refilled": "yes"}).text
    assert f'value="{field_time(NOW, "Europe/Berlin")}' in form
    assert 'name="refilled" value="yes" checked' in form
    assert person.get("/pumps/SN-MEND/visits/new?at=0001-01-01T00:00:00Z").status_code == 200
