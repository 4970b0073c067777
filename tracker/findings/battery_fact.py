"""Whether a battery nears its end, as a payer is told it (CMM-210.5 1a): what is documented, never a projection alone.

Met by the pump's own indicator, by a document that a person enters, or by the charge that the pump itself reports where
even the late end of its 80% interval lies within six months. What follows from age, from the model's limit or from
other pumps is shown as a projection and stays unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tracker.findings.battery_seen import BatterySeen
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.fact import Fact, reading, too_old, with_document
from tracker.findings.pump_snapshot import OutlookSeen, PumpSnapshot, Source

NAME = "battery_nearing_end"
NEARING_END = timedelta(days=183)
"""How near an end is "nearing": six months, in which surgery is planned (source S1). The guideline gives no figure."""
NO_DOCUMENT = "That is a projection and documents nothing: enter a document, or wait for the pump's own indicator."


def battery_fact(view: PumpSnapshot, now: datetime) -> Fact:
    """The fact with its reason; for a device without a battery it is never asked."""
    if view.model is not None and not view.model.has_battery:
        return Fact(NAME, None, "There is no battery that could near its end.", None)
    told, evident_at = _by_pump(view, now)
    return with_document(view, told, evident_at, now)


def _by_pump(view: PumpSnapshot, now: datetime) -> tuple[Fact, datetime | None]:
    """What the pump told, and when it gave the evidence where it did."""
    state, ahead = view.state, view.outlook
    battery = BatterySeen() if ahead is None else ahead.battery
    shown = state is not None and state.battery_indicator in {"eri", "eos"}
    first = battery.eos_at or battery.eri_at or (state.measured_at if state is not None and shown else None)
    if first is not None:
        ended = battery.eos_at is not None or (state is not None and state.battery_indicator == "eos")
        which = "its end of service" if ended else "its elective replacement indicator"
        doubt = f" {battery.doubt}" if battery.doubt else ""
        source = reading(view) if shown else _indicator_source(view, first)
        return Fact(NAME, True, f"The pump reported {which}, first on {time_text(view, first)}.{doubt}", source), first
    if view.not_kept is not None:
        return Fact(NAME, None, view.not_kept, None), None
    if ahead is None or ahead.eos.interval is None:
        why = "no forecast was made yet" if ahead is None else ahead.eos.basis
        return Fact(NAME, None, f"When the battery will end is not known: {why}", reading(view)), None
    if battery.charge is None or battery.charge_at is None:
        return Fact(NAME, None, f"{_projected(view, ahead)} {NO_DOCUMENT}", _basis(view, ahead)), None
    return _by_charge(view, ahead, battery.charge, battery.charge_at, now)


def _by_charge(
    view: PumpSnapshot, ahead: OutlookSeen, charge: tuple[datetime, datetime], charge_at: datetime, now: datetime
) -> tuple[Fact, datetime | None]:
    """What the reported charge documents; the readings are the document."""
    early, late = charge
    horizon = now + NEARING_END
    sentence = (
        f"By the charge that the pump reported, last on {time_text(view, charge_at)}{_percent(view, charge_at)}, "
        f"service ends between {day_text(view, early)} and {day_text(view, late)} (80%)"
    )
    if too_old(view, charge_at, now):
        because = f"{sentence}, but that report is too old to rely on. {NO_DOCUMENT}"
        return Fact(NAME, None, because, _basis(view, ahead)), None
    if late <= horizon:
        return Fact(NAME, True, f"{sentence}, which is within 6 months.", reading(view)), charge_at
    if early <= horizon:
        because = f"{sentence}, which may be within 6 months or not. {NO_DOCUMENT}"
        return Fact(NAME, None, because, _basis(view, ahead)), None
    limit = ahead.battery.limit
    if limit is not None and limit <= horizon:
        because = f"{sentence}, but the model's limit of service lies on {day_text(view, limit)}. {NO_DOCUMENT}"
        return Fact(NAME, None, because, _basis(view, ahead)), None
    return Fact(NAME, False, f"{sentence}, which is more than 6 months away.", reading(view)), None


def _percent(view: PumpSnapshot, charge_at: datetime) -> str:
    state = view.state
    if state is None or state.battery_percent is None or state.measured_at != charge_at:
        return ""
    return f" with {state.battery_percent:g} %"


def _projected(view: PumpSnapshot, ahead: OutlookSeen) -> str:
    if ahead.eos.interval is None:
        return ahead.eos.basis
    span = f"between {day_text(view, ahead.eos.interval.low)} and {day_text(view, ahead.eos.interval.high)}"
    why = ahead.battery.doubt or "The pump has reported no charge."
    return f"{why} End of service is projected {span} (80%), from its age and the model's figures."


def _basis(view: PumpSnapshot, ahead: OutlookSeen) -> Source:
    return Source("forecast", None, ahead.eos.basis, None if view.state is None else view.state.measured_at)


def _indicator_source(view: PumpSnapshot, first: datetime) -> Source:
    alarm = next((one for one in view.notices if one.first_seen_at == first), None)
    if alarm is not None:
        return Source("alarm", str(alarm.id), f"alarm {alarm.code.value} of {view.serial}", first)
    return Source("forecast", None, f"report of {time_text(view, first)}", first)
