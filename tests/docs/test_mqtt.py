"""The page for makers of devices holds what the decoder does: examples, fields, values, refusals, models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest
from msgspec import inspect

from devices import topics, wire, wire_session
from devices.check import check_time
from devices.models.catalogue import MODELS
from devices.report import Presence, ProgrammerSession, StatusReport
from tests.docs import mqtt_page
from tracker.ingest.decode import refusal

ARRIVES: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DECODE: Final[dict[str, Callable[[bytes], Any]]] = {
    "telemetry": wire.decode_status,
    "session": wire.decode_session,
    "presence": wire.decode_presence,
    "receipt": wire.decode_receipt,
}
SHAPES: Final[dict[str, type]] = {
    "telemetry": wire._StatusWireIn,
    "session": wire_session._SessionWire,
    "prescription": wire_session._PrescriptionWire,
    "presence": wire._PresenceWire,
    "receipt": wire._ReceiptWire,
}


def take(kind: str, payload: bytes, model: str) -> object:
    """Decode a message and check it as ingest does. Raises WireError."""
    message = DECODE[kind](payload)
    if isinstance(message, StatusReport | ProgrammerSession):
        fault = refusal(message, model, ARRIVES)
        if fault is not None:
            raise fault
    elif isinstance(message, Presence):
        check_time("at", message.at, ARRIVES)
    return message


@pytest.mark.parametrize(("kind", "text"), mqtt_page.examples())
def test_every_example_on_the_page_is_accepted(kind: str, text: str) -> None:
    given: dict[str, Any] = msgspec.json.decode(text)
    take(kind, text.encode(), given.get("model", ""))


@pytest.mark.parametrize("refused", mqtt_page.refusals(), ids=lambda one: one.reason)
def test_every_refusal_on_the_page_is_refused_in_the_pages_words(refused: mqtt_page.Refusal) -> None:
    with pytest.raises(wire.WireError) as caught:
        take(refused.kind, refused.payload, refused.model)
    assert str(caught.value) == refused.reason


def test_the_page_has_an_example_of_every_kind_of_message() -> None:
    assert {kind for kind, _ in mqtt_page.examples()} == {kind.value for kind in topics.Kind}


@pytest.mark.parametrize("kind", SHAPES)
def test_the_page_names_every_field_and_says_which_are_required(kind: str) -> None:
    written = {row[0].strip("`"): row[1] == "yes" for row in mqtt_page.table(f"fields: {kind}")}
    assert written == dict(fields(SHAPES[kind]))


def fields(shape: type, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """The path of every field of a message and whether it is required; a prescription has a table of its own."""
    described = inspect.type_info(shape)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        yield f"{prefix}{field.name}", field.required
        parts = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        for part in parts:
            if isinstance(part, inspect.StructType) and part.cls is not wire_session._PrescriptionWire:
                yield from fields(part.cls, f"{prefix}{field.name}.")


def test_the_page_names_every_value_of_every_enumeration() -> None:
    schemas = msgspec.json.schema_components([wire._StatusWireIn], ref_template="{name}")[1]
    known = {
        "battery.indicator": schemas["Indicator"]["enum"],
        "infusion": schemas["Infusion"]["enum"],
        "motor": schemas["Motor"]["enum"],
        "alarms": schemas["AlarmCode"]["enum"],
    }
    assert {field: sorted(words) for field, words in mqtt_page.values().items()} == known


def test_the_page_lists_every_pump_model_as_the_catalogue_has_it() -> None:
    yes = {True: "yes", False: "no"}
    assert mqtt_page.table("models") == [
        [
            f"`{model.id}`",
            f"{model.name} ({model.maker})",
            f"{model.capacity.value:g}",
            yes[model.battery is not None],
            yes[bool(model.alarms)],
        ]
        for model in MODELS
    ]


def test_the_pages_limits_are_those_of_the_code() -> None:
    page = mqtt_page.PAGE.read_text()
    assert f"over {wire.MAX_PAYLOAD_BYTES:,} bytes" in page
    assert f"at most {wire.MAX_GAPS} | closed ranges" in page
    for template in topics.SUBSCRIPTIONS:
        assert template.replace("+", "{serial}") in page
