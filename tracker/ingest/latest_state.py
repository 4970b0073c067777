"""How a batch changes a pump's latest state and its three ages. Pure.

What each kind of arrival moves:

| arrival | heard | understood | measured |
|---|---|---|---|
| a new report, measured after all before it | to its arrival | to its arrival | to its own time |
| a report of an earlier time (backlog) | to its arrival | to its arrival | not |
| a new number with the measured time of before | to its arrival | to its arrival | not |
| a number that came before, the same again | to its arrival | to its arrival | not |
| a programmer session | to its arrival | to its arrival | not |
| a message that is refused | to its arrival | not | not |
| a message over the pump's budget | to its arrival | not | not |
| a communicator's greeting, live | to its arrival | not | not |
| anything retained, and a farewell | not | not | not |

A retained report of a new number is data all the same: it is stored, and where it was measured last it is shown, with
its own time; only the broker's repeating it says nothing of the pump now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from devices.check import MAX_AHEAD
from devices.message_order import Dated, Standing
from devices.report import Presence, StatusReport
from tracker.ingest.decode import Numbered, PumpMessages, Refused
from tracker.ingest.named_alarms import CRITICAL, named_alarms
from tracker.records.state_exceptions import Clock
from tracker.records.state_writes import Latest

_OLD_GREETING: Final = timedelta(days=1)
"""A live greeting that says an older time has a wrong clock, or waited at the broker: it counts from its arrival."""
_FLOW_CHANGE: Final = 0.02  # the part of the flow; less is the rounding of a flex schedule


def newest_of(reports: Iterable[StatusReport]) -> StatusReport | None:
    """The report measured last; of several measured at once the one numbered last."""
    return max(reports, key=lambda report: (report.measured_at, report.epoch, report.seq), default=None)


def show(
    state: Latest, reports: Sequence[StatusReport], dated: Sequence[Dated] | None, standing: Standing | None
) -> bool:
    """Have the state show the newest of a batch's reports, with its clock. Returns whether it is a new measurement."""
    if dated is None or standing is None:
        state.shown = reports[-1] if reports else None
        return state.shown is not None
    shown = [one.message for one in dated if one.shown and isinstance(one.message, StatusReport)]
    state.shown = shown[-1] if shown else None
    known = (state.measured_at, state.clock_at, state.trusted_at, state.clock_behind_s, state.clock_wrong_since)
    behind = None if standing.behind is None else int(standing.behind.total_seconds())
    clock = Clock(standing.at, standing.clock_at, standing.trusted_at, behind, standing.wrong_since)
    if state.shown is not None or clock != known:
        state.clock = clock
    state.evaluate = state.evaluate or clock.clock_wrong_since != state.clock_wrong_since
    if state.shown is None:
        return False
    if standing.behind is not None:
        return standing.at != state.measured_at
    return state.clock_at is not None or state.shown.measured_at != state.measured_at


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


def came_live(pump_messages: PumpMessages) -> bool:
    """Whether any of a pump's messages, but for presence, came from the communicator, not from the broker's memory."""
    return any(not arrival.retained for _, arrival in pump_messages.numbered) or any(
        not one.arrival.retained for one in pump_messages.refused
    )


def note_refused(refused: Sequence[Refused], state: Latest, now: datetime) -> None:
    """Remember which critical alarms refused messages name, until a measurement that came after them.

    A measurement of before the refusal, as one that fills a gap, says nothing of them; nor does one of a lower number.
    """
    shown = state.shown
    named: set[str] = set()
    here: set[str] = set()
    at = state.refused_alarms_at
    if at is not None and not (shown is not None and shown.measured_at >= at - MAX_AHEAD):
        named.update(code for code in state.refused_alarms.split(",") if code)
    else:
        at = None
    for one in refused:
        if shown is not None and one.number is not None and one.number < (shown.epoch, shown.seq):
            continue
        here.update(named_alarms(one.arrival.payload, here))
    if here:
        named |= here
        at = now
    told = ",".join(sorted(named))
    state.evaluate = state.evaluate or told != state.refused_alarms
    state.refusal = (told, at, refused[-1].reason if refused else "")


def note_held(held: Sequence[Refused], messages: Iterable[Numbered], state: Latest, now: datetime) -> None:
    """Remember the new critical alarms of messages that exceed the pump's budget: they may not wait.

    What could be read counts by its fields, the rest by the words in it.
    """
    numbers = set()
    named: set[str] = set()
    for message in messages:
        numbers.add((message.epoch, message.seq))
        if isinstance(message, StatusReport):
            named.update(set(map(str, message.alarms)) & CRITICAL)
            named.update({"stalled"} & {str(message.motor)} | {"stopped"} & {str(message.infusion)})
    for one in held:
        if one.number not in numbers:
            named.update(named_alarms(one.arrival.payload, named))
    named -= {*state.alarms.split(","), state.motor, state.infusion}
    if not named:
        return
    known, _, _ = state.refusal or (state.refused_alarms, None, "")
    told = ",".join(sorted(named | {code for code in known.split(",") if code}))
    state.evaluate = state.evaluate or told != state.refused_alarms
    state.refusal = (told, now, held[-1].reason)


def first_since(prescribed_at: datetime | None, report: StatusReport, state: Latest) -> bool:
    """Whether the report is the first that can show what a visit set: its flow is compared with the dose at once."""
    if prescribed_at is None or report.measured_at < prescribed_at:
        return False
    return state.measured_at is None or state.measured_at < prescribed_at


def note_presence(presences: Sequence[tuple[Presence, bool]], state: Latest, received_at: datetime) -> None:
    """Take up what the communicator's connection says, in the order it came; each with whether it was retained.

    The order counts, not the time within: a last will carries the moment at which its connection *began*. So a farewell
    is dated by its own time only where that is after the greeting. Only a greeting that comes live is a contact.
    """
    for presence, retained in presences:
        said = presence.at if retained or received_at - presence.at <= _OLD_GREETING else received_at
        if presence.online:
            since = said
            state.contact |= not retained
        elif state.online is False and retained:
            continue
        elif state.online_at is not None and presence.at <= state.online_at:
            since = received_at
        else:
            since = said
        if state.online is not presence.online or presence.online:
            state.online, state.online_at = presence.online, since
