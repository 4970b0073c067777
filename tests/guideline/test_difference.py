"""Two assessments compared, told in sentences."""

from __future__ import annotations

import msgspec

from tracker.guideline import determine, determine_replacement, differences


def test_nothing_changed_is_nothing_to_tell() -> None:
    facts = {"battery_nearing_end": True, "repairable": None}
    assert differences(determine_replacement(facts), determine_replacement(facts), facts, facts) == ()


def test_an_absent_fact_and_a_null_one_are_the_same() -> None:
    one, other = {"repairable": None}, dict[str, bool | None]()
    assert differences(determine_replacement(one), determine_replacement(other), one, other) == ()


def test_a_battery_that_came_near_its_end_is_told_from_fact_to_outcome() -> None:
    before: dict[str, bool | None] = {"abuse_or_neglect": False}
    after = {**before, "battery_nearing_end": True}
    told = differences(determine_replacement(before), determine_replacement(after), before, after)
    assert told[0] == "The outcome was undecided for want of information and is now medically necessary."
    assert "Is the battery documented to be nearing the end of its life? Was: not known. Now: yes." in told
    assert (
        "Criterion 5.1a (battery nearing its end) was unknown and is now met. "
        "The battery is documented to be nearing the end of its life." in told
    )
    assert any(sentence.startswith('The outcome of the reading "alternatives" was') for sentence in told)
    assert not any("5.2" in sentence for sentence in told)


def test_numbers_are_told_with_their_unit_and_choices_with_their_label() -> None:
    before = {"indication": "nonmalignant_pain", "noninvasive_months": 5, "active_exercise": "not_done"}
    after = {"indication": "nonmalignant_pain", "noninvasive_months": 7.5, "active_exercise": "done"}
    told = differences(determine("trial", before), determine("trial", after), before, after)
    assert any(sentence.endswith("Was: 5 months. Now: 7.5 months.") for sentence in told)
    assert any(sentence.endswith("Was: not done. Now: done.") for sentence in told)


def test_another_question_is_told_with_the_criteria_that_came_and_went() -> None:
    trial = determine("trial", {"indication": "cancer_pain"})
    permanent = determine("permanent_implant", {"indication": "cancer_pain"})
    told = differences(trial, permanent, {}, {})
    assert "The question was trial and is now permanent_implant." in told
    assert any(sentence.startswith("Criterion 3C.2 (") and "asked now" in sentence for sentence in told)
    back = differences(permanent, trial, {}, {})
    assert any(sentence.startswith("Criterion 3C.2 (") and "no longer asked" in sentence for sentence in back)


def test_another_version_is_told_first() -> None:
    now = determine_replacement({}, "2.0.2019")
    then = msgspec.structs.replace(now, version="1.0.2018")
    told = differences(then, now, {}, {})
    assert told == ("The guideline was CMM-210 1.0.2018 and is now CMM-210 2.0.2019.",)
