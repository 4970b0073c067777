"""The fields of a look, so that a case that asks for another one is told before it runs."""

from __future__ import annotations

from typing import Any, Final

from tracker.rehearse.paths import ANYTHING, Schema
from tracker.web.api.messages import MessageShown
from tracker.web.api.pump_schemas import PumpRecord, ReadingShown
from tracker.web.api.visits import VisitShown

ITEM_FIELDS: Final = ("kind", "priority", "what", "why", "next_step", "since", "harm_at")
ALARM_FIELDS: Final = ("code", "priority", "active", "acknowledged", "first_seen", "last_seen")
FINDING_FIELDS: Final = ("kind", "strength", "points_at", "text", "bears_on_neglect", "explanations")
CRITERION_FIELDS: Final = ("id", "verdict", "because")
FACT_FIELDS: Final = ("name", "value", "because")
DELIVERY_FIELDS: Final = ("received", "duplicates", "rejected")
AGE_FIELDS: Final = ("heard", "understood", "measured")
FORECASTS: Final = ("eri", "end_of_service", "low_mark", "empty")
MESSAGE_FIELDS: Final = tuple(MessageShown.model_fields)


def _plain(names: tuple[str, ...]) -> dict[str, Schema]:
    return dict.fromkeys(names)


def _of_model(names: Any) -> dict[str, Schema]:
    return dict.fromkeys(names, ANYTHING)


LOOK: Final[dict[str, Schema]] = {
    **_plain(("name", "at", "pump", "verdict", "link")),
    "record": _of_model(PumpRecord.model_fields),
    "state": {**_of_model(ReadingShown.model_fields), "alarms": [None]},
    "delivery": _plain(DELIVERY_FIELDS),
    "ages": _plain(AGE_FIELDS),
    "items": [_plain(ITEM_FIELDS)],
    "alarms": [_plain(ALARM_FIELDS)],
    "findings": [{**_plain(FINDING_FIELDS), "explanations": [None]}],
    "forecast": {
        **{name: _plain(("low", "mid", "high")) for name in FORECASTS},
        **_plain(("refill_by", "refill_reason")),
        "unknown": [None],
        "basis": _plain(("battery", "reservoir")),
    },
    "determination": {
        "outcome": None,
        "criteria": [_plain(CRITERION_FIELDS)],
        "facts": [{**_plain(FACT_FIELDS), "value": ANYTHING}],
        "missing": [None],
    },
    "visits": [{**_of_model(VisitShown.model_fields), "codes": [None], "conflicts": [None]}],
    "messages": [_plain(MESSAGE_FIELDS)],
}


def nothing_seen() -> dict[str, Any]:
    """A look at nothing: every field, null or empty."""
    return {name: _nothing(schema) for name, schema in LOOK.items()}


def _nothing(schema: Schema) -> Any:
    if isinstance(schema, dict):
        return {name: _nothing(inner) for name, inner in schema.items()}
    return [] if isinstance(schema, list) else None
