"""Advisories as their pages show them: each with how many of one clinic's pumps it covers, and those pumps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import Session, col

from tracker.records.advisory import Advisory, AdvisoryMatch
from tracker.records.pump import Clinic, Pump

COUNTED_TO: Final = 999
"""Pumps of an advisory are counted so far and no further, that no page grows slower with the number of pumps."""


class Covered(NamedTuple):
    """How many of a clinic's pumps an advisory covers, and for how many of them nobody has acknowledged it."""

    pumps: int
    waiting: int


class CoveredPump(NamedTuple):
    """A pump that an advisory covers, with the match that is acknowledged for it."""

    match: AdvisoryMatch
    pump: Pump


def advisories_page(session: Session, limit: int, after: tuple[date, int] | None = None) -> list[Advisory]:
    """Advisories, the newest published first."""
    query = select(Advisory)
    if after is not None:
        query = query.where(tuple_(col(Advisory.published_on), col(Advisory.id)) < after)
    query = query.order_by(col(Advisory.published_on).desc(), col(Advisory.id).desc()).limit(limit)
    return list(session.execute(query).scalars())


def covered_count(session: Session, clinic_id: int, advisory_id: int) -> Covered:
    """The clinic's pumps of an advisory, counted to ``COUNTED_TO`` and one more for "more than that"."""
    waiting = col(AdvisoryMatch.acknowledged_at).is_(None)
    return Covered(_count(session, clinic_id, advisory_id), _count(session, clinic_id, advisory_id, waiting))


def covered_by_each(session: Session, clinic_id: int) -> dict[int, Covered]:
    """The clinic's pumps of every advisory that covers any. It looks at each match of the clinic's pumps."""
    match = col(AdvisoryMatch.advisory_id)
    waiting = func.count().filter(col(AdvisoryMatch.acknowledged_at).is_(None))
    query = select(match, func.count(), waiting).join(Pump, col(Pump.id) == col(AdvisoryMatch.pump_id))
    rows = session.execute(query.where(col(Pump.clinic_id) == clinic_id).group_by(match))
    return {int(advisory_id): Covered(int(pumps), int(some)) for advisory_id, pumps, some in rows}


def covered_pumps(
    session: Session, clinic_id: int, advisory_id: int, *, waiting: bool, limit: int, after_pump: int | None = None
) -> list[CoveredPump]:
    """The clinic's pumps that the advisory covers: those that wait for an acknowledgment, or those that have it."""
    done = col(AdvisoryMatch.acknowledged_at)
    query = (
        select(AdvisoryMatch, Pump)
        .join(Pump, col(Pump.id) == col(AdvisoryMatch.pump_id))
        .where(
            col(AdvisoryMatch.advisory_id) == advisory_id,
            col(Pump.clinic_id) == clinic_id,
            done.is_(None) if waiting else done.is_not(None),
        )
    )
    if after_pump is not None:
        query = query.where(col(AdvisoryMatch.pump_id) > after_pump)
    return [CoveredPump(*row) for row in session.execute(query.order_by(col(AdvisoryMatch.pump_id)).limit(limit))]


def advisories_by_reference(session: Session, references: Iterable[str]) -> Mapping[str, Advisory]:
    """The advisories of these references that are loaded already."""
    query = select(Advisory).where(col(Advisory.reference).in_(sorted(set(references))))
    return {one.reference: one for one in session.execute(query).scalars()}


def match_of_clinic(session: Session, clinic_id: int, match_id: int) -> tuple[AdvisoryMatch, Pump] | None:
    """One match with its pump, if the pump is the clinic's."""
    row = session.execute(
        select(AdvisoryMatch, Pump)
        .join(Pump, col(Pump.id) == col(AdvisoryMatch.pump_id))
        .where(col(AdvisoryMatch.id) == match_id, col(Pump.clinic_id) == clinic_id)
    ).first()
    return None if row is None else (row[0], row[1])


def owners_of(session: Session, advisories: Sequence[Advisory]) -> dict[int, str]:
    """The clinics that own those advisories, by number, each with its name; the installation's need none."""
    numbers = {one.clinic_id for one in advisories if one.clinic_id is not None}
    if not numbers:
        return {}
    return dict(session.execute(select(col(Clinic.id), col(Clinic.name)).where(col(Clinic.id).in_(numbers))).all())


def _count(session: Session, clinic_id: int, advisory_id: int, *narrowed: ColumnElement[bool]) -> int:
    # by each match's own pump: joined, a database may well begin with all of the clinic's pumps
    whose = select(col(Pump.clinic_id)).where(col(Pump.id) == col(AdvisoryMatch.pump_id)).scalar_subquery()
    some = (
        select(col(AdvisoryMatch.pump_id))
        .where(col(AdvisoryMatch.advisory_id) == advisory_id, whose == clinic_id, *narrowed)
        .limit(COUNTED_TO + 1)
        .subquery()
    )
    return int(session.execute(select(func.count()).select_from(some)).scalar_one())


class CoveredSerial(NamedTuple):
    """A pump that a recall covers: yes, or maybe."""

    serial: str
    covered: str


def covered_serials(
    session: Session, advisory_ids: Sequence[int], clinic_id: int | None = None
) -> dict[int, list[CoveredSerial]]:
    """The pumps of each of those advisories (of one clinic, or of all), by serial."""
    query = (
        select(col(AdvisoryMatch.advisory_id), col(Pump.serial), col(AdvisoryMatch.covered))
        .join(Pump, col(Pump.id) == col(AdvisoryMatch.pump_id))
        .where(col(AdvisoryMatch.advisory_id).in_(advisory_ids))
        .order_by(col(Pump.serial))
    )
    if clinic_id is not None:
        query = query.where(col(Pump.clinic_id) == clinic_id)
    found: dict[int, list[CoveredSerial]] = {}
    for advisory_id, serial, covered in session.execute(query):
        found.setdefault(advisory_id, []).append(CoveredSerial(serial, covered))
    return found
