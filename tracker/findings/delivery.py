"""Whether the pump delivers, from its newest report and sessions alone: a fact, whether or not an alarm code came.

Each way of not delivering is a condition with its reason and, where one exists, the order that explains it. An order is
a confirmed visit that set the pump so. A draft or a session that nobody confirmed is a weaker word: it is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from devices.alarms import Priority
from devices.lifecycle import IN_PATIENT, LifecycleState
from devices.model import DeviceKind
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.clinic_day import time_text
from tracker.findings.delivery_trace import NOT_RUNNING
from tracker.findings.pump_snapshot import PumpSnapshot, SettingSeen, StateSeen

RAN_AFTER_ORDER: Final = timedelta(hours=2)
"""A report so long after an order that still shows the pump running: it was restarted since, or never stopped.

Assumed: for the visit's time as a person typed it, and a communicator's clock.
"""
DRAFT_EXPLAINS_FOR: Final = timedelta(hours=24)
"""So long a draft alone makes a stop less urgent. Assumed: withdrawal of baclofen begins after 12 to 96 hours [F14]."""
SEE_AGAIN: Final = timedelta(hours=1)
"""How soon a pump that does not deliver is looked at again, though no report says anything new. Assumed."""
AT_MINIMUM: Final = 1.5
"""A prescribed flow up to so many times the minimum rate is given by it. Assumed."""


class Interruption(StrEnum):
    """One way in which a patient gets no drug, or less than prescribed."""

    STOPPED = "stopped"
    STALLED = "stalled"
    MOTOR_STOPPED = "motor_stopped"
    MINIMUM_RATE = "minimum_rate"
    NO_FLOW = "no_flow"
    VOLUME_STANDS = "volume_stands"
    SESSION_UNFINISHED = "session_unfinished"


@dataclass(frozen=True, slots=True)
class Condition:
    """One interruption that lasts: since when by what is known, what shows it, and what explains it if anything does.

    ``prescribed_ml``: the flow that the record asks for, in mL a day; None where it does not say.
    """

    kind: Interruption
    since: datetime
    evidence: str
    order: SettingSeen | None = None
    prescribed_ml: float | None = None

    @property
    def ordered(self) -> bool:
        """Whether a confirmed visit ordered it: then it is watched, not worked on."""
        return self.order is not None and self.order.by == "visit"


def interruptions(view: PumpSnapshot) -> tuple[Condition, ...]:
    """Every way in which the pump is known not to deliver as prescribed, ordered or not; none for one in nobody."""
    model, state = view.model, view.state
    if LifecycleState(view.lifecycle) not in IN_PATIENT or (model is not None and model.kind is DeviceKind.RESERVOIR):
        return ()
    found = [] if state is None else [*_by_mode(view, state), *_by_motor(view, state), *_by_flow(view, state)]
    return (*found, *_unfinished(view))


def interrupted(view: PumpSnapshot) -> tuple[Condition, ...]:
    """Those of the interruptions that no confirmed visit ordered."""
    return tuple(one for one in interruptions(view) if not one.ordered)


def ordered_stop(view: PumpSnapshot) -> Condition | None:
    """The interruption that a confirmed visit ordered and that goes on."""
    return next((one for one in interruptions(view) if one.ordered), None)


def priority_of(condition: Condition, view: PumpSnapshot, now: datetime) -> Priority:
    """How soon somebody must act on it, by the drug at risk.

    High where the drug is dangerous to lose, also while only a draft explains the stop: a session that was left
    stopped by mistake drafts a visit as well. At minimum rate it is medium for a day where a draft explains it,
    and where the record does not say what is prescribed. A draft that explains the loss of a harmless drug leaves a low
    one.
    """
    harms = dangerous_to_lose(view)
    if condition.order is not None and now < condition.order.at + DRAFT_EXPLAINS_FOR:
        if not harms:
            return Priority.LOW
        if condition.kind is Interruption.MINIMUM_RATE:
            return Priority.MEDIUM
    if condition.kind is Interruption.MINIMUM_RATE and condition.prescribed_ml is None:
        return Priority.MEDIUM
    return Priority.HIGH if harms else Priority.MEDIUM


def changes_at(view: PumpSnapshot, now: datetime) -> Iterable[datetime]:
    """When to look again: when time alone makes a condition more urgent, and soon, to see whether it is over."""
    lasting = interrupted(view)
    rises = [one.order.at + DRAFT_EXPLAINS_FOR for one in lasting if one.order is not None]
    return [*rises, now + SEE_AGAIN] if lasting else []


def _by_mode(view: PumpSnapshot, state: StateSeen) -> Iterable[Condition]:
    known = None if view.outlook is None else view.outlook.still_since
    since = state.measured_at if known is None else min(known, state.measured_at)
    if state.infusion == "stopped":
        told = f"The pump reports that infusion is stopped (since {time_text(view, since)})."
        yield Condition(Interruption.STOPPED, since, told, _order(view, "stopped"))
    elif state.infusion == "minimum_rate":
        least = None if view.model is None else view.model.minimum_rate_ml_per_day
        asked = view.prescribed_ml_per_day
        if asked is not None and asked <= (least or 0.0) * AT_MINIMUM:
            return
        flow = "" if state.flow_ml_per_day is None else f", {state.flow_ml_per_day:g} mL a day"
        wanted = "the record does not say what is prescribed" if asked is None else f"prescribed: {asked:.3g} mL a day"
        told = f"The pump reports its minimum rate{flow} (since {time_text(view, since)}); {wanted}."
        yield Condition(Interruption.MINIMUM_RATE, since, told, _order(view, "minimum_rate"), asked)


def _by_motor(view: PumpSnapshot, state: StateSeen) -> Iterable[Condition]:
    at = state.measured_at
    if state.motor == "stalled":
        yield Condition(Interruption.STALLED, at, f"The pump reports a stalled motor ({time_text(view, at)}).")
    elif state.motor == "stopped" and state.infusion != "stopped":
        told = f"The pump reports a stopped motor although it is set to deliver ({time_text(view, at)})."
        yield Condition(Interruption.MOTOR_STOPPED, at, told)


def _by_flow(view: PumpSnapshot, state: StateSeen) -> Iterable[Condition]:
    """No flow in a mode that always flows; or a volume that stands still while a flow is reported."""
    at = state.measured_at
    if state.infusion in NOT_RUNNING or state.motor in {"stalled", "stopped"}:
        return
    if state.infusion == "simple_continuous" and state.flow_ml_per_day is not None and state.flow_ml_per_day <= 0:
        told = f"The pump reports no flow while it is set to deliver ({time_text(view, at)})."
        yield Condition(Interruption.NO_FLOW, at, told)
        return
    standing = None if view.outlook is None else view.outlook.standing
    if standing is not None and view.model is not None and view.model.fixed_flow is None:
        told = (
            f"The reservoir stands at {standing.reservoir_ml:.1f} mL since {time_text(view, standing.since)} although "
            f"the pump reports a flow: {standing.expected_ml:.1f} mL should be gone by that."
        )
        yield Condition(Interruption.VOLUME_STANDS, standing.since, told)


def _unfinished(view: PumpSnapshot) -> Iterable[Condition]:
    """The newest session was broken off, and nothing since shows that the pump runs."""
    sessions = [one for one in view.settings if one.by == "session"]
    if not sessions or sessions[-1].completed is not False:
        return
    newest, state = sessions[-1], view.state
    seen = state is not None and state.measured_at > newest.at  # then the state speaks for itself
    read = any(one.by == "visit" and one.read and one.at >= newest.at for one in view.settings)
    if not seen and not read:
        told = (
            f"A programmer session was broken off ({time_text(view, newest.at)}): programming stops the pump, and "
            "nothing since shows that it runs again."
        )
        yield Condition(Interruption.SESSION_UNFINISHED, newest.at, told)


def _order(view: PumpSnapshot, mode: str) -> SettingSeen | None:
    """What explains that mode: the newest setting, if it set it and the pump was not seen running since.

    Who ordered a stop has ordered the minimum rate that some pumps keep. A session or draft that repeats what a visit
    ordered changes nothing; of several drafts the first one counts, since the stop lasts from then.
    """
    fitting = {"stopped"} if mode == "stopped" else NOT_RUNNING
    ran = None if view.outlook is None else view.outlook.ran_at
    order: SettingSeen | None = None
    for one in reversed(view.settings):
        if one.sets is None:
            continue
        if one.sets not in fitting or (ran is not None and ran > one.at + RAN_AFTER_ORDER):
            break
        order = one
        if one.by == "visit":
            break
    return order
