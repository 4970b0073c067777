"""Criteria as pages show them: nothing that was judged is left out, and nothing is asked twice."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest

from tests.build import NOW, a_pump, a_state
from tests.build_decisions import a_determination, an_attestation
from tests.web.conftest import Site
from tracker.actions.replacement.determine import determine as determine_pump
from tracker.guideline import LATEST, determine, determine_replacement, find, questions
from tracker.records.determination import Determination
from tracker.web.views.criteria_tree import Branch, branches, criteria_asked, criteria_of, note_parts, standings_of

CASES = [(form.name, step.indication) for form in questions() for step in form.steps]


def flat(found: tuple[Branch, ...]) -> list[Branch]:
    return [one for branch in found for one in (branch, *flat(branch.parts))]


def kept(**facts: bool) -> Determination:
    line = determine_replacement(facts).as_line()
    line["facts"] = [{"name": name, "value": value, "because": "", "source": None} for name, value in facts.items()]
    return Determination(pump_id=1, determined_at=NOW, as_of=NOW, cause="staff", **line)


@pytest.mark.parametrize(("question", "indication"), CASES)
def test_every_criterion_that_is_judged_stands_in_the_tree_with_its_verdict(
    question: str, indication: str | None
) -> None:
    answer = determine(question, {} if indication is None else {"indication": indication})
    shown = flat(branches(criteria_asked(LATEST, question, indication), standings_of(answer.criteria)))
    assert {one.node.id for one in shown} == {one.id for one in answer.criteria}
    by_id = {one.id: one for one in answer.criteria}
    for one in shown:
        assert one.standing is not None
        judged = by_id[one.node.id or ""]
        assert (one.standing.verdict, one.standing.because) == (judged.verdict.value, judged.because)


@pytest.mark.parametrize(("question", "indication"), CASES)
def test_every_fact_of_a_question_is_asked_once(question: str, indication: str | None) -> None:
    form = next(one for one in questions() if one.name == question)
    step = next(one for one in form.steps if one.indication == indication)
    first = [fact.name for fact in form.first]
    shown = flat(branches(criteria_asked(LATEST, question, indication), {}, first))
    asked = [fact.name for one in shown for fact in one.facts]
    assert sorted(asked) == sorted(one.fact.name for one in step.facts if one.criteria)


def test_while_the_indication_is_not_known_the_criteria_of_every_use_are_asked() -> None:
    assert [node.id for node in criteria_asked(LATEST, "trial", None)] == ["3", "4"]
    assert [node.id for node in criteria_asked(LATEST, "permanent_implant", "other")] == ["3", "4"]


def test_parts_stand_below_the_criterion_that_they_settle() -> None:
    failing, abuse = criteria_of(kept(battery_nearing_end=True)).branches
    assert [failing.node.id, abuse.node.id] == ["5.1", "5.2"]
    assert [part.node.id for part in failing.parts] == ["5.1a", "5.1b", "5.1c"]
    assert [part.node.id for part in failing.parts[1].parts] == ["5.1b.1", "5.1b.2", "5.1b.3"]


def test_a_kept_determination_names_what_is_missing_in_words() -> None:
    judged = criteria_of(kept(battery_nearing_end=True))
    assert judged.missing == ["Does anything suggest that the device was abused or neglected?"]
    assert judged.facts["battery_nearing_end"]["value"] is True


def test_a_note_is_told_in_pieces_in_which_every_fact_is_recognised() -> None:
    answer = determine_replacement({"battery_nearing_end": True, "abuse_or_neglect": False})
    parts = note_parts(answer.notes[0], LATEST)
    assert "".join(text for text, _ in parts) == answer.notes[0]
    facts = find(LATEST).facts
    assert [fact for _, fact in parts if fact] == [
        facts["no_longer_beneficial"],
        facts["repairable"],
        facts["impending_failure_notice"],
    ]


def test_a_word_that_happens_to_be_a_facts_name_stays_a_word() -> None:
    assert note_parts("The indication was given; its purpose is known.", LATEST) == [
        ("The indication was given; its purpose is known.", None)
    ]


def test_on_the_pumps_page_each_fact_is_linked_to_the_record_it_came_from(one_site: Site) -> None:
    nurse = one_site.browser("nurse")
    answer = determine_replacement({"battery_nearing_end": True, "impending_failure_notice": True})
    line = answer.as_line()
    facts = [
        {
            "name": "battery_nearing_end",
            "value": True,
            "because": "The pump reported its elective replacement indicator.",
            "source": {"kind": "reading", "id": "1/100", "text": "report 1/100", "at": None},
        },
        {
            "name": "impending_failure_notice",
            "value": True,
            "because": "An alarm announces the end.",
            "source": {"kind": "alarm", "id": 7, "text": "the alarm of end of service", "at": None},
        },
        {"name": "abuse_or_neglect", "value": None, "because": "Nobody has attested.", "source": None},
    ]
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic())
        given = {name: line[name] for name in ("criteria", "readings", "missing", "notes", "outcome")}
        a_determination(session, pump, **given, facts=facts)
        serial = pump.serial
    page = nurse.get(f"/pumps/{serial}").text
    tree = unescape(page[page.index('<ul class="tree judged">') :].partition("</section>")[0])
    for verdict in answer.criteria:
        assert f'href="/guideline#c-{verdict.id}"' in tree
        assert verdict.because in tree
    assert f'<a href="/pumps/{serial}/readings?report=1/100">Report 1/100</a>' in tree
    assert f'<a href="/pumps/{serial}#alarm-7">The alarm of end of service</a>' in tree
    assert "Does anything suggest that the device was abused or neglected?</li>" in tree


def test_when_a_clinician_signed_is_told_on_the_clinics_day_beside_the_signature(one_site: Site) -> None:
    physician = one_site.browser("physician")
    with one_site.database.writing() as session:
        pump = a_pump(session, one_site.clinic(), serial="LATE-1")
        a_state(session, pump)
        an_attestation(session, pump, at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))  # in Berlin that is the 2nd
        determine_pump(session, pump, cause="staff", now=NOW)
    page = physician.get("/pumps/LATE-1/replacement").text
    assert "Dr. Imai attested on 2 Mar 2026, 00:30 CET that none is evident." in page
    assert "1 Mar 2026" not in page
