"""Passkey, authenticator app, recovery code and what a signature asks for, in a real Chromium."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Enter, House
from tests.browser.stage import Stage, set_stage
from tests.build import PASSWORD
from tracker.records.database import Database

pytestmark = pytest.mark.xdist_group("browser")


class NamedHouse(House):
    """The same pages by a host name: a passkey belongs to a name, never to a number."""

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture
def named(house: House) -> House:
    return NamedHouse(house.folder, house.port)


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A virtual authenticator that verifies its user, in this page."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def confirm(page: Page) -> None:
    page.goto("/security")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("It holds for five minutes")).to_be_visible()


def password_again(page: Page, email: str) -> None:
    """Sign out, and in again as far as the password goes."""
    page.context.clear_cookies(name="tracker_session")
    page.goto("/sign-in?next=/pumps")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it’s you")  # noqa: RUF001 - as the page has it


def add_passkey(page: Page) -> None:
    confirm(page)
    page.get_by_label("Name of a new passkey").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("listitem").filter(has_text="Work laptop")).to_be_visible()


def test_a_passkey_is_made_signs_in_and_signs(stage: Stage, enter: Enter, named: House) -> None:
    email = stage.email("physician")
    page = enter(email, at=named)
    devtools, device = authenticator(page)
    add_passkey(page)
    assert Axe().run(page).response["violations"] == []
    password_again(page, email)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/pumps")

    page.goto(f"/pumps/{stage.stalled.serial}/replacement")
    form = page.locator("form").filter(has=page.locator("#sign-password"))
    form.get_by_role("button", name="Use a passkey").click()
    expect(form.get_by_text("Confirmed. Continue within five minutes.")).to_be_visible()
    assert Axe().run(page).response["violations"] == []

    password_again(page, email)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-said]")).not_to_be_empty()
    assert "/sign-in/second" in page.url


@dataclass(frozen=True)
class Place:
    """A form that asks who one is: whose page it is, where it stands, and what is there once it has been sent."""

    role: str
    path: str
    action: str
    fill: dict[str, str]
    button: str
    then: str


PLACES = {
    "a review of a finding": Place(
        "physician", "/pumps/{replaceable}/replacement", "/findings/", {"Because": "seen"}, "Sign the review", "seen"
    ),
    "an attestation": Place(
        "physician", "/pumps/{stalled}/replacement", "/attestations", {}, "Sign", "Withdraw the signature"
    ),
    "a token of one's own": Place(
        "nurse", "/account", "/account/tokens", {"What it is for": "script"}, "Make a token", "script"
    ),
    "a token of a program": Place(
        "administrator", "/staff/services", "/tokens", {"What the token is for": "feed"}, "Make a token", "Copy it now"
    ),
    "the sign-in methods": Place("nurse", "/security", "/security/confirm", {}, "Confirm", "It holds for five minutes"),
}


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


def answer_for_the_program(page: Page, email: str) -> None:
    """The stage's program is left alone; a new token needs somebody who answers for it."""
    page.goto("/staff/services")
    unfold(page)
    form = page.locator('form[action$="/change"]').first
    form.get_by_label("Responsible").select_option(email)
    form.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_url("**/staff/services?said=*")


@pytest.mark.parametrize("named_place", PLACES)
def test_a_passkey_serves_wherever_a_password_is_asked_for_again(
    stage: Stage, enter: Enter, named: House, named_place: str
) -> None:
    place = PLACES[named_place]
    page = enter(stage.email(place.role), at=named)
    authenticator(page)
    add_passkey(page)
    password_again(page, stage.email(place.role))
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/pumps")

    if place.action == "/tokens":
        answer_for_the_program(page, stage.email(place.role))
    page.goto(place.path.format(replaceable=stage.replaceable.serial, stalled=stage.stalled.serial))
    form = page.locator(f'form[action*="{place.action}"]').filter(has=page.locator("[data-passkey]")).first
    unfold(page)
    for label, words in place.fill.items():
        form.get_by_label(label).fill(words)
    for choice in form.locator('select:has(option[value="read"])').all():
        choice.select_option("read")
    for choice in form.get_by_role("radio").all()[:1]:
        choice.check()
    form.get_by_role("button", name="Use a passkey").click()
    expect(form.get_by_text("Confirmed. Continue within five minutes.")).to_be_visible()
    form.get_by_role("button", name=place.button, exact=True).click()
    expect(page.get_by_text(place.then).first).to_be_attached()
    expect(page.get_by_role("alert").filter(has_text="password")).to_have_count(0)


def test_a_passkey_opens_one_emergency_access_and_a_second_one_asks_again(
    stage: Stage, enter: Enter, named: House, database: Database
) -> None:
    elsewhere = set_stage(database, datetime.now(UTC))
    email = stage.email("physician")
    page = enter(email, at=named)
    devtools, device = authenticator(page)
    add_passkey(page)  # within the five minutes of a signature, which serves for no emergency

    def ask(serial: str) -> None:
        page.goto("/emergency")
        page.get_by_label("Serial of the pump").fill(serial)
        page.get_by_label("Why the record is needed now").fill("The patient is in our emergency room.")

    ask(elsewhere.stalled.serial)
    page.get_by_role("button", name="Open the record").click()
    expect(page.get_by_text("show for this access who you are")).to_be_visible()

    ask(elsewhere.stalled.serial)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Confirmed. Continue within five minutes.")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Open the record").click()
    page.wait_for_url(f"**/pumps/{elsewhere.stalled.serial}?said=broke-glass")

    ask(elsewhere.silent.serial)
    page.get_by_role("button", name="Open the record").click()
    expect(page.get_by_text("show for this access who you are")).to_be_visible()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-said]")).not_to_be_empty()
    page.get_by_role("button", name="Open the record").click()
    expect(page.get_by_text("show for this access who you are")).to_be_visible()
    answer = page.goto(f"/pumps/{elsewhere.silent.serial}")
    assert answer is not None
    assert answer.status == 404


def test_a_passkey_that_was_removed_signs_in_no_more(stage: Stage, enter: Enter, named: House) -> None:
    email = stage.email("nurse")
    page = enter(email, at=named)
    authenticator(page)
    add_passkey(page)
    page.get_by_role("button", name="Remove Work laptop").click()
    expect(page.get_by_text("The method is removed")).to_be_visible()
    page.context.clear_cookies(name="tracker_session")
    page.goto("/sign-in?next=/pumps")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/pumps")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_an_app_is_set_up_and_signs_in_and_so_does_a_recovery_code(
    stage: Stage, enter: Enter, scheme: str, width: int
) -> None:
    email = stage.email("nurse")
    page = enter(email, color_scheme=scheme, viewport={"width": width, "height": 900})
    confirm(page)
    page.get_by_role("button", name="Set up an app").click()
    app = pyotp.TOTP(page.locator("#key").inner_text())
    expect(page.get_by_alt_text("QR code for your authenticator app")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Code from the app").fill(app.now())
    page.get_by_role("button", name="Finish").click()
    codes = page.locator("#codes li").all_inner_texts()
    assert len(codes) == 10
    assert Axe().run(page).response["violations"] == []

    password_again(page, email)
    page.get_by_label("Code").fill(app.at(time.time() + 30))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/pumps")
    for code, taken in ((codes[0], True), (codes[0], False)):
        password_again(page, email)
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        if taken:
            page.wait_for_url("**/pumps")
        else:
            expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_script_a_code_does_what_a_passkey_would(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), java_script_enabled=False)
    confirm(page)
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    page.get_by_role("button", name="Set up an app").click()
    page.get_by_label("Code from the app").fill(pyotp.TOTP(page.locator("#key").inner_text()).now())
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#codes li")).to_have_count(10)
