"""Recalls imported as they are published: which pumps they cover, once, and what a newer file changes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.actions.build import NURSE, a_pump
from tracker.actions.advisories.acknowledge_advisory import acknowledge_advisory
from tracker.actions.advisories.import_recalls import Imported, import_recalls
from tracker.actions.advisories.load_advisories import load_advisories
from tracker.actions.advisories.read_recalls import Pasted, read_recalls
from tracker.errors import Invalid
from tracker.records.advisory import Advisory, AdvisoryMatch
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.queries.serial_lookup import pump_by_serial
from tracker.schedule.advisories import match_all

SERIALS = ("NGP001000R", "NGP001000H", "NGP350081H", "NGP350082H", "NGP350090H", "NGP034132N", "NGP000400N")
COVERED = {"NGP001000R", "NGP350081H", "NGP350090H", "NGP034132N"}
CODES = "NGP000370R thru NGP002152R, NGP000565N thru NGP034132N, NGP005103H thru NGP350081H, NGP350086H thru NGP350092H"
RECALL = {
    "cfres_id": "102261",
    "product_res_number": "Z-3043-2011",
    "event_date_initiated": "2011-07-05",
    "event_date_terminated": "2012-08-24",
    "recall_status": "Terminated",
    "product_code": "LKK",
    "product_description": "SynchroMed II, Model 8637 (20 ml or 40 ml)",
    "code_info": f"serial numbers: {CODES}",
    "reason_for_recall": "Reduced battery performance",
    "action": "Follow the maker's letter.",
}
ENFORCEMENT = {
    "recall_number": "Z-3043-2011",
    "classification": "Class I",
    "status": "Terminated",
    "recall_initiation_date": "20110705",
    "product_description": "SynchroMed II, Model 8637",
    "code_info": f"serial numbers: {CODES}",
    "reason_for_recall": "Reduced battery performance",
}


def imported(session: Session, now: datetime, *entries: dict[str, Any]) -> list[Imported]:
    recalls = read_recalls(json.dumps({"meta": {}, "results": list(entries)}))
    return import_recalls(session, recalls, by=NURSE, clinic_id=None, now=now, via="test")


def pumps(session: Session, now: datetime, **more: str) -> None:
    for serial, model in {**dict.fromkeys(SERIALS, "synchromed-ii-20"), **more}.items():
        a_pump(session, now, serial=serial, model=model)


def by_cover(one: Imported, covered: str = "yes") -> set[str]:
    return {pump.serial for pump in one.pumps if pump.covered == covered}


def test_a_recall_of_many_ranges_covers_its_own_serials_alone_on_every_database(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pumps(session, now, NGP001001R="synchromed-ii-40", NGP001002R="synchromed-iii-20")
        (one,) = imported(session, now, RECALL)
        assert (one.reference, one.read) == ("Z-3043-2011", "whole")
        assert by_cover(one) == COVERED | {"NGP001001R"}
        assert by_cover(one, "maybe") == set()


def test_a_recall_that_is_read_in_part_may_cover_every_other_pump_of_its_models(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pumps(session, now, NGP9="synchromed-iii-20")
        codes = f"{CODES}, NGP351231H thru NGP351258"
        (one,) = imported(session, now, RECALL | {"code_info": codes})
        assert (one.read, by_cover(one)) == ("incompletely", COVERED)
        assert by_cover(one, "maybe") == set(SERIALS) - COVERED
        assert "NGP351231H to NGP351258" in one.unread[0]
        again = a_pump(session, now + timedelta(days=1), serial="NGP777777H")
    assert match_all(database, now) == 1
    with database.reading() as session:
        match = session.exec(select(AdvisoryMatch).where(AdvisoryMatch.pump_id == key(again.id))).one()
        assert match.covered == "maybe"


def test_a_pump_is_told_of_one_recall_once_whatever_files_speak_of_it(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pumps(session, now)
        imported(session, now, RECALL)
        (one,) = imported(session, now, ENFORCEMENT)
        imported(session, now, RECALL, ENFORCEMENT)
        assert by_cover(one) == COVERED
        assert len(session.exec(select(AdvisoryMatch)).all()) == len(COVERED)
        row = session.exec(select(Advisory)).one()
        assert (row.classification, row.status, row.action) == ("Class I", "Terminated", RECALL["action"])
        assert row.ended_on is not None, "an ended recall stays, and says when it ended"


def test_a_newer_text_releases_what_nobody_decided_on_and_keeps_what_was_decided(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pumps(session, now)
        imported(session, now, RECALL)
        decided = pump_by_serial(session, "NGP001000R")
        assert decided
        match = session.exec(select(AdvisoryMatch).where(AdvisoryMatch.pump_id == key(decided.id))).one()
        acknowledge_advisory(session, key(match.id), note="told the patient", by=NURSE, now=now)
        (one,) = imported(session, now, RECALL | {"code_info": "NGP350086H thru NGP350092H"})
        assert by_cover(one) == {"NGP350090H", "NGP001000R"}
        assert match.note == "told the patient"


def test_a_pump_that_might_be_covered_is_asked_about_again_once_it_surely_is(database: Database, now: datetime) -> None:
    with database.writing() as session:
        a_pump(session, now, serial="NGP5H")
        imported(session, now, RECALL | {"code_info": "see the list"})
        match = session.exec(select(AdvisoryMatch)).one()
        acknowledge_advisory(session, key(match.id), note="the maker does not know yet", by=NURSE, now=now)
        imported(session, now + timedelta(days=1), RECALL | {"code_info": "NGP1H thru NGP9H"})
        session.refresh(match)
        assert (match.covered, match.acknowledged_at) == ("yes", None)


def test_a_pasted_text_covers_the_models_that_are_given_with_it(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pumps(session, now, NGP350087H="synchromed-ii-40")
        pasted = Pasted("X-1", ("synchromed-ii-40",), now.date())
        recalls = read_recalls("NGP350086H - NGP350092H", pasted)
        (one,) = import_recalls(session, recalls, by=NURSE, clinic_id=None, now=now, via="test")
        assert by_cover(one) == {"NGP350087H"}


def test_many_models_and_ranges_under_one_reference_are_one_recall(database: Database, now: datetime) -> None:
    texts = {"published_on": "2011-07-05", "title": "Battery", "action": "Read it.", "source": "FDA"}
    entries = [
        {"reference": "Z-1", "model": model, "serial_from": first, "serial_to": last, **texts}
        for model in ("synchromed-ii-20", "synchromed-ii-40")
        for first, last in (("NGP5103H", "NGP350081H"), ("NGP350083H", "NGP350083H"))
    ]
    with database.writing() as session:
        pumps(session, now)
        load_advisories(session, read_recalls(json.dumps(entries)), now)
    assert match_all(database, now) == 1
    with database.reading() as session:
        assert len(session.exec(select(Advisory)).all()) == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("no json", "file"),
        ("{}", "file"),
        (json.dumps({"results": [{"recall_number": "Z-1"}]}), "event_date_initiated"),
        (json.dumps([RECALL | {"product_res_number": ""}]), "product_res_number"),
        (json.dumps([RECALL | {"event_date_initiated": "July"}]), "event_date_initiated"),
        (json.dumps([RECALL | {"code_info": 5}]), "code_info"),
    ],
)
def test_a_file_that_is_no_recall_is_refused_with_the_field(text: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_recalls(text)
    assert refused.value.field == field


def test_a_recall_that_names_no_model_of_the_catalogue_says_so(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pumps(session, now)
        (one,) = imported(session, now, RECALL | {"product_description": "A catheter", "code_info": "NGP1H"})
        assert (one.read, one.pumps) == ("incompletely", ())
        assert "no model of the catalogue is named" in one.unread[-1]


def test_a_pump_is_one_pump_in_every_spelling_of_its_serial(database: Database, now: datetime) -> None:
    with database.writing() as session:
        made = a_pump(session, now, serial="NGP-001h")
        for spelling in ("NGP-001h", "ngp-001H", " NGP-001H "):
            found = pump_by_serial(session, spelling)
            assert isinstance(found, Pump)
            assert found.id == made.id
