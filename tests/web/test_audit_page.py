"""The audit trail's page: its days are those of the clinic's calendar."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.build import a_clinic
from tests.web.conftest import Site
from tracker.actions import audit


@pytest.fixture
def site_of_new_york(site: Site) -> Site:
    with site.database.writing() as session:
        site.clinics["East"] = a_clinic(session, name="East", timezone="America/New_York")
    return site


@pytest.mark.parametrize(
    ("day", "last", "next_day"),
    [
        ("2026-11-01", "2026-11-02T04:30:00+00:00", "2026-11-02T05:00:00+00:00"),
        ("2026-03-08", "2026-03-09T03:30:00+00:00", "2026-03-09T04:00:00+00:00"),
    ],
    ids=["25 hours", "23 hours"],
)
def test_the_day_on_which_clocks_change_is_shown_to_its_last_hour_and_no_further(
    site_of_new_york: Site, day: str, last: str, next_day: str
) -> None:
    site = site_of_new_york
    with site.database.writing() as session:
        for subject, at in (("staff:LAST", last), ("staff:NEXT", next_day)):
            audit.record(
                session,
                actor="nurse@clinic.example",
                clinic_id=site.clinic("East").id,
                action="visit.logged",
                subject=subject,
                detail={},
                now=datetime.fromisoformat(at),
            )
    page = site.browser("auditor", "East").get("/audit", params={"since": day, "until": day}).text
    assert "staff:LAST" in page
    assert "staff:NEXT" not in page


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "yesterday", "2026-02-30"])
@pytest.mark.parametrize("field", ["since", "until"])
def test_no_day_brings_the_page_down(site_of_new_york: Site, field: str, day: str) -> None:
    answer = site_of_new_york.browser("auditor", "East").get("/audit", params={field: day})
    assert answer.status_code in {200, 422}
    if answer.status_code == 422:
        assert "day is written as 2026-11-22" in answer.text
