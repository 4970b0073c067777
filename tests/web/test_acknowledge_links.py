"""Acknowledge links: forged, foreign, used and old ones, and those that speak of several alarms."""

from __future__ import annotations

import html
from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session, select

from tests import build
from tests.build import NOW
from tests.web.conftest import Site
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.messages.links import token_of
from tracker.records.audit import AuditEntry
from tracker.records.column_types import key
from tracker.records.message import Message
from tracker.records.notification import notifications_of_items
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem


def told(session: Session, clinic: Clinic, serials: tuple[str, ...]) -> tuple[Message, list[WorklistItem]]:
    """One message to one nurse about an urgent task of each of those pumps."""
    nurse = build.a_person(session, clinic, role="nurse")
    add_contact(session, nurse, kind="email", target="n@clinic.example", confirmed=True, by="test", now=NOW)
    items = [
        build.an_item(session, clinic, build.a_pump(session, clinic, serial=serial), priority=3) for serial in serials
    ]
    items_changed(session, items, NOW)
    message = session.exec(select(Message).where(Message.clinic_id == clinic.id)).first()
    assert message is not None
    message.notification_ids = [
        key(one.id) for one in notifications_of_items(session, [key(i.id) for i in items]).values()
    ]
    session.add(message)
    return message, items


def link(site: Site, message: Message) -> str:
    return f"/a/{token_of(site.app.state.web.settings.signing_key(), message.id, message.staff_id)}"


def test_a_link_over_two_alarms_still_offers_the_one_that_nobody_has(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-1", "LINK-2"))
        first = notifications_of_items(session, [key(items[0].id)])[key(items[0].id)]
        first.acknowledged_at, first.acknowledged_by = NOW, "somebody@clinic.example"
        session.add(first)
    visitor = site.stranger()
    assert "I have this" in visitor.get(link(site, message)).text
    assert visitor.post(link(site, message)).status_code == 200
    with site.database.reading() as session:
        assert session.get_one(WorklistItem, items[0].id).claimed_by is None
        assert session.get_one(WorklistItem, items[1].id).claimed_by is not None


def test_a_clinic_that_names_nobody_in_messages_names_nobody_behind_the_link(site: Site) -> None:
    with site.database.writing() as session:
        clinic = site.clinic()
        message, _ = told(session, clinic, ("LINK-3",))
        here = session.get_one(Clinic, clinic.id)
        here.message_content = "none"
        session.add(here)
    page = site.stranger().get(link(site, message)).text
    assert "I have this" in page
    assert "LINK-3" not in page


def test_each_opening_is_entered_as_a_read_by_the_links_person_and_changes_nothing(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-5",))
        email = session.get_one(Staff, message.staff_id).email
    visitor = site.stranger()
    for _ in range(2):
        assert visitor.get(link(site, message)).status_code == 200
    site.web.trail.flush()
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "read")).all()
        assert session.get_one(WorklistItem, items[0].id).claimed_by is None
    assert [(one.actor, one.subject, one.via) for one in entries] == [(email, "pump:LINK-5", "link")] * 2


def test_a_link_passes_on_once_and_can_still_be_taken(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-6",))
    visitor = site.stranger()
    assert "Passed on" in visitor.post(link(site, message), data={"act": "pass"}).text
    with site.database.reading() as session:
        told_until = session.exec(select(Message.id)).all()
    again = visitor.post(link(site, message), data={"act": "pass"})
    assert again.status_code == 409
    assert "passed this on already" in again.text
    with site.database.reading() as session:
        assert session.exec(select(Message.id)).all() == told_until
    page = visitor.get(link(site, message)).text
    assert 'value="pass"' not in page
    assert visitor.post(link(site, message)).status_code == 200
    with site.database.reading() as session:
        assert session.get_one(WorklistItem, items[0].id).claimed_by is not None


def test_the_page_says_what_to_tell_the_patient_and_what_losing_the_drug_does(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-7",))
        items[0].kind = "delivery"
        session.add(items[0])
    page = html.unescape(site.stranger().get(link(site, message)).text)
    assert "Tell the patient" in page
    assert "rebound rigidity" in page
    assert '<a href="/models#S45">source S45</a>' in page
    assert "800-707-0933" in page


def test_a_scanner_that_fetches_a_link_in_any_way_but_a_press_changes_nothing(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-5",))
    address, scanner = link(site, message), site.stranger()
    for method in ("HEAD", "GET", "OPTIONS", "PUT", "DELETE", "PATCH"):
        scanner.request(method, address)
    scanner.get(address, params={"act": "take"})
    with site.database.reading() as session:
        number = key(items[0].id)
        assert session.get_one(WorklistItem, number).claimed_by is None
        assert notifications_of_items(session, [number])[number].acknowledged_at is None
        assert session.get_one(Message, message.id).acknowledged_at is None
    assert scanner.post(address).status_code == 200


def test_a_press_that_is_sent_again_or_comes_from_another_site_does_nothing(site: Site) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-6",))
    address, visitor = link(site, message), site.stranger()
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    assert visitor.post(address, headers=foreign).status_code == 403
    assert visitor.post(address, data={"act": "pass"}).status_code == 200
    assert visitor.post(address, data={"act": "pass"}).status_code == 409
    assert visitor.post(address).status_code == 200, "who passed it on may still take it"
    assert visitor.post(address).status_code == 409
    with site.database.reading() as session:
        item = session.get_one(WorklistItem, items[0].id)
        item_closed = item.closed_at
    assert item_closed is None


@pytest.mark.parametrize("harm", ["other person", "other message", "cut", "old"])
def test_a_link_that_is_not_this_persons_for_this_message_today_opens_nothing(site: Site, harm: str) -> None:
    with site.database.writing() as session:
        message, items = told(session, site.clinic(), ("LINK-4",))
        if harm == "old":
            message.created_at = NOW - timedelta(hours=25)
            session.add(message)
    secret = site.app.state.web.settings.signing_key()
    token = {
        "other person": token_of(secret, message.id, message.staff_id + 1),
        "other message": token_of(secret, "msg_" + "0" * 32, message.staff_id),
        "cut": token_of(secret, message.id, message.staff_id)[:-2],
        "old": token_of(secret, message.id, message.staff_id),
    }[harm]
    visitor: httpx.Client = site.stranger()
    assert visitor.get(f"/a/{token}").status_code == 404
    assert visitor.post(f"/a/{token}").status_code == 409
    with site.database.reading() as session:
        assert session.get_one(WorklistItem, items[0].id).claimed_by is None
