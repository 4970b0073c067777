"""docs/asyncapi.yaml says of every payload what the decoder's own types say, and describes every topic."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import jsonschema
import msgspec
import pytest
import yaml

from devices import topics, wire, wire_session
from tests.docs import mqtt_page

DOCUMENT: Final[dict[str, Any]] = yaml.safe_load((mqtt_page.ROOT / "docs" / "asyncapi.yaml").read_text())
SHAPES: Final[dict[str, type]] = {
    "telemetry": wire._StatusWireIn,
    "session": wire_session._SessionWire,
    "presence": wire._PresenceWire,
    "receipt": wire._ReceiptWire,
}


def follow(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def written(schema: Any) -> Any:
    """A schema of the document in the form that the two have in common: references followed, "or null" as a type."""
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return written(follow(schema["$ref"]))
    plain = {key: value for key, value in schema.items() if key not in {"description", "required"}}
    if "anyOf" in plain:
        one, null = plain.pop("anyOf")
        assert null == {"type": "null"}
        return {**written(one), "null": True}
    if isinstance(plain.get("type"), list):
        plain["type"], _ = plain["type"]
        plain["null"] = True
    if None in plain.get("enum", []):
        plain |= {"enum": plain["enum"][:-1], "null": True}
    if "items" in plain:
        plain["items"] = written(plain["items"])
    if "properties" in plain:
        plain["properties"] = {name: written(one) for name, one in plain["properties"].items()}
        plain["required"] = schema.get("required", [])
    return plain


def decoded(schema: Any, parts: dict[str, Any]) -> Any:
    """What the decoder's type says, in the same form."""
    if "$ref" in schema:
        return decoded(parts[schema["$ref"]], parts)
    plain = {key: value for key, value in schema.items() if key not in {"title", "description", "default", "required"}}
    if "anyOf" in plain:
        one, null = plain.pop("anyOf")
        assert null == {"type": "null"}
        return {**decoded(one, parts), "null": True}
    if "pattern" in plain:
        plain["pattern"] = plain["pattern"].replace(r"\A", "^").replace(r"\Z", "$")
    if "prefixItems" in plain:
        first, second = plain.pop("prefixItems")
        assert first == second
        plain["items"] = first
    if "items" in plain:
        plain["items"] = decoded(plain["items"], parts)
    if "properties" in plain:
        plain["properties"] = {name: decoded(one, parts) for name, one in plain["properties"].items()}
        plain["required"] = schema["required"]
    return plain


def payload_of(kind: str) -> dict[str, Any]:
    (message,) = DOCUMENT["channels"][kind]["messages"].values()
    reference: dict[str, Any] = follow(message["$ref"])["payload"]
    return reference


def test_every_topic_is_a_channel_with_its_address() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    assert addresses == {kind.value: f"pumps/{{serial}}/{kind.value}" for kind in topics.Kind}


def test_the_communicator_sends_all_but_receipts_and_at_qos_1() -> None:
    sent = {
        one["channel"]["$ref"].rpartition("/")[2]: (one["action"], one["bindings"]["mqtt"]["qos"])
        for one in DOCUMENT["operations"].values()
    }
    assert sent == {
        "telemetry": ("send", 1),
        "session": ("send", 1),
        "presence": ("send", 1),
        "receipt": ("receive", 0),
    }


@pytest.mark.parametrize("kind", SHAPES)
def test_a_payload_is_described_as_it_is_decoded(kind: str) -> None:
    (schema,), parts = msgspec.json.schema_components([SHAPES[kind]], ref_template="{name}")
    assert written(payload_of(kind)) == decoded(schema, parts)


@pytest.mark.parametrize(("kind", "text"), mqtt_page.examples())
def test_every_example_of_the_page_fits_its_schema(kind: str, text: str) -> None:
    jsonschema.validate(json.loads(text), {**payload_of(kind), "components": DOCUMENT["components"]})


def test_every_reference_leads_somewhere() -> None:
    text = (mqtt_page.ROOT / "docs" / "asyncapi.yaml").read_text()
    references = set(re.findall(r'\$ref: "(.*?)"', text))
    for reference in references:
        follow(reference)
    defined = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert defined <= references, "a schema that nothing refers to"
