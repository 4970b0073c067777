"""An urgent alarm that nobody has is seen on every open page: band, title, icon, and a sound that one switches on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import build
from tests.browser.conftest import Enter
from tests.browser.stage import Stage
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.worklist.claim_item import claim_item
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.notification import notifications_of_items
from tracker.records.worklist import WorklistItem

pytestmark = pytest.mark.xdist_group("browser")
COUNT_TONES = """
  window.tones = 0;
  const create = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () { window.tones += 1; return create.call(this); };
"""


def raise_alarm(database: Database, stage: Stage, what: str) -> int:
    """A new urgent task at the silent pump, opened as the tracker opens it."""
    now = datetime.now(UTC)
    with database.writing() as session:
        item = build.an_item(
            session,
            stage.clinic,
            stage.silent,
            priority=3,
            what=what,
            harm_at=now + timedelta(hours=9),
            since=now,
            opened_at=now,
            changed_at=now,
        )
        items_changed(session, [item], now)
        return key(item.id)


def take(database: Database, stage: Stage, item_id: int) -> None:
    with database.writing() as session:
        claim_item(session, item_id, by=stage.email("nurse"), now=datetime.now(UTC))


def tones(page: Page) -> int:
    return int(page.evaluate("window.tones"))


def test_the_band_follows_what_nobody_has_on_a_page_that_shows_no_task(
    stage: Stage, enter: Enter, database: Database
) -> None:
    page = enter(stage.email("nurse"), "/guideline")
    band = page.get_by_role("region", name="Urgent alarms")
    expect(band).to_contain_text(f"Motor stalled {stage.stalled.serial}, since")
    expect(page).to_have_title(re.compile(r"^\(1\) Guideline"))
    assert page.evaluate("document.querySelector('#urgent').getBoundingClientRect().width === innerWidth")
    expect(page.locator("#pulse")).to_have_text("Live")
    loaded = page.evaluate("window.loadedOnce = true")
    second, third = (raise_alarm(database, stage, what) for what in ("Reservoir empty", "Memory error"))
    expect(band).to_contain_text("and 2 more")
    expect(page).to_have_title(re.compile(r"^\(3\) Guideline"))
    assert "3%3C%2Ftext" in (page.locator("link[rel=icon]").get_attribute("href") or "")
    take(database, stage, stage.urgent.id or 0)
    expect(band).to_contain_text("Reservoir empty")
    expect(band.get_by_role("link", name="Reservoir empty")).to_have_attribute("href", f"/worklist/{second}")
    take(database, stage, second)
    take(database, stage, third)
    expect(page.locator("#urgent")).to_be_hidden()
    expect(page).to_have_title(re.compile("^Guideline"))
    assert "favicon.svg" in (page.locator("link[rel=icon]").get_attribute("href") or "")
    assert page.evaluate("window.loadedOnce") is loaded


def test_an_acknowledgment_that_lapsed_brings_the_band_back(stage: Stage, enter: Enter, database: Database) -> None:
    take(database, stage, stage.urgent.id or 0)
    page = enter(stage.email("physician"), "/models")
    expect(page.locator("#pulse")).to_have_text("Live")
    expect(page.locator("#urgent")).to_be_hidden()
    with database.writing() as session:
        item = session.get_one(WorklistItem, stage.urgent.id)
        items_changed(session, [item], datetime.now(UTC))
        notification = notifications_of_items(session, [key(item.id)])[key(item.id)]
        assert notification.acknowledged_at is None
        assert item.claimed_by == stage.email("nurse")
    expect(page.get_by_role("region", name="Urgent alarms")).to_contain_text("Motor stalled")


def test_the_sound_plays_only_where_it_was_switched_on_and_each_minute_until_somebody_has_the_alarm(
    stage: Stage, enter: Enter, database: Database
) -> None:
    page = enter(stage.email("nurse"), "/notifications")
    page.add_init_script(COUNT_TONES)
    page.clock.install()
    page.reload()
    page.clock.run_for(2000)
    assert tones(page) == 0
    page.get_by_role("button", name="Test the sound").click()
    expect(page.get_by_text("This is how an urgent alarm sounds")).to_be_visible()
    assert tones(page) == 3
    page.get_by_label("Play a sound").check()
    page.wait_for_function("window.tones === 6")
    page.clock.run_for(30_000)
    assert tones(page) == 6
    page.clock.run_for(31_000)
    assert tones(page) == 9
    raise_alarm(database, stage, "Reservoir empty")
    expect(page.get_by_role("region", name="Urgent alarms")).to_contain_text("and 1 more")
    page.wait_for_function("window.tones === 12")
    page.reload()
    expect(page.get_by_label("Play a sound")).to_be_checked()
    page.get_by_label("Play a sound").uncheck()
    page.clock.run_for(121_000)
    assert tones(page) == 0


def test_at_phone_width_the_band_stays_within_the_page(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("biller"), "/pumps", viewport={"width": 360, "height": 740})
    expect(page.get_by_role("region", name="Urgent alarms")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
