"""Columns as PostgreSQL's array literals, for ``unnest``: cheaper for both sides than JSON or the driver's lists."""

from __future__ import annotations

from collections.abc import Iterable


def array(values: Iterable[object]) -> str:
    """The array of values whose plain text holds no quote, comma, brace or backslash: numbers, times, bare words."""
    return "{" + ",".join(["NULL" if value is None else f"{value}" for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """The array of any texts, each in quotes."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
