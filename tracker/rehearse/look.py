"""A look at a pump or a clinic: what the pages and the API show at this moment, in the fields of the format."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracker.actions.pumps.judge_delivery import verdicts
from tracker.records.column_types import key
from tracker.records.pump import Pump
from tracker.records.queries.serial_lookup import pump_by_serial
from tracker.rehearse.look_fields import (
    AGE_FIELDS,
    CRITERION_FIELDS,
    DELIVERY_FIELDS,
    FACT_FIELDS,
    FINDING_FIELDS,
    ITEM_FIELDS,
    nothing_seen,
)
from tracker.rehearse.look_messages import messages
from tracker.rehearse.scenario import MAIN, OTHER, Clinic
from tracker.rehearse.stage import CLINICS, Stage
from tracker.rehearse.times import moment_of, written
from tracker.web.api.pump_schemas import PumpRecord

_AT_ONCE: Final = 1000
_ROLE: Final = "nurse"


class NothingThere(Exception):
    """No pump of that serial is enrolled, or a list can't be read."""


def look_at_pump(stage: Stage, serial: str, name: str | None) -> dict[str, Any]:
    """What is shown of a pump now. Raises ``NothingThere``."""
    now = stage.clock.now
    clinic, pump = _pump(stage, serial)
    path = f"/api/v1/pumps/{quote(pump.serial)}"
    shown = _get(stage, clinic, path)
    seen = nothing_seen() | {
        "name": name,
        "at": written(now),
        "pump": pump.serial,
        "verdict": _verdict(stage, pump),
        "record": {field: shown[field] for field in PumpRecord.model_fields},
        "link": shown["contact"]["link"],
        "delivery": {
            field: one for field, one in _get(stage, clinic, f"{path}/delivery").items() if field in DELIVERY_FIELDS
        },
        "ages": _ages(shown["contact"], now),
        "items": [_item(one) for one in _all(stage, clinic, "/api/v1/worklist") if one["serial"] == pump.serial],
        "alarms": [_alarm(one) for one in _all(stage, clinic, f"{path}/alarms") if one["closed_at"] is None],
        "findings": [_finding(one) for one in _all(stage, clinic, f"{path}/findings") if _stands(one)],
        "visits": _all(stage, clinic, f"{path}/visits"),
        "messages": messages(stage, clinic, pump),
    }
    if shown["state"] is not None:
        seen["state"] = shown["state"]
    if shown["forecast"] is not None:
        seen["forecast"] = _forecast(shown["forecast"])
    if shown["determination"] is not None:
        seen["determination"] = _determination(shown["determination"])
    return seen


def look_at_clinic(stage: Stage, clinic: Clinic, name: str | None) -> dict[str, Any]:
    """What belongs to no one pump of the clinic."""
    items = [_item(one) for one in _all(stage, clinic, "/api/v1/worklist") if one["serial"] is None]
    told = messages(stage, clinic, None)
    return nothing_seen() | {"name": name, "at": written(stage.clock.now), "items": items, "messages": told}


def _pump(stage: Stage, serial: str) -> tuple[Clinic, Pump]:
    with stage.database.reading() as session:
        pump = pump_by_serial(session, serial)
    if pump is None:
        raise NothingThere(f"no pump {serial} is enrolled")
    for clinic in (MAIN, OTHER):
        if stage.clinic_ids.get(clinic) == pump.clinic_id:
            return clinic, pump
    raise NothingThere(f"the pump {serial} belongs to neither {' nor '.join(CLINICS.values())}")


def _get(stage: Stage, clinic: Clinic, path: str) -> Any:
    status, answer = stage.call(_ROLE, clinic, "GET", path)
    if status != 200:
        raise NothingThere(f"GET {path} is answered {status}: {answer}")
    return answer


def _all(stage: Stage, clinic: Clinic, path: str) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        page = _get(stage, clinic, f"{path}?limit={_AT_ONCE}{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def _verdict(stage: Stage, pump: Pump) -> str:
    """What the pump's page says at its top, from the function that it asks."""
    with stage.database.reading() as session:
        judged = verdicts(session, [key(pump.id)], stage.clock.now)
    return judged[key(pump.id)].verdict.value


def _ages(contact: dict[str, Any], now: datetime) -> dict[str, float | None]:
    return {name: _age(moment_of(contact[f"{name}_at"]), now) for name in AGE_FIELDS}


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else (now - at).total_seconds()


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {field: item[field] for field in ITEM_FIELDS}


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": alarm["code"],
        "priority": alarm["priority"],
        "active": alarm["active"],
        "acknowledged": alarm["acknowledged_at"] is not None,
        "first_seen": alarm["first_seen_at"],
        "last_seen": alarm["last_seen_at"],
    }


def _stands(finding: dict[str, Any]) -> bool:
    """Whether a finding stands: the records still show it, and nobody has explained it or set it aside."""
    return finding["resolved_at"] is None and finding["ruling"] in {None, "upheld"}


def _finding(finding: dict[str, Any]) -> dict[str, Any]:
    return {field: finding[field] for field in FINDING_FIELDS}


def _forecast(forecast: dict[str, Any]) -> dict[str, Any]:
    battery, reservoir = forecast["battery"], forecast["reservoir"]
    return {
        "eri": _expected(battery["eri"]),
        "end_of_service": _expected(battery["eos"]),
        "low_mark": _expected(reservoir["low_mark"]),
        "empty": _expected(reservoir["empty"]),
        "refill_by": forecast["refill_by"],
        "refill_reason": forecast["refill_reason"],
        "unknown": forecast.get("unknown", []),
        "basis": {"battery": battery["basis"], "reservoir": reservoir["basis"]},
    }


def _expected(interval: dict[str, Any]) -> dict[str, Any]:
    return {"low": interval["low"], "mid": interval["median"], "high": interval["high"]}


def _determination(determination: dict[str, Any]) -> dict[str, Any]:
    return {
        "outcome": determination["outcome"],
        "criteria": [{name: one[name] for name in CRITERION_FIELDS} for one in determination["criteria"]],
        "facts": [{name: one[name] for name in FACT_FIELDS} for one in determination["facts"]],
        "missing": determination["missing"],
    }
