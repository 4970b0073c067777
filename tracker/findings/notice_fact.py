"""Whether a built-in component announced the pump's failure (CMM-210.5 1c).

A notice once given stays given: an alarm that is over, closed or acknowledged is evidence as much as one that is on,
and a quiet report takes nothing back.
"""

from __future__ import annotations

from datetime import datetime

from devices.alarms import BUILT_IN_NOTICE, AlarmCode, meaning, notice_reason
from tracker.findings.clinic_day import time_text
from tracker.findings.fact import Fact, reading, too_old, with_document
from tracker.findings.pump_snapshot import PumpSnapshot, Source

NAME = "impending_failure_notice"
_NOTICE = frozenset(str(code) for code in BUILT_IN_NOTICE)


def notice_fact(view: PumpSnapshot, now: datetime) -> Fact:
    """The fact with its reason."""
    if view.model is not None and not view.model.alarms:
        source = Source("model", view.model.id, view.model.name, None)
        return with_document(
            view, Fact(NAME, False, f"No component of the {view.model.name} can give notice.", source), None, now
        )
    told, evident_at = _by_pump(view, now)
    return with_document(view, told, evident_at, now)


def _by_pump(view: PumpSnapshot, now: datetime) -> tuple[Fact, datetime | None]:
    """What the pump told, and when it gave the notice where it did."""
    given = _given(view)
    if given is not None:
        return given
    state = view.state
    if view.not_kept is not None:
        return Fact(NAME, None, view.not_kept, None), None
    if state is None:
        return Fact(NAME, None, "The pump has never reported.", None), None
    at = time_text(view, state.measured_at)
    if too_old(view, state.measured_at, now):
        return Fact(NAME, None, f"The newest report is of {at}, too old to rule it out.", reading(view)), None
    because = f"The report of {at} carries no alarm that announces failure, and none is on record before it."
    return Fact(NAME, False, because, reading(view)), None


def _given(view: PumpSnapshot) -> tuple[Fact, datetime] | None:
    """The notice that is on now, else the newest one on record, else the indicator that came without an alarm."""
    state = view.state
    now_on = frozenset() if state is None else state.alarms & _NOTICE
    notice = max(view.notices, key=lambda one: (str(one.code) in now_on, one.first_seen_at, one.id), default=None)
    if notice is not None:
        title, first = meaning(notice.code).title, notice.first_seen_at
        on = str(notice.code) in now_on
        when = f"reported since {time_text(view, first)}" if on else f"reported on {time_text(view, first)}"
        stays = "" if on else " Later reports without it take nothing back."
        because = f"{title}: {when}. {notice_reason(notice.code)}{stays}"
        return Fact(NAME, True, because, Source("alarm", str(notice.id), title, first)), first
    if state is not None and now_on:
        code = AlarmCode(min(now_on))
        because = f"{meaning(code).title}: reported on {time_text(view, state.measured_at)}. {notice_reason(code)}"
        return Fact(NAME, True, because, reading(view)), state.measured_at
    battery = None if view.outlook is None else view.outlook.battery
    first_indicator = None if battery is None else battery.eos_at or battery.eri_at
    if first_indicator is None:
        return None
    at = time_text(view, first_indicator)
    reason = notice_reason(AlarmCode.ELECTIVE_REPLACEMENT)
    because = f"The battery's own indicator came on, first reported on {at}. {reason}"
    return Fact(NAME, True, because, Source("forecast", None, f"report of {at}", first_indicator)), first_indicator
