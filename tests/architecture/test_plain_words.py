"""One plain word for each thing, in names, prose, templates and messages; beside each refused word stands the other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.test_house_rules import tracked

ROOT = Path(__file__).parents[2]

#: a refused word, as a pattern within names and prose, and what to write instead
INSTEAD = {
    r"anew": "again, or the verb with re-",
    r"deeds?": "action",
    r"reckon(s|ed|ing)?": "calculate, compute, count",
    r"sift(s|ed)?": "split, check",
    r"mended": "resolved, corrected, repaired",
    r"thoughts?": "evaluate, evaluation",
    r"wheel of": "loop",
    r"lines? of work": "item, task",
}
_WORDS = {
    re.compile(rf"(?<![a-zA-Z])({word})(?![a-zA-Z])(?!_at)", re.IGNORECASE): instead
    for word, instead in INSTEAD.items()
}
_READ = {".py", ".html", ".md", ".js", ".yaml", ".yml", ".toml"}


def _refused(text: str) -> list[tuple[int, str, str]]:
    return [
        (number, found[0], instead)
        for number, line in enumerate(text.splitlines(), 1)
        for word, instead in _WORDS.items()
        for found in word.finditer(line)
    ]


def test_a_refused_word_is_found_in_a_name_and_in_a_sentence() -> None:
    text = "def plan_anew():\n    '''The day is reckoned again; lines of work are closed.'''\nrow.mended_at\n"
    assert [(number, word) for number, word, _ in _refused(text)] == [
        (1, "anew"),
        (2, "reckoned"),
        (2, "lines of work"),
    ]


def test_names_prose_templates_and_messages_use_the_plain_word() -> None:
    refused = [
        f"{path.relative_to(ROOT)}:{number}: {word!r}; write {instead}"
        for path in tracked()
        if path.suffix in _READ
        and path != Path(__file__)
        and "versions" not in path.parts
        and path.name != "CHANGELOG.md"
        for number, word, instead in _refused(path.read_text(errors="replace"))
    ]
    assert refused == []
