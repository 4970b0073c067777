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


def test_a_rate_is_held_against_the_moments_of_the_case() -> None:
    signature = "call: {as: physician, path: /api/v1/pumps/SN-1/attestations, body: {evident: false, name: X}"
    many = f"- {{at: 0d, every: 1s, until: 99s, {signature}, expect: [2xx, 4xx]}}}}\n"
    apart = f"- {{at: 1d, every: 1d, until: 20d, {signature}, expect: [201, 409, 422]}}}}\n"
    head = HEAD.replace("12h", "never")
    assert played(many, head).failed == []
    assert played(apart, head).failed == [], "a day later nobody is held up"


def test_a_raw_message_is_sent_as_it_stands_and_the_numbers_go_on_from_it() -> None:
    steps = """
    - message: {topic: pumps/SN-1/telemetry, payload: {v: 1, model: synchromed-ii-20, epoch: 3, seq: "7 + {n}",
        measured_at: "2026-03-02T08:00:00Z", reservoir_ml: 9, infusion: simple_continuous, motor: running, alarms: []}}
      accepted: true
    - {message: {topic: pumps/SN-1/telemetry, payload_text: "{"}, accepted: false}
    - {message: {topic: pumps/SN-1/telemetry, payload_base64: gP8=}, accepted: false}
    - report: {pump: SN-1}
      accepted: true
    - look: SN-1
      expect:
      - {path: state.epoch, is: 3}
      - {path: state.seq, is: 8}
      - {path: delivery.rejected, is: 2}
    """
    assert played(steps).failed == []


def test_the_device_s_clock_and_numbering_may_be_its_own() -> None:
    steps = """
    - at: 2d
      report: {pump: SN-1, measured: -1d, epoch: 2, seq: 9}
    - at: 2d
      report: {pump: SN-1, measured: +15m}
      accepted: false
    - look: SN-1
      expect:
      - {path: state.measured_at, is: 1d}
      - {path: state.seq, is: 9}
    """
    assert played(steps).failed == []


def test_null_leaves_a_field_out_and_a_given_field_replaces_the_whole() -> None:
    steps = """
    - report: {pump: SN-1, flow_ml_per_day: null, battery: {indicator: eri}}
    - look: SN-1
      expect:
      - {path: state.flow_ml_per_day, is: null}
      - {path: state.battery.remaining_percent, is: null}
      - {path: state.battery.indicator, is: eri}
    """
    assert played(steps).failed == []


def test_a_session_is_completed_and_drafts_a_visit() -> None:
    steps = """
    - at: 1d
      session: {pump: SN-1, refilled: true, reservoir: {aspirated_ml: 2, filled_ml: 20}}
    - look: SN-1
      expect:
      - {path: "visits[*].status", is: draft}
      - {path: "visits[0].performed_at", between: [now - 15m, now]}
      - {path: "visits[0].operator", empty: false}
    """
    assert played(steps).failed == []


def test_a_kept_message_of_presence_is_no_live_one() -> None:
    steps = """
    - {at: 1d, presence: {pump: SN-1, online: true, retained: true}}
    - {look: SN-1, expect: [{path: ages.heard, is: null}]}
    - {at: 2d, presence: {pump: SN-1, online: true}}
    - {look: SN-1, expect: [{path: ages.heard, is: 0}, {path: ages.measured, is: null}]}
    """
    assert played(steps).failed == []


def test_a_setting_of_the_case_is_the_product_s() -> None:
    steps = """
    - {at: 0d, every: 10d, until: 100d, report: {pump: SN-1}}
    - at: 100d
      jobs: run
    - call: {method: GET, path: "/api/v1/pumps/SN-1/readings?limit=100"}
      expect: [{path: "items[*].measured_at", at_least: 2026-05-01}]
    """
    head = HEAD.replace("jobs_every: 12h", "jobs_every: never\nsettings: {readings_keep_months: 1}")
    assert played(steps, head).failed == []


def test_without_turns_the_jobs_run_by_their_steps_and_before_looks_alone() -> None:
    head = HEAD.replace("12h", "never")
    steps = """
    - report: {pump: SN-1, alarms: [motor_stall], motor: stalled, flow_ml_per_day: 0}
    - {at: 1d, call: {method: GET, path: /api/v1/worklist, expect: 200}, expect: [{path: items, empty: true}]}
    - jobs: run
    - {call: {method: GET, path: /api/v1/worklist}, expect: [{path: "items[kind=delivery]", empty: false}]}
    """
    assert played(steps, head).failed == []


def test_a_named_look_can_be_spoken_of_later() -> None:
    steps = """
    - {report: {pump: SN-1, reservoir_ml: 12}}
    - {look: SN-1, name: before}
    - {at: 1d, report: {pump: SN-1, reservoir_ml: 11}}
    - look: SN-1
      expect:
      - {path: state.measured_at, is: "{before.state.measured_at} + 1d"}
      - {path: state.reservoir_ml, is: "{before.state.reservoir_ml} - 1"}
    """
    assert played(steps).failed == []


def test_the_clinic_s_own_look_has_what_belongs_to_no_pump() -> None:
    seen = played("- look: clinic\n").looks[0]
    assert (seen["pump"], seen["items"], seen["messages"]) == (None, [], [])


def test_what_a_failed_call_should_have_kept_is_told_where_it_is_used() -> None:
    steps = """
    - call: {path: /api/v1/pumps/SN-9/visits, body: {performed_at: "2026-03-02T08:00:00Z"}, keep: {visit: id}}
    - call: {path: "/api/v1/pumps/SN-1/visits/{visit}/confirm"}
    """
    failed = played(steps).failed
    assert "is answered 404" in failed[0]
    assert "{visit} was not kept" in failed[1]
