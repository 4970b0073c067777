"""The document of policies and rotations: read strictly, so that a slip of the pen is named and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

from devices.alarms import Priority
from tracker.oncall.values import Oncall, Override, Policy, Rota, Step

_PRIORITIES: Final = {"high": Priority.HIGH, "medium": Priority.MEDIUM}
_ROLES: Final = ("nurse", "physician", "administrator")
_MOST: Final = 100
_LONGEST_STEP: Final = 24 * 60


class OncallFault(ValueError):
    """What is wrong, and where: ``path`` as ``policies[0].steps[1].tell[0]``."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        """One sentence that begins with the path."""
        return f"{self.path}: {self.message}"


def parse(document: object, known: Collection[str]) -> Oncall:
    """The policies and rotations. ``known``: the emails of the clinic's staff. Raises ``OncallFault``."""
    whole = _object(document, "document", {"policies", "rotas"})
    rotas = tuple(_rota(each, path, known) for each, path in _list(whole, "rotas", ""))
    names = [rota.name for rota in rotas]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise OncallFault(f"rotas[{number}].name", f"two rotations are called {name!r}")
    policies = tuple(_policy(each, path, known, names) for each, path in _list(whole, "policies", ""))
    seen: set[tuple[str | None, Priority]] = set()
    for number, policy in enumerate(policies):
        if (policy.unit, policy.priority) in seen:
            raise OncallFault(f"policies[{number}]", "there is another policy for the same unit and priority")
        seen.add((policy.unit, policy.priority))
    return Oncall(policies, rotas)


def to_document(oncall: Oncall) -> dict[str, Any]:
    """The document that ``parse`` reads as this."""
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
                "starts": rota.starts.isoformat(timespec="minutes"),
                "every_hours": rota.every_hours,
                "members": list(rota.members),
                "overrides": [
                    {"from": one.start.isoformat(), "to": one.end.isoformat(), "member": one.member}
                    for one in rota.overrides
                ],
            }
            for rota in oncall.rotas
        ],
    }


def _policy(given: object, path: str, known: Collection[str], rotas: list[str]) -> Policy:
    fields = _object(given, path, {"unit", "priority", "steps", "repeat", "lapse_minutes"})
    unit = fields.get("unit")
    if unit is not None and not (isinstance(unit, str) and 0 < len(unit) <= 80):
        raise OncallFault(f"{path}.unit", "must be null or the name of a unit")
    priority = _PRIORITIES.get(str(fields.get("priority")))
    if priority is None:
        raise OncallFault(f"{path}.priority", "must be high or medium (what is low is in the daily digest)")
    steps = tuple(_step(each, where, known, rotas) for each, where in _list(fields, "steps", path))
    if not steps:
        raise OncallFault(f"{path}.steps", "needs at least one step")
    if steps[0].after_minutes:
        raise OncallFault(f"{path}.steps[0].after_minutes", "the first step must be at 0 minutes")
    for number in range(1, len(steps)):
        if steps[number].after_minutes <= steps[number - 1].after_minutes:
            raise OncallFault(f"{path}.steps[{number}].after_minutes", "must be later than the step before")
    repeat = fields.get("repeat", True)
    if not isinstance(repeat, bool):
        raise OncallFault(f"{path}.repeat", "must be true or false")
    return Policy(unit, priority, steps, repeat, _whole(fields, "lapse_minutes", path, 1, 24 * 60, default=30))


def _step(given: object, path: str, known: Collection[str], rotas: list[str]) -> Step:
    fields = _object(given, path, {"after_minutes", "tell"})
    tell = tuple(_recipient(each, where, known, rotas) for each, where in _list(fields, "tell", path))
    if not tell:
        raise OncallFault(f"{path}.tell", "names nobody")
    return Step(_whole(fields, "after_minutes", path, 0, _LONGEST_STEP), tell)


def _recipient(given: object, path: str, known: Collection[str], rotas: list[str]) -> str:
    if not isinstance(given, str):
        raise OncallFault(path, "must be a text such as rota:nurses or staff:a@clinic.example")
    kind, _, name = given.partition(":")
    if given == "everybody" or (kind == "role" and name in _ROLES):
        return given
    if kind == "rota":
        if name.removesuffix("+1") not in rotas:
            raise OncallFault(path, f"no rotation is called {name!r}{_hint(name, rotas)}")
        return given
    if kind == "staff":
        return f"staff:{_member(name, path, known)}"
    raise OncallFault(path, f"{given[:80]!r} is none of rota:NAME, staff:EMAIL, role:{'|'.join(_ROLES)}, everybody")


def _rota(given: object, path: str, known: Collection[str]) -> Rota:
    fields = _object(given, path, {"name", "time_zone", "starts", "every_hours", "members", "overrides"})
    name = fields.get("name")
    if not (isinstance(name, str) and 0 < len(name.strip()) <= 80 and not name.endswith("+1")):
        raise OncallFault(f"{path}.name", "must be a text of 1 to 80 characters that does not end with +1")
    zone = fields.get("time_zone")
    try:
        ZoneInfo(str(zone))
    except Exception:  # noqa: BLE001 - whatever the library finds wrong with it, it is no zone
        raise OncallFault(f"{path}.time_zone", f"{str(zone)[:60]!r} is no IANA zone such as America/New_York") from None
    starts = _time(fields.get("starts"), f"{path}.starts")
    if starts.tzinfo is not None:
        raise OncallFault(f"{path}.starts", "is local time in time_zone: leave the offset out")
    members = tuple(_member(each, where, known) for each, where in _list(fields, "members", path))
    if not members:
        raise OncallFault(f"{path}.members", "needs at least one member")
    overrides = tuple(_override(each, where, known) for each, where in _list(fields, "overrides", path))
    every = _whole(fields, "every_hours", path, 1, 8760)
    return Rota(name, str(zone), starts, every, members, overrides)


def _override(given: object, path: str, known: Collection[str]) -> Override:
    fields = _object(given, path, {"from", "to", "member"})
    start, end = (_time(fields.get(name), f"{path}.{name}") for name in ("from", "to"))
    if start.tzinfo is None or end.tzinfo is None:
        raise OncallFault(path, "from and to need their offset from UTC, such as Z")
    if end <= start:
        raise OncallFault(f"{path}.to", "must be later than from")
    return Override(start, end, _member(fields.get("member"), f"{path}.member", known))


def _member(given: object, path: str, known: Collection[str]) -> str:
    email = given.strip().lower() if isinstance(given, str) else ""
    if email not in known:
        raise OncallFault(path, f"{str(given)[:120]!r} has no account in this clinic{_hint(email, known)}")
    return email


def _object(given: object, path: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise OncallFault(path, "must be a JSON object")
    for name in given:
        if name not in names:
            raise OncallFault(f"{path}.{name}", f"is not a field here{_hint(str(name), names)}")
    return given


def _list(fields: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[object, str]]:
    where = f"{path}.{name}" if path else name
    given = fields.get(name, [])
    if not isinstance(given, list):
        raise OncallFault(where, "must be a list")
    if len(given) > _MOST:
        raise OncallFault(where, f"has more than {_MOST} entries")
    return ((each, f"{where}[{number}]") for number, each in enumerate(given))


def _whole(fields: Mapping[str, Any], name: str, path: str, least: int, most: int, default: int | None = None) -> int:
    given = fields.get(name, default)
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise OncallFault(f"{path}.{name}", f"must be a whole number from {least} to {most}")
    return given


def _time(given: object, path: str) -> datetime:
    try:
        return datetime.fromisoformat(str(given) if isinstance(given, str) else "")
    except ValueError:
        raise OncallFault(path, "must be a time such as 2026-12-01T08:00") from None


def _hint(given: str, known: Collection[str]) -> str:
    near = get_close_matches(given, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
