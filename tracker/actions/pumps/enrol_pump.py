"""Enrol pumps: the record, its empty state and the communicator's sign-in, for one or for thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from devices.identifiers import parse_udi
from devices.lifecycle import LifecycleState
from devices.model import PumpModel
from devices.models import catalogue
from devices.serials import serial_key
from devices.topics import is_serial
from tracker.actions.pumps.check_udi import check_udi
from tracker.actions.visits import prescription
from tracker.actions.visits.visit_codes import today_in
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.credential import CommunicatorCredential, next_credential_version
from tracker.records.lifecycle_events import LifecycleEvent
from tracker.records.pump import Pump, PumpState
from tracker.records.queries.serial_lookup import pumps_by_serial

OPTIONAL_FIELDS = frozenset(
    {
        "udi",
        "device_identifier",
        "lot",
        "manufactured_on",
        "expires_on",
        "patient_reference",
        "unit",
        "lifecycle",
        "implanted_on",
        "drug",
        "concentration",
        "concentration_unit",
        "dose_per_day",
        "drugs",
        "boluses",
        "low_reservoir_ml",
        "refill_cap_days",
        "report_interval_s",
    }
)
_SHORTEST_INTERVAL_S, _LONGEST_INTERVAL_S = 1, 90 * 86_400
_LONGEST_CAP_DAYS = 3650
_LONGEST = {  # as many characters as the table keeps
    "udi": 500,
    "device_identifier": 120,
    "lot": 80,
    "patient_reference": 80,
    "unit": 80,
    "lifecycle": 32,
    "drug": 80,
    "concentration": 32,
    "concentration_unit": 16,
    "dose_per_day": 32,
}
_SEPARATORS = "\x1c\x1d\x1e"  # a barcode's own, between its parts


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One pump to enrol: serial, model, the hashes of its communicator's password, and what else is known of it."""

    serial: str
    model: str
    bcrypt_hash: str
    mosquitto_hash: str
    details: Mapping[str, Any] = field(default_factory=dict)


def enrol_pump(
    session: Session,
    *,
    clinic_id: int,
    serial: str,
    model: str,
    bcrypt_hash: str,
    mosquitto_hash: str,
    by: str,
    now: datetime,
    **details: Any,
) -> Pump:
    """Enrol one pump. Raises `Invalid` naming the field, or `Conflict` where the serial is taken."""
    enrolment = Enrolment(serial, model, bcrypt_hash, mosquitto_hash, details)
    return enrol_pumps(session, clinic_id=clinic_id, enrolments=[enrolment], by=by, now=now)[0]


def enrol_pumps(
    session: Session, *, clinic_id: int, enrolments: Sequence[Enrolment], by: str, now: datetime
) -> list[Pump]:
    """Enrol them all or none, in the order given. Raises as `enrol_pump` does, for the first that can't be."""
    seen: set[str] = set()
    today = today_in(session, clinic_id, now)
    for enrolment in enrolments:
        check(enrolment, today)
        if serial_key(enrolment.serial) in seen:
            raise Conflict(f"the serial {enrolment.serial} is given twice", field="serial")
        seen.add(serial_key(enrolment.serial))
    taken = pumps_by_serial(session, [enrolment.serial for enrolment in enrolments])
    for enrolment in enrolments:
        if enrolment.serial in taken:
            known = taken[enrolment.serial].serial
            raise Conflict(f"a pump with the serial {known} is already enrolled", field="serial")
    pumps = [
        Pump(clinic_id=clinic_id, serial=one.serial, model=one.model, created_at=now, **_known(one.details))
        for one in enrolments
    ]
    session.add_all(pumps)
    session.flush()
    version = next_credential_version(session)
    session.execute(
        insert(PumpState), [{"pump_id": key(pump.id), "changed_at": now, "evaluate_at": now} for pump in pumps]
    )
    session.execute(
        insert(CommunicatorCredential),
        [
            {
                "pump_id": key(pump.id),
                "username": one.serial,
                "bcrypt_hash": one.bcrypt_hash,
                "mosquitto_hash": one.mosquitto_hash,
                "version": version + place,
                "issued_at": now,
            }
            for place, (pump, one) in enumerate(zip(pumps, enrolments, strict=True))
        ],
    )
    moved = [pump for pump in pumps if pump.lifecycle != LifecycleState.IN_STOCK]
    session.add_all(
        LifecycleEvent(
            pump_id=key(pump.id),
            from_state=LifecycleState.IN_STOCK,
            to_state=pump.lifecycle,
            at=now,
            by=by,
            reason="so when it was enrolled",
        )
        for pump in moved
    )
    session.flush()
    return pumps


def check(enrolment: Enrolment, today: date) -> None:
    """Refuse what can't be enrolled, naming the field; touches no record."""
    details = enrolment.details
    unknown = sorted(set(details) - OPTIONAL_FIELDS)
    if unknown:
        raise Invalid(f"{unknown[0]} is no field of a pump's record", field=unknown[0])
    if not is_serial(enrolment.serial):
        raise Invalid(
            f"{enrolment.serial[:80]!r} is no serial: 1 to 64 characters of A-Z a-z 0-9 . _ - are, but not dots alone",
            field="serial",
        )
    model = catalogue.find(enrolment.model)
    if model is None:
        known = ", ".join(sorted(catalogue.CATALOGUE))
        raise Invalid(f"{enrolment.model[:80]!r} is no model of the catalogue; known: {known}", field="model")
    lifecycle = details.get("lifecycle")
    if lifecycle is not None and lifecycle not in set(LifecycleState):
        raise Invalid(f"{lifecycle!r} is no state of a pump's life", field="lifecycle")
    check_details(details, model, today)
    if details.get("udi"):
        check_udi(enrolment.serial, details["udi"])


def check_details(details: Mapping[str, Any], model: PumpModel | None, today: date) -> None:
    """Refuse a field's value that no record may hold, naming the field; None stands for a model no longer known."""
    _check_texts(details)
    _check_prescription(details)
    _check_dates_and_amounts(details, today)
    _check_limits(details, model)


def _check_texts(details: Mapping[str, Any]) -> None:
    for name, given in details.items():
        if not isinstance(given, str):
            continue
        if len(given) > _LONGEST[name]:
            raise Invalid(f"{len(given)} characters are too many: at most {_LONGEST[name]} are kept", field=name)
        if any(character < " " and character not in _SEPARATORS for character in given):
            raise Invalid("it holds a character that can't be shown", field=name)


def _check_dates_and_amounts(details: Mapping[str, Any], today: date) -> None:
    implanted = details.get("implanted_on")
    if implanted is not None and implanted > today:
        raise Invalid(f"an implant on {implanted} lies in the future", field="implanted_on")
    made, expires = details.get("manufactured_on"), details.get("expires_on")
    if made is not None and made > today:
        raise Invalid(f"a manufacture on {made} lies in the future", field="manufactured_on")
    if made is not None and expires is not None and expires < made:
        raise Invalid(f"it can't have been usable until {expires}, before it was made on {made}", field="expires_on")
    for name in ("concentration", "dose_per_day"):
        if details.get(name) is not None:
            _amount(name, details[name])
    if details.get("concentration") is not None and not details.get("concentration_unit"):
        raise Invalid("a concentration means nothing without its unit, such as mcg/mL", field="concentration_unit")


def _check_limits(details: Mapping[str, Any], model: PumpModel | None) -> None:
    low = details.get("low_reservoir_ml")
    if low is not None and (model is None or not 0 <= low <= model.capacity_ml):
        most = f"0 to {model.capacity_ml:g} mL" if model else "what the model holds, which is not known"
        raise Invalid(f"a low mark of {low} mL is outside {most}", field="low_reservoir_ml")
    cap = details.get("refill_cap_days")
    if cap is not None and not 1 <= cap <= _LONGEST_CAP_DAYS:
        raise Invalid(f"a fill may stay for 1 to {_LONGEST_CAP_DAYS} days", field="refill_cap_days")
    interval = details.get("report_interval_s")
    if interval is not None and not _SHORTEST_INTERVAL_S <= interval <= _LONGEST_INTERVAL_S:
        raise Invalid("a report is expected every second at the most and every 90 days at the least", field=_INTERVAL)


_INTERVAL = "report_interval_s"


def _amount(name: str, given: Any) -> None:
    try:
        amount = Decimal(given) if isinstance(given, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount <= 0:
        raise Invalid(f"{given!r} is no amount: write a decimal number above 0", field=name)


def _check_prescription(details: Mapping[str, Any]) -> None:
    """Refuse a mixture or boluses that can't be read, or single fields that say something else than the mixture."""
    prescription.checked_boluses(details.get("boluses"))
    if details.get("drugs") is not None:
        prescription.checked(_prescribed(details), "")


def _prescribed(details: Mapping[str, Any]) -> dict[str, Any]:
    single = {name: details.get(name) for name in ("drug", "concentration", "dose_per_day")}
    return {**single, "unit": details.get("concentration_unit"), "drugs": details["drugs"]}


def _known(details: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was given, or what the barcode says of it: an empty field is left as the table has it."""
    given = {name: value for name, value in details.items() if value is not None}
    if "drugs" in given:
        kept = prescription.checked(_prescribed(details), "") or {}
        given |= {name: value for name, value in prescription.columns_of(kept).items() if value is not None}
        if "drugs" not in kept:
            del given["drugs"]
    if "boluses" in given:
        given["boluses"] = prescription.checked_boluses(given["boluses"])
    return _said_by(given) | given


def _said_by(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given.get("udi"):
        return {}
    said = parse_udi(given["udi"])  # it was checked before
    found = {name: getattr(said, name) for name in ("device_identifier", "lot", "manufactured_on", "expires_on")}
    return {name: value for name, value in found.items() if value is not None and _fits(name, value)}


def _fits(name: str, value: object) -> bool:
    return not isinstance(value, str) or len(value) <= _LONGEST[name]
