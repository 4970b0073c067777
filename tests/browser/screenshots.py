"""``make screenshots``: the README's pictures, of the pages as a simulated clinic fills them, light and dark.

A demo of its own runs in a temporary folder until its stories have come up; nothing of an installation is touched.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from sqlmodel import Session, col, select

from devices.lifecycle import LifecycleState
from tests.browser.conftest import SWITCHES
from tests.build import PASSWORD, PASSWORD_HASH
from tests.servers import binary, free_port
from tracker.records.database import Database
from tracker.records.determination import Determination
from tracker.records.forecast import Outlook
from tracker.records.pump import Clinic, Pump, PumpState
from tracker.records.staff import Staff
from tracker.web.app_state import utc_now

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
AHEAD = WIDTH = timedelta(days=180)  # enough for a band that is seen
EMAIL = "pictures@clinic.example"
STORIES_S = 150
HEIGHTS = {"pump": 1280}  # the whole course is in the picture
Scheme = Literal["light", "dark"]


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A demo of its own; gives its address once its stories have begun."""
    port = free_port()
    settings = {
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_WEB_PORT": str(port),
        "TRACKER_BROKER_PORT": str(free_port()),
    }
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "tracker"), "demo"], env={**os.environ, **settings}, start_new_session=True
    )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 300
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the demo did not start")
            time.sleep(0.5)
        time.sleep(STORIES_S)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def somebody(database: Database) -> str:
    """An account for the pictures, and the serial of the pump that is worth showing: one whose replacement nears."""
    now = utc_now()
    with database.writing() as session:
        clinic = session.exec(select(Clinic).order_by(col(Clinic.id))).first()
        if clinic is None or clinic.id is None:
            sys.exit("the demo has no clinic")
        session.add(
            Staff(
                clinic_id=clinic.id,
                email=EMAIL,
                name="Simulated Physician",
                role="physician",
                password_hash=PASSWORD_HASH,
                created_at=now,
            )
        )
        return _worth_showing(session, clinic.id)


def _worth_showing(session: Session, clinic_id: int) -> str:
    """A pump with a battery, years of course behind it, a forecast's band ahead, and an open question."""
    asked = (
        select(Determination.pump_id)
        .where(col(Determination.outcome) == "needs_information")
        .where(col(Determination.pump_id) == col(Pump.id))
    )
    with_band = (
        select(Pump.serial, Outlook.eos_low_at, Outlook.eos_high_at)
        .join(Outlook, col(Outlook.pump_id) == col(Pump.id))
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id))
        .where(
            col(Pump.clinic_id) == clinic_id,
            col(Pump.lifecycle) == LifecycleState.IMPLANTED,
            col(PumpState.battery_percent).is_not(None),
            col(PumpState.link) == "connected",
            col(Outlook.eos_low_at) > utc_now() + AHEAD,
            asked.exists(),
        )
        .order_by(col(Pump.implanted_on), col(Pump.id))
    )
    bands = ((serial, high - low) for serial, low, high in session.exec(with_band) if low and high)
    wide = (serial for serial, width in bands if width > WIDTH)
    found = next(wide, None) or session.exec(select(Pump.serial)).first()
    if found is None:
        sys.exit("the demo has no pump")
    return found


def take(browser: Browser, address: str, serial: str) -> None:
    """Three pages, each in light and dark."""
    for scheme in ("light", "dark"):
        window = browser.new_context(
            base_url=address,
            viewport={"width": 1440, "height": 900},
            device_scale_factor=1,
            color_scheme=_scheme(scheme),
        )
        page = window.new_page()
        page.goto("/sign-in")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}/")
        for name, path in (
            ("worklist", "/"),
            ("pump", f"/pumps/{serial}?span=all"),
            ("replacement", f"/pumps/{serial}/replacement"),
        ):
            page.set_viewport_size({"width": 1440, "height": HEIGHTS.get(name, 900)})
            page.goto(path)
            _settled(page)
            page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
        window.close()


def _scheme(name: str) -> Scheme:
    return "dark" if name == "dark" else "light"


def _settled(page: Page) -> None:
    page.locator("#pulse[data-state=live]").wait_for()
    if page.locator("#chart figure, #chart.drawn").count():
        page.locator("#chart.drawn").wait_for()


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tracker-pictures-") as name, demo(Path(name)) as address:
        database = Database(f"sqlite:///{Path(name) / 'tracker.db'}")
        serial = somebody(database)
        database.close()
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=binary("chromium"), args=list(SWITCHES))
            take(browser, address, serial)
            browser.close()


if __name__ == "__main__":
    main()
