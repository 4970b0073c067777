"""The layout around every page: navigation, theme, and the message after an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse

from tracker.web.app_state import Web
from tracker.web.auth.permissions import may
from tracker.web.auth.user import Person

THEME_COOKIE: Final = "tracker_theme"
THEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation, shown to roles with the permission."""

    path: str
    name: str
    icon: str
    permission: str


NAVIGATION: Final[tuple[tuple[str, tuple[Link, ...]], ...]] = (
    (
        "Patients",
        (
            Link("/", "Worklist", "worklist", "worklist.read"),
            Link("/pumps", "Pumps", "pump", "pumps.read"),
            Link("/planning", "Planning", "planning", "planning.read"),
            Link("/emergency", "Emergency access", "high", "pumps.break_glass"),
            Link("/emergency/received", "Accesses to review", "high", "emergency.read"),
            Link("/handovers", "Hand-overs", "pump", "pumps.read"),
            Link("/mri", "MRI checks", "mri", "pumps.read"),
            Link("/advisories", "Advisories", "advisory", "advisories.read"),
        ),
    ),
    (
        "Data",
        (
            Link("/connectivity", "Connectivity", "connected", "connectivity.read"),
            Link("/rejected", "Unreadable data", "rejected", "rejected.read"),
        ),
    ),
    (
        "Criteria",
        (
            Link("/guideline", "Guideline", "guideline", "guideline.read"),
            Link("/assess", "Assess", "assess", "evaluators.use"),
            Link("/models", "Models and sources", "models", "guideline.read"),
        ),
    ),
    (
        "Clinic",
        (
            Link("/enrol", "Enroll a pump", "enrol", "pumps.enrol"),
            Link("/clinic", "Clinic", "clinic", "clinic.read"),
            Link("/oncall", "On call", "staff", "oncall.read"),
            Link("/messages", "Messages", "alarm", "messages.read"),
            Link("/notifications", "My notifications", "alarm", "contacts.manage"),
            Link("/schedule", "Background jobs", "schedule", "schedule.read"),
            Link("/audit", "Audit", "audit", "audit.read"),
            Link("/staff", "Staff", "staff", "staff.read"),
        ),
    ),
)

SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "claimed": "Assigned to you.",
        "released": "Unassigned: anybody can take it.",
        "handed-over": "Assigned to your colleague.",
        "done": "The task is closed.",
        "seen": "Everything is marked as seen.",
        "logged": "The visit is logged.",
        "confirmed": "The visit is confirmed.",
        "amended": "The visit is changed; the previous version is kept with it.",
        "withdrawn": "The visit is void; it is kept, and no longer counts.",
        "acknowledged": "The alarm is acknowledged.",
        "snoozed": "The alarm is snoozed.",
        "determined": "Replacement is re-evaluated.",
        "ruled": "Your ruling is recorded.",
        "attested": "Your attestation is signed and recorded.",
        "attestation-withdrawn": "The attestation is withdrawn.",
        "documented": "The fact is documented.",
        "fact-withdrawn": "The fact is withdrawn.",
        "moved": "The status is updated.",
        "move-undone": "The last change of status is undone; both stay on record.",
        "offered": "The hand-over is offered. The pump stays yours until the other clinic has accepted it.",
        "handover-accepted": "The pump is now followed here, with its alarms and tasks.",
        "handover-withdrawn": "The hand-over is called off; the pump stays where it is.",
        "handover-confirmed": "The pump is transferred: its alarms are no longer shown here.",
        "changed": "The record is changed.",
        "replayed": "The message is reprocessed.",
        "kept": "The message was refused again and stays here.",
        "discarded": "The message is discarded, with your reason.",
        "advised": "The advisory is acknowledged for this pump.",
        "advisories-loaded": "The advisories are loaded and matched to the pumps.",
        "mri": "The MRI is logged; the check after it is on the worklist.",
        "checked": "The check after the MRI is recorded.",
        "revoked": "The login is revoked: the communicator can no longer connect.",
        "suspended": "Monitoring is paused until then.",
        "saved": "The view is saved.",
        "forgotten": "The view is removed.",
        "password": "Your password is changed. Other sign-ins of yours have ended.",
        "identity-confirmed": "Confirmed. It holds for five minutes.",
        "factor-added": "The method is set up. Other sign-ins of yours have ended.",
        "factor-removed": "The method is removed. Other sign-ins of yours have ended.",
        "staff-added": "The account is made.",
        "staff-changed": "The account is changed.",
        "service-added": "The service account is made. It can do nothing until it has a token.",
        "service-changed": "The service account is changed.",
        "token-revoked": "The token is revoked.",
        "sign-in-ended": "That browser is signed out.",
        "all-ended": "Your other sign-ins and all your tokens have ended.",
        "clinic-changed": "The clinic's settings are changed.",
        "programmer-named": "The programmer is the clinic's; findings about it are looked at again.",
        "programmer-dropped": "The programmer is off the list.",
        "broke-glass": "Emergency access is open for two hours. The other clinic sees all that you read or do.",
        "contact-added": "Added. Send a test, and confirm it by the code.",
        "contact-push-added": "This browser is added, and a test is on its way. Alarms reach it once that has arrived.",
        "contact-added-for": "Added, and a test is on its way. Its person confirms it by the code.",
        "contact-tested": "The test is on its way. Reload this page to see what became of it.",
        "contact-confirmed": "Confirmed: alarms reach you there.",
        "contact-changed": "Saved.",
        "contact-ended": "Removed: nothing is sent there any more.",
        "quiet-hours-changed": "Your quiet hours are saved.",
        "shift-taken": "You are on call for this shift.",
        "shifts-swapped": "The two shifts are swapped.",
        "oncall-changed": "Policies and rotations are saved.",
        "reviewed": "Your review is recorded.",
    }
)
"""What a page says after an action; the address carries the key alone, so that nobody can put words on our pages."""


def around(request: Request, person: Person | None) -> dict[str, Any]:
    """What every page's layout needs: theme, navigation, the message after an action, this page's address."""
    shown = []
    for group, links in NAVIGATION:
        allowed = [link for link in links if person is not None and may(person.role, link.permission)]
        if allowed:
            shown.append((group, allowed))
    return {
        "theme": theme_of(request),
        "navigation": shown,
        "said": SAID.get(request.query_params.get("said", "")),
        "url": lambda **changes: with_query(request, **changes),
    }


def theme_of(request: Request) -> str | None:
    """The colours that this browser chose: light or dark; None follows the system."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None


def with_query(request: Request, **changes: str | None) -> str:
    """This page's address with parameters changed; None removes one. What was said is never carried on."""
    query = {name: value for name, value in request.query_params.items() if name != "said"}
    query |= {name: value for name, value in changes.items() if value is not None}
    kept = {name: value for name, value in query.items() if changes.get(name, value) is not None and value}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def back_to(path: str, said: str = "", otherwise: str = "/") -> RedirectResponse:
    """Go on to a page of our own after a form, with a word of what happened; never to a foreign one."""
    target = local_path(path, otherwise)
    if said:
        address, mark, fragment = target.partition("#")
        joined = f"{address}{'&' if '?' in address else '?'}said={said}"
        target = f"{joined}{mark}{fragment}"
    return RedirectResponse(target, 303)


def address_of_pages(request: Request, web: Web) -> str:
    """Where browsers reach the pages, as ``https://pumps.example``, with the path if there is one: as set, or as asked.

    The gate has allowed the host's name.
    """
    return (
        web.settings.public_url
        or f"{'https' if web.settings.web_https else request.url.scheme}://{request.headers['host']}"
    )


def local_path(path: str, otherwise: str = "/") -> str:
    """The path if it leads to a page of our own, else ``otherwise``."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and all(character.isprintable() for character in path) else otherwise
