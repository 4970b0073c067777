"""Alarms: urgency by drug, which announce failure, which must be looked at, and words for the nurse."""

from __future__ import annotations

import pytest

from devices.alarms import (
    ALARMS,
    BUILT_IN_NOTICE,
    LATCHED,
    AlarmClass,
    AlarmCode,
    Priority,
    meaning,
    notice_reason,
    priority,
)
from devices.sources import SOURCES

INTERRUPTING = {
    AlarmCode.EMPTY_RESERVOIR,
    AlarmCode.END_OF_SERVICE,
    AlarmCode.MOTOR_STALL,
    AlarmCode.STOPPED_OVER_48H,
    AlarmCode.LOW_BATTERY_RESET,
    AlarmCode.CRITICAL_MEMORY_ERROR,
    AlarmCode.TUBE_SET,
    AlarmCode.CATHETER_OCCLUSION,
}
DANGEROUS = ["baclofen", "Gablofen", "clonidine", "morphine", "hydromorphone", "fentanyl", "sufentanil"]
HARMLESS = ["ziconotide", "Prialt", "bupivacaine", "saline", "bupivacaine + ziconotide"]
UNKNOWN = [None, "", "  ", "+", "unobtainium", "bupivacaine + unobtainium"]


@pytest.mark.parametrize("code", sorted(INTERRUPTING))
@pytest.mark.parametrize("drug", [*DANGEROUS, *UNKNOWN, "saline/baclofen", "bupivacaine and clonidine"])
def test_an_interruption_is_high_for_a_drug_that_is_dangerous_to_lose_or_not_known(
    code: AlarmCode, drug: str | None
) -> None:
    assert priority(code, drug) is Priority.HIGH


@pytest.mark.parametrize("drug", HARMLESS)
def test_an_empty_reservoir_is_medium_for_a_drug_without_withdrawal(drug: str) -> None:
    assert priority(AlarmCode.EMPTY_RESERVOIR, drug) is Priority.MEDIUM


@pytest.mark.parametrize("drug", [*HARMLESS, *DANGEROUS, *UNKNOWN])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (AlarmCode.END_OF_SERVICE, Priority.HIGH),
        (AlarmCode.MOTOR_STALL, Priority.HIGH),
        (AlarmCode.STOPPED_OVER_48H, Priority.HIGH),
        (AlarmCode.CRITICAL_MEMORY_ERROR, Priority.HIGH),
        (AlarmCode.LOW_BATTERY_RESET, Priority.HIGH),
        (AlarmCode.TUBE_SET, Priority.HIGH),
        (AlarmCode.LOW_RESERVOIR, Priority.MEDIUM),
        (AlarmCode.ELECTIVE_REPLACEMENT, Priority.MEDIUM),
        (AlarmCode.MEMORY_ERROR, Priority.LOW),
    ],
)
def test_the_other_alarms_have_one_priority_for_every_drug(
    code: AlarmCode, expected: Priority, drug: str | None
) -> None:
    assert priority(code, drug) is expected


def test_every_code_has_its_entry_with_words() -> None:
    assert set(ALARMS) == set(AlarmCode)
    for code in AlarmCode:
        words = meaning(code)
        assert all(words.title and sentence.endswith(".") for sentence in (words.means, words.next_step))
        assert str(words) == f"{words.means} {words.next_step}"
        assert notice_reason(code).endswith(".")


def test_every_source_of_an_alarm_is_listed() -> None:
    assert {alarm.source for alarm in ALARMS.values()} - {None} <= set(SOURCES)


def test_only_what_a_component_says_of_its_own_end_is_a_built_in_notice() -> None:
    assert {
        AlarmCode.ELECTIVE_REPLACEMENT,
        AlarmCode.END_OF_SERVICE,
        AlarmCode.LOW_BATTERY_RESET,
        AlarmCode.CRITICAL_MEMORY_ERROR,
    } == BUILT_IN_NOTICE


def test_a_stall_is_no_notice_since_an_mri_stalls_a_healthy_motor() -> None:
    assert AlarmCode.MOTOR_STALL not in BUILT_IN_NOTICE
    assert "magnetic field" in notice_reason(AlarmCode.MOTOR_STALL)


@pytest.mark.parametrize("code", AlarmCode)
def test_what_is_critical_or_a_notice_stays_open_until_a_person_has_looked(code: AlarmCode) -> None:
    assert (code in LATCHED) is (ALARMS[code].alarm_class is AlarmClass.CRITICAL or code in BUILT_IN_NOTICE)
    assert (code in LATCHED) is (code not in {AlarmCode.LOW_RESERVOIR, AlarmCode.MEMORY_ERROR})


def test_every_alarm_that_interrupts_is_critical() -> None:
    assert {code for code in AlarmCode if ALARMS[code].alarm_class is AlarmClass.CRITICAL} == INTERRUPTING
    assert {code for code, alarm in ALARMS.items() if alarm.interrupts} == INTERRUPTING


def test_priorities_compare_by_urgency() -> None:
    assert Priority.LOW < Priority.MEDIUM < Priority.HIGH
