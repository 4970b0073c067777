"""Whose work a task is: clinical, billing, data and set-up, or who looked at a record.

Most clinics are one nurse, who may do all but the last.

A task of a clinical kind is closed, taken and handed over by nurses and physicians alone. A kind that is not named here
is clinical: nobody handles it by oversight.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Area(StrEnum):
    """The kind of work that a task is."""

    CLINICAL = "clinical"
    BILLING = "billing"
    DATA = "data"
    PRIVACY = "privacy"


_CARE: Final = frozenset({"nurse", "physician"})
HANDLED_BY: Final[Mapping[Area, frozenset[str]]] = MappingProxyType(
    {
        Area.CLINICAL: _CARE,
        Area.BILLING: _CARE | {"biller"},
        Area.DATA: _CARE | {"administrator"},
        Area.PRIVACY: frozenset({"physician", "administrator"}),
    }
)
"""The roles that handle each kind of work."""

_NOT_CLINICAL: Final[Mapping[str, Area]] = MappingProxyType(
    {
        "draft": Area.BILLING,
        "replacement": Area.BILLING,
        "record": Area.DATA,
        "notify": Area.DATA,
        "access": Area.PRIVACY,
    }
)


def area_of(kind: str, *, of_a_pump: bool) -> Area:
    """Return whose work a task of that kind is; one that concerns the whole clinic's connection is set-up."""
    if kind == "contact" and not of_a_pump:
        return Area.DATA
    return _NOT_CLINICAL.get(kind, Area.CLINICAL)


def may_handle(role: str, area: Area) -> bool:
    """Whether a person of that role handles such work; an unknown role handles none."""
    return role in HANDLED_BY[area]


def refusal(role: str, area: Area) -> str:
    """The sentence that a person reads whose role does not include the work."""
    those = " or a ".join(sorted(HANDLED_BY[area]))
    return f"this is {area} work: the role {role} can read it, and a {those} handles it"
