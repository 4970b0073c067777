"""The verdict on many pumps at once: what page, list, export and API say of each, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from devices.alarms import AlarmCode, meaning
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.findings.delivery import interrupted, ordered_stop, priority_of
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.verdict import Cause, Judged, Situation, delivers, verdict
from tracker.records.queries.verdict import StateInShort, open_alarm_codes, open_tasks, states_in_short
from tracker.worklist.delivery import in_words


def verdicts(session: Session, pump_ids: Sequence[int], now: datetime) -> dict[int, Judged]:
    """The verdict on each of those pumps. Only those that do not run are read whole: what explains it must be known."""
    states = states_in_short(session, pump_ids)
    tasks = open_tasks(session, pump_ids)
    alarms = open_alarm_codes(session, pump_ids)
    found: dict[int, Situation] = {}
    for pump_id, state in states.items():
        causes = [Cause(one.priority, one.kind, one.what, one.why) for one in tasks.get(pump_id, ())]
        raised = [_raised(code, priority) for code, priority in alarms.get(pump_id, ())]
        found[pump_id] = replace(_situation(state), causes=[*causes, *raised], tasks=len(causes))
    still = [one for one, seen in found.items() if seen.measured_at is not None and not delivers(seen)]
    for pump_id, view in load_snapshots(session, still).items() if still else ():
        found[pump_id] = _explained(found[pump_id], view, now)
    return {pump_id: verdict(seen, now) for pump_id, seen in found.items()}


def _situation(state: StateInShort) -> Situation:
    return Situation(
        lifecycle=state.lifecycle,
        link=state.link or "never",
        report_interval=timedelta(seconds=state.report_interval_s),
        measured_at=state.measured_at,
        infusion=state.infusion,
        motor=state.motor,
        flow_ml_per_day=state.flow_ml_per_day,
        doubted=state.data_status not in {None, "current"} or state.clock_wrong_since is not None,
    )


def _explained(seen: Situation, view: PumpSnapshot, now: datetime) -> Situation:
    """With why the pump does not run, and its alarms at the priority that fits now."""
    tasks = list(seen.causes[: seen.tasks])
    lasting, stop = interrupted(view), ordered_stop(view)
    worst = max(lasting, key=lambda one: priority_of(one, view, now), default=None)
    return replace(
        seen,
        causes=[*tasks, *(_raised(one.code, one.priority) for one in view.alarms)],
        interrupted=None if worst is None else in_words(worst, view, now),
        ordered=None if stop is None else in_words(stop, view, now),
    )


def _raised(code: str, priority: int) -> Cause:
    words = meaning(AlarmCode(code))
    return Cause(priority, "alarm", words.title, words.means)
