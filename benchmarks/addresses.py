"""Every address that people click on: each page, list and call that is read, with the filters that they use."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi.routing import APIRoute

from benchmarks.clinics_pumps import email
from benchmarks.clinics_rows import CHARTED, padded_text
from tracker.web.api import API
from tracker.web.pages import PAGES

PAGE_MS, CHART_MS = 150, 200


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table. ``{…}`` is filled in again for every click; ``pages`` leads so many pages further first."""

    route: str
    written: str
    pages: int = 0
    limit_ms: int = PAGE_MS
    led: str = ""  #: where the pages led

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"{self.written} (page {self.pages + 1})" if self.pages else self.written

    def filled(self, dice: random.Random, pumps: int) -> str:
        """The address with a pump of the first clinic, a line, a visit, a message drawn."""
        if self.led:
            return self.led
        number = dice.randrange(100, pumps) // 100 * 100 + dice.randrange(92)
        number = number if CHARTED < number <= pumps else 50
        line = dice.randrange(pumps // 100 - 1) * 10 + dice.randrange(1, 9)
        return self.written.format(
            pump=padded_text("NGP", number),
            charted=padded_text("NGP", dice.randrange(1, CHARTED + 1)),
            visit=number,
            line=line,
            message=dice.randrange(1, pumps * 3 // 10) // 100 * 100 + 1,
            beginning=padded_text("ngp", number)[:7],
            patient=padded_text("P-", number),
            person=email(dice.randrange(1, 40)),
        )


_PUMP: Final = "/pumps/{pump}"
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "/": ("/", "/?whose=mine", "/?whose=free", "/?unit=Day+ward", "/?kind=reservoir", "/?kind=draft&unit=Day+ward"),
    "/worklist/{item_id}": ("/worklist/{line}",),
    "/urgent": ("/urgent",),
    "/pumps": (
        "/pumps",
        "/pumps?q={beginning}",
        "/pumps?q={pump}",
        "/pumps?q={patient}",
        "/pumps?q=lot17",
        "/pumps?q=not-to-be-found",
        "/pumps?unit=Day+ward",
        "/pumps?model=prometra-ii-20",
        "/pumps?lifecycle=replacement_planned",
        "/pumps?link=disconnected",
        "/pumps?link=never",
        "/pumps?attention=urgent",
        "/pumps?attention=any&sort=refill",
        "/pumps?unit=Day+ward&sort=battery",
        "/pumps?sort=serial",
        "/pumps?sort=refill",
        "/pumps?sort=battery",
        "/pumps?sort=contact",
    ),
    "/pumps/{serial}": (_PUMP, "/pumps/{charted}", "/pumps/{charted}?span=all"),
    "/pumps/{serial}/chart": ("/pumps/{pump}/chart?span=1y", "/pumps/{charted}/chart?span=90d"),
    "/pumps/{serial}/visits": ("/pumps/{pump}/visits", "/pumps/{charted}/visits"),
    "/pumps/{serial}/visits/new": ("/pumps/{pump}/visits/new",),
    "/pumps/{serial}/visits/code": ("/pumps/{pump}/visits/code?performed_at=2026-06-01T10:00&refilled=yes",),
    "/pumps/{serial}/visits/{visit_id}": ("/pumps/{pump}/visits/{visit}",),
    "/pumps/{serial}/readings": ("/pumps/{pump}/readings", "/pumps/{charted}/readings"),
    "/pumps/{serial}/record": ("/pumps/{pump}/record",),
    "/pumps/{serial}/replacement": ("/pumps/{pump}/replacement", "/pumps/{charted}/replacement"),
    "/planning": ("/planning", "/planning?unit=Day+ward"),
    "/connectivity": ("/connectivity", "/connectivity?link=connected", "/connectivity?link=never"),
    "/rejected": ("/rejected", "/rejected?status=discarded", "/rejected?serial={pump}"),
    "/rejected/{message_id}": ("/rejected/{message}",),
    "/mri": ("/mri", "/mri?show=checked"),
    "/advisories": ("/advisories",),
    "/advisories/{advisory_id}": ("/advisories/3", "/advisories/3?show=done"),
    "/clinic": ("/clinic",),
    "/schedule": ("/schedule",),
    "/audit": (
        "/audit",
        "/audit?actor={person}",
        "/audit?subject=pump:{pump}",
        "/audit?action=visit.logged",
        "/audit?action=nothing.such",
        "/audit?since=2026-01-01&until=2026-12-31",
    ),
    "/staff": ("/staff",),
    "/staff/services": ("/staff/services",),
    "/staff/{staff_id}/contacts": ("/staff/1/contacts",),
    "/enrol": ("/enrol", "/enrol?udi=(01)00643169007222(10)LOT9(21)X1"),
    "/guideline": ("/guideline",),
    "/assess": ("/assess",),
    "/models": ("/models",),
    "/password": ("/password",),
    "/security": ("/security",),
    "/emergency": ("/emergency",),
    "/emergency/received": ("/emergency/received",),
    "/emergency/received/{access_id}": ("/emergency/received/3",),
    "/account": ("/account",),
    "/sign-in": ("/sign-in",),
    "/health/live": ("/health/live",),
    "/health/ready": ("/health/ready",),
    "/metrics": ("/metrics",),
    "/api/v1/pumps": ("/api/v1/pumps", "/api/v1/pumps?limit=200"),
    "/api/v1/pumps/{serial}": ("/api/v1/pumps/{pump}",),
    "/api/v1/pumps/{serial}/readings": (
        "/api/v1/pumps/{pump}/readings",
        "/api/v1/pumps/{charted}/readings?from=2022-01-01T00:00:00Z&to=2022-02-01T00:00:00Z&limit=200",
    ),
    "/api/v1/pumps/{serial}/delivery": ("/api/v1/pumps/{pump}/delivery",),
    "/api/v1/pumps/{serial}/alarms": ("/api/v1/pumps/{charted}/alarms",),
    "/api/v1/pumps/{serial}/visits": ("/api/v1/pumps/{charted}/visits",),
    "/api/v1/pumps/{serial}/determinations": ("/api/v1/pumps/{charted}/determinations",),
    "/api/v1/pumps/{serial}/advisories": ("/api/v1/pumps/{charted}/advisories",),
    "/api/v1/pumps/{serial}/attestations": ("/api/v1/pumps/{charted}/attestations",),
    "/api/v1/pumps/{serial}/facts": ("/api/v1/pumps/{charted}/facts",),
    "/api/v1/pumps/{serial}/findings": ("/api/v1/pumps/{charted}/findings",),
    "/api/v1/pumps/{serial}/lifecycle": ("/api/v1/pumps/{charted}/lifecycle",),
    "/api/v1/pumps/{serial}/mri": ("/api/v1/pumps/{charted}/mri",),
    "/api/v1/staff": ("/api/v1/staff",),
    "/api/v1/staff/{staff_id}/tokens": ("/api/v1/staff/1/tokens",),
    "/api/v1/staff/{staff_id}/contacts": ("/api/v1/staff/1/contacts",),
    "/api/v1/services": ("/api/v1/services",),
    "/api/v1/account/sessions": ("/api/v1/account/sessions",),
    "/api/v1/account/tokens": ("/api/v1/account/tokens",),
    "/api/v1/emergency-accesses": ("/api/v1/emergency-accesses",),
    "/api/v1/emergency-accesses/{access_id}": ("/api/v1/emergency-accesses/3",),
    "/api/v1/clinic": ("/api/v1/clinic",),
    "/api/v1/clinic/programmers": ("/api/v1/clinic/programmers",),
    "/api/v1/handovers": ("/api/v1/handovers",),
    "/handovers": ("/handovers",),
    "/notifications": ("/notifications",),
    "/oncall": ("/oncall",),
    "/messages": ("/messages", "/messages?state=failed", "/messages?pump={pump}"),
    "/api/v1/contacts": ("/api/v1/contacts",),
    "/api/v1/push-key": ("/api/v1/push-key",),
    "/api/v1/oncall": ("/api/v1/oncall",),
    "/api/v1/oncall/now": ("/api/v1/oncall/now",),
    "/api/v1/oncall/preview": ("/api/v1/oncall/preview",),
    "/api/v1/quiet-hours": ("/api/v1/quiet-hours",),
    "/api/v1/messages": ("/api/v1/messages", "/api/v1/messages?state=failed"),
    "/api/v1/worklist": ("/api/v1/worklist", "/api/v1/worklist?mine=true", "/api/v1/worklist?kind=battery"),
    "/api/v1/rejected": ("/api/v1/rejected", "/api/v1/rejected?status=kept"),
    "/api/v1/models": ("/api/v1/models",),
}
_FURTHER: Final = (
    Address("/", "/", pages=30),
    Address("/pumps", "/pumps", pages=40),
    Address("/pumps", "/pumps?sort=serial", pages=40),
    Address("/pumps", "/pumps?sort=refill&unit=Day+ward", pages=20),
    Address("/pumps", "/pumps?sort=contact", pages=20),
    Address("/pumps/{serial}/readings", "/pumps/NGP0000007/readings", pages=40),
    Address("/pumps/{serial}/chart", "/pumps/{charted}/chart?span=all", limit_ms=CHART_MS),
    Address("/connectivity", "/connectivity", pages=5),
    Address("/rejected", "/rejected", pages=40),
    Address("/mri", "/mri?show=checked", pages=20),
    Address("/advisories/{advisory_id}", "/advisories/3?show=done", pages=2),
    Address("/audit", "/audit", pages=40),
    Address("/api/v1/pumps", "/api/v1/pumps", pages=20),
)
EXPORTS: Final = ("/pumps.csv?unit=Day+ward", "/pumps.csv", "/planning.csv", "/planning.ics")
_NOT_CLICKED: Final = {
    "/live": "held open by every user all the time",
    "/sign-in/oidc": "leads to another server",
    "/sign-in/oidc/back": "comes from another server",
    "/confirm/oidc": "leads to the organization's provider",
    "/sign-in/set-up": "for those whom a link brings, once",
    "/a/{token}": "for those whom a message brings, once",
    "/push-worker.js": "a script that browsers fetch by themselves",
    "/sign-in/second": "for those whose password was right",
    "/api/v1/services/{service_id}/tokens": "asks what a person's own tokens ask",
    "/pumps.csv": "an export, measured by itself",
    "/planning.csv": "an export, measured by itself",
    "/planning.ics": "an export, measured by itself",
}


def addresses() -> list[Address]:
    """All of them; fails where the application answers a GET that is not among them."""
    routes = (route for router in (*API, *PAGES) for route in router.routes)
    known = {route.path for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    missing = known - set(_READ) - set(_NOT_CLICKED)
    if missing:
        raise LookupError(f"nobody clicks on {', '.join(sorted(missing))}: add it to benchmarks/addresses.py")
    return list(_all())


def _all() -> Iterator[Address]:
    for route, some in _READ.items():
        for one in some:
            yield Address(route, one)
    yield from _FURTHER
