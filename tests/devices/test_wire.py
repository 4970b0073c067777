"""A status report as bytes, and every way in which one can be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.alarm_code import AlarmCode
from devices.report import Battery, Indicator, Infusion, Motor, StatusReport
from devices.wire import MAX_PAYLOAD_BYTES, WireError, decode_status, encode_status
from tests.devices.messages import ABSENT, NOW, a_report, as_bytes, status_json


def refusal(payload: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_status(payload)
    return caught.value


def test_the_documented_status_report_is_read_whole() -> None:
    assert decode_status(as_bytes(status_json())) == a_report()


def test_only_the_required_fields_are_needed() -> None:
    bare = status_json(battery=ABSENT, flow_ml_per_day=ABSENT, firmware=ABSENT)
    assert decode_status(as_bytes(bare)) == a_report(battery=None, flow_ml_per_day=None, firmware=None)


def test_null_stands_for_an_optional_value_that_is_not_known() -> None:
    nulls = status_json(battery=None, flow_ml_per_day=None, firmware=None)
    assert decode_status(as_bytes(nulls)) == a_report(battery=None, flow_ml_per_day=None, firmware=None)


def test_unknown_further_fields_are_ignored() -> None:
    extended = status_json(colour="red", nested={"seq": [1, {"v": 7}]})
    assert decode_status(as_bytes(extended)) == a_report()


def test_alarms_come_back_sorted_and_each_once() -> None:
    message = status_json(alarms=["motor_stall", "empty_reservoir", "motor_stall"])
    assert decode_status(as_bytes(message)).alarms == (AlarmCode.EMPTY_RESERVOIR, AlarmCode.MOTOR_STALL)


def test_a_time_with_another_offset_is_turned_to_utc() -> None:
    report = decode_status(as_bytes(status_json(measured_at="2026-11-22T12:00:00+02:00")))
    assert report.measured_at == NOW
    assert report.measured_at.tzinfo is UTC


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    assert decode_status(as_bytes(status_json(reservoir_ml=12))).reservoir_ml == 12.0


def test_a_negative_zero_is_zero() -> None:
    payload = as_bytes(status_json()).replace(b"12.44", b"-0.0")
    assert str(decode_status(payload).reservoir_ml) == "0.0"


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    payload = as_bytes(status_json()).replace(b'"seq": 4711', b'"seq": 1, "seq": 4711')
    assert decode_status(payload).seq == 4711


@pytest.mark.parametrize(
    "name", ["v", "model", "epoch", "seq", "measured_at", "reservoir_ml", "infusion", "motor", "alarms"]
)
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    fault = refusal(as_bytes(status_json(**{name: ABSENT})))
    assert fault.field == name
    assert str(fault) == f"{name} is required but missing"


@pytest.mark.parametrize(
    "name", ["v", "model", "epoch", "seq", "measured_at", "reservoir_ml", "infusion", "motor", "alarms"]
)
def test_a_required_field_that_is_null_is_named(name: str) -> None:
    assert refusal(as_bytes(status_json(**{name: None}))).field == name


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("v", 2, "unknown value 2"),
        ("v", "1", "whole number, not a text"),
        ("v", True, "whole number, not true or false"),
        ("v", 1.0, "whole number, without a decimal point"),
        ("model", 7, "a text, not a whole number"),
        ("model", "", "not be empty"),
        ("model", "m" * 65, "no longer than 64"),
        ("model", "synchro\u0000med", "cannot be printed"),
        ("epoch", 0, "at least 1"),
        ("epoch", "1", "whole number, not a text"),
        ("seq", 0, "at least 1"),
        ("seq", -4, "at least 1"),
        ("seq", True, "not true or false"),
        ("seq", 4711.5, "whole number"),
        ("seq", 2**63, "at most"),
        ("seq", 10**40, "at most"),
        ("measured_at", "2026-11-22T10:00:00", "offset from UTC"),
        ("measured_at", "22.11.2026 10:00", "RFC 3339"),
        ("measured_at", "2026-02-30T10:00:00Z", "RFC 3339"),
        ("measured_at", 1795341600, "a time in RFC 3339, not a whole number"),
        ("measured_at", "0001-01-01T00:00:00+02:00", "outside the calendar"),
        ("battery", 2.81, "a JSON object or null, not a number"),
        ("battery", [], "not a list"),
        ("reservoir_ml", -0.01, "not be negative"),
        ("reservoir_ml", "12.44", "a number, not a text"),
        ("reservoir_ml", True, "a number, not true or false"),
        ("reservoir_ml", [12], "a number, not a list"),
        ("flow_ml_per_day", -1, "not be negative"),
        ("flow_ml_per_day", "fast", "a number or null, not a text"),
        ("infusion", "trickle", "unknown value 'trickle'"),
        ("infusion", 3, "a text, not a whole number"),
        ("motor", "broken", "unknown value 'broken'"),
        ("motor", False, "not true or false"),
        ("alarms", "low_reservoir", "a list, not a text"),
        ("alarms", {}, "a list, not a JSON object"),
        ("alarms", ["low_reservoir"] * 65, "no longer than 64"),
        ("firmware", 1.04, "a text or null, not a number"),
        ("firmware", "1\n04", "cannot be printed"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field_and_the_reason(field: str, value: Any, words: str) -> None:
    fault = refusal(as_bytes(status_json(**{field: value})))
    assert fault.field == field
    assert words in fault.reason
    assert str(fault).startswith(field)


@pytest.mark.parametrize(
    ("battery", "field", "words"),
    [
        ({"voltage_v": -0.1}, "battery.voltage_v", "not be negative"),
        ({"voltage_v": "2.8"}, "battery.voltage_v", "not a text"),
        ({"remaining_percent": 100.5}, "battery.remaining_percent", "at most 100"),
        ({"remaining_percent": True}, "battery.remaining_percent", "not true or false"),
        ({"indicator": "fine"}, "battery.indicator", "unknown value 'fine'"),
    ],
)
def test_a_wrong_value_within_the_battery_is_named_by_its_path(battery: Any, field: str, words: str) -> None:
    fault = refusal(as_bytes(status_json(battery=battery)))
    assert (fault.field, words in fault.reason) == (field, True)


def test_an_unknown_alarm_is_named_with_its_place() -> None:
    fault = refusal(as_bytes(status_json(alarms=["low_reservoir", "smoke"])))
    assert str(fault) == "alarms[1] has the unknown value 'smoke'"


@pytest.mark.parametrize("literal", [b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"nan"])
@pytest.mark.parametrize(("number", "field"), [(b"12.44", "reservoir_ml"), (b"2.81", "voltage_v")])
def test_what_is_not_a_number_is_laid_at_its_field(literal: bytes, number: bytes, field: str) -> None:
    fault = refusal(as_bytes(status_json()).replace(number, literal))
    assert fault.field == field
    assert "NaN and Infinity are refused" in fault.reason


def test_a_number_beyond_all_bounds_is_refused() -> None:
    fault = refusal(as_bytes(status_json()).replace(b"12.44", b"1e999"))
    assert (fault.field, fault.reason) == ("reservoir_ml", "is a number out of range")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"hello", "not JSON"),
        (as_bytes(status_json()) + b"}", "not JSON"),
        (as_bytes(status_json())[:-1], "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[]", "a JSON object, not a list"),
        (b"null", "a JSON object, not null"),
        (b'"text"', "a JSON object, not a text"),
        (b'{"v":1,"x":"\xff"}', "not UTF-8 at byte 12"),
    ],
)
def test_a_payload_that_is_no_message_is_refused_whole(payload: bytes, words: str) -> None:
    fault = refusal(payload)
    assert fault.field == "payload"
    assert words in fault.reason


def test_a_payload_nested_as_deep_as_its_length_allows_is_refused_and_stops_nothing() -> None:
    """How deep the decoder goes before it gives up differs between Pythons; no depth may be more than a refusal."""
    for depth in (100, 1_000, 8_000, MAX_PAYLOAD_BYTES - 5):
        fault = refusal(b'{"x":' + b"[" * depth)
        assert fault.field == "payload"
        assert "nested too deep" in fault.reason or "not JSON" in fault.reason
    closed = refusal(b'{"x":' + b"[" * 8_000 + b"]" * 8_000 + b"}")
    assert closed.field in {"payload", "v"}  # refused for its depth, or skipped as every field that is not known


def test_a_payload_of_just_the_allowed_length_is_read_and_one_byte_more_refused() -> None:
    payload = as_bytes(status_json())
    padded = payload + b" " * (MAX_PAYLOAD_BYTES - len(payload))
    assert decode_status(padded) == a_report()
    assert "16385 bytes" in str(refusal(padded + b" "))


def test_the_reason_carries_nothing_that_a_log_or_a_database_cannot_hold() -> None:
    fault = refusal(as_bytes(status_json(infusion="a\u0000\u202eb" + "x" * 5_000)))
    assert fault.field == "infusion"
    assert str(fault).isprintable()
    assert len(fault.reason) <= 200


def test_a_lone_surrogate_is_refused() -> None:
    assert refusal(as_bytes(status_json(firmware="\ud800x"))).field in {"payload", "firmware"}


def test_the_same_report_gives_the_same_bytes_whatever_its_offset() -> None:
    elsewhere = a_report(measured_at=NOW.astimezone(timezone(timedelta(hours=-7))))
    assert encode_status(a_report()) == encode_status(elsewhere)
    assert b'"measured_at":"2026-11-22T10:00:00Z"' in encode_status(elsewhere)
    assert encode_status(a_report()).startswith(b'{"v":1,"model":"synchromed-ii-20","epoch":1,"seq":4711,')


moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
counts = st.integers(1, 2**63 - 1)
volumes = st.floats(0, 1_000)
words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=64)
batteries = st.builds(
    Battery, st.none() | st.floats(0, 100), st.none() | st.floats(0, 100), st.none() | st.sampled_from(Indicator)
)
reports = st.builds(
    StatusReport,
    model=words,
    epoch=counts,
    seq=counts,
    measured_at=moments,
    battery=st.none() | batteries,
    reservoir_ml=volumes,
    flow_ml_per_day=st.none() | volumes,
    infusion=st.sampled_from(Infusion),
    motor=st.sampled_from(Motor),
    alarms=st.sets(st.sampled_from(AlarmCode)).map(lambda codes: tuple(sorted(codes))),
    firmware=st.none() | words,
)


@given(reports)
def test_every_report_comes_back_as_it_was_sent(report: StatusReport) -> None:
    payload = encode_status(report)
    assert decode_status(payload) == report
    assert encode_status(decode_status(payload)) == payload


def field_at_fault(payload: bytes) -> str | None:
    try:
        decode_status(payload)
    except WireError as fault:
        return fault.field
    return None


@settings(max_examples=300)
@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists), st.sampled_from(list(status_json()))
)
def test_any_value_in_any_field_is_read_or_refused_by_name(value: Any, field: str) -> None:
    named = field_at_fault(as_bytes(status_json(**{field: value})))
    assert named is None or named.split("[")[0] == field or (named == "payload" and isinstance(value, str | list))
