"""A policy's steps as a form without a script: a row a step, with its minutes and the people whom it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tracker.errors import Invalid
from tracker.oncall.recipients import EVERYBODY, NEXT, TOLD_ROLES
from tracker.oncall.values import Oncall

PRIORITIES: Final = ("high", "medium")
MOST_STEPS: Final = 20
MOST_TOLD: Final = 12


def read_policy(typed: Mapping[str, str]) -> dict[str, Any]:
    """The policy as the document has it. Raises ``Invalid`` that names the field; rows left empty are no steps."""
    priority = typed.get("priority", "")
    if priority not in PRIORITIES:
        raise Invalid("choose high or medium priority", field="priority")
    steps: list[dict[str, Any]] = []
    for row in range(MOST_STEPS):
        after = typed.get(f"after_{priority}_{row}", "").strip()
        names = (f"tell_{priority}_{row}_{number}" for number in range(MOST_TOLD))
        tell = [typed[name] for name in names if typed.get(name, "").strip()]
        if after or tell:
            least = steps[-1]["after_minutes"] + 1 if steps else 0
            minutes = _whole(after, f"after_{priority}_{row}", least, 1440)
            if not steps and minutes:
                raise Invalid("the first step is at 0 minutes: it comes at once", field=f"after_{priority}_{row}")
            if not tell:
                raise Invalid(f"choose who is told after {minutes} minutes", field=f"tell_{priority}_{row}_0")
            steps.append({"after_minutes": minutes, "tell": tell})
    if not steps:
        raise Invalid("give at least one step", field=f"after_{priority}_0")
    return {
        "unit": typed.get("unit", "").strip() or None,
        "priority": priority,
        "steps": steps,
        "repeat": typed.get(f"repeat_{priority}") == "yes",
        "lapse_minutes": _whole(typed.get(f"lapse_{priority}", ""), f"lapse_{priority}", 1, 1440),
    }


def with_policy(document: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    """The clinic's document with that policy in the place of the one for the same unit and priority."""
    others = [one for one in document["policies"] if _place(one) != _place(policy)]
    return {**document, "policies": [*others, dict(policy)]}


def choices(oncall: Oncall, staff: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Whom a step can tell, as value and text. ``staff``: email and name of each."""
    found = []
    for rota in oncall.rotas:
        found += [(f"rota:{rota.name}", f"On call: {rota.name}"), (f"rota:{rota.name}{NEXT}", f"Next on {rota.name}")]
    found += [(f"role:{role}", f"Every {role}") for role in TOLD_ROLES]
    found += [(EVERYBODY, "Every nurse and physician")]
    known = dict(found) | {f"staff:{email}": name for email, name in staff}
    for word in (word for policy in oncall.policies for step in policy.steps for word in step.tell):
        known.setdefault(word, f"{word.partition(':')[2]} (no access now)")
    return list(known.items())


def _whole(text: str, field: str, least: int, most: int) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 5 and least <= int(plain) <= most):
        raise Invalid(f"give the minutes as a whole number from {least} to {most}", field=field)
    return int(plain)


def _place(policy: Mapping[str, Any]) -> tuple[str, str]:
    return ((policy.get("unit") or "").strip().casefold(), policy["priority"])
