"""How urgent a pump's open alarms are now: by the drugs at risk, and by an order that explains what they tell.

An alarm is stored with the priority of the moment at which it opened. What decides is known better later: the drug is
corrected, a draft names another one, a visit is logged that ordered the stop. So each evaluation rates it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from devices.alarms import AlarmCode, Priority
from tracker.findings.at_risk import drugs_at_risk, priority_at_risk
from tracker.findings.delivery import Interruption, ordered_stop
from tracker.findings.pump_snapshot import AlarmSeen, PumpSnapshot

FOLLOW_FROM_A_STOP: Final = frozenset({AlarmCode.STOPPED_OVER_48H, AlarmCode.TUBE_SET})
"""Alarms that a stopped pump gives because it is stopped: an order of the stop explains them."""


def rated(view: PumpSnapshot) -> PumpSnapshot:
    """The view with each open alarm at the priority that fits now; one that was escalated stands a step above that."""
    if not view.alarms:
        return view
    drugs = drugs_at_risk(view)
    fitting = tuple((one, _fitting(view, one, drugs)) for one in view.alarms)
    if all(one.priority == fits for one, fits in fitting):
        return view
    return replace(view, alarms=tuple(replace(one, priority=fits) for one, fits in fitting))


def explained(view: PumpSnapshot, alarm: AlarmSeen) -> bool:
    """Whether a confirmed visit ordered what the alarm tells."""
    if alarm.code not in FOLLOW_FROM_A_STOP:
        return False
    stop = ordered_stop(view)
    return stop is not None and stop.kind is Interruption.STOPPED


def _fitting(view: PumpSnapshot, alarm: AlarmSeen, drugs: frozenset[str]) -> Priority:
    fits = Priority.LOW if explained(view, alarm) else priority_at_risk(alarm.code, drugs)
    return Priority(fits + 1) if alarm.escalated_at is not None and fits < Priority.HIGH else fits
