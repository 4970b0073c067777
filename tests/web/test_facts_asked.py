"""The replacement page asks for what nobody has documented, and takes the document of a battery."""

from __future__ import annotations

import re

from tests.actions.build import a_pump
from tests.build import NOW
from tests.web.conftest import Site


def asked(page: str) -> str:
    found = re.search(r'id="facts-asked">(.*?)</p>', page, re.DOTALL)
    return "" if found is None else found.group(1)


def test_what_is_missing_is_asked_for_and_a_documented_battery_is_asked_no_more(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, NOW, serial="SN-9")
    nurse = one_site.browser()
    assert nurse.post("/pumps/SN-9/determinations").status_code == 303
    before = asked(nurse.get("/pumps/SN-9/replacement").text)
    for words in ("nearing its end", "no longer of benefit", "can be repaired", "still work", "gave notice"):
        assert words in before
    entry = {"fact": "battery_nearing_end", "value": "yes", "document": "letter of May"}
    assert nurse.post("/pumps/SN-9/facts", data=entry).status_code == 303
    nurse.post("/pumps/SN-9/determinations")
    page = nurse.get("/pumps/SN-9/replacement").text
    assert "nearing its end" not in asked(page)
    assert "letter of May" in page
