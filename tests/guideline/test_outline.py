"""The guideline as a tree and as questions, complete and in order."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracker.guideline import find, questions, tree
from tracker.guideline.outline import CriterionNode


def nodes(parts: tuple[CriterionNode, ...]) -> Iterator[CriterionNode]:
    for part in parts:
        yield part
        yield from nodes(part.parts)


def test_the_tree_holds_every_criterion_of_the_guideline() -> None:
    shown = {
        node.id
        for section in tree().sections
        for step in (*section.steps, *section.readings)
        for node in nodes(step.criteria)
        if node.id is not None
    }
    assert shown == set(find().criteria)


def test_each_step_stands_in_its_section() -> None:
    by_section = {
        section.id: [(step.question, step.indication) for step in section.steps] for section in tree().sections
    }
    indications = ["nonmalignant_pain", "spasticity_or_dystonia", "cancer_pain"]
    assert by_section["CMM-210.5"] == [("replacement", None)]
    assert by_section["CMM-210.3"] == [
        (question, indication) for question in ("trial", "permanent_implant") for indication in indications
    ]


def test_a_test_shows_its_limit_with_its_unit_and_its_facts() -> None:
    steps = next(section.steps for section in tree().sections if section.id == "CMM-210.3")
    found = {node.id: node for step in steps for node in nodes(step.criteria)}
    assert found["3A.6a"].asks == "at least 50 percent"
    assert found["3B.2a.2"].asks == "at least 2"
    assert found["3A.2d"].asks == "one of: Done; Contraindicated, reason documented"
    assert found["3A.3"].asks == "no"
    assert found["3A.5"].unless == "Is the drug of the trial an opiate? No"
    assert [fact.name for fact in found["3A.5"].facts] == ["agrees_to_halve_opiates", "trial_drug_is_opiate"]
    assert found["3A.2"].joined == "all"
    assert [part.id for part in found["3B.T"].parts] == ["3B.1", "3B.2"]


def test_both_readings_are_shown_as_trees() -> None:
    readings = next(section.readings for section in tree().sections if section.id == "CMM-210.5")
    assert [reading.label for reading in readings] == ["read as alternatives", "read jointly"]
    together = readings[1].criteria[0].parts[0]
    assert together.id is None
    assert [part.id for part in together.parts] == ["5.1a", "5.1b.1", "5.1b.2"]


def test_the_tree_can_be_written_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(tree("2.0.2019")))["version"] == "2.0.2019"


def test_a_form_asks_exactly_the_facts_that_its_criteria_need() -> None:
    edition = find()
    for form in questions():
        question = edition.questions[form.name]
        for step in form.steps:
            needed = set(edition.facts_of(edition.step(question, step.indication).rule)) - {question.chosen_by}
            asked = {one.fact.name for one in step.facts if one.criteria}
            assert asked == needed


def test_the_first_facts_of_a_form_choose_the_rest() -> None:
    forms = {form.name: form for form in questions()}
    assert [fact.name for fact in forms["replacement"].first] == ["purpose"]
    assert [fact.name for fact in forms["trial"].first] == ["purpose", "indication"]
    assert [step.indication for step in forms["trial"].steps] == [
        choice.value for choice in find().facts["indication"].choices
    ]


def test_facts_that_only_bring_a_note_are_asked_for_too() -> None:
    trial = next(form for form in questions() if form.name == "trial")
    cancer = next(step for step in trial.steps if step.indication == "cancer_pain")
    assert [one.fact.name for one in cancer.facts if not one.criteria] == [
        "advanced_disease",
        "limited_survival",
        "high_procedural_risk",
    ]
