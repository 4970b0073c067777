"""Pumps by their serials, in whatever spelling."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from devices.serials import serial_key
from tracker.records.pump import Pump


def pump_by_serial(session: Session, serial: str) -> Pump | None:
    """The pump of that serial in whatever spelling, or None."""
    return session.exec(select(Pump).where(Pump.serial_key == serial_key(serial))).first()


def pumps_by_serial(session: Session, serials: Sequence[str]) -> dict[str, Pump]:
    """Those of the serials that are enrolled, each under the spelling that was asked for."""
    found: dict[str, Pump] = {}
    for start in range(0, len(serials), 500):
        some: dict[str, list[str]] = {}
        for serial in serials[start : start + 500]:
            some.setdefault(serial_key(serial), []).append(serial)
        for pump in session.exec(select(Pump).where(col(Pump.serial_key).in_(some))):
            found.update(dict.fromkeys(some[pump.serial_key], pump))
    return found
