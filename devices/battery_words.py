"""The sentences about a battery's figures: each says whether its figure has a source or is assumed."""

from datetime import datetime, tzinfo

from devices.model import BatteryFigures


def day_in(zone: tzinfo, moment: datetime) -> str:
    """The day of a moment in that zone: 2026-11-21."""
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def limit_sentence(battery: BatteryFigures, limit: datetime | None, zone: tzinfo) -> str:
    """The model's limit of service and its mark; or that it can't be applied, since no implant date is recorded."""
    life = battery.service_life_max
    years = f"{life.value / 365.25:.0f} years"
    mark = "assumed" if life.assumed else f"source {life.source}"
    if limit is None:
        return (
            f"The implant date is not recorded, so that the model's limit of {years} ({mark}) can't be applied: it may "
            "end sooner."
        )
    if life.assumed:
        return (
            f"Its service is taken to end at the latest on {day_in(zone, limit)}, {years} after the implant ({mark})."
        )
    return f"The model stops at the latest on {day_in(zone, limit)}, {years} after the implant ({mark})."


def life_mark(battery: BatteryFigures) -> str:
    """Where the spread of battery lives comes from."""
    scale = battery.weibull_scale
    return "as assumed" if scale.assumed or battery.weibull_shape.assumed else f"source {scale.source}"


def end_sentence(battery: BatteryFigures) -> str:
    """How the end of service follows from the indicator, and that it may come sooner."""
    days = battery.eri_to_eos
    mark = "assumed" if days.assumed else f"source {days.source}"
    return (
        f"End of service is counted {days.value:.0f} days after the indicator ({mark}); a battery with a defect may "
        "end sooner, or with no indicator at all."
    )
