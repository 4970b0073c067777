"""What an API token may do at the most: its scopes. A token never does more than its person's role, nor than these.

A scope names an area and whether it reads or writes; writing an area includes reading it. ``emergency``, ``sign`` and
``account`` stand alone, because each does what a program rarely needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from tracker.errors import Invalid

ALL: Final = "all"  #: kept instead of names: every scope that there is
READ, WRITE = "read", "write"

SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "records:read": "Read pumps, readings, delivery and planning",
        "records:write": "Enrol pumps and change their records",
        "clinical:read": "Read visits, findings, determinations and the worklist",
        "clinical:write": "Log visits, handle alarms and tasks, document facts",
        "billing:read": "Read and ask for billing codes",
        "setup:read": "Read clinic settings, staff, schedule and audit",
        "setup:write": "Change clinic settings, staff, credentials and advisories",
        "emergency": "Open emergency access to a pump of another clinic",
        "sign": "Sign attestations in your name",
        "account": "Manage your own tokens and sign-ins",
    }
)
"""Each scope, and what it allows, as pages and refusals say it."""

SERVICE_SCOPES: Final = tuple(scope for scope in SCOPES if ":" in scope)  #: none that only a person has a use for


def checked_service_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes of a service account's token: each is named, and none is a person's. Raises ``Invalid``."""
    chosen = checked_scopes(scopes)
    wrong = sorted(chosen - set(SERVICE_SCOPES))
    if wrong:
        named = ", ".join(SERVICE_SCOPES)
        raise Invalid(f"a service account's token has no scope {wrong[0]!r}; choose of {named}", field="scopes")
    return chosen


def grants(scopes: frozenset[str], scope: str) -> bool:
    """Whether a token of these scopes may do what needs that one."""
    area, _, verb = scope.partition(":")
    return ALL in scopes or scope in scopes or (verb == READ and f"{area}:{WRITE}" in scopes)


def checked_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes themselves. Raises ``Invalid`` for none, or for one that does not exist."""
    chosen = frozenset(scopes)
    unknown = sorted(chosen - SCOPES.keys() - {ALL})
    if unknown:
        raise Invalid(f"{unknown[0][:40]!r} is no scope; there are {', '.join(SCOPES)}", field="scopes")
    if not chosen:
        raise Invalid("choose at least one scope: a token without one does nothing", field="scopes")
    return frozenset({ALL}) if ALL in chosen or chosen == SCOPES.keys() else chosen


def read_scopes(stored: str) -> frozenset[str]:
    """The scopes of a token's row."""
    return frozenset(stored.split())


def write_scopes(scopes: frozenset[str]) -> str:
    """Scopes as a token's row keeps them."""
    return " ".join(sorted(scopes))


def within(scopes: frozenset[str], limit: frozenset[str] | None) -> bool:
    """Whether these scopes allow nothing that ``limit`` does not; None limits nothing."""
    return limit is None or ALL in limit or (ALL not in scopes and all(grants(limit, one) for one in scopes))
