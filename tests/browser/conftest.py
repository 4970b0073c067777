"""A clinic's pages in real processes, and a real browser in front of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect

from tests.browser.stage import Stage, set_stage
from tests.build import PASSWORD
from tests.servers import binary, end, free_port, wait_until
from tracker.records import schema
from tracker.records.database import Database

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE_MS = 20_000  # a busy machine is no fault of the page
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class House:
    """One installation: its data folder, its database, its address, and the process that runs it."""

    folder: Path
    port: int = field(default_factory=free_port)
    words: tuple[str, ...] = ("web",)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder / 'tracker.db'}"

    def start(self) -> None:
        settings = {
            "TRACKER_DATA_DIR": str(self.folder),
            "TRACKER_WEB_PORT": str(self.port),
            "TRACKER_SECRET_KEY": "a key for tests, of 32 characters",
            **self.environment,
        }
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "tracker"), *self.words],
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(self.answers, 60, f"{' '.join(self.words)} to answer")

    def answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            pytest.fail((self.folder / "log").read_text()[-3000:])
        try:
            return httpx.get(f"{self.address}/health/live", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The machine's Chromium, one for the run."""
    browser = playwright.chromium.launch(executable_path=binary("chromium"), args=list(SWITCHES))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    """The pages as a process of their own over a database that a stage was set in."""
    del chromium  # where there is none, the test says so before anything is started
    made = House(tmp_path_factory.mktemp("house"))
    database = Database(made.database_url)
    schema.upgrade(database)
    database.close()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def database(house: House) -> Iterator[Database]:
    """The house's records, beside the process that shows them."""
    opened = Database(house.database_url)
    yield opened
    opened.close()


@pytest.fixture
def stage(database: Database) -> Stage:
    """A clinic of this test's own, with pumps and people, as of now."""
    return set_stage(database, datetime.now(UTC))


Enter = Callable[..., Page]


@pytest.fixture
def enter(house: House, chromium: Browser) -> Iterator[Enter]:
    """Sign in as a person in a browser window of their own: ``enter(email, path)`` gives the page."""
    windows: list[BrowserContext] = []
    faults: list[str] = []

    def signed_in(email: str, path: str = "/", at: House = house, **options: object) -> Page:
        window = chromium.new_context(base_url=at.address, **options)  # type: ignore[arg-type]
        window.set_default_timeout(PATIENCE_MS)
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(f"/sign-in?next={path}")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield signed_in
    for window in windows:
        try:
            window.close()
        except Error:  # the browser closed it first
            continue
    assert not faults, faults
