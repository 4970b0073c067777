"""The clinic's MRI checks: what is due stands first, what is wrong is told beside its field."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from sqlmodel import Session, col, select

from tests.build import NOW, a_pump
from tests.web.conftest import Site
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.programmer_session import MriExam
from tracker.records.pump import Pump

HOUR = timedelta(hours=1)


def an_exam(session: Session, pump: Pump, hours_ago: float, *, checked: bool = False) -> int:
    performed = NOW - hours_ago * HOUR
    exam = log_mri(session, pump, performed_at=performed, by="nurse@clinic.example", now=NOW)
    if checked:
        check_after_mri(session, key(exam.id), checked_at=performed + HOUR, by="nurse@clinic.example", now=NOW)
    return key(exam.id)


def listed(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<tr id="mri-(\d+)"', page)]


def row(page: str, exam_id: int) -> str:
    block = page[page.index(f'<tr id="mri-{exam_id}"') :].partition("</tr>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", block)))


def test_the_check_that_is_due_first_stands_first_and_overdue_is_a_word(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic())
        fresh, overdue, due = (an_exam(session, pump, hours) for hours in (1, 30, 5))
        done = an_exam(session, pump, 50, checked=True)
        an_exam(session, a_pump(session, site.clinic("South")), 40)
    nurse = site.browser()
    page = nurse.get("/mri").text
    assert listed(page) == [overdue, due, fresh]
    assert "Overdue" in row(page, overdue)
    assert "Due now" in row(page, due)
    assert "Due in 60 min" in row(page, fresh)
    assert re.search(r"To be checked\s*<span class=\"count\">3</span>.*1 overdue", page)
    assert listed(nurse.get("/mri", params={"show": "checked"}).text) == [done]


def test_the_list_goes_on_behind_its_page_without_a_gap(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic())
        waiting = [an_exam(session, pump, 200 - number) for number in range(53)]
        done = [an_exam(session, pump, 400 + number // 2, checked=True) for number in range(53)]
    nurse = site.browser()
    for show, expected in (("due", waiting), ("checked", sorted(done, key=lambda one: (-(done.index(one) // 2), one)))):
        page = nurse.get("/mri", params={"show": show}).text
        following = re.search(r'href="(/mri\?[^"]*cursor=[^"]+)"', page)
        assert following
        seen = listed(page) + listed(nurse.get(unescape(following[1])).text)
        assert seen == (expected if show == "due" else expected[::-1])


def test_an_mri_is_logged_and_its_check_too_and_both_are_in_the_trail(site: Site) -> None:
    staff = site.person("nurse")
    nurse = site.browser(person=staff)
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1", model="prometra-ii-20")
    form = {"serial": " SN1 ", "performed_at": "2026-11-22T09:00", "emptied_before": "no", "note": "Knee"}
    assert nurse.post("/mri", data=form).headers["location"] == "/mri?said=mri"
    with site.database.reading() as session:
        exam = session.exec(select(MriExam)).one()
    assert (exam.performed_at, exam.emptied_before, exam.note) == (NOW - 2 * HOUR, False, "Knee")  # 09:00 in Berlin
    assert "Not emptied before" in row(nurse.get("/mri").text, key(exam.id))
    answer = nurse.post(f"/mri/{exam.id}/checked", data={"checked_at": "2026-11-22T10:30"})
    assert answer.headers["location"] == "/mri?said=checked"
    with site.database.reading() as session:
        exam = session.exec(select(MriExam)).one()
        trail = session.exec(select(AuditEntry).where(col(AuditEntry.action).startswith("mri.")))
        assert [(one.action, one.subject, one.actor) for one in trail] == [
            ("mri.logged", "pump:SN1", staff.email),
            ("mri.checked", "pump:SN1", staff.email),
        ]
    assert (exam.checked_at, exam.checked_by) == (NOW - HOUR / 2, staff.email)


WRONG = (
    ({"serial": ""}, 422, "serial", "Give the pump&#39;s serial"),
    ({"serial": "OTHER"}, 404, "serial", "No pump with the serial OTHER"),
    ({"performed_at": "yesterday"}, 422, "performed_at", "Give the day and the time"),
    ({"performed_at": "2026-11-23T09:00"}, 422, "performed_at", "before it happens"),
)


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(site: Site) -> None:
    nurse = site.browser()
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    form = {"serial": "SN1", "performed_at": "2026-11-22T09:00", "emptied_before": "yes", "note": "Knee <b>"}
    for change, status, field, words in WRONG:
        answer = nurse.post("/mri", data=form | change)
        assert answer.status_code == status
        beside = re.search(rf'id="{field}-fault">([^<]*)', answer.text)
        assert beside, change
        assert words in beside[1]
        assert 'value="Knee &lt;b&gt;"' in answer.text
        assert re.search(r'id="emptied_before-yes"[^>]* checked', answer.text)
    with site.database.reading() as session:
        assert session.exec(select(MriExam)).first() is None


def test_a_model_without_a_rule_is_told_in_a_sentence(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="C3", model="codman-3000")
    answer = site.browser().post("/mri", data={"serial": "C3", "performed_at": "2026-11-22T09:00"})
    assert answer.status_code == 409
    assert "This model asks for no check after an MRI" in answer.text


def test_a_check_before_its_mri_is_refused_beside_the_row_and_another_clinics_is_not_there(site: Site) -> None:
    with site.database.writing() as session:
        mine = an_exam(session, a_pump(session, site.clinic()), 3)
        foreign = an_exam(session, a_pump(session, site.clinic("South")), 3)
    nurse = site.browser()
    answer = nurse.post(f"/mri/{mine}/checked", data={"checked_at": "2026-11-22T01:00"})
    assert answer.status_code == 422
    assert "The check lies between the MRI and now." in row(answer.text, mine)
    assert nurse.post(f"/mri/{foreign}/checked", data={"checked_at": "2026-11-22T10:30"}).status_code == 404
    assert nurse.post(f"/mri/{2**70}/checked", data={"checked_at": "2026-11-22T10:30"}).status_code == 422
    with site.database.reading() as session:
        assert [one.checked_at for one in session.exec(select(MriExam))] == [None, None]


def test_who_may_not_log_sees_the_list_and_no_form(site: Site) -> None:
    with site.database.writing() as session:
        exam = an_exam(session, a_pump(session, site.clinic()), 3)
    page = site.browser("biller").get("/mri").text
    assert listed(page) == [exam]
    assert 'action="/mri' not in page
