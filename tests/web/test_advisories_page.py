"""Advisories: tried before they are loaded, counted for one's own clinic, decided on pump by pump."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import httpx
import pytest
from sqlmodel import Session, col, select

from tests.build import NOW, a_pump
from tests.web.conftest import Site
from tracker.actions.advisories.import_recalls import import_recalls
from tracker.actions.advisories.load_advisories import load_advisories, match_advisories
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.records.advisory import Advisory, AdvisoryMatch
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.pump import Pump
from tracker.records.queries.advisories import COUNTED_TO, Covered, covered_by_each, covered_count

ADVISORY = {
    "reference": "Z-0001-2026",
    "model": "synchromed-ii-20",
    "serial_from": "NGP100000",
    "serial_to": "NGP199999",
    "published_on": "2026-05-01",
    "title": "A part may stall the motor",
    "action": "Go on as before; see patients with a stall.",
    "source": "a notice of the maker",
}


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def loaded(session: Session, *entries: dict[str, Any]) -> list[int]:
    rows = load_advisories(session, read_recalls(json.dumps(entries or [ADVISORY])), NOW)
    match_advisories(session, NOW)
    return [key(row.id) for row in rows]


def sent(person: httpx.Client, content: bytes | str, do: str = "try") -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return person.post("/advisories", data={"do": do}, files={"file": ("a.json", data)})


def test_a_file_is_tried_then_loaded_and_matched_at_once_with_each_change_in_the_trail(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="NGP150000")
    administrator = site.browser("administrator")
    sent(administrator, json.dumps([ADVISORY]), do="load")
    file = json.dumps([ADVISORY | {"title": "New <i>words</i>"}, ADVISORY | {"reference": "Z-0002-2026"}])
    tried = sent(administrator, file)
    assert "1 advisory is new, 1 is changed, 0 are as stored. Nothing is loaded yet." in words_of(tried.text)
    assert "<del>A part may stall the motor</del> to <ins>New &lt;i&gt;words&lt;/i&gt;</ins>" in tried.text
    with site.database.reading() as session:
        assert [one.title for one in session.exec(select(Advisory))] == [ADVISORY["title"]]
    kept = re.search(r'<textarea name="text"[^>]*>([^<]*)</textarea>', tried.text)
    assert kept
    answer = administrator.post("/advisories", data={"do": "load", "text": unescape(kept[1])})
    assert answer.headers["location"] == "/advisories?said=advisories-loaded"
    with site.database.reading() as session:
        assert [one.title for one in session.exec(select(Advisory).order_by(col(Advisory.id)))] == [
            "New <i>words</i>",
            ADVISORY["title"],
        ]
        assert len(session.exec(select(AdvisoryMatch)).all()) == 2
        chosen = select(AuditEntry).where(col(AuditEntry.action).startswith("advisory."))
        trail = session.exec(chosen.order_by(col(AuditEntry.seq))).all()
    assert [(one.action, one.subject) for one in trail] == [
        ("advisory.loaded", "advisory:Z-0001-2026"),
        ("advisory.changed", "advisory:Z-0001-2026"),
        ("advisory.loaded", "advisory:Z-0002-2026"),
    ]
    assert trail[1].detail["before"] == {"title": ADVISORY["title"]}
    assert trail[1].detail["after"] == {"title": "New <i>words</i>"}
    assert "1 to be decided" in words_of(administrator.get("/advisories").text)


def test_a_file_as_it_is_stored_offers_nothing_to_load(site: Site) -> None:
    with site.database.writing() as session:
        loaded(session, ADVISORY)
    tried = sent(site.browser("administrator"), b"\xef\xbb\xbf" + json.dumps([ADVISORY]).encode())
    assert "0 advisories are new, 0 are changed, 1 is as stored." in words_of(tried.text)
    assert 'value="load"' not in tried.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "The file is not text in UTF-8"),
        (b"", "Choose a file of advisories"),
        (b"[" * 30_000, "This is no JSON"),
        (json.dumps([ADVISORY, ADVISORY | {"title": "b"}]), "Entry 2 has the reference of an earlier entry"),
        (json.dumps([ADVISORY | {"title": "x" * 301}]), "title has 301 characters; at most 300 are kept"),
        (json.dumps([ADVISORY | {"source": "a\0b"}]), "source holds a character that can't be shown"),
        (json.dumps([ADVISORY | {"source": "\ud800"}]), "source holds a character that can't be shown"),
        (
            json.dumps([ADVISORY | {"serial_to": "NGP000001"}]),
            "NGP000001: the first serial is higher than the last",
        ),
        (json.dumps([ADVISORY | {"serial_to": "NGX200000"}]), "begin with different letters, 'NGP' and 'NGX'"),
    ],
)
def test_a_file_that_can_not_be_loaded_says_why_and_changes_nothing(
    one_site: Site, content: bytes | str, words: str
) -> None:
    administrator = one_site.browser("administrator")
    for do in ("try", "load"):
        answer = sent(administrator, content, do)
        assert answer.status_code == 422
        assert words in unescape(answer.text)
    with one_site.database.reading() as session:
        assert session.exec(select(Advisory)).first() is None


def test_an_advisory_is_decided_on_pump_by_pump_and_once(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="NGP150000")
        a_pump(session, site.clinic(), serial="NGP150001")
        foreign = a_pump(session, site.clinic("South"), serial="NGP150002")
        (advisory,) = loaded(session)
        matches = {
            serial: key(match_id)
            for serial, match_id in session.exec(
                select(Pump.serial, AdvisoryMatch.id).join(AdvisoryMatch, col(AdvisoryMatch.pump_id) == col(Pump.id))
            )
        }
    nurse = site.browser()
    page = nurse.get(f"/advisories/{advisory}").text
    assert "NGP150000" in page
    assert "NGP150001" in page
    assert foreign.serial not in page
    address = f"/advisories/{advisory}/pumps/{matches['NGP150000']}"
    silent = nurse.post(address, data={"note": " "})
    assert silent.status_code == 422
    assert f'id="note-{matches["NGP150000"]}-fault">Say what was decided for this patient.' in silent.text
    answer = nurse.post(address, data={"note": "Seen in the clinic; goes on."})
    assert answer.headers["location"] == f"/advisories/{advisory}?said=advised"
    assert nurse.post(address, data={"note": "again"}).status_code == 409
    for path in (f"/advisories/{advisory}/pumps/{matches[foreign.serial]}", f"/advisories/{advisory + 1}/pumps/1"):
        assert nurse.post(path, data={"note": "not mine"}).status_code == 404
    assert "NGP150000" not in nurse.get(f"/advisories/{advisory}").text
    decided = nurse.get(f"/advisories/{advisory}", params={"show": "decided"}).text
    assert "Seen in the clinic; goes on." in decided
    assert "NGP150001" not in decided
    with site.database.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "advisory.acknowledged")).one()
        assert (entry.subject, entry.detail["note"]) == ("pump:NGP150000", "Seen in the clinic; goes on.")


def test_a_clinic_counts_its_own_pumps_alone_and_not_past_the_limit(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        for number in range(3):
            a_pump(session, site.clinic(), serial=f"NGP15000{number}")
        a_pump(session, site.clinic("South"), serial="NGP160000")
        session.add_all(
            Pump(clinic_id=key(site.clinic("South").id), serial=f"X{number}", model="codman-3000", created_at=NOW)
            for number in range(COUNTED_TO + 5)
        )
        session.flush()
        everywhere = ADVISORY | {"reference": "Z-2", "model": "codman-3000", "serial_from": None, "serial_to": None}
        first, second = loaded(session, ADVISORY, everywhere)
        north, south = key(site.clinic().id), key(site.clinic("South").id)
        assert covered_by_each(session, north) == {first: Covered(3, 3)}
        assert covered_count(session, north, second) == Covered(0, 0)
        assert covered_by_each(session, south) == {first: Covered(1, 1), second: Covered(1004, 1004)}
    browser = site.browser(clinic="South")
    assert "1,004 to be decided" in words_of(browser.get("/advisories").text)
    assert f"To be decided over {COUNTED_TO}" in words_of(browser.get(f"/advisories/{second}").text)


def test_the_pumps_of_an_advisory_go_on_behind_their_page_without_a_gap(site: Site) -> None:
    with site.database.writing() as session:
        serials = [a_pump(session, site.clinic(), serial=f"NGP1500{number:02d}").serial for number in range(60)]
        (advisory,) = loaded(session)
    nurse = site.browser()
    page = nurse.get(f"/advisories/{advisory}").text
    following = re.search(r'href="(/advisories/\d+\?[^"]*cursor=[^"]+)"', page)
    assert following
    both = page + nurse.get(unescape(following[1])).text
    assert re.findall(r'<a href="/pumps/([^"]+)">', both) == serials


def test_the_advisories_go_on_behind_their_page_newest_first(site: Site) -> None:
    entries = [ADVISORY | {"reference": f"Z-{n:02d}", "published_on": f"2026-05-{1 + n // 2:02d}"} for n in range(25)]
    with site.database.writing() as session:
        loaded(session, *entries)
    nurse = site.browser()
    page = nurse.get("/advisories").text
    following = re.search(r'href="(/advisories\?cursor=[^"]+)"', page)
    assert following
    both = page + nurse.get(unescape(following[1])).text
    assert re.findall(r"Z-\d\d(?=,)", both) == [f"Z-{number:02d}" for number in reversed(range(25))]


@pytest.mark.parametrize("role", ["nurse", "auditor"])
def test_who_may_not_load_or_decide_sees_no_form_for_it(site: Site, role: str) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="NGP150000")
        (advisory,) = loaded(session)
    person = site.browser(role)
    assert 'enctype="multipart/form-data"' not in person.get("/advisories").text
    assert (f'action="/advisories/{advisory}/pumps/' in person.get(f"/advisories/{advisory}").text) is (role == "nurse")


def test_an_advisory_says_whose_it_is_and_who_may_change_it(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="NGP150000")
    sent(site.browser("administrator"), json.dumps([ADVISORY]), do="load")
    nurse, api = site.browser("nurse"), site.api("nurse")
    assert "Belongs to North. Its administrators may change the advisory" in words_of(nurse.get("/advisories/1").text)
    assert api.get("/api/v1/pumps/NGP150000/advisories").json()["items"][0]["owner"] == "North"
    with site.database.writing() as session:
        recalls = read_recalls(json.dumps([ADVISORY]))
        import_recalls(session, recalls, by="operator", clinic_id=None, now=site.clock(), via="command")
    assert "Belongs to The installation. Its operator changes" in words_of(nurse.get("/advisories/1").text)
    assert api.get("/api/v1/pumps/NGP150000/advisories").json()["items"][0]["owner"] is None
