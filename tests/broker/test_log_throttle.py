"""The server's warnings on their way into the log."""

from __future__ import annotations

from typing import Any

from tracker.broker.log_throttle import Voice


class Log:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **values: Any) -> None:
        self.lines.append((event, values))


def test_a_single_warning_is_passed_on_with_its_severity() -> None:
    log = Log()
    Voice(log.warning).say("ERR", "authentication error", 1.0)
    assert log.lines == [("the broker says", {"severity": "ERR", "words": "authentication error"})]


def test_a_storm_is_cut_and_what_was_cut_is_counted_once_it_is_over() -> None:
    log = Log()
    voice = Voice(log.warning)
    for number in range(1000):
        voice.say("WRN", f"busy {number}", number / 1000)
    assert len(log.lines) == 20
    voice.say("WRN", "quiet again", 60.0)
    assert log.lines[20:] == [
        ("the broker said more than is shown", {"lines": 980}),
        ("the broker says", {"severity": "WRN", "words": "quiet again"}),
    ]


def test_a_warning_now_and_then_is_never_cut() -> None:
    log = Log()
    voice = Voice(log.warning)
    for minute in range(100):
        voice.say("WRN", "now and then", minute * 60.0)
    assert len(log.lines) == 100
