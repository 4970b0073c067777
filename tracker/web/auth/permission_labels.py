"""What each permission lets a person do, as the staff page and a refusal say it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PERMITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pumps.read": "Look at pumps",
        "pumps.export": "Export the list of pumps",
        "pumps.enrol": "Enroll pumps",
        "pumps.change": "Change a pump's record and limits",
        "pumps.lifecycle": "Move a pump through its life",
        "pumps.break_glass": "Open another clinic's record in an emergency",
        "emergency.read": "Look at emergency accesses by other clinics",
        "emergency.review": "Review emergency accesses by other clinics",
        "credentials.issue": "Renew or take away a communicator's sign-in",
        "readings.read": "Look at readings",
        "delivery.read": "Look at delivery and its gaps",
        "rejected.read": "Look at rejected messages",
        "rejected.settle": "Replay or discard rejected messages",
        "visits.read": "Look at visits",
        "visits.log": "Log, confirm and amend visits",
        "visits.code": "Ask for a visit's code",
        "determinations.read": "Look at determinations",
        "determinations.make": "Determine replacement now",
        "facts.document": "Document facts for a determination",
        "findings.read": "Look at findings",
        "findings.rule": "Rule on findings",
        "attestations.sign": "Attest that there is no abuse or neglect",
        "alarms.handle": "Acknowledge, assign and snooze alarms",
        "worklist.read": "Look at the worklist",
        "worklist.handle": "Claim, reassign and close tasks",
        "contacts.manage": "Manage one's own contact points",
        "oncall.read": "Look at who is on call",
        "oncall.take": "Take and swap shifts on call",
        "oncall.change": "Change policies and rotations",
        "messages.read": "Look at the clinic's messages",
        "planning.read": "Look at the planning",
        "planning.export": "Export the planning",
        "mri.log": "Log an MRI and the check after it",
        "advisories.read": "Look at advisories",
        "advisories.handle": "Acknowledge advisories for a pump",
        "advisories.load": "Load advisories",
        "connectivity.read": "Look at connectivity",
        "guideline.read": "Read the guideline and the sources",
        "evaluators.use": "Assess a case and ask for codes",
        "clinic.read": "Look at the clinic's settings",
        "clinic.change": "Change the clinic's settings",
        "programmers.name": "Name the clinic's own programmers",
        "schedule.read": "Look at the schedule",
        "audit.read": "Search the audit trail",
        "staff.read": "Look at the staff",
        "staff.manage": "Add and change staff",
        "self.manage": "Change one's own password and colours",
        "tokens.manage": "Manage one's own sign-ins and tokens",
        "live.follow": "Follow changes live",
    }
)
