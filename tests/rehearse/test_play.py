"""Playing a case: the real path on virtual time."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from tracker.rehearse.document import read_document
from tracker.rehearse.play import Outcome, play
from tracker.rehearse.read_case import case_of

HEAD = """
start: 2026-03-02T08:00:00Z
jobs_every: 12h
steps:
- enrol: {serial: SN-1, model: synchromed-ii-20, lifecycle: implanted, drug: baclofen, concentration: "2000",
    concentration_unit: mcg/mL, dose_per_day: "600"}
"""


def played(steps: str, head: str = HEAD) -> Outcome:
    return play(case_of(read_document(head + textwrap.dedent(steps))))


def test_a_look_has_every_field_of_the_format() -> None:
    seen = played("- look: SN-1\n").looks[0]
    assert list(seen) == [
        "name",
        "at",
        "pump",
        "verdict",
        "link",
        "record",
        "state",
        "delivery",
        "ages",
        "items",
        "alarms",
        "findings",
        "forecast",
        "determination",
        "visits",
        "messages",
    ]
    assert seen["forecast"]["eri"].keys() == {"low", "mid", "high"}
    assert seen["ages"] == {"heard": None, "understood": None, "measured": None}


def test_a_message_is_completed_numbered_and_stored_at_the_moment_of_the_case() -> None:
    outcome = played("- {at: 2d, report: {pump: SN-1}}\n- {at: 3d, report: {pump: SN-1}}\n- {at: +6h, look: SN-1}\n")
    seen = outcome.looks[0]
    assert (seen["state"]["epoch"], seen["state"]["seq"]) == (1, 2)
    assert seen["state"]["received_at"] == "2026-03-05T08:00:00Z"
    assert seen["state"]["battery"] == {"remaining_percent": 80.0, "voltage_v": 2.9, "indicator": "ok"}
    assert seen["delivery"] == {"received": 2, "duplicates": 0, "rejected": 0}
    assert seen["ages"] == {"heard": 21600.0, "understood": 21600.0, "measured": 21600.0}


def test_an_expectation_that_does_not_hold_is_told_with_the_moment_and_the_step() -> None:
    outcome = played("- at: 1d\n  look: SN-1\n  expect: [{path: verdict, is: well}]\n")
    assert outcome.failed == ['at 2026-03-03T08:00:00Z, step 2: verdict is "unknown", expected is "well"']


def test_a_refused_report_is_named_and_is_a_failure_only_where_the_case_expects_otherwise() -> None:
    steps = '- {report: {pump: SN-1, reservoir_ml: "16"}}\n- {report: {pump: SN-1, motor: odd}, accepted: true}\n'
    outcome = played(steps)
    assert len(outcome.refused) == 2
    assert "step 2: refused:" in outcome.refused[0]
    assert len(outcome.failed) == 1
    assert "step 3: the message was refused" in outcome.failed[0]


def test_the_api_is_asked_at_the_virtual_moment_with_tokens_that_do_not_end_by_the_wall_clock() -> None:
    steps = """
    - at: 400d
      call: {as: physician, path: /api/v1/pumps/SN-1/visits, keep: {visit: id},
        body: {performed_at: "2026-03-02T09:00:00Z", analysed: true}, expect: 201}
      expect: [{path: logged_at, is: now}]
    - call: {path: "/api/v1/pumps/SN-1/visits/{visit}/withdraw", body: {reason: other pump}}
      expect: [{path: status, is: withdrawn}]
    """
    assert played(steps, HEAD.replace("12h", "never")).failed == []


def test_a_call_with_another_status_is_told_and_the_case_goes_on() -> None:
    outcome = played("- call: {as: auditor, path: /api/v1/pumps, body: {}, expect: 201}\n- look: SN-1\n")
    assert len(outcome.failed) == 1
    assert "is answered 403, expected 201" in outcome.failed[0]
    assert len(outcome.looks) == 1


def test_the_second_clinic_sees_its_own_pump_alone() -> None:
    steps = """
    - enrol: {clinic: other, serial: SN-2, model: synchromed-ii-20}
    - call: {as: nurse@other, method: GET, path: /api/v1/pumps/SN-2, expect: 200}
    - call: {as: nurse@other, method: GET, path: /api/v1/pumps/SN-1, expect: 404}
    - look: SN-2
      expect: [{path: record.serial, is: SN-2}]
    """
    assert played(steps).failed == []


def test_the_moments_of_the_application_follow_the_case() -> None:
    seen = played("- {at: 20d, report: {pump: SN-1}}\n- look: SN-1\n").looks[0]
    assert seen["at"] == datetime(2026, 3, 22, 8, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert seen["link"] == "connected"
