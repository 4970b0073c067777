"""Values that no column and no encoding holds: a sentence, never a fault of ours."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.build import a_pump, a_rejected_message
from tests.web.conftest import Site
from tracker.web.pages import PAGES

NUMBERED = sorted(
    {
        route.path
        for router in PAGES
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and re.search(r"\{\w*id\}", route.path)
    }
)


@pytest.mark.parametrize("number", [2**31, 2**53, 2**63, 10**20])
def test_a_number_that_no_row_can_have_names_nothing(site_on_both: Site, number: int) -> None:
    with site_on_both.database.writing() as session:
        a_pump(session, site_on_both.clinic(), serial="AB-1")
    administrator = site_on_both.browser("administrator")
    assert len(NUMBERED) >= 4
    for path in (*NUMBERED, "/pumps/{serial}/replacement?determination={number_id}"):
        address = re.sub(r"\{\w*id\}", str(number), path.replace("{serial}", "AB-1"))
        answer = administrator.get(address)
        assert answer.status_code in {404, 422}, address


def test_two_who_add_the_same_colleague_at_once_get_one_account_and_one_sentence(site_on_both: Site) -> None:
    first, second = site_on_both.browser("administrator"), site_on_both.browser("administrator")

    def add(client: httpx.Client) -> int:
        csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/staff").text)
        assert csrf
        told = {"email": "new@clinic.example", "name": "A. New", "role": "nurse", "password": "a long-enough password"}
        return client.post("/staff", data=told | {"csrf": csrf[1]}).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(add, (first, second)))
    assert statuses[0] in {200, 303}
    assert statuses[1] in {409, 422}


def test_a_kept_message_with_half_a_letter_can_be_looked_at(one_site: Site) -> None:
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic())
        message = a_rejected_message(session, pump, payload=b'{"v": 1, "firmware": "\\ud800x"}')
        number = message.id
    answer = one_site.browser("nurse").get(f"/rejected/{number}")
    assert answer.status_code == 200
    assert "ud800x" in answer.text


@pytest.mark.parametrize("call", ["assess", "code"])
@pytest.mark.parametrize("told", [rb'"\ud800"', b"1e400", b"9" * 4400, b'{"a":1,"error":[2]}', b"null"])
def test_the_id_of_a_line_that_cant_be_answered_goes_back_as_it_came(one_site: Site, call: str, told: bytes) -> None:
    line = b'{"id":' + told + b',"question":"x","act":5}'
    answer = one_site.api("nurse").post(f"/api/v1/{call}", content=line, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.content.endswith(b',"id":' + told + b"}")
