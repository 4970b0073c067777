"""Every kind of act that the audit trail knows, each with one name: a page, the API and a command write the same.

An entry that an earlier version wrote keeps the name that it had then: the chain is never rewritten.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

THE_TRACKER: Final = "the tracker itself"
"""The actor of what the tracker does by a rule that the operator set."""


class Event(StrEnum):
    """What was done: ``subject.verb``. The subject's own record is named by the entry's ``subject``."""

    READ = "read"
    REFUSED = "request.refused"

    PUMP_ENROLLED = "pump.enrolled"
    PUMP_MOVED = "pump.moved"
    PUMP_MOVE_UNDONE = "pump.move_undone"
    HANDOVER_OFFERED = "handover.offered"
    HANDOVER_WITHDRAWN = "handover.withdrawn"
    HANDOVER_ACCEPTED = "handover.accepted"
    HANDOVER_CONFIRMED = "handover.confirmed"
    RECORD_CHANGED = "record.changed"
    REPORTING_SUSPENDED = "reporting.suspended"
    REPORTING_RESUMED = "reporting.resumed"
    CREDENTIAL_RENEWED = "credential.renewed"
    CREDENTIAL_REVOKED = "credential.revoked"
    EMERGENCY_ACCESS_OPENED = "break_glass.opened"
    EMERGENCY_ACCESS_REVIEWED = "break_glass.reviewed"

    VISIT_LOGGED = "visit.logged"
    VISIT_CONFIRMED = "visit.confirmed"
    VISIT_AMENDED = "visit.amended"
    VISIT_WITHDRAWN = "visit.withdrawn"
    MRI_LOGGED = "mri.logged"
    MRI_CHECKED = "mri.checked"

    ALARM_ACKNOWLEDGED = "alarm.acknowledged"
    ALARM_ASSIGNED = "alarm.assigned"
    ALARM_SNOOZED = "alarm.snoozed"
    ITEM_CLAIMED = "worklist.claimed"
    ITEM_HANDED_OVER = "worklist.handed_over"
    ITEM_RELEASED = "worklist.released"
    ITEM_DONE = "worklist.done"
    ITEM_NOTED = "worklist.noted"

    ALARM_TAKEN_BY_LINK = "alarm.taken_by_link"
    ALARM_PASSED_ON = "alarm.passed_on"
    PEOPLE_NOTIFIED = "alarm.notified"
    ACKNOWLEDGMENT_LAPSED = "alarm.acknowledgment_lapsed"
    DIGEST_WRITTEN = "digest.written"
    CONTACT_ADDED = "contact.added"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_TESTED = "contact.tested"
    QUIET_HOURS_CHANGED = "quiet_hours.changed"
    ONCALL_CHANGED = "oncall.changed"

    DETERMINATION_MADE = "determination.made"
    FACT_DOCUMENTED = "fact.documented"
    FACT_WITHDRAWN = "fact.withdrawn"
    FINDING_RULED = "finding.ruled"
    ATTESTATION_SIGNED = "attestation.signed"
    ATTESTATION_WITHDRAWN = "attestation.withdrawn"

    ADVISORY_LOADED = "advisory.loaded"
    ADVISORY_CHANGED = "advisory.changed"
    ADVISORY_ACKNOWLEDGED = "advisory.acknowledged"
    REJECTED_REPLAYED = "rejected.replayed"
    REJECTED_DISCARDED = "rejected.discarded"

    READINGS_DROPPED = "readings.dropped"
    REJECTED_DROPPED = "rejected.dropped"

    CLINIC_ADDED = "clinic.added"
    CLINIC_CHANGED = "clinic.changed"
    PROGRAMMER_NAMED = "programmer.named"
    PROGRAMMER_DROPPED = "programmer.dropped"
    STAFF_ADDED = "staff.added"
    STAFF_CHANGED = "staff.changed"
    SERVICE_ADDED = "service.added"
    SERVICE_CHANGED = "service.changed"
    STAFF_LINK_MADE = "staff.setup_link_made"
    STAFF_BOUND = "staff.bound"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    STAFF_SESSION_ENDED = "staff.session_ended"
    STAFF_ALL_ENDED = "staff.all_sign_ins_ended"
    STAFF_SIGN_IN_REFUSED = "staff.sign_in_refused"
    STAFF_CONFIRMATION_REFUSED = "staff.confirmation_refused"
    STAFF_FACTOR_ADDED = "staff.factor_added"
    STAFF_FACTOR_REMOVED = "staff.factor_removed"
    STAFF_RECOVERY_CODES_MADE = "staff.recovery_codes_made"
    STAFF_PASSWORD_CHANGED = "staff.password_changed"  # noqa: S105 - names an act
    TOKEN_ISSUED = "token.issued"  # noqa: S105 - names an act
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - names an act
