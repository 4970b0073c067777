"""A shift in a browser where a proxy shows the pages below a path of a host that belongs to another application."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.broker.certificates import Authority
from tests.browser.conftest import PATIENCE_MS, House
from tests.browser.stage import set_stage
from tests.build import PASSWORD
from tests.deploy.proxies import nginx_below_a_path
from tests.servers import binary
from tracker.records import schema
from tracker.records.database import Database

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.needs("nginx")]
PATH = "/pump-tracker"


def test_a_nurse_works_below_a_path_and_nothing_is_asked_of_the_hosts_other_application(
    tmp_path: Path, chromium: Browser
) -> None:
    binary("nginx")
    house = House(tmp_path)
    certificate = Authority(tmp_path / "certificates", "authority").issue("proxy", server=True)
    with nginx_below_a_path(tmp_path, house.port, certificate) as port:
        address = f"https://localhost:{port}{PATH}"
        house.environment |= {"TRACKER_PUBLIC_URL": f"{address}/", "TRACKER_PROXIES": "127.0.0.1"}
        database = Database(house.database_url)
        schema.upgrade(database)
        stage = set_stage(database, datetime.now(UTC))
        database.close()
        house.start()
        asked: set[str] = set()
        faults: list[str] = []

        def enters(role: str) -> Page:
            page = chromium.new_context(ignore_https_errors=True).new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("request", lambda one: asked.add(_path(one, port)))
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            page.on("response", lambda one: faults.append(f"{one.status} {one.url}") if one.status >= 400 else None)
            page.goto(address)
            page.get_by_label("Email").fill(stage.email(role))
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{address}/")
            expect(page.locator("#pulse")).to_have_text("Live")
            return page

        try:
            nurse, physician = enters("nurse"), enters("physician")
            nurse.locator(f"#line-{stage.urgent.id}").get_by_role("button", name="Claim").click()
            expect(nurse.get_by_role("status").filter(has_text="Assigned to you")).to_be_visible()
            expect(physician.locator(f"#line-{stage.urgent.id}")).to_contain_text("Nurse Lindqvist")

            nurse.get_by_role("link", name="Pumps", exact=True).click()
            nurse.wait_for_url(f"{address}/pumps")
            nurse.get_by_role("link", name=stage.replaceable.serial).first.click()
            nurse.wait_for_url(f"{address}/pumps/{stage.replaceable.serial}")
            nurse.locator("#chart.drawn").wait_for()
            expect(nurse.locator("#pulse")).to_have_text("Live")

            nurse.get_by_label("Find a pump").fill(stage.stalled.serial)
            nurse.get_by_role("button", name="Find").click()
            nurse.wait_for_url(f"{address}/pumps/{stage.stalled.serial}*")

            nurse.get_by_role("link", name="Assess").click()
            nurse.wait_for_url(f"{address}/assess*")

            nurse.locator("details.who summary").click()
            nurse.get_by_role("button", name="Dark").click()
            expect(nurse.locator("html")).to_have_attribute("data-theme", "dark")
            nurse.locator("details.who summary").click()
            nurse.get_by_role("button", name="Sign out").click()
            nurse.wait_for_url(f"{address}/sign-in")
            kept = [one["name"] for one in nurse.context.cookies(f"{address}/") if "session" in one["name"]]
            assert kept == []
            assert nurse.context.cookies(f"https://localhost:{port}/") == []
        finally:
            for context in chromium.contexts:
                context.close()
            house.stop()
    assert not faults, faults
    assert asked
    assert {path for path in asked if not path.startswith(PATH)} <= {""}


def _path(request: Request, port: int) -> str:
    """The path of what was asked of the proxy; empty for anything else."""
    return request.url.partition(f"://localhost:{port}")[2].partition("?")[0]
