"""The guideline's page shows all of the data, each thing under an address of its own."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from tests.web.conftest import Site
from tracker.coding import CODES
from tracker.guideline import find, tree
from tracker.web.views.guideline_outline import sections_shown

EDITION = find()


@pytest.fixture(scope="module")
def html(one_site: Site) -> str:
    answer = one_site.browser("auditor").get("/guideline")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(scope="module")
def text(html: str) -> str:
    """What a reader sees, with every run of white space as one space."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).replace(" .", ".")


def test_every_criterion_is_told_once_with_its_wording(html: str, text: str) -> None:
    for criterion in EDITION.criteria.values():
        assert html.count(f'id="c-{criterion.id}"') == 1, criterion.id
        assert criterion.wording in text
    assert len(re.findall(r'id="c-', html)) == len(EDITION.criteria)


def test_every_id_is_unique_and_every_link_within_the_page_leads_somewhere(html: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_every_section_with_its_statements_is_linked_from_the_contents(html: str, text: str) -> None:
    for section in tree().sections:
        assert f'id="{section.id}"' in html
        assert f'href="#{section.id}"' in html
        for statement in section.statements:
            assert statement.words in text
            assert html.count(f'id="s-{statement.id}"') == 1


def test_every_limit_is_shown_with_its_unit(text: str) -> None:
    limits = ("6 months", "50 percent", "8 hours", "6 weeks", "3 points", "2 points", "4 hours")
    for limit in limits:
        assert f"at least {limit}" in text


def test_what_is_left_open_and_what_is_done_instead_stand_together(text: str) -> None:
    for omission in EDITION.document.omissions:
        assert f"{omission.what} Here: {omission.here}" in text


def test_every_reference_has_its_number(html: str, text: str) -> None:
    for reference in EDITION.document.references:
        assert f'id="reference-{reference.number}" value="{reference.number}"' in html
        assert reference.title in text


def test_every_code_tells_whether_the_guideline_lists_it(html: str) -> None:
    listed = set(next(section for section in tree().sections if section.codes).codes)
    for code in CODES:
        row = html[html.index(f'id="code-{code.number}"') :].partition("</tr>")[0]
        assert code.words in unescape(row)
        assert ("Not listed" in row) is (code.number not in listed)
        assert ("one of these a day" in row) is (code.act == "visit")
    assert html.count("Not listed") == 3


def test_both_readings_stand_side_by_side_and_one_gives_the_outcome(html: str) -> None:
    block = html[html.index('id="readings"') :].partition("</section>")[0]
    alternatives, joint = block.split("Read jointly")
    assert "Read as alternatives" in alternatives
    assert "Gives the outcome" in alternatives
    assert "Gives the outcome" not in joint
    named = [re.findall(r'href="#c-([^"]+)"', one) for one in (alternatives, joint)]
    assert named == [
        ["5.1", "5.1a", "5.1b", "5.1b.1", "5.1b.2", "5.1b.3", "5.1c", "5.2"],
        ["5.1a", "5.1b.1", "5.1b.2", "5.1c", "5.2"],
    ]


def test_a_use_without_criteria_stands_with_the_answer_that_it_gets() -> None:
    non_indications = next(one for one in sections_shown("2.0.2019") if one.node.id == "CMM-210.4")
    assert [one.indication for one in non_indications.refused] == [
        "diabetes_insulin",
        "osteomyelitis_antibiotics",
        "thromboembolic_heparin",
        "other",
    ]
    assert {one.outcome.value for one in non_indications.refused} == {"experimental_investigational_unproven"}


def test_the_permanent_implant_names_the_criteria_of_the_trial_and_tells_its_own() -> None:
    indications = next(one for one in sections_shown("2.0.2019") if one.node.id == "CMM-210.3")
    for use in indications.uses:
        trial, permanent = use.asked
        assert [trial.question, permanent.question] == ["trial", "permanent_implant"]
        assert {node.id for node in trial.own} <= {node.id for node in permanent.again}
        assert permanent.own


def test_a_version_can_be_named_and_an_unknown_one_is_not_found(one_site: Site) -> None:
    browser: httpx.Client = one_site.browser("nurse")
    assert browser.get("/guideline?version=2.0.2019").status_code == 200
    assert browser.get("/guideline?version=9.9").status_code == 404


def test_questions_lead_to_their_assessment(html: str) -> None:
    for question, indication in (("trial", "cancer_pain"), ("permanent_implant", "spasticity_or_dystonia")):
        assert f"/assess?question={question}&amp;indication={indication}" in html
