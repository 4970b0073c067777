"""One line of JSON, strictly read and answered, its id repeated digit for digit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unhurried import UNHURRIED
from tracker.guideline import assess as answer_question
from tracker.json_lines import LineReader, answer_line

GOOD = b'{"id": 1, "question": "replacement", "facts": {"impending_failure_notice": true, "abuse_or_neglect": false}}'


def answered(line: bytes) -> dict[str, Any]:
    written, good = answer_line(line, answer_question, LineReader())
    answer: dict[str, Any] = json.loads(written)
    assert good is ("error" not in answer)
    assert next(iter(answer)) == "id"
    return answer


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"id": 1,}',
        b"{'id': 1}",
        b'{"id": NaN}',
        b'{"id": 1, "question": "trial", "facts": {"noninvasive_months": Infinity}}',
        b'{"id": -Infinity}',
        b'{"id": 01}',
        b'{"id": 1} {"id": 2}',
        b'{"id": "\x01"}',
        b'{"id": "\xff"}',
        b'{"id": "\xed\xa0\x80"}',
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        b'{"id": 1e}',
        b"[" * 100_000,
        b'{"id":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_what_is_not_json_has_a_null_id(line: bytes) -> None:
    answer = answered(line)
    assert answer["id"] is None
    assert set(answer) == {"id", "error"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"id": 1, "question": "trial", "facts": {"noninvasive_months": NaN}}', "noninvasive_months is NaN"),
        (b'{"question": "trial", "facts": {"a": NaN, "b": -Infinity}, "c": NaN}', "a is NaN"),
        (b'{"question": "trial", "facts": {"a": [-Infinity]}}', "it holds -Infinity"),
        (b"NaN", "it holds NaN"),
    ],
)
def test_a_number_that_json_does_not_have_is_named_with_its_field(line: bytes, words: str) -> None:
    assert words in answered(line)["error"]
    assert "error" not in answered(GOOD)


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "d", "question": "trial", "question": "trial"}',
        b'{"id": "d", "question": "trial", "facts": {"purpose": null, "purpose": null}}',
        b'{"id": "d", "question": "trial", "note": [{"a": 1, "b": 2, "a": 1}]}',
        b'{"id": "d", "\\u0071uestion": "trial", "question": "trial"}',
    ],
)
def test_a_key_that_stands_twice_is_an_error_that_names_it(line: bytes) -> None:
    answer = answered(line)
    assert answer["id"] == "d"
    assert "twice" in answer["error"]
    assert answer["error"].split(":")[0] in {"question", "purpose", "a"}


def test_an_id_that_stands_twice_is_no_id() -> None:
    assert answered(b'{"id": 1, "id": 1, "question": "trial"}')["id"] is None


@pytest.mark.parametrize(
    "written",
    [
        "null",
        "0",
        "-0",
        "1.0",
        "1.10",
        "1E5",
        "1e400",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        '"\\ud800"',
        '"\\u00e9"',
        '"é😀"',
        '"a\\/b"',
        '{"a": [1, {"b": null}], "c": ""}',
        "[ ]",
        "9" * 5000,
    ],
)
@pytest.mark.parametrize("line", ['{{"id": {}, "question": "trial"}}', '{{"question": "no", "\\u0069d" : {}}}'])
def test_an_id_is_repeated_as_it_was_written(line: str, written: str) -> None:
    answer, _ = answer_line(line.format(written).encode(), answer_question, LineReader())
    assert answer.startswith(b'{"id":' + written.encode() + b",")


def test_numbers_beyond_all_measure_are_answered() -> None:
    facts = b'{"id": 1, "question": "trial", "facts": {"indication": "nonmalignant_pain", "noninvasive_months": %s}}'
    assert "noninvasive_months" in answered(facts % b"1e400")["error"]
    assert "noninvasive_months" in answered(facts % (b"9" * 10_000))["error"]
    assert "noninvasive_months" in answered(facts % (b"-" + b"9" * 10_000))["error"]
    assert answered(facts % (b"9" * 400))["outcome"] == "needs_information"


def test_one_reader_forgets_the_fault_of_the_line_before() -> None:
    reader = LineReader()
    assert not answer_line(b'{"id": 1, "id": 2}', answer_question, reader)[1]
    assert answer_line(GOOD, answer_question, reader)[1]


@UNHURRIED
@given(line=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_answered(line: bytes) -> None:
    answered(line.replace(b"\n", b" "))


@UNHURRIED
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
        max_leaves=10,
    ),
    ascii_only=st.booleans(),
)
def test_any_json_is_answered_and_its_id_repeated(*, value: object, ascii_only: bool) -> None:
    text = json.dumps({"question": "trial", "facts": {"indication": value}, "id": value}, ensure_ascii=ascii_only)
    answer = answered(text.encode("utf-8", "surrogatepass"))
    assert answer["id"] is None or answer["id"] == value
