"""The two readings of the replacement sentence, and the note where they differ."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.guideline import plainly
from tests.guideline.asking import LOST, ask

NAMES = tuple(plainly.REPLACEMENT)


def note_of(answer: dict[str, Any]) -> str | None:
    notes = [note for note in answer["notes"] if "two ways" in note]
    assert len(notes) <= 1
    return notes[0] if notes else None


def test_the_readings_differ_exactly_when_a_note_says_so() -> None:
    for values in product((True, False, None), repeat=len(NAMES)):
        answer = ask("replacement", **dict(zip(NAMES, values, strict=True)))
        differ = len(set(answer["readings"].values())) > 1
        assert (note_of(answer) is not None) == differ


def test_the_note_names_the_facts_that_are_not_known_and_would_bring_agreement() -> None:
    note = note_of(ask("replacement", battery_nearing_end=True, abuse_or_neglect=False))
    assert note is not None
    assert "no_longer_beneficial is yes and repairable is no, or that impending_failure_notice is yes" in note
    assert "battery_nearing_end" not in note


def test_what_is_documented_already_is_not_asked_again() -> None:
    note = note_of(ask("replacement", battery_nearing_end=True, no_longer_beneficial=True, abuse_or_neglect=False))
    assert note is not None
    assert note.endswith("repairable is no, or that impending_failure_notice is yes.")
    assert "no_longer_beneficial" not in note


def test_where_recorded_facts_divide_the_readings_the_note_says_which() -> None:
    note = note_of(ask("replacement", **{**LOST, "battery_nearing_end": False, "abuse_or_neglect": False}))
    assert note is None or "As recorded they cannot agree" not in note
    settled = {**LOST, "battery_nearing_end": False, "impending_failure_notice": False, "abuse_or_neglect": False}
    note = note_of(ask("replacement", **settled))
    assert note is not None
    assert "As recorded they cannot agree" in note
    assert "battery_nearing_end is yes" in note
    assert "impending_failure_notice is yes" in note


def test_a_battery_that_a_device_does_not_have_is_never_asked_for() -> None:
    facts = {**LOST, "device_has_battery": False, "impending_failure_notice": False, "abuse_or_neglect": False}
    note = note_of(ask("replacement", **facts))
    assert note is not None
    assert "battery_nearing_end" not in note
    assert "impending_failure_notice is yes" in note


@pytest.mark.parametrize("values", list(product((True, None), (True, False, None), (True, False, None))))
def test_documenting_what_the_note_names_brings_agreement(values: tuple[bool | None, ...]) -> None:
    names = ("battery_nearing_end", "no_longer_beneficial", "repairable")
    facts: dict[str, Any] = dict(zip(names, values, strict=True)) | {"abuse_or_neglect": False}
    note = note_of(ask("replacement", **facts))
    ways = note.partition("documented that ")[2].rstrip(".").split(", or that ") if note else []
    for way in ways:
        answers = dict(part.split(" is ") for part in way.split(" and "))
        told = {name: answer == "yes" for name, answer in answers.items()}
        assert len(set(ask("replacement", **{**facts, **told})["readings"].values())) == 1


def test_outside_the_guideline_both_readings_are_outside() -> None:
    answer = ask("replacement", purpose="surgical_anesthesia", battery_nearing_end=True)
    assert answer["readings"] == {"alternatives": "outside_guideline", "joint": "outside_guideline"}
    assert note_of(answer) is None


def test_only_a_replacement_has_readings() -> None:
    assert "readings" not in ask("trial", indication="cancer_pain")
    assert "readings" not in ask("permanent_implant")
