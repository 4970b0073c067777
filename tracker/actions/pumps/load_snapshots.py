"""Load the snapshots of many pumps at once: the values that decisions are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from devices.alarms import AlarmCode, Priority
from devices.models import catalogue
from tracker.actions.pumps.snapshot_battery import seen_notices
from tracker.actions.pumps.snapshot_device import seen_budget, seen_sign_in
from tracker.actions.pumps.snapshot_emergency import seen_emergency
from tracker.actions.pumps.snapshot_forecast import snapshot_forecast
from tracker.actions.pumps.snapshot_settings import seen_settings
from tracker.actions.pumps.snapshot_volume import volume_course
from tracker.actions.visits.prescription import flow_of, recorded
from tracker.findings.budget_seen import OverBudget
from tracker.findings.emergency_seen import EmergencySeen
from tracker.findings.pump_snapshot import (
    AdvisorySeen,
    AlarmSeen,
    AttestationSeen,
    DocumentedSeen,
    DraftSeen,
    FindingSeen,
    LinkSeen,
    MriSeen,
    PumpSnapshot,
    SettingSeen,
    StateSeen,
)
from tracker.findings.rating import rated
from tracker.findings.sign_in_seen import SharedSignIn
from tracker.records.advisory import Advisory, AdvisoryMatch, unacknowledged_advisories
from tracker.records.alarm import Alarm, NoticeGiven, notices_of_pumps, open_alarms
from tracker.records.budget import over_budget_pumps
from tracker.records.column_types import key
from tracker.records.determination import DocumentedFact, documented_facts
from tracker.records.emergency_access import accesses_to_review
from tracker.records.finding import Attestation, FindingRecord, findings_of_pumps, standing_attestations
from tracker.records.forecast import Ahead, outlooks
from tracker.records.handover import open_handovers
from tracker.records.presence import Presence, presence
from tracker.records.programmer_session import MriExam, newest_session_settings, unchecked_mri
from tracker.records.pump import Pump, StateNow, clinics_by_id, pumps_by_id, states
from tracker.records.shared_sign_in import suspected_sign_ins
from tracker.records.visit import Visit, drafts_of_pumps, newest_settings
from tracker.records.worklist import OUTAGE, clinics_with


def load_snapshots(
    session: Session,
    pump_ids: Sequence[int],
    pumps: Mapping[int, Pump] | None = None,
    ahead: Mapping[int, Ahead] | None = None,
    present: Presence | None = None,
) -> dict[int, PumpSnapshot]:
    """Each of those pumps as it stands now; a fixed number of queries however many there are.

    ``pumps``, ``ahead``, ``present``: those of them that the caller has read already, all of them. A caller that
    computes the outlooks itself gives an empty ``ahead`` and adds them, so that no stored one is read for nothing.
    """
    if present is None:
        present = presence(session, pump_ids)
    if pumps is None:
        pumps = pumps_by_id(session, pump_ids)
    if ahead is None:
        ahead = outlooks(session, pump_ids)
    now_in = states(session, pump_ids)
    alarms = open_alarms(session, present.alarms)
    notices = notices_of_pumps(session, present.alarms)
    documented = documented_facts(session, present.documented)
    findings = findings_of_pumps(session, present.findings)
    attested = standing_attestations(session, present.attestations)
    drafts = drafts_of_pumps(session, present.visits)
    draft_ids = [key(one.id) for some in drafts.values() for one in some]
    visits = newest_settings(session, present.visits)
    sessions = newest_session_settings(session, present.sessions, draft_ids)
    mri = unchecked_mri(session, present.mri)
    advisories = unacknowledged_advisories(session, present.advisories)
    offered = open_handovers(session, present.handovers)
    outages = clinics_with(session, OUTAGE)
    over = over_budget_pumps(session)
    emergencies = accesses_to_review(session, pump_ids)
    suspected = suspected_sign_ins(session)
    clinics = clinics_by_id(session)
    return {
        pump_id: view_of(
            pump,
            now_in.get(pump_id),
            ahead.get(pump_id),
            alarms=alarms.get(pump_id, ()),
            notices=notices.get(pump_id, ()),
            documented=documented.get(pump_id, ()),
            findings=[seen_finding(one) for one in findings.get(pump_id, ())],
            attestation=attested.get(pump_id),
            drafts=drafts.get(pump_id, ()),
            settings=seen_settings(visits.get(pump_id, ()), drafts.get(pump_id, ()), sessions.get(pump_id, ())),
            mri=mri.get(pump_id, ()),
            advisories=advisories.get(pump_id, ()),
            cap_days=pump.refill_cap_days or clinics[pump.clinic_id].refill_cap_days,
            zone=clinics[pump.clinic_id].timezone,
            clinic_silent=pump.clinic_id in outages,
            offered_at=offered[pump_id].offered_at if pump_id in offered else None,
            over_budget=seen_budget(over.get(pump_id)),
            emergencies=[seen_emergency(one) for one in emergencies.get(pump_id, ())],
            shared_sign_in=seen_sign_in(suspected.get(pump_id)),
        )
        for pump_id, pump in pumps.items()
    }


def view_of(
    pump: Pump,
    state: StateNow | None,
    outlook: Ahead | None,
    *,
    zone: str,
    alarms: Sequence[Alarm] = (),
    notices: Sequence[NoticeGiven] = (),
    documented: Sequence[DocumentedFact] = (),
    findings: Sequence[FindingSeen] = (),
    attestation: Attestation | None = None,
    drafts: Sequence[Visit] = (),
    settings: Sequence[SettingSeen] = (),
    mri: Sequence[MriExam] = (),
    advisories: Sequence[tuple[AdvisoryMatch, Advisory]] = (),
    cap_days: int | None = None,
    clinic_silent: bool = False,
    offered_at: datetime | None = None,
    over_budget: OverBudget | None = None,
    emergencies: Sequence[EmergencySeen] = (),
    shared_sign_in: SharedSignIn | None = None,
) -> PumpSnapshot:
    """Put one pump's rows together. ``cap_days``: how long a fill may stay, by the pump's own limit or the clinic's.

    Alarms have the priority that the drugs at risk give them now, whatever they were stored with.
    """
    model, prescription = catalogue.find(pump.model), recorded(pump)
    off = None if outlook is None else volume_course(outlook, pump, model, prescription)
    return rated(
        PumpSnapshot(
            pump_id=key(pump.id),
            clinic_id=pump.clinic_id,
            serial=pump.serial,
            model=model,
            lifecycle=pump.lifecycle,
            implanted_on=pump.implanted_on,
            drug=pump.drug,
            report_interval_s=pump.report_interval_s,
            created_at=pump.created_at,
            suspended_until=pump.suspended_until,
            replacement_planned_for=pump.replacement_planned_for,
            refill_cap_days=cap_days,
            zone=zone,
            prescribed_ml_per_day=flow_of(pump, prescription),
            prescription=prescription,
            prescribed_at=pump.prescribed_at,
            state=None if state is None else seen_state(state),
            link=LinkSeen("never", None, None) if state is None else seen_link(state),
            outlook=None if outlook is None else snapshot_forecast(outlook, off),
            settings=tuple(settings),
            documented=tuple(_documented(one) for one in documented),
            findings=tuple(findings),
            attestation=None if attestation is None else _attestation(attestation),
            drafts=tuple(
                DraftSeen(
                    id=key(one.id),
                    performed_at=one.performed_at,
                    drafted_at=one.logged_at,
                    codes=tuple(one.codes),
                    conflicts=tuple(str(text) for text in one.conflicts),
                )
                for one in drafts
            ),
            mri=tuple(MriSeen(key(one.id), one.performed_at, one.check_due_at, one.overdue_at) for one in mri),
            advisories=tuple(
                AdvisorySeen(key(match.id), one.reference, one.title, one.action, match.matched_at, match.covered)
                for match, one in advisories
            ),
            alarms=tuple(_alarm(one) for one in alarms),
            notices=seen_notices(pump, notices, zone),
            clinic_silent=clinic_silent,
            handover_offered_at=offered_at,
            over_budget=over_budget,
            emergencies=tuple(emergencies),
            shared_sign_in=shared_sign_in,
        )
    )


def seen_state(state: StateNow) -> StateSeen | None:
    """The newest report, or None where there was none."""
    if state.measured_at is None or state.epoch is None or state.seq is None:
        return None
    return StateSeen(
        epoch=state.epoch,
        seq=state.seq,
        measured_at=state.measured_at,
        received_at=state.received_at,
        battery_percent=state.battery_percent,
        battery_indicator=state.battery_indicator,
        reservoir_ml=state.reservoir_ml,
        flow_ml_per_day=state.flow_ml_per_day,
        infusion=state.infusion,
        motor=state.motor,
        alarms=frozenset(code for code in state.alarms.split(",") if code),
        clock_at=state.clock_at,
    )


def seen_link(state: StateNow) -> LinkSeen:
    """The contact, with the three ages apart."""
    return LinkSeen(
        state.link,
        state.link_since,
        state.last_contact_at,
        understood_at=state.understood_at,
        measured_at=state.measured_at,
        unmeasured_by=state.unmeasured_by,
        refused_alarms=tuple(code for code in state.refused_alarms.split(",") if code),
        refused_alarms_at=state.refused_alarms_at,
        refused_because=state.refused_because,
        clock_wrong_since=state.clock_wrong_since,
        clock_behind_s=state.clock_behind_s,
    )


def seen_finding(row: FindingRecord) -> FindingSeen:
    """A finding with the ruling that stands now."""
    return FindingSeen(
        id=key(row.id),
        key=row.key,
        kind=row.kind,
        sentence=row.sentence,
        found_at=row.found_at,
        happened_at=row.happened_at,
        neglect_or_abuse=row.neglect_or_abuse,
        strength=row.strength,
        points_at=row.points_at,
        ruling=row.ruling,
        ruled_at=row.ruled_at,
        ruled_by=row.ruled_by,
        resolved=row.mended_at is not None,
        mend=row.mend,
    )


def _alarm(row: Alarm) -> AlarmSeen:
    return AlarmSeen(
        id=key(row.id),
        code=AlarmCode(row.code),
        priority=Priority(row.priority),
        waits_since=row.unheard_since or row.opened_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        count=row.count,
        active=row.cleared_at is None,
        acknowledged_at=row.acknowledged_at,
        snoozed_until=row.snoozed_until,
        escalated_at=row.escalated_at,
        assignee=row.assignee,
        stored_priority=Priority(row.priority),
    )


def _documented(row: DocumentedFact) -> DocumentedSeen:
    return DocumentedSeen(key(row.id), row.fact, row.value, row.author, row.document, row.entered_at)


def _attestation(row: Attestation) -> AttestationSeen:
    return AttestationSeen(key(row.id), row.at, row.by, row.name, row.abuse_or_neglect)
