"""Which policy counts for a task, and the policies of a clinic that has set none. All minutes here are assumed."""

from __future__ import annotations

from typing import Final

from devices.alarms import Priority
from tracker.oncall.values import Oncall, Policy, Step

_NURSES: Final = ("role:nurse",)
DEFAULT_HIGH: Final = (
    Step(0, _NURSES),
    Step(10, _NURSES),
    Step(20, ("role:nurse", "role:physician")),
    Step(30, ("everybody",)),
)
DEFAULT_MEDIUM: Final = (Step(0, _NURSES),)


def policy_for(oncall: Oncall, unit: str | None, priority: Priority) -> Policy:
    """The unit's own policy, else the clinic's, else the default one."""
    for wanted in (_key(unit), None):
        for policy in oncall.policies:
            if _key(policy.unit) == wanted and policy.priority is priority:
                return policy
    return _default(oncall, priority)


def _key(unit: str | None) -> str | None:
    """Units are written by hand: case and spaces around them do not matter."""
    return (unit or "").strip().casefold() or None


def _default(oncall: Oncall, priority: Priority) -> Policy:
    """With a rotation: whoever is on call, after 10 minutes the next, then physicians, then everybody."""
    if priority is not Priority.HIGH:
        return Policy(None, priority, DEFAULT_MEDIUM, repeat=False, lapse_minutes=24 * 60)
    if not oncall.rotas:
        return Policy(None, priority, DEFAULT_HIGH)
    rota = f"rota:{oncall.rotas[0].name}"
    first, second = Step(0, (rota,)), Step(10, (rota, f"{rota}+1"))
    return Policy(None, priority, (first, second, *DEFAULT_HIGH[2:]))
