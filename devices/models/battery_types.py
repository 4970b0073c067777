"""The batteries that the catalogue's models share.

Only SynchroMed II has published figures: five to seven years by daily dose, at most seven, and 90 days from the
replacement indicator to the shut-off. The Weibull parameters are assumed for every model; those of SynchroMed II are
such that the median agrees with the 5.9 years of pumps explanted for their battery (source S49), which fixes neither.
How the drain depends on the flow, at which percentage the indicator comes on, and the voltages are assumptions for
every model.
"""

from typing import Final

from devices.figure import assumed, cited
from devices.model import BatteryFigures

SYNCHROMED_II_BATTERY: Final = BatteryFigures(
    service_life_max=cited(2556, "days", "S1"),
    eri_to_eos=cited(90, "days", "S1"),
    weibull_shape=assumed(7.0, ""),
    weibull_scale=assumed(6.22, "years"),
    reference_flow=assumed(0.3, "mL/day"),
    base_share=assumed(0.8, ""),
    eri_percent=assumed(10.0, "%"),
    full_voltage=assumed(3.1, "V"),
    eri_voltage=assumed(2.6, "V"),
)

SYNCHROMED_III_BATTERY: Final = BatteryFigures(
    service_life_max=assumed(2556, "days"),
    eri_to_eos=assumed(90, "days"),
    weibull_shape=assumed(7.0, ""),
    weibull_scale=assumed(6.22, "years"),
    reference_flow=assumed(0.3, "mL/day"),
    base_share=assumed(0.8, ""),
    eri_percent=assumed(10.0, "%"),
    full_voltage=assumed(3.1, "V"),
    eri_voltage=assumed(2.6, "V"),
)

SYNCHROMED_EL_BATTERY: Final = BatteryFigures(
    service_life_max=assumed(2556, "days"),
    eri_to_eos=assumed(90, "days"),
    weibull_shape=assumed(7.0, ""),
    weibull_scale=assumed(5.4, "years"),
    reference_flow=assumed(0.3, "mL/day"),
    base_share=assumed(0.8, ""),
    eri_percent=assumed(10.0, "%"),
    full_voltage=assumed(3.1, "V"),
    eri_voltage=assumed(2.6, "V"),
)

PROMETRA_BATTERY: Final = BatteryFigures(
    service_life_max=assumed(4382, "days"),
    eri_to_eos=assumed(90, "days"),
    weibull_shape=assumed(7.0, ""),
    weibull_scale=assumed(10.5, "years"),
    reference_flow=assumed(0.25, "mL/day"),
    base_share=assumed(0.8, ""),
    eri_percent=assumed(10.0, "%"),
    full_voltage=assumed(3.6, "V"),
    eri_voltage=assumed(3.0, "V"),
)

MEDSTREAM_BATTERY: Final = BatteryFigures(
    service_life_max=assumed(3287, "days"),
    eri_to_eos=assumed(90, "days"),
    weibull_shape=assumed(7.0, ""),
    weibull_scale=assumed(8.4, "years"),
    reference_flow=assumed(0.3, "mL/day"),
    base_share=assumed(0.8, ""),
    eri_percent=assumed(10.0, "%"),
    full_voltage=assumed(3.6, "V"),
    eri_voltage=assumed(3.0, "V"),
)
