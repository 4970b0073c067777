"""What a pump told of its battery and of its failing, as the values that decisions are made from."""

from __future__ import annotations

from collections.abc import Sequence

from devices.alarms import AlarmCode
from tracker.findings.battery_seen import BatterySeen, NoticeSeen
from tracker.findings.clinic_day import zone_named
from tracker.records.alarm import NoticeGiven
from tracker.records.forecast import Ahead
from tracker.records.pump import Pump


def seen_battery(row: Ahead) -> BatterySeen:
    """What the stored outlook holds of the pump's own reports."""
    early, late = row.charge_low_at, row.charge_high_at
    return BatterySeen(
        eri_at=row.eri_seen_at,
        eos_at=row.eos_seen_at,
        charge=None if early is None or late is None else (early, late),
        charge_at=row.charge_at,
        limit=row.limit_at,
        doubt=row.battery_doubt,
    )


def seen_notices(pump: Pump, notices: Sequence[NoticeGiven], zone: str) -> tuple[NoticeSeen, ...]:
    """The notices that this pump gave since its implant; one from before it was given on a shelf."""
    implanted = pump.implanted_on
    return tuple(
        NoticeSeen(one.id, AlarmCode(one.code), one.first_seen_at, one.opened_at)
        for one in notices
        if implanted is None or one.first_seen_at.astimezone(zone_named(zone)).date() >= implanted
    )
