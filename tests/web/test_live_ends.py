"""Live pages against the server as an operator runs it: each ends soon after what opened it, and they are bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session, col, select

from tests.build import a_clinic, a_person, a_pump, a_state
from tests.end_to_end.product import Product
from tests.servers import Postgres, wait_until
from tests.web.conftest import csrf_of, sign_in
from tests.web.test_live import Page, opened
from tracker.actions.staff.issue_token import issue_token, revoke_token
from tracker.records.database import Database
from tracker.records.pump import Clinic, PumpState
from tracker.records.staff import ApiToken, BrowserSession, Staff

PER_PERSON = 3
SOON_S = 5.0


@dataclass
class Running:
    """The pages as a process of their own, and the database beneath them."""

    product: Product
    database: Database
    clinics: list[Clinic]

    def person(self, **given: object) -> Staff:
        with self.database.writing() as session:
            return a_person(session, self.clinics[0], **given)

    def client(self, **given: object) -> httpx.Client:
        address = f"http://127.0.0.1:{self.product.web_port}"
        return httpx.Client(base_url=address, timeout=30, **given)  # type: ignore[arg-type]

    def browser(self, person: Staff) -> httpx.Client:
        client = self.client(headers={"Accept": "text/html"})
        assert sign_in(client, person.email).status_code == 303
        return client

    def program(self, person: Staff) -> httpx.Client:
        with self.database.writing() as session:
            token = issue_token(session, person, name="test", by=person.email, now=datetime.now(UTC))
        return self.client(headers={"Authorization": f"Bearer {token}"})

    def open_pages(self) -> int:
        with self.client() as client:
            shown = client.get("/metrics").text
        return int(float(shown.partition("\ntracker_live_pages ")[2].partition("\n")[0]))

    def change_every_pump(self) -> None:
        with self.database.writing() as session:
            for state in session.exec(select(PumpState)):
                state.changed_at = datetime.now(UTC)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The pumps change all the time, so that no live page is ever without news."""
        over = threading.Event()

        def work() -> None:
            while not over.wait(0.1):
                self.change_every_pump()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("live")
    url = f"sqlite:///{folder / 'tracker.db'}" if request.param == "sqlite" else postgres.new_database()
    product = Product(folder, TRACKER_DATABASE_URL=url, TRACKER_LIVE_PAGES_PER_PERSON=str(PER_PERSON))
    product.start_all("web")
    database = Database(url)
    try:
        with database.writing() as session:
            clinics = [a_clinic(session), a_clinic(session)]
            for clinic in clinics:
                a_state(session, a_pump(session, clinic))
        yield Running(product, database, clinics)
    finally:
        database.close()
        product.stop()


Ending = Callable[[Session, Staff], object]


def account(session: Session, person: Staff) -> None:
    session.get_one(Staff, person.id).active = False


def role(session: Session, person: Staff) -> None:
    session.get_one(Staff, person.id).role = "biller"


def clinic(session: Session, person: Staff) -> None:
    other = session.exec(select(Clinic).where(Clinic.id != person.clinic_id).order_by(col(Clinic.id))).first()
    assert other is not None
    session.get_one(Staff, person.id).clinic_id = other.id or 0


def browser_session(session: Session, person: Staff) -> None:
    for one in session.exec(select(BrowserSession).where(BrowserSession.staff_id == person.id)):
        session.delete(one)


def idling(session: Session, person: Staff) -> None:
    for one in session.exec(select(BrowserSession).where(BrowserSession.staff_id == person.id)):
        one.seen_at = datetime.now(UTC) - timedelta(minutes=16)


def token(session: Session, person: Staff) -> None:
    for one in session.exec(select(ApiToken).where(ApiToken.staff_id == person.id)):
        revoke_token(session, person, one, by=person.email, now=datetime.now(UTC))


def last_day(session: Session, person: Staff) -> None:
    for one in session.exec(select(ApiToken).where(ApiToken.staff_id == person.id)):
        one.expires_at = datetime.now(UTC)


@pytest.mark.parametrize(
    ("by", "end"),
    [
        *((Running.browser, end) for end in (account, role, clinic, browser_session, idling)),
        *((Running.program, end) for end in (account, role, clinic, token, last_day)),
    ],
    ids=lambda value: str(value.__name__),
)
def test_a_busy_live_page_ends_within_five_seconds_of_what_opened_it(
    running: Running, by: Callable[[Running, Staff], httpx.Client], end: Ending
) -> None:
    person = running.person()
    other = running.person()
    with running.busy(), opened(running.browser(other)) as stays, opened(by(running, person)) as page:
        wait_until(lambda: page.names().count("pump") > 2, what="the page to be busy")
        with running.database.writing() as session:
            end(session, person)
        ended_at = time.monotonic()
        wait_until(lambda: page.ended, SOON_S, "the end of the page")
        assert time.monotonic() - ended_at < SOON_S
        assert page.events[-1][0] == ("reload" if end in (role, clinic) else "signed-out")
        assert not stays.ended


def test_a_page_that_is_not_read_loses_its_connection_when_its_session_ends(running: Running) -> None:
    person = running.person()
    browser = running.browser(person)
    wait_until(lambda: running.open_pages() == 0, what="the pages of earlier tests to be closed")
    with running.busy(), browser.stream("GET", "/live"):
        wait_until(lambda: running.open_pages() == 1, what="the page")
        with running.database.writing() as session:
            browser_session(session, person)
        wait_until(lambda: running.open_pages() == 0, SOON_S, "the page to be given up")


def test_who_opens_too_many_live_pages_loses_the_oldest_which_is_told_why(running: Running) -> None:
    person = running.person()
    with ExitStack() as pages, opened(running.browser(running.person())) as anothers:
        browser, program = running.browser(person), running.program(person)
        first: list[Page] = [pages.enter_context(opened(browser)) for _ in range(PER_PERSON)]
        assert not any(page.ended for page in first)
        second = [pages.enter_context(opened(client)) for client in (program, browser)]
        wait_until(lambda: first[0].ended and first[1].ended, SOON_S, "the two oldest to end")
        assert [page.events[-1][0] for page in first[:2]] == ["replaced", "replaced"]
        running.change_every_pump()
        for page in (first[2], *second, anothers):
            wait_until(lambda page=page: "pump" in page.names(), what="a page that goes on")  # type: ignore[misc]


def test_of_hundreds_of_live_pages_a_few_stay_and_a_click_is_answered(running: Running) -> None:
    person = running.person()
    browser, clicks = running.browser(person), running.browser(running.person())
    with ExitStack() as pages:
        for _ in range(100):
            pages.enter_context(browser.stream("GET", "/live"))
        began = time.monotonic()
        assert clicks.get("/pumps").status_code == 200
        assert time.monotonic() - began < 5
        wait_until(lambda: running.open_pages() <= PER_PERSON, SOON_S, "the oldest to end")


def test_a_page_whose_session_ended_by_a_click_is_told_so(running: Running) -> None:
    browser = running.browser(running.person())
    with opened(browser) as page:
        form = {"csrf": csrf_of(browser.get("/password").text)}
        assert browser.post("/sign-out", data=form).status_code == 303
        wait_until(lambda: page.ended, SOON_S, "the end of the page")
        assert page.events[-1][0] == "signed-out"
