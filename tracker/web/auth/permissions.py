"""The one table of permissions: what each role may do. A route declares the permission that it needs.

``requires("visits.log")`` is a route's dependency: it signs the person in, checks the role, and checks the CSRF token
of a browser's writing request. ``open_to_all()`` marks the few routes that need no sign-in. A test walks every route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from tracker.actions.origin import comes_from
from tracker.actions.staff.token_scopes import grants
from tracker.errors import NotAllowed
from tracker.web.auth import csrf
from tracker.web.auth.current_user import current_person
from tracker.web.auth.permission_labels import PERMITS
from tracker.web.auth.permission_scopes import SCOPE_OF
from tracker.web.auth.user import Person, origin_of


class Role(StrEnum):
    """What a person is at the clinic."""

    NURSE = "nurse"
    PHYSICIAN = "physician"
    BILLER = "biller"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_CARE = frozenset({Role.NURSE, Role.PHYSICIAN})
_ALL = frozenset(Role)
_RECORDS = _CARE | {Role.ADMINISTRATOR}

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "pumps.read": _ALL,
        "pumps.export": _ALL,
        "pumps.enrol": _RECORDS,
        "pumps.change": _RECORDS,
        "pumps.lifecycle": _CARE,
        "pumps.break_glass": _CARE,
        "emergency.read": _RECORDS | {Role.AUDITOR},
        "emergency.review": frozenset({Role.PHYSICIAN, Role.ADMINISTRATOR}),
        "credentials.issue": _RECORDS,
        "readings.read": _ALL,
        "delivery.read": _ALL,
        "rejected.read": _RECORDS | {Role.AUDITOR},
        "rejected.settle": _RECORDS,
        "visits.read": _ALL,
        "visits.log": _RECORDS,  # an administrator enters visits from paper
        "visits.code": _CARE | {Role.BILLER},
        "determinations.read": _ALL,
        "determinations.make": _CARE | {Role.BILLER, Role.ADMINISTRATOR},
        "facts.document": _CARE,
        "findings.read": _CARE | {Role.AUDITOR, Role.BILLER},
        "findings.rule": _CARE,
        "attestations.sign": frozenset({Role.PHYSICIAN}),
        "alarms.handle": _CARE,
        "worklist.read": _ALL,
        "worklist.handle": _RECORDS | {Role.BILLER},
        "contacts.manage": _ALL,
        "oncall.read": _RECORDS | {Role.AUDITOR},
        "oncall.take": _RECORDS,
        "oncall.change": frozenset({Role.ADMINISTRATOR}),
        "messages.read": _RECORDS | {Role.AUDITOR},
        "planning.read": _ALL,
        "planning.export": _ALL,
        "mri.log": _CARE,
        "advisories.read": _ALL,
        "advisories.handle": _CARE,
        "advisories.load": frozenset({Role.ADMINISTRATOR}),
        "connectivity.read": _ALL,
        "guideline.read": _ALL,
        "evaluators.use": _ALL,
        "clinic.read": _ALL,
        "clinic.change": frozenset({Role.ADMINISTRATOR}),
        "programmers.name": _RECORDS,
        "schedule.read": _RECORDS | {Role.AUDITOR},
        "audit.read": frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
        "staff.read": frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
        "staff.manage": frozenset({Role.ADMINISTRATOR}),
        "self.manage": _ALL,
        "tokens.manage": _ALL,
        "live.follow": _ALL,
    }
)

PEOPLE_ONLY: Final = frozenset(
    {
        "visits.log",  # a visit that is logged counts as confirmed
        "mri.log",
        "facts.document",
        "findings.rule",
        "attestations.sign",
        "alarms.handle",  # who acknowledges an alarm says that a person has seen it
        "worklist.handle",
        "advisories.handle",
        "pumps.lifecycle",  # a pump that is said to be explanted is no longer watched
        "pumps.break_glass",
        "emergency.review",
        "rejected.settle",
        "contacts.manage",  # a message to a program reaches nobody
        "oncall.take",
        "oncall.change",
        "clinic.change",
        "staff.manage",
        "self.manage",
        "tokens.manage",
    }
)
"""What a service account never does, whatever its role and scopes: judgments, signatures, and who may do what."""


def may(role: str, permission: str) -> bool:
    """Whether that role includes that permission; an unknown role includes none."""
    return role in PERMISSIONS[permission]


def in_scope(person: Person, permission: str) -> bool:
    """Whether the token that the person came with allows it; a browser's session allows all that the role does."""
    return person.scopes is None or grants(person.scopes, SCOPE_OF[permission])


class FactorMissing(NotAllowed):
    """The clinic asks this role for a second factor, and the person has none yet."""

    title = "Set up a second way to sign in"

    def __init__(self) -> None:
        super().__init__("your clinic asks your role for a second factor: set one up on the page Sign-in methods")


FOR_PROGRAMS: Final = frozenset({"/live", "/pumps.csv", "/planning.csv", "/planning.ics"})
"""The stream of changes, and files: what a token may read beside the API, within its scopes."""


class Requirement:
    """A route's declared permission. Called by FastAPI for each request, it answers the person or refuses."""

    def __init__(self, permission: str) -> None:
        if permission not in PERMISSIONS:
            raise KeyError(f"{permission} is not in the table of permissions")
        self.permission = permission

    async def __call__(self, request: Request, person: Annotated[Person, Depends(current_person)]) -> Person:
        """The signed-in person, if their role includes the permission. A token opens no page."""
        if person.via == "token" and not _is_for_programs(request):
            raise NotAllowed("an access token opens addresses below /api/ only; pages need a sign-in in a browser")
        if not may(person.role, self.permission):
            raise NotAllowed(f"the role {person.role} does not include this: {PERMITS[self.permission]}")
        if person.is_service and self.permission in PEOPLE_ONLY:
            raise NotAllowed(f"a service account never does this, only a person: {PERMITS[self.permission]}")
        if not in_scope(person, self.permission):
            raise NotAllowed(f"this token lacks the scope {SCOPE_OF[self.permission]}: {PERMITS[self.permission]}")
        if person.needs_factor and self.permission != "self.manage":
            raise FactorMissing
        if person.via == "browser":
            await csrf.check(request, person.csrf)
        comes_from(origin_of(person))
        return replace(person, permission=self.permission)


def _is_for_programs(request: Request) -> bool:
    """By the route's own address, wherever the installation stands."""
    path = str(getattr(request.scope.get("route"), "path", ""))
    return path.startswith("/api/") or path in FOR_PROGRAMS


class OpenToAll:
    """A route's declaration that it needs no sign-in."""

    async def __call__(self) -> None:
        """Nothing to check."""


def requires(permission: str) -> Any:
    """Declare that a route is for people with that permission; the route's parameter is the person."""
    return Depends(Requirement(permission))


def open_to_all() -> Any:
    """The dependency of a route that needs no sign-in: ``dependencies=[open_to_all()]``."""
    return Depends(OpenToAll())
