"""Values in words, the plan's arithmetic, the calendar file, the chart's values: the pure parts behind the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from devices.models import catalogue
from tests.build import NOW
from tracker.findings.verdict import Cause, Judged, Verdict
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.queries.chart import Bucket, Span
from tracker.records.queries.planning import End
from tracker.records.visit import Visit
from tracker.web.lists.exports import csv_cell
from tracker.web.lists.icalendar import Entry, calendar_begin, calendar_end, calendar_entry
from tracker.web.views import formatting
from tracker.web.views.layout import local_path
from tracker.web.views.planning_charts import by_month, by_week, months_from, week_edges
from tracker.web.views.pump_chart import chart_values, programmed_course, table_of
from tracker.web.views.pump_summary import upcoming, wellness


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("used on 2026-11-22 22:32 UTC and", "used on 22 Nov 2026, 17:32 EST and"),
        ("since 2026-07-01 03:30:25.021872; on", "since 30 Jun 2026, 23:30 EDT; on"),
        ("first seen 2026-11-21 18:30 PST, acknowledged", "first seen 21 Nov 2026, 18:30 PST, acknowledged"),
        ("first seen 2026-11-22 06:30 +04.", "first seen 22 Nov 2026, 06:30 +04."),
        ("Refill by 2026-12-02", "Refill by 2 Dec 2026"),
        ("between 2026-12-02 and 2027-01-03.", "between 2 Dec 2026 and 3 Jan 2027."),
        ("on 2026-13-02, FSN-2026-11-22, /x/2026-11-22", "on 2026-13-02, FSN-2026-11-22, /x/2026-11-22"),
    ],
)
def test_times_within_a_sentence_are_on_the_clinics_clock(text: str, said: str) -> None:
    assert formatting.on_the_clinics_clock(text, "America/New_York") == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=3), "3 s"),
        (timedelta(minutes=4), "4 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=120), "4 months"),
        (timedelta(days=2155), "5.9 years"),
    ],
)
def test_a_length_of_time_is_said_in_the_largest_unit_that_fits(length: timedelta, said: str) -> None:
    assert formatting.span(length) == said


def test_a_time_is_shown_in_the_clinics_zone_with_the_zone_named() -> None:
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert formatting.clock(moment, "Europe/Berlin") == "2 Jul 2026, 00:30 CEST"
    assert formatting.from_field_time("2026-07-02T00:30", "Europe/Berlin") == moment


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    assert formatting.number(None, 1, "mL") == "not known"
    assert formatting.due(None, NOW) == "not known"
    assert formatting.ago(None, NOW) == "never"


def test_a_priority_that_is_not_known_is_never_shown_as_calm() -> None:
    assert formatting.sign(9) == ("high", "Urgent")


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", ""])
def test_a_form_never_leads_to_a_foreign_page(path: str) -> None:
    assert local_path(path) == "/"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_cell_that_a_spreadsheet_would_compute_is_marked_as_text(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_a_number_in_a_cell_stays_a_number() -> None:
    assert csv_cell(-1.5) == "-1.5"


def expected(median_days: int, spread_days: int = 60, planned: date | None = None) -> End:
    median = NOW + timedelta(days=median_days)
    spread = timedelta(days=spread_days)
    low, middle, high = (moment.timestamp() for moment in (median - spread, median, median + spread))
    return End(low, middle, high, planned)


def test_the_plans_months_add_up_to_the_pumps_that_end_within_them() -> None:
    months = by_month([expected(100), expected(101), expected(300)], NOW.date(), "UTC")
    assert len(months) == 24
    assert sum(month.count for month in months) == 3
    assert sum(month.expected for month in months) == pytest.approx(3, abs=0.02)
    assert all(month.low <= month.expected + 1 and month.high >= month.low for month in months)


def test_a_pump_that_should_have_ended_already_counts_in_the_first_month() -> None:
    months = by_month([expected(-30, 10)], NOW.date(), "UTC")
    assert months[0].count == 1
    assert months[0].expected == pytest.approx(1)


def test_a_planned_surgery_is_counted_in_its_month() -> None:
    months = by_month([expected(200, planned=date(2027, 1, 14))], NOW.date(), "UTC")
    assert [month.start for month in months if month.planned] == [date(2027, 1, 1)]


def test_an_overdue_refill_counts_in_this_week() -> None:
    due = [NOW + timedelta(days=days) for days in (-20, 0, 3)]
    _, ends = week_edges(NOW.date(), "UTC")
    weeks = by_week([sum(one < end for one in due) for end in ends], NOW.date(), "UTC")
    assert (weeks[0].count, weeks[1].count, weeks[2].count) == (2, 1, 0)


def test_months_go_on_over_the_year() -> None:
    assert months_from(date(2026, 11, 22), 3) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]


def test_a_calendar_file_folds_long_lines_and_escapes_what_has_a_meaning() -> None:
    entry = Entry("u", date(2026, 12, 31), "Refill, now", "é" * 90)
    text = calendar_begin("A; b, c") + calendar_entry(entry, NOW) + calendar_end()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "X-WR-CALNAME:A\\; b\\, c\r\n" in text
    assert "DTEND;VALUE=DATE:20270101\r\n" in text
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert f"DESCRIPTION:{'é' * 90}\r\n" in text.replace("\r\n ", "")


def a_bucket(days_ago: float, reservoir_ml: float = 10.0, battery: float | None = 50.0) -> Bucket:
    at = NOW - timedelta(days=days_ago)
    return Bucket(at, at + timedelta(hours=6), 2, reservoir_ml - 1, reservoir_ml, battery, battery, 0.2, 0.2)


def test_the_charts_values_keep_both_ends_of_each_bucket() -> None:
    values = chart_values(
        buckets=[a_bucket(3), a_bucket(2)],
        course=[],
        alarms=[],
        visits=[],
        outlook=None,
        model=None,
        span=Span(NOW - timedelta(days=4), NOW),
        now=NOW,
    )
    assert values["reservoir_ml"] == [10.0, 9.0, 10.0, 9.0]
    assert values["t"] == sorted(values["t"])
    assert values["forecast"] is None


def test_a_forecast_is_drawn_only_for_a_pump_with_a_battery_that_was_measured() -> None:
    times: dict[str, Any] = {name: NOW + timedelta(days=100) for name in ("eos_low_at", "eos_median_at", "eos_high_at")}
    outlook = Outlook(pump_id=1, computed_at=NOW, **times)
    shared: dict[str, Any] = {
        "course": [],
        "alarms": [],
        "visits": [],
        "outlook": outlook,
        "span": Span(NOW, NOW),
        "now": NOW,
    }
    with_battery = catalogue.find("synchromed-ii-20")
    measured = chart_values(buckets=[a_bucket(1)], model=with_battery, **shared)
    unmeasured = chart_values(buckets=[a_bucket(1, battery=None)], model=with_battery, **shared)
    without = chart_values(buckets=[a_bucket(1)], model=catalogue.find("codman-3000"), **shared)
    assert measured["forecast"]["median"][-1] == [times["eos_median_at"].timestamp(), 0.0]
    assert unmeasured["forecast"] is None
    assert without["forecast"] is None


def test_the_table_behind_the_chart_loses_no_report_and_no_extreme() -> None:
    buckets = [a_bucket(100 - step, 5 + step % 7) for step in range(90)]
    rows = table_of(buckets)
    assert len(rows) <= 24
    assert sum(row.readings for row in rows) == 180
    assert max(row.reservoir_high_ml for row in rows) == max(bucket.reservoir_high_ml for bucket in buckets)


def a_fill(days_ago: int, filled_ml: float | None, **more: Any) -> Visit:
    return Visit(
        pump_id=1,
        performed_at=NOW - timedelta(days=days_ago),
        refilled=True,
        filled_ml=filled_ml,
        logged_by="x",
        logged_at=NOW,
        **more,
    )


def the_pump(**given: Any) -> Pump:
    values: dict[str, Any] = {
        "clinic_id": 1,
        "serial": "S",
        "model": "synchromed-ii-20",
        "lifecycle": "implanted",
        "concentration": "2000",
        "concentration_unit": "mcg/mL",
        "dose_per_day": "400",
        "created_at": NOW,
        **given,
    }
    return Pump(**values)


def test_the_programmed_course_falls_by_the_prescription_from_each_logged_fill() -> None:
    lines = programmed_course([a_fill(20, 20.0), a_fill(10, 18.0)], the_pump(), catalogue.find("synchromed-ii-20"), NOW)
    assert [(line[0].value, round(line[-1].value, 3)) for line in lines] == [(20.0, 18.0), (18.0, 16.0)]


def test_a_fill_of_unknown_volume_and_a_flow_that_nobody_knows_draw_no_course() -> None:
    model = catalogue.find("synchromed-ii-20")
    assert programmed_course([a_fill(20, None)], the_pump(), model, NOW) == []
    assert programmed_course([a_fill(20, 20.0)], the_pump(dose_per_day=None), model, NOW) == []


@pytest.mark.parametrize(
    ("dose", "concentration"), [("1e999999", "1e-9"), ("1e400", "1"), ("NaN", "1"), ("1", "sNaN"), ("1", "0")]
)
def test_a_dose_that_no_flow_can_be_of_draws_no_course(dose: str, concentration: str) -> None:
    pump = the_pump(dose_per_day=dose, concentration=concentration)
    assert programmed_course([a_fill(20, 20.0)], pump, catalogue.find("synchromed-ii-20"), NOW) == []


def a_state(minutes_ago: float = 4) -> PumpState:
    return PumpState(pump_id=1, measured_at=NOW - timedelta(minutes=minutes_ago), changed_at=NOW)


DUE = Cause(2, "reservoir", "Refill due", "Because.")


def test_the_verdict_is_said_in_words_that_claim_no_more_than_it_knows() -> None:
    well = wellness(the_pump(), a_state(), Judged(Verdict.WELL), 0, NOW)
    assert (well.look, well.headline) == ("good", "No problems found")
    watched = wellness(the_pump(), a_state(), Judged(Verdict.WATCH, DUE), 3, NOW)
    assert (watched.look, watched.headline, watched.sentence) == (
        "medium",
        "Refill due",
        "Because. And 2 other open tasks.",
    )
    stopped = PumpState(pump_id=1, infusion="minimum_rate", motor="running", measured_at=NOW, changed_at=NOW)
    assert "Minimum rate" in wellness(the_pump(), stopped, Judged(Verdict.WATCH), 0, NOW).headline


@pytest.mark.parametrize(
    ("state", "cause", "words"),
    [
        (None, None, "no data yet"),
        (lambda: a_state(60 * 24 * 3), None, "its last report is from"),
        (a_state, Cause(2, "clock", "The clock is wrong"), "The clock is wrong"),
        (a_state, None, "not heard of now"),
    ],
)
def test_what_is_not_known_is_said_so_with_its_reason(
    state: Callable[[], PumpState] | None, cause: Cause | None, words: str
) -> None:
    said = wellness(the_pump(), state and state(), Judged(Verdict.UNKNOWN, cause), 0, NOW)
    assert said.look == "unknown"
    assert words in said.headline


def test_a_pump_on_the_shelf_is_not_called_well() -> None:
    assert wellness(the_pump(lifecycle="in_stock"), None, Judged(Verdict.NOT_FOLLOWED), 0, NOW).headline == "In stock"


def test_what_lies_ahead_is_ordered_and_carries_its_interval() -> None:
    days = {"eos_low_at": 300, "eos_median_at": 400, "eos_high_at": 500, "refill_by_at": 30}
    times: dict[str, Any] = {name: NOW + timedelta(days=count) for name, count in days.items()}
    outlook = Outlook(pump_id=1, computed_at=NOW, **times)
    ahead = upcoming(the_pump(), outlook, [])
    assert [one.what for one in ahead] == ["Refill by", "Begin to plan the replacement", "End of service"]
    assert ahead[2].interval == (outlook.eos_low_at, outlook.eos_high_at)
