"""The columns that a pump's serial is compared by, filled from the serial itself whenever a pump is stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine.default import DefaultExecutionContext

from devices.serials import serial_key, serial_parts


def _serial_of(context: DefaultExecutionContext) -> str:
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it open
    return str(values["serial"])


def key_of(context: DefaultExecutionContext) -> str:
    """The one form of every spelling."""
    return serial_key(_serial_of(context))


def prefix_of(context: DefaultExecutionContext) -> str:
    """The letters before the number."""
    return serial_parts(_serial_of(context)).prefix


def digits_of(context: DefaultExecutionContext) -> str:
    """The number, padded with zeros."""
    return serial_parts(_serial_of(context)).digits


def suffix_of(context: DefaultExecutionContext) -> str:
    """The letters behind the number."""
    return serial_parts(_serial_of(context)).suffix
