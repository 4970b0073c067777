"""The application behind a real server in a thread, and clients that are signed in."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.build import NOW, PASSWORD, a_clinic, a_person
from tests.servers import free_port, wait_until
from tracker.actions.staff.issue_token import issue_token
from tracker.records.database import Database
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.settings import Settings
from tracker.web.app import create_app
from tracker.web.app_state import Web
from tracker.web.http.request_timeout import PatientProtocol

#: the tests' servers speak plain HTTP; without it each client reads the machine's certificates
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Site:
    """A running application with its database and clock."""

    app: FastAPI
    database: Database
    clock: Clock
    address: str
    clinics: dict[str, Clinic] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def web(self) -> Web:
        web: Web = self.app.state.web
        return web

    def clinic(self, name: str = "North") -> Clinic:
        if name not in self.clinics:
            with self.database.writing() as session:
                self.clinics[name] = a_clinic(session, name=name)
        return self.clinics[name]

    def person(self, role: str = "nurse", clinic: str = "North", **given: object) -> Staff:
        home = self.clinic(clinic)
        with self.database.writing() as session:
            return a_person(session, home, role=role, **given)

    def stranger(self, **given: object) -> httpx.Client:
        client = httpx.Client(base_url=self.address, timeout=60, verify=NO_TLS, **given)  # type: ignore[arg-type]
        self.clients.append(client)
        return client

    def api(
        self, role: str = "nurse", clinic: str = "North", person: Staff | None = None, **given: Any
    ) -> httpx.Client:
        """A program with a token of a new person (or of that one)."""
        staff = person or self.person(role, clinic)
        with self.database.writing() as session:
            token = issue_token(session, staff, name="test", by=staff.email, now=self.clock(), **given)
        return self.stranger(headers={"Authorization": f"Bearer {token}"})

    def browser(self, role: str = "nurse", clinic: str = "North", person: Staff | None = None) -> httpx.Client:
        """A browser in which that person has signed in; its pages' forms carry ``browser.headers['x-csrf-token']``."""
        staff = person or self.person(role, clinic)
        client = self.stranger(headers={"Accept": "text/html"})
        answer = sign_in(client, staff.email)
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = csrf_of(client.get("/password").text)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.close()


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD, **form: str) -> httpx.Response:
    token = csrf_of(client.get("/sign-in").text)
    return client.post("/sign-in", data={"email": email, "password": password, "csrf": token, **form})


@contextmanager
def served(
    settings: Settings, database: Database, clock: Clock, seconds: Callable[[], float] = time.monotonic
) -> Iterator[Site]:
    """The application on a free port, until the block ends."""
    app = create_app(settings, database, clock, seconds)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=PatientProtocol, ws="none", log_level="error", timeout_graceful_shutdown=2, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    site = Site(app, database, clock, f"http://127.0.0.1:{listening.getsockname()[1]}")
    try:
        wait_until(lambda: server.started, what="the server")
        for name in ("North", "South"):
            site.clinic(name)
        yield site
    finally:
        site.close()
        site.web.feed.end()
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", secret_key="a key for tests, of 32 characters")


@pytest.fixture
def site(settings: Settings, sqlite_database: Database) -> Iterator[Site]:
    """The application on SQLite."""
    with served(settings, sqlite_database, Clock()) as running:
        yield running


@pytest.fixture
def site_on_both(settings: Settings, database: Database) -> Iterator[Site]:
    """The application on each database in turn."""
    with served(settings, database, Clock()) as running:
        yield running


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory, sqlite_with_schema: Path) -> Iterator[Site]:
    """One application for a whole file of tests that only look, or that make persons and pumps of their own."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy2(sqlite_with_schema, folder / "tracker.db")
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    settings = Settings(
        data_dir=folder / "data", secret_key="a key for tests, of 32 characters", broker_port=free_port()
    )
    with served(settings, database, Clock()) as running:
        yield running
    database.close()
