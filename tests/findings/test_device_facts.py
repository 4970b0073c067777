"""The battery and the built-in notice as a payer is told them: documented, reported, or unknown with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from devices.alarms import BUILT_IN_NOTICE, AlarmCode
from devices.interval import Interval
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE, MODELS
from tests.findings.build import DAY, NOW
from tracker.findings.battery_seen import BatterySeen, NoticeSeen
from tracker.findings.fact import Fact
from tracker.findings.pump_snapshot import (
    DocumentedSeen,
    Expectation,
    LinkSeen,
    OutlookSeen,
    PumpSnapshot,
    StateSeen,
)
from tracker.findings.replacement_facts import replacement_facts

UNKNOWN = Expectation(None, "not asked here")
BATTERY, NOTICE = "battery_nearing_end", "impending_failure_notice"
with_battery = pytest.mark.parametrize("model", [one for one in MODELS if one.has_battery], ids=lambda one: one.id)


def a_state(**told: Any) -> StateSeen:
    state = StateSeen(
        epoch=1,
        seq=9,
        measured_at=NOW,
        received_at=NOW,
        battery_percent=None,
        battery_indicator="ok",
        reservoir_ml=9.0,
        flow_ml_per_day=0.3,
        infusion="simple_continuous",
        motor="running",
        alarms=frozenset(),
    )
    return replace(state, **told)


def ahead(low: float, high: float, **told: Any) -> OutlookSeen:
    """A forecast of the end of service in so many days; nothing that the pump itself told unless given."""
    eos = Interval(NOW + low * DAY, NOW + (low + high) / 2 * DAY, NOW + high * DAY)
    return OutlookSeen(UNKNOWN, Expectation(eos, "the basis"), UNKNOWN, UNKNOWN, None, "", battery=BatterySeen(**told))


def charged(low: float, high: float, at: datetime = NOW, **told: Any) -> OutlookSeen:
    """A forecast by the charge that the pump reported."""
    return ahead(low, high, charge=(NOW + low * DAY, NOW + high * DAY), charge_at=at, **told)


def a_view(outlook: OutlookSeen | None = None, **told: Any) -> PumpSnapshot:
    view = PumpSnapshot(
        pump_id=7,
        clinic_id=1,
        serial="SN-1",
        model=CATALOGUE["synchromed-ii-20"],
        lifecycle="implanted",
        implanted_on=None,
        drug="morphine",
        report_interval_s=86_400,
        created_at=NOW - 900 * DAY,
        suspended_until=None,
        replacement_planned_for=None,
        refill_cap_days=None,
        zone="UTC",
        state=a_state(),
        link=LinkSeen("connected", NOW, NOW),
        outlook=outlook,
    )
    return replace(view, **told)


def document(fact: str, value: bool, ago: float = 1) -> DocumentedSeen:
    return DocumentedSeen(3, fact, value, "Dr. Lee", "letter of May", NOW - ago * DAY)


def fact(view: PumpSnapshot, name: str) -> Fact:
    return next(one for one in replacement_facts(view, NOW) if one.name == name)


@with_battery
@pytest.mark.parametrize("days", [10, 100, 300, 2_000])
def test_a_projection_alone_documents_nothing_for_any_model(model: PumpModel, days: int) -> None:
    told = fact(a_view(ahead(days - 9, days), model=model), BATTERY)
    assert told.value is None
    assert "projected" in told.because
    assert "documents nothing" in told.because


@pytest.mark.parametrize(
    ("low", "high", "value"),
    [(20, 180, True), (20, 183, True), (20, 184, None), (184, 900, False), (182, 900, None)],
)
def test_the_reported_charge_documents_a_near_end_where_even_its_late_end_is_near(
    low: int, high: int, value: bool | None
) -> None:
    told = fact(a_view(charged(low, high), state=a_state(battery_percent=11.0)), BATTERY)
    assert told.value is value
    assert "with 11 %" in told.because
    if value is not None:
        assert told.source is not None
        assert told.source.kind == "reading"


def test_a_charge_reported_long_ago_documents_nothing() -> None:
    assert fact(a_view(charged(20, 90, at=NOW - 61 * DAY)), BATTERY).value is None
    monthly = a_view(charged(20, 90, at=NOW - 45 * DAY), report_interval_s=30 * 86_400)
    assert fact(monthly, BATTERY).value is True, "a pump that reports once a month is heard of in time"


def test_a_limit_of_service_that_is_near_makes_a_far_charge_unknown_never_yes() -> None:
    told = fact(a_view(charged(400, 900, limit=NOW + 90 * DAY)), BATTERY)
    assert told.value is None
    assert "limit" in told.because


def test_a_battery_whose_reports_contradict_each_other_is_unknown_and_says_so() -> None:
    told = fact(a_view(ahead(20, 90, doubt="It went from 20 % up to 60 %.")), BATTERY)
    assert told.value is None
    assert "up to 60 %" in told.because


@pytest.mark.parametrize("first", ["eri_at", "eos_at"])
def test_an_indicator_once_reported_stays_true_whatever_the_newest_report_says(first: str) -> None:
    seen = ahead(300, 900, doubt="It went back.", **{first: NOW - 40 * DAY})
    view = a_view(seen, state=a_state(battery_indicator="ok", battery_percent=55.0))
    assert fact(view, BATTERY).value is True
    assert "It went back." in fact(view, BATTERY).because
    assert fact(view, NOTICE).value is True, "the indicator is a built-in component's notice"


@pytest.mark.parametrize(("entered", "value"), [(True, True), (False, False)])
def test_a_document_answers_what_no_report_does(entered: bool, value: bool) -> None:
    for name in (BATTERY, NOTICE):
        told = fact(a_view(ahead(20, 90), documented=(document(name, entered),)), name)
        assert told.value is value
        assert told.source is not None
        assert told.source.kind == "documented_fact"
        assert "letter of May" in told.because


def test_a_document_that_says_no_stands_until_the_pump_says_otherwise() -> None:
    seen = ahead(20, 90, eri_at=NOW - 5 * DAY)
    before, after = document(BATTERY, value=False, ago=9), document(BATTERY, value=False, ago=2)
    assert fact(a_view(seen, documented=(before,)), BATTERY).value is True
    denied = fact(a_view(seen, documented=(after,)), BATTERY)
    assert denied.value is False
    assert "told otherwise" in denied.because
    stale = fact(a_view(ahead(20, 90), documented=(document(BATTERY, value=False, ago=200),)), BATTERY)
    assert stale.value is None
    assert "too old" in stale.because


@pytest.mark.parametrize("code", sorted(BUILT_IN_NOTICE))
@pytest.mark.parametrize("days", [0.1, 3, 400])
def test_a_notice_once_given_is_never_answered_with_no_by_a_quiet_report(code: AlarmCode, days: float) -> None:
    given = NoticeSeen(4, code, NOW - days * DAY, NOW - days * DAY)
    told = fact(a_view(charged(400, 900), notices=(given,)), NOTICE)
    assert told.value is True
    assert told.source is not None
    assert (told.source.kind, told.source.id) == ("alarm", "4")


@pytest.mark.parametrize("code", sorted(set(AlarmCode) - BUILT_IN_NOTICE))
def test_an_alarm_that_announces_nothing_is_no_notice(code: AlarmCode) -> None:
    assert fact(a_view(charged(400, 900), state=a_state(alarms=frozenset({str(code)}))), NOTICE).value is False


@with_battery
def test_readings_that_are_not_kept_answer_nothing_with_no(model: PumpModel) -> None:
    view = a_view(None, model=model, state=None, not_kept="The readings of then are not kept any more.")
    for name in (BATTERY, NOTICE):
        told = fact(view, name)
        assert told.value is None
        assert "not kept" in told.because


def test_a_document_of_a_time_whose_readings_are_gone_still_counts() -> None:
    view = a_view(None, state=None, not_kept="gone", documented=(document(BATTERY, value=True),))
    assert fact(view, BATTERY).value is True


def test_a_pump_without_a_battery_has_none_that_could_near_its_end() -> None:
    for model in (one for one in MODELS if not one.has_battery):
        view = a_view(None, model=model, documented=(document(BATTERY, value=True),))
        assert fact(view, BATTERY).value is None
        assert fact(view, NOTICE).value is False


def test_a_report_of_no_age_says_how_old_it_is() -> None:
    old = a_view(None, state=a_state(measured_at=NOW - timedelta(days=70)))
    assert fact(old, NOTICE).value is None
    assert "too old" in fact(old, NOTICE).because
