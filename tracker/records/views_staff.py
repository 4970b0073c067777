"""A clinic's API tokens by the person they belong to, in one query."""

from __future__ import annotations

from sqlmodel import Session, col, select

from tracker.records.staff import ApiToken, Staff


def tokens_by_staff(session: Session, clinic_id: int) -> dict[int, list[ApiToken]]:
    """The tokens that still open something, by their owner's id, the newest first."""
    rows = session.exec(
        select(ApiToken)
        .join(Staff, col(Staff.id) == col(ApiToken.staff_id))
        .where(col(Staff.clinic_id) == clinic_id, col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id).desc())
    )
    found: dict[int, list[ApiToken]] = {}
    for token in rows:
        found.setdefault(token.staff_id, []).append(token)
    return found
