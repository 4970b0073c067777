"""Connectivity: the numbers and the list are of the same pumps, those that the clinic answers for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.build import NOW, a_pump, a_state
from tests.web.conftest import Site
from tracker.web.pages.connectivity import PAGE
from tracker.web.pages.pumps import LINKS


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/pumps/([^"]+)">', page)


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<span class="value">(\d+)</span>', page)]


def add(site: Site, serial: str, lifecycle: str, link: str, silent_days: int) -> None:
    contact = None if link == "never" else NOW - timedelta(days=silent_days)
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial=serial, lifecycle=lifecycle)
        a_state(session, pump, link=link, last_contact_at=contact)


@pytest.mark.parametrize("link", LINKS)
def test_the_list_names_as_many_pumps_as_are_counted_and_none_that_nobody_follows(
    site_on_both: Site, link: str
) -> None:
    site = site_on_both
    add(site, "TODAY-1", "implanted", link, 1)
    add(site, "WEEK-1", "replacement_planned", link, 7)
    for number, lifecycle in enumerate(("explanted", "in_stock", "deceased", "transferred")):
        add(site, f"GONE-{number}", lifecycle, link, 2000)
    page = site.browser().get("/connectivity", params={"link": link}).text
    assert sorted(listed(page)) == ["TODAY-1", "WEEK-1"]
    assert numbers(page) == [2 if one == link else 0 for one in LINKS]
    if link != "never":
        assert listed(page) == ["WEEK-1", "TODAY-1"]


def test_the_next_page_of_the_list_names_followed_pumps_only(site: Site) -> None:
    for number in range(PAGE + 1):
        add(site, f"OWN-{number:02d}", "implanted", "disconnected", 100 - number)
        add(site, f"GONE-{number:02d}", "explanted", "disconnected", 100 - number)
    nurse = site.browser()
    page = nurse.get("/connectivity").text
    found = re.search(r'href="([^"]+)">Next page', page)
    assert found
    rest = nurse.get(found[1].replace("&amp;", "&")).text
    assert listed(page) + listed(rest) == [f"OWN-{number:02d}" for number in range(PAGE + 1)]
