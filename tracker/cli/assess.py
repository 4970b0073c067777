"""``tracker assess FILE`` and ``tracker code FILE``: the two evaluators, JSON Lines in and out.

They run without a command-line library: a script that asks one question waits for the interpreter and little else.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from tracker.json_lines import run

_USAGE = {
    "assess": """usage: tracker assess FILE

Answer questions to the guideline CMM-210. FILE holds one JSON object a line, - reads standard input:
  {"id": "x", "question": "replacement", "facts": {"battery_nearing_end": true, "abuse_or_neglect": false}}
The questions are replacement, trial and permanent_implant; a fact that is absent or null is not known.
One JSON line is written for each line read. Exit status: 0, or 2 when a line was bad, or 1 when FILE can't be read.
""",
    "code": """usage: tracker code FILE

Find the procedure code of what was done. FILE holds one JSON object a line, - reads standard input:
  {"id": "x", "act": {"kind": "visit", "device": "programmable_pump", "refilled": true}, "already_coded_today": []}
One JSON line is written for each line read. Exit status: 0, or 2 when a line was bad, or 1 when FILE can't be read.
""",
}


def assess(file: str) -> int:
    """Answer a file of guideline questions on standard output; returns the exit status."""
    from tracker.guideline import answers_on
    from tracker.guideline import assess as answer

    in_force = answers_on(datetime.now(UTC).date())
    return run(file, lambda line: answer(line, in_force))


def code(file: str) -> int:
    """Answer a file of acts with their procedure codes on standard output; returns the exit status."""
    from tracker.coding import code_line

    return run(file, code_line)


def main(words: list[str]) -> int:
    """Run ``assess FILE`` or ``code FILE``; returns the exit status, 2 for words that it does not understand."""
    command, *rest = words
    if any(word in {"-h", "--help"} for word in rest):
        sys.stdout.write(_USAGE[command])
        return 0
    if rest[:1] == ["--"]:
        rest = rest[1:]
    elif any(word.startswith("-") and word != "-" for word in rest):
        rest = []
    if len(rest) != 1:
        sys.stderr.write(f"tracker {command}: name one FILE, or - for standard input\n\n{_USAGE[command]}")
        return 2
    try:
        return assess(rest[0]) if command == "assess" else code(rest[0])
    except KeyboardInterrupt:
        return 130  # as a shell reports a command that was interrupted
