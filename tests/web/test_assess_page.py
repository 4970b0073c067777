"""The assessment page without a script: sent as a form, answered with the outcome, nothing kept."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import func
from sqlmodel import select

from tests.web.conftest import Site
from tracker.errors import Invalid
from tracker.guideline import LATEST, determine, find, questions
from tracker.records.determination import Determination, DocumentedFact
from tracker.web.forms.assess import read_answers

CASES = [(form.name, step.indication) for form in questions() for step in form.steps]
PAIN = {"question": "permanent_implant", "indication": "nonmalignant_pain"}
ENOUGH = {
    "documented_pathology": "yes",
    "noninvasive_months": "6",
    "noninvasive_failed": "yes",
    "provider_directed": "yes",
    "active_exercise": "contraindicated_documented",
    "fixed_schedule_analgesics": "done",
    "further_intervention_indicated": "no",
    "behavioral_statement": "yes",
    "trial_drug_is_opiate": "no",
    "pain_reduction_percent": "50",
    "pain_reduction_hours": "8.0",
    "function_increased": "yes",
}


@pytest.fixture(scope="module")
def assessor(one_site: Site) -> httpx.Client:
    return one_site.browser("biller")


def sent(assessor: httpx.Client, **answers: str) -> str:
    answer = assessor.post("/assess", data=answers)
    assert answer.status_code == 200, answer.text
    return answer.text


def outcome(page: str) -> str:
    block = page[page.index('id="outcome">') + 13 :].partition("</div>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", block))).strip()


def row(page: str, criterion: str) -> str:
    return page[page.index(f'id="c-{criterion}"') :].partition('<li id="c-')[0]


def asked(page: str, fact: str) -> str:
    block = page[page.index(f'id="ask-{fact}"') :]
    return unescape(block.partition('<div class="ask')[0].partition("<li ")[0])


@pytest.mark.parametrize(("question", "indication"), CASES)
def test_every_fact_that_the_question_asks_has_one_control_with_a_label(
    assessor: httpx.Client, question: str, indication: str | None
) -> None:
    page = assessor.get("/assess", params={"question": question, "indication": indication or ""}).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    form = next(one for one in questions() if one.name == question)
    step = next(one for one in form.steps if one.indication == indication)
    for fact in (*form.first, *(one.fact for one in step.facts)):
        assert f"{fact.label}</" in unescape(page)
        controls = [f"{fact.name}-{end}" for end in ("yes", "no", "unknown")] if fact.kind == "boolean" else [fact.name]
        for control in controls:
            assert control in ids
            assert f'for="{control}"' in page
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_with_nothing_answered_everything_that_could_decide_is_marked(assessor: httpx.Client) -> None:
    page = assessor.get("/assess").text
    missing = determine("replacement", {}).missing
    assert outcome(page) == f"Needs information {len(missing)} answers could still decide it."
    for name in find().asked["replacement"]:
        assert ("Still missing" in asked(page, name)) is (name in missing), name


def test_the_outcome_is_the_evaluators(assessor: httpx.Client) -> None:
    page = sent(assessor, **PAIN, **ENOUGH)
    assert outcome(page).startswith("Medically necessary Decided")
    page = sent(assessor, **PAIN, **ENOUGH | {"pain_reduction_percent": "49.9"})
    assert outcome(page).startswith("Experimental, investigational or unproven")
    assert "The pain fell by 49.9 percent in the trial; at least 50 percent is asked." in row(page, "3A.6a")
    assert "Not met" in row(page, "3A.6a")


def test_one_open_answer_is_missing_and_named(assessor: httpx.Client) -> None:
    page = sent(assessor, **PAIN, **ENOUGH | {"behavioral_statement": ""})
    assert outcome(page) == "Needs information 1 answer could still decide it."
    assert "Still missing" in asked(page, "behavioral_statement")
    assert page.count("Still missing</") == 2  # beside the field, and as the heading of the list


def test_both_readings_are_shown_and_the_note_names_the_facts_in_words(assessor: httpx.Client) -> None:
    page = sent(assessor, question="replacement", battery_nearing_end="yes", abuse_or_neglect="no")
    readings = page[page.index('<div class="readings">') :].partition('<div class="notes">')[0]
    assert readings.index("Read as alternatives") < readings.index("Medically necessary")
    assert readings.index("Read jointly") < readings.index("Needs information")
    notes = page[page.index('<div class="notes">') :].partition("</aside>")[0]
    assert 'documented that “<a href="#no_longer_beneficial-yes">' in notes
    assert "no_longer_beneficial is yes" not in notes


@pytest.mark.parametrize(
    ("fact", "typed", "words"),
    [
        ("noninvasive_months", "-1", "Can't be less than 0 months."),
        ("noninvasive_months", "six", "Write a number, such as 6 or 2.5"),
        ("noninvasive_months", "1e9", "Write a number"),
        ("noninvasive_months", "nan", "Write a number"),
        ("noninvasive_months", "2,5", "Write a number"),
        ("noninvasive_months", "٣", "Write a number"),
        ("noninvasive_months", "9" * 60, "Write a number"),
        ("pain_reduction_percent", "100.5", "Can't be more than 100 percent."),
        ("active_exercise", "perhaps", "Choose one of the answers given."),
        ("function_increased", "true", "Answer yes, no or not known."),
        ("purpose", "<b>", "Choose one of the answers given."),
    ],
)
def test_an_answer_that_cannot_be_read_has_its_fault_beside_it_and_there_is_no_outcome(
    assessor: httpx.Client, fact: str, typed: str, words: str
) -> None:
    page = sent(assessor, **PAIN, **ENOUGH | {fact: typed})
    assert outcome(page) == "No outcome 1 answer needs mending first."
    assert f'id="{fact}-fault"' in page
    assert words in asked(page, fact)
    assert 'aria-invalid="true"' in asked(page, fact)
    for other in ENOUGH:
        assert (f'id="{other}-fault"' in page) is (other == fact)


def test_every_fault_is_shown_at_once_and_what_was_typed_stays(assessor: httpx.Client) -> None:
    page = sent(assessor, **PAIN, noninvasive_months="x", pain_reduction_hours="-3")
    assert outcome(page) == "No outcome 2 answers need mending first."
    assert 'value="x"' in asked(page, "noninvasive_months")
    assert 'value="-3"' in asked(page, "pain_reduction_hours")


def test_a_whole_number_is_asked_where_only_whole_numbers_are(assessor: httpx.Client) -> None:
    spasticity = {"question": "trial", "indication": "spasticity_or_dystonia"}
    assert "Write a whole number" in asked(sent(assessor, **spasticity, spasm_frequency="2.5"), "spasm_frequency")
    assert 'id="spasm_frequency-fault"' not in sent(assessor, **spasticity, spasm_frequency="2")


def test_a_battery_near_its_end_in_a_device_without_one_is_a_fault(assessor: httpx.Client) -> None:
    page = sent(assessor, question="replacement", battery_nearing_end="yes", device_has_battery="no")
    assert outcome(page).startswith("No outcome")
    assert "Contradicts" in asked(page, "battery_nearing_end")


def test_answers_that_are_not_asked_now_are_carried_along_and_decide_nothing(assessor: httpx.Client) -> None:
    page = sent(assessor, question="replacement", **ENOUGH | {"noninvasive_months": "x"})
    assert outcome(page).startswith("Needs information")
    for name, text in (ENOUGH | {"noninvasive_months": "x"}).items():
        assert f'<input type="hidden" id="kept-{name}" name="{name}" value="{text}">' in page


def test_outside_the_guideline_nothing_is_missing(assessor: httpx.Client) -> None:
    page = sent(assessor, question="replacement", purpose="surgical_anesthesia")
    assert outcome(page).startswith("Outside this guideline")
    assert "Still missing" not in page


def test_the_note_of_a_trial_that_is_not_required_can_be_reached(assessor: httpx.Client) -> None:
    answers = dict.fromkeys(("advanced_disease", "limited_survival", "high_procedural_risk"), "yes")
    page = sent(assessor, question="trial", indication="cancer_pain", **answers)
    assert "no trial is required" in page.partition('<div class="notes">')[2]


def test_an_unknown_question_is_refused(assessor: httpx.Client) -> None:
    assert assessor.get("/assess?question=removal").status_code == 422
    assert assessor.post("/assess", data={"question": "removal"}).status_code == 422


def test_an_unknown_indication_in_the_address_is_told_beside_the_field(assessor: httpx.Client) -> None:
    page = assessor.get("/assess?question=trial&indication=headache").text
    assert "Choose one of the answers given." in asked(page, "indication")


def test_a_form_that_our_page_did_not_give_out_is_refused(assessor: httpx.Client) -> None:
    answer = assessor.post("/assess", data={"question": "trial"}, headers={"X-CSRF-Token": "another"})
    assert answer.status_code == 403


def test_answers_travel_in_the_body_and_nothing_of_them_is_kept(one_site: Site, assessor: httpx.Client) -> None:
    page = sent(assessor, **PAIN, **ENOUGH)
    assert '<form id="assess" method="post" action="/assess"' in page
    with one_site.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Determination)).one() == 0
        assert session.exec(select(func.count()).select_from(DocumentedFact)).one() == 0


def as_form(facts: dict[str, Any]) -> dict[str, str]:
    return {name: {True: "yes", False: "no"}.get(value, str(value)) for name, value in facts.items()}


@pytest.mark.parametrize(("question", "indication"), CASES)
def test_a_filled_form_is_read_into_the_facts_that_the_evaluator_takes(question: str, indication: str | None) -> None:
    form = next(one for one in questions() if one.name == question)
    step = next(one for one in form.steps if one.indication == indication)
    facts: dict[str, Any] = {} if indication is None else {"indication": indication}
    for one in step.facts:
        values = {"boolean": True, "integer": 3, "number": 2.5}
        facts[one.fact.name] = values.get(one.fact.kind) or one.fact.choices[-1].value
    read = read_answers(LATEST, {"question": question, **as_form(facts)})
    assert read.faults == {}
    assert read.kept == {}
    assert read.assessment == determine(question, facts)


def test_white_space_around_an_answer_is_no_part_of_it() -> None:
    read = read_answers(LATEST, {**PAIN, "noninvasive_months": " 7 "})
    assert read.typed["noninvasive_months"] == "7"
    assert read.faults == {}


def test_a_file_in_place_of_an_answer_is_no_answer() -> None:
    assert read_answers(LATEST, {**PAIN, "noninvasive_months": b"7"}).faults == {}


def test_a_question_that_does_not_exist_is_named() -> None:
    with pytest.raises(Invalid) as fault:
        read_answers(LATEST, {"question": "removal"})
    assert fault.value.field == "question"
