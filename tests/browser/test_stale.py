"""A page that is left open: the server goes and comes back, the night passes, a report arrives."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import expect
from sqlalchemy import update
from sqlmodel import col

from tests.browser.conftest import Enter, House
from tests.browser.stage import Stage, set_stage
from tests.servers import free_port
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.pump import PumpState
from tracker.records.staff import BrowserSession

pytestmark = pytest.mark.xdist_group("browser")


def test_a_server_that_goes_is_told_and_its_return_clears_the_banner(tmp_path: Path, enter: Enter) -> None:
    house = House(tmp_path)
    database = Database(house.database_url)
    schema.upgrade(database)
    stage = set_stage(database, datetime.now(UTC))
    house.start()
    try:
        page = enter(stage.email("nurse"), f"/pumps/{stage.stalled.serial}", at=house)
        expect(page.locator("#pulse")).to_have_text("Live")
        house.stop()
        expect(page.locator("#stale")).to_contain_text("Not connected since")
        with database.writing() as session:
            session.execute(
                update(PumpState).where(col(PumpState.pump_id) == stage.stalled.id).values(reservoir_ml=7.7)
            )
        house.start()
        expect(page.locator("#stale")).to_be_hidden()
        expect(page.locator("#pulse")).to_have_text("Live")
        expect(page.locator("#gauges")).to_contain_text("7.7")
    finally:
        house.stop()
        database.close()


def test_a_page_left_open_overnight_goes_to_the_door(stage: Stage, enter: Enter, database: Database) -> None:
    page = enter(stage.email("nurse"))
    expect(page.locator("#pulse")).to_have_text("Live")
    with database.writing() as session:
        session.execute(update(BrowserSession).values(seen_at=datetime.now(UTC) - timedelta(hours=9)))
    expect(page).to_have_url(re.compile("/sign-in"), timeout=20_000)
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_report_over_mqtt_shows_on_the_open_page_within_moments(tmp_path: Path, enter: Enter) -> None:
    broker_port = free_port()
    house = House(tmp_path, words=("serve", "--embedded-broker"), environment={"TRACKER_BROKER_PORT": str(broker_port)})
    database = Database(house.database_url)
    schema.upgrade(database)
    stage = set_stage(database, datetime.now(UTC))
    database.close()
    house.start()
    try:
        page = enter(stage.email("administrator"), "/enrol", at=house)
        page.get_by_label("Serial (required)").fill("LIVE-1")
        page.get_by_label("Model").select_option("synchromed-ii-20")
        page.get_by_label("The day of implant is not known").check()
        page.get_by_role("button", name="Enroll the pump").click()
        password = page.locator(".token").inner_text()
        page.get_by_role("link", name="To the pump").click()
        expect(page.locator(".verdict h2")).to_contain_text("no data yet")
        expect(page.locator("#pulse")).to_have_text("Live")
        _report(broker_port, "LIVE-1", password)
        expect(page.locator("#gauges")).to_contain_text("12.3")
        expect(page.locator(".verdict h2")).not_to_contain_text("no data yet")
    finally:
        house.stop()


def _report(port: int, serial: str, password: str) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{serial}")
    client.username_pw_set(serial, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    report = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": 1,
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "battery": {"voltage_v": 2.81, "remaining_percent": 61.5, "indicator": "ok"},
        "reservoir_ml": 12.3,
        "flow_ml_per_day": 0.312,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": [],
    }
    try:
        client.publish(f"pumps/{serial}/telemetry", json.dumps(report), qos=1).wait_for_publish(20)
    finally:
        client.disconnect()
        client.loop_stop()
