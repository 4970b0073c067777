"""Time zones and the clock on the wall.

RFC 5545 (section 3.3.5) says which instant a doubtful local time means: one that comes twice means the first; one that
does not exist is read with the offset from before the clocks went forward (02:30 is then 03:30). ``fold=0`` does that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_zone(name: str) -> bool:
    """Whether that is the IANA name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones ("America") raises an OSError
        return False
    return True


def zone(name: str) -> ZoneInfo:
    """Return that zone, or UTC where the name is not known: a message at an odd hour is better than none."""
    return ZoneInfo(name) if is_zone(name) else ZoneInfo("UTC")


def to_utc(local: datetime, in_zone: ZoneInfo) -> datetime:
    """Return the instant of a naive local time."""
    return local.replace(tzinfo=in_zone, fold=0).astimezone(UTC)


def to_local(at: datetime, in_zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at that instant, as a naive time."""
    return at.astimezone(in_zone).replace(tzinfo=None, fold=0)
