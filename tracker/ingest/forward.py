"""How a batch moves a pump's latest state: only ever forward in measured time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from devices.report import Presence, StatusReport
from tracker.records.latest import Latest

_FLOW_CHANGE: Final = 0.02  # the part of the flow; less is the rounding of a flex schedule


def newest_of(reports: Iterable[StatusReport]) -> StatusReport | None:
    """The report measured last; of several measured at once the one numbered last."""
    return max(reports, key=lambda report: (report.measured_at, report.epoch, report.seq), default=None)


def is_newer(report: StatusReport, state: Latest) -> bool:
    """Whether the report was measured after the one that the state shows (at the same time: numbered after)."""
    if state.measured_at is None:
        return True
    return (report.measured_at, report.epoch, report.seq) > (state.measured_at, state.epoch or 0, state.seq or 0)


def matters(report: StatusReport, state: Latest) -> bool:
    """Whether what the report says differs from the state in a way that a determination could see."""
    if state.measured_at is None or ",".join(report.alarms) != state.alarms:
        return True
    if report.motor != state.motor or report.infusion != state.infusion:
        return True
    if (None if report.battery is None else report.battery.indicator) != state.battery_indicator:
        return True
    before, after = state.flow_ml_per_day, report.flow_ml_per_day
    if before is None or after is None:
        return before is not after
    return abs(after - before) > _FLOW_CHANGE * max(before, after)


def note_presence(presences: Sequence[tuple[Presence, bool]], state: Latest, received_at: datetime) -> None:
    """Take up what the communicator's connection says, in the order it came; each with whether the broker had kept it.

    The order counts, not the time within: a last will carries the moment at which its connection *began*. So a farewell
    is dated by its own time only where that lies after the greeting. Only a greeting that comes live is a contact.
    """
    for presence, retained in presences:
        if presence.online:
            since = presence.at
            state.contact |= not retained
        elif state.online is False and retained:
            continue
        elif state.online_at is not None and presence.at <= state.online_at:
            since = received_at
        else:
            since = presence.at
        if state.online is not presence.online or presence.online:
            state.online, state.online_at = presence.online, since
