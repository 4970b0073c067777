"""The visit form asks about what may be a slip, keeps what was typed, and shows mixtures and boluses."""

from __future__ import annotations

import re
from typing import Any

from sqlmodel import select

from tests.build import a_pump, a_visit
from tests.web.conftest import Site
from tracker.records.pump import Pump
from tracker.records.visit import Visit

TYPED: dict[str, Any] = {
    "performed_at": "2026-11-20T10:00",
    "refilled": "yes",
    "reprogrammed": "yes",
    "aspirated_ml": "3",
    "filled_ml": "20",
    "drug": "morphine",
    "concentration": "25",
    "unit": "mg/mL",
    "dose_per_day": "5",
    "further_drugs": "clonidine 1250 mcg/mL, 250 a day",
    "bolus_dose": "0.1",
    "bolus_unit": "mg",
    "bolus_per_day": "4",
    "bolus_lockout": "120",
    "credential": "np",
    "fill_lot": "L-7",
    "note": "typed words",
}


def test_the_form_has_fields_for_the_boluses_that_the_patient_may_take(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="BOLUS")
    page = one_site.browser().get("/pumps/BOLUS/visits/new").text
    assert "Patient boluses: most per day" in page
    assert "Lockout, minutes" in page


def test_a_mixture_and_boluses_are_typed_stored_and_shown_as_they_were(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="MIXED", model="prometra-ii-20")
    nurse = one_site.browser()
    shown = nurse.post("/pumps/MIXED/visits", data=TYPED)
    assert shown.status_code == 303, shown.text
    with one_site.database.reading() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "MIXED")).one()
        assert pump.drug == "morphine + clonidine"
        assert pump.boluses == {"dose": "0.1", "unit": "mg", "per_day": 4, "lockout_minutes": 120}
        visit = session.exec(select(Visit).where(Visit.pump_id == pump.id)).one()
    page = nurse.get(f"/pumps/MIXED/visits/{visit.id}").text
    assert "patient boluses 0.1 mg, at most 4 per day" in page
    assert "L-7" in page
    assert "patient boluses 0.1 mg, at most 4 per day" in nurse.get("/pumps/MIXED").text
    again = nurse.get(f"/pumps/MIXED/visits/{visit.id}?amend=true").text
    assert "clonidine 1250 mcg/mL, 250" in again


def test_a_warning_is_shown_with_a_field_and_nothing_typed_is_lost(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="WARNED")
    nurse = one_site.browser()
    typed = TYPED | {"drug": "morfine", "further_drugs": ""}
    page = nurse.post("/pumps/WARNED/visits", data=typed)
    assert page.status_code == 422
    assert 'name="answer.drug_unknown"' in page.text
    assert "typed words" in page.text
    done = nurse.post("/pumps/WARNED/visits", data=typed | {"answer.drug_unknown": "a trial drug"})
    assert done.status_code == 303
    assert "a trial drug" in nurse.get(done.headers["location"]).text


def test_a_draft_whose_dose_is_several_times_the_last_asks_before_it_is_confirmed(one_site: Site) -> None:
    rx = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "150", "mode": None}
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic(), serial="DRAFT-4")
        draft = a_visit(session, pump, status="draft", source="session", reprogrammed=True,
                        prescription_before=rx, prescription_after=rx | {"dose_per_day": "600"})  # fmt: skip
        draft_id = draft.id
    nurse = one_site.browser()
    path = f"/pumps/DRAFT-4/visits/{draft_id}"
    page = nurse.post(f"{path}/confirm", data={"seen": "0"})
    assert page.status_code == 422
    assert 'name="answer.dose_several_times"' in page.text
    done = nurse.post(f"{path}/confirm", data={"seen": "0", "answer.dose_several_times": "ordered"})
    assert done.status_code == 303
    assert "ordered" in nurse.get(path).text


def test_everything_of_a_fill_is_typed_stored_and_shown(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="WASTED", model="prometra-ii-20")
    fill = {"fill_compounder": "Pharmacy 4", "fill_wasted": "1,5", "fill_witnessed_by": "rn.two"}
    typed = {"performed_at": "2026-11-20T10:00", "refilled": "yes", "filled_ml": "20", **fill}
    nurse = one_site.browser()
    wrong = nurse.post("/pumps/WASTED/visits", data=typed | {"fill_wasted": "some"})
    assert wrong.status_code == 422
    assert "The wasted volume is a number of mL" in wrong.text
    assert "Pharmacy 4" in wrong.text
    done = nurse.post("/pumps/WASTED/visits", data=typed)
    assert done.status_code == 303, done.text
    page = nurse.get(done.headers["location"]).text
    for told in ("Compounded by</dt><dd>Pharmacy 4", "Wasted, mL</dt><dd>1.5", "Witness</dt><dd>rn.two"):
        assert told in page


def test_amending_a_fill_changes_only_what_was_typed_again(one_site: Site) -> None:
    fill = {"lot": "L-1", "witnessed_by": "rn.two", "wasted": "0.50"}
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic(), serial="WITNESS", model="prometra-ii-20")
        visit_id = a_visit(session, pump, refilled=True, filled_ml=20.0, fill=fill).id
    path = f"/pumps/WITNESS/visits/{visit_id}"
    nurse = one_site.browser()
    form = nurse.get(f"{path}?amend=true").text
    typed = dict(re.findall(r'name="(fill_\w+)"[^>]*value="([^"]+)"', form))
    assert typed == {"fill_lot": "L-1", "fill_witnessed_by": "rn.two", "fill_wasted": "0.50"}
    typed |= {"performed_at": "2026-11-20T10:00", "refilled": "yes", "filled_ml": "20", "fill_lot": "L-2"}
    done = nurse.post(f"{path}/amend", data=typed | {"seen": "0", "reason": "misread"})
    assert done.status_code == 303, done.text
    with one_site.database.reading() as session:
        assert session.get_one(Visit, visit_id).fill == fill | {"lot": "L-2"}
