"""Texts that are longer than what a table keeps of them: PostgreSQL refuses those, SQLite takes them."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import select

from tests.actions.build import NURSE, a_pump, a_report
from tests.actions.test_visits import HOUR, LESS, MORE, a_session, log
from tests.actions.test_work import DAY, OTHER, a_line, a_person
from tracker.actions.alarms.assign_alarm import assign_alarm
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.actions.pumps.suspend_reporting import suspend_reporting
from tracker.actions.replacement.document_fact import document_fact
from tracker.actions.visits.amend_visit import amend_visit
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.draft_visit import draft_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.actions.worklist.reassign_item import reassign_item
from tracker.errors import Invalid
from tracker.findings.replacement_facts import DOCUMENTED
from tracker.records.alarm import Alarm, alarm_events
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.worklist import worklist_events

LONG_UNIT = "micrograms per millilitre"


def test_the_longest_reason_fits_when_a_line_is_handed_over_or_its_alarm_assigned(
    database: Database, now: datetime
) -> None:
    _, item_id = a_line(database, now)
    with database.writing() as session:
        a_person(session, now)
        reassign_item(session, item_id, to=OTHER, reason="x" * 1000, by=NURSE, now=now)
        alarm_id = key(session.exec(select(Alarm)).one().id)
        assign_alarm(session, alarm_id, to=OTHER, reason="x" * 1000, by=NURSE, now=now)
        for told in (worklist_events(session, item_id)[-1].reason, alarm_events(session, alarm_id)[-1].reason):
            assert told.startswith(f"to {OTHER}. xxx")
            assert len(told) == 1000


def test_a_text_that_is_too_long_to_keep_is_refused_with_its_field(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        a_report(session, pump, now, 1, alarms=("low_reservoir",))
        alarm_id = key(session.exec(select(Alarm)).one().id)

        def snooze(reason: str) -> None:
            snooze_alarm(session, alarm_id, until=now + HOUR, reason=reason, by=NURSE, now=now)

        def suspend(reason: str) -> None:
            suspend_reporting(session, pump, until=now + DAY, reason=reason, now=now)

        def document(text: str) -> None:
            document_fact(session, pump, fact=DOCUMENTED[0], value=True, author=NURSE, document=text, now=now)

        for act, field in ((snooze, "reason"), (suspend, "reason"), (document, "document")):
            act("x" * 500)
            with pytest.raises(Invalid, match="501 characters are too many") as refused:
                act("x" * 501)
            assert refused.value.field == field


def test_a_session_whose_unit_the_record_can_not_keep_is_confirmed_once_it_is_amended(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        told = {"prescription_before": LESS | {"unit": LONG_UNIT}, "prescription_after": MORE | {"unit": LONG_UNIT}}
        draft = draft_visit(session, a_session(session, pump, now, **told), now)
        assert draft is not None
        visit_id = key(draft.id)
        with pytest.raises(Invalid) as refused:
            confirm_visit(session, visit_id, by=NURSE, now=now)
        assert (refused.value.field, draft.status) == ("prescription_after.unit", "draft")
        amend_visit(session, visit_id, {"prescription_after": MORE}, reason="shorter", by=NURSE, now=now)
        confirm_visit(session, visit_id, by=NURSE, now=now)
        assert pump.concentration_unit == "mcg/mL"
        withdraw_visit(session, visit_id, reason="another patient's", by=NURSE, now=now)
        assert [pump.drug, pump.concentration_unit] == [None, None], "what it was before can't be kept, so is unknown"


@pytest.mark.parametrize(
    ("part", "text"),
    [("drug", "x" * 81), ("unit", "x" * 17), ("concentration", "0." + "1" * 31), ("dose_per_day", "0." + "1" * 31)],
)
def test_a_prescription_longer_than_the_record_is_refused_with_the_part_named(
    database: Database, now: datetime, part: str, text: str
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        with pytest.raises(Invalid) as refused:
            log(session, pump, now, reprogrammed=True, prescription_after=MORE | {part: text})
        assert refused.value.field == f"prescription_after.{part}"
