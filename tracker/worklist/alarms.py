"""Items from open alarms: alarms of one cause are one item."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import ALARMS, AlarmCode, Priority, meaning
from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import AlarmSeen, PumpSnapshot
from tracker.findings.rating import explained
from tracker.worklist.item import WantedItem, page

CAUSES: Final = {
    AlarmCode.LOW_RESERVOIR: "reservoir",
    AlarmCode.EMPTY_RESERVOIR: "reservoir",
    AlarmCode.ELECTIVE_REPLACEMENT: "battery",
    AlarmCode.END_OF_SERVICE: "battery",
    AlarmCode.LOW_BATTERY_RESET: "battery",
    AlarmCode.MOTOR_STALL: "delivery",
    AlarmCode.STOPPED_OVER_48H: "delivery",
    AlarmCode.TUBE_SET: "delivery",
    AlarmCode.CRITICAL_MEMORY_ERROR: "memory",
    AlarmCode.MEMORY_ERROR: "memory",
    AlarmCode.CATHETER_OCCLUSION: "catheter",
}
"""What a person deals with in one go, by alarm."""

HELD: Final = "{}: the pump still reports it. This stays open until it no longer does."
"""Why nobody can close the task of an alarm that interrupts delivery."""

ACT_WITHIN: Final = {
    Priority.HIGH: timedelta(0),
    Priority.MEDIUM: timedelta(days=3),
    Priority.LOW: timedelta(days=30),
}
"""How soon harm is to be expected where nothing says it better. Assumed; an alarm of high priority harms now."""


def alarm_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One item per cause with an open alarm."""
    causes: dict[str, list[AlarmSeen]] = {}
    for alarm in view.alarms:
        if explained(view, alarm) and alarm.acknowledged_at is not None:
            continue  # the pump stands still as ordered, and a person has seen what it says of that
        causes.setdefault(CAUSES[alarm.code], []).append(alarm)
    return [_item(view, cause, alarms, now) for cause, alarms in causes.items()]


def _item(view: PumpSnapshot, cause: str, alarms: list[AlarmSeen], now: datetime) -> WantedItem:
    first = min(alarms, key=lambda alarm: (-alarm.priority, not alarm.active, alarm.first_seen_at))
    words = meaning(first.code)
    told = " ".join(_told(view, alarm) for alarm in alarms)
    step = words.next_step if first.active else f"Look at what happened and acknowledge it. {words.next_step}"
    snoozes = [alarm.snoozed_until for alarm in alarms]
    lasting = [one for one in alarms if one.active and ALARMS[one.code].interrupts and not explained(view, one)]
    ends = [until for until in snoozes if until is not None and until > now]
    return WantedItem(
        key=f"pump:{view.pump_id}:{cause}",
        kind=cause,
        priority=first.priority,
        harm_at=first.first_seen_at + ACT_WITHIN[first.priority],
        what=words.title if first.active else f"{words.title}: over, not looked at",
        why=f"{words.means} {told}" if first.active else told,
        next_step=step,
        since=min(alarm.first_seen_at for alarm in alarms),
        link=page(view.serial) + "#alarms",
        snoozed_until=min(ends) if len(ends) == len(alarms) and first.priority < Priority.HIGH else None,
        news_at=max(_news_at(alarm) for alarm in alarms),
        holds=HELD.format(meaning(lasting[0].code).title) if lasting else "",
    )


def _news_at(alarm: AlarmSeen) -> datetime:
    """When it came in, was reported again, or was escalated because nobody had answered it."""
    if alarm.acknowledged_at is None and alarm.escalated_at is not None:
        return max(alarm.waits_since, alarm.escalated_at)
    return alarm.waits_since


def _told(view: PumpSnapshot, alarm: AlarmSeen) -> str:
    """What was seen of one alarm; no count, since an item that changed with each report would never rest."""
    title = meaning(alarm.code).title
    state = "" if alarm.active else ", over by now"
    heard = "" if alarm.acknowledged_at is None else ", acknowledged"
    urged = (
        "" if alarm.escalated_at is None or alarm.acknowledged_at is not None else ", escalated: nobody has answered"
    )
    return f"{title}: first seen {time_text(view, alarm.first_seen_at)}{state}{heard}{urged}."
