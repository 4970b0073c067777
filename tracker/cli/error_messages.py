"""What went wrong outside the program, worded for the person at the keyboard: settings, files, the database.

A traceback would show them our code in place of their mistake.
"""

from __future__ import annotations

import sqlite3

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError


def worded(fault: Exception) -> str | None:
    """One sentence on a fault that the person can correct; None where the fault is ours."""
    if isinstance(fault, ValidationError) and fault.title == "Settings":
        return "; ".join(_setting(error["loc"], error["msg"]) for error in fault.errors(include_url=False))
    if isinstance(fault, ArgumentError):
        return (
            "TRACKER_DATABASE_URL is no database URL, such as postgresql://user:password@host/name or sqlite:////file"
        )
    if isinstance(fault, DBAPIError):
        lines = [line.strip() for line in str(fault.orig).splitlines() if line.strip()]
        return f"the database can't be used: {lines[0] if lines else type(fault.orig).__name__} (TRACKER_DATABASE_URL)"
    if isinstance(fault, sqlite3.Error):
        return f"the database or its copy can't be used: {fault}"
    if isinstance(fault, OSError) and fault.strerror:
        where = f"{fault.filename}: " if fault.filename else ""
        return f"{where}{fault.strerror}"
    return None


def _setting(place: tuple[int | str, ...], words: str) -> str:
    name = "_".join(str(part) for part in place).upper()
    return f"TRACKER_{name}: {words[:1].lower()}{words[1:]}" if name else words
