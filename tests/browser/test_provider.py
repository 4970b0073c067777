"""Signing in and signing with the organization's provider, a process of its own, in a real Chromium."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS, House
from tests.browser.stage import Stage, set_stage
from tests.servers import end, free_port, listens, wait_until
from tracker.records import schema
from tracker.records.database import Database

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    program = Path(__file__).parents[1] / "web" / "oidc_provider.py"
    process = subprocess.Popen([sys.executable, str(program), str(port), "tracker", "client secret"])
    wait_until(lambda: listens(port), what="the provider")
    yield f"http://127.0.0.1:{port}"
    end(process)


@pytest.fixture(scope="module")
def house(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Pages where passwords are switched off."""
    made = House(
        tmp_path_factory.mktemp("provider"),
        environment={
            "TRACKER_OIDC_ISSUER": issuer,
            "TRACKER_OIDC_CLIENT_ID": "tracker",
            "TRACKER_OIDC_CLIENT_SECRET": "client secret",
            "TRACKER_PASSWORD_SIGN_IN": "false",
        },
    )
    database = Database(made.database_url)
    schema.upgrade(database)
    database.close()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def stage(database: Database) -> Stage:
    return set_stage(database, datetime.now(UTC))


def test_the_provider_signs_in_and_confirms_a_signature(
    house: House, issuer: str, stage: Stage, chromium: Browser
) -> None:
    claims = {"sub": "u-1", "email": stage.email("physician"), "email_verified": True}
    httpx.post(f"{issuer}/next", json={"claims": claims}).raise_for_status()
    window = chromium.new_context(base_url=house.address)
    window.set_default_timeout(PATIENCE_MS)
    page = window.new_page()
    record = f"/pumps/{stage.stalled.serial}/replacement"
    page.goto(f"/sign-in?next={record}")
    expect(page.get_by_label("Password")).to_have_count(0)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("link", name="Sign in with your organization").click()
    page.wait_for_url(f"**{record}")

    form = page.locator("form").filter(has=page.get_by_role("button", name="Sign", exact=True))
    form.get_by_role("radio").first.check()
    form.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="not your password")).to_have_count(0)
    expect(page.get_by_text("Confirm with your organization").first).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("link", name="Confirm with your organization").first.click()
    page.wait_for_url(f"**{record}")
    expect(page.get_by_text("No password is needed").first).to_be_visible()
    form.get_by_role("radio").first.check()
    form.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Your attestation is signed")).to_be_visible()
    window.close()
