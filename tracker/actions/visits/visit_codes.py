"""The codes of a pump's visits on one day of its clinic, each against those logged before it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from devices.models import catalogue
from tracker.actions.visits.prescription import nothing_changed
from tracker.coding import code_visit
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import Clinic, Pump
from tracker.records.visit import Visit, visits_between


def clinic_day(moment: datetime, timezone: str) -> tuple[datetime, datetime]:
    """The start of the moment's day in that time zone, and of the day after, in UTC."""
    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def today_in(session: Session, clinic_id: int, now: datetime) -> date:
    """Which day it is at that clinic."""
    return now.astimezone(ZoneInfo(session.get_one(Clinic, clinic_id).timezone)).date()


def code_day(session: Session, pump: Pump, moment: datetime) -> None:
    """Code every visit of that day again, in the order of logging: the second one of a kind shows the conflict.

    Raises `Invalid` for an act that the pump's model does not have; a draft that claims one says so instead, since a
    person must see it.
    """
    clinic = session.get_one(Clinic, pump.clinic_id)
    start, end = clinic_day(moment, clinic.timezone)
    coded: list[str] = []
    for visit in visits_between(session, key(pump.id), start, end):
        try:
            _code(visit, pump, coded)
        except Invalid as fault:
            if visit.source != "session" or visit.status != "draft":
                raise
            visit.codes, visit.because = [], str(fault)
        session.add(visit)
        coded += [code for code in visit.codes if code not in coded]  # one names a conflict once
    session.flush()


def _code(visit: Visit, pump: Pump, coded: list[str]) -> None:
    model = catalogue.find(pump.model)
    if model is None:
        raise Conflict(f"the model {pump.model} of {pump.serial} is no longer in the catalogue")
    result = code_visit(
        model.kind,
        analysed=visit.analysed,
        reprogrammed=visit.reprogrammed,
        refilled=visit.refilled,
        professional_skill=visit.professional_skill,
        already_coded_today=tuple(coded),
    )
    visit.codes = list(result.codes)
    visit.listed_in_guideline = result.listed_in_guideline
    visit.conflicts = list(result.conflicts)
    visit.because = f"{result.because}{_on_volume_alone(visit)}"


def _on_volume_alone(visit: Visit) -> str:
    """What whoever confirms or bills the visit is told where the prescription is the same before and after."""
    if not nothing_changed(visit.prescription_before, visit.prescription_after):
        return ""
    if visit.refilled and not visit.reprogrammed:
        return (
            " Only the volume was updated: the prescription is the same before and after. Payers deny 62369 and 62370 "
            "for that; amend the visit if a dose, a rate or a mode was changed."
        )
    if visit.reprogrammed:
        other = "95990 or 95991" if visit.refilled else "62367"
        return (
            " The prescription is the same before and after: a payer may deny reprogramming where no dose, rate or "
            f"mode was changed, and expect {other}."
        )
    return ""
