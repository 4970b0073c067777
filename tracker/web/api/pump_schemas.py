"""What the API says of a pump: its record, its latest state, its alarms, what is ahead of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from devices.models import catalogue
from tracker.findings.verdict import Verdict
from tracker.records.alarm import Alarm
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.reading import Reading


class PumpRecord(BaseModel):
    """A pump's record, as people keep it."""

    serial: str
    model: str
    model_name: str | None = Field(description="null where the catalogue no longer has the model")
    kind: str | None
    lifecycle: str
    udi: str | None
    device_identifier: str | None
    lot: str | None
    manufactured_on: date | None
    expires_on: date | None = Field(description="The last day on which it might be implanted")
    patient_reference: str | None
    unit: str | None
    implanted_on: date | None
    explanted_on: date | None
    replacement_planned_for: date | None
    drug: str | None
    concentration: str | None = Field(description="A decimal number as text, in `concentration_unit`")
    concentration_unit: str | None
    dose_per_day: str | None = Field(description="A decimal number as text, in the concentration's unit of mass")
    drugs: list[dict[str, Any]] | None = Field(description="Every drug of a mixture; null for one drug")
    boluses: dict[str, Any] | None = Field(description="The most that the patient may take; null where none is told")
    low_reservoir_ml: float | None = Field(description="This patient's mark; null uses the model's")
    refill_cap_days: int | None
    report_interval_s: int
    suspended_until: datetime | None
    suspended_reason: str | None
    created_at: datetime


class Battery(BaseModel):
    """The battery as the pump reported it; a field that it did not report is null."""

    voltage_v: float | None
    remaining_percent: float | None
    indicator: Literal["ok", "eri", "eos"] | None


class ReadingShown(BaseModel):
    """One status report, in the words of the wire."""

    measured_at: datetime = Field(description="The pump's own time; where its clock was wrong, see `clock_wrong`")
    received_at: datetime | None
    clock_wrong: bool = Field(
        description="The clock that dated the report was wrong: nothing is dated by it. In `state`, `measured_at` is "
        "then the arrival; in a list of readings it is what the clock said."
    )
    epoch: int
    seq: int
    battery: Battery | None = Field(description="null where the report carried none")
    reservoir_ml: float | None
    flow_ml_per_day: float | None
    infusion: str | None
    motor: str | None
    alarms: list[str]
    firmware: str | None


class Contact(BaseModel):
    """The communicator's link, kept apart from what the pump measured: three ages that may differ by weeks."""

    link: str = Field(description="never, connected, late, disconnected or suspended")
    since: datetime | None
    last_contact_at: datetime | None = Field(description="The same as `heard_at`")
    heard_at: datetime | None = Field(description="When anything came from the communicator")
    understood_at: datetime | None = Field(description="When the newest report or session came that was not refused")
    measured_at: datetime | None = Field(description="The newest measurement's own time")
    clock_wrong_since: datetime | None = Field(description="Since when reports carry a wrong clock; null: it is right")
    online: bool | None = Field(description="null until the communicator said so")


class PumpListed(PumpRecord):
    """A pump in a list: its record, its latest state and its link."""

    state: ReadingShown | None = Field(description="The report measured last; null before the first")
    contact: Contact
    verdict: Verdict = Field(
        description="What the pump's page says at its top. `well` is said only of a pump that is followed, was "
        "measured lately, delivers, and has no open alarm and no open task"
    )


class AlarmShown(BaseModel):
    """An alarm: *active* and *acknowledged* are independent, and it is open until `closed_at`."""

    id: int
    code: str
    priority: Literal["low", "medium", "high"]
    active: bool
    latched: bool = Field(description="stays open until a person acknowledged it")
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assignee: str | None
    snoozed_until: datetime | None
    snooze_reason: str | None
    escalated_at: datetime | None
    closed_at: datetime | None


class Expected(BaseModel):
    """A date with its 80 % interval; all null where it can't be told, and the basis says why."""

    low: datetime | None
    median: datetime | None
    high: datetime | None


class BatteryForecast(BaseModel):
    """When the battery is expected to reach its replacement indicator (ERI) and its end of service (EOS)."""

    eri: Expected
    eos: Expected
    basis: str


class ReservoirForecast(BaseModel):
    """When the reservoir is expected to reach its low mark and to run empty."""

    low_mark: Expected
    empty: Expected
    basis: str


class Forecast(BaseModel):
    """What is ahead of a pump, never a bare date."""

    computed_at: datetime
    battery: BatteryForecast
    reservoir: ReservoirForecast
    refill_by: datetime | None
    refill_reason: str
    unknown: list[str]


def record_of(pump: Pump) -> dict[str, Any]:
    """The record's fields."""
    model = catalogue.find(pump.model)
    fields = {name: getattr(pump, name) for name in PumpRecord.model_fields if hasattr(pump, name)}
    return {**fields, "model_name": model.name if model else None, "kind": model.kind.value if model else None}


def state_of(state: PumpState | None) -> ReadingShown | None:
    """The report measured last; None before the first."""
    if state is None or state.measured_at is None or state.epoch is None or state.seq is None:
        return None
    return _reported(state, state.measured_at, state.epoch, state.seq)


def reading_of(reading: Reading) -> ReadingShown:
    """One report."""
    return _reported(reading, reading.measured_at, reading.epoch, reading.seq)


def contact_of(state: PumpState | None) -> Contact:
    """The link; `never` where there is no state yet."""
    if state is None:
        never = dict.fromkeys(Contact.model_fields)
        return Contact.model_validate(never | {"link": "never"})
    return Contact(
        link=state.link,
        since=state.link_since,
        last_contact_at=state.last_contact_at,
        heard_at=state.last_contact_at,
        understood_at=state.understood_at,
        measured_at=state.measured_at,
        clock_wrong_since=state.clock_wrong_since,
        online=state.online,
    )


def alarm_of(alarm: Alarm) -> AlarmShown:
    """An alarm in words."""
    names: dict[int, Literal["low", "medium", "high"]] = {1: "low", 2: "medium", 3: "high"}
    fields = {name: getattr(alarm, name) for name in AlarmShown.model_fields if name not in {"priority", "active"}}
    return AlarmShown(**fields, priority=names[alarm.priority], active=alarm.cleared_at is None)


def forecast_of(outlook: Outlook | None) -> Forecast | None:
    """What is ahead; None until it was first computed."""
    if outlook is None:
        return None

    def expected(name: str) -> Expected:
        return Expected(**{end: getattr(outlook, f"{name}_{end}_at") for end in ("low", "median", "high")})

    return Forecast(
        computed_at=outlook.computed_at,
        battery=BatteryForecast(eri=expected("eri"), eos=expected("eos"), basis=outlook.battery_basis),
        reservoir=ReservoirForecast(
            low_mark=expected("low_mark"), empty=expected("empty"), basis=outlook.reservoir_basis
        ),
        refill_by=outlook.refill_by_at,
        refill_reason=outlook.refill_reason,
        unknown=list(outlook.unknown or ()),
    )


def _reported(row: PumpState | Reading, measured_at: datetime, epoch: int, seq: int) -> ReadingShown:
    given = (row.battery_voltage_v, row.battery_percent, row.battery_indicator)
    battery = None
    if given != (None, None, None):
        battery = Battery.model_validate({"voltage_v": given[0], "remaining_percent": given[1], "indicator": given[2]})
    return ReadingShown(
        measured_at=measured_at,
        received_at=row.received_at,
        clock_wrong=row.clock_wrong if isinstance(row, Reading) else row.clock_at is not None,
        epoch=epoch,
        seq=seq,
        battery=battery,
        reservoir_ml=row.reservoir_ml,
        flow_ml_per_day=row.flow_ml_per_day,
        infusion=row.infusion,
        motor=row.motor,
        alarms=[code for code in row.alarms.split(",") if code],
        firmware=row.firmware,
    )
