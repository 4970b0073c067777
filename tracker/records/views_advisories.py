"""Advisories as their pages show them: each with how many of one clinic's pumps it covers, and those pumps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select, tuple_, union_all
from sqlmodel import Session, col

from tracker.records.advisory import Advisory, AdvisoryMatch
from tracker.records.pump import Pump

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


def covered_counts(session: Session, clinic_id: int, advisory_ids: Sequence[int]) -> dict[int, Covered]:
    """For each of these advisories the clinic's pumps, counted to ``COUNTED_TO`` and one more for "more than that"."""
    pumps = _counts(session, clinic_id, advisory_ids, ())
    waiting = _counts(session, clinic_id, advisory_ids, (col(AdvisoryMatch.acknowledged_at).is_(None),))
    return {one: Covered(pumps.get(one, 0), waiting.get(one, 0)) for one in advisory_ids}


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


def _counts(
    session: Session, clinic_id: int, advisory_ids: Sequence[int], narrowed: tuple[ColumnElement[bool], ...]
) -> dict[int, int]:
    if not advisory_ids:
        return {}
    # by each match's own pump: joined, a database may well begin with all of the clinic's pumps
    whose = select(col(Pump.clinic_id)).where(col(Pump.id) == col(AdvisoryMatch.pump_id)).scalar_subquery()
    parts: list[Any] = []
    for advisory_id in advisory_ids:
        some = (
            select(col(AdvisoryMatch.pump_id))
            .where(col(AdvisoryMatch.advisory_id) == advisory_id, whose == clinic_id, *narrowed)
            .limit(COUNTED_TO + 1)
            .subquery()
        )
        parts.append(select(literal(advisory_id), func.count()).select_from(some))
    return {int(advisory_id): int(count) for advisory_id, count in session.execute(union_all(*parts))}
