"""No page asks the database more often because there is more in it, on either database; and nor does the API.

Every address that the application has is asked, as its own routes tell: a new page is held to this by being there.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import httpx
from sqlalchemy import event
from sqlmodel import select

from tests import build, build_decisions
from tests.build import NOW
from tests.web.conftest import Site
from tests.web.test_permissions import routes
from tracker.actions.advisories.load_advisories import load_advisories, match_advisories
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.actions.pumps.log_mri import log_mri
from tracker.actions.staff.service_accounts import add_service
from tracker.records.database import Database
from tracker.records.partitions import ensure_months, month_of
from tracker.records.pump import Clinic, Pump
from tracker.records.staff import BreakGlass, SavedView, Staff
from tracker.web.auth.permissions import Requirement, may

FEW: Final = 3
MANY: Final = 60
ROLES: Final = ("administrator", "physician")
SERIAL: Final = "QUERY-1"

NOT_ASKED: Final = {
    "/live": "a stream that does not end",
    "/sign-in/set-up": "opens by a link that works once, for who is not signed in yet",
    "/sign-in": "leads who is signed in to the worklist; it knows no pump",
    "/sign-in/oidc": "leads to the organization's provider",
    "/sign-in/oidc/back": "comes from there",
    "/confirm/oidc": "leads to the organization's provider",
    "/sign-in/second": "for those whose password was right",
    "/a/{token}": "opens by a link in a message, for who has not signed in",
    "/health/ready": "looks at every process, and its answer depends on which of them run",
}

STATES: Final = (
    "/?whose=mine",
    "/?unit=Spasticity&kind=refill_due",
    "/pumps?sort=refill",
    "/pumps?q=QUERY",
    "/pumps?q=nobody-has-this",
    "/pumps?unit=Spasticity&model=synchromed-ii-20",
    "/pumps?attention=urgent",
    "/planning?unit=Spasticity",
    "/connectivity?link=disconnected",
    "/rejected?status=replayed",
    "/audit?action=read",
    "/audit?subject=pump&since=2026-11-01",
    "/mri?show=checked",
    "/mri?serial=QUERY-1",
    "/advisories/1?show=decided",
    f"/pumps/{SERIAL}?span=7y",
    f"/pumps/{SERIAL}/chart?span=7y",
    "/api/v1/pumps?limit=2",
    "/api/v1/worklist?mine=true",
)
"""Filters, orders and searches, which take other ways to the rows than a page's first view."""

BACKGROUND: Final = ("read-trail", "live-feed", "count")
"""Threads that work beside the pages."""


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that pages send meanwhile, without those of the threads beside them."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if threading.current_thread().name not in BACKGROUND:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def add_pump(site: Site, clinic: Clinic, serial: str) -> Pump:
    """A pump with two of everything that a page may show of it."""
    with site.database.writing() as session:
        pump = build.a_pump(session, clinic, serial=serial)
        build.a_state(session, pump)
        build.an_outlook(session, pump)
        build.an_alarm(session, pump)
        build.a_delivery_mark(session, pump)
    add_history(site, clinic, pump, 2)
    return pump


def add_history(site: Site, clinic: Clinic, pump: Pump, times: int) -> None:
    """More of everything that a pump may have many of."""
    with site.database.writing() as session:
        for step in range(times):
            build.a_reading(session, pump, measured_at=NOW - timedelta(hours=step + 1))
            build.an_item(session, clinic, pump)
            visit = build.a_visit(session, pump)
            build.a_programmer_session(session, pump, visit_id=visit.id)
            build.a_rejected_message(session, pump)
            build.an_alarm(session, pump, closed_at=NOW - timedelta(hours=1))
            build_decisions.a_determination(session, pump)
            build_decisions.a_finding(session, pump)
            build_decisions.an_attestation(session, pump)
            build_decisions.a_documented_fact(session, pump)
            log_mri(session, pump, performed_at=NOW - timedelta(hours=3 + step), by="nurse@clinic.example", now=NOW)


def add_program(site: Site, name: str) -> None:
    """A service account, for which the first person answers."""
    with site.database.writing() as session:
        person = session.get_one(Staff, 1)
        add_service(
            session, clinic=site.clinic(), name=name, role="nurse", responsible=person.email, by="test", now=NOW
        )


def set_up(site: Site) -> None:
    """A clinic of few pumps, with advisories and saved views."""
    clinic = site.clinic()
    if not site.database.is_sqlite:
        with site.database.writing() as session:
            ensure_months(session.connection(), {month_of(NOW), month_of(NOW - timedelta(days=50))}, NOW)
    for number in range(1, FEW + 1):
        add_pump(site, clinic, f"QUERY-{number}")
    add_advisory(site, "Z-1")


def add_advisory(site: Site, reference: str) -> None:
    entry = {"reference": reference, "model": "synchromed-ii-20", "published_on": f"{NOW:%Y-%m-%d}", "title": "A label"}
    with site.database.writing() as session:
        recalls = read_recalls(json.dumps([{**entry, "action": "None.", "source": "the maker"}]))
        load_advisories(session, recalls, NOW)
        match_advisories(session, NOW)


def grow(site: Site) -> None:
    """Many pumps where there were few, and a long history of the one that is looked at."""
    clinic = site.clinic()
    with site.database.reading() as session:
        first = session.get_one(Pump, 1)
    for number in range(FEW + 1, MANY + 1):
        add_pump(site, clinic, f"QUERY-{number}")
    add_history(site, clinic, first, 40)
    for number in range(2, 12):
        add_advisory(site, f"Z-{number}")
        add_program(site, f"feed-{number}")


def addresses(site: Site) -> list[tuple[str, list[str]]]:
    """Every address that can be asked for, with something in it, and the permissions that it needs."""
    found = []
    for method, path, said in routes(site):
        if method == "GET" and path not in NOT_ASKED:
            filled = path.replace("{serial}", SERIAL).replace("{service_id}", str(len(ROLES) + 1))
            filled = re.sub(r"\{[a-z_]*id\}", "1", filled)
            assert "{" not in filled, f"say what {path} is filled with"
            found.append((filled, [one.permission for one in said if isinstance(one, Requirement)]))
    needed = dict(found)
    return found + [(state, needed[state.partition("?")[0]]) for state in STATES]


def statements(site: Site, clients: dict[tuple[bool, str], httpx.Client]) -> dict[str, int]:
    """How many statements each address sends."""
    numbers, faults = {}, []
    for path, needed in addresses(site):
        role = next(role for role in ROLES if all(may(role, permission) for permission in needed))
        client = clients[path.startswith("/api/"), role]
        site.web.trail.flush()
        with counted(site.database) as seen:
            answer = client.get(path)
        numbers[path] = len(seen)
        if answer.status_code != 200:
            faults.append(f"{path}: {answer.status_code} {answer.text[:300]}")
    assert not faults, "\n".join(faults)
    return numbers


def test_no_address_asks_more_often_with_many_pumps_than_with_few(site_on_both: Site) -> None:
    site = site_on_both
    set_up(site)
    clients = {}
    for role in ROLES:
        person = site.person(role)
        with site.database.writing() as session:
            session.add(SavedView(staff_id=person.id or 0, name="All", query=""))
            pump = session.exec(select(Pump).where(Pump.clinic_id == person.clinic_id)).first()
            access = BreakGlass(
                staff_id=person.id or 0,
                pump_id=(pump.id if pump else None) or 0,
                clinic_id=person.clinic_id,
                reason="In our emergency room.",
                opened_at=NOW,
                expires_at=NOW + timedelta(hours=2),
            )
            session.add(access)
        clients[False, role] = site.browser(person=person)
        clients[True, role] = site.api(person=person)
    add_program(site, "feed-0")
    statements(site, clients)  # what is asked once in a process's life is asked now
    few = statements(site, clients)
    grow(site)
    many = statements(site, clients)
    grown = {path: (few[path], many[path]) for path in few if many[path] != few[path]}
    assert not grown, "statements with few pumps, and with many"
    assert len(few) > len(STATES) + 40
    assert max(many.values()) < 40, max(many.items(), key=lambda one: one[1])
