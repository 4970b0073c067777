"""Read and write the document in which a clinic sets its policies and rotations. Strict: nothing in it is guessed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from devices.alarms import Priority
from tracker.oncall.fields import Field, OncallFault, named
from tracker.oncall.recipients import EVERYBODY, NEXT, TOLD_ROLES
from tracker.oncall.values import Oncall, Override, Policy, Rota, Step
from tracker.oncall.zones import is_zone, to_utc, zone

__all__ = ["OncallFault", "parse", "to_document"]

_PRIORITIES: Final = {"high": Priority.HIGH, "medium": Priority.MEDIUM}  # what is low is in the daily digest
_LONGEST_STEP: Final = 24 * 60
_WORDS: Final = "rota:NAME, rota:NAME+1, staff:EMAIL, role:ROLE, everybody"


def parse(document: object, known: Collection[str]) -> Oncall:
    """Read the document of the contract; ``known`` are the emails of the clinic's staff.

    Raises OncallFault, which names the path of the first fault, as ``policies[0].steps[1].tell[0]``.
    """
    emails = {email.lower() for email in known}
    whole = Field("", document).fields({"policies", "rotas"})
    rotas = [_rota(field, emails) for field in whole.or_empty("rotas").items(most=100)]
    for field, rota in zip(whole.or_empty("rotas").items(most=100), rotas, strict=True):
        if [other.name for other in rotas].index(rota.name) != rotas.index(rota):
            raise OncallFault(f"{field.path}.name", f"two rotas are called {named(rota.name)}")
    policies: list[Policy] = []
    for field in whole.or_empty("policies").items(most=200):
        policy = _policy(field, [rota.name for rota in rotas], emails)
        if any(_same(policy, other) for other in policies):
            raise OncallFault(field.path, "another policy is for the same unit and priority")
        policies.append(policy)
    return Oncall(tuple(policies), tuple(rotas))


def to_document(oncall: Oncall) -> dict[str, Any]:
    """Return the document of those values, as ``parse`` reads it; overrides in UTC."""
    return {
        "policies": [
            {
                "unit": policy.unit,
                "priority": policy.priority.name.lower(),
                "steps": [{"after_minutes": step.after_minutes, "tell": list(step.tell)} for step in policy.steps],
                "repeat": policy.repeat,
                "lapse_minutes": policy.lapse_minutes,
            }
            for policy in oncall.policies
        ],
        "rotas": [
            {
                "name": rota.name,
                "time_zone": rota.time_zone,
                "starts": rota.starts.isoformat(timespec="minutes" if not rota.starts.second else "seconds"),
                "every_hours": rota.every_hours,
                "members": list(rota.members),
                "overrides": [
                    {"from": _utc(one.start), "to": _utc(one.end), "member": one.member} for one in rota.overrides
                ],
            }
            for rota in oncall.rotas
        ],
    }


def _policy(field: Field, rotas: list[str], emails: set[str]) -> Policy:
    fields = field.fields({"unit", "priority", "steps", "repeat", "lapse_minutes"}, required=("priority", "steps"))
    priority = _PRIORITIES[fields["priority"].one_of(_PRIORITIES)]
    unit = None if fields.is_null("unit") else fields["unit"].text(most=80)
    steps: list[Step] = []
    for step_field in fields["steps"].items(least=1, most=20):
        step = _step(step_field, rotas, emails)
        if steps and step.after_minutes <= steps[-1].after_minutes:
            raise OncallFault(
                f"{step_field.path}.after_minutes",
                f"must be more than the {steps[-1].after_minutes} of the step before it",
            )
        if not steps and step.after_minutes != 0:
            raise OncallFault(f"{step_field.path}.after_minutes", "must be 0: the first step comes at once")
        steps.append(step)
    return Policy(
        unit,
        priority,
        tuple(steps),
        fields["repeat"].yes_or_no() if "repeat" in fields else True,
        fields["lapse_minutes"].whole(1, 1440) if "lapse_minutes" in fields else 30,
    )


def _step(field: Field, rotas: list[str], emails: set[str]) -> Step:
    fields = field.fields({"after_minutes", "tell"}, required=("after_minutes", "tell"))
    after = fields["after_minutes"].whole(0, _LONGEST_STEP)
    tell = [_word(word, rotas, emails) for word in fields["tell"].items(least=1, most=50)]
    return Step(after, tuple(dict.fromkeys(tell)))


def _word(field: Field, rotas: list[str], emails: set[str]) -> str:
    text = field.text(most=300)
    kind, colon, name = text.partition(":")
    if text == EVERYBODY:
        return text
    if not colon or kind not in {"rota", "staff", "role"}:
        raise OncallFault(field.path, f"{named(text)} is none of {_WORDS}")
    if kind == "rota":
        field.known_as(name.removesuffix(NEXT), rotas, "no rota is called {}")
        return text
    if kind == "role":
        field.known_as(name, TOLD_ROLES, f"{{}} is no role that is told of alarms ({', '.join(TOLD_ROLES)})")
        return text
    field.known_as(name.lower(), emails, "nobody of this clinic has the email {}")
    return f"staff:{name.lower()}"


def _rota(field: Field, emails: set[str]) -> Rota:
    needed = ("name", "time_zone", "starts", "every_hours", "members")
    fields = field.fields({*needed, "overrides"}, required=needed)
    name = fields["name"].text(most=60)
    if name.endswith(NEXT):
        raise OncallFault(fields["name"].path, f'a name can\'t end with "{NEXT}", which means the next on call')
    zone_name = fields["time_zone"].text(most=64)
    if not is_zone(zone_name):
        raise OncallFault(fields["time_zone"].path, f"{named(zone_name)} is no time zone, as America/New_York is")
    return Rota(
        name,
        zone_name,
        fields["starts"].local_time(),
        fields["every_hours"].whole(1, 8760),
        tuple(_member(one, emails) for one in fields["members"].items(least=1, most=200)),
        tuple(_override(one, zone_name, emails) for one in fields.or_empty("overrides").items(most=1000)),
    )


def _override(field: Field, zone_name: str, emails: set[str]) -> Override:
    fields = field.fields({"from", "to", "member"}, required=("from", "to", "member"))
    start, end = (
        to_utc(time, zone(zone_name)) if time.tzinfo is None else time.astimezone(UTC)
        for time in (fields["from"].time(), fields["to"].time())
    )
    if start >= end:
        raise OncallFault(fields["to"].path, "must be later than from")
    return Override(start, end, _member(fields["member"], emails))


def _member(field: Field, emails: set[str]) -> str:
    email = field.text(most=254).lower()
    field.known_as(email, emails, "nobody of this clinic has the email {}")
    return email


def _same(one: Policy, other: Policy) -> bool:
    return one.priority is other.priority and (one.unit or "").casefold() == (other.unit or "").casefold()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
