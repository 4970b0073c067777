"""The page behind an acknowledge link, on a phone: opening changes nothing, a press gives the alarm to the person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ViewportSize, expect
from sqlmodel import select

from tests.browser.conftest import House
from tests.browser.stage import Stage
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.messages.links import token_of
from tracker.records.database import Database
from tracker.records.message import Message
from tracker.records.staff import staff_by_email
from tracker.records.worklist import WorklistItem

pytestmark = pytest.mark.xdist_group("browser")
KEY = "a key for tests, of 32 characters"
PHONE = ViewportSize(width=375, height=667)


def link_to(house: House, stage: Stage) -> str:
    """The link that the nurse of that clinic has in a message about the urgent task."""
    database, now = Database(house.database_url), datetime.now(UTC)
    with database.writing() as session:
        nurse = staff_by_email(session, stage.email("nurse"))
        assert nurse is not None
        target = stage.email("nurse")
        add_contact(session, nurse, kind="email", target=target, confirmed=True, by="test", now=now)
        item = session.get_one(WorklistItem, stage.urgent.id)
        items_changed(session, [item], now)
        message = session.exec(select(Message).where(Message.staff_id == nurse.id)).one()
        token = token_of(KEY, message.id, message.staff_id)
    database.close()
    return f"{house.address}/a/{token}"


def holder(house: House, stage: Stage) -> str | None:
    database = Database(house.database_url)
    with database.reading() as session:
        claimed = session.get_one(WorklistItem, stage.urgent.id).claimed_by
    database.close()
    return claimed


def test_on_a_phone_the_link_shows_the_alarm_and_a_press_takes_it_once(
    house: House, stage: Stage, chromium: Browser
) -> None:
    link = link_to(house, stage)
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("button", name="I have this")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    faults = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in faults] == []
    assert holder(house, stage) is None
    page.get_by_role("button", name="I have this").click()
    expect(page.get_by_role("heading", name="You have this")).to_be_visible()
    assert holder(house, stage) == stage.email("nurse")
    page.goto(link)
    expect(page.get_by_text("Somebody has this already")).to_be_visible()
    context.close()


def test_it_can_be_passed_on(house: House, stage: Stage, chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link_to(house, stage))
    page.get_by_role("button", name="pass on").click()
    expect(page.get_by_role("heading", name="Passed on")).to_be_visible()
    assert holder(house, stage) is None
    context.close()
