"""Recalls and advisories: what each says, which serials it covers, which pumps that is, and who decided on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Index,
    Select,
    UniqueConstraint,
    and_,
    case,
    func,
    literal,
    or_,
    text,
)
from sqlalchemy import select as choose
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import UtcDateTime, key
from tracker.records.pump import Pump


class Kind(StrEnum):
    """What a coverage row speaks of: every pump of a model, a range of serials, or pumps that can't be told."""

    ALL = "all"
    RANGE = "range"
    MAYBE = "maybe"


class Covered(StrEnum):
    """Whether a recall covers a pump. There is no "no": of a recall that is read in part nobody can say it."""

    YES = "yes"
    MAYBE = "maybe"


class Advisory(SQLModel, table=True):
    """A maker's or authority's notice on some pumps. Alone it never meets a criterion of replacement."""

    __tablename__ = "advisory"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, max_length=80)
    published_on: date
    title: str = Field(max_length=300)
    action: str = Field(max_length=2000)
    source: str = Field(max_length=500)
    classification: str | None = Field(default=None, max_length=40, description="as the authority writes it: Class I")
    status: str | None = Field(default=None, max_length=80, description="as the authority writes it")
    ended_on: date | None = Field(default=None, description="when the authority ended it; it stays visible")
    unread: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False), description="by origin: words that were not read"
    )
    loaded_at: datetime = Field(sa_type=UtcDateTime)
    clinic_id: int | None = Field(default=None, description="the clinic that loaded it; None: the installation's")

    @property
    def unread_words(self) -> list[str]:
        """What of the notice could not be read; empty where it is read whole."""
        return [str(words) for origin in sorted(self.unread) for words in self.unread[origin]]


class AdvisoryCoverage(SQLModel, table=True):
    """Serials that a recall covers, for one model. Numbers are padded with zeros, so that texts compare as numbers."""

    __tablename__ = "advisory_coverage"
    __table_args__ = (Index("ix_advisory_coverage_model", "model", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    advisory_id: int = Field(foreign_key="advisory.id", index=True)
    origin: str = Field(max_length=16, description="the kind of file that said so; a newer one replaces its own rows")
    model: str = Field(max_length=64)
    kind: str = Field(max_length=8, description="all, range or maybe")
    prefix: str = Field(default="", max_length=64)
    suffix: str = Field(default="", max_length=64)
    low: str = Field(default="", max_length=64)
    high: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=160, description="as the notice writes it")


class AdvisoryMatch(SQLModel, table=True):
    """An advisory that covers a pump, or may cover it, until somebody acknowledged it for that pump."""

    __tablename__ = "advisory_match"
    __table_args__ = (
        UniqueConstraint("advisory_id", "pump_id", name="uq_advisory_match"),
        Index(
            "ix_advisory_match_waiting",
            "advisory_id",
            "pump_id",
            sqlite_where=text("acknowledged_at IS NULL"),
            postgresql_where=text("acknowledged_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    advisory_id: int = Field(foreign_key="advisory.id")
    pump_id: int = Field(foreign_key="pump.id", index=True)
    covered: str = Field(default="yes", max_length=8, sa_column_kwargs={"server_default": "yes"})
    matched_at: datetime = Field(sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254)
    note: str | None = Field(default=None, max_length=1000)


def unacknowledged_advisories(
    session: Session, pump_ids: Sequence[int]
) -> dict[int, list[tuple[AdvisoryMatch, Advisory]]]:
    """Each pump's advisories that nobody has acknowledged for it."""
    if not pump_ids:
        return {}
    found: dict[int, list[tuple[AdvisoryMatch, Advisory]]] = {}
    chosen = (
        select(AdvisoryMatch, Advisory)
        .join(Advisory, col(Advisory.id) == col(AdvisoryMatch.advisory_id))
        .where(col(AdvisoryMatch.pump_id).in_(pump_ids), col(AdvisoryMatch.acknowledged_at).is_(None))
    )
    for match, advisory in session.exec(chosen.order_by(col(AdvisoryMatch.id))):
        found.setdefault(match.pump_id, []).append((match, advisory))
    return found


def advisories_of(session: Session, pump_id: int) -> list[tuple[AdvisoryMatch, Advisory]]:
    """Every advisory that covers a pump, acknowledged or not, newest first."""
    chosen = (
        select(AdvisoryMatch, Advisory)
        .join(Advisory, col(Advisory.id) == col(AdvisoryMatch.advisory_id))
        .where(AdvisoryMatch.pump_id == pump_id)
        .order_by(col(Advisory.published_on).desc(), col(Advisory.id).desc())
    )
    return [(match, advisory) for match, advisory in session.exec(chosen)]


def any_advisory(session: Session) -> bool:
    """Whether there is any advisory: asked at every turn of a job, so the statement is made once."""
    return session.execute(_ANY).first() is not None


_ANY = select(Advisory.id).limit(1)


def coverage_of(session: Session, advisory_ids: Sequence[int]) -> dict[int, list[AdvisoryCoverage]]:
    """What each of those advisories covers, in the order in which it was read."""
    found: dict[int, list[AdvisoryCoverage]] = {one: [] for one in advisory_ids}
    chosen = select(AdvisoryCoverage).where(col(AdvisoryCoverage.advisory_id).in_(advisory_ids))
    for row in session.exec(chosen.order_by(col(AdvisoryCoverage.id))):
        found[row.advisory_id].append(row)
    return found


def unmatched_pumps(session: Session, limit: int) -> list[tuple[int, int, Covered]]:
    """Pairs of advisory and pump that belong together and are not matched yet, or only as "may be covered"."""
    by_range, by_model = _pairs()
    some = choose(
        (paired := by_range.union_all(by_model).subquery()).c.advisory_id,
        paired.c.pump_id,
        func.max(paired.c.sure).label("sure"),
    ).group_by(paired.c.advisory_id, paired.c.pump_id)
    pairs = some.order_by(paired.c.advisory_id, paired.c.pump_id).limit(limit)
    return [(key(row[0]), key(row[1]), Covered.YES if row[2] else Covered.MAYBE) for row in session.execute(pairs)]


def pumps_covered(session: Session, advisory_ids: Sequence[int]) -> dict[tuple[int, int], Covered]:
    """Every pair of those advisories and the pumps that they cover, matched already or not."""
    found: dict[tuple[int, int], Covered] = {}
    for pairs in _pairs(matched_too=True):
        for advisory_id, pump_id, sure in session.execute(
            pairs.where(col(AdvisoryCoverage.advisory_id).in_(advisory_ids))
        ):
            known = found.get((advisory_id, pump_id))
            found[advisory_id, pump_id] = Covered.YES if sure or known is Covered.YES else Covered.MAYBE
    return found


def _pairs(*, matched_too: bool = False) -> tuple[Select[Any], Select[Any]]:
    """Two statements: pairs by a range of serials, which an index finds, and pairs by the model alone."""
    is_range = col(AdvisoryCoverage.kind) == Kind.RANGE
    in_range = and_(
        is_range,
        col(Pump.serial_prefix) == col(AdvisoryCoverage.prefix),
        col(Pump.serial_suffix) == col(AdvisoryCoverage.suffix),
        col(Pump.serial_digits) >= col(AdvisoryCoverage.low),
        col(Pump.serial_digits) <= col(AdvisoryCoverage.high),
    )
    sure = case((col(AdvisoryCoverage.kind) == Kind.ALL, 1), else_=0)
    return (
        _pairs_where(in_range, literal(1), matched_too=matched_too),
        _pairs_where(~is_range, sure, matched_too=matched_too),
    )


def _pairs_where(condition: ColumnElement[bool], sure: ColumnElement[int], *, matched_too: bool) -> Select[Any]:
    columns: tuple[Any, ...] = (col(AdvisoryCoverage.advisory_id), col(Pump.id).label("pump_id"), sure.label("sure"))
    pairs: Select[Any] = (
        choose(*columns)
        .select_from(AdvisoryCoverage)
        .join(Pump, and_(col(Pump.model) == col(AdvisoryCoverage.model), condition))
    )
    if matched_too:
        return pairs
    match = and_(
        col(AdvisoryMatch.advisory_id) == col(AdvisoryCoverage.advisory_id),
        col(AdvisoryMatch.pump_id) == col(Pump.id),
    )
    new = or_(col(AdvisoryMatch.id).is_(None), and_(col(AdvisoryMatch.covered) == Covered.MAYBE, sure == 1))
    return pairs.outerjoin(AdvisoryMatch, match).where(new)


def matches_of(
    session: Session, pairs: Sequence[tuple[int, int]] | None, advisory_ids: Sequence[int] = ()
) -> dict[tuple[int, int], int]:
    """The matches of those pairs of advisory and pump; or, without pairs, those of the advisories that wait."""
    chosen = choose(col(AdvisoryMatch.advisory_id), col(AdvisoryMatch.pump_id), col(AdvisoryMatch.id))
    if pairs is None:
        waiting = col(AdvisoryMatch.acknowledged_at).is_(None)
        chosen = chosen.where(col(AdvisoryMatch.advisory_id).in_(advisory_ids), waiting)
        return {(row[0], row[1]): row[2] for row in session.execute(chosen)}
    wanted = set(pairs)
    chosen = chosen.where(
        col(AdvisoryMatch.advisory_id).in_({one for one, _ in pairs}),
        col(AdvisoryMatch.pump_id).in_({one for _, one in pairs}),
    )
    return {(row[0], row[1]): row[2] for row in session.execute(chosen) if (row[0], row[1]) in wanted}


def references_of_others(session: Session, references: Sequence[str], clinic_id: int) -> list[str]:
    """Those of the advisories that are the installation's or another clinic's, in order."""
    others = col(Advisory.clinic_id).is_distinct_from(clinic_id)
    chosen = select(Advisory.reference).where(col(Advisory.reference).in_(references), others)
    return list(session.exec(chosen.order_by(Advisory.reference)))


def references_elsewhere(session: Session, references: Sequence[str], clinic_id: int) -> list[str]:
    """Those of the advisories that cover pumps of other clinics than that one, in order."""
    return list(
        session.exec(
            select(Advisory.reference)
            .join(AdvisoryMatch, col(AdvisoryMatch.advisory_id) == col(Advisory.id))
            .join(Pump, col(Pump.id) == col(AdvisoryMatch.pump_id))
            .where(col(Advisory.reference).in_(references), col(Pump.clinic_id) != clinic_id)
            .distinct()
            .order_by(Advisory.reference)
        )
    )
