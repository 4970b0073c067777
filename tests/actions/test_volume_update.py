"""A refill session that told the pump its new volume alone: coded as a refill, and whoever bills it is told why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from tests.actions.build import a_pump
from tracker.actions.visits.draft_visit import draft_visit
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.visit import Visit

RX = {"drug": "morphine", "concentration": "10", "unit": "mg/mL", "dose_per_day": "3", "mode": "simple_continuous"}
SPELLED = {"drug": "Morphine Sulfate", "concentration": "10.0", "unit": "MG/ML", "dose_per_day": "3.00"}


def drafted(session: Session, now: datetime, before: dict[str, Any] | None, after: Any, **done: Any) -> Visit:
    values = {"analysed": True, "reprogrammed": True, "refilled": True} | done
    record = ProgrammerSessionRecord(
        pump_id=key(a_pump(session, now).id),
        epoch=1,
        seq=1,
        measured_at=now,
        received_at=now,
        completed=True,
        prescription_before=before,
        prescription_after=after,
        **values,
    )
    session.add(record)
    session.flush()
    visit = draft_visit(session, record, now)
    assert visit is not None
    return visit


@pytest.mark.parametrize("after", [RX, SPELLED], ids=["same", "spelled otherwise"])
def test_a_refill_with_the_same_prescription_is_drafted_as_a_refill(
    sqlite_database: Database, now: datetime, after: dict[str, Any]
) -> None:
    with sqlite_database.writing() as session:
        visit = drafted(session, now, RX, after)
        assert (visit.codes, visit.reprogrammed, visit.listed_in_guideline) == (["95990"], False, True)
        assert "Only the volume was updated" in visit.because


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RX, RX | {"dose_per_day": "3.3"}),
        (RX, RX | {"unit": "mcg/mL"}),
        (RX, RX | {"drug": "hydromorphone"}),
        (RX, RX | {"mode": "flex"}),
        (None, RX),
        (RX, None),
        (None, None),
    ],
)
def test_a_changed_or_untold_prescription_stays_a_reprogramming(
    sqlite_database: Database, now: datetime, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    with sqlite_database.writing() as session:
        visit = drafted(session, now, before, after)
        assert (visit.codes, visit.reprogrammed) == (["62369"], True)
        assert "same before and after" not in visit.because


def test_reprogramming_without_a_refill_that_changed_nothing_is_told_and_left_to_a_person(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        visit = drafted(session, now, RX, RX, refilled=False)
        assert visit.codes == ["62368"]
        assert "same before and after" in visit.because
