"""Change what people keep of a pump: where it belongs, its limits, how often it should report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from devices.models import catalogue
from tracker.errors import Invalid
from tracker.records.columns import key
from tracker.records.pump import Pump, look_again

CHANGEABLE: Final = ("patient_reference", "unit", "low_reservoir_ml", "refill_cap_days", "report_interval_s")
_LONGEST = 80
_MOST_DAYS = 3650
_LEAST_S, _MOST_S = 1, 90 * 86_400


def change_record(session: Session, pump: Pump, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Change the named fields and have the pump looked at anew. Returns what each was before.

    Raises ``Invalid`` naming the field. None empties a field, save the reporting interval, which must be known.
    """
    before: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise Invalid(f"{name} is not changed here", field=name)
        _check(pump, name, value)
        if getattr(pump, name) != value:
            before[name] = getattr(pump, name)
            setattr(pump, name, value)
    session.add(pump)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return before


def _check(pump: Pump, name: str, value: Any) -> None:
    model = catalogue.find(pump.model)
    match name:
        case "patient_reference" | "unit":
            if value is not None and len(value) > _LONGEST:
                raise Invalid(f"at most {_LONGEST} characters", field=name)
        case "low_reservoir_ml":
            if value is not None and (model is None or not 0 <= value <= model.capacity_ml):
                most = f"0 to {model.capacity_ml:g} mL" if model else "what the model holds"
                raise Invalid(f"a low mark lies within {most}", field=name)
        case "refill_cap_days":
            if value is not None and not 1 <= value <= _MOST_DAYS:
                raise Invalid(f"a fill may stay for 1 to {_MOST_DAYS} days", field=name)
        case _:
            if value is None or not _LEAST_S <= value <= _MOST_S:
                raise Invalid(
                    "a report is expected every second at the most and every 90 days at the least", field=name
                )
