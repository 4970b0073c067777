"""Forecast a pump's battery and reservoir from its thinned history, and store the result as its outlook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.models import catalogue
from devices.prescription import Prescription
from devices.reservoir import Refill
from devices.stability import is_first_fill
from devices.volume_course import VolumeCourse
from tracker.actions.pumps.forecast_battery import forecast_battery_into
from tracker.actions.pumps.forecast_refill import forecast_refill
from tracker.actions.visits.prescription import drug_text, is_complete
from tracker.findings.battery_seen import NoticeSeen
from tracker.findings.clinic_day import zone_named
from tracker.findings.reading_points import battery_points, reservoir_points
from tracker.records.column_types import key
from tracker.records.forecast import Ahead
from tracker.records.pump import Pump
from tracker.records.reading_history import Measured
from tracker.records.visit import RefillDone, VisitDone

_KEPT_BACK = 2000  # a gap this far behind the newest number is no longer waited for


@dataclass(frozen=True, slots=True)
class LookedAhead:
    """A pump's outlook, not stored yet, and the fall of its volume that the flow does not explain, if there is one."""

    outlook: Ahead
    off: VolumeCourse | None


def forecast_pump(
    pump: Pump,
    outlook: Ahead | None,
    readings: Sequence[Measured],
    now: datetime,
    *,
    prescription: Prescription | None,
    contiguous: int = 0,
    refills: Sequence[RefillDone] = (),
    not_shown: Collection[int] = (),
    rose_at: datetime | None = None,
    cap_days: int | None = None,
    visits: Sequence[VisitDone] = (),
    routine: bool = False,
    zone: str = "UTC",
    notices: Sequence[NoticeSeen] = (),
) -> LookedAhead:
    """Bring the pump's outlook up to those readings, which may hold some that it has already; not stored yet.

    ``prescription``: the record's, None where a part of it is missing. ``contiguous`` is how far the newest epoch is
    complete: later looks begin there, so that what fills a gap is seen. ``refills`` are the last ones on record, oldest
    first; ``not_shown`` are those, by their visits' ids, of which a finding says that the reports never showed them.
    ``rose_at`` is the last fill that a finding says nobody logged: long fills outlast the reports that showed them.
    ``cap_days`` is the longest interval that is allowed for this pump. ``visits`` are its last ones, oldest first: what
    the last refill found in the pump tells how long the drug keeps. ``routine``: nobody asked for this look but the
    clock. A battery forecast, which hardly moves in a day, is then computed again only every third day, or when
    the indicator or the flow has changed. ``zone``: the clinic's, for days in words. ``notices``: the pump's built-in
    notices of failure since the implant.
    """
    model = catalogue.find(pump.model)
    row = outlook or Ahead(pump_id=key(pump.id), computed_at=now)
    fresh = newly_measured(row, readings)
    if readings:
        epoch, seq = max((one.epoch, one.seq) for one in readings)
        row.epoch, row.through_seq = epoch, max(min(contiguous, seq), seq - _KEPT_BACK)
    if model is None:
        row.battery_basis = row.reservoir_basis = "The model is not in the catalogue."
        row.computed_at = now
        return LookedAhead(row, None)
    if fresh:
        row.reservoir_points = reservoir_points(row.reservoir_points, fresh)
    if model.has_battery and fresh:
        row.battery_points = battery_points(row.battery_points, fresh)
    forecast_battery_into(row, pump, model, len(fresh), notices, now, zone_named(zone), routine=routine)
    off = forecast_refill(
        row,
        pump,
        model,
        now,
        refills=[Refill(*one) for one in refills if one.id not in not_shown and one.performed_at <= now],
        rose_at=rose_at,
        cap_days=cap_days,
        first_fill=first_fill(pump.drug, visits),
        prescription=prescription,
        zone=zone,
    )
    row.computed_at = now
    return LookedAhead(row, off)


def first_fill(drug: str | None, visits: Sequence[VisitDone]) -> bool | None:
    """Whether the last refill was the pump's first with its drug, by the prescriptions on record; None if not known."""
    refills = [one for one in visits if one.refilled]
    if not refills:
        return None
    before = refills[-1].prescription_before
    found = [before if is_complete(before) else None, *(one.prescription_after for one in refills[:-1])]
    return is_first_fill(drug, [drug_text(told) for told in found])


def newly_measured(outlook: Ahead, readings: Iterable[Measured]) -> list[Measured]:
    """The readings that the outlook's points do not hold, as far as its mark can tell."""
    if outlook.epoch is None:
        return list(readings)
    mark = (outlook.epoch, outlook.through_seq)
    return [one for one in readings if (one.epoch, one.seq) > mark or one.epoch != outlook.epoch]
