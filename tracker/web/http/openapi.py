"""The OpenAPI document: what FastAPI writes by itself, with the sign-in and the problem documents added."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tracker.web.http.error_handlers import MEDIA_TYPE, Problem
from tracker.web.http.operation_names import NAMES

_ALWAYS = {
    "400": "The request can't be read",
    "401": "Not signed in",
    "403": "The role does not include this",
    "422": "A value is not valid; the fields are named",
    "429": "Too many requests; Retry-After says when to ask again",
    "500": "A fault of the tracker",
    "503": "A part of the tracker is down",
}
_WITH_BODY = {
    "409": "The values clash with each other or with the record; the field is named",
    "413": "The body is too large",
    "415": "The body is not JSON",
}
DESCRIPTION = """
Every request to `/api/v1` carries `Authorization: Bearer TOKEN`; `tracker staff token` makes one. It may do what its
person's role includes, at that person's clinic.

Errors are RFC 9457 problem documents; `field` and `errors` name what is wrong. Times are aware, in RFC 3339. Lists are
`{"items", "next"}`: pass `next` as `cursor` for the page after. Quantities of drug are decimal numbers as text.
"""


def install(app: FastAPI, address: str = "") -> None:
    """Have the application give out this document, with the address at which programs reach it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, address)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _document(app: FastAPI, address: str) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=DESCRIPTION, routes=app.routes
    )
    made["servers"] = [{"url": address or "/", "description": "This installation"}]
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(described.pop("$defs", {}))
    schemas["Problem"] = described
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token of `tracker staff token`"}
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = NAMES.get(f"{method.upper()} {path}", operation["operationId"])
            _complete(path, method, operation)
    return made


_NAMES_ONE: Final = frozenset({"cursor", "pump"})
"""Parameters of a query that name something that may not be there."""


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if not path.startswith("/api/v1"):
        responses.pop("422", None)
        return
    operation["security"] = [{"token": []}]
    faults = dict(_ALWAYS)
    if "{" in path or any(parameter["name"] in _NAMES_ONE for parameter in operation.get("parameters", [])):
        faults["404"] = "Not there, or another clinic's"
    if method in {"post", "put", "patch", "delete"}:
        faults |= _WITH_BODY
    for status, description in faults.items():
        responses[status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation["responses"] = dict(sorted(responses.items()))
