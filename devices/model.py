"""What is known of one model of pump, each number with its source: where every other part reads its limits.

The models themselves are literals in `devices/models/`, one file each; `devices.models.catalogue` lists them.
"""

from dataclasses import dataclass
from enum import StrEnum

from devices.alarm_code import AlarmCode
from devices.figure import Figure
from devices.sources import SOURCES


class DeviceKind(StrEnum):
    """What sort of device it is, in the words of the procedure codes."""

    PROGRAMMABLE_PUMP = "programmable_pump"
    NONPROGRAMMABLE_PUMP = "nonprogrammable_pump"
    RESERVOIR = "reservoir"


@dataclass(frozen=True, slots=True)
class BatteryFigures:
    """The battery of a model: how long it lasts, how it announces its end, and how fast it drains.

    `weibull_shape` and `weibull_scale` give the age at end of service at `reference_flow`; `base_share` is the part of
    the drain at that flow that goes on even when nothing is pumped, and the rest rises in proportion to the flow.
    `eri_percent` is the remaining percentage at which the replacement indicator comes on. `devices.battery_drain`
    turns these into percent per day.
    """

    service_life_max: Figure
    eri_to_eos: Figure
    weibull_shape: Figure
    weibull_scale: Figure
    reference_flow: Figure
    base_share: Figure
    eri_percent: Figure
    full_voltage: Figure
    eri_voltage: Figure


@dataclass(frozen=True, slots=True)
class MriRule:
    """What an MRI asks for: whether the pump is emptied before, and by when it is interrogated after.

    `source` supports the advice for this model; None means that it is assumed, as for a model of the same family.
    """

    empty_before: bool
    check_within: Figure
    overdue_after: Figure
    advice: str
    source: str | None

    def __post_init__(self) -> None:
        if self.source is not None and self.source not in SOURCES:
            raise ValueError(f"the source {self.source!r} is not in devices/sources.py")


@dataclass(frozen=True, slots=True)
class PumpModel:
    """One model of pump. None means that the device has no such thing, never that the figure is not known.

    `reservoir_measured`: a sensor in the pump measures the volume (the fill level sensor of MedStream, source S16). All
    other pumps count it down from the volume that was entered at the fill, so what they report is no measurement.
    `flow_accuracy` is how far the delivered volume may lie from the programmed one; `delivered` is the share of the
    programmed volume that such pumps deliver, and `delivered_sd` how far they differ in it. Only a figure with a source
    may be called the label's or a measurement's.
    """

    id: str
    name: str
    maker: str
    kind: DeviceKind
    capacity: Figure
    reservoir_measured: bool
    low_reservoir: Figure | None
    refill_discrepancy: Figure
    flow_min: Figure | None
    flow_max: Figure | None
    minimum_rate: Figure | None
    fixed_flow: Figure | None
    flow_accuracy: Figure
    delivered: Figure
    delivered_sd: Figure
    battery: BatteryFigures | None
    alarms: frozenset[AlarmCode]
    mri: MriRule | None
    marketed: bool
    notes: str

    @property
    def programmable(self) -> bool:
        """Whether the pump can be analysed and reprogrammed from outside."""
        return self.kind is DeviceKind.PROGRAMMABLE_PUMP

    @property
    def has_battery(self) -> bool:
        """Whether the model has a battery at all."""
        return self.battery is not None

    @property
    def capacity_ml(self) -> float:
        """The most the reservoir holds, in mL."""
        return self.capacity.value

    @property
    def low_reservoir_ml(self) -> float | None:
        """The volume at which a refill is due, in mL; None for a device that stores nothing to run low."""
        return None if self.low_reservoir is None else self.low_reservoir.value

    @property
    def refill_discrepancy_ml(self) -> float:
        """How far the volume found at a refill may lie from the expected one before it is a finding, in mL."""
        return self.refill_discrepancy.value

    @property
    def flow_min_ml_per_day(self) -> float | None:
        """The least flow that can be programmed, in mL a day; None where none can."""
        return None if self.flow_min is None else self.flow_min.value

    @property
    def flow_max_ml_per_day(self) -> float | None:
        """The greatest flow that can be programmed, in mL a day; None where none can."""
        return None if self.flow_max is None else self.flow_max.value

    @property
    def minimum_rate_ml_per_day(self) -> float | None:
        """The flow in minimum-rate mode, in mL a day; None where there is no such mode."""
        return None if self.minimum_rate is None else self.minimum_rate.value

    @property
    def fixed_flow_ml_per_day(self) -> float | None:
        """The flow set at the factory, in mL a day; None for a pump whose flow is programmed."""
        return None if self.fixed_flow is None else self.fixed_flow.value

    @property
    def flow_accuracy_percent(self) -> float:
        """How far the delivered volume may lie from the programmed one, in percent either way."""
        return self.flow_accuracy.value

    @property
    def eri_to_eos_days(self) -> int | None:
        """The days from replacement indicator to end of service as a rule; None without a battery."""
        return None if self.battery is None else int(self.battery.eri_to_eos.value)

    @property
    def service_life_max_days(self) -> int | None:
        """The age in days at which the pump stops whatever its battery; None without a battery."""
        return None if self.battery is None else int(self.battery.service_life_max.value)
