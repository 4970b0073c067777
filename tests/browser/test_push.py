"""Web push in a real browser: asked for by a press, stored as a contact point, shown by the service worker.

The browser's push service is on the internet, so its subscription alone is a stand-in; all else is the browser's own.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Worker, expect
from sqlmodel import select

from tests.browser.conftest import PATIENCE_MS, Enter, House
from tests.browser.stage import Stage, set_stage
from tests.build import PASSWORD
from tests.send.push_service import PushService
from tracker.records import schema
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.message import Message, Type
from tracker.records.staff import staff_by_email

pytestmark = pytest.mark.xdist_group("browser")
SUBSCRIPTION = PushService("https://push.example/wpush/v2/one").subscription()
STAND_IN = f"""
  const made = {{ ...{json.dumps(SUBSCRIPTION)}, toJSON: () => ({json.dumps(SUBSCRIPTION)}) }};
  PushManager.prototype.subscribe = async (options) => {{
    const key = String.fromCharCode(...options.applicationServerKey);
    sessionStorage.askedBy = btoa(key).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    return made;
  }};
  PushManager.prototype.getSubscription = async () => (sessionStorage.askedBy ? made : null);
  const ask = Notification.requestPermission;
  Notification.requestPermission = () => {{ sessionStorage.permissionAsked = "yes"; return ask.call(Notification); }};
"""


def subscribed(page: Page, name: str) -> None:
    page.get_by_label("Name").first.fill(name)
    page.get_by_role("button", name="Subscribe this browser").click()
    expect(page.get_by_text("This browser is added")).to_be_visible()


def push(page: Page, worker: Worker, scope: str, data: str) -> None:
    """Have the browser deliver a push to the worker, as its push service would."""
    devtools = page.context.new_cdp_session(page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"] if one["scopeURL"] == scope),
    )
    devtools.send("ServiceWorker.enable")
    worker.evaluate("1")  # it runs, so that the events before have come
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": "/".join(scope.split("/")[:3]), "registrationId": found[0], "data": data},
    )


def shown(worker: Worker) -> list[dict[str, str]]:
    notifications: list[dict[str, str]] = worker.evaluate(
        """async () => (await registration.getNotifications())
            .map(({ title, body, tag }) => ({ title, body, tag }))"""
    )
    return notifications


def worker_of(context: BrowserContext) -> Worker:
    return context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")


def test_a_press_subscribes_the_browser_and_the_worker_shows_what_is_pushed(
    house: House, stage: Stage, enter: Enter, database: Database
) -> None:
    page = enter(stage.email("nurse"), "/notifications", permissions=["notifications"])
    page.add_init_script(STAND_IN)
    page.reload()
    assert page.evaluate("sessionStorage.permissionAsked") is None
    subscribed(page, "desk")
    assert page.evaluate("sessionStorage.permissionAsked") == "yes"
    expect(page.get_by_text("desk (this browser)")).to_be_visible()
    key = page.request.get("/api/v1/push-key").json()["key"]
    assert page.evaluate("sessionStorage.askedBy") == key
    with database.reading() as session:
        nurse = staff_by_email(session, stage.email("nurse"))
        assert nurse is not None
        point = session.exec(select(ContactPoint).where(ContactPoint.staff_id == nurse.id)).one()
        assert (point.kind, point.target, point.confirmed_at) == ("push", SUBSCRIPTION["endpoint"], None)
        assert json.loads(point.secret or "") == SUBSCRIPTION["keys"]
        message = session.exec(select(Message).where(Message.contact_point_id == point.id)).one()
        assert message.type == Type.TEST.value

    worker, scope = worker_of(page.context), f"{house.address}/"
    told = {"id": "msg_1", "title": "HIGH: Motor stalled", "body": "Patient P-1", "link": f"{scope}a/token"}
    push(page, worker, scope, json.dumps(told))
    push(page, worker, scope, json.dumps(told))
    push(page, worker, scope, "no JSON")
    page.wait_for_function(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length === 2", timeout=PATIENCE_MS
    )
    assert {"title": "HIGH: Motor stalled", "body": "Patient P-1", "tag": "msg_1"} in shown(worker)
    assert any(one["body"].startswith("Open the tracker") for one in shown(worker))


@pytest.mark.parametrize(
    ("link", "opens"), [("{scope}a/token", "{scope}a/token"), ("https://elsewhere.example/", "{scope}")]
)
def test_a_press_on_a_notification_opens_pages_of_the_tracker_alone(
    house: House, stage: Stage, enter: Enter, link: str, opens: str
) -> None:
    page = enter(stage.email("nurse"), "/notifications", permissions=["notifications"])
    scope = f"{house.address}/"
    page.evaluate("navigator.serviceWorker.register('/push-worker.js').then(() => navigator.serviceWorker.ready)")
    worker = worker_of(page.context)
    opened = worker.evaluate(
        """async (link) => {
            const opened = [];
            clients.openWindow = async (address) => { opened.push(address); };
            await registration.showNotification("Test", { data: { link } });
            const [notification] = await registration.getNotifications();
            self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
            return opened;
        }""",
        link.format(scope=scope),
    )
    assert opened == [opens.format(scope=scope)]


def test_a_browser_that_refuses_is_told_what_to_do_and_nothing_is_stored(
    stage: Stage, enter: Enter, database: Database
) -> None:
    page = enter(stage.email("nurse"), "/notifications")
    page.add_init_script("Notification.requestPermission = async () => 'denied';")
    page.reload()
    page.get_by_role("button", name="Subscribe this browser").click()
    expect(page.get_by_text("This browser does not allow notifications")).to_be_visible()
    with database.reading() as session:
        nurse = staff_by_email(session, stage.email("nurse"))
        assert nurse is not None
        assert session.exec(select(ContactPoint).where(ContactPoint.staff_id == nurse.id)).all() == []


def test_below_a_path_the_worker_serves_that_path_alone(tmp_path: Path, chromium: Browser) -> None:
    house = House(tmp_path)
    house.environment |= {"TRACKER_PUBLIC_URL": f"{house.address}/pump-tracker"}
    database = Database(house.database_url)
    schema.upgrade(database)
    stage = set_stage(database, datetime.now(UTC))
    database.close()
    house.start()
    context = chromium.new_context(permissions=["notifications"])
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        page.add_init_script(STAND_IN)
        page.goto(f"{house.address}/pump-tracker/sign-in?next=/notifications")
        page.get_by_label("Email").fill(stage.email("nurse"))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/pump-tracker/notifications"))
        subscribed(page, "desk")
        scopes = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.map(one => one.scope))")
        assert scopes == [f"{house.address}/pump-tracker/"]
    finally:
        context.close()
        house.stop()
