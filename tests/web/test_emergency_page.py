"""Emergency access, as a page: nothing opens without a reason and the person's own password."""

from __future__ import annotations

import pytest

from tests.build import PASSWORD, a_pump, a_state
from tests.web.conftest import Site

REASON = "Patient collapsed in our emergency room."


@pytest.fixture
def theirs(site: Site) -> str:
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinics["South"], serial="THEIRS"))
    return "THEIRS"


def test_with_a_reason_and_the_password_the_pumps_page_opens_and_says_so(site: Site, theirs: str) -> None:
    browser = site.browser("physician")
    assert browser.get(f"/pumps/{theirs}").status_code == 404
    answer = browser.post("/emergency", data={"serial": f" {theirs} ", "reason": REASON, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Emergency access to another clinic" in page.text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"serial": "THEIRS", "reason": "now", "password": PASSWORD}, 422),
        ({"serial": "THEIRS", "reason": REASON, "password": "guess"}, 422),
        ({"serial": "NOBODY", "reason": REASON, "password": PASSWORD}, 404),
        ({"serial": "'; DROP TABLE pump; --", "reason": REASON, "password": PASSWORD}, 404),
        ({}, 422),
    ],
)
def test_a_faulty_form_opens_nothing_and_keeps_what_was_typed(
    site: Site, theirs: str, form: dict[str, str], status: int
) -> None:
    browser = site.browser("nurse")
    answer = browser.post("/emergency", data=form)
    assert answer.status_code == status
    assert PASSWORD not in answer.text
    if form.get("reason"):
        assert form["reason"] in answer.text
    assert browser.get(f"/pumps/{theirs}").status_code == 404
