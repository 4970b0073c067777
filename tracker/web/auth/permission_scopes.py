"""The scope that a token needs for each permission; with the person's role, it says what a program may do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NEEDED: Final = {
    "records:read": (
        "pumps.read pumps.export readings.read delivery.read rejected.read planning.read planning.export "
        "connectivity.read live.follow"
    ),
    "records:write": "pumps.enrol pumps.change pumps.lifecycle",
    "clinical:read": (
        "visits.read determinations.read findings.read worklist.read advisories.read guideline.read evaluators.use "
        "oncall.read messages.read"
    ),
    "clinical:write": (
        "visits.log determinations.make facts.document findings.rule alarms.handle worklist.handle mri.log "
        "advisories.handle oncall.take"
    ),
    "billing:read": "visits.code",
    "setup:read": "clinic.read schedule.read audit.read staff.read emergency.read",
    "setup:write": (
        "credentials.issue rejected.settle advisories.load clinic.change programmers.name staff.manage "
        "emergency.review oncall.change"
    ),
    "emergency": "pumps.break_glass",
    "sign": "attestations.sign",
    "account": "self.manage tokens.manage contacts.manage",
}

SCOPE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {permission: scope for scope, permissions in _NEEDED.items() for permission in permissions.split()}
)
"""Each permission, and the one scope that allows it. A test holds it against the table of permissions."""
