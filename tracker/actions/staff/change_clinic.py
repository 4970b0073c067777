"""Change what a clinic has set for itself: its name, the zone of its clock, its limits, and what its messages say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, select

from tracker.actions.staff.add_staff import checked_role, checked_zone
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import Clinic, Pump, look_again

CHANGEABLE: Final = (
    *("name", "timezone", "refill_cap_days", "second_factor_roles"),
    *("message_content", "messages_per_hour"),
)
MESSAGE_CONTENTS: Final = ("full", "reference", "none")
MOST_MESSAGES: Final = 1000
MOST_CAP_DAYS: Final = 3650
_LONGEST_NAME = 120


def change_clinic(session: Session, clinic: Clinic, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Change the named fields. Returns what each was before; empty where nothing is different.

    A new cap has every pump of the clinic looked at again, since its refill date may rest on it; None takes it away.
    Raises ``Invalid`` naming the field, ``Conflict`` where another clinic has the name.
    """
    before: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise Invalid(f"{name} is not changed here", field=name)
        wanted = _checked(session, clinic, name, value)
        if getattr(clinic, name) != wanted:
            before[name] = getattr(clinic, name)
            setattr(clinic, name, wanted)
    session.add(clinic)
    session.flush()
    if "refill_cap_days" in before:
        look_again(session, [key(one) for one in session.exec(select(Pump.id).where(Pump.clinic_id == clinic.id))], now)
    return before


def _checked(session: Session, clinic: Clinic, name: str, value: Any) -> Any:
    match name:
        case "name":
            wanted = str(value).strip()
            if not 1 <= len(wanted) <= _LONGEST_NAME:
                raise Invalid(f"a clinic's name has 1 to {_LONGEST_NAME} characters", field=name)
            taken = session.exec(select(Clinic.id).where(Clinic.name == wanted, Clinic.id != clinic.id)).first()
            if taken is not None:
                raise Conflict(f"there is a clinic named {wanted!r} already", field=name)
            return wanted
        case "timezone":
            return checked_zone(str(value).strip())
        case "second_factor_roles":
            return ",".join(sorted({checked_role(str(one)) for one in value}))
        case "message_content" | "messages_per_hour":
            return _checked_of_messages(name, value)
        case _:
            if value is not None and not 1 <= value <= MOST_CAP_DAYS:
                raise Invalid(f"a fill may stay for 1 to {MOST_CAP_DAYS} days", field=name)
            return value


def _checked_of_messages(name: str, value: Any) -> Any:
    if name == "message_content" and value not in MESSAGE_CONTENTS:
        raise Invalid(f"messages say one of {', '.join(MESSAGE_CONTENTS)}", field=name)
    if name == "messages_per_hour" and not 1 <= value <= MOST_MESSAGES:
        raise Invalid(f"a person has 1 to {MOST_MESSAGES} messages an hour", field=name)
    return value
