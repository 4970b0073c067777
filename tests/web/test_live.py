"""The live feed: an open page hears what changed at its clinic, and nothing of another's."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import text
from sqlmodel import select

from tests.build import NOW, a_pump, a_state, an_item
from tests.servers import wait_until
from tests.web.conftest import Site
from tracker.actions.staff.issue_token import issue_token
from tracker.records.pump import Pump, PumpState
from tracker.records.staff import BrowserSession
from tracker.web.live_listeners import RELOAD, Access, Followers, Listener


def told(story: Coroutine[Any, Any, None]) -> None:
    """Run the story on a loop of its own, in a thread of its own: a browser's driver may hold this thread's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story).result()


class Page:
    """An open page: the events that it has heard."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.ended = False

    def hears(self, *event: str) -> bool:
        """Heard it, or was let go without a last word, as on a machine too busy to confirm it: then it loads again."""
        let_go = self.ended and not {"reload", "signed-out", "replaced"} & set(self.names())
        return event in self.events or let_go

    def names(self) -> list[str]:
        return [name for name, _ in self.events if name != "beat"]

    def read(self, answer: httpx.Response) -> None:
        name = ""
        try:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, line.removeprefix("data: ")))
        except httpx.HTTPError:
            pass
        self.ended = True


@contextmanager
def opened(client: httpx.Client, path: str = "/live") -> Iterator[Page]:
    page = Page()
    with client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        reader = threading.Thread(target=page.read, args=(answer,), daemon=True)
        reader.start()
        wait_until(lambda: page.events, what="the first beat")
        try:
            yield page
        finally:  # a thread that waits for the socket keeps it open though it is closed here
            with suppress(OSError):
                answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            reader.join(10)


def pump_with_state(site: Site, serial: str, clinic: str = "North") -> None:
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinics[clinic], serial=serial))


def change(site: Site, serial: str) -> None:
    site.clock.forward(seconds=1)
    with site.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == serial)).one()
        session.get_one(PumpState, pump.id).changed_at = site.clock()


def look(site: Site, times: int = 1) -> None:
    """Wait until the feed has looked at how things stand."""
    before = site.web.feed.looks
    wait_until(lambda: site.web.feed.looks >= before + times, what="the feed to look")


def test_a_page_hears_of_a_pump_and_of_the_worklist_of_its_own_clinic(site_on_both: Site) -> None:
    site = site_on_both
    pump_with_state(site, "SN1")
    pump_with_state(site, "THEIRS", "South")
    with opened(site.browser()) as ours, opened(site.browser(clinic="South")) as theirs:
        look(site)
        change(site, "SN1")
        wait_until(lambda: ("pump", "SN1") in ours.events, what="the pump")
        with site.database.writing() as session:
            site.clock.forward(seconds=1)
            an_item(session, site.clinics["South"], None, changed_at=site.clock())
        wait_until(lambda: "worklist" in theirs.names(), what="the worklist")
        assert theirs.names() == ["worklist"]
        assert ours.names() == ["pump", "pumps"]


def test_a_page_of_one_pump_hears_of_that_pump_alone(site: Site) -> None:
    pump_with_state(site, "SN1")
    pump_with_state(site, "SN2")
    with opened(site.browser(), "/live?pump=SN2") as page:
        look(site)
        change(site, "SN1")
        change(site, "SN2")
        wait_until(lambda: page.hears("pump", "SN2"), what="the pump")
        assert ("pump", "SN1") not in page.events


def test_what_had_changed_before_the_page_opened_is_not_told_and_a_change_is_told_once(site: Site) -> None:
    pump_with_state(site, "SN1")
    pump_with_state(site, "SN2")
    change(site, "SN1")
    with opened(site.browser()) as page:
        look(site)
        change(site, "SN2")
        wait_until(lambda: ("pump", "SN2") in page.events, what="the pump")
        look(site, 2)
        assert page.names() == ["pump", "pumps"]


def test_a_transaction_that_commits_late_is_told_all_the_same(site: Site) -> None:
    pump_with_state(site, "SN1")
    pump_with_state(site, "SN2")
    with opened(site.browser()) as page:
        look(site)
        early = site.clock() + timedelta(seconds=1)
        site.clock.forward(seconds=3)
        change(site, "SN2")
        wait_until(lambda: ("pump", "SN2") in page.events, what="the first")
        with site.database.writing() as session:
            pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
            session.get_one(PumpState, pump.id).changed_at = early
        wait_until(lambda: ("pump", "SN1") in page.events, what="the late one")


def test_pages_go_on_hearing_of_changes_after_the_clock_was_set_back(site: Site) -> None:
    pump_with_state(site, "SN1")
    pump_with_state(site, "SN2")
    with opened(site.browser()) as page:
        look(site)
        change(site, "SN1")
        wait_until(lambda: ("pump", "SN1") in page.events, what="the first")
        site.clock.forward(seconds=-600)
        look(site)
        change(site, "SN2")
        wait_until(lambda: ("pump", "SN2") in page.events, what="the change by the new clock")
        look(site, 3)
        assert page.events.count(("pump", "SN2")) == 1


def test_a_beat_carries_the_servers_time_and_the_stream_ends_with_the_session(site: Site) -> None:
    site.web.feed.beat_s = 0.05
    browser = site.browser()
    with opened(browser) as page:
        assert page.events[0] == ("beat", NOW.isoformat())
        with site.database.writing() as session:
            for one in session.exec(select(BrowserSession)):
                session.delete(one)
        wait_until(lambda: page.ended, what="the end")
        assert page.events[-1][0] == "signed-out"


def test_an_open_page_does_not_keep_its_session_from_idling_out(site: Site) -> None:
    site.web.feed.beat_s = 0.05
    with opened(site.browser()) as page:
        site.clock.forward(minutes=16)
        wait_until(lambda: page.ended, what="the end")
        assert page.events[-1][0] == "signed-out"


def test_a_closed_page_is_forgotten(site: Site) -> None:
    site.web.feed.beat_s = 0.05
    client = site.browser()
    with opened(client):
        assert site.web.feed.listeners == 1
    wait_until(lambda: site.web.feed.listeners == 0, what="the page to be forgotten")


def test_a_page_that_reads_too_slowly_is_told_to_load_itself_again() -> None:
    async def story() -> None:
        listener = Listener(Access(1, "nurse", 1), None, asyncio.get_running_loop())
        for number in range(30):
            listener.hear([("pump", f"SN{number}-{each}") for each in range(10)])
        heard = [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]
        assert RELOAD in heard
        assert len(heard) <= 200

    told(story())


def test_of_very_many_changes_a_page_hears_just_that_there_were_some() -> None:
    async def story() -> None:
        many = [("pump", f"SN{number}") for number in range(1000)]
        for serial, expected in ((None, [("pumps", "")]), ("SN7", [("pump", "SN7"), ("pumps", "")])):
            listener = Listener(Access(1, "nurse", 1), serial, asyncio.get_running_loop())
            listener.hear([*many, ("pumps", "")])
            assert [listener.queue.get_nowait() for _ in range(listener.queue.qsize())] == expected

    told(story())


def test_a_hundred_open_pages_all_hear(site: Site) -> None:
    pump_with_state(site, "SN1")
    people = [site.person() for _ in range(100)]
    with site.database.writing() as session:
        for person in people:
            issue_token(session, person, name="test", by="test", now=site.clock())

    async def story() -> None:
        accesses = [
            Access(person.id or 0, person.role, person.clinic_id, token_id=number)
            for number, person in enumerate(people, 1)
        ]
        listeners = [site.web.feed.join(access) for access in accesses]
        await asyncio.to_thread(look, site)
        await asyncio.to_thread(change, site, "SN1")
        for listener in listeners:
            assert await asyncio.wait_for(listener.queue.get(), 20) == ("pump", "SN1")
            site.web.feed.leave(listener)

    told(story())


def test_over_the_bound_of_all_pages_the_person_with_the_most_loses_the_oldest() -> None:
    async def story() -> None:
        followers = Followers(most=5, per_person=4)

        def open_page(staff_id: int) -> Listener:
            listener = Listener(Access(staff_id, "nurse", 1), None, asyncio.get_running_loop())
            followers.enter(listener)
            return listener

        many = [open_page(1) for _ in range(4)]
        few = [open_page(2) for _ in range(2)]
        await asyncio.sleep(0)
        assert [page.over for page in (*many, *few)] == [True, False, False, False, False, False]
        assert len(followers) == 5

    told(story())


def test_without_the_database_a_live_page_ends_and_shows_nothing_as_fresh(site: Site) -> None:
    with opened(site.browser()) as page:
        with site.database.engine.begin() as connection:
            connection.execute(text("ALTER TABLE browser_session RENAME TO away"))
        wait_until(lambda: page.ended, 6, "the end")
        assert page.events[-1][0] == "beat"
