"""``docker-compose.yml`` as Compose reads it: anchors resolved, variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

FILE = Path("docker-compose.yml")
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}")


class Missing(Exception):
    """A variable that the file asks for is not set; the message is the file's own."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` filled in."""

    def one(found: re.Match[str]) -> str:
        value = values.get(found["name"], "")
        if value:
            return value
        if found["how"] == ":?":
            raise Missing(found["rest"])
        return found["rest"] or ""

    return _VARIABLE.sub(one, text).replace("$$", "$")


def composition(values: Mapping[str, str]) -> dict[str, Any]:
    """The whole file, filled in."""
    parsed: dict[str, Any] = yaml.safe_load(filled(FILE.read_text(), values))
    return parsed


def as_written() -> dict[str, Any]:
    """The whole file with its variables as they stand."""
    parsed: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return parsed


def schema() -> dict[str, Any]:
    """The Compose specification's JSON schema."""
    bundled = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json")
    parsed: dict[str, Any] = json.loads(bundled.read_text())
    return parsed
