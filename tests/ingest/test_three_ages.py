"""Heard, understood, measured: what each kind of arrival moves, and what refused text is not allowed to lose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from devices.alarms import ALARMS, AlarmClass
from tests.ingest.conftest import NOW, Desk, sent, session, status
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.named_alarms import named_alarms

LATER = NOW + timedelta(days=1)
NEXT: dict[str, Any] = {"seq": 1001, "measured_at": LATER.isoformat()}


def presence(*, online: bool = True, retained: bool = False) -> Arrival:
    return sent({"v": 1, "online": online, "at": LATER.isoformat()}, kind="presence", retained=retained)


def a(message: dict[str, Any], kind: str = "telemetry", *, retained: bool = False) -> Arrival:
    return sent(message, kind=kind, retained=retained)


REFUSED = status(1001, measured_at=LATER.isoformat(), reservoir_ml="12,0")
NUMBERLESS = status(1001) | {"seq": "x"}
FUTURE = status(1001, measured_at=(LATER + timedelta(minutes=15)).isoformat())
KINDS: dict[str, tuple[Arrival, bool, bool, datetime, str]] = {
    # kind: (arrival, heard, understood, measured at, unmeasured by)
    "new report": (a(status(**NEXT)), True, True, LATER, ""),
    "report of an earlier time": (a(status(990)), True, True, NOW, "late"),
    "same measured time under a new number": (
        a(status(1001, measured_at=NOW.isoformat())),
        True,
        True,
        NOW,
        "repeated",
    ),
    "same number again": (a(status(1000)), True, True, NOW, "repeated"),
    "same number, other content": (a(status(1000, reservoir_ml=3.0)), True, False, NOW, "refused"),
    "session": (a(session(**NEXT), "session"), True, True, NOW, ""),
    "refused report": (a(REFUSED), True, False, NOW, "refused"),
    "refused without a number": (a(NUMBERLESS), True, False, NOW, "refused"),
    "refused for its future": (a(FUTURE), True, False, NOW, "refused"),
    "greeting": (presence(), True, False, NOW, ""),
    "farewell": (presence(online=False), False, False, NOW, ""),
    "retained greeting": (presence(retained=True), False, False, NOW, ""),
    "retained report, seen before": (a(status(1000), retained=True), False, False, NOW, "repeated"),
    "retained report, new": (a(status(**NEXT), retained=True), False, False, LATER, ""),
    "retained and refused": (a(REFUSED, retained=True), False, False, NOW, "refused"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_arrival_moves_the_ages_that_the_table_says(desk: Desk, kind: str) -> None:
    arrival, heard, understood, measured_at, unmeasured_by = KINDS[kind]
    desk.reports(status(1000))
    desk.write(arrival, now=LATER)
    state = desk.state()
    assert state.last_contact_at == (LATER if heard else NOW)
    assert state.understood_at == (LATER if understood else NOW)
    assert state.measured_at == measured_at
    assert state.unmeasured_by == unmeasured_by


@pytest.mark.parametrize("code", [str(code) for code, one in ALARMS.items() if one.alarm_class is AlarmClass.CRITICAL])
@pytest.mark.parametrize("spelling", [str, str.upper, lambda code: code.replace("_", " "), lambda code: code.title()])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-8-sig"])
def test_a_critical_alarm_is_found_in_text_that_is_no_json(code: str, spelling: Any, encoding: str) -> None:
    text = f'{{"v":1,"alarms":["{spelling(code)}"], "reservoir_ml": 12,0'
    assert named_alarms(text.encode(encoding)) == (code,)


def test_a_motor_that_is_told_to_stand_is_found_and_quiet_text_names_nothing() -> None:
    assert named_alarms(b'{"motor":"stalled","infusion":"stopped"}') == ("stalled", "stopped")
    assert named_alarms(b'{"alarms":["Stopped over-48h"]}') == ("stopped_over_48h",)
    assert named_alarms(b'{"alarms":["stopped_over_48h"],"infusion":"stopped"}') == ("stopped", "stopped_over_48h")
    assert named_alarms(b'{"alarms":["xstalled","motor_stalling","motor stall"]}') == ("motor_stall",)
    assert named_alarms(b'{"alarms":["motor_stall","tube set"]}', {"motor_stall"}) == ("tube_set",)
    assert named_alarms(b'{"motor":"running","alarms":["low_reservoir","memory_error"],"firmware":"unstopped"}') == ()


def test_what_refused_text_names_is_kept_until_a_measurement_after_it(desk: Desk) -> None:
    desk.reports(status(1000))
    refused = REFUSED | {"seq": 1002, "alarms": ["motor_stall"]}
    desk.write(a(refused), now=LATER)
    assert (desk.state().refused_alarms, desk.state().refused_alarms_at) == ("motor_stall", LATER)
    assert "reservoir_ml" in desk.state().refused_because
    assert desk.state().evaluate_at == LATER
    fills_the_gap = status(1001, measured_at=(LATER - timedelta(hours=3)).isoformat())
    desk.write(a(fills_the_gap), now=LATER + timedelta(minutes=1))
    assert desk.state().refused_alarms == "motor_stall"
    after = LATER + timedelta(hours=1)
    desk.write(a(status(1003, measured_at=after.isoformat())), now=after)
    assert (desk.state().refused_alarms, desk.state().evaluate_at) == ("", after)


def test_in_one_batch_the_numbers_say_whether_the_measurement_came_after_the_refused_text(desk: Desk) -> None:
    stalled = REFUSED | {"alarms": ["motor_stall"]}
    good = {"measured_at": LATER.isoformat()}
    desk.write(a(stalled | {"seq": 1001}), a(status(1002, **good)), now=LATER)
    assert desk.state().refused_alarms == ""
    desk.write(a(stalled | {"seq": 1004}), a(status(1003, **good)), now=LATER)
    assert desk.state().refused_alarms == "motor_stall"
