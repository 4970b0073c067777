"""Write docs/api.md from the OpenAPI document of the product: `make docs`. A test holds that the page is current."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.app import create_app

PAGE: Final = Path(__file__).parent / "api.md"
_LIMITS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
_TYPES: Final = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}
_FORMATS: Final = {"date-time": "time", "date": "date", "binary": "file"}
_HEAD: Final = """# JSON API

<!-- Written by `make docs` from the OpenAPI document. Change the code, not this page. -->

The running product serves the same as an OpenAPI document at `/openapi.json`; clients can be generated from it.
"""


def document() -> dict[str, Any]:
    """The OpenAPI document of an application that has the default settings."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/tracker.db")
        try:
            made: dict[str, Any] = create_app(Settings(data_dir=Path(folder)), database).openapi()
        finally:
            database.close()
        return made


def page(api: Mapping[str, Any]) -> str:
    """The page for that document."""
    return "\n".join([_HEAD, *_introduction(api), *_calls(api["paths"]), *_shapes(api["components"]["schemas"])]) + "\n"


def _introduction(api: Mapping[str, Any]) -> Iterator[str]:
    yield api["info"]["description"].strip() + "\n"
    yield "These answers are possible for every call under `/api/v1`, beside its own:\n"
    always: dict[str, str] = {}
    for operations in api["paths"].values():
        for operation in operations.values():
            always |= {
                status: answer["description"]
                for status, answer in operation["responses"].items()
                if _is_problem(answer)
            }
    yield from _table(("status", "meaning"), ((status, always[status]) for status in sorted(always)))


def _calls(paths: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[tuple[str, str, Any]]] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    for tag, calls in by_tag.items():
        yield f"## {tag[0].upper()}{tag[1:]}\n"
        for method, path, operation in calls:
            yield f"### `{method.upper()} {path}`\n"
            yield f"Operation `{operation['operationId']}`. {_prose(operation.get('description', ''))}\n"
            yield from _parameters(operation.get("parameters", []))
            yield from _body(operation)
            yield from _answers(operation["responses"])


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (f"`{one['name']}`", one["in"], _yes(one.get("required")), _type(one["schema"]), _prose(_meaning(one)))
        for one in parameters
        if one["in"] != "cookie"
    ]
    if rows:
        yield from _table(("parameter", "in", "required", "type", "meaning"), rows)


def _body(operation: Mapping[str, Any]) -> Iterator[str]:
    body = operation.get("requestBody")
    if body is not None:
        kinds = (f"{_type(content['schema'])} as `{media}`" for media, content in body["content"].items())
        yield f"Body{'' if body.get('required') else ' (may be left out)'}: {', or '.join(kinds)}.\n"


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in responses.items():
        if not _is_problem(answer):
            shapes = [
                _type(content["schema"]) for content in answer.get("content", {}).values() if content.get("schema")
            ]
            said = "" if answer["description"] == "Successful Response" else f", {_prose(answer['description'])}"
            yield f"Answer {status}{said}{': ' if shapes else ''}{', or '.join(shapes)}.\n"


def _shapes(schemas: Mapping[str, Any]) -> Iterator[str]:
    yield "## Shapes\n"
    for name, schema in sorted(schemas.items()):
        yield f"### {name}\n"
        if schema.get("description"):
            yield _prose(schema["description"]) + "\n"
        if "properties" in schema:
            needed = schema.get("required", [])
            rows = (
                (f"`{field}`", _yes(field in needed), _type(one), _prose(_meaning(one)))
                for field, one in schema["properties"].items()
            )
            yield from _table(("field", "required", "type", "meaning"), rows)
        else:
            yield _type(schema) + ".\n"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in words: its kind, its limits, the words that it allows."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        return " or ".join(dict.fromkeys(_type(one) for one in several))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        said = f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    elif kind == "object" and isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"]:
        said = f"object of {_type(schema['additionalProperties'])}"
    elif kind is None:
        said = "any value"
    else:
        said = _FORMATS.get(schema.get("format", ""), _TYPES.get(kind, kind))
    limits = [words.format(schema[key]) for key, words in _LIMITS.items() if key in schema]
    if "pattern" in schema:
        limits.append(f"of the form `{schema['pattern']}`".replace("|", "\\|"))
    return f"{said} ({', '.join(limits)})" if limits else said


def _meaning(one: Mapping[str, Any]) -> str:
    schema = one.get("schema", one)
    said = str(one.get("description") or schema.get("description") or "")
    if schema.get("default") is not None:
        default = json.dumps(schema["default"])
        said = f"{said}{'; ' if said else ''}default `{default}`"
    return said


def _prose(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _yes(given: object) -> str:
    return "yes" if given else ""


def _is_problem(answer: Mapping[str, Any]) -> bool:
    return "application/problem+json" in answer.get("content", {})


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(document()))
