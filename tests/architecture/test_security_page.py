"""SECURITY.md says of each requirement of ASVS 5.0, level 2, whether it is met; what it names as proof is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
STATES: Final = {"met", "partly", "not", "\N{EN DASH}"}
#: how many requirements of levels 1 and 2 each section begins with; those of level 3 stand after them
# fmt: off
SECTIONS: Final = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}
# fmt: on


def rows() -> list[tuple[str, str, str]]:
    table = (ROOT / "SECURITY.md").read_text().partition("| Requirement | State |")[2]
    found = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:] if line]
    return [(one[0], one[1], one[2]) for one in found if len(one) == 3]


def test_every_requirement_of_level_two_is_judged_once() -> None:
    judged = [number for first, _, _ in rows() for number in re.findall(r"\b\d+\.\d+\.\d+\b", first)]
    wanted = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
    assert sorted(judged) == sorted(wanted)
    assert {state for _, state, _ in rows()} == STATES


def test_what_is_said_to_be_met_names_a_file_or_test_that_is_there() -> None:
    missing = []
    for first, state, proof in rows():
        named = re.findall(r"`([\w./-]+\.\w+)(?:::(\w+))?`", proof)
        if state == "met" and not named:
            missing.append(first)
        for path, test in named:
            file = ROOT / path
            if not file.is_file() or (test and f"def {test}(" not in file.read_text()):
                missing.append(f"{first}: {path} {test}")
    assert missing == []
