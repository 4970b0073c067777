"""One pump as it was known at a past moment: only what had been received, entered and signed by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from tracker.actions.pumps.forecast_pump import forecast_pump
from tracker.actions.pumps.load_history import LOOK_BACK
from tracker.actions.pumps.load_snapshots import seen_finding, view_of
from tracker.actions.pumps.snapshot_battery import seen_notices
from tracker.actions.visits.prescription import recorded
from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import FindingSeen, PumpSnapshot, StateSeen, last_unlogged_refill, refills_not_shown
from tracker.findings.reading_points import moment
from tracker.records.alarm import alarms_open_at, notices_of_pumps
from tracker.records.column_types import key
from tracker.records.determination import documented_facts
from tracker.records.finding import findings_of_pumps, rulings, standing_attestations
from tracker.records.forecast import outlooks
from tracker.records.pump import Clinic, Pump
from tracker.records.reading_history import (
    Measured,
    newest_of_wrong_clock,
    oldest_reading,
    readings_known_by,
)
from tracker.records.visit import last_refills, visits_of_pumps


def load_as_of(session: Session, pump: Pump, as_of: datetime) -> PumpSnapshot:
    """The pump as it was known then. Who it is (model, implant date) is taken as recorded now."""
    pump_id = key(pump.id)
    readings = readings_known_by(session, pump_id, as_of)
    refills = last_refills(session, [pump_id], as_of).get(pump_id, ())
    clinic = session.get_one(Clinic, pump.clinic_id)
    cap_days = pump.refill_cap_days or clinic.refill_cap_days
    findings = _findings(session, pump_id, as_of)
    notices = notices_of_pumps(session, [pump_id], as_of).get(pump_id, ())
    outlook = None
    if readings:
        visits = visits_of_pumps(session, [pump_id], as_of - LOOK_BACK).get(pump_id, ())
        known = [visit for visit in visits if visit.logged_at <= as_of]
        outlook = forecast_pump(
            pump,
            None,
            readings,
            as_of,
            prescription=recorded(pump),
            refills=refills,
            not_shown=refills_not_shown(findings),
            rose_at=last_unlogged_refill(findings),
            cap_days=cap_days,
            visits=known,
            zone=clinic.timezone,
            notices=seen_notices(pump, notices, clinic.timezone),
        ).outlook
    view = view_of(
        pump,
        None,
        outlook,
        zone=clinic.timezone,
        alarms=alarms_open_at(session, pump_id, as_of),
        notices=notices,
        documented=documented_facts(session, [pump_id], as_of).get(pump_id, ()),
        findings=findings,
        attestation=standing_attestations(session, [pump_id], as_of).get(pump_id),
        cap_days=cap_days,
    )
    view = replace(view, state=_newest(readings, newest_of_wrong_clock(session, pump_id, as_of)))
    return replace(view, not_kept=_not_kept(session, view, readings, as_of))


def _not_kept(session: Session, view: PumpSnapshot, readings: Sequence[Measured], as_of: datetime) -> str | None:
    """That the readings of then are gone, which retention deletes while the outlook keeps their thinned history.

    None where they are all there, or where so much of them is that nothing could be answered otherwise.
    """
    ahead = outlooks(session, [view.pump_id]).get(view.pump_id)
    points = [] if ahead is None else [*ahead.battery_points[:1], *ahead.reservoir_points[:1]]
    if ahead is None or not points:
        return None
    first = moment(min(point[0] for point in points))
    oldest = oldest_reading(session, view.pump_id)
    if first > as_of or (oldest is not None and first >= oldest):
        return None
    ended = ahead.eri_seen_at
    ended_unseen = ended is not None and ended <= as_of and (oldest is None or ended < oldest)
    if readings and not ended_unseen:
        return None
    kept = "none is" if oldest is None else f"the oldest is of {time_text(view, oldest)}"
    return f"The readings of {time_text(view, as_of)} and before are not kept any more ({kept})."


def _newest(readings: Sequence[Measured], wrong: Measured | None) -> StateSeen | None:
    """The report that the state showed: measured last, or after it by number; one of a wrong clock by its arrival."""
    shown = None if not readings else max((one for one in readings if one.epoch == readings[-1].epoch), key=_number)
    if wrong is not None and (shown is None or _number(wrong) > _number(shown)):
        return replace(_state(wrong), measured_at=wrong.received_at, clock_at=wrong.measured_at)
    return None if shown is None else _state(shown)


def _number(reading: Measured) -> tuple[int, int]:
    return reading.epoch, reading.seq


def _findings(session: Session, pump_id: int, as_of: datetime) -> list[FindingSeen]:
    known = [row for row in findings_of_pumps(session, [pump_id]).get(pump_id, ()) if row.found_at <= as_of]
    ruled = rulings(session, [key(row.id) for row in known], as_of)
    found = []
    for row in known:
        ruling = ruled.get(key(row.id))
        found.append(
            replace(
                seen_finding(row),
                ruling=None if ruling is None else ruling.ruling,
                ruled_at=None if ruling is None else ruling.at,
                ruled_by=None if ruling is None else ruling.by,
                resolved=row.mended_at is not None and row.mended_at <= as_of,
            )
        )
    return found


def _state(reading: Measured) -> StateSeen:
    return StateSeen(
        epoch=reading.epoch,
        seq=reading.seq,
        measured_at=reading.measured_at,
        received_at=reading.received_at,
        battery_percent=reading.battery_percent,
        battery_indicator=reading.battery_indicator,
        reservoir_ml=reading.reservoir_ml,
        flow_ml_per_day=reading.flow_ml_per_day,
        infusion=reading.infusion,
        motor=reading.motor,
        alarms=frozenset(code for code in reading.alarms.split(",") if code),
    )
