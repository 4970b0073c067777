"""The text of a case: YAML by the rules of 1.2, JSON, lines and fields of what is wrong."""

from __future__ import annotations

import pytest

from tracker.rehearse.document import CaseFault, read_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: on", "on"),
        ("a: yes", "yes"),
        ("a: NO", "NO"),
        ("a: true", True),
        ("a: 12:30:00", "12:30:00"),
        ("a: 2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("a: 2026-03-02", "2026-03-02"),
        ('a: "16"', "16"),
        ("a: 16", 16),
        ("a: 010", 10),
        ("a: 1e3", 1000.0),
        ("a: .5", 0.5),
        ("a: +15m", "+15m"),
        ("a: ~", None),
        ("a:", None),
        ("a: 1_000", "1_000"),
        ('{"a":\t"\\ud83d\\ude00"}', "😀"),
    ],
)
def test_a_value_is_read_by_the_rules_of_yaml_1_2(text: str, value: object) -> None:
    read = read_document(text).plain()["a"]
    assert (read, type(read)) == (value, type(value))


def test_a_field_that_stands_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(CaseFault) as fault:
        read_document("a: {b: 1}\nc: 2\na: 3\n")
    assert (fault.value.line, fault.value.field) == (3, "a")
    assert "line 1" in fault.value.detail


def test_json_is_read_and_its_lines_are_known() -> None:
    root = read_document('{\n\t"steps": [\n\t\t{"at": "1d"}\n\t]\n}')
    assert root.value["steps"].value[0].value["at"].line == 3


@pytest.mark.parametrize("text", ["", "a: [1", "a: !odd 1", "{a: 1}}", "a: &x [*x]", "? [1]\n: 2"])
def test_what_is_no_document_is_a_fault_with_its_line(text: str) -> None:
    with pytest.raises(CaseFault) as fault:
        read_document(text)
    assert fault.value.line >= 1


def test_a_document_whose_anchors_repeat_each_other_is_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9)]
    with pytest.raises(CaseFault):
        read_document("\n".join(lines))
