"""What every release must be: unchanged since its release, whole, and such that the evaluation is exact."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta

import msgspec
import pytest

from tracker.errors import NotFound
from tracker.guideline import RELEASES, find, in_force_on
from tracker.guideline.catalogue import VERSIONS, Release
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.schema import AllOf, AnyOf, AtLeast, Combination, Criterion, Fact, OneOf, Rule, Step

every_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)


def leaves_of(edition: Edition, rule: Rule) -> list[Criterion]:
    if isinstance(rule, str):
        criterion = edition.criteria[rule]
        if isinstance(criterion.rule, Combination):
            return leaves_of(edition, criterion.rule)
        return [criterion]
    return [one for part in rule.of for one in leaves_of(edition, part)]


def steps_of(edition: Edition) -> list[Step]:
    return [step for question in edition.document.questions for step in question.steps]


@every_release
def test_a_released_file_never_changes(release: Release) -> None:
    digest = hashlib.sha256((VERSIONS / release.file).read_bytes()).hexdigest()
    assert digest == release.sha256, f"{release.file} was released: a correction is a new version beside it"


def test_every_file_is_in_the_catalogue_once() -> None:
    assert sorted(path.name for path in VERSIONS.iterdir()) == sorted(release.file for release in RELEASES)
    assert len({release.version for release in RELEASES}) == len(RELEASES)


@every_release
def test_the_catalogue_says_what_the_file_says(release: Release) -> None:
    document = find(release.version).document
    assert document.version == release.version
    assert document.effective_from == release.in_force_from


def test_the_first_release_came_into_force_in_august_2019() -> None:
    first = date(2019, 8, 1)
    assert in_force_on(first - timedelta(days=1)) is None
    assert in_force_on(first) == "2.0.2019"
    assert in_force_on(date(2026, 11, 22)) == "2.0.2019"


def test_a_version_that_was_never_released_is_not_found() -> None:
    with pytest.raises(NotFound, match=re.escape("9.9.2099")):
        find("9.9.2099")


@every_release
def test_the_file_holds_nothing_that_is_not_read(release: Release) -> None:
    document = find(release.version).document
    assert msgspec.json.decode(msgspec.json.encode(document), type=type(document)) == document


@every_release
def test_every_name_is_unique_and_every_reference_leads_somewhere(release: Release) -> None:
    edition = find(release.version)
    document = edition.document
    assert len(edition.facts) == len(document.facts)
    assert len(edition.criteria) == len(document.criteria)
    sections = {section.id for section in document.sections}
    named = [criterion.section for criterion in document.criteria] + [fact.section for fact in document.facts]
    named += [omission.section for omission in document.omissions] + [asked.section for asked in document.questions]
    assert set(named) <= sections
    assert {name for fact in document.facts for name in fact.asked_in} == set(edition.questions)
    for step in steps_of(edition):
        assert set(step.criteria) >= {criterion.id for criterion in leaves_of(edition, step.rule)}
        assert set(edition.facts_of(step.rule)) <= set(edition.facts)
    for question in document.questions:
        asked = edition.asked[question.name]
        for step in question.steps:
            assert {*edition.facts_of(step.rule), *(name for one in step.remarks for name in one.all_true)} <= set(
                asked
            )
    for link in document.links:
        assert edition.facts[link.when].kind == edition.facts[link.fact].kind == "boolean"
    used = {name for step in steps_of(edition) for name in step.criteria}
    assert used == set(edition.criteria), "a criterion stands in the data and in no question"


@every_release
def test_the_parts_of_a_criterion_are_judged_before_it(release: Release) -> None:
    edition = find(release.version)
    for step in steps_of(edition):
        judged: set[str] = set()
        for name in step.criteria:
            rule = edition.criteria[name].rule
            if isinstance(rule, Combination):
                assert named_in(rule) <= judged
            judged.add(name)


def named_in(rule: AllOf | AnyOf) -> set[str]:
    return {name for part in rule.of for name in ({part} if isinstance(part, str) else named_in(part))}


@every_release
def test_each_question_has_one_step_for_each_indication(release: Release) -> None:
    edition = find(release.version)
    for question in edition.document.questions:
        expected: list[str | None] = [None]
        if question.chosen_by is not None:
            expected += [choice.value for choice in edition.facts[question.chosen_by].choices]
        named = [indication for step in question.steps for indication in step.indications]
        assert sorted(map(str, named)) == sorted(map(str, expected))


@every_release
def test_a_rule_asks_for_each_fact_in_one_place_only(release: Release) -> None:
    """``missing`` is exact for that reason. The fact that chose the step is known in it, and may stand twice."""
    edition = find(release.version)
    for question in edition.document.questions:
        rules = [step.rule for step in question.steps] + [reading.rule for reading in question.readings]
        for rule in rules:
            asked = [
                fact
                for criterion in leaves_of(edition, rule)
                if not isinstance(criterion.rule, Combination)
                for fact in (criterion.rule.fact, *([criterion.waived.fact] if criterion.waived else []))
                if fact != question.chosen_by
            ]
            assert len(asked) == len(set(asked))


@every_release
def test_every_test_can_be_met_and_not_met(release: Release) -> None:
    """Otherwise a fact would be called missing though its value could decide nothing."""
    edition = find(release.version)
    for criterion in edition.document.criteria:
        rule = criterion.rule
        if isinstance(rule, Combination):
            assert len(rule.of) > 1
            continue
        fact: Fact = edition.facts[rule.fact]
        if isinstance(rule, AtLeast):
            assert fact.kind in {"number", "integer"}
            assert fact.unit
            assert fact.minimum is None or fact.minimum < rule.limit
            assert fact.maximum is None or rule.limit <= fact.maximum
        elif isinstance(rule, OneOf):
            choices = {choice.value for choice in fact.choices}
            assert set() < set(rule.values) < choices
        else:
            assert fact.kind == "boolean"


@every_release
def test_every_test_is_explained_and_every_combination_explains_itself(release: Release) -> None:
    for criterion in find(release.version).document.criteria:
        words = criterion.because
        if isinstance(criterion.rule, Combination):
            assert words is None
            continue
        assert words is not None
        for sentence in (words.met, words.not_met, words.unknown, *words.by_value.values()):
            assert sentence.endswith(".")
            assert set(re.findall(r"\{(\w+)\}", sentence)) <= {"seen", "limit"}
        if isinstance(criterion.rule, AtLeast):
            assert all("{limit}" in sentence for sentence in (words.met, words.not_met, words.unknown))
            assert all("{seen}" in sentence for sentence in (words.met, words.not_met))
        assert "{seen}" not in words.unknown


def test_the_release_of_2019_is_whole() -> None:
    document = find("2.0.2019").document
    assert [section.id for section in document.sections] == [f"CMM-210.{number}" for number in range(1, 8)]
    assert [reference.number for reference in document.references] == list(range(1, 41))
    codes = next(section.codes for section in document.sections if section.id == "CMM-210.6")
    assert len(codes) == len(set(codes)) == 18
    assert document.omissions


def test_headline_and_step_of_a_question_are_the_same_rule() -> None:
    for question in find().document.questions:
        headlines = [reading.rule for reading in question.readings if reading.headline]
        assert headlines == [step.rule for step in question.steps][: len(headlines)]
        assert len(headlines) == (1 if question.readings else 0)
