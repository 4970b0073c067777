"""Who is on call and who would be told: for the page, the API and the command line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import clinic_staff
from tracker.oncall.coverage import AHEAD
from tracker.oncall.policy import policy_for
from tracker.oncall.preview import gaps, preview, unreachable
from tracker.oncall.recipients import recipients
from tracker.oncall.rotation import next_on_call, on_call, shifts

WEEK: Final = timedelta(days=7)


def view_oncall(session: Session, clinic_id: int, at: datetime) -> dict[str, Any]:
    """Each priority's steps with the people meant then, each rotation's week, gaps of 14 days, and a preview."""
    staff = clinic_staff(session, clinic_id)
    oncall, people = staff.oncall, staff.people
    policies = []
    for unit in dict.fromkeys([None, *(policy.unit for policy in oncall.policies)]):
        for priority in (Priority.HIGH, Priority.MEDIUM):
            policy = policy_for(oncall, unit, priority)
            if policy.unit == unit:
                steps = [
                    {
                        "after_minutes": step.after_minutes,
                        "tell": list(step.tell),
                        "people": list(recipients(step.tell, oncall, people, at)),
                        "unreachable": list(unreachable(step.tell, oncall, people, at)),
                    }
                    for step in policy.steps
                ]
                policies.append(
                    {
                        "unit": unit,
                        "priority": priority.name.lower(),
                        "steps": steps,
                        "repeat": policy.repeat,
                        "lapse_minutes": policy.lapse_minutes,
                    }
                )
    return {
        "at": at,
        "policies": policies,
        "rotas": [
            {
                "name": rota.name,
                "time_zone": rota.time_zone,
                "on_call": on_call(rota, at),
                "next": next_on_call(rota, at),
                "shifts": [
                    {"from": one.start, "to": one.end, "member": one.member, "override": one.is_override}
                    for one in shifts(rota, at, at + WEEK)
                ],
            }
            for rota in oncall.rotas
        ],
        "gaps": [
            {"from": one.start, "to": one.end, "rota": one.rota, "reason": one.reason}
            for one in gaps(oncall, people, at, at + AHEAD)
        ],
        "preview": [
            {"at": one.at, "turn": one.turn, "step": one.step, "people": list(one.emails)}
            for one in preview(oncall, people, None, Priority.HIGH, at)
        ],
    }
