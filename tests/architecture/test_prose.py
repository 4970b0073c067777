"""Docstrings and comments of the packages that were read for it use the field's words, one meaning each."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
READ: Final = (
    "devices",
    "simulators",
    "tracker/coding",
    "tracker/guideline",
    "tracker/ingest",
    "tracker/schedule",
    "tracker/sentinel",
    "tracker/worklist",
)
"""The packages whose prose was read as somebody reads it whose second language is English. Add one when it was read."""
INSTEAD: Final = {
    r"bearer": "the person, the token",
    r"cuts?|cut off": "shorten, disconnect, leave out",
    r"heard": "received, contact",
    r"held against|hold against|holds against": "compare with, check against",
    r"keeps?|keeping|kept": "store, hold, retain, stay",
    r"lays?|laid": "put, group",
    r"mailed|mailing": "send by email",
    r"mends?|mending": "correct, resolve, repair",
    r"nobody's|everybody's": "unassigned, of no pump",
    r"strays?": "message on an unknown topic",
    r"told": "notified, reported, named, said",
}
_WORDS: Final = {re.compile(rf"\b({word})\b(?!-alive)", re.IGNORECASE): plain for word, plain in INSTEAD.items()}
_CODE: Final = re.compile(r"``[^`]*``|`[^`]*`|^[ \t]*\|.*$", re.MULTILINE)


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Each docstring and comment of a module with its number in lines. Code in it and tables of values are left out."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and "noqa" not in token.string:
            yield token.start[0], _CODE.sub("", token.string)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, _CODE.sub("", node.value.value)


def refused(text: str) -> list[tuple[int, str, str]]:
    return [
        (line + part.count("\n", 0, found.start()), found[0], plain)
        for line, part in prose(text)
        for word, plain in _WORDS.items()
        for found in word.finditer(part)
    ]


def test_a_refused_word_is_found_in_prose_and_not_in_code() -> None:
    text = '"""A pump that was\nheard of; ``kept`` is a name."""\nkept = 1  # the keep-alive is told apart\n'
    assert sorted((line, word) for line, word, _ in refused(text)) == [(2, "heard"), (3, "told")]


@pytest.mark.parametrize("package", READ)
def test_the_prose_of_a_package_uses_the_fields_words(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word!r}; write {plain}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, word, plain in refused(path.read_text())
    ]
    assert found == []
